"""The local cloud as a process: started once, found again, stopped, and never confused with another one."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tenantnet.failure import Failure
from tenantnet.local_cloud import process
from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.kernel import start_ticks
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.refusal import Refused

from tests.support.aws import aws_client


@pytest.fixture
def own(tmp_path: Path) -> Iterator[LocalCloud]:
    """A local cloud of the test's own, not yet started."""
    cloud = LocalCloud(tmp_path / "own state")
    yield cloud
    cloud.stop()


def add_stack(cloud: LocalCloud, name: str) -> None:
    """A stack's state as Pulumi's file backend keeps it, with the backup that it makes."""
    folder = cloud.state.pulumi / ".pulumi" / "stacks" / "tenantnet"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text("{}")
    (folder / f"{name}.json.bak").write_text("{}")


def vpcs(cloud: LocalCloud) -> int:
    count: int = cloud.status()["vpcs"]
    return count


def make_vpc(cloud: LocalCloud) -> None:
    aws_client(cloud, "ec2").create_vpc(CidrBlock="10.1.0.0/26")


def die(cloud: LocalCloud) -> None:
    """Let the server end as in a crash, without a chance to tidy up."""
    server = cloud.running_server()
    os.kill(server.pid, signal.SIGKILL)
    process._wait(lambda: start_ticks(server.pid) != server.ticks, 10)


def test_starting_twice_gives_one_server(own: LocalCloud) -> None:
    first = own.start(0)
    second = own.start()
    assert not first.already_running
    assert second.already_running
    assert second.server == first.server


def test_status_tells_what_runs_and_what_it_holds(own: LocalCloud) -> None:
    assert own.status() == {"running": False, "stateDir": str(own.state_dir)}
    server = own.start(0).server
    make_vpc(own)
    add_stack(own, "acme")
    shown = own.status()
    assert (shown["running"], shown["port"], shown["pid"], shown["id"]) == (
        True,
        server.port,
        server.pid,
        server.id,
    )
    assert (shown["vpcs"], shown["databases"], shown["vpnConnections"]) == (1, 0, 0)
    assert shown["stacks"] == ["acme"]


def test_stopping_ends_the_process_and_forgets_its_stacks(own: LocalCloud) -> None:
    server = own.start(0).server
    add_stack(own, "platform-local")
    add_stack(own, "acme")
    assert own.stop() == ["acme", "platform-local"]
    assert start_ticks(server.pid) != server.ticks
    assert not own.state.pulumi.exists()
    assert own.server() is None


def test_stopping_what_does_not_run_is_no_error(own: LocalCloud) -> None:
    assert own.stop() is None


def test_a_dead_servers_stacks_are_forgotten_at_the_next_start(own: LocalCloud) -> None:
    own.start(0)
    add_stack(own, "acme")
    die(own)
    assert own.server() is None
    started = own.start(0)
    assert started.forgotten == ["acme"]
    assert own.state.stacks() == []


def test_stopping_after_a_crash_forgets_too(own: LocalCloud) -> None:
    own.start(0)
    add_stack(own, "acme")
    die(own)
    assert own.stop() == ["acme"]


def test_another_process_with_the_same_number_is_not_the_server(own: LocalCloud) -> None:
    server = own.start(0).server
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        ticks = start_ticks(stranger.pid)
        assert ticks is not None
        own.state.write_record(replace(server, pid=stranger.pid, ticks=ticks - 1))
        assert own.server() is None
        own.stop()
        assert stranger.poll() is None, "stop ended a process that is not the server"
    finally:
        stranger.kill()
        stranger.communicate()
        own.state.write_record(server)


def test_a_broken_record_is_no_server(own: LocalCloud) -> None:
    own.state_dir.mkdir(0o700, parents=True)
    for text in ("", "{", "[]", '{"pid": 1}', '{"pid": 1, "surprise": 2}'):
        (own.state_dir / "server.json").write_text(text)
        assert own.server() is None, text


def test_a_reset_forgets_cloud_and_stacks_and_keeps_running(own: LocalCloud) -> None:
    before = own.start(0).server
    make_vpc(own)
    add_stack(own, "acme")
    assert own.reset() == ["acme"]
    after = own.running_server()
    assert (after.pid, after.port) == (before.pid, before.port)
    assert after.id != before.id, "it is another cloud"
    assert vpcs(own) == 0
    assert own.state.stacks() == []
    make_vpc(own)
    assert vpcs(own) == 1


def test_a_running_cloud_takes_no_other_clouds_stacks(own: LocalCloud) -> None:
    own.start(0)
    add_stack(own, "acme")
    assert own.start().forgotten == []
    own.state.adopt_pulumi_state("another cloud's id")
    assert own.start().forgotten == ["acme"]
    assert own.state.pulumi_state_owner() == own.running_server().id


