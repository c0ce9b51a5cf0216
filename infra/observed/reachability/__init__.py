"""Computes who can reach whom from what EC2 describes, and compares it with what is intended."""
