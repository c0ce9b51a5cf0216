"""What the migration runner's role may do, statement by statement: what a move changes, and no more. Pure.

A move creates no network, so the role cannot create one, and an update with more to do than the move ends
before the phase is recorded. All that it changes, or joins, is its cell's, by tag or by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tenantnet.aws.session_documents import DOCUMENT_CHECKED, OWN_SESSIONS_ONLY
from tenantnet.settings.checks import BACKEND, ECR_IMAGE
from tenantnet.settings.models import RepositoryHost, RunnerSettings
from tenantnet.tags import Slot, Tag, claims_table_name, journal_table_name, runner_document_name

Statement = Mapping[str, object]
Condition = Mapping[str, Mapping[str, object]]

# A copy of a database comes and goes with its parameter group, subnet group, snapshots.
NEW_DATABASES = (
    "rds:CreateDBInstance",
    "rds:CreateDBInstanceReadReplica",
    "rds:RestoreDBInstanceFromDBSnapshot",
)
DATABASE_CREATION = (*NEW_DATABASES, "rds:CreateDBParameterGroup", "rds:CreateDBSubnetGroup")
# To make a database uses what is there, too: its source, its groups.
DATABASE_ACTIONS = (
    *NEW_DATABASES,
    "rds:CreateDBSnapshot",
    "rds:DeleteDBInstance",
    "rds:DeleteDBParameterGroup",
    "rds:DeleteDBSnapshot",
    "rds:DeleteDBSubnetGroup",
    "rds:ModifyDBInstance",
    "rds:ModifyDBParameterGroup",
    "rds:ModifyDBSubnetGroup",
    "rds:PromoteReadReplica",
    "rds:RebootDBInstance",
    "rds:RemoveTagsFromResource",
    "rds:ResetDBParameterGroup",
)
DATABASE_READING = (
    "rds:DescribeDBInstances",
    "rds:DescribeDBParameterGroups",
    "rds:DescribeDBParameters",
    "rds:DescribeDBSnapshots",
    "rds:DescribeDBSubnetGroups",
    "rds:ListTagsForResource",
)
TAG_DATABASES = "rds:AddTagsToResource"
DATABASE_RESOURCES = ("db", "pg", "snapshot", "subgrp")
# RDS's own option group, which has no tags.
DEFAULT_OPTIONS = "og:default:*"
# What a project pulls a private image with.
# https://docs.aws.amazon.com/codebuild/latest/userguide/sample-ecr.html
PULLING = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
# The former production's network goes at the end of a move.
NETWORK_ACTIONS = (
    "ec2:DeleteCustomerGateway",
    "ec2:DeleteFlowLogs",
    "ec2:DeleteRoute",
    "ec2:DeleteRouteTable",
    "ec2:DeleteSecurityGroup",
    "ec2:DeleteSubnet",
    "ec2:DeleteVpc",
    "ec2:DeleteVpcPeeringConnection",
    "ec2:DeleteVpnConnection",
    "ec2:DeleteVpnConnectionRoute",
    "ec2:DeleteVpnGateway",
    "ec2:DetachVpnGateway",
    "ec2:DisableVgwRoutePropagation",
    "ec2:DisassociateRouteTable",
    "ec2:ModifyInstanceAttribute",
    "ec2:RevokeSecurityGroupEgress",
    "ec2:RevokeSecurityGroupIngress",
    "ec2:TerminateInstances",
)
# A live move lets the two databases reach each other, and the target's clients in.
RULES = ("ec2:AuthorizeSecurityGroupEgress", "ec2:AuthorizeSecurityGroupIngress")
PEERING = "ec2:CreateVpcPeeringConnection"
JOINING_ACTIONS = ("ec2:AcceptVpcPeeringConnection", *RULES, "ec2:CreateRoute", PEERING)
JOINED = ("security-group-rule/*", "vpc-peering-connection/*")
# None of these can be limited to a resource.
LOOKING_ACTIONS = (
    "cloudwatch:DescribeAlarms",
    "cloudwatch:GetMetricData",
    "cloudwatch:GetMetricStatistics",
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeCustomerGateways",
    "ec2:DescribeFlowLogs",
    "ec2:DescribeInstanceAttribute",
    "ec2:DescribeInstances",
    "ec2:DescribeNetworkAcls",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroupRules",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcPeeringConnections",
    "ec2:DescribeVpcs",
    "ec2:DescribeVpnConnections",
    "ec2:DescribeVpnGateways",
    "logs:DescribeLogGroups",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerPlace:
    """Whose runner it is.

    zone_id, kms_key_arn, tunnel_host_id: the cell's. log_group: its own log's name. schedule_role: the ARN of
    the role that schedules start it with. claims_cell: the cell whose claims table it uses; None for its own.
    """

    cell: str
    region: str
    account_id: str
    zone_id: str
    kms_key_arn: str
    tunnel_host_id: str
    log_group: str
    schedule_role: str
    claims_cell: str | None = None

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource in the cell's account and region."""
        return f"arn:aws:{service}:{self.region}:{self.account_id}:{resource}"

    @property
    def own(self) -> Condition:
        """The resource belongs to the cell."""
        return {"StringEquals": {f"aws:ResourceTag/{Tag.CELL}": self.cell}}

    @property
    def free(self) -> Condition:
        """The resource belongs to no cell, as what is about to be made."""
        return {"Null": {f"aws:ResourceTag/{Tag.CELL}": "true"}}

    @property
    def asked(self) -> Mapping[str, object]:
        """The request's own condition: what it makes is given to the cell."""
        return {f"aws:RequestTag/{Tag.CELL}": self.cell}

    @property
    def taken(self) -> Condition:
        """The request gives the cell what nobody has."""
        return {**self.free, "StringEquals": self.asked}


