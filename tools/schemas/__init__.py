"""What the newest AWS provider accepts of the types that Tenantnet uses, as facts to compare with."""
