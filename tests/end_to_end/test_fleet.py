"""Many tenants at once, with the real engine and provider: one fails, the fleet is killed, drift is found.

The tests of this module run in order on stacks that they share.
"""

from __future__ import annotations

import copy
import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
import yaml
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed
from tenantnet.addresses.claims import Claim, ClaimKind
from tenantnet.local_cloud.process import LocalCloud

from tests.end_to_end.conftest import ACME
from tests.end_to_end.test_engine_processes import WatchedProject
from tests.support.claims import WritableClaims
from tests.support.clone import CLONE
from tests.support.project import Project, Run

TENANTNET = str(CLONE / ".venv" / "bin" / "tenantnet")
LIMIT = 300
TENANTS = ["acme", "globex", "initech"]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(tmp_path_factory.mktemp("cloud"), real_databases=False) as running:
        yield running


class Fleet(WatchedProject):
    """Runs `tenantnet fleet` in a project whose processes can be told apart."""

    def __call__(self, *arguments: str) -> Run:
        done = subprocess.run(
            [TENANTNET, "fleet", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        return Run(code=done.returncode, text=done.stdout or done.stderr)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.folder / "fleet.txt").open("wb") as output:
            return subprocess.Popen(
                [TENANTNET, "fleet", *arguments],
                cwd=self.folder,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def record(self) -> Mapping[str, Any]:
        """Of the last run."""
        files = sorted(self.folder.glob(".tenantnet/fleet/*/run.json"))
        record: Mapping[str, Any] = json.loads(files[-1].read_bytes()) if files else {"tenants": {}}
        return record

    def statuses(self) -> dict[str, str]:
        return {name: each["status"] for name, each in self.record()["tenants"].items()}


def wait_until(condition: Any) -> None:
    Retrying(
        retry=retry_if_result(lambda holds: not holds), stop=stop_after_delay(LIMIT), wait=wait_fixed(0.2)
    )(condition)


def settings_of(number: int) -> dict[str, Any]:
    settings = copy.deepcopy(ACME)
    settings["sessionSubnet"] = f"172.17.{number}.0/24"
    settings["networks"]["blue"]["cidr"] = f"10.7.{number}.0/26"
    return settings


def write_tenants(project: Project, names: list[str]) -> None:
    for number, name in enumerate(names, start=1):
        project.write_tenant(name, settings_of(number))


@pytest.fixture(scope="module")
def fleet(cell: Project, aws: boto3.Session) -> Fleet:
    """A cell with three tenants to come; somebody else holds the last one's range."""
    write_tenants(cell, TENANTS)
    claim = Claim(
        cidr="10.7.3.0/26", tenant="umbrella", stack="umbrella", kind=ClaimKind.NETWORK, slot="blue"
    )
    WritableClaims(aws.client("dynamodb"), "local").claim(claim)
    return Fleet(cell)


@pytest.fixture(scope="module")
def killed(fleet: Fleet) -> Fleet:
    """The fleet's own process was killed while two updates were under way; the third had failed."""
    run = fleet.start("up", "--yes")
    wait_until(lambda: list(fleet.statuses().values()) == ["running", "running", "failed"])
    run.send_signal(signal.SIGKILL)
    run.wait()
    return fleet


def test_a_killed_fleet_resumes_and_reports_exactly_the_tenant_that_failed(killed: Fleet) -> None:
    run = killed("up", "--resume", "--report", "report.md")
    assert run.code == 1
    assert killed.statuses() == {"acme": "done", "globex": "done", "initech": "failed"}
    report = (killed.folder / "report.md").read_text()
    assert "2 done, 1 failed" in report
    assert "tenant umbrella holds it for its network blue" in report
    assert "## acme\n\nits update was killed" in report


def test_neither_the_kill_nor_the_end_leaves_a_process(killed: Fleet) -> None:
    killed.check_nothing_runs()


def test_what_is_deployed_is_as_its_stacks_say(killed: Fleet) -> None:
    run = killed("drift", "acme", "globex")
    assert run.code == 0, run.text
    assert "2 compared" in run.text


def test_one_plugin_and_one_language_host_serve_all_stacks_of_a_region(killed: Fleet) -> None:
    run = killed.start("preview", "acme", "globex", "--parallel", "2")
    seen: dict[int, str] = {}
    # All that ran at any moment: an engine's own language host lives no longer than its preview.
    wait_until(lambda: seen.update(killed.running()) or run.poll() is not None)
    names = list(seen.values())
    assert run.returncode == 0
    assert [each["changes"] for each in killed.record()["tenants"].values()] == [{"same": 62}] * 2
    assert names.count("pulumi-resource-aws") == 1
    assert "pulumi-language-python" not in names


def test_an_interrupt_begins_no_further_tenant_and_ends_those_under_way(killed: Fleet) -> None:
    run = killed.start("preview", "acme", "globex", "--parallel", "1", "--all-engines")
    wait_until(lambda: "running" in killed.statuses().values())
    run.send_signal(signal.SIGINT)
    assert run.wait(LIMIT) == 130
    assert sorted(killed.statuses().values()) == ["done", "waiting"]
    assert killed("preview", "--resume").code == 0
    assert set(killed.statuses().values()) == {"done"}


def test_what_is_proved_unchanged_takes_no_engine_and_what_is_not_does(killed: Fleet) -> None:
    assert killed("preview", "acme", "globex").code == 0
    proved = killed("preview", "acme", "globex")
    assert "2 done; 2 unchanged, proved without an engine" in proved.text
    assert [each["log"] for each in killed.record()["tenants"].values()] == ["", ""]
    settings = settings_of(1)
    settings["database"]["storageGb"] = 40
    killed.write_tenant("acme", settings)
    changed = killed("preview", "acme", "globex")
    assert "2 done; 1 unchanged, proved without an engine" in changed.text
    assert killed.record()["tenants"]["acme"]["changes"]["update"] >= 1
    write_tenants(killed, ["acme"])
    # Its password was encrypted anew.
    assert "1 unchanged, proved" in killed("preview", "acme", "globex").text
    assert "2 unchanged, proved" in killed("preview", "acme", "globex").text
    everyone = killed("preview", "acme", "globex", "--all-engines")
    assert "proved" not in everyone.text
    assert [each["changes"] for each in killed.record()["tenants"].values()] == [{"same": 62}] * 2


def test_an_alarm_of_an_updated_tenant_holds_the_next_wave(killed: Fleet, aws: boto3.Session) -> None:
    """It is raised while the run waits to be let into the next wave."""
    run = killed("up", "acme", "globex", "--canary", "1", "--soak", "0", "--pause", "--yes")
    assert run.code == 4, run.text
    (first,) = [name for name, status in killed.statuses().items() if status == "done"]
    cloudwatch, alarm = aws.client("cloudwatch"), f"{first}-blue-CPUUtilization"
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="the change")
    held = killed("up", "--resume")
    assert held.code == 1
    assert (
        f"A wave has not passed, and no further one was begun: raised since the run began: {alarm}"
        in held.text
    )
    assert sorted(killed.statuses().values()) == ["done", "waiting"]
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="OK", StateReason="mended")
    assert killed("up", "--resume").code == 0
    assert set(killed.statuses().values()) == {"done"}


