"""What holds for every resource of every stack, whichever component declares it."""

from __future__ import annotations

import importlib
import inspect

import pytest
from tenantnet.components import services

from tests.support.mock_engine import RecordingEngine, Registered

STACKS = ["acme", "moving_acme", "scheduled_acme", "cell", "cell_with_runner"]

# Their names are AWS's to give, or they have none.
NAMED_BY = {
    "aws:dynamodb/table:Table": "name",
    "aws:iam/instanceProfile:InstanceProfile": "name",
    "aws:iam/role:Role": "name",
    "aws:iam/rolePolicy:RolePolicy": "name",
    "aws:kms/alias:Alias": "name",
    "aws:cloudwatch/logGroup:LogGroup": "name",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "name",
    "aws:ec2/securityGroup:SecurityGroup": "name",
    "aws:rds/instance:Instance": "identifier",
    "aws:rds/parameterGroup:ParameterGroup": "name",
    "aws:rds/subnetGroup:SubnetGroup": "name",
    "aws:route53/record:Record": "name",
    "aws:route53/zone:Zone": "name",
    "aws:codebuild/project:Project": "name",
    "aws:scheduler/schedule:Schedule": "name",
    "aws:sns/topic:Topic": "name",
    "aws:ssm/document:Document": "name",
}


@pytest.fixture(params=STACKS)
def engine(request: pytest.FixtureRequest) -> RecordingEngine:
    found: RecordingEngine = request.getfixturevalue(request.param)
    return found


def takes(resource: Registered, argument: str) -> bool:
    """Whether pulumi_aws's class of the resource has the argument."""
    module, class_name = resource.type.removeprefix("aws:").split(":")
    package = importlib.import_module(f"pulumi_aws.{module.split('/')[0]}")
    return argument in inspect.signature(getattr(package, class_name)._internal_init).parameters


def test_what_a_tenant_declares_is_loaded_before(moving_acme: RecordingEngine) -> None:
    loaded = {each.__name__.removeprefix("pulumi_aws.") for each in services.OF_TENANTS}
    types = [each.type.removeprefix("aws:") for each in moving_acme.registered if each.custom]
    assert {type_.split("/")[0] for type_ in types} == loaded


def test_every_taggable_resource_says_whose_it_is(engine: RecordingEngine) -> None:
    for resource in engine.registered:
        if not resource.custom or not takes(resource, "tags"):
            continue
        tags = resource.inputs.get("tags") or {}
        assert tags.get("tenantnet:cell") == "local", f"{resource.type} {resource.name} has no cell: {tags}"
        assert tags.get("Name"), f"{resource.type} {resource.name} has no Name"


def test_every_resource_of_a_tenant_names_the_tenant(acme: RecordingEngine) -> None:
    for resource in acme.registered:
        if resource.custom and takes(resource, "tags"):
            assert resource.inputs["tags"].get("tenantnet:tenant") == "acme", resource.name


def test_every_resource_with_a_physical_name_gets_it_from_us(engine: RecordingEngine) -> None:
    for resource in engine.registered:
        if (key := NAMED_BY.get(resource.type)) is not None:
            assert resource.inputs.get(key), f"{resource.type} {resource.name} would be named by chance"


def test_no_two_resources_of_one_type_share_a_name(engine: RecordingEngine) -> None:
    seen = [(resource.type, resource.name) for resource in engine.registered]
    assert len(seen) == len(set(seen))


def test_physical_names_fit_the_limits_for_the_longest_tenant_name(declare_tenant: object) -> None:
    from tenantnet.tags import Owner  # noqa: PLC0415

    longest = Owner(cell="c" * 20, tenant="t" * 20, network="green")
    assert len(f"{longest.prefix}-mysql84") <= 63, "RDS's limit of an identifier"
    assert len(f"tenantnet-{longest.cell}-tunnel-host") <= 64, "IAM's limit of a role's name"
    assert len(f"tenantnet-{longest.cell}-{longest.tenant}-migration") <= 64, "the limit of a schedule's name"
