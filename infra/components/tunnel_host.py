"""The host that database tunnels lead through: no public address, no key, no open port.

Session Manager reaches it through interface endpoints in its own subnet; it reaches MySQL in tenant networks.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws
from tenantnet.addresses.addressing import PRIVATE_RANGES, check_private_cidr
from tenantnet.aws.sizes import DEFAULT_HOST_TYPE
from tenantnet.components.checked import boundary_problems, known, place_problems, require
from tenantnet.components.security import (
    HTTPS,
    MYSQL,
    SecurityRuleArgs,
    Service,
    allow_from,
    allow_to,
    fixed_description,
    private_host,
    security_group,
)
from tenantnet.components.service_role import ServiceRole, ServiceRoleArgs
from tenantnet.settings.checks import check_host_type
from tenantnet.tags import Owner, Part

# The services that the Session Manager agent talks to, and what it calls there.
# https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-create-vpc.html
# https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-create-iam-instance-profile.html
AGENT_ACTIONS = {
    "ssm": "ssm:UpdateInstanceInformation",
    "ssmmessages": "ssmmessages:*",
    "ec2messages": "ec2messages:*",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TunnelHostArgs:
    """Where the host is, and what it is."""

    owner: Owner
    """The cell that it belongs to."""
    account_id: str
    """The AWS account's ID."""
    region: str
    """The AWS region."""
    vpc_id: pulumi.Input[str]
    """The VPC of host and endpoints."""
    subnet_id: pulumi.Input[str]
    """The subnet of host and endpoints."""
    subnet_cidr: pulumi.Input[str]
    """That subnet's range."""
    second_subnet_id: pulumi.Input[str] | None = None
    """A subnet in another zone, where the endpoints are reached if the first zone's fail."""
    second_subnet_cidr: pulumi.Input[str] | None = None
    """The second subnet's range, given together with its ID."""
    address: str | None = None
    """The host's private address, in the first subnet; chosen by EC2 where it is not given."""
    instance_type: str = DEFAULT_HOST_TYPE
    """The host's instance type."""
    image: pulumi.Input[str]
    """An arm64 AMI that brings the Session Manager agent, such as Amazon Linux 2023."""
    follows_image: bool = False
    """Whether another image replaces a deployed host."""
    kms_key_arn: pulumi.Input[str]
    """The key that encrypts its disk."""
    permissions_boundary: str | None = None
    """The ARN of the policy that limits its role."""

    def __post_init__(self) -> None:
        second = self.second_subnet_cidr
        require(
            f"The tunnel host of {self.owner.cell}",
            self.owner,
            {
                **place_problems(self.account_id, self.region),
                "subnet_cidr": known(check_private_cidr, self.subnet_cidr),
                "second_subnet_cidr": [] if second is None else known(check_private_cidr, second),
                "address": [] if self.address is None else check_private_cidr(f"{self.address}/32"),
                "instance_type": check_host_type(self.instance_type),
                **boundary_problems(self.permissions_boundary),
            },
        )


