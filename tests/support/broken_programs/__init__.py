"""Programs that declare a tenant with the real components and break exactly one policy, or none."""
