"""A claims table that tests write to, as the provider does for a stack."""

from __future__ import annotations

from tenantnet.addresses.claims import Claim, Row, refuse_claim
from tenantnet.addresses.claims_table import ClaimsTable
from tenantnet.refusal import Refused


class WritableClaims(ClaimsTable):
    """A claim is written on condition that its range has none."""

    def claim(self, wanted: Claim) -> None:
        """Raises Refused, naming the holder, if another stack has the range; claiming twice is no error."""
        if refusal := refuse_claim(wanted, self.put(wanted)):
            raise Refused(f"The claim of {wanted.stack}", [refusal])

    def holder_of(self, cidr: str) -> Row | None:
        """The row of exactly this range."""
        return next((row for row in self.all() if row.cidr == cidr), None)
