"""Reads who has a range through the provider, with the provider's credentials."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pulumi_aws as aws
from tenantnet.addresses.claims import Claim, refuse_claim
from tenantnet.refusal import Refused
from tenantnet.tags import claims_table_name

# What the provider answers where the table has no such row.
NO_SUCH_ROW = "empty result"


def read_holder(cell: str, cidr: str) -> Claim | None:
    """The claim on `cidr` in the cell's table. Raises Exception if AWS does not answer."""
    try:
        row = aws.dynamodb.get_table_item(
            table_name=claims_table_name(cell), key=json.dumps({"cidr": {"S": cidr}})
        )
    except Exception as error:  # the engine raises nothing narrower
        if NO_SUCH_ROW in str(error):
            return None
        raise
    return Claim.from_item(json.loads(row.item))


def refuse_ranges_of_others(cell: str, claims: Iterable[Claim]) -> None:
    """Raises Refused if another stack holds one of the ranges; each such range is named.

    It only saves the user a failing update: the conditional write of the claim decides a race.
    """
    refusals = [refuse_claim(claim, read_holder(cell, claim.cidr)) for claim in claims]
    if found := [refusal for refusal in refusals if refusal]:
        raise Refused("The tenant's ranges", found)
