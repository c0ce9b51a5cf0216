"""A range's claim: the row in the cell's claims table that says whose the range is.

The provider writes the row on condition that the range has none, so of two stacks that race exactly one gets
it.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.claims import Claim
from infra.tags import claims_table_name


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeClaimArgs:
    """cell: whose table. claim: the row."""

    cell: str
    claim: Claim


class RangeClaim(pulumi.ComponentResource):
    """The claim as a resource to depend on: created before what uses the range, deleted after it."""

    def __init__(self, name: str, args: RangeClaimArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tenantnet:index:RangeClaim", name, {}, opts)
        aws.dynamodb.TableItem(
            name,
            table_name=claims_table_name(args.cell),
            hash_key="cidr",
            item=args.claim.item_json(),
            # Changing a claim in place would keep its key: only a new key is checked against other holders.
            opts=pulumi.ResourceOptions(parent=self, replace_on_changes=["item"], delete_before_replace=True),
        )
        self.register_outputs({})
