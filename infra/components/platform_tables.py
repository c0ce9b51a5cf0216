"""A cell's two tables: who holds which range, and what happened in every move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from tenantnet.tags import Owner, claims_table_name, journal_table_name


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformTablesArgs:
    """kms_key_arn: the cell's key."""

    owner: Owner
    kms_key_arn: pulumi.Input[str]


class PlatformTables(pulumi.ComponentResource):
    """claims, journal: the tables' names, known once the tables exist.

    Claims have the range as their only key, so that a second holder cannot be written. The journal keeps
    events by tenant and time.
    """

    claims: pulumi.Output[str]
    journal: pulumi.Output[str]

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
            tags=self._args.owner.tags(physical_name),
            opts=pulumi.ResourceOptions(parent=self),
        ).name
