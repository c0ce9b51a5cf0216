"""Runs over many tenants: the selection, the order, the processes, and the result of each tenant."""
