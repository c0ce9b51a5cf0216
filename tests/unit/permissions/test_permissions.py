"""The roles' IAM policies, held against AWS's service authorization reference."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from tenantnet.cli.main import app
from tenantnet.local_cloud.iam.policy import Decision, Request, decide
from tenantnet.observed import deployed
from tenantnet.observed.drift.described import PAGES
from tenantnet.permissions.actions import GIVING_TAGS, IMPLIED, TAGGING, actions_of, tagging_action
from tenantnet.permissions.boundary import within_boundary
from tenantnet.permissions.changes import OF_PLATFORMS, OF_TENANTS
from tenantnet.permissions.documents import DOCUMENT_CHARACTERS, Role, documents, shipped, size
from tenantnet.permissions.scopes import PolicyPlace
from tenantnet.refusal import Refused
from tenantnet.tags import Part, Tag
from typer.testing import CliRunner

from tests.support import component_samples as samples
from tests.support.clone import CLONE
from tests.support.iam_reference import action_details, arn_forms, condition_keys, fits
from tests.support.mock_stacks import declare_acme, declare_cell, declare_moving_acme, declare_scheduled_acme
from tests.support.permissions import PLACE

# Condition keys that every request has.
GLOBAL_KEYS = {"iam:AWSServiceName"}
REFUSING = [Role.REVIEWER, Role.PLATFORM_DEPLOYER, Role.TENANT_DEPLOYER]
# A ceiling may name actions by patterns; a permission may not.
GRANTING = [role for role in Role if role is not Role.BOUNDARY]


def statements(role: Role) -> Iterator[Mapping[str, Any]]:
    for document in documents(role, PLACE, shipped()):
        yield from document["Statement"]


def actions(role: Role) -> set[str]:
    found: set[str] = set()
    for statement in statements(role):
        named = statement["Action"]
        found.update([named] if isinstance(named, str) else named)
    return found


@pytest.mark.parametrize("role", GRANTING)
def test_no_action_is_a_pattern_and_every_one_exists(role: Role) -> None:
    assert [action for action in actions(role) if "*" in action or "?" in action] == []
    for action in actions(role):
        assert action_details(action)["name"] == action.partition(":")[2]


@pytest.mark.parametrize("role", Role)
def test_every_policy_is_small_enough_for_iam(role: Role) -> None:
    assert [
        size(each) for each in documents(role, PLACE, shipped()) if size(each) > DOCUMENT_CHARACTERS
    ] == []


def test_the_boundary_is_one_policy_and_reaches_nothing_in_iam() -> None:
    (boundary,) = documents(Role.BOUNDARY, PLACE, shipped())
    of_iam = {
        action
        for statement in boundary["Statement"]
        for action in statement["Action"]
        if action.startswith(("iam:", "sts:", "*"))
    }
    assert of_iam == {"iam:PassRole"}


# Somebody has made these without the cell's tag.
OF_SOMEBODY = {"KeepTheState", "ListTheState", "PullTheImage", "ReadPulumisSecret", "ReadTheRepository"}


def requests(statement: Mapping[str, Any], cell: str) -> Iterator[Request]:
    """What a statement allows: with its own conditions, of what has the cell's tag."""
    conditions = statement.get("Condition", {})
    free = statement.get("Sid") in OF_SOMEBODY or "Null" in conditions
    tags = {} if free else {f"{service}:resourceTag/{Tag.CELL}": cell for service in ("aws", "ssm")}
    context = {
        **tags,
        f"ssm:resourceTag/{Tag.PART}": Part.TUNNEL_HOST,
        **{
            key: str(value if isinstance(value, str) else value[0]).replace("${aws:userid}", "u")
            for operator, keys in conditions.items()
            if operator != "Null"
            for key, value in keys.items()
        },
        "aws:userid": "u",
    }
    for action in as_list(statement["Action"]):
        for resource in as_list(statement["Resource"]):
            yield Request(action=action, resource=resource.replace("*", "x"), context=context)


def as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def boundary_of(place: PolicyPlace) -> list[str]:
    return [json.dumps(each) for each in documents(Role.BOUNDARY, place, shipped())]


def test_the_boundary_takes_nothing_from_the_roles_that_a_platform_makes() -> None:
    """A build would end at the first call that it does not reach, at the time of the move."""
    named = f"arn:aws:{{}}:eu-west-1:{PLACE.account}:{{}}"
    runner = {
        **samples.RUNNER,
        "image": f"{PLACE.account}.dkr.ecr.eu-west-1.amazonaws.com/runner@sha256:{'0' * 64}",
        "secretArn": named.format("secretsmanager", "secret:tenantnet/pulumi-AbCdEf"),
        "secretsKeyArn": named.format("kms", f"key/{PLACE.secrets_key}"),
    }
    boundary = boundary_of(replace(PLACE, state_bucket="example-pulumi-state"))
    policies = declare_cell(runner=runner).of_type("aws:iam/rolePolicy:RolePolicy")
    given = [
        request
        for policy in policies
        for statement in json.loads(policy.inputs["policy"])["Statement"]
        for request in requests(statement, PLACE.cell)
    ]
    assert len(given) > 200
    assert [each for each in given if decide(boundary, each) is not Decision.ALLOWED] == []


