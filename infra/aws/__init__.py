"""Facts about AWS, and how its answers and errors are read."""
