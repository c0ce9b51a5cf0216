"""Changes of settings files that can be looked at before they are written, for commands and console."""
