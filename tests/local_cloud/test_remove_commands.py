"""`tenantnet tenant remove`, with the real engine's stacks; it asks AWS nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.process import LocalCloud

from tests.local_cloud.test_tenant_commands import tenant
from tests.support.desk import Desk
from tests.support.small_settings import PROJECT

OUTPUTS = {
    "phase": "steady",
    "production": "blue",
    "endpoint": "acme.db.example.com",
    "networks": {"blue": {"cidr": "10.1.2.0/26"}},
}
MOVING = {**OUTPUTS, "phase": "replicating", "strategy": "replica", "target": "green", "move": 1}
MOVING["networks"] = {"blue": {"cidr": "10.1.2.0/26"}, "green": {"cidr": "10.1.3.0/26"}}


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """The environment of a local cloud of this module's own."""
    with LocalCloud(tmp_path_factory.mktemp("cloud")) as cloud:
        yield environment(cloud.state_dir)


@pytest.fixture
def desk(variables: Mapping[str, str], tmp_path: Path) -> Desk:
    """A clone without stacks."""
    (tmp_path / "tenants").mkdir()
    (tmp_path / "state").mkdir()
    (tmp_path / "Pulumi.yaml").write_text(PROJECT)
    return Desk(tmp_path, variables)


def test_a_tenant_without_a_stack_has_only_its_settings_file_left_to_remove(desk: Desk) -> None:
    desk.add_stack("other", tenant("172.17.6.0/24", "10.1.9.0/26"))
    desk.settings("acme").write_text(desk.settings("other").read_text().replace("172.17.6", "172.17.5"))
    done = desk.tenantnet("tenant remove acme")
    assert (done.code, "git rm tenants/Pulumi.acme.yaml" in done.out) == (0, True), done.err


def test_the_name_that_confirms_is_the_tenants_own(desk: Desk) -> None:
    desk.add_stack("acme", tenant("172.17.5.0/24", "10.1.2.0/26"), OUTPUTS)
    before = desk.settings("acme").read_bytes()
    done = desk.tenantnet("tenant remove acme --in-production --confirm akme")
    assert (done.code, "--confirm repeats the tenant's name" in done.err) == (2, True)
    assert desk.settings("acme").read_bytes() == before


@pytest.mark.parametrize("once", ["--in-production", "--confirm acme"])
def test_to_say_it_once_is_not_enough(desk: Desk, once: str) -> None:
    desk.add_stack("acme", tenant("172.17.5.0/24", "10.1.2.0/26"), OUTPUTS)
    done = desk.tenantnet(f"tenant remove acme {once}")
    assert (done.code, "acme-blue is in production" in done.err) == (2, True)


def test_a_tenant_on_its_way_out_is_told_the_next_steps_again_and_its_file_stays(desk: Desk) -> None:
    desk.add_stack("acme", tenant("172.17.5.0/24", "10.1.2.0/26"), OUTPUTS)
    first = desk.tenantnet("tenant remove acme --in-production --confirm acme")
    assert (first.code, "retiring: true" in desk.settings("acme").read_text()) == (0, True), first.err
    written = desk.settings("acme").read_bytes()
    again = desk.tenantnet("tenant remove acme")
    assert (again.code, "acme-blue-10-1-2-0-final-1" in again.out) == (0, True), again.err
    # It may be deleted by now.
    assert ("is deleted in AWS yet" in first.out, "is deleted in AWS yet" in again.out) == (True, False)
    assert desk.settings("acme").read_bytes() == written


def test_a_tenant_is_not_removed_during_a_move(desk: Desk) -> None:
    settings = tenant("172.17.5.0/24", "10.1.2.0/26")
    settings["tenantnet:tenant"]["networks"]["green"] = {"cidr": "10.1.3.0/26"}
    desk.add_stack("acme", settings, MOVING)
    done = desk.tenantnet("tenant remove acme --in-production --confirm acme")
    assert (done.code, "tenantnet migrate" in done.err) == (2, True)
    assert "retiring" not in desk.settings("acme").read_text()


def test_a_tenant_whose_first_update_did_not_end_is_promised_no_snapshot_by_name(desk: Desk) -> None:
    """A former tenant of the name may have left one that is called so."""
    desk.add_stack("acme", tenant("172.17.5.0/24", "10.1.2.0/26"), {"cell": "eu1"})
    done = desk.tenantnet("tenant remove acme")
    assert (done.code, "if it has one" in done.out, "final-1" in done.out) == (0, True, False), done.err
