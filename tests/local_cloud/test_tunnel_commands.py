"""`tenantnet tunnel` at a desk: AWS's own plugin, a real MySQL client, a real server behind the tunnel."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from statistics import median
from threading import Event
from typing import Any

import psutil
import pymysql
import pytest
from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.faults import Effect, Fault
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.tunnel.profiles import Profile, Profiles
from tenantnet.tunnel.records import Record, TunnelRecords
from tenantnet.tunnel.watch import CUT_OFF, STUCK

from tests.support.aws import aws_client
from tests.support.clone import CLONE
from tests.support.databases import PASSWORD, Database
from tests.support.desk import TENANTNET, Done
from tests.support.mysql_client import wait_for
from tests.support.network import Network
from tests.support.processes import Begun
from tests.support.tunnels import REGION, TunnelSite, User

HOST_NAME = "acme.db.example.com"
RECONNECT_SECONDS = 3.0
# What AWS closes a WebSocket with after an hour.
NORMAL_CLOSE = 1000
DOC = (CLONE / "docs" / "tunnel.md").read_text(encoding="utf-8")


class TunnelDesk:
    """A person's machine without any project: credentials, a home, and `tenantnet`."""

    def __init__(self, cloud: LocalCloud, home: Path, user: User | None) -> None:
        self.home, self.profiles = home, Profiles(home / "config" / "tenantnet")
        self.variables = {
            **os.environ,
            **environment(cloud.state_dir),
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
        }
        if user:
            self.variables |= {"AWS_ACCESS_KEY_ID": user.access_key, "AWS_SECRET_ACCESS_KEY": user.secret_key}

    def begin(self, command: str | Sequence[str]) -> Begun[str]:
        """Begin it, with its output to be read as it comes."""
        return Begun(
            [TENANTNET, *(command.split() if isinstance(command, str) else command)],
            cwd=self.home,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, command: str | Sequence[str]) -> Done:
        with self.begin(command) as process:
            out, err = process.communicate(timeout=90)
        assert "Traceback" not in err, err
        return Done(code=process.returncode, out=out, err=err)

    def keep(self, site: TunnelSite, port: int, name: str = "acme", **changes: Any) -> None:
        """Have a profile, as `tunnel add` makes it."""
        settled = {"region": REGION, "document": "eu1-acme-tunnel", "target": site.target, **changes}
        self.profiles.put(Profile(name=name, local_port=port, **settled))

    def running(self) -> Mapping[str, Record]:
        """As `tunnel status` reads it."""
        return TunnelRecords(self.profiles.folder).all()

    @contextmanager
    def open(self, name: str = "acme") -> Iterator[subprocess.Popen[str]]:
        """A tunnel in the foreground, from when it is open; it is ended by Ctrl-C."""
        with self.begin(f"tunnel start {name}") as process:
            try:
                read_until(process, " Open\n")
                yield process
            finally:
                process.send_signal(signal.SIGINT)
                process.wait(30)


def session_of(desk: TunnelDesk) -> str:
    return str(desk.running()["acme"].session_id)


def read_until(process: subprocess.Popen[str], *words: str) -> str:
    """The line with one of the words. Fails with all that was said where the process ends without one."""
    assert process.stdout
    said = []
    for line in process.stdout:
        said.append(line)
        print(line, end="")
        if any(word in line for word in words):
            return line
    error = process.stderr.read() if process.stderr else ""
    raise AssertionError(f"it ended without {words}:\n{''.join(said)}{error}")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A local cloud with real databases."""
    with LocalCloud(tmp_path_factory.mktemp("served")) as running:
        yield running


@pytest.fixture(scope="module")
def clients(served: LocalCloud) -> Callable[[str], Any]:
    return partial(aws_client, served)


@pytest.fixture(scope="module")
def site(served: LocalCloud, clients: Callable[[str], Any]) -> TunnelSite:
    """A tunnel host, and the tenant acme with a database behind its endpoint's name."""
    database = Database.create(clients("rds"), "acme-blue", Network.create(clients("ec2")))
    wait_for(lambda: database.described()["DBInstanceStatus"] == "available")
    route53 = clients("route53")
    zone = route53.create_hosted_zone(Name="db.example.com", CallerReference="x")["HostedZone"]["Id"]
    record = {
        "Name": HOST_NAME,
        "Type": "CNAME",
        "TTL": 5,
        "ResourceRecords": [{"Value": database.described()["Endpoint"]["Address"]}],
    }
    changes = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": record}]}
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=changes)
    made = TunnelSite.create(served, clients)
    made.add_tenant("acme", HOST_NAME)
    return made