@pytest.mark.parametrize("secret", ["tenantnet/pulumi", "tenantnet-pulumi", "pulumi"])
@pytest.mark.parametrize("cell", [PLACE.cell, "eu0", None])
def test_which_secrets_are_within_the_boundary_is_said_as_it_is(secret: str, cell: str | None) -> None:
    request = Request(
        action="secretsmanager:GetSecretValue",
        resource=f"arn:aws:secretsmanager:{PLACE.region}:{PLACE.account}:secret:{secret}-AbCdEf",
        context={f"aws:ResourceTag/{Tag.CELL}": cell} if cell else {},
    )
    allowed = decide(boundary_of(PLACE), request) is Decision.ALLOWED
    assert within_boundary(PLACE.cell, secret, {Tag.CELL: cell} if cell else {}) is allowed


OWN, OTHERS = ({f"aws:ResourceTag/{Tag.CELL}": cell} for cell in (PLACE.cell, "eu0"))
LIMITED = {"iam:PermissionsBoundary": PLACE.boundary}
KEY = PLACE.arn("kms", "key/99999999-2222-3333-4444-555555555555")
ROLE = PLACE.iam("role/tenantnet-local-runner")
FINAL = PLACE.arn("rds", "snapshot:acme-blue-10-1-2-0-final-1")
ALICES = {
    f"ssm:resourceTag/{Tag.CELL}": PLACE.cell,
    "ssm:resourceTag/tenantnet:tunnel-users": "/bob/alice/",
    "ssm:SessionDocumentAccessCheck": "true",
    "aws:username": "alice",
}


@pytest.mark.parametrize(
    ("role", "action", "resource", "context", "allowed"),
    [
        # A final snapshot is made by whoever deletes its database, with tags that are in no request.
        (Role.TENANT_DEPLOYER, "rds:CreateDBSnapshot", FINAL, {}, True),
        (Role.TENANT_DEPLOYER, "rds:AddTagsToResource", FINAL, {}, True),
        (Role.TENANT_DEPLOYER, "rds:AddTagsToResource", FINAL, OTHERS, False),
        # KMS knows a key by its tags some minutes after it was made.
        (Role.PLATFORM_DEPLOYER, "kms:EnableKeyRotation", KEY, {}, True),
        (Role.PLATFORM_DEPLOYER, "kms:EnableKeyRotation", KEY, OTHERS, False),
        (Role.PLATFORM_DEPLOYER, "iam:CreateRole", ROLE, LIMITED, True),
        (Role.PLATFORM_DEPLOYER, "iam:CreateRole", ROLE, {}, False),
        (Role.PLATFORM_DEPLOYER, "iam:PutRolePolicy", ROLE, {}, False),
        (Role.MIGRATION_RUNNER, "rds:DeleteDBInstance", PLACE.arn("rds", "db:acme-blue"), OWN, True),
        (Role.MIGRATION_RUNNER, "rds:DeleteDBInstance", PLACE.arn("rds", "db:acme-blue"), OTHERS, False),
        # By its document's tag, and so to as many tenants as name the person.
        (Role.TUNNEL_USER, "ssm:StartSession", PLACE.arn("ssm", "document/local-acme-tunnel"), ALICES, True),
    ],
)
def test_a_role_may_what_it_is_for_and_nothing_of_another_cells(
    role: Role, action: str, resource: str, context: Mapping[str, str], allowed: bool
) -> None:
    """Each call that AWS derives of these, and each way around them: tests/local_cloud/test_attacks.py."""
    policies = [json.dumps(each) for each in documents(role, PLACE, shipped())]
    decision = decide(policies, Request(action=action, resource=resource, context=context))
    assert (decision is Decision.ALLOWED) is allowed


def test_the_tenant_deployer_makes_nothing_in_iam() -> None:
    writing = {
        each
        for each in actions(Role.TENANT_DEPLOYER)
        if each.startswith("iam:") and action_details(each)["accessLevel"] not in ("Read", "List")
    }
    assert writing == {"iam:PassRole", "iam:CreateServiceLinkedRole"}


@pytest.mark.parametrize("role", GRANTING)
def test_no_role_makes_backups_unreadable(role: Role) -> None:
    """Snapshots and backups of a cell can be read as long as its key is there."""
    assert not actions(role) & {"kms:DisableKey", "kms:ScheduleKeyDeletion"}


