"""The claims table of a cell, read through DynamoDB's API; the provider writes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
from tenantnet.addresses.claims import Claim
from tenantnet.aws.answers import PATIENCE, aws_answers
from tenantnet.failure import Failure
from tenantnet.tags import claims_table_name

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class ClaimsTable:
    """One cell's claims. Every read is consistent: it sees each claim that was written before it began.

    Every method raises Failure if AWS does not answer or does not allow the call.
    """

    def __init__(self, client: DynamoDBClient, cell: str) -> None:
        self._client = client
        self._cell = cell
        self.name = claims_table_name(cell)

    @classmethod
    def of(cls, cell: str, region: str) -> ClaimsTable:
        """The claims table of the platform stack `platform-<cell>`."""
        with aws_answers(f"reach DynamoDB in {region}", region=region):
            return cls(boto3.client("dynamodb", region_name=region, config=PATIENCE), cell)

    def all(self) -> list[Claim]:
        """Every claim of the cell, read page by page (a page is 1 MB)."""
        pages = self._client.get_paginator("scan")
        with self._asking(f"read the claims in {self.name}"):
            return [
                self._claim(item)
                for page in pages.paginate(TableName=self.name, ConsistentRead=True)
                for item in page["Items"]
            ]

    @contextmanager
    def _asking(self, task: str) -> Iterator[None]:
        region = self._client.meta.region_name
        with aws_answers(task, region=region):
            try:
                yield
            except self._client.exceptions.ResourceNotFoundException:
                raise Failure(
                    f"Could not {task}.",
                    reason=f"this account has no table {self.name} in {region}: the platform is not "
                    "deployed, or these are another account's credentials",
                    remedy=f"deploy the platform first: pulumi up --stack platform-{self._cell}",
                ) from None

    def _claim(self, item: Mapping[str, Mapping[str, Any]]) -> Claim:
        try:
            return Claim.from_item(item)
        except ValueError as error:
            raise Failure(
                f"Could not read the claims in {self.name}.",
                reason=f"a row there was not written by Tenantnet: {error}",
                remedy="complete the row or delete it",
            ) from None