def runner_statements(place: RunnerPlace, settings: RunnerSettings) -> list[Statement]:
    """All statements of the runner's role."""
    comparison = [] if settings.unverified else _for_comparison(place)
    return [*_for_build(place, settings), *_for_journal(place), *_for_move(place), *comparison]


def _allow(
    sid: str, actions: Sequence[str], *resources: str, condition: Mapping[str, object] | None = None
) -> Statement:
    statement: dict[str, object] = {
        "Sid": sid,
        "Effect": "Allow",
        "Action": [*actions],
        "Resource": [*resources],
    }
    return {**statement, "Condition": condition} if condition else statement


def _for_build(place: RunnerPlace, settings: RunnerSettings) -> list[Statement]:
    log = place.arn("logs", f"log-group:{place.log_group}")
    statements = [
        _allow("WriteOwnLog", ("logs:CreateLogStream", "logs:PutLogEvents"), log, f"{log}:*"),
        *_source(place, settings),
        *_image(settings),
        *_backend(settings),
    ]
    if settings.secret_arn:
        statements.append(
            _allow("ReadPulumisSecret", ("secretsmanager:GetSecretValue",), settings.secret_arn)
        )
    if settings.secrets_key_arn:
        statements.append(_allow("UseTheStacksKey", ("kms:Decrypt", "kms:Encrypt"), settings.secrets_key_arn))
    return statements


def _image(settings: RunnerSettings) -> list[Statement]:
    """CodeBuild pulls an image of one's own registry with the project's role."""
    found = ECR_IMAGE.match(settings.image)
    if found is None:
        return []
    repository = "arn:aws:ecr:{region}:{account}:repository/{name}".format(**found.groupdict())
    return [
        _allow("LogInToTheRegistry", ("ecr:GetAuthorizationToken",), "*"),
        _allow("PullTheImage", PULLING, repository),
    ]


def _source(place: RunnerPlace, settings: RunnerSettings) -> list[Statement]:
    if settings.host is RepositoryHost.CODECOMMIT:
        repository = place.arn("codecommit", settings.repository.rsplit("/", 1)[-1])
        return [_allow("ReadTheRepository", ("codecommit:GitPull",), repository)]
    if settings.connection_arn is None:
        return []
    # The service answers to its former name too, and an ARN of either asks for that name's actions.
    service = settings.connection_arn.split(":")[2]
    actions = [f"{service}:{action}" for action in ("GetConnection", "GetConnectionToken", "UseConnection")]
    return [_allow("ReadTheRepository", actions, settings.connection_arn)]