def endpoint_policy(account_id: str, service: str) -> str:
    """The agent's calls alone, signed by this account: nobody's keys of elsewhere are of use on the host."""
    statement = {
        "Sid": "AgentOfThisAccount",
        "Effect": "Allow",
        "Principal": "*",
        "Action": AGENT_ACTIONS[service],
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:PrincipalAccount": account_id}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class TunnelHost(pulumi.ComponentResource):
    """The host that tunnels lead through, with the endpoints of Session Manager; nothing of it is public."""

    id: pulumi.Output[str]
    """The instance's ID."""
    address: pulumi.Output[str]
    """The instance's private address."""

    def __init__(self, name: str, args: TunnelHostArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tenantnet:index:TunnelHost", name, {}, opts)
        self._name, self._args = name, args
        host_group = self._security_group(name, Part.TUNNEL_HOST, "the tunnel host")
        endpoints_group = self._security_group(
            f"{name}-endpoints", Part.ENDPOINTS, "endpoints of Session Manager"
        )
        self._rules(host_group, endpoints_group)
        endpoints = self._endpoints(endpoints_group)
        instance = self._instance(host_group, endpoints)
        self.id = instance.id
        self.address = instance.private_ip
        self.register_outputs({"id": self.id, "address": self.address})

    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)

    def _security_group(self, name: str, part: Part, description: str) -> pulumi.Output[str]:
        owner, vpc_id = self._args.owner, self._args.vpc_id
        return security_group(
            name, owner=owner, part=part, vpc_id=vpc_id, description=description, parent=self
        )

    def _rules(self, host_group: pulumi.Output[str], endpoints_group: pulumi.Output[str]) -> None:
        name, subnet = f"{self._name}-endpoints", self._args.subnet_cidr
        rules: list[tuple[Any, str, pulumi.Output[str], Service, pulumi.Input[str], str]] = [
            (allow_from, name, endpoints_group, HTTPS, subnet, "the tunnel host"),
            (allow_to, name, host_group, HTTPS, subnet, "endpoints of Session Manager"),
        ]
        if (second := self._args.second_subnet_cidr) is not None:
            rules.append((allow_to, f"{name}-b", host_group, HTTPS, second, "endpoints in the second zone"))
        for cidr in PRIVATE_RANGES:
            name = f"{self._name}-mysql-{cidr.replace('/', '-')}"
            rules.append((allow_to, name, host_group, MYSQL, cidr, "databases of tenants"))
        for allow, name, group, service, peer, description in rules:
            args = SecurityRuleArgs(
                owner=self._args.owner,
                security_group_id=group,
                service=service,
                peer_cidr=peer,
                description=description,
            )
            allow(name, args, fixed_description(self))

    def _endpoints(self, group: pulumi.Output[str]) -> list[pulumi.Resource]:
        second = self._args.second_subnet_id
        return [
            aws.ec2.VpcEndpoint(
                f"{self._name}-{service}",
                vpc_id=self._args.vpc_id,
                service_name=f"com.amazonaws.{self._args.region}.{service}",
                vpc_endpoint_type="Interface",
                private_dns_enabled=True,
                subnet_ids=[self._args.subnet_id, *([] if second is None else [second])],
                security_group_ids=[group],
                policy=endpoint_policy(self._args.account_id, service),
                tags=self._args.owner.tags(f"{self._name}-{service}"),
                opts=self._child(),
            )
            for service in AGENT_ACTIONS
        ]

    def _profile(self) -> pulumi.Output[str]:
        role = ServiceRole(
            f"{self._args.owner.cell}-tunnel-host",
            ServiceRoleArgs(
                owner=self._args.owner,
                account_id=self._args.account_id,
                service="ec2.amazonaws.com",
                managed_policy_arns=["arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"],
                permissions_boundary=self._args.permissions_boundary,
            ),
            self._child(),
        )
        name = f"tenantnet-{self._args.owner.cell}-tunnel-host"
        return aws.iam.InstanceProfile(
            self._name, name=name, role=role.role_name, tags=self._args.owner.tags(name), opts=self._child()
        ).name

    def _instance(self, group: pulumi.Output[str], endpoints: list[pulumi.Resource]) -> aws.ec2.Instance:
        return aws.ec2.Instance(
            self._name,
            ami=self._args.image,
            instance_type=self._args.instance_type,
            subnet_id=self._args.subnet_id,
            private_ip=self._args.address,
            iam_instance_profile=self._profile(),
            vpc_security_group_ids=[group],
            **private_host(self._args.kms_key_arn),
            tags=self._args.owner.tags(self._name, part=Part.TUNNEL_HOST),
            opts=pulumi.ResourceOptions(
                parent=self,
                ignore_changes=None if self._args.follows_image else ["ami"],
                # Its agent registers when it boots, and gives up for half an hour where it finds no endpoint.
                depends_on=endpoints,
                # Two hosts cannot have the one address.
                delete_before_replace=True,
            ),
        )
