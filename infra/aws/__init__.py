"""What is known of AWS without asking it, and how its answers and errors are read."""
