"""Who is not the local cloud's user: another user of the machine, and pages in the user's own browser."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest
from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.process import LocalCloud, request
from tenantnet.refusal import Refused

from tests.support.aws import aws_client
from tests.support.browser import Site, browser
from tests.support.databases import Database
from tests.support.mysql_client import wait_for
from tests.support.network import Network

STRANGER = 65_534
# The system's: the one that runs the tests may be in a place that others may not enter.
PYTHON = "/usr/bin/python3"
as_stranger = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
FORGED = (
    "AWS4-HMAC-SHA256 Credential=local/20260101/eu-west-1/{}/aws4_request, SignedHeaders=host, Signature=0"
)
PROJECT = {
    "name": "drive-by",
    "source": {"type": "NO_SOURCE", "buildspec": "version: 0.2"},
    "artifacts": {"type": "NO_ARTIFACTS"},
    "environment": {"type": "ARM_CONTAINER", "image": "none", "computeType": "BUILD_GENERAL1_SMALL"},
    "serviceRole": "arn:aws:iam::123456789012:role/runner",
}
# Each request is made, whatever came of those before it; then all answers are reported.
SCRIPT = """
const report = {};
for (const [name, base, path, options] of %s) {
  try {
    const answer = await fetch(base + path, options);
    report[name] = {status: answer.status, type: answer.type, text: await answer.text()};
  } catch (error) {
    report[name] = {error: String(error)};
  }
}
await fetch("/report", {method: "POST", body: JSON.stringify(report)});
"""
# The same without a browser, for another user of the machine: the requests as JSON, on standard input.
CALLS = """
import http.client, json, sys
port, requests = json.load(sys.stdin)
report = {}
for name, _, path, options in requests:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request(options["method"], path, options.get("body"), options.get("headers", {}))
    report[name] = connection.getresponse().status
print(json.dumps(report))
"""
# What another user can see of the state directory and of all processes.
LOOKS = """
import json, os, pathlib, sys
secret, *places = json.load(sys.stdin)
seen = []
for place in places:
    try:
        (os.listdir if os.path.isdir(place) else open)(place)
        seen.append(place)
    except PermissionError:
        pass
for file in [*pathlib.Path("/proc").glob("[0-9]*/cmdline"), *pathlib.Path("/proc").glob("[0-9]*/environ")]:
    try:
        if secret.encode() in file.read_bytes():
            seen.append(str(file))
    except OSError:
        pass
