"""The commands of `tenantnet vpn`."""
