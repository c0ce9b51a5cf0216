"""Every policy of the pack, in the order of the documentation."""

from __future__ import annotations

from collections.abc import Sequence

from tenantnet.policies import (
    access,
    addresses,
    claims,
    database,
    ingress,
    internet,
    secrecy,
    sessions,
    tags,
    vpn,
)
from tenantnet.policies.model import Policy

POLICIES: Sequence[Policy] = (
    *addresses.POLICIES,
    *claims.POLICIES,
    *vpn.POLICIES,
    *internet.POLICIES,
    *sessions.POLICIES,
    *database.POLICIES,
    *ingress.POLICIES,
    *access.POLICIES,
    *secrecy.POLICIES,
    *tags.POLICIES,
)