print(json.dumps(seen))
"""


@pytest.fixture
def own() -> Iterator[LocalCloud]:
    """A local cloud in a place that everybody may enter, started as people start it."""
    place = Path(tempfile.mkdtemp())
    place.chmod(0o755)
    former = os.umask(0o022)
    try:
        with LocalCloud(place / "state", real_databases=False, record_calls=True) as running:
            yield running
    finally:
        os.umask(former)
        shutil.rmtree(place)


def attacks(base: str, written: Path) -> list[tuple[str, str, str, Mapping[str, Any]]]:
    """Requests that reset the cloud, make a network, and let a build write a file: name, base, path, rest."""
    buildspec = json.dumps({"version": 0.2, "phases": {"build": {"commands": [f"touch '{written}'"]}}})

    def codebuild(operation: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        target = {
            "X-Amz-Target": f"CodeBuild_20161006.{operation}",
            "Authorization": FORGED.format("codebuild"),
        }
        headers = {**target, "Content-Type": "application/x-amz-json-1.1"}
        return {"method": "POST", "headers": headers, "body": json.dumps(body)}

    start = {"projectName": "drive-by", "buildspecOverride": buildspec}
    vpc = {"method": "POST", "body": "Action=CreateVpc&Version=2016-11-15&CidrBlock=10.66.0.0%2F26"}
    return [
        ("project", base, "/", codebuild("CreateProject", PROJECT)),
        ("build", base, "/", codebuild("StartBuild", start)),
        ("network", base, "/", {**vpc, "headers": {**FORM, "Authorization": FORGED.format("ec2")}}),
        ("simple network", base, "/", {**vpc, "headers": FORM, "mode": "no-cors"}),
        ("read", base, "/_local/status", {"method": "GET"}),
        ("read simply", base, "/_local/status", {"method": "GET", "mode": "no-cors"}),
        ("put", base, "/_local/source", {"method": "PUT", "body": '{"folder": "/"}'}),
        ("fault", base, "/_local/faults", {"method": "POST", "body": "{}", "mode": "no-cors"}),
        ("moto", base, "/moto-api/reset", {"method": "POST", "mode": "no-cors"}),
        ("reset", base, "/_local/reset", {"method": "POST", "mode": "no-cors"}),
    ]


@pytest.fixture
def unharmed(own: LocalCloud, tmp_path: Path) -> Iterator[Path]:
    """A file that no attack can make; the cloud is what it was afterwards."""
    before, written = own.status(), tmp_path / "written"
    written.parent.chmod(0o777)
    yield written
    assert own.status() == before
    assert aws_client(own, "codebuild").list_projects()["projects"] == []
    assert not written.exists()
    own.stop()
    assert not written.exists()


def by_stranger(script: str, given: object) -> Any:
    """What a script prints, as JSON, that another user of the machine runs."""
    done = subprocess.run(
        [PYTHON, "-I", "-c", script],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
        user=STRANGER,
        group=STRANGER,
        extra_groups=[],
        cwd="/",
        env={},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@as_stranger
def test_another_user_of_the_machine_gets_nothing_done(own: LocalCloud, unharmed: Path) -> None:
    port = own.running_server().port
    answers = by_stranger(CALLS, (port, attacks("", unharmed)))
    assert set(answers.values()) <= {400, 401, 403}, answers


@as_stranger
def test_another_user_sees_neither_the_state_nor_the_secret(own: LocalCloud) -> None:
    aws_client(own, "ec2").describe_vpcs()
    places = [own.state_dir, *own.state_dir.rglob("*")]
    assert by_stranger(LOOKS, (own.running_server().secret, *map(str, places))) == []


def test_whatever_the_cloud_writes_is_its_users_alone(own: LocalCloud) -> None:
    codebuild: Any = aws_client(own, "codebuild")
    codebuild.create_project(**PROJECT)
    start = codebuild.start_build(projectName="drive-by", buildspecOverride='{"phases": {}}')["build"]
    wait_for(lambda: codebuild.batch_get_builds(ids=[start["id"]])["builds"][0]["buildComplete"])
    found = [own.state_dir, *own.state_dir.rglob("*")]
    open_to_others = [str(path) for path in found if stat.S_IMODE(path.stat().st_mode) & 0o077]
    assert open_to_others == []
    names = {path.name for path in found}
    assert {"server.json", "server.log", "calls.jsonl", "pulumi", "cloud-id", "builds"} <= names


def test_the_database_servers_files_are_theirs_alone(tmp_path: Path) -> None:
    with LocalCloud(tmp_path / "state") as own:
        if own.running_server().databases.startswith("simulated"):
            pytest.skip("there is no MySQL on this machine")
        database = Database.create(aws_client(own, "rds"), "acme", Network.create(aws_client(own, "ec2")))
        wait_for(lambda: database.described()["DBInstanceStatus"] == "available")
        server = psutil.Process(own.running_server().pid)
        users = {child.uids().real for child in server.children(recursive=True) if "mysql" in child.name()}
        home = (own.state_dir / "mysql").resolve()
        (data,) = home.glob("server-*")
        assert stat.S_IMODE(data.stat().st_mode) == 0o700
        assert users == {data.stat().st_uid}
        assert STRANGER not in users, "whatever runs as nobody could read the databases"


def test_nothing_listens_beyond_loopback(own: LocalCloud) -> None:
    server = psutil.Process(own.running_server().pid)
    processes = [server, *server.children(recursive=True)]
    places = {
        each.laddr.ip for process in processes for each in process.net_connections("inet") if each.laddr
    }
    assert places == {"127.0.0.1"}


def test_the_secret_is_new_with_every_start(own: LocalCloud) -> None:
    first = environment(own.state_dir)["AWS_SECRET_ACCESS_KEY"]
    own.stop()
    own.start(0)
    second = environment(own.state_dir)["AWS_SECRET_ACCESS_KEY"]
    assert len(first) >= 40
    assert first != second
    assert first not in own.state.log.with_suffix(".previous.log").read_text()


def test_a_folder_that_others_use_is_no_state_directory(tmp_path: Path) -> None:
    (tmp_path / "of others").write_text("")
    tmp_path.chmod(0o755)
    with pytest.raises(Refused, match="user's alone"):
        LocalCloud(tmp_path).start(0)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_the_state_of_an_older_cloud_is_closed_at_the_next_start(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("")
    tmp_path.chmod(0o755)
    with LocalCloud(tmp_path, real_databases=False):
        assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


@pytest.fixture(scope="session")
def chromium() -> str:
    found = browser()
    if found is None:
        pytest.skip("there is no Chromium, and none can be installed")
    return found


Visit = Callable[[str, str], Mapping[str, Any]]


@pytest.fixture
def visit(own: LocalCloud, unharmed: Path, chromium: str, tmp_path: Path) -> Visit:
    """Opens the attacker's page under a name and attacks a base: what the page got to know."""

    def open_page(host: str, base: str) -> Mapping[str, Any]:
        script = SCRIPT % json.dumps(attacks(base, unharmed))
        with Site(own.running_server().port, script).serving() as site:
            return site.visit(chromium, host, tmp_path / "profile")

    return open_page


def test_a_page_of_another_site_gets_nothing_done_and_reads_nothing(own: LocalCloud, visit: Visit) -> None:
    report = visit("evil.example", own.url)
    assert len(report) == len(attacks("", Path()))
    assert {answer.get("text", "") for answer in report.values()} == {""}
    assert "a browser sent it" in own.state.log.read_text(), "its requests came here"


def test_a_site_whose_name_is_rebound_to_this_machine_gets_nothing_done(
    own: LocalCloud, visit: Visit
) -> None:
    report = visit("rebound.example", "")
    # The browser takes us for the page's own site, so it reads our answers: refusals.
    readable = {name: answer for name, answer in report.items() if answer.get("text")}
    assert {answer["status"] for answer in readable.values()} == {403}
    assert "its Host is 'rebound.example" in own.state.log.read_text(), "its requests came here"
    assert request(own.running_server(), "GET", "/_local/status")["id"] not in json.dumps(report)
