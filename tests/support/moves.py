"""What moves are tested with: the commands, runs that are killed, clients, and an eye on both databases."""

from __future__ import annotations

import copy
import json
import os
import re
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from threading import Event, Thread
from time import monotonic
from typing import Any, Self

import psutil
import pymysql
from dns.exception import DNSException
from mypy_boto3_rds import RDSClient
from tenantnet.local_cloud.faults import Fault
from tenantnet.local_cloud.mysql.server import ADMINISTRATOR, SOCKET
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.phases.transitions import Condition

from tests.end_to_end.conftest import ACME
from tests.support.clone import CLONE
from tests.support.mysql_client import home_of, resolver, servers_of
from tests.support.processes import Begun, wait_until
from tests.support.project import PASSWORD, Project, Run

GREEN = {
    "cidr": "10.9.8.64/26",
    "vpnConnections": [
        {"companyCidr": "192.168.4.0/24", "companyGatewayIp": "198.51.100.7", "description": "Seattle office"}
    ],
}
SECRET = "tenantnet/acme/verification"
# What a run says, of a move by replica with a login, in phase `fenced`.
HELD_BACK = "fenced: reached after .*: RDS holds back writes"
PROMOTED = f"fenced: seen after .*: {Condition.TARGET_INDEPENDENT}"
# How often a server is looked at, and one that is not there is looked for, in seconds.
LOOKED_AT_EVERY, LOOKED_FOR_EVERY = 0.02, 0.5
OPEN = (
    "SELECT @@GLOBAL.read_only = 0 AND EXISTS "
    "(SELECT 1 FROM mysql.user WHERE user = 'acmeadmin' AND account_locked = 'N')"
)


def with_networks(**networks: dict[str, Any]) -> dict[str, Any]:
    settings = copy.deepcopy(ACME)
    settings["networks"] = networks
    return settings


BLUE = ACME["networks"]["blue"]
BOTH = with_networks(blue=BLUE, green=GREEN)
# Its transactions have GTIDs, from its creation on.
NUMBERED: dict[str, Any] = {**BOTH, "database": {**BOTH["database"], "gtid": True}}


