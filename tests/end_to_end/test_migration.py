"""A tenant's database moves with the real engine and provider: aborted, killed, resumed, moved, moved back.

The tests of this module run in order on a tenant that they share: acme, Production in blue, Test in green.
"""

from __future__ import annotations

import copy
import json
import os
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from threading import Event, Thread
from time import monotonic
from typing import Any, Self

import pymysql
import pytest
from dns.exception import DNSException

from infra.local.process import LocalCloud
from tests.end_to_end.conftest import ACME
from tests.end_to_end.project import CLONE, PASSWORD, Project, Run
from tests.local_cloud.mysql_client import resolver

pytestmark = [
    pytest.mark.long,
    # The provider waits 80 s after each change of a database; making a replica takes three of them.
    pytest.mark.timeout(1500),
]

GREEN = {
    "cidr": "10.9.8.64/26",
    "vpnConnections": [
        {"companyCidr": "192.168.4.0/24", "companyGatewayIp": "198.51.100.7", "description": "Seattle office"}
    ],
}
LONGEST_GAP_IN_WRITES, LONGEST_GAP_IN_READS = 45, 15
SECRET = "tenantnet/acme/verification"


def with_networks(**networks: dict[str, Any]) -> dict[str, Any]:
    settings = copy.deepcopy(ACME)
    settings["networks"] = networks
    return settings


BLUE = ACME["networks"]["blue"]
BOTH = with_networks(blue=BLUE, green=GREEN)