@pytest.fixture(scope="module")
def alice(site: TunnelSite) -> User:
    return site.add_user("alice", "eu1-acme-tunnel")


@pytest.fixture
def port() -> int:
    """One that is free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


def shared(site: TunnelSite, name: str = "acme") -> list[str]:
    """The line that a person is handed, but for the port."""
    place = ["--region", REGION, "--document", "eu1-acme-tunnel", "--target", site.target]
    return ["tunnel", "add", name, *place]


@pytest.fixture
def desk(
    served: LocalCloud, site: TunnelSite, alice: User, port: int, tmp_path: Path
) -> Iterator[TunnelDesk]:
    """Alice's, with a profile for acme. Nothing temporary is left on it."""
    desk = TunnelDesk(served, tmp_path, alice)
    desk.keep(site, port)
    # The path of a socket has at most 108 characters.
    with tempfile.TemporaryDirectory(prefix="desk-") as temporary:
        desk.variables["TMPDIR"] = temporary
        yield desk
        assert [*Path(temporary).iterdir()] == []


def connect(cloud: LocalCloud, port: int, read_timeout: float | None = None) -> pymysql.Connection[Any]:
    """As a MySQL client connects: TLS, and the authority is checked; the name is localhost's."""
    context = ssl.create_default_context(cafile=str(cloud.state.authority))
    context.check_hostname = False
    return pymysql.connect(
        host="127.0.0.1",
        port=port,
        user="acmeadmin",
        password=PASSWORD,
        ssl=context,
        autocommit=True,
        connect_timeout=10,
        read_timeout=read_timeout,
    )


@contextmanager
def going_on_sending(client: socket.socket) -> Iterator[None]:
    """A byte five times a second, as long as the connection takes it."""
    ended = Event()

    def send() -> None:
        with suppress(OSError):
            while not ended.wait(0.2):
                client.send(b"x")

    with ThreadPoolExecutor(1) as pool:
        pool.submit(send)
        try:
            yield
        finally:
            ended.set()


def answers(cloud: LocalCloud, port: int) -> bool:
    try:
        with connect(cloud, port, read_timeout=2.0) as connection, connection.cursor() as cursor:
            return bool(cursor.execute("SELECT 1"))
    except pymysql.MySQLError:
        return False


def has_struck(cloud: LocalCloud, times: int) -> bool:
    """Whether the first fault was met so often."""
    return len(cloud.struck()[0]) >= times


def aborted(cloud: LocalCloud, port: int) -> int:
    """How many logins the server has seen that were not finished."""
    with connect(cloud, port) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW GLOBAL STATUS LIKE 'Aborted_connects'")
        return int((cursor.fetchone() or ("", 0))[1])


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_ten_thousand_rows_go_there_and_come_back_over_tls(
    desk: TunnelDesk, served: LocalCloud, port: int
) -> None:
    rows = [(number, f"row {number} " + "x" * 80) for number in range(10_000)]
    with desk.open(), connect(served, port) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW STATUS LIKE 'Ssl_version'")
        assert str((cursor.fetchone() or ("", ""))[1]).startswith("TLSv1.")
        cursor.execute("CREATE DATABASE IF NOT EXISTS app")
        cursor.execute("CREATE TABLE app.entry (id INT PRIMARY KEY, text VARCHAR(120))")
        cursor.executemany("INSERT INTO app.entry VALUES (%s, %s)", rows)
        cursor.execute("SELECT id, text FROM app.entry ORDER BY id")
        assert list(cursor.fetchall()) == rows


def test_twenty_connections_at_once_are_twenty_at_the_database(
    desk: TunnelDesk, served: LocalCloud, port: int
) -> None:
    def ask(connection: pymysql.Connection[Any]) -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT CONNECTION_ID(), SLEEP(0.2), REPEAT('x', 100000)")
            return int((cursor.fetchone() or (0,))[0])

    with desk.open():
        connections = [connect(served, port) for _ in range(20)]
        with ThreadPoolExecutor(20) as pool:
            assert len(set(pool.map(ask, connections))) == 20
        for connection in connections:
            connection.close()


