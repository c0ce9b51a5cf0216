"""A claims table through DynamoDB's API. Pulumi's provider writes it; here it is read, and mended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import boto3
from tenantnet.addresses.claims import Claim, ClaimKind, Row, read_row
from tenantnet.aws.answers import PATIENCE, aws_answers
from tenantnet.failure import Failure
from tenantnet.tags import Tag, claims_table_name

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class ClaimsTable:
    """One table of claims. Every read is consistent: it sees each claim that was written before it began.

    Every method raises Failure if AWS does not answer or does not allow the call.
    """

    def __init__(self, client: DynamoDBClient, cell: str, name: str | None = None) -> None:
        """name: the table's; without it, it is the cell's own."""
        self._client = client
        self._cell = cell
        self.name = name or claims_table_name(cell)

    @classmethod
    def of(cls, cell: str, region: str, name: str | None = None) -> ClaimsTable:
        """The table that the platform `platform-<cell>` uses. name: the table's, if not the cell's own."""
        with aws_answers(f"reach DynamoDB in {region}", region=region):
            return cls(boto3.client("dynamodb", region_name=region, config=PATIENCE), cell, name)

    def all(self) -> list[Row]:
        """Every row, read page by page (a page is 1 MB)."""
        pages = self._client.get_paginator("scan")
        with self._asking(f"read the claims in {self.name}"):
            return [
                read_row(item)
                for page in pages.paginate(TableName=self.name, ConsistentRead=True)
                for item in page["Items"]
            ]

    def put(self, claim: Claim) -> Row | None:
        """Write the claim unless its range has a row: then nothing is written, and that row returned."""
        with self._asking(f"claim {claim.cidr} in {self.name}"):
            try:
                self._client.put_item(
                    TableName=self.name,
                    Item=claim.item(),
                    ConditionExpression="attribute_not_exists(cidr)",
                    # The refused write itself returns the row: a later read could find another one.
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except self._client.exceptions.ConditionalCheckFailedException as lost:
                return read_row(cast("dict[str, Any]", lost.response)["Item"])
        return None

    def delete(self, claim: Claim) -> bool:
        """Delete the claim's row if it is exactly this claim. Whether it was."""
        names = {f"#{key}": key for key in claim.item()}
        with self._asking(f"delete the claim of {claim.cidr} in {self.name}"):
            try:
                self._client.delete_item(
                    TableName=self.name,
                    Key={"cidr": {"S": claim.cidr}},
                    ConditionExpression=" AND ".join(f"{name} = :{key}" for name, key in names.items()),
                    ExpressionAttributeNames=names,
                    ExpressionAttributeValues={f":{key}": value for key, value in claim.item().items()},
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
        return True

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
                    remedy=f"deploy the platform first: tenantnet up platform-{self._cell}",
                ) from None


def networks_of(claim: Claim, region: str) -> list[str]:
    """The IDs of the claim's tenant's VPCs, or of its session subnets, that have the claim's range."""
    # The tag is compared here: `*` in a row's tenant would be a wildcard in a filter.
    tag = {"Key": Tag.TENANT, "Value": claim.tenant}
    with aws_answers(f"tell whether {claim.cidr} is in use", region=region):
        ec2 = boto3.client("ec2", region_name=region, config=PATIENCE)
        if claim.kind is ClaimKind.NETWORK:
            vpcs = ec2.describe_vpcs(Filters=[{"Name": "cidr", "Values": [claim.cidr]}])["Vpcs"]
            return [vpc["VpcId"] for vpc in vpcs if tag in vpc.get("Tags", [])]
        subnets = ec2.describe_subnets(Filters=[{"Name": "cidr-block", "Values": [claim.cidr]}])["Subnets"]
        return [subnet["SubnetId"] for subnet in subnets if tag in subnet.get("Tags", [])]
