"""What the stacks declare is what the policies permit of single resources, names and rows included."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pytest
from tenantnet.policies.claims import NETWORK_CIDR_UNCLAIMED
from tenantnet.policies.documents import RIGHTS_EXACT
from tenantnet.policies.known import ONLY_KNOWN_RESOURCES
from tenantnet.policies.model import PackSettings, Policy, Resource
from tenantnet.settings.models import RunnerSettings
from tenantnet.stacks.outputs import PlatformOutputs

from tests.support import component_samples as samples
from tests.support.mock_engine import RecordingEngine
from tools.rulebook.samples import SETTINGS, SampleReading


class LocalReading(SampleReading):
    """The cell of the component samples."""

    def platform(self, cell: str) -> PlatformOutputs:
        return PlatformOutputs.model_validate(samples.PLATFORM_OUTPUTS)

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


@pytest.mark.parametrize(
    ("engine", "stack"),
    [
        ("cell", "platform-local"),
        ("cell_with_runner", "platform-local"),
        ("acme", "acme"),
        ("moving_acme", "acme"),
        ("scheduled_acme", "acme"),
    ],
)
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
