"""A real MySQL server behind each database instance of the local cloud."""