def test_a_group_has_no_policy_and_nobody_is_put_into_one() -> None:
    assert {
        each for role in GRANTING for each in actions(role) if "Group" in each and "iam:" in each
    } == set()


@pytest.mark.parametrize("role", [*REFUSING, Role.MIGRATION_RUNNER])
def test_roles_change_the_claims_in_another_cells_table_and_not_the_table(role: Role) -> None:
    sharing = replace(PLACE, claims_cell="eu0")
    shared = f"arn:aws:dynamodb:{PLACE.region}:{PLACE.account}:table/tenantnet-eu0-claims"
    allowed = {
        action.partition(":")[2]
        for document in documents(role, sharing, shipped())
        for statement in document["Statement"]
        if shared in statement["Resource"]
        for action in statement["Action"]
    }
    assert "GetItem" in allowed or role is Role.PLATFORM_DEPLOYER
    assert {each for each in allowed if each.endswith("Table")} <= {"DescribeTable"}
    assert ("PutItem" in allowed) == (role in (Role.TENANT_DEPLOYER, Role.MIGRATION_RUNNER))
    assert "tenantnet-eu0-claims" not in json.dumps(documents(role, PLACE, shipped()))


@pytest.mark.parametrize("zone_id", [None, "Z0123456789ABCDEFGHIJ"])
def test_only_the_zone_that_is_named_can_be_removed(zone_id: str | None) -> None:
    place = replace(PLACE, zone_id=zone_id)
    removing = [
        statement["Resource"]
        for document in documents(Role.PLATFORM_DEPLOYER, place, shipped())
        for statement in document["Statement"]
        if "route53:DeleteHostedZone" in statement["Action"]
    ]
    assert removing == ([[f"arn:aws:route53:::hostedzone/{zone_id}"]] if zone_id else [])


@pytest.mark.parametrize(
    ("table", "engines"),
    [
        (
            OF_PLATFORMS,
            [declare_cell, lambda: declare_cell(runner=samples.RUNNER, alarmEmails=["oncall@example.com"])],
        ),
        (OF_TENANTS, [declare_acme, declare_moving_acme, declare_scheduled_acme]),
    ],
)
def test_every_type_that_a_stack_declares_has_its_changes(table: Any, engines: Any) -> None:
    declared = {
        each.type for engine in engines for each in engine().registered if each.type.startswith("aws:")
    }
    assert declared - {*table} == set()


@pytest.mark.parametrize("table", [OF_PLATFORMS, OF_TENANTS])
def test_every_change_is_an_action_of_aws(table: Any) -> None:
    for action in {action for actions in table.values() for action in actions}:
        assert action_details(action)["name"] == action.partition(":")[2]


def test_the_reviewer_changes_nothing() -> None:
    # AWS counts decryption among what writes; Pulumi reads a stack's secrets with it.
    writing = {
        each for each in actions(Role.REVIEWER) if action_details(each)["accessLevel"] not in ("Read", "List")
    }
    assert writing == {"kms:Decrypt"}


def test_the_reviewer_reads_no_secret_but_those_of_the_stacks() -> None:
    assert {each for each in actions(Role.REVIEWER) if each.startswith("secretsmanager:")} == set()
    for statement in statements(Role.REVIEWER):
        if "ssm:GetParameter" in statement["Action"]:
            assert all("::parameter/aws/service/" in resource for resource in statement["Resource"])


@pytest.mark.parametrize("role", REFUSING)
def test_all_resources_are_allowed_only_where_an_action_cannot_be_limited(role: Role) -> None:
    unlimited = {
        action for each in statements(role) if each["Resource"] == ["*"] for action in each["Action"]
    }
    assert {action for action in unlimited if arn_forms(action) and not action.startswith("ec2:")} == set()
    assert {each for each in unlimited if action_details(each)["accessLevel"] not in ("Read", "List")} <= {
        "kms:CreateKey",
        "route53:CreateHostedZone",
    }


@pytest.mark.parametrize("role", REFUSING)
def test_every_action_can_be_limited_to_what_its_statement_names(role: Role) -> None:
    for statement in statements(role):
        for action in statement["Action"]:
            forms = arn_forms(action)
            assert statement["Resource"] == ["*"] or any(
                fits(arn, form) or arn.endswith(":*/*") for arn in statement["Resource"] for form in forms
            ), f"{action} has none of {statement['Resource']}"


@pytest.mark.parametrize("role", REFUSING)
def test_every_condition_is_one_that_the_action_has(role: Role) -> None:
    for statement in statements(role):
        keys = {key for operator in statement.get("Condition", {}).values() for key in operator}
        forms = {
            "/".join([key.rsplit("/", 1)[0], "${TagKey}"]) if "Tag/" in key else key for key in keys
        } - GLOBAL_KEYS
        for action in statement["Action"]:
            assert forms <= condition_keys(action), f"{action} knows none of {forms - condition_keys(action)}"


