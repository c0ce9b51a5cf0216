"""The commands of `tenantnet tenant`."""
