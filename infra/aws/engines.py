"""The versions of MySQL that a tenant's database may have."""

from __future__ import annotations

from collections.abc import Mapping

# Major versions, whose minor ones RDS brings in maintenance windows, and RDS's families of their parameters.
FAMILIES: Mapping[str, str] = {"8.4": "mysql8.4"}
DEFAULT_VERSION = "8.4"
