"""Claims: who holds which range in a cell. The table's only key is the range, so a range has one holder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum


class ClaimKind(StrEnum):
    """What the range is used for."""

    NETWORK = "network"
    SESSION_SUBNET = "session-subnet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One row of the claims table. slot: the network's slot; empty for a session subnet."""

    cidr: str
    tenant: str
    stack: str
    kind: ClaimKind
    slot: str = ""

    def item_json(self) -> str:
        """The row in DynamoDB's own JSON, every attribute a string."""
        row = {
            "cidr": self.cidr,
            "tenant": self.tenant,
            "stack": self.stack,
            "kind": self.kind,
            "slot": self.slot,
        }
        return json.dumps({key: {"S": str(value)} for key, value in row.items() if value})
