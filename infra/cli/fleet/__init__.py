"""The commands of `tenantnet fleet`."""
