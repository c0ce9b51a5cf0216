"""The cell of the tests' roles, and the policies that the project ships for it."""

from __future__ import annotations

import json

from tenantnet.permissions.documents import Role, documents, shipped
from tenantnet.permissions.scopes import PolicyPlace

from tests.support.iam_reference import ACCOUNT, REGION

# As the local cloud has it.
PLACE = PolicyPlace(
    account=ACCOUNT,
    region=REGION,
    cell="local",
    state_bucket="tenantnet-state",
    secrets_key="11111111-2222-3333-4444-555555555555",
    zone="db.example.com",
)


def policies(role: Role, place: PolicyPlace = PLACE) -> list[str]:
    """The role's policies as JSON."""
    return [json.dumps(document) for document in documents(role, place, shipped())]
