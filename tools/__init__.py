"""What turns a clone into a working Tenantnet; see README.md."""