def start(project: Project, *arguments: str) -> subprocess.Popen[str]:
    """Begin `tenantnet migrate …`, with its lines to be read as they come."""
    return subprocess.Popen(
        [str(CLONE / ".venv" / "bin" / "tenantnet"), "migrate", *arguments],
        cwd=project.folder,
        env=project.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def migrate(project: Project, *arguments: str) -> Run:
    """Run `tenantnet migrate …` to its end."""
    with start(project, *arguments) as running:
        text, _ = running.communicate()
    return Run(code=running.returncode, text=text)


@contextmanager
def stopped_at(project: Project, line: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A run that is stopped (SIGSTOP) once it has said `line`, and killed (SIGKILL) at the end."""
    with start(project, *arguments) as running:
        assert running.stdout is not None
        said = []
        for each in running.stdout:
            said.append(each)
            if each.startswith(line):
                break
        else:
            raise AssertionError(f"the run ended without {line!r}:\n{''.join(said)}")
        os.kill(running.pid, signal.SIGSTOP)
        try:
            yield running
        finally:
            running.kill()


class Traffic:
    """A client that writes one row after the other through the endpoint name, and one that reads.

    acknowledged: the numbers of the rows that the database said it has.
    """

    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud
        self._end = Event()
        self.acknowledged: list[int] = []
        self.writes_at: list[float] = []
        self.reads_at: list[float] = []
        self._threads = [Thread(target=self._write), Thread(target=self._read)]

    def __enter__(self) -> Self:
        with self._connected() as cursor:
            cursor.execute("CREATE DATABASE IF NOT EXISTS app")
            cursor.execute("CREATE TABLE IF NOT EXISTS app.entry (id INT PRIMARY KEY, text VARCHAR(20))")
            cursor.execute("DELETE FROM app.entry")
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    @contextmanager
    def _connected(self) -> Iterator[pymysql.cursors.Cursor]:
        """Looks the name up anew for each connection, as a client does after an error."""
        address = resolver(self._cloud)("acme.db.example.com", "A")[0].to_text()
        context = ssl.create_default_context(cafile=str(self._cloud.state.authority))
        # The certificate names the database, which the endpoint's name is only an alias of.
        context.check_hostname = False
        connection = pymysql.connect(
            user="acmeadmin", password=PASSWORD, autocommit=True, ssl=context, defer_connect=True
        )
        connection.connect(socket.create_connection((address, 3306), timeout=5))
        with connection, connection.cursor() as cursor:
            yield cursor

    def _write(self) -> None:
        number = 0
        while not self._end.is_set():
            with suppress(pymysql.MySQLError, OSError, DNSException), self._connected() as cursor:
                while not self._end.wait(0.02):
                    number += 1
                    cursor.execute("INSERT INTO app.entry VALUES (%s, 'kept')", (number,))
                    self.acknowledged.append(number)
                    self.writes_at.append(monotonic())

    def _read(self) -> None:
        while not self._end.wait(0.02):
            with suppress(pymysql.MySQLError, OSError, DNSException), self._connected() as cursor:
                cursor.execute("SELECT COUNT(*) FROM app.entry")
                self.reads_at.append(monotonic())

    def kept(self) -> set[int]:
        """The rows that the endpoint's database has now."""
        with self._connected() as cursor:
            cursor.execute("SELECT id FROM app.entry")
            return {number for (number,) in cursor.fetchall()}


def longest_gap(times: list[float]) -> float:
    return max(after - before for before, after in pairwise(times))


def status(project: Project) -> dict[str, Any]:
    return dict(json.loads(migrate(project, "status", "acme", "--json").check().text))


def database(aws: Any, identifier: str) -> dict[str, Any] | None:
    found = aws.client("rds").describe_db_instances(
        Filters=[{"Name": "db-instance-id", "Values": [identifier]}]
    )["DBInstances"]
    return dict(found[0]) if found else None


def endpoint(project: Project, aws: Any) -> str:
    zone = project.outputs("platform-local")["zoneId"]
    records = aws.client("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    (record,) = [record for record in records if record["Name"].startswith("acme.")]
    return str(record["ResourceRecords"][0]["Value"])


@pytest.fixture(scope="module")
def moving(acme: Project) -> Project:
    """Acme with a Test network green beside blue."""
    acme.write_tenant("acme", BOTH)
    acme.up("acme").check()
    return acme


def test_a_move_needs_somebody_to_say_that_its_data_is_not_compared(moving: Project) -> None:
    run = migrate(moving, "run", "acme", "--now")
    assert (run.code, "--unverified" in run.text) == (2, True), run.text


def test_with_a_login_in_secrets_manager_the_data_is_going_to_be_compared(moving: Project, aws: Any) -> None:
    login = json.dumps({"username": "acmeadmin", "password": PASSWORD})
    aws.client("secretsmanager").create_secret(Name=SECRET, SecretString=login)
    run = migrate(moving, "run", "acme")
    assert (run.code, "--unverified" in run.text, "--now" in run.text) == (2, False, True), run.text


def test_there_is_nothing_to_abort_and_nothing_to_retire_before_a_move(moving: Project) -> None:
    for command in ("abort", "retire"):
        run = migrate(moving, command, "acme")
        assert (run.code, "Nothing was changed." in run.text) == (2, True), run.text


def test_a_run_killed_behind_the_replica_leaves_a_stack_that_only_the_runner_updates(moving: Project) -> None:
    with stopped_at(moving, "replicating: reached", "run", "acme", "--now"):
        pass
    before = moving.pulumi("stack", "history", "--json", "--stack", "acme").check().text
    run = moving.up("acme")
    assert (run.code != 0, "only the migration runner updates the stack" in run.text) == (True, True), (
        run.text
    )
    assert status(moving)["status"] == "In Progress"
    assert moving.outputs("acme")["phase"] == "replicating", before


def test_an_abort_brings_back_the_former_state_and_removes_the_replica(moving: Project, aws: Any) -> None:
    migrate(moving, "abort", "acme").check()
    outputs = moving.outputs("acme")
    assert (outputs["phase"], outputs["production"]) == ("steady", "blue")
    assert database(aws, "acme-green") is None
    moving.pulumi("preview", "--expect-no-changes", "--stack", "acme").check()


def test_a_run_killed_behind_the_fence_goes_on_to_the_switch(moving: Project, aws: Any) -> None:
    with stopped_at(moving, "fenced: reached", "run", "acme", "--now"):
        pass
    run = migrate(moving, "run", "acme", "--now").check()
    outputs = moving.outputs("acme")
    assert (outputs["phase"], outputs["production"]) == ("switched", "green"), run.text
    found = database(aws, "acme-green")
    assert found is not None
    assert "ReadReplicaSourceDBInstanceIdentifier" not in found
    assert endpoint(moving, aws) == found["Endpoint"]["Address"]


def test_the_move_cannot_be_aborted_after_the_switch(moving: Project) -> None:
    run = migrate(moving, "abort", "acme")
    assert (run.code, "before the switch" in run.text) == (2, True), run.text


def test_an_ordinary_update_works_between_switch_and_retirement_and_changes_nothing(moving: Project) -> None:
    moving.pulumi("preview", "--expect-no-changes", "--stack", "acme").check()
    moving.up("acme").check()
    assert moving.outputs("acme")["phase"] == "switched"


def test_the_retired_network_is_gone_though_the_settings_still_name_it(moving: Project, aws: Any) -> None:
    migrate(moving, "retire", "acme").check()
    outputs = moving.outputs("acme")
    assert (outputs["phase"], outputs["production"], list(outputs["networks"])) == (
        "steady",
        "green",
        ["green"],
    )
    assert database(aws, "acme-blue") is None
    table = aws.client("dynamodb").scan(TableName="tenantnet-local-claims")["Items"]
    assert "10.1.2.0/26" not in {item["cidr"]["S"] for item in table}
    left = aws.client("ec2").describe_vpn_connections()["VpnConnections"]
    assert len([each for each in left if each["State"] == "available"]) == 1
    moving.pulumi("preview", "--expect-no-changes", "--stack", "acme").check()


def test_the_move_goes_back_by_snapshot_with_its_downtime_measured(moving: Project, aws: Any) -> None:
    moving.write_tenant("acme", with_networks(green=GREEN))
    moving.up("acme").check()
    moving.write_tenant("acme", BOTH)
    moving.up("acme").check()
    run = migrate(moving, "run", "acme", "--now", "--strategy", "snapshot").check()
    found = status(moving)
    assert (found["phase"], found["production"]) == ("switched", "blue"), run.text
    print(f"\nwrites held back by snapshot: {found['downtimeSeconds']} s")
    migrate(moving, "retire", "acme").check()
    assert moving.outputs("acme")["phase"] == "steady"
    assert database(aws, "acme-green") is None
    snapshots = aws.client("rds").describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    assert not [each for each in snapshots if "-move-" in each["DBSnapshotIdentifier"]]
    moving.pulumi("preview", "--expect-no-changes", "--stack", "acme").check()


def test_a_move_by_replica_under_traffic_loses_no_acknowledged_write(
    moving: Project, cloud: LocalCloud, aws: Any
) -> None:
    """Two runners are started: one moves the database, the other says who holds the lock."""
    moving.write_tenant("acme", with_networks(blue=BLUE))
    moving.up("acme").check()
    moving.write_tenant("acme", BOTH)
    moving.up("acme").check()
    arguments = ("run", "acme", "--now")
    with (
        Traffic(cloud) as traffic,
        start(moving, *arguments) as first,
        start(moving, *arguments) as second,
    ):
        texts = [running.communicate()[0] for running in (first, second)]
    assert sorted([first.returncode, second.returncode]) == [0, 1], texts
    moved, refused = texts if second.returncode else reversed(texts)
    assert "another update holds the stack's lock: created by" in refused
    found = status(moving)
    assert found["production"] == "green"
    print(
        f"\nby replica: {len(traffic.acknowledged)} writes acknowledged, "
        f"longest gap in writes {longest_gap(traffic.writes_at):.1f} s, "
        f"in reads {longest_gap(traffic.reads_at):.1f} s; the runner measured {found['downtimeSeconds']} s\n"
        f"{moved}"
    )
    assert set(traffic.acknowledged) <= traffic.kept()
    assert longest_gap(traffic.writes_at) <= LONGEST_GAP_IN_WRITES
    assert longest_gap(traffic.reads_at) <= LONGEST_GAP_IN_READS
