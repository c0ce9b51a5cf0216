"""What runs for a tenant: the sizes that it has where nobody chooses others."""

from __future__ import annotations

DEFAULT_INSTANCE_CLASS = "db.t4g.small"
DEFAULT_STORAGE_GB = 100
DEFAULT_BACKUP_DAYS = 14
# The cheapest EC2 instances of arm64; the hosts only answer or forward.
HOST_TYPES = ("t4g.nano", "t4g.micro", "t4g.small")
DEFAULT_HOST_TYPE = HOST_TYPES[0]
