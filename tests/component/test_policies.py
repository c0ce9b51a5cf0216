"""What the stacks declare is what the policies permit of single resources, in a preview and in an update."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from tenantnet.aws import types as aws
from tenantnet.policies.allowed import STACK, SUBSCRIPTION, TOPIC, TOPIC_POLICY
from tenantnet.policies.claims import NETWORK_CIDR_UNCLAIMED
from tenantnet.policies.documents import RIGHTS_EXACT
from tenantnet.policies.held import ID_IS_NAME, ID_OF_BOTH, judge_held
from tenantnet.policies.known import ONLY_KNOWN_RESOURCES
from tenantnet.policies.model import PackSettings, Policy, Resource, Stack
from tenantnet.policies.rules import POLICIES
from tenantnet.settings.models import RunnerSettings
from tenantnet.stacks.outputs import PlatformOutputs

from tests.support import component_samples as samples
from tests.support.mock_engine import RecordingEngine
from tools.rulebook.samples import SETTINGS, SampleReading


class LocalReading(SampleReading):
    """The cell of the component samples."""

    def platform(self, cell: str) -> PlatformOutputs:
        return PlatformOutputs.model_validate({**samples.PLATFORM_OUTPUTS, **samples.RUNNER_OUTPUTS})

    def runner(self) -> RunnerSettings:
        return RunnerSettings.model_validate(samples.RUNNER)

    def image(self) -> str:
        return str(samples.PLATFORM_OUTPUTS["imageId"])

    def images(self, tags: Mapping[str, str], region: str | None) -> Collection[str]:
        return ()


SETTINGS_HERE = PackSettings(
    reserved=SETTINGS.reserved,
    minimum_backup_days=SETTINGS.minimum_backup_days,
    required_tags=SETTINGS.required_tags,
    reading=LocalReading(),
)


ENGINES = [
    ("cell", "platform-local"),
    ("cell_with_runner", "platform-local"),
    ("acme", "acme"),
    ("moving_acme", "acme"),
    ("scheduled_acme", "acme"),
]


@pytest.mark.parametrize(("engine", "stack"), ENGINES)
@pytest.mark.parametrize(
    "policy", [ONLY_KNOWN_RESOURCES, RIGHTS_EXACT, NETWORK_CIDR_UNCLAIMED], ids=lambda each: each.name
)
def test_every_resource_of_the_stacks_is_permitted(
    policy: Policy, engine: str, stack: str, request: pytest.FixtureRequest
) -> None:
    declared: RecordingEngine = request.getfixturevalue(engine)
    judge = policy.judge_resource
    assert judge is not None
    found = [
        finding.refusal.rule_id
        for each in declared.registered
        for finding in judge(
            Resource(
                type=each.type,
                name=each.name,
                urn=f"urn:pulumi:{stack}::tenantnet::{each.type}::{each.name}",
                props=each.inputs,
                region="eu-west-1",
            ),
            SETTINGS_HERE,
        )
    ]
    # The mocks' ARNs, which stand in the runner's policy, are none of AWS's.
    assert [rule for rule in found if rule != "document-own"] == []


# What AWS would call what these properties name, and of which type it is.
PREFIXES = {
    "vpcId": ("vpc", aws.VPC),
    "subnetId": ("subnet", aws.SUBNET),
    "subnetIds": ("subnet", aws.SUBNET),
    "routeTableId": ("rtb", aws.ROUTE_TABLE),
    "vpcPeeringConnectionId": ("pcx", aws.PEERING),
    "vpnGatewayId": ("vgw", aws.VPN_GATEWAY),
    "customerGatewayId": ("cgw", aws.CUSTOMER_GATEWAY),
    "vpnConnectionId": ("vpn", aws.VPN_CONNECTION),
    "VpnId": ("vpn", aws.VPN_CONNECTION),
    "securityGroupId": ("sg", aws.SECURITY_GROUP),
    "vpcSecurityGroupIds": ("sg", aws.SECURITY_GROUP),
}


def _named(path: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_named(path, each) for each in value]
    if isinstance(value, Mapping):
        return {key: _named(key, each) for key, each in value.items()}
    if path in PREFIXES and isinstance(value, str) and value.startswith("id-"):
        return f"{PREFIXES[path][0]}-{value.removeprefix('id-').replace('-', '')}"
    return value


class UpdateReading(LocalReading):
    """The cell while a stack of it is updated: what the stack has made is tagged as it says."""

    def __init__(self, made: RecordingEngine, *state: Resource) -> None:
        self._state = state
        self._tags = {
            f"{prefix}-{each.name.replace('-', '')}": each.inputs["tags"]
            for prefix, kind in PREFIXES.values()
            for each in made.of_type(kind)
        }

    def tags(self, ids: Collection[str], region: str | None) -> Mapping[str, Mapping[str, str]]:
        return {each: self._tags[each] for each in ids}

    def held(self, stack: str) -> Sequence[Resource]:
        return self._state

    def address(self, identifier: str, region: str | None) -> str:
        return f"{identifier}.mock.eu-west-1.rds.amazonaws.com"


def _updated(engine: RecordingEngine, stack: str = "acme") -> Iterator[Resource]:
    """The resources as an update shows them, one after the other, with what AWS has named."""
    logs = "arn:aws:logs:eu-west-1:123456789012:log-group:"
    groups = {each.name: each.inputs["name"] for each in engine.of_type(aws.LOG_GROUP)}
    for each in engine.registered:
        props = {path: _named(path, value) for path, value in each.inputs.items()}
        if "logDestination" in props:
            props["logDestination"] = logs + groups[props["logDestination"].rpartition(":")[2]]
        if refers := {TOPIC_POLICY: "arn", SUBSCRIPTION: "topic"}.get(each.type):
            props[refers] = f"arn:aws:sns:eu-west-1:123456789012:{engine.of_type(TOPIC)[0].inputs['name']}"
        urn = f"urn:pulumi:{stack}::tenantnet::{each.type}::{each.name}"
        yield Resource(
            type=each.type, name=each.name, urn=urn, props=props, custom=each.custom, region="eu-west-1"
        )


@pytest.mark.parametrize("engine", ["acme", "moving_acme", "scheduled_acme"])
def test_an_update_creates_what_the_tenants_stack_declares(
    engine: str, request: pytest.FixtureRequest
) -> None:
    declared: RecordingEngine = request.getfixturevalue(engine)
    settings = replace(SETTINGS_HERE, reading=UpdateReading(declared))
    so_far: list[Resource] = []
    found = []
    for each in _updated(declared):
        so_far.append(each)
        for policy in POLICIES:
            if policy.judge_update:
                found += [str(it.refusal) for it in policy.judge_update(each, Stack(so_far), settings)]
    assert found == []


def _id_of(resource: Resource) -> str:
    if resource.type in ID_IS_NAME:
        return str(resource.props["name"])
    if resource.type in ID_OF_BOTH:
        return ID_OF_BOTH[resource.type](resource.props)
    prefix = next((prefix for prefix, kind in PREFIXES.values() if kind == resource.type), "id")
    return f"{prefix}-{resource.name.replace('-', '')}"


@pytest.mark.parametrize(("engine", "stack"), ENGINES)
def test_what_the_stacks_make_is_their_own_in_their_state(
    engine: str, stack: str, request: pytest.FixtureRequest
) -> None:
    """All of it, so that nothing has to be asked; and none of it is another's."""
    declared: RecordingEngine = request.getfixturevalue(engine)
    for name, found in ((stack, 0), ("platform-other" if stack.startswith("platform-") else "other", 1)):
        root = Resource(type=STACK, name="root", urn=f"urn:pulumi:{name}::tenantnet::{STACK}::root", props={})
        state = [
            replace(each, props={**each.props, "id": _id_of(each)})
            for each in _updated(declared, name)
            if each.custom and not each.type.startswith("pulumi:")
        ]
        settings = replace(SETTINGS_HERE, reading=UpdateReading(declared, *state))
        refused = [str(each.refusal) for each in judge_held(Stack([root]), settings)]
        assert len(refused) == found * len(state), refused
