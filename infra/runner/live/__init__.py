"""The cut of a live move: a few statements on open sessions, and no call to AWS between them."""
