"""A range's claim: the row in the cell's claims table that says which tenant has the range.

The provider writes the row on condition that the range has none, so of two stacks that race exactly one gets
it. A stack whose range is taken already is refused before it declares anything (see addresses.holders).
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from tenantnet.addresses.claims import Claim, refuse_claim
from tenantnet.addresses.holders import read_holder
from tenantnet.tags import claims_table_name


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeClaimArgs:
    """The claim, and the cell that records it."""

    cell: str
    """The cell whose table records it."""
    claim: Claim
    """The range and its holder."""


class RangeClaim(pulumi.ComponentResource):
    """The claim as a resource to depend on: created before what uses the range, deleted after it."""

    def __init__(self, name: str, args: RangeClaimArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tenantnet:index:RangeClaim", name, {}, opts)
        self._args = args
        aws.dynamodb.TableItem(
            name,
            table_name=claims_table_name(args.cell),
            hash_key="cidr",
            item=args.claim.item_json(),
            opts=pulumi.ResourceOptions(
                parent=self,
                # Changed in place, a claim would keep its key; only a new key is checked for another holder.
                replace_on_changes=["item"],
                delete_before_replace=True,
                hooks=pulumi.ResourceHookBinding(
                    on_error=[pulumi.ErrorHook(f"{name}-holder", self._name_holder)]
                ),
            ),
        )
        self.register_outputs({})

    def _name_holder(self, _: pulumi.ErrorHookArgs) -> bool:
        """The provider's message does not name the holder; the winner of the race is in the table by now."""
        refusal = refuse_claim(self._args.claim, read_holder(self._args.cell, self._args.claim.cidr))
        if refusal is not None:
            pulumi.log.error(str(refusal), self)
        return False
