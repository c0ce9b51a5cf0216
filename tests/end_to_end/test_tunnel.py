"""Tunnels through what the stacks deploy: document, group, policy, endpoint name, tunnel host."""

from __future__ import annotations

import socket
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pymysql
import pytest
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.permissions.documents import Role

from tests.support.clone import CLONE
from tests.support.permissions import policies
from tests.support.project import PASSWORD, Project

ACME = {
    "platform": "platform-local",
    "sessionSubnet": "172.17.5.0/24",
    "database": {"username": "acmeadmin"},
    "networks": {"blue": {"cidr": "10.1.2.0/26"}},
    "tunnelUsers": ["alice"],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where somebody runs `tenantnet`; the tunnel begins at `port`."""

    folder: Path
    environment: Mapping[str, str]
    port: int

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [CLONE / ".venv" / "bin" / "tenantnet", "tunnel", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    @contextmanager
    def open(self, *options: str) -> Iterator[None]:
        """The tunnel to acme, while it is open."""
        started = self.run("start", "acme", "--background", *options)
        assert started.returncode == 0, started.stderr
        try:
            yield
        finally:
            assert self.run("stop", "acme").returncode == 0

    def connect(self, cloud: LocalCloud) -> pymysql.Connection[Any]:
        context = ssl.create_default_context(cafile=str(cloud.state.authority))
        # The certificate is the database's; this end is called localhost.
        context.check_hostname = False
        return pymysql.connect(
            host="127.0.0.1", port=self.port, user="acmeadmin", password=PASSWORD, ssl=context
        )


@pytest.fixture(scope="module")
def keys(aws: boto3.Session) -> dict[str, dict[str, str]]:
    """Those of users who were there before the tenant."""
    iam, made = aws.client("iam"), {}
    (text,) = policies(Role.TUNNEL_USER)
    policy = iam.create_policy(PolicyName="tunnels", PolicyDocument=text)["Policy"]["Arn"]
    for name in ("alice", "bob"):
        iam.create_user(UserName=name)
        iam.attach_user_policy(UserName=name, PolicyArn=policy)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        made[name] = {
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        }
    return made


@pytest.fixture(scope="module")
def acme(cell: Project, keys: object) -> Project:
    """The project with the tenant acme deployed, whose tunnel alice may use."""
    cell.write_tenant("acme", ACME)
    cell.up("acme").check()
    return cell


@pytest.fixture
def caretaker(acme: Project, tmp_path: Path) -> Desk:
    """Who looks after the tenant: in the project, with the account's own rights."""
    return Desk(
        folder=acme.folder,
        environment={**acme.environment, "XDG_CONFIG_HOME": str(tmp_path / "caretaker")},
        port=free_port(),
    )


def desk_of(name: str, acme: Project, keys: Mapping[str, Mapping[str, str]], tmp_path: Path) -> Desk:
    """A user's own machine: no project, and no right to read one."""
    folder = tmp_path / name
    folder.mkdir()
    own = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config"), **keys[name]}
    return Desk(folder=folder, environment={**acme.environment, **own}, port=free_port())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_it_carries_rows_both_ways_and_many_connections(caretaker: Desk, cloud: LocalCloud) -> None:
    rows = [(number, f"row {number}") for number in range(10_000)]

    def ask(connection: pymysql.Connection[Any]) -> object:
        with connection.cursor() as cursor:
            cursor.execute("SELECT CONNECTION_ID(), SLEEP(0.1)")
            return (cursor.fetchone() or (None,))[0]

    with caretaker.open("--local-port", str(caretaker.port)):
        with caretaker.connect(cloud) as connection, connection.cursor() as cursor:
            cursor.execute("CREATE DATABASE app")
            cursor.execute("CREATE TABLE app.entry (id INT PRIMARY KEY, text VARCHAR(20))")
            cursor.executemany("INSERT INTO app.entry VALUES (%s, %s)", rows)
            connection.commit()
            cursor.execute("SELECT id, text FROM app.entry ORDER BY id")
            assert list(cursor.fetchall()) == rows
        connections = [caretaker.connect(cloud) for _ in range(20)]
        with ThreadPoolExecutor(20) as pool:
            assert len(set(pool.map(ask, connections))) == 20
        for each in connections:
            each.close()


def test_a_user_in_the_group_opens_it_with_the_line_that_was_handed_over(
    caretaker: Desk, acme: Project, keys: dict[str, dict[str, str]], cloud: LocalCloud, tmp_path: Path
) -> None:
    alice = desk_of("alice", acme, keys, tmp_path)
    line = caretaker.run("share", "acme", "--local-port", str(alice.port)).stdout
    added = alice.run(*line.split()[2:])
    assert added.returncode == 0, added.stderr
    with alice.open(), alice.connect(cloud) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT CURRENT_USER()")
        assert str((cursor.fetchone() or ("",))[0]).startswith("acmeadmin@")


def test_a_user_who_is_not_among_the_tunnel_users_is_told_what_is_missing(
    caretaker: Desk, acme: Project, keys: dict[str, dict[str, str]], tmp_path: Path
) -> None:
    bob = desk_of("bob", acme, keys, tmp_path)
    assert bob.run(*caretaker.run("share", "acme").stdout.split()[2:]).returncode == 0
    refused = bob.run("start", "acme")
    assert refused.returncode == 1
    assert "access denied" in refused.stderr
    assert "have your name added to `tunnelUsers`" in refused.stderr
    assert "tunnel-user.json" in refused.stderr


def test_a_tenant_that_is_not_there_is_a_tunnel_that_is_not_found(caretaker: Desk) -> None:
    unknown = caretaker.run("start", "acne", "--local-port", "2201")
    assert unknown.returncode == 2
    assert "did you mean acme?" in unknown.stderr
