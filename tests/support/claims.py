"""A claims table that tests write to, as the provider does for a stack."""

from __future__ import annotations

from typing import Any, cast

from tenantnet.addresses.claims import Claim, refuse_claim
from tenantnet.addresses.claims_table import ClaimsTable
from tenantnet.refusal import Refused


class WritableClaims(ClaimsTable):
    """A claim is written on condition that its range has none."""

    def claim(self, wanted: Claim) -> None:
        """Raises Refused, naming the holder, if another stack has the range; claiming twice is no error."""
        try:
            self._client.put_item(
                TableName=self.name,
                Item=wanted.item(),
                ConditionExpression="attribute_not_exists(cidr)",
                # The refused write itself returns the holder: a later read could find another one.
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as lost:
            holder = Claim.from_item(cast("dict[str, Any]", lost.response)["Item"])
            if refusal := refuse_claim(wanted, holder):
                raise Refused(f"The claim of {wanted.stack}", [refusal]) from None

    def holder_of(self, cidr: str) -> Claim | None:
        """The claim on exactly this range."""
        return next((claim for claim in self.all() if claim.cidr == cidr), None)
