"""Reads what exists in AWS, for status, reachability, topology and drift."""
