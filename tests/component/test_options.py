"""What the engine is told of a resource beside its properties: what may take hours, is tried again, stays."""

from __future__ import annotations

from tenantnet.aws.types import DATABASE, INSTANCE, KEY
from tenantnet.phases.memory import outputs_of
from tenantnet.phases.phases import Phase
from tenantnet.stacks.tenant import RequestedStep

from tests.support import component_samples as samples
from tests.support.mock_engine import RecordingEngine
from tests.support.mock_stacks import declare_acme, declare_cell
from tests.support.phases_samples import moving

GROUP, PROJECT = "aws:rds/parameterGroup:ParameterGroup", "aws:codebuild/project:Project"


def test_a_database_has_hours_to_be_made_changed_and_deleted(acme: RecordingEngine) -> None:
    """A copy of terabytes takes longer than the provider's own 40 minutes."""
    limits = acme.requests[DATABASE, "acme-blue"].customTimeouts
    assert (limits.create, limits.update, limits.delete) == ("6h", "6h", "3h")


def test_what_aws_refuses_for_a_while_is_tried_again(
    acme: RecordingEngine, cell_with_runner: RecordingEngine
) -> None:
    """By a hook of its own; what it tries again and how often is in test_again."""
    assert len(acme.requests[DATABASE, "acme-blue"].hooks.on_error) == 1
    assert len(cell_with_runner.requests[PROJECT, "local-runner"].hooks.on_error) == 1


def test_the_key_of_snapshots_stays_when_its_platform_is_destroyed(cell: RecordingEngine) -> None:
    assert cell.requests[KEY, "local"].retainOnDelete


def test_a_host_stays_though_amazon_linux_has_a_newer_image(cell: RecordingEngine) -> None:
    named = declare_cell(services={"tunnelHostImage": "ami-0fedcba9876543210"})
    kept = [each.requests[INSTANCE, "local-tunnel-host"].ignoreChanges for each in (cell, named)]
    assert [[*each] for each in kept] == [["ami"], []]


def test_an_update_leaves_it_to_the_runner_whether_a_fenced_database_takes_writes() -> None:
    networks = {
        "blue": samples.network("10.1.2.0/26", "192.168.4.0/24"),
        "green": samples.network("10.9.8.64/26", "192.168.5.0/24"),
    }
    before = {**outputs_of(moving(Phase.REPLICATING)), "cell": "local"}
    before["networks"] = {slot: {"cidr": network["cidr"]} for slot, network in networks.items()}
    step = RequestedStep(state=moving(Phase.FENCED), decision=None, missing=())
    engine = declare_acme(before, networks=networks, step=step)
    kept = [engine.requests[GROUP, f"acme-{slot}"].ignoreChanges for slot in ("blue", "green")]
    assert [[*each] for each in kept] == [["parameters"], []]


def test_the_next_host_is_made_when_the_last_one_has_left_its_address(cell: RecordingEngine) -> None:
    assert cell.requests[INSTANCE, "local-tunnel-host"].deleteBeforeReplace
