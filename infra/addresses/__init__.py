"""Address ranges: which are permitted, who holds which, and how one is chosen."""
