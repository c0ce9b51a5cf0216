"""Many tenants at once: which ones, in which order, with which processes, and what became of each."""
