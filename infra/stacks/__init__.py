"""The two kinds of stack, platform and tenant: what each declares, and what its outputs remember."""