def test_the_last_servers_log_is_kept(own: LocalCloud) -> None:
    own.start(0)
    make_vpc(own)
    die(own)
    own.start(0)
    assert "ec2 CreateVpc 200" in (own.state_dir / "server.previous.log").read_text()
    assert "CreateVpc" not in own.state.log.read_text()


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Failure, match="--state-dir"):
        LocalCloud(tmp_path / "file" / "state").start(0)


def test_a_proxy_is_kept_out_of_the_way(own: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    own.start(0)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("NO_PROXY", "intranet.example.com")
    assert environment(own.state_dir)["NO_PROXY"] == "intranet.example.com,127.0.0.1"
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert environment(own.state_dir)["no_proxy"] == "127.0.0.1"


def test_the_pulumi_state_carries_the_clouds_id(own: LocalCloud) -> None:
    server = own.start(0).server
    assert own.state.pulumi_state_owner() == server.id
    own.reset()
    assert own.state.pulumi_state_owner() == own.running_server().id != server.id


def test_a_reset_needs_a_running_cloud(own: LocalCloud) -> None:
    with pytest.raises(Refused, match="tenantnet local start"):
        own.reset()


def test_a_taken_port_is_told_with_its_holder(own: LocalCloud) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Failure) as caught:
            own.start(port)
    assert f"port {port}" in str(caught.value)
    assert f"(pid {os.getpid()})" in str(caught.value)
    assert "--port" in str(caught.value)
    assert not own.state_dir.exists(), "nothing was changed, as it says"
    own.start(0)


def test_a_port_of_another_folders_cloud_is_told_with_that_folder_and_what_ending_it_costs(
    own: LocalCloud, tmp_path: Path
) -> None:
    server = own.start(0).server
    other = LocalCloud(tmp_path / "other")
    with pytest.raises(Failure) as caught:
        other.start(server.port)
    assert caught.value.reason == f"the local cloud of {own.state_dir} (pid {server.pid}) listens on it"
    assert caught.value.remedy.startswith(
        "choose another port: tenantnet local start --port PORT; or end that"
    )
    assert caught.value.remedy.endswith(
        f"forgets all that it holds: tenantnet local stop --state-dir '{own.state_dir}'"
    )
    assert not other.state_dir.exists()


@pytest.mark.parametrize("port", [-1, 65_536])
def test_an_impossible_port_is_refused(own: LocalCloud, port: int) -> None:
    with pytest.raises(Refused, match=str(port)):
        own.start(port)


def test_a_running_cloud_does_not_move_to_another_port(own: LocalCloud) -> None:
    server = own.start(0).server
    with pytest.raises(Refused, match=str(server.port)):
        own.start(server.port - 1)
    assert own.start(server.port).already_running


def test_a_server_that_does_not_listen_in_time_is_ended(
    own: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "START_LIMIT_SECONDS", 0.0)
    with pytest.raises(Failure, match="did not listen"):
        own.start(0)
    assert own.server() is None


def test_a_server_that_hears_nothing_is_ended_by_force(
    own: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = own.start(0).server
    os.kill(server.pid, signal.SIGSTOP)
    monkeypatch.setattr(process, "ANSWER_LIMIT_SECONDS", 0.2)
    with pytest.raises(Failure, match="does not answer"):
        own.status()
    monkeypatch.setattr(process, "STOP_LIMIT_SECONDS", 1.0)
    own.stop()
    assert start_ticks(server.pid) != server.ticks


def test_without_moto_it_says_what_to_install(own: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "find_spec", lambda _name: None)
    with pytest.raises(Failure, match=r"tenantnet\[local\]"):
        own.start(0)


def test_the_environment_is_that_of_the_running_cloud(own: LocalCloud) -> None:
    server = own.start(0).server
    variables = environment(own.state_dir)
    assert variables["AWS_ENDPOINT_URL"] == f"http://127.0.0.1:{server.port}"
    assert variables["PULUMI_BACKEND_URL"] == f"file://{own.state_dir}/pulumi?metadata=skip"
    assert variables["AWS_REGION"] == variables["AWS_DEFAULT_REGION"] == "eu-west-1"
    assert variables["AWS_EC2_METADATA_DISABLED"] == "true"
    assert Path(own.state.pulumi).is_dir(), "Pulumi does not make it"


def test_without_a_cloud_there_is_no_environment(own: LocalCloud) -> None:
    with pytest.raises(Refused, match="tenantnet local start"):
        environment(own.state_dir)


def test_the_path_names_our_programs_once(own: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    own.start(0)
    once = environment(own.state_dir)["PATH"]
    monkeypatch.setenv("PATH", once)
    assert environment(own.state_dir)["PATH"] == once
