"""Session Manager: sessions that forward a port, with a data channel as the SSM agent would serve it."""
