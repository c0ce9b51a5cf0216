"""A range's claim: the row in a claims table that says which tenant has the range.

The provider writes the row on condition that the range has none, so of two stacks that race exactly one gets
it. A stack whose range is taken already is refused before it declares anything (see addresses.holders).
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from tenantnet.addresses.addressing import check_private_cidr
from tenantnet.addresses.claims import OWN_ROW_KEPT, OWN_ROW_UNUSED, Claim, refuse_claim
from tenantnet.addresses.holders import read_holder
from tenantnet.components.checked import require
from tenantnet.failure import Failure
from tenantnet.refusal import shown
from tenantnet.tags import Owner, claims_table_name


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeClaimArgs:
    """The claim, and the cell that records it."""

    cell: str
    """The cell that the range is used in."""
    claim: Claim
    """The range and its holder."""
    table: str | None = None
    """The name of the claims table: the platform's output `claimsTable`. Without it, the cell's own."""
    in_use: bool = False
    """Whether this stack has a network in the range already, as its outputs say."""

    def __post_init__(self) -> None:
        require(
            f"The claim of {shown(self.claim.cidr)}",
            Owner(cell=self.cell, tenant=self.claim.tenant),
            {"cidr": check_private_cidr(self.claim.cidr)},
        )


class RangeClaim(pulumi.ComponentResource):
    """The claim as a resource to depend on: created before what uses the range, deleted after it.

    Give the claim of another range another name: one whose range changes goes before what is in the former.
    """

    def __init__(self, name: str, args: RangeClaimArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tenantnet:index:RangeClaim", name, {}, opts)
        self._table, self._in_use = args.table or claims_table_name(args.cell), args.in_use
        self._cell, self._claim = args.cell, args.claim.in_table(self._table, args.cell)
        aws.dynamodb.TableItem(
            name,
            table_name=self._table,
            hash_key="cidr",
            item=self._claim.item_json(),
            opts=pulumi.ResourceOptions(
                parent=self,
                # Changed in place, a claim would keep its key; only a new key is checked for another holder.
                replace_on_changes=["item"],
                hooks=pulumi.ResourceHookBinding(
                    on_error=[pulumi.ErrorHook(f"{name}-holder", self._write_again)]
                ),
            ),
        )
        self.register_outputs({})

    def _write_again(self, error: pulumi.ErrorHookArgs) -> bool:
        """Whether the refused write is to be tried once more; if not, say whose the range is.

        The provider's message does not name the holder. An update that is killed between the write and the
        state's next checkpoint leaves the stack's own row, which would refuse every later update.
        """
        if error.failed_operation != "create":
            return False
        holder = read_holder(self._table, self._claim.cidr)
        if holder == self._claim:
            return len(error.errors) == 1 and self._release_own()
        refusal = refuse_claim(self._claim, holder)
        if refusal is None and isinstance(holder, Claim):
            refusal = OWN_ROW_KEPT.refuse(
                self._claim.cidr, self._claim.path, purpose=holder.purpose, tenant=holder.tenant
            )
        if refusal is not None:
            pulumi.log.error(str(refusal), self)
        return False

    def _release_own(self) -> bool:
        """Delete the stack's own row, of which its state has nothing. Whether it was deleted."""
        # Only here: it takes boto3 to do it, which no other declaration needs.
        from tenantnet.addresses.claims_table import ClaimsTable, networks_of  # noqa: PLC0415

        region = aws.config.region or ""
        try:
            used = [] if self._in_use else networks_of(self._claim, region)
            if not used:
                return ClaimsTable.of(self._cell, region, self._table).delete(self._claim)
            refusal = OWN_ROW_UNUSED.refuse(self._claim.cidr, self._claim.path, network=used[0])
            pulumi.log.error(str(refusal), self)
        except Failure as failure:
            pulumi.log.error(str(failure), self)
        return False
