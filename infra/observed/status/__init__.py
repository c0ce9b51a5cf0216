"""A tenant's status, from its stack and from AWS."""
