"""The way of a tenant's clients to a database: its security group's rules, before the stack declares them."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError
from tenantnet.aws.answers import PATIENCE, aws_answers
from tenantnet.components.security import SecurityRuleArgs, rule_properties
from tenantnet.failure import Failure
from tenantnet.settings.models import TenantSettings
from tenantnet.stacks.clients import client_rules
from tenantnet.tags import Owner, Part, Slot, Tag

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

# Calls of EC2's.
AT_ONCE = 8
# EC2 says so where the same peer is let in already, by this rule or another one.
ALREADY_OPEN = "InvalidPermission.Duplicate"


class ClientPorts:
    """A tenant's. Every method raises Failure if AWS does not answer or allow the call.

    owner: the tenant, of its cell.
    """

    def __init__(self, settings: TenantSettings, owner: Owner, region: str) -> None:
        self.settings, self.owner, self._region = settings, owner, region
        self._groups: dict[Slot, str] = {}
        with aws_answers(f"reach EC2 in {region}", region=region):
            self._ec2: EC2Client = boto3.client("ec2", region_name=region, config=PATIENCE)

    def open(self, slot: Slot) -> None:
        """Let the tenant's clients in, as the stack declares it for its production. It may be done twice.

        All rules at once, and without a look at those that are there: clients wait.
        """
        group = self._group(slot)
        wanted = client_rules(self.settings, self.owner.in_network(slot), group)
        with ThreadPoolExecutor(AT_ONCE) as calls:
            opened = [calls.submit(self._open, name, rule) for name, rule in wanted.items()]
        for each in opened:
            each.result()

    def _open(self, name: str, rule: SecurityRuleArgs) -> None:
        with aws_answers(f"open {name}", region=self._region):
            try:
                self._ec2.authorize_security_group_ingress(**_request(rule_properties(name, rule)))
            except ClientError as error:
                if error.response["Error"]["Code"] != ALREADY_OPEN:
                    raise

    def close(self, slot: Slot) -> None:
        """Let none of them in, before there is a database to let them in to. It may be done twice."""
        group = self._group(slot)
        if opened := self._opened(slot, group):
            with aws_answers(f"close {group}", region=self._region):
                self._ec2.revoke_security_group_ingress(
                    GroupId=group, SecurityGroupRuleIds=list(opened.values())
                )

    def opened(self, slot: Slot) -> Mapping[str, str]:
        """The ids of the rules that let clients in, by the names of their resources in the stack."""
        return self._opened(slot, self._group(slot))

    def _opened(self, slot: Slot, group: str) -> Mapping[str, str]:
        with aws_answers(f"read the rules of {group}", region=self._region):
            pages = self._ec2.get_paginator("describe_security_group_rules").paginate(
                Filters=[{"Name": "group-id", "Values": [group]}]
            )
            found = [rule for page in pages for rule in page["SecurityGroupRules"] if not rule["IsEgress"]]
        names = {
            tag["Value"]: rule["SecurityGroupRuleId"]
            for rule in found
            for tag in rule.get("Tags", [])
            if tag["Key"] == "Name"
        }
        wanted = client_rules(self.settings, self.owner.in_network(slot), group)
        return {name: names[name] for name in wanted if name in names}

    def _group(self, slot: Slot) -> str:
        """It stays as long as its network: clients wait while it would be looked for again."""
        if slot not in self._groups:
            self._groups[slot] = self._find_group(slot)
        return self._groups[slot]

    def _find_group(self, slot: Slot) -> str:
        facts = {Tag.CELL: self.owner.cell, Tag.TENANT: str(self.owner.tenant), Tag.NETWORK: str(slot)}
        wanted = {**facts, Tag.PART: str(Part.DATABASE)}
        filters: Any = [{"Name": f"tag:{tag}", "Values": [value]} for tag, value in wanted.items()]
        with aws_answers(f"look for the security group of {slot}", region=self._region):
            found = self._ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
        if len(found) != 1:
            raise Failure(
                f"Could not find the database's security group in {slot}.",
                reason=f"{len(found)} have the tags of one",
                remedy=f"deploy the network: tenantnet up {self.owner.tenant}",
            )
        return found[0]["GroupId"]


def _request(properties: Mapping[str, Any]) -> dict[str, Any]:
    tags = [{"Key": key, "Value": value} for key, value in properties["tags"].items()]
    return {
        "GroupId": properties["security_group_id"],
        "IpPermissions": [
            {
                "IpProtocol": properties["ip_protocol"],
                "FromPort": properties["from_port"],
                "ToPort": properties["to_port"],
                "IpRanges": [{"CidrIp": properties["cidr_ipv4"], "Description": properties["description"]}],
            }
        ],
        "TagSpecifications": [{"ResourceType": "security-group-rule", "Tags": tags}],
    }
