"""What the roles of a cell can be given at most, whoever writes their policies.

A ceiling, not a grant: each role has its own policy, and may what both allow. So actions may be patterns.
It reaches what is the cell's, by tag or by name, and nothing in IAM.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tenantnet.components.runner_permissions import JOINED, JOINING_ACTIONS, PEERING, RULES
from tenantnet.components.tunnel_host import AGENT_ACTIONS
from tenantnet.permissions.scopes import PASSED, UNOWNED, Condition, PolicyPlace, as_condition, key_of_claims
from tenantnet.tags import Tag, claims_table_name, journal_table_name, runner_document_name

Statement = Mapping[str, object]
LOOKING = ("cloudwatch:Describe*", "cloudwatch:Get*", "ec2:Describe*", "logs:Describe*", "rds:Describe*")
DATABASES = ("rds:*DB*", "rds:*Tags*", "rds:PromoteReadReplica")
OWN_SESSIONS: Condition = (("StringEquals", "ssm:resourceTag/aws:ssmmessages:session-id", "${aws:userid}"),)
# Secrets of this name are everybody's but those with another cell's tag.
SECRETS = "tenantnet/"
USE_OF_KEYS = ("kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*")


KEPT = (
    "cloudwatch:*",
    *JOINING_ACTIONS,
    "ec2:Delete*",
    "ec2:Detach*",
    "ec2:Dis*",
    "ec2:ModifyInstanceAttribute",
    "ec2:Revoke*",
    "ec2:TerminateInstances",
    "logs:*",
    *DATABASES,
    *USE_OF_KEYS,
)


def boundary_statements(place: PolicyPlace) -> list[Statement]:
    """All statements of the boundary."""
    return [*_everywhere(place), *_of_builds(place), *_of_moves(place), *_of_sessions(place)]


def within_boundary(cell: str, secret: str, tags: Mapping[str, str]) -> bool:
    """Whether a role that the boundary limits can be given a secret. secret: its name."""
    return tags.get(Tag.CELL, cell if secret.startswith(SECRETS) else None) == cell


def _allow(actions: Sequence[str], *resources: str, condition: Condition = ()) -> Statement:
    statement = {"Effect": "Allow", "Action": [*actions], "Resource": [*resources]}
    return {**statement, "Condition": as_condition(condition)} if condition else statement


def _everywhere(place: PolicyPlace) -> list[Statement]:
    log = place.arn("logs", f"log-group:/tenantnet/{place.cell}/*")
    return [
        _allow((*LOOKING, *AGENT_ACTIONS.values(), "ecr:GetAuthorizationToken"), "*"),
        _allow(("logs:CreateLogStream", "logs:PutLogEvents"), log),
        _allow(("codebuild:StartBuild",), place.arn("codebuild", f"project/tenantnet-{place.cell}-*")),
    ]


def _of_builds(place: PolicyPlace) -> list[Statement]:
    bucket = f"arn:aws:s3:::{place.state_bucket}"
    not_anothers = (("StringEqualsIfExists", f"aws:ResourceTag/{Tag.CELL}", place.cell),)
    return [
        _allow(("s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject"), bucket, f"{bucket}/*"),
        _allow(("kms:Decrypt", "kms:Encrypt"), place.arn("kms", f"key/{place.secrets_key}")),
        _allow(
            ("secretsmanager:GetSecretValue",),
            place.arn("secretsmanager", f"secret:{SECRETS}*"),
            condition=not_anothers,
        ),
        _allow(("secretsmanager:GetSecretValue",), "*", condition=place.own),
        # What the runner's settings name need not have tags.
        _allow(
            (
                "codecommit:GitPull",
                "codeconnections:GetConnection*",
                "codeconnections:UseConnection",
                "codestar-connections:GetConnection*",
                "codestar-connections:UseConnection",
                "ecr:BatchCheckLayerAvailability",
                "ecr:BatchGetImage",
                "ecr:GetDownloadUrlForLayer",
            ),
            "*",
            condition=not_anothers,
        ),
    ]


def _of_moves(place: PolicyPlace) -> list[Statement]:
    tables = (claims_table_name(place.claims_cell or place.cell), journal_table_name(place.cell))
    records = (
        (
            "ForAllValues:StringLike",
            "route53:ChangeResourceRecordSetsNormalizedRecordNames",
            (f"*.{place.zone}",),
        ),
    )
    zone = f"arn:aws:route53:::hostedzone/{place.zone_id or '*'}"
    made = ("cloudwatch:PutMetricAlarm", "cloudwatch:TagResource", "logs:CreateLogGroup", "logs:TagResource")
    snapshots = (place.arn("rds", f"snapshot:*-{kind}-*") for kind in ("final", "move", "seed"))
    joints = [place.arn("ec2", kind) for kind in JOINED]
    creation = tuple(action.partition(":")[2] for action in (*RULES, PEERING))
    schedules = place.arn("scheduler", f"schedule/default/tenantnet-{place.cell}-*")
    role = place.iam(f"role/tenantnet-{place.cell}-{PASSED[2]}")
    return [
        _allow(KEPT, "*", condition=place.own),
        _allow((*RULES, PEERING), *joints, condition=place.asked),
        _allow(
            ("ec2:CreateTags",),
            *joints,
            condition=(*place.asked, ("StringEquals", "ec2:CreateAction", creation)),
        ),
        _allow((*made, *DATABASES), "*", condition=place.taken),
        _allow(("rds:AddTagsToResource", "rds:CreateDBSnapshot"), *snapshots, condition=UNOWNED),
        _allow(("rds:*DBInstance*",), place.arn("rds", "og:default:*")),
        _allow(
            ("dynamodb:*Item", "dynamodb:Query"), *(place.arn("dynamodb", f"table/{each}") for each in tables)
        ),
        *(_allow(("kms:Decrypt",), *key.resources, condition=key.condition) for key in key_of_claims(place)),
        _allow(("route53:ChangeResourceRecordSets",), zone, condition=records),
        _allow(("route53:Get*", "route53:ListResourceRecordSets"), zone, "arn:aws:route53:::change/*"),
        _allow(("scheduler:*Schedule",), schedules),
        _allow(
            ("iam:PassRole",),
            role,
            condition=(("StringEquals", "iam:PassedToService", "scheduler.amazonaws.com"),),
        ),
    ]


def _of_sessions(place: PolicyPlace) -> list[Statement]:
    host = (*_session(Tag.CELL, place.cell), *_session(Tag.PART, "tunnel-host"))
    return [
        _allow(("ssm:StartSession",), place.arn("ec2", "instance/*"), condition=host),
        _allow(("ssm:StartSession",), place.arn("ssm", f"document/{runner_document_name(place.cell)}")),
        _allow(("ssm:TerminateSession",), place.arn("ssm", "session/*"), condition=OWN_SESSIONS),
    ]


def _session(tag: str, value: str) -> Condition:
    return (("StringEquals", f"ssm:resourceTag/{tag}", value),)