def test_an_alarm_after_a_canary_that_is_all_holds_it(killed: Fleet, aws: boto3.Session) -> None:
    cloudwatch, alarm = aws.client("cloudwatch"), "acme-blue-CPUUtilization"
    run = killed.start("up", "acme", "--canary", "1", "--soak", "0", "--yes")
    wait_until(lambda: "running" in killed.statuses().values())
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="the change")
    assert run.wait(LIMIT) == 1
    assert killed.statuses() == {"acme": "done"}
    assert killed("up", "--resume").code == 1
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="OK", StateReason="mended")
    assert killed("up", "--resume").code == 0


def test_the_builds_of_a_batch_take_each_tenant_once(killed: Fleet) -> None:
    """The commands of the buildspec, one build after the other; the third tenant is refused in each run."""
    specification = yaml.safe_load((CLONE / "tools" / "fleet" / "buildspec.yml").read_bytes())
    slices = specification["batch"]["build-matrix"]["dynamic"]["env"]["variables"]["SLICE"]
    (command,) = specification["phases"]["build"]["commands"]
    shares = []
    for share in slices:
        variables = {"SLICE": share, "PLATFORM": "platform-local", "OPERATION": "preview", "BATCH": "b1"}
        done = subprocess.run(
            ["sh", "-c", command], cwd=killed.folder, env={**killed.environment, **variables}, check=False
        )
        tenants = list(killed.record()["tenants"])
        assert done.returncode == (1 if "initech" in tenants else 0)
        shares += tenants
    assert sorted(shares) == TENANTS
    whole = killed("report", "b1")
    assert (whole.code, "2 done, 1 failed" in whole.text) == (1, True), whole.text


def test_the_status_has_a_line_for_each_tenant(killed: Fleet) -> None:
    run = killed("status", "acme", "globex", "--json").check()
    assert [(each["tenant"], each["status"]["phase"]) for each in json.loads(run.text)] == [
        ("acme", "steady"),
        ("globex", "steady"),
    ]


