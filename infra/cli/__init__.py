"""The `tenantnet` command: what people type, and what they are shown.

A module of commands imports at its top only what help and completion need. What a command needs besides, it
imports when it runs.
"""
