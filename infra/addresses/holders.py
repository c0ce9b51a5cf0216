"""Reads who has a range through the provider, with the provider's credentials."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pulumi_aws as aws
from tenantnet.addresses.claims import Claim, Row, read_row, refuse_claim
from tenantnet.refusal import Refused

# What the provider answers where the table has no such row, or is gone with all of them.
NO_SUCH_ROW = ("empty result", "couldn't find resource")


def read_holder(table: str, cidr: str) -> Row | None:
    """The table's row of `cidr`. Raises Exception if AWS does not answer."""
    try:
        row = aws.dynamodb.get_table_item(table_name=table, key=json.dumps({"cidr": {"S": cidr}}))
    except Exception as error:  # the engine raises nothing narrower
        if any(words in str(error) for words in NO_SUCH_ROW):
            return None
        raise
    return read_row(json.loads(row.item))


def unclaimed_ranges(table: str, claims: Iterable[Claim]) -> list[Claim]:
    """The claims of which the table has no row. Raises Refused if one has another's; each of them is named.

    It only saves the user a failing update: the conditional write of the claim decides a race.
    """
    holders = [(claim, read_holder(table, claim.cidr)) for claim in claims]
    refusals = [refuse_claim(claim, holder) for claim, holder in holders]
    if found := [refusal for refusal in refusals if refusal]:
        raise Refused("The tenant's ranges", found)
    return [claim for claim, holder in holders if holder is None]
