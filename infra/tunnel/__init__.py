"""Tunnels from a desk to tenants' databases: Session Manager's sessions, kept open."""
