"""What `tenantnet init` writes: a company's own repository, with this Tenantnet pinned."""
