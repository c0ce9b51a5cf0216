"""Reads items of DynamoDB's tables through the provider, with the provider's credentials."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pulumi_aws as aws

# What the provider answers where the table has no such item; and where there is no such table.
NO_ITEM = "empty result"
NO_TABLE = "couldn't find resource"


def read_item(table: str, key: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The item in DynamoDB's form; None if the table has none. Raises Exception if AWS does not answer."""
    try:
        found = aws.dynamodb.get_table_item(table_name=table, key=json.dumps(key))
    except Exception as error:  # the engine raises nothing narrower
        if NO_ITEM in str(error):
            return None
        raise
    item: Mapping[str, Any] = json.loads(found.item)
    return item