def test_every_implied_action_follows_calls_that_exist_and_has_a_source() -> None:
    for implied in IMPLIED:
        for action in (*implied.actions, *implied.calls):
            assert action_details(action)
        assert implied.source.startswith("https://docs.aws.amazon.com/")


def test_every_tagging_action_exists_and_has_a_source() -> None:
    for call in GIVING_TAGS:
        assert action_details(str(tagging_action(call)))
    assert all(each.source.startswith("https://docs.aws.amazon.com/") for each in TAGGING.values())


def test_calls_have_the_names_of_iam() -> None:
    assert actions_of("monitoring", "PutMetricAlarm") == ("cloudwatch:PutMetricAlarm",)
    assert actions_of("s3", "CopyObject") == ("s3:GetObject", "s3:PutObject")
    assert actions_of("ec2", "CreateVpc") == ("ec2:CreateVpc",)


KEPT = CLONE / "iam"
ARGUMENTS = ["--region", "eu-west-1", "--cell", "eu1", "--state-bucket", "tenantnet-state"]
ARGUMENTS += ["--zone", "db.example.com"]
ARGUMENTS += ["--secrets-key", "11111111-2222-3333-4444-555555555555"]


def test_the_command_writes_policies_for_every_role(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["permissions", str(tmp_path), "--account", "123456789012", *ARGUMENTS])
    assert done.exit_code == 0, done.output
    files = {file.name: json.loads(file.read_text(encoding="utf-8")) for file in tmp_path.iterdir()}
    assert {name.removesuffix(".json").rstrip("-0123456789") for name in files} == set(Role)
    assert all(each["Version"] == "2012-10-17" for each in files.values())


def test_the_policies_in_the_repository_are_those_that_the_command_writes(tmp_path: Path) -> None:
    CliRunner().invoke(app, ["permissions", str(tmp_path), "--account", "123456789012", *ARGUMENTS])
    written, kept = (
        {file.name: file.read_text() for file in folder.iterdir()} for folder in (tmp_path, KEPT)
    )
    assert written == kept, "tenantnet permissions iam … as docs/permissions.md says"


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--state-bucket", "b", "3 to 63"),
        ("--state-bucket", "My_Bucket", "3 to 63"),
        ("--state-bucket", "s3://state", "without s3://"),
        ("--secrets-key", "alias/key", "a UUID"),
        ("--region", "Ireland", "an AWS region"),
        ("--cell", "EU1", "platform-"),
        ("--claims-cell", "EU1", "platform-"),
        ("--zone", "db", "zone"),
        ("--zone-id", "zone", "zone"),
    ],
)
def test_a_place_that_cannot_be_is_refused_before_anything_is_written(
    tmp_path: Path, option: str, value: str, words: str
) -> None:
    command = ["permissions", str(tmp_path), "--account", "123456789012", *ARGUMENTS, option, value]
    done = CliRunner().invoke(app, command)
    assert isinstance(done.exception, Refused), done.output
    assert f"{option}: " in str(done.exception)
    assert words in str(done.exception)
    assert list(tmp_path.iterdir()) == []


def test_an_account_that_cannot_be_is_refused_with_its_rule(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["permissions", str(tmp_path), "--account", "1234", *ARGUMENTS])
    assert isinstance(done.exception, Refused)
    assert "12 digits" in str(done.exception)
    assert list(tmp_path.iterdir()) == []


def observed_calls() -> Iterator[tuple[str, str]]:
    """Service and operation of all that status, isolation and drift list."""
    kinds = {each for each in vars(deployed).values() if hasattr(each, "described_by")}
    unused = [page.unused for page in PAGES.values() if page.unused]
    for each in (*(kind.described_by for kind in kinds), *(page.by for page in (*PAGES.values(), *unused))):
        client = boto3.client(each.service, region_name="eu-west-1")
        yield client.meta.service_model.signing_name, client.meta.method_to_api_mapping[each.call]


def test_the_reviewer_may_read_whatever_is_observed() -> None:
    calls = set(observed_calls())
    assert len(calls) > 20
    needed = {action for service, call in calls for action in actions_of(service, call)}
    assert needed - actions(Role.REVIEWER) == set()


# What the provider asks while it makes, changes or deletes something.
OF_CHANGES = {
    "ec2:DescribeImages",
    "iam:ListInstanceProfilesForRole",
    "route53:GetChange",
    "ssm:ListTagsForResource",
}


@pytest.mark.parametrize("role", [Role.PLATFORM_DEPLOYER, Role.TENANT_DEPLOYER])
def test_the_reviewer_may_read_whatever_a_deployer_refreshes(role: Role) -> None:
    reads = {each for each in actions(role) if action_details(each)["accessLevel"] in ("Read", "List")}
    assert reads - actions(Role.REVIEWER) - OF_CHANGES == set()
