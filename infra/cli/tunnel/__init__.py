"""The commands of `tenantnet tunnel`."""