def _backend(settings: RunnerSettings) -> list[Statement]:
    found = re.fullmatch(BACKEND, settings.backend)
    if found is None or found["bucket"] is None:
        return []
    bucket = f"arn:aws:s3:::{found['bucket']}"
    objects = f"{bucket}{(found['path'] or '').rstrip('/')}/*"
    actions = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject")
    return [
        _allow("ListTheState", ("s3:ListBucket",), bucket),
        _allow("KeepTheState", actions, objects),
    ]


def _for_journal(place: RunnerPlace) -> list[Statement]:
    holder = place.claims_cell or place.cell
    names = claims_table_name(holder), journal_table_name(place.cell)
    tables = [place.arn("dynamodb", f"table/{name}") for name in names]
    actions = ("dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query")
    statements = [_allow("KeepJournalAndClaims", actions, *tables)]
    if holder != place.cell:
        through = {f"aws:ResourceTag/{Tag.CELL}": holder, "kms:ViaService": via_dynamodb(place.region)}
        statements.append(
            _allow(
                "ReadTheSharedClaims",
                ("kms:Decrypt",),
                place.arn("kms", "key/*"),
                condition={"StringEquals": through},
            )
        )
    return statements


def via_dynamodb(region: str) -> str:
    """What a KMS key sees of DynamoDB when it uses the key for a caller."""
    return f"dynamodb.{region}.amazonaws.com"


def _for_move(place: RunnerPlace) -> list[Statement]:
    passed = {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}
    return [
        _allow("Look", LOOKING_ACTIONS, "*"),
        *_databases(place),
        _allow("GiveUpNetworks", NETWORK_ACTIONS, place.arn("ec2", "*"), condition=place.own),
        *_joining(place),
        _allow(
            "UseTheCellsKey",
            (
                "kms:CreateGrant",
                "kms:Decrypt",
                "kms:DescribeKey",
                "kms:GenerateDataKey",
                "kms:GenerateDataKeyWithoutPlaintext",
            ),
            place.kms_key_arn,
        ),
        *_endpoint(place),
        *_watching(place),
        _allow("PassTheSchedulesRole", ("iam:PassRole",), place.schedule_role, condition=passed),
    ]


def _joining(place: RunnerPlace) -> list[Statement]:
    """Between networks of the cell; what is made gets its tag on creation, and nothing else does."""
    made = [place.arn("ec2", kind) for kind in JOINED]
    creation = {"ec2:CreateAction": [action.partition(":")[2] for action in (*RULES, PEERING)]}
    tagged = {"StringEquals": {**place.asked, **creation}}
    return [
        _allow("JoinDatabases", JOINING_ACTIONS, place.arn("ec2", "*"), condition=place.own),
        _allow("MakeJoints", (*RULES, PEERING), *made, condition={"StringEquals": place.asked}),
        _allow("TagJoints", ("ec2:CreateTags",), *made, condition=tagged),
    ]


def _databases(place: RunnerPlace) -> list[Statement]:
    """The cell's, which are named by their slots."""
    every = [place.arn("rds", f"{kind}:*") for kind in DATABASE_RESOURCES]
    named = [place.arn("rds", f"{kind}:*-{slot}*") for kind in ("db", "pg", "subgrp") for slot in Slot]
    # They have their database's tags, which no request gives them.
    snapshots = [place.arn("rds", f"snapshot:*-{kind}-*") for kind in ("final", "move", "seed")]
    return [
        _allow("LookAtDatabases", DATABASE_READING, *every),
        _allow("ChangeDatabases", (*DATABASE_ACTIONS, TAG_DATABASES), *every, condition=place.own),
        _allow("MakeDatabases", (*DATABASE_CREATION, TAG_DATABASES), *named, condition=place.taken),
        _allow("MakeSnapshots", ("rds:CreateDBSnapshot", TAG_DATABASES), *snapshots, condition=place.free),
        _allow(
            "UseRdssOptions",
            (*NEW_DATABASES, "rds:ModifyDBInstance"),
            place.arn("rds", DEFAULT_OPTIONS),
        ),
    ]


