"""What is there: AWS and the servers read, for status, reachability, topology and drift."""
