"""The commands of `tenantnet up`."""
