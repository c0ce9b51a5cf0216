"""Every policy of the pack, in the order of the documentation."""

from __future__ import annotations

from collections.abc import Sequence

from tenantnet.policies import (
    addresses,
    claims,
    database,
    documents,
    ingress,
    known,
    secrecy,
    sessions,
    tags,
    vpn,
)
from tenantnet.policies.model import Policy

POLICIES: Sequence[Policy] = (
    *known.POLICIES,
    *addresses.POLICIES,
    *claims.POLICIES,
    *vpn.POLICIES,
    *sessions.POLICIES,
    *database.POLICIES,
    *ingress.POLICIES,
    *documents.POLICIES,
    *secrecy.POLICIES,
    *tags.POLICIES,
)
