"""The commands of `tenantnet migrate`."""
