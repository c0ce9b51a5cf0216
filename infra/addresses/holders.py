"""Reads who has a range through the provider, with the provider's credentials."""

from __future__ import annotations

from collections.abc import Iterable

from tenantnet.addresses.claims import Claim, Row, read_row, refuse_claim
from tenantnet.aws.items import NO_TABLE, read_item
from tenantnet.refusal import Refused


def read_holder(table: str, cidr: str) -> Row | None:
    """The table's row of `cidr`; None if it has none, or is gone with all of them.

    Raises Exception if AWS does not answer.
    """
    try:
        row = read_item(table, {"cidr": {"S": cidr}})
    except Exception as error:  # the engine raises nothing narrower
        if NO_TABLE in str(error):
            return None
        raise
    return read_row(row) if row else None


def unclaimed_ranges(table: str, claims: Iterable[Claim]) -> list[Claim]:
    """The claims of which the table has no row. Raises Refused if one has another's; each of them is named.

    It only saves the user a failing update: the conditional write of the claim decides a race.
    """
    holders = [(claim, read_holder(table, claim.cidr)) for claim in claims]
    refusals = [refuse_claim(claim, holder) for claim, holder in holders]
    if found := [refusal for refusal in refusals if refusal]:
        raise Refused("The tenant's ranges", found)
    return [claim for claim, holder in holders if holder is None]
