"""Route 53, completed: private zones, change batches as a whole, association authorizations."""
