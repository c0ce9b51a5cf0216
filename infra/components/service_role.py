"""An IAM role that one AWS service assumes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from tenantnet.components.checked import boundary_problems, known, require
from tenantnet.settings.checks import check_account_id, check_service
from tenantnet.tags import Owner


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRoleArgs:
    """Who may assume the role, and what it may do."""

    owner: Owner
    """The cell that it belongs to."""
    account_id: str
    """The AWS account; requests on behalf of any other are refused."""
    service: str
    """The principal, such as vpc-flow-logs.amazonaws.com."""
    statements: pulumi.Input[Sequence[Mapping[str, object]]] = ()
    """The statements of the role's own policy."""
    managed_policy_arns: Sequence[str] = ()
    """AWS's policies that it has, too."""
    permissions_boundary: str | None = None
    """The ARN of the policy that limits what it can be given."""

    def __post_init__(self) -> None:
        require(
            f"A role of {self.owner.cell}",
            self.owner,
            {
                "account_id": known(check_account_id, self.account_id),
                "service": check_service(self.service),
                **boundary_problems(self.permissions_boundary),
            },
        )


class ServiceRole(pulumi.ComponentResource):
    """An IAM role for a service of AWS. Whoever uses its ARN or name waits until it has its policies."""

    arn: pulumi.Output[str]
    """The role's ARN."""
    role_name: pulumi.Output[str]
    """The role's name."""

    def __init__(self, name: str, args: ServiceRoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tenantnet:index:ServiceRole", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        physical_name = f"tenantnet-{name}"
        role = aws.iam.Role(
            name,
            name=physical_name,
            assume_role_policy=trust_policy(args.service, args.account_id),
            permissions_boundary=args.permissions_boundary,
            tags=args.owner.tags(physical_name),
            opts=child,
        )
        policies: list[pulumi.Resource] = [
            aws.iam.RolePolicyAttachment(
                f"{name}-{policy_arn.rsplit('/', 1)[-1]}", role=role.name, policy_arn=policy_arn, opts=child
            )
            for policy_arn in args.managed_policy_arns
        ]
        if args.statements:
            document = _document(args.statements)
            policies.append(
                aws.iam.RolePolicy(name, name=physical_name, role=role.name, policy=document, opts=child)
            )
        self.arn = _after(policies, role.arn)
        self.role_name = _after(policies, role.name)
        self.register_outputs({"arn": self.arn})


def _after(resources: Sequence[pulumi.Resource], value: pulumi.Output[str]) -> pulumi.Output[str]:
    """The value, once the resources are there: a service uses a role as soon as it is given one."""
    return pulumi.Output.all(value, *(each.urn for each in resources)).apply(lambda known: str(known[0]))


def _document(statements: pulumi.Input[Sequence[Mapping[str, object]]]) -> pulumi.Input[str]:
    """The document; plain text if the statements are, so that a preview's policies can read it."""
    if isinstance(statements, pulumi.Output):
        return statements.apply(_document)
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def trust_policy(service: str, account_id: str) -> str:
    """The service assumes the role, on behalf of this account."""
    statement: dict[str, object] = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    # EC2 assumes an instance's role without naming a source account.
    if service != "ec2.amazonaws.com":
        statement["Condition"] = {"StringEquals": {"aws:SourceAccount": account_id}}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