def test_what_was_changed_by_hand_is_named(killed: Fleet, aws: boto3.Session) -> None:
    ec2, rds = aws.client("ec2"), aws.client("rds")
    (group,) = ec2.describe_security_groups(
        Filters=[{"Name": "group-name", "Values": ["acme-blue-database"]}]
    )["SecurityGroups"]
    ec2.authorize_security_group_ingress(
        GroupId=group["GroupId"],
        IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "203.0.113.0/24"}]}
        ],
    )
    (network,) = ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": ["acme-blue"]}])["Vpcs"]
    tables = ec2.describe_route_tables(Filters=[{"Name": "tag:Name", "Values": ["acme-blue"]}])["RouteTables"]
    (peering, _) = [
        each["VpcPeeringConnectionId"]
        for each in ec2.describe_vpc_peering_connections()["VpcPeeringConnections"]
        if each["RequesterVpcInfo"]["VpcId"] == network["VpcId"]
    ]
    ec2.create_route(
        RouteTableId=tables[0]["RouteTableId"],
        DestinationCidrBlock="172.17.2.0/24",
        VpcPeeringConnectionId=peering,
    )
    (connection,) = ec2.describe_vpn_connections(
        Filters=[{"Name": "tag:tenantnet:tenant", "Values": ["acme"]}]
    )["VpnConnections"]
    ec2.delete_vpn_connection_route(
        VpnConnectionId=connection["VpnConnectionId"], DestinationCidrBlock="192.168.4.0/24"
    )
    rds.modify_db_instance(DBInstanceIdentifier="acme-blue", PubliclyAccessible=True, ApplyImmediately=True)

    run = killed("drift", "acme", "globex", "--json")
    assert run.code == 3
    found = {name: each["findings"] for name, each in json.loads(run.text)["tenants"].items()}
    assert found["globex"] == []
    undeclared = "which the stack does not declare"
    assert [sentence.split(" (")[0] for sentence in found["acme"]] == [
        "VPN connection Seattle office has lost its route to 192.168.4.0/24",
        "database acme-blue was made public: it has a public address",
        f"security group acme-blue-database admits TCP 22 from 203.0.113.0/24, {undeclared}",
        f"route table acme-blue leads 172.17.2.0/24 to {peering}, {undeclared}",
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ["preview", "acne"],
        ["preview", "--slice", "4/3"],
        ["up", "acme", "--resume"],
        ["up", "--resume", "--canary", "1"],
        ["up", "--pause"],
        ["up", "--wave", "10"],
    ],
)
def test_a_mistake_is_refused_before_anything_begins(killed: Fleet, arguments: list[str]) -> None:
    before = killed.record()
    run = killed(*arguments)
    assert run.code == 2
    assert "remedy:" in run.text
    assert killed.record() == before


def everything(fleet: Fleet) -> None:
    """Kill all at once, as the end of a machine does."""
    for process in fleet.running():
        os.kill(process, signal.SIGKILL)


@pytest.mark.long
@pytest.mark.timeout(1500)
def test_of_ten_tenants_one_fails_nine_are_done_and_a_resumed_run_finishes(
    cell: Project, aws: boto3.Session
) -> None:
    names = [f"tenant{number}" for number in range(10)]
    for number, name in enumerate(names, start=20):
        cell.write_tenant(name, settings_of(number))
    table = WritableClaims(aws.client("dynamodb"), "local")
    claim = Claim(
        cidr="10.7.25.0/26", tenant="umbrella", stack="umbrella", kind=ClaimKind.NETWORK, slot="blue"
    )
    table.claim(claim)
    fleet = Fleet(cell)
    assert fleet("up", "tenant*", "--yes", "--parallel", "10").code == 1
    assert fleet.statuses() == {name: "failed" if name == "tenant5" else "done" for name in names}
    aws.client("dynamodb").delete_item(TableName=table.name, Key={"cidr": {"S": claim.cidr}})
    assert fleet("up", "--resume").code == 0
    assert set(fleet.statuses().values()) == {"done"}


@pytest.mark.long
def test_a_machine_that_ends_in_the_middle_leaves_no_lock_that_stops_the_next_run(
    cell: Project,
) -> None:
    for number, name in enumerate(("north", "south"), start=40):
        cell.write_tenant(name, settings_of(number))
    fleet = Fleet(cell)
    run = fleet.start("up", "north", "south", "--yes")
    locks = Path(urlsplit(fleet.environment["PULUMI_BACKEND_URL"]).path, ".pulumi", "locks")
    wait_until(lambda: len([*locks.glob("**/north/*.json"), *locks.glob("**/south/*.json")]) == 2)
    everything(fleet)
    run.wait()
    assert fleet("up", "--resume").code == 0
    assert fleet.statuses() == {"north": "done", "south": "done"}