def _for_comparison(place: RunnerPlace) -> list[Statement]:
    """To the databases through the tunnel host, as whom the tenants' secrets say.

    A session's id begins with the name of the role's session, which CodeBuild chooses.
    """
    sessions = place.arn("ssm", "session/*")
    return [
        _allow(
            "ReadTheLogins",
            ("secretsmanager:GetSecretValue",),
            place.arn("secretsmanager", "secret:tenantnet/*/verification-*"),
            # A login that says whose it is is no other cell's.
            condition={"StringEqualsIfExists": {f"aws:ResourceTag/{Tag.CELL}": place.cell}},
        ),
        _allow(
            "ReachTheDatabases",
            ("ssm:StartSession",),
            place.arn("ec2", f"instance/{place.tunnel_host_id}"),
            place.arn("ssm", f"document/{runner_document_name(place.cell)}"),
            condition=DOCUMENT_CHECKED,
        ),
        _allow(
            "EndOwnSessions",
            ("ssm:TerminateSession",),
            sessions,
            condition={**DOCUMENT_CHECKED, **OWN_SESSIONS_ONLY},
        ),
        # The channel is opened with a token of the session besides.
        _allow("CarryOwnSessions", ("ssmmessages:OpenDataChannel",), sessions),
    ]


def _endpoint(place: RunnerPlace) -> list[Statement]:
    return [
        _allow(
            "LeadTheEndpoint",
            ("route53:ChangeResourceRecordSets", "route53:GetHostedZone", "route53:ListResourceRecordSets"),
            f"arn:aws:route53:::hostedzone/{place.zone_id}",
        ),
        _allow("SeeTheRecordSpread", ("route53:GetChange",), "arn:aws:route53:::change/*"),
    ]


def _watching(place: RunnerPlace) -> list[Statement]:
    """The databases' logs and alarms, and the schedule of the move's second half."""
    schedules = (
        "scheduler:CreateSchedule",
        "scheduler:DeleteSchedule",
        "scheduler:GetSchedule",
        "scheduler:UpdateSchedule",
    )
    kept = place.arn("scheduler", f"schedule/default/tenantnet-{place.cell}-*")
    return [*_logs(place), *_alarms(place), _allow("KeepSchedules", schedules, kept)]


def _logs(place: RunnerPlace) -> list[Statement]:
    groups = [f"log-group:/aws/rds/instance/*-{slot}/*" for slot in Slot]
    groups.append(f"log-group:/tenantnet/{place.cell}/flow/*")
    logs = [place.arn("logs", group) for group in groups]
    kept = (
        "logs:DeleteLogGroup",
        "logs:ListTagsForResource",
        "logs:PutRetentionPolicy",
        "logs:TagResource",
        "logs:UntagResource",
    )
    made = ("logs:CreateLogGroup", "logs:TagResource")
    return [
        _allow("KeepLogs", kept, *logs, condition=place.own),
        _allow("MakeLogs", made, *logs, condition=place.taken),
    ]


def _alarms(place: RunnerPlace) -> list[Statement]:
    alarms = [place.arn("cloudwatch", f"alarm:*-{slot}-*") for slot in Slot]
    kept = (
        "cloudwatch:DeleteAlarms",
        "cloudwatch:ListTagsForResource",
        "cloudwatch:PutMetricAlarm",
        "cloudwatch:TagResource",
        "cloudwatch:UntagResource",
    )
    made = ("cloudwatch:PutMetricAlarm", "cloudwatch:TagResource")
    return [
        _allow("KeepAlarms", kept, *alarms, condition=place.own),
        _allow("MakeAlarms", made, *alarms, condition=place.taken),
    ]
