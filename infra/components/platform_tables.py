"""A cell's two tables: which tenant has which range, and what happened in every move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from tenantnet.components.checked import require
from tenantnet.tags import Owner, claims_table_name, journal_table_name


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformTablesArgs:
    """What the tables need of their cell."""

    owner: Owner
    """The cell that it belongs to."""
    kms_key_arn: pulumi.Input[str]
    """The key that encrypts them."""
    protected: bool = True
    """Whether neither AWS nor Pulumi deletes them."""

    def __post_init__(self) -> None:
        require(f"The tables of {self.owner.cell}", self.owner, {})


class PlatformTables(pulumi.ComponentResource):
    """The DynamoDB tables of a cell: claims of ranges, and the journal of moves."""

    claims: pulumi.Output[str]
    """The name of the table of claims, known once it exists. Its only key is the range: it has one holder."""
    journal: pulumi.Output[str]
    """The name of the table with the events of moves, known once it exists."""

    def __init__(
        self, name: str, args: PlatformTablesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("tenantnet:index:PlatformTables", name, {}, opts)
        self._args = args
        cell = args.owner.cell
        self.claims = self._table(f"{name}-claims", claims_table_name(cell), ["cidr"])
        self.journal = self._table(f"{name}-journal", journal_table_name(cell), ["tenant", "at"])
        self.register_outputs({"claims": self.claims, "journal": self.journal})

    def _table(self, name: str, physical_name: str, keys: Sequence[str]) -> pulumi.Output[str]:
        return aws.dynamodb.Table(
            name,
            name=physical_name,
            billing_mode="PAY_PER_REQUEST",
            hash_key=keys[0],
            range_key=keys[1] if len(keys) > 1 else None,
            attributes=[{"name": key, "type": "S"} for key in keys],
            point_in_time_recovery={"enabled": True},
            server_side_encryption={"enabled": True, "kms_key_arn": self._args.kms_key_arn},
            deletion_protection_enabled=self._args.protected,
            tags=self._args.owner.tags(physical_name),
            opts=pulumi.ResourceOptions(parent=self, protect=self._args.protected),
        ).name
