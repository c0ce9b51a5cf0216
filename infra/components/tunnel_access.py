"""Who may open the tunnel to a tenant's database from a desk: a session document, a group, its policy."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from tenantnet.aws.session_documents import DOCUMENT_CHECKED, OWN_SESSIONS_ONLY, tenant_document
from tenantnet.tags import Owner, tunnel_name


@dataclass(frozen=True, slots=True, kw_only=True)
class TunnelAccessArgs:
    """Who may open a tunnel, and where it leads."""

    owner: Owner
    """The tenant that it belongs to."""
    region: str
    """The AWS region."""
    account_id: str
    """The AWS account's ID."""
    host_name: str
    """The tenant's endpoint."""
    tunnel_host_id: pulumi.Input[str]
    """The tunnel host's instance ID."""
    users: Sequence[str]
    """The names of existing IAM users who may open a tunnel."""


class TunnelAccess(pulumi.ComponentResource):
    """A session document that leads to a tenant's database only, and the IAM group that may use it."""

    document_name: str
    """The session document that a user starts a session with."""
    group_name: str
    """The IAM group of the users."""

    def __init__(self, name: str, args: TunnelAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tenantnet:index:TunnelAccess", name, {}, opts)
        self.document_name = self.group_name = tunnel_name(args.owner.cell, args.owner.prefix)
        child = pulumi.ResourceOptions(parent=self)
        aws.ssm.Document(
            name,
            name=self.document_name,
            document_type="Session",
            document_format="JSON",
            content=tenant_document(args.host_name),
            tags=args.owner.tags(self.document_name),
            opts=child,
        )
        group = aws.iam.Group(name, name=self.group_name, path="/tenantnet/", opts=child)
        aws.iam.GroupPolicy(
            name,
            name=self.group_name,
            group=group.name,
            policy=pulumi.Output.from_input(args.tunnel_host_id).apply(
                lambda host: tunnel_policy(args.region, args.account_id, host, self.document_name)
            ),
            opts=child,
        )
        for user in args.users:
            aws.iam.UserGroupMembership(f"{name}-{user}", user=user, groups=[group.name], opts=child)
        self.register_outputs({"documentName": self.document_name})


def tunnel_policy(region: str, account_id: str, tunnel_host_id: str, document_name: str) -> str:
    """The group's policy: this document on this host, and one's own sessions.

    The data channel is opened with a token of the session besides.
    """
    own_sessions = f"arn:aws:ssm:{region}:{account_id}:session/${{aws:username}}-*"
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "OpenTheTunnel",
                "Effect": "Allow",
                "Action": "ssm:StartSession",
                "Resource": [
                    f"arn:aws:ec2:{region}:{account_id}:instance/{tunnel_host_id}",
                    f"arn:aws:ssm:{region}:{account_id}:document/{document_name}",
                ],
                "Condition": DOCUMENT_CHECKED,
            },
            {
                "Sid": "EndAndResumeOwnSessions",
                "Effect": "Allow",
                "Action": ["ssm:TerminateSession", "ssm:ResumeSession"],
                "Resource": own_sessions,
                "Condition": {**DOCUMENT_CHECKED, **OWN_SESSIONS_ONLY},
            },
            {
                "Sid": "CarryOwnSessions",
                "Effect": "Allow",
                "Action": "ssmmessages:OpenDataChannel",
                # AWS's examples write a session with the user's id, its sessions have the user's name.
                "Resource": [own_sessions, own_sessions.replace("username", "userid")],
            },
        ],
    }
    return json.dumps(policy)