def test_a_cut_connection_is_resumed_and_the_clients_do_not_notice(
    desk: TunnelDesk, served: LocalCloud, port: int
) -> None:
    with desk.open(), connect(served, port) as connection, connection.cursor() as cursor:
        cursor.execute("SET @kept = 42")
        session = session_of(desk)
        served.drop_session(session)
        cursor.execute("SELECT @kept")
        assert cursor.fetchone() == (42,)
        assert session_of(desk) == session


def test_a_session_that_ends_is_followed_by_another(
    desk: TunnelDesk, site: TunnelSite, served: LocalCloud, port: int
) -> None:
    with desk.open() as process:
        first = session_of(desk)
        site.ssm.terminate_session(SessionId=first)
        assert "the session ended" in read_until(process, "Reconnecting")
        read_until(process, " Open\n")
        assert answers(served, port)
        assert session_of(desk) != first


@pytest.mark.parametrize(("closes", "deaths"), [(2, 1), pytest.param(30, 5, marks=pytest.mark.long)])
def test_no_close_of_aws_and_no_death_of_a_plugin_is_missed_or_seen_by_the_database(
    desk: TunnelDesk, served: LocalCloud, port: int, closes: int, deaths: int
) -> None:
    replaced, began = 0, time.monotonic()
    gaps: dict[bool, list[float]] = {True: [], False: []}
    with desk.open() as process:
        opening = time.monotonic() - began
        before = aborted(served, port)
        for number in range(closes + deaths):
            session = session_of(desk)
            if is_closed := bool(number % (closes // deaths + 1)):
                served.drop_session(session, NORMAL_CLOSE)
            else:
                (plugin,) = psutil.Process(process.pid).children()
                plugin.kill()
            began = time.monotonic()
            wait_for(lambda: answers(served, port))
            gaps[is_closed].append(time.monotonic() - began)
            replaced += session_of(desk) != session
        # A client may have been half way in when its session ended; nobody else asked the database.
        assert aborted(served, port) - before <= replaced - deaths
    assert replaced >= deaths
    print(f"opened in {opening:.1f} s, served again after {gaps}")
    # Where other work goes first, everything takes longer, and so has the first session.
    assert max(median(each) for each in gaps.values()) <= max(RECONNECT_SECONDS, opening)


@pytest.mark.long
def test_a_plugin_that_keeps_to_itself_what_clients_send_is_replaced(
    desk: TunnelDesk, served: LocalCloud, port: int
) -> None:
    """What is sent while the connection is broken ends the plugin's passing on, without a word."""
    refused = Fault(call="ssm ResumeSession", effect=Effect.ERROR, code="InternalServerError", message="no")
    with desk.open() as process, socket.create_connection(("127.0.0.1", port)) as client:
        assert client.recv(1), "the server's greeting"
        session = session_of(desk)
        served.fail(refused)
        served.drop_session(session)
        # How much is lost before the rest stays depends on when the plugin notices; a client goes on sending.
        with going_on_sending(client):
            try:
                wait_for(partial(has_struck, served, 3))
            finally:
                served.clear_faults()
            # Which of the two is known first depends on how long the plugin's three attempts took.
            read_until(process, STUCK, CUT_OFF)
        read_until(process, " Open\n")
        assert session_of(desk) != session
        assert answers(served, port)


@pytest.mark.long
def test_a_session_that_cannot_be_resumed_is_said_and_replaced_within_ten_seconds(
    desk: TunnelDesk, served: LocalCloud, port: int
) -> None:
    refused = Fault(call="ssm ResumeSession", effect=Effect.ERROR, code="InternalServerError", message="no")
    with desk.open() as process:
        session = session_of(desk)
        try:
            served.fail(refused)
            served.drop_session(session)
            began = time.monotonic()
            assert "tries to resume the session" in read_until(process, "Reconnecting")
            assert "could not resume the session" in read_until(process, "Reconnecting")
            read_until(process, " Open\n")
            assert time.monotonic() - began <= 10
        finally:
            served.clear_faults()
        assert session_of(desk) != session
        assert answers(served, port)


def test_a_throttled_session_is_tried_for_again(
    desk: TunnelDesk, site: TunnelSite, served: LocalCloud, port: int
) -> None:
    throttled = Fault(
        call="ssm StartSession", effect=Effect.ERROR, code="ThrottlingException", message="Rate exceeded"
    )
    with desk.open() as process:
        try:
            served.fail(throttled)
            site.ssm.terminate_session(SessionId=session_of(desk))
            assert "Rate exceeded" in read_until(process, "ThrottlingException")
        finally:
            served.clear_faults()
        read_until(process, " Open\n")
        assert answers(served, port)


def test_at_login_the_first_session_is_tried_for_again_too(
    desk: TunnelDesk, served: LocalCloud, port: int
) -> None:
    away = Fault(call="ssm StartSession", effect=Effect.ERROR, code="ThrottlingException", message="Rate")
    try:
        served.fail(away)
        process = desk.begin("tunnel start acme --keep-trying")
        assert " Opening: " in read_until(process, "ThrottlingException")
    finally:
        served.clear_faults()
    with process:
        read_until(process, " Open\n")
        assert answers(served, port)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


def test_who_is_named_no_longer_keeps_a_session_until_it_ends_and_is_not_let_in_again(
    served: LocalCloud, site: TunnelSite, port: int, tmp_path: Path
) -> None:
    dora = site.add_user("dora", "eu1-acme-tunnel")
    desk = TunnelDesk(served, tmp_path, dora)
    desk.keep(site, port)
    with desk.begin("tunnel start acme") as process:
        read_until(process, " Open\n")
        session = session_of(desk)
        site.let("eu1-acme-tunnel", *site.users("eu1-acme-tunnel") - {"dora"})
        # Her own session is hers to resume, as at AWS: it has no tags that the policy could ask for.
        served.drop_session(session)
        assert answers(served, port)
        site.ssm.terminate_session(SessionId=session)
        assert "the session ended" in read_until(process, "Reconnecting")
        _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "access denied" in err
    assert is_free(port)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_session_and_plugin_and_frees_the_port(
    desk: TunnelDesk, site: TunnelSite, port: int, number: signal.Signals
) -> None:
    with desk.open() as process:
        session = session_of(desk)
        plugins = psutil.Process(process.pid).children()
        assert plugins
        process.send_signal(number)
        assert process.wait(30) == 0
    ended: Any = [{"key": "SessionId", "value": session}]
    assert site.ssm.describe_sessions(State="History", Filters=ended)["Sessions"]
    assert not any(plugin.is_running() for plugin in plugins)
    assert is_free(port)
    assert desk.running() == {}


def test_tunnels_in_the_background_are_seen_and_stopped_from_another_shell(
    desk: TunnelDesk, site: TunnelSite, served: LocalCloud, port: int
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        second = probe.getsockname()[1]
    desk.keep(site, second, "acme-reports", automatic=True)
    started = desk.run("tunnel start --all --background")
    assert started.code == 0, started.err
    shown = json.loads(desk.run("tunnel status --json").out)["tunnels"]
    assert [(each["name"], each["state"], each["localPort"]) for each in shown] == [
        ("acme", "Open", port),
        ("acme-reports", "Open", second),
    ]
    assert answers(served, port)
    assert answers(served, second)
    assert "localhost" in desk.run("tunnel list").out
    assert desk.run("tunnel stop acme").code == 0
    assert is_free(port)
    assert answers(served, second), "each is stopped by itself"
    assert desk.run("tunnel stop --all").code == 0
    assert is_free(second)
    assert desk.running() == {}


def test_without_a_name_those_start_that_start_automatically(
    desk: TunnelDesk, site: TunnelSite, port: int
) -> None:
    none = desk.run("tunnel start")
    assert (none.code, "starts automatically" in none.err) == (2, True)
    desk.keep(site, port, automatic=True)
    assert desk.run("tunnel start --background").code == 0
    twice = desk.run("tunnel start acme")
    assert (twice.code, "runs already" in twice.err) == (2, True)
    assert desk.run("tunnel stop acme").code == 0


def test_a_killed_tunnel_is_called_lost_and_cleared_away(desk: TunnelDesk, port: int) -> None:
    with desk.begin("tunnel start acme") as process:
        read_until(process, " Open\n")
        process.kill()
    assert desk.running()["acme"].state == "Lost"
    assert not is_free(port), "the plugin outlives who started it"
    assert desk.run("tunnel stop acme").code == 0
    wait_for(lambda: is_free(port))
    assert desk.running() == {}


def test_a_user_whom_no_document_names_is_told_what_is_missing(
    served: LocalCloud, site: TunnelSite, port: int, tmp_path: Path
) -> None:
    desk = TunnelDesk(served, tmp_path, site.add_user("bob"))
    desk.keep(site, port)
    done = desk.run("tunnel start acme")
    assert done.code == 1
    assert "access denied" in done.err
    assert "`tunnelUsers` in the tenant's settings" in done.err
    assert is_free(port)


def test_a_taken_port_ends_with_1_and_says_who_has_it(desk: TunnelDesk, port: int) -> None:
    with socket.create_server(("127.0.0.1", port)):
        done = desk.run("tunnel start acme")
    assert done.code == 1
    assert f"while binding to localhost:{port}" in done.err
    assert f"(pid {os.getpid()})" in done.err


def test_an_unknown_tunnel_ends_with_2_and_the_nearest_name(desk: TunnelDesk) -> None:
    for command in ("tunnel start acne", "tunnel stop acne", "tunnel status acne", "tunnel remove acne"):
        done = desk.run(command)
        assert done.code == 2, command
        assert "tunnel not found" in done.err
        assert "did you mean acme?" in done.err


@pytest.mark.parametrize("number", ["0", "65536", "-1"])
def test_a_port_that_cannot_be_ends_with_2(desk: TunnelDesk, number: str) -> None:
    done = desk.run(f"tunnel start acme --local-port={number}")
    assert done.code == 2
    assert "a local port is a number from 1 to 65535" in done.err
    assert number in done.err


def test_a_document_that_is_gone_is_a_tunnel_that_is_not_found(
    served: LocalCloud, site: TunnelSite, port: int, tmp_path: Path
) -> None:
    desk = TunnelDesk(served, tmp_path, None)
    desk.keep(site, port, document="eu1-acme-tunnel-of-old")
    done = desk.run("tunnel start acme")
    assert done.code == 1
    assert "tunnel not found" in done.err


def test_without_the_plugin_it_is_said_where_to_get_it(desk: TunnelDesk) -> None:
    desk.variables["PATH"] = "/usr/bin:/bin"
    done = desk.run("tunnel start acme")
    assert done.code == 1
    assert "install AWS's" in done.err


def test_a_garbled_or_partial_line_ends_with_2_and_names_what_is_wrong(desk: TunnelDesk) -> None:
    for given in ("--region nowhere --document eu1-acme-tunnel --target i-0abc", "--region eu-west-1"):
        done = desk.run(f"tunnel add other --local-port 2299 {given}")
        assert done.code == 2, given
        assert "copy the whole line again" in done.err


def test_a_profile_is_changed_and_removed(desk: TunnelDesk, site: TunnelSite, port: int) -> None:
    changed = desk.run([*shared(site), "--local-port", str(port), "--automatic"])
    assert "Changed the tunnel acme" in changed.out
    (listed,) = json.loads(desk.run("tunnel list --json").out)["tunnels"]
    assert (listed["name"], listed["localPort"], listed["automatic"]) == ("acme", port, True)
    other = desk.run([*shared(site, "other"), "--local-port", str(port)])
    assert (other.code, "acme uses this one" in other.err) == (2, True)
    assert desk.run("tunnel remove acme").code == 0
    assert json.loads(desk.run("tunnel list --json").out) == {"tunnels": []}


def test_the_transcript_in_the_docs_is_what_happens(
    served: LocalCloud, site: TunnelSite, port: int, tmp_path: Path
) -> None:
    desk = TunnelDesk(served, tmp_path, site.add_user("ada", "eu1-acme-tunnel"))
    (transcript,) = re.findall(r"^```console\n\$ (.*?)^```", DOC, re.MULTILINE | re.DOTALL)
    here = transcript.replace("2201", str(port)).replace("i-0a1b2c3d4e5f60718", site.target)
    for step in here.split("\n$ "):
        command, _, said = step.partition("\n")
        done = desk.run(command.split()[1:])
        assert plain(done.out + done.err) == plain(said), command


def plain(text: str) -> str:
    """Without what differs each time: times, sessions, places, and widths of columns."""
    for pattern, word in (
        (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \w+", "TIME"),
        (r"ada-[0-9a-f]{17}", "SESSION"),
        (r"/\S+/tunnels.json", "PATH"),
        (r"[ \t]+", " "),
    ):
        text = re.sub(pattern, word, text)
    return "\n".join(line.strip() for line in text.strip().splitlines())
