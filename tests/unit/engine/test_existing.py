"""Which of AWS's errors say that something is there already, of those that an update may meet."""

from __future__ import annotations

import botocore.session
import pytest
from pulumi.automation.events import EngineEvent
from tenantnet.engine.events import EngineLog
from tenantnet.engine.existing import AWS_ERROR, ways_out

# The calls that make what a stack has, of services whose models have their errors. EC2's have none.
CALLS = {
    "cloudwatch": ("PutMetricAlarm",),
    "codebuild": ("CreateProject",),
    "dynamodb": ("CreateTable",),
    "iam": ("CreateGroup", "CreateInstanceProfile", "CreateRole", "PutGroupPolicy", "PutRolePolicy"),
    "kms": ("CreateAlias", "CreateKey"),
    "logs": ("CreateLogGroup",),
    "rds": (
        "CreateDBInstance",
        "CreateDBInstanceReadReplica",
        "CreateDBParameterGroup",
        "CreateDBSubnetGroup",
        "RestoreDBInstanceFromDBSnapshot",
    ),
    "route53": ("ChangeResourceRecordSets", "CreateHostedZone"),
    "scheduler": ("CreateSchedule",),
    "sns": ("CreateTopic", "Subscribe"),
    "ssm": ("CreateDocument",),
}


def codes() -> list[str]:
    """Those of their errors that say by their code that something exists."""
    session = botocore.session.get_session()
    return sorted(
        {
            str(shape.metadata.get("error", {}).get("code", shape.name))
            for service, calls in CALLS.items()
            for call in calls
            for shape in session.get_service_model(service).operation_model(call).error_shapes
            if "Exist" in shape.name and shape.name != "ConflictingDomainExists"
        }
    )


def ways(error: str) -> list[str]:
    """What is advised of an error in the provider's words."""
    message = f"operation error X: Y, https response error StatusCode: 400, RequestID: x-1, {error}"
    body = {"message": message, "color": "never", "severity": "error", "urn": "urn:pulumi:a::b::x:y:Z::acme"}
    return ways_out(
        EngineLog.of([EngineEvent.from_json({"sequence": 1, "timestamp": 1, "diagnosticEvent": body})])
    )


@pytest.mark.parametrize("code", codes())
def test_each_code_that_says_so_is_known(code: str) -> None:
    assert ways(f"{code}: it is there") == [
        "acme: see what it is and whose, and remove it if nobody needs what is in it"
    ]


@pytest.mark.parametrize(
    "error",
    [
        # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
        "api error InvalidPermission.Duplicate: x",
        "api error InvalidGroup.Duplicate: x",
        "api error InvalidSubnet.Conflict: The CIDR '10.1.2.0/28' conflicts with another subnet",
        "api error RouteAlreadyExists: x",
        "api error VpcPeeringConnectionAlreadyExists: x",
        "api error FlowLogAlreadyExists: x",
        "api error Resource.AlreadyAssociated: x",
        "ResourceInUseException: Table already exists: tenantnet-local-claims",
        "ConflictException: Schedule tenantnet-acme already exists.",
        "InvalidChangeBatch: [Tried to create resource record set [name='a.'] but it already exists]",
    ],
)
def test_what_is_told_by_code_or_words_is_known(error: str) -> None:
    assert ways(error)


@pytest.mark.parametrize(
    "error",
    [
        "api error InvalidGroup.NotFound: The security group 'sg-1' does not exist",
        "api error DependencyViolation: x",
        "ResourceInUseException: Table is being deleted: tenantnet-local-claims",
        "ConflictException: x",
        "InvalidChangeBatch: [x is not permitted in zone y]",
    ],
)
def test_what_is_not_there_or_in_use_is_another_matter(error: str) -> None:
    assert ways(error) == []


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("api error InstanceQuotaExceeded: too many\n", ("InstanceQuotaExceeded", "too many")),
        (
            "EntityAlreadyExists: Role with name x already exists.: \n",
            ("EntityAlreadyExists", "Role with name x already exists."),
        ),
        ("HostID: h+/=, NoSuchBucket: x", ("NoSuchBucket", "x")),
    ],
)
def test_code_and_words_of_awss_are_found_in_the_providers(error: str, told: tuple[str, str]) -> None:
    found = AWS_ERROR.search(f"creating it: StatusCode: 400, RequestID: x-1, {error}")
    assert found
    assert (found["code"], found["words"]) == told
