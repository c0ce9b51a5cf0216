"""A person's tunnels: profiles, what runs, the local port, and what Session Manager's refusals mean."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from tenantnet.failure import Failure
from tenantnet.refusal import Refused
from tenantnet.tunnel.local_port import port_holder, require_free, require_local_port
from tenantnet.tunnel.plugin import find_plugin
from tenantnet.tunnel.profiles import Profile, Profiles, require_name, unknown_tunnel
from tenantnet.tunnel.records import KeeperState, ProcessId, Record, TunnelRecords
from tenantnet.tunnel.session_manager import FinalFailure, refused
from tenantnet.tunnel.together import check_startable


def profile(name: str = "acme", port: int = 2201) -> Profile:
    return Profile(
        name=name, region="eu-west-1", document="eu1-acme-tunnel", target="i-0abc", local_port=port
    )


class TestProfiles:
    def test_are_none_before_the_first(self, tmp_path: Path) -> None:
        assert Profiles(tmp_path / "new").all() == {}

    def test_come_back_as_they_were_and_in_order(self, tmp_path: Path) -> None:
        profiles = Profiles(tmp_path)
        for each in (profile("b"), profile("a", 2202)):
            assert profiles.put(each) is False
        assert profiles.put(profile("b", 2203)) is True
        assert list(profiles.all().values()) == [profile("b", 2203), profile("a", 2202)]
        profiles.remove("b")
        assert list(profiles.all()) == ["a"]

    def test_that_several_commands_add_at_once_are_all_there(self, tmp_path: Path) -> None:
        def add(number: int) -> None:
            Profiles(tmp_path).put(profile(f"t{number}", 2000 + number))

        with ThreadPoolExecutor(8) as pool:
            assert len([*pool.map(add, range(80))]) == len(Profiles(tmp_path).all())

    def test_are_readable_for_their_owner_alone(self, tmp_path: Path) -> None:
        profiles = Profiles(tmp_path / "folder")
        profiles.put(profile())
        assert profiles.path.stat().st_mode & 0o777 == 0o600
        assert profiles.folder.stat().st_mode & 0o777 == 0o700
        assert [path.name for path in profiles.folder.iterdir()] == ["tunnels.json"], "no draft is left"

    @pytest.mark.parametrize(
        "text", ["", "[]", "{}", '{"tunnels": [{}]}', '{"tunnels": [{"name": "acme", "region": "x"}]}']
    )
    def test_in_a_broken_file_are_reported_with_its_place(self, tmp_path: Path, text: str) -> None:
        profiles = Profiles(tmp_path)
        profiles.path.write_text(text)
        with pytest.raises(Failure) as failed:
            profiles.all()
        assert str(profiles.path) in failed.value.reason

    @pytest.mark.parametrize("name", ["", "Acme", "-acme", "../acme", "a b", "a" * 64, "acme\n"])
    def test_have_names_that_can_be_a_files(self, name: str) -> None:
        with pytest.raises(Refused):
            require_name(name)


class TestUnknownTunnels:
    def test_are_answered_with_the_nearest_names(self) -> None:
        assert "did you mean acme?" in str(unknown_tunnel("acne", ["acme", "globex"]))

    def test_are_answered_with_all_names_where_none_is_near(self) -> None:
        assert "the known ones are: acme, globex" in str(unknown_tunnel("xyz", ["globex", "acme"]))

    def test_are_answered_with_where_to_get_one_where_there_is_none(self) -> None:
        assert "tenantnet tunnel share" in str(unknown_tunnel("acme", []))


class TestLocalPorts:
    @pytest.mark.parametrize(("port", "wrong"), [(-1, 1), (0, 1), (1, 0), (65_535, 0), (65_536, 1)])
    def test_are_numbers_of_16_bits_and_not_0(self, port: int, wrong: int) -> None:
        with pytest.raises(Refused, match=str(port)) if wrong else nullcontext():
            require_local_port(port)

    def test_that_are_taken_are_told_with_who_has_them(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            with pytest.raises(Failure, match=f"while binding to localhost:{port}") as failed:
                require_free("acme", port)
        assert f"(pid {os.getpid()})" in failed.value.reason
        require_free("acme", port)
        assert port_holder(port) is None


class TestRecords:
    @pytest.fixture
    def me(self) -> ProcessId:
        found = ProcessId.of(os.getpid())
        assert found
        return found

    def test_are_of_tunnels_whose_keeper_runs(self, tmp_path: Path, me: ProcessId) -> None:
        records = TunnelRecords(tmp_path)
        record = Record(profile=profile(), keeper=me, state=KeeperState.OPEN)
        records.write(record)
        assert records.all() == {"acme": record}
        records.remove("acme")
        assert records.all() == {}

    def test_whose_process_has_gone_or_is_another_are_lost(self, tmp_path: Path, me: ProcessId) -> None:
        records = TunnelRecords(tmp_path)
        with subprocess.Popen([sys.executable, "-c", ""]) as ended:
            pass
        for keeper in (
            ProcessId(pid=ended.pid, started=me.started),
            ProcessId(pid=me.pid, started=me.started - 60),
        ):
            records.write(Record(profile=profile(), keeper=keeper))
            assert records.all()["acme"].state is KeeperState.LOST

    def test_clearing_a_lost_one_ends_its_plugin_and_no_other_process(
        self, tmp_path: Path, me: ProcessId
    ) -> None:
        records = TunnelRecords(tmp_path)
        command = [sys.executable, "-c", "import time; time.sleep(60)"]
        with subprocess.Popen(command) as plugin, subprocess.Popen(command) as other:
            found = ProcessId.of(plugin.pid)
            records.clear(Record(profile=profile(), keeper=me, plugin=found))
            assert plugin.poll() is not None
            later = ProcessId(pid=other.pid, started=me.started - 60)
            records.clear(Record(profile=profile(), keeper=me, plugin=later))
            assert other.poll() is None
            other.kill()

    def test_clearing_a_lost_one_removes_the_socket_of_its_plugin(
        self, tmp_path: Path, me: ProcessId, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        own, another = (
            # The plugin's name for a session `foobar`, by FNV's own test vectors, and one of another session.
            tmp_path / f"{number}_session_manager_plugin_mux.sock"
            for number in (0xBF9CF968, 1)
        )
        for socket_file in (own, another):
            socket_file.touch()
        TunnelRecords(tmp_path).clear(Record(profile=profile(), keeper=me, session_id="foobar"))
        assert (own.exists(), another.exists()) == (False, True)

    def test_of_a_running_one_keep_a_second_from_starting(self, tmp_path: Path, me: ProcessId) -> None:
        records = TunnelRecords(tmp_path)
        records.write(Record(profile=profile(), keeper=me))
        with pytest.raises(Refused, match="runs already"):
            check_startable([profile()], records)
        with pytest.raises(Refused, match="its own local port"):
            check_startable([profile("a"), profile("b")], records)

    def test_that_are_garbled_count_for_nothing(self, tmp_path: Path) -> None:
        (tmp_path / "running").mkdir()
        (tmp_path / "running" / "acme.json").write_text("{")
        assert TunnelRecords(tmp_path).all() == {}


class TestRefusals:
    @staticmethod
    def of(code: str) -> Exception:
        answer = {"Error": {"Code": code, "Message": "AWS's words"}}
        return refused(profile(), ClientError(answer, "StartSession"))  # type: ignore[arg-type] # as parsed

    def test_access_denied_names_what_is_missing(self) -> None:
        found = self.of("AccessDeniedException")
        assert isinstance(found, FinalFailure)
        assert "access denied" in found.what
        assert "AWS's words" in found.reason
        assert "`tunnelUsers` in the tenant's settings" in found.remedy

    def test_a_missing_document_is_a_tunnel_that_is_not_found(self) -> None:
        found = self.of("InvalidDocument")
        assert isinstance(found, FinalFailure)
        assert "tunnel not found" in found.what

    def test_a_host_that_is_not_connected_may_be_soon(self) -> None:
        found = self.of("TargetNotConnected")
        assert isinstance(found, Failure)
        assert not isinstance(found, FinalFailure)

    def test_everything_else_says_enough_by_itself(self) -> None:
        assert isinstance(self.of("ThrottlingException"), ClientError)


class TestThePlugin:
    @pytest.mark.parametrize("version", ["1.2.535.0", "nonsense"])
    def test_that_is_too_old_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
    ) -> None:
        program = tmp_path / "session-manager-plugin"
        program.write_text(f"#!/bin/sh\necho {version}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        with pytest.raises(Failure) as failed:
            find_plugin()
        assert "1.2.536 or newer" in failed.value.reason
        program.write_text("#!/bin/sh\necho 1.10.0.0\n")
        assert find_plugin() == str(program)


def test_a_record_is_plain_json_for_whoever_looks(tmp_path: Path) -> None:
    me = ProcessId.of(os.getpid())
    assert me
    TunnelRecords(tmp_path).write(Record(profile=profile(), keeper=me))
    read = json.loads((tmp_path / "running" / "acme.json").read_text())
    assert (read["profile"]["localPort"], read["keeper"]["pid"], read["state"]) == (2201, me.pid, "Opening")
