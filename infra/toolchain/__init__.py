"""Where Tenantnet is, and the engine, found or built; for the set-up, with the standard library only."""
