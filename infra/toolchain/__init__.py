"""What Tenantnet stands on beside Python's packages: where it is installed, and programs that it needs."""
