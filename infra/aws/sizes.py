"""What runs for a tenant: the sizes, and the image, that it has where nobody chooses others."""

from __future__ import annotations

DEFAULT_INSTANCE_CLASS = "db.t4g.small"
DEFAULT_STORAGE_GB = 100
DEFAULT_BACKUP_DAYS = 14
# The cheapest EC2 instances of arm64; the hosts only answer or forward.
HOST_TYPES = ("t4g.nano", "t4g.micro", "t4g.small")
DEFAULT_HOST_TYPE = HOST_TYPES[0]
# The newest Amazon Linux 2023 for arm64, kept by AWS as a public parameter.
IMAGE_PARAMETER = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