def start(project: Project, *arguments: str) -> Begun[str]:
    """Begin `tenantnet migrate …`, with its lines to be read as they come."""
    return Begun(
        [str(CLONE / ".venv" / "bin" / "tenantnet"), "migrate", *arguments],
        cwd=project.folder,
        env=project.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def migrate(project: Project, *arguments: str) -> Run:
    """Run `tenantnet migrate …` to its end."""
    with start(project, *arguments) as running:
        text, _ = running.communicate()
    return Run(code=running.returncode, text=text)


@contextmanager
def stopped_at(project: Project, line: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A run that is stopped (SIGSTOP) once it has said `line`, and killed (SIGKILL) at the end.

    line: a regular expression for its beginning.
    """
    with start(project, *arguments) as running:
        assert running.stdout is not None
        said = []
        for each in running.stdout:
            said.append(each)
            if re.match(line, each):
                break
        else:
            raise AssertionError(f"the run ended without {line!r}:\n{''.join(said)}")
        os.kill(running.pid, signal.SIGSTOP)
        try:
            yield running
        finally:
            running.kill()


@contextmanager
def at_the_endpoint(cloud: LocalCloud) -> Iterator[pymysql.cursors.Cursor]:
    """A client's connection to acme. The name is looked up anew for each, as a client does after an error."""
    address = resolver(cloud)("acme.db.example.com", "A")[0].to_text()
    context = ssl.create_default_context(cafile=str(cloud.state.authority))
    # The certificate names the database, which the endpoint's name is only an alias of.
    context.check_hostname = False
    connection = pymysql.connect(
        user="acmeadmin", password=PASSWORD, autocommit=True, ssl=context, defer_connect=True
    )
    connection.connect(socket.create_connection((address, 3306), timeout=5))
    with connection, connection.cursor() as cursor:
        yield cursor


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
        with at_the_endpoint(self._cloud) as cursor:
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

    def _write(self) -> None:
        number = 0
        while not self._end.is_set():
            with suppress(pymysql.MySQLError, OSError, DNSException), at_the_endpoint(self._cloud) as cursor:
                while not self._end.wait(0.02):
                    number += 1
                    cursor.execute("INSERT INTO app.entry VALUES (%s, 'kept')", (number,))
                    self.acknowledged.append(number)
                    self.writes_at.append(monotonic())

    def _read(self) -> None:
        while not self._end.wait(0.02):
            with suppress(pymysql.MySQLError, OSError, DNSException), at_the_endpoint(self._cloud) as cursor:
                cursor.execute("SELECT COUNT(*) FROM app.entry")
                self.reads_at.append(monotonic())

    def kept(self) -> set[int]:
        """The rows that the endpoint's database has now."""
        with at_the_endpoint(self._cloud) as cursor:
            cursor.execute("SELECT id FROM app.entry")
            return {number for (number,) in cursor.fetchall()}


def offices_up(cloud: LocalCloud, aws: Any) -> None:
    """Let every office's device have set up its VPN connections."""
    for each in aws.client("ec2").describe_vpn_connections()["VpnConnections"]:
        if each["State"] == "available":
            cloud.report_tunnel(each["VpnConnectionId"], 1, "UP")


def keep_login(aws: Any) -> None:
    """Let there be a login to compare acme's databases with."""
    login = json.dumps({"username": "acmeadmin", "password": PASSWORD})
    aws.client("secretsmanager").create_secret(Name=SECRET, SecretString=login)


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


def session_of(leader: subprocess.Popen[str]) -> list[psutil.Process]:
    """A command and all that it has started."""
    session = []
    for process in psutil.process_iter():
        with suppress(ProcessLookupError, psutil.Error):
            if os.getsid(process.pid) == leader.pid:
                session.append(process)
    return session


def end_session(leader: subprocess.Popen[str]) -> None:
    """End a command and all that it has started at once, as the end of its machine would."""
    session = session_of(leader)
    for process in session:
        with suppress(psutil.Error):
            process.kill()
    leader.wait()
    # Until then their connections are open, and the cloud takes their calls for some that are waited for.
    wait_until(lambda: all(_has_ended(process) for process in session))


def _has_ended(process: psutil.Process) -> bool:
    """With all its threads: the first, which makes it a zombie, may end before the others."""
    with suppress(psutil.NoSuchProcess):
        return process.status() == psutil.STATUS_ZOMBIE and process.num_threads() == 1
    return True


def killed_in_call(
    project: Project, cloud: LocalCloud, fault: Fault, *arguments: str, beside: Sequence[Fault] = ()
) -> None:
    """Run `tenantnet migrate …`, and kill it with all it has started in the call that `fault` holds back.

    beside: what else fails meanwhile.
    """
    for each in (fault, *beside):
        cloud.fail(each)
    with start(project, *arguments) as running:
        try:
            wait_until(lambda: cloud.struck()[0] or running.poll() is not None)
            struck = cloud.struck()[0]
        finally:
            end_session(running)
            cloud.clear_faults()
        assert running.stdout is not None
        said = running.stdout.read()
    assert struck, f"the run ended without the call {fault.call}:\n{said}"


def server_at(cloud: LocalCloud, host: str) -> psutil.Process:
    """The process of a database. Raises StopIteration if it has none."""
    address = resolver(cloud)(host, "A")[0].to_text()
    return next(
        process
        for process in map(psutil.Process, servers_of(home_of(cloud)))
        if f"--bind-address={address}" in process.cmdline()
    )


def as_administrator(server: psutil.Process) -> pymysql.Connection[Any]:
    """A session that its parameters and accounts do not hold back."""
    return pymysql.connect(
        unix_socket=f"/proc/{server.pid}/cwd/{SOCKET}",
        user=ADMINISTRATOR,
        ssl_disabled=True,
        # A transaction that has read the accounts would keep all others from changing them.
        autocommit=True,
        read_timeout=5,
    )


class Administrator:
    """Looks into one database server of acme's from inside, whoever may log in."""

    def __init__(self, cloud: LocalCloud, rds: RDSClient, slot: str) -> None:
        self._cloud, self._rds, self._slot = cloud, rds, slot
        self._session: pymysql.Connection[Any] | None = None
        self._asked_at = 0.0

    def sees_it_open(self) -> bool:
        """Whether the tenant's own account may log in and write; False where no server answers."""
        try:
            self._session = self._session or self._begin()
            if self._session is None:
                return False
            with self._session.cursor() as cursor:
                cursor.execute(OPEN)
                ((answer,),) = cursor.fetchall()
        except (
            pymysql.MySQLError,
            OSError,
            DNSException,
            psutil.Error,
            LookupError,
            ValueError,
            StopIteration,
        ):
            self._session = None
            return False
        return bool(answer)

    def _begin(self) -> pymysql.Connection[Any] | None:
        """None where it has been looked for just now."""
        if monotonic() < self._asked_at + LOOKED_FOR_EVERY:
            return None
        self._asked_at = monotonic()
        (described,) = self._rds.describe_db_instances(
            Filters=[{"Name": "db-instance-id", "Values": [f"acme-{self._slot}"]}]
        )["DBInstances"]
        return as_administrator(server_at(self._cloud, described["Endpoint"]["Address"]))


class Watch:
    """Looks at both databases again and again; `problem` says when both could be written to.

    looks: those that saw one that could. goes_on: whether it is still looking.
    """

    def __init__(self, cloud: LocalCloud, aws: Any) -> None:
        self._ec2 = aws.client("ec2")
        self._administrators = {
            slot: Administrator(cloud, aws.client("rds"), slot) for slot in ("blue", "green")
        }
        self._end, self._thread = Event(), Thread(target=self._watch)
        self.problem: str | None = None
        self.looks = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    @property
    def goes_on(self) -> bool:
        return self._thread.is_alive()

    def _watch(self) -> None:
        while not self._end.wait(LOOKED_AT_EVERY):
            # Blue twice: it could be written to before and after green could. The cloud's servers let
            # everybody in, so the rules are asked whether clients come as far.
            seen = [self._administrators[slot].sees_it_open() for slot in ("blue", "green", "blue")]
            if all(seen) and self._reached("blue") and self._reached("green"):
                self.problem = f"after {self.looks} looks blue and green could both be written to"
            self.looks += any(seen)

    def _reached(self, slot: str) -> bool:
        """Whether the tenant's sessions are let in to the database."""
        named = [{"Name": "tag:Name", "Values": [f"acme-{slot}-sessions"]}]
        return bool(self._ec2.describe_security_group_rules(Filters=named)["SecurityGroupRules"])
