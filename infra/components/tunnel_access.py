"""Who may open the tunnel to a tenant's database from a desk: a session document says so, and a policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from tenantnet.aws.session_documents import DOCUMENT_CHECKED, OWN_SESSIONS_ONLY, tenant_document
from tenantnet.components.checked import of_each_or_together, require
from tenantnet.settings.checks import check_tunnel_user, check_zone_name
from tenantnet.settings.relations import tunnel_user_relations
from tenantnet.tags import TUNNEL_USER_TAGS, Owner, Part, Tag, tunnel_name, tunnel_user_tags

Statement = Mapping[str, object]
# A person is an IAM user, or comes through IAM Identity Center, whose permission sets give sessions a tag.
# Who has neither is nobody: no name has a space.
PERSONS = ("${aws:username, ' '}", f"${{aws:PrincipalTag/{Tag.TUNNEL_USER}, ' '}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TunnelAccessArgs:
    """Who may open a tunnel, and where it leads. Raises Refused for what the settings refuse."""

    owner: Owner
    """The tenant that it belongs to."""
    host_name: str
    """The tenant's endpoint."""
    users: Sequence[str]
    """The names of the people who may open a tunnel."""

    def __post_init__(self) -> None:
        users = of_each_or_together(self.users, check_tunnel_user, tunnel_user_relations, "tunnelUsers")
        host_name = check_zone_name(self.host_name)
        require(f"The tunnel of {self.owner.prefix}", self.owner, {"host_name": host_name, "users": users})


class TunnelAccess(pulumi.ComponentResource):
    """A session document that leads to a tenant's database only, and says in its tags who may use it."""

    document_name: str
    """The session document that a user starts a session with."""

    def __init__(self, name: str, args: TunnelAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tenantnet:index:TunnelAccess", name, {}, opts)
        self.document_name = tunnel_name(args.owner.cell, args.owner.prefix)
        aws.ssm.Document(
            name,
            name=self.document_name,
            document_type="Session",
            document_format="JSON",
            content=tenant_document(args.host_name),
            tags={**args.owner.tags(self.document_name), **tunnel_user_tags(args.users)},
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"documentName": self.document_name})


def tunnel_statements(region: str, account_id: str, cell: str) -> list[Statement]:
    """What everybody may who opens tunnels in a cell: documents that name them, the cell's tunnel host, and
    their own sessions.

    The data channel is opened with a token of the session besides.
    """
    sessions = f"arn:aws:ssm:{region}:{account_id}:session/"
    of_cell = {f"ssm:resourceTag/{Tag.CELL}": cell}
    host = {**of_cell, f"ssm:resourceTag/{Tag.PART}": Part.TUNNEL_HOST.value}
    return [
        {
            "Sid": "ReachTheTunnelHost",
            "Effect": "Allow",
            "Action": "ssm:StartSession",
            "Resource": f"arn:aws:ec2:{region}:{account_id}:instance/*",
            "Condition": {**DOCUMENT_CHECKED, "StringEquals": host},
        },
        *_of_documents(f"arn:aws:ssm:{region}:{account_id}:document/{tunnel_name(cell, '*')}", of_cell),
        {
            "Sid": "EndAndResumeOwnSessions",
            "Effect": "Allow",
            "Action": ["ssm:TerminateSession", "ssm:ResumeSession"],
            "Resource": f"{sessions}*",
            "Condition": {**DOCUMENT_CHECKED, **OWN_SESSIONS_ONLY},
        },
        {
            "Sid": "CarryOwnSessions",
            "Effect": "Allow",
            "Action": "ssmmessages:OpenDataChannel",
            # AWS's examples write a session with the user's id, its sessions have the person's name.
            "Resource": [f"{sessions}{person}-*" for person in (*PERSONS, "${aws:userid}")],
        },
    ]


def _of_documents(arn: str, of_cell: Mapping[str, str]) -> Iterator[Statement]:
    """A document names people in one of these tags."""
    for tag in TUNNEL_USER_TAGS:
        named = {f"ssm:resourceTag/{tag}": [f"*/{person}/*" for person in PERSONS]}
        yield {
            "Effect": "Allow",
            "Action": "ssm:StartSession",
            "Resource": arn,
            "Condition": {**DOCUMENT_CHECKED, "StringEquals": of_cell, "StringLike": named},
        }
