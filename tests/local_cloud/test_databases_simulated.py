"""Without MySQL, or on request, instances are answers of the API only, and the local cloud says so."""

from __future__ import annotations

from pathlib import Path

import dns.message
import dns.query
import dns.rcode
import pytest
from tenantnet.local_cloud.mysql import installation
from tenantnet.local_cloud.process import LocalCloud

from tests.support.aws import aws_client
from tests.support.databases import Database
from tests.support.network import Network


def test_databases_can_be_simulated_and_their_names_lead_nowhere(tmp_path: Path) -> None:
    with LocalCloud(tmp_path, real_databases=False) as cloud:
        assert cloud.status()["databaseServers"] == "simulated: started with --simulate-databases"
        database = Database.create(aws_client(cloud, "rds"), "acme", Network.create(aws_client(cloud, "ec2")))
        assert database.described()["DBInstanceStatus"] == "available"
        name = database.described()["Endpoint"]["Address"]
        port = cloud.running_server().dns_port
        answer = dns.query.udp(dns.message.make_query(name, "A"), "127.0.0.1", port=port, timeout=5)
        assert answer.rcode() == dns.rcode.NXDOMAIN
        assert not (tmp_path / "mysql").exists()


def test_without_mysql_the_cloud_starts_and_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "empty"))
    with LocalCloud(tmp_path / "state") as cloud:
        said = cloud.status()["databaseServers"]
    assert said.startswith("simulated: ")
    assert installation.INSTALL_COMMAND in said


def test_a_program_that_does_not_run_is_told_with_its_own_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    program = installation.mysql().folder / "bin" / "mysqld"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\necho 'libaio.so.1: cannot open shared object file' >&2; exit 127\n")
    program.chmod(0o755)
    assert "libaio.so.1: cannot open" in str(installation.find())
