"""`tenantnet migrate` as people run it, up to the point where a stack would be updated."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from mypy_boto3_codebuild import CodeBuildClient
from mypy_boto3_ec2 import EC2Client
from mypy_boto3_rds import RDSClient
from tenantnet.local_cloud import clients
from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.phases.journal import Entry, Holder, Topic, What
from tenantnet.phases.phases import Phase
from tenantnet.phases.transitions import Decision
from tenantnet.runner.journal_table import JournalTable
from tenantnet.runner.standby import AHEAD, MOST_RETURNS
from tenantnet.stacks.outputs import PlatformOutputs
from tenantnet.tags import return_schedule_name

from tests.local_cloud.conftest import make_runner_role
from tests.support.aws import journal_table
from tests.support.databases import Database
from tests.support.desk import Desk
from tests.support.network import Network
from tests.support.processes import Begun, wait_until
from tests.support.small_settings import PROJECT

REGION = "eu-west-1"
RUNNER = "tenantnet-eu1-runner"
IN_A_BUILD = {"CODEBUILD_BUILD_ID": f"{RUNNER}:1"}
SCHEDULE = "migrate schedule acme --at 2096-12-01T02:00 --timezone Europe/Amsterdam"
NETWORKS = {"blue": {"cidr": "10.1.2.0/26"}, "green": {"cidr": "10.9.8.64/26"}}
IDS = {"vpcId": "vpc-1", "pingHost": "10.1.2.42", "pingHostId": "i-1"}
STEADY: dict[str, Any] = {
    "phase": "steady",
    "production": "blue",
    "networks": {slot: {**network, **IDS} for slot, network in NETWORKS.items()},
}
PLATFORM_OUTPUTS = {
    **{field.alias: "x" for field in PlatformOutputs.model_fields.values() if field.alias},
    "cell": "eu1",
    "region": REGION,
    "availabilityZones": [f"{REGION}a", f"{REGION}b"],
    "sharedSubnets": [],
    "runnerCompares": False,
    "runnerProject": RUNNER,
    "runnerScheduleRoleArn": "arn:aws:iam::123456789012:role/runner",
}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(tmp_path_factory.mktemp("cloud"), real_databases=False) as running:
        yield running


@pytest.fixture(scope="module")
def variables(cloud: LocalCloud) -> Mapping[str, str]:
    return environment(cloud.state_dir)


@pytest.fixture(scope="module")
def prepared(variables: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone with the platform and acme, with Production in blue and a Test network green."""
    folder = tmp_path_factory.mktemp("prepared") / "clone"
    (folder / "tenants").mkdir(parents=True)
    (folder / "state").mkdir()
    (folder / "Pulumi.yaml").write_text(PROJECT)
    desk = Desk(folder, variables)
    platform = {"aws:region": REGION, "tenantnet:platform": {"zone": {"name": "db.example.com"}}}
    desk.add_stack("platform-eu1", platform, PLATFORM_OUTPUTS)
    desk.add_stack("acme", {"aws:region": REGION, "tenantnet:tenant": tenant(NETWORKS)}, STEADY)
    only_blue = {"blue": NETWORKS["blue"]}
    alone = {**STEADY, "networks": {"blue": STEADY["networks"]["blue"]}}
    desk.add_stack("globex", {"aws:region": REGION, "tenantnet:tenant": tenant(only_blue)}, alone)
    desk.add_stack("hooli", {"aws:region": REGION, "tenantnet:tenant": tenant(NETWORKS)}, alone)
    numbered = {**tenant(NETWORKS), "database": {"username": "admin", "gtid": True}}
    desk.add_stack("umbrella", {"aws:region": REGION, "tenantnet:tenant": numbered}, STEADY)
    moving = {**STEADY, "phase": "fenced", "strategy": "replica", "move": 1, "target": "green"}
    led_back = {**STEADY, "phase": "switched", "strategy": "live", "move": 1, "target": "blue"}
    planned = {"to": "green", "at": "2026-10-01T02:00", "timezone": "Europe/Amsterdam", "strategy": "live"}
    moved_once = {**numbered, "migration": planned}
    desk.add_stack("wonka", {"aws:region": REGION, "tenantnet:tenant": moved_once}, led_back)
    desk.add_stack("initech", {"aws:region": REGION, "tenantnet:tenant": tenant(NETWORKS)}, moving)
    asked = {"to": "green", "at": "2026-01-01T02:00", "timezone": "Etc/UTC"}
    start = {"purpose": "move", "order": "x", "since": "2025-12-31T00:00:00Z", "at": "2026-01-01T00:00:00Z"}
    ordered = {**tenant(NETWORKS), "migration": asked}
    aborted = {**STEADY, "move": 1, "runnerStart": start}
    desk.add_stack("hal", {"aws:region": REGION, "tenantnet:tenant": ordered}, aborted)
    return folder


def tenant(networks: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "platform": "platform-eu1",
        "sessionSubnet": "172.17.5.0/24",
        "database": {"username": "acmeadmin"},
        "networks": networks,
    }


@pytest.fixture
def journal(variables: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[JournalTable]:
    """Acme's journal in a table such as the platform stack makes, empty."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    dynamodb = boto3.client("dynamodb", region_name=REGION)
    with journal_table(dynamodb, "eu1"):
        yield JournalTable(dynamodb, "eu1", "acme")


@pytest.fixture
def desk(prepared: Path, variables: Mapping[str, str], tmp_path: Path, journal: JournalTable) -> Desk:
    """A clone of this test's own, with its own state of the stacks."""
    folder = tmp_path / "clone"
    shutil.copytree(prepared, folder)
    return Desk(folder, variables)


def test_a_scheduled_move_stands_in_the_settings_and_in_the_status(desk: Desk) -> None:
    before = desk.settings("acme").read_text()
    done = desk.tenantnet(SCHEDULE)
    assert done.code == 0, done.err
    assert "at 2096-12-01T02:00 Europe/Amsterdam (2096-12-01 01:00 UTC), by" in done.out
    status = json.loads(desk.tenantnet("migrate status acme --json").out)
    assert status["status"] == "Scheduled for 2096-12-01 02:00 Europe/Amsterdam"
    assert desk.tenantnet("migrate cancel acme").code == 0
    assert desk.settings("acme").read_text() == before


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (SCHEDULE.replace("2096-12-01T02:00", "2020-12-01T02:00"), "in the future"),
        (SCHEDULE.replace("2096-12-01T02:00", "2026-02-30T02:00"), "--at"),
        (SCHEDULE.replace("Europe/Amsterdam", "Amsterdam"), "--timezone"),
        (f"{SCHEDULE} --retire-after 5m", "--retire-after"),
        (SCHEDULE.replace("acme", "globex"), "globex has no network green"),
        (SCHEDULE.replace("acme", "hooli"), "no update has made it yet"),
        (f"{SCHEDULE} --without Oslo", "blue has no VPN connection"),
        ("migrate run acme --now --unverified --without Oslo", "blue has no VPN connection"),
        ("migrate retire acme", "there is no terminal to ask in"),
        ("migrate abort acme", "there is no terminal to ask in"),
        (SCHEDULE.replace("acme", "initech"), "has begun: phase fenced"),
        ("migrate cancel acme", "have no `migration`"),
        ("migrate run acme --now", "tenantnet/acme/verification"),
        ("migrate run acme --unverified", "--now"),
        ("migrate run acme --now --unverified --strategy live", "with database.gtid: true"),
        ("migrate run umbrella --now --unverified --strategy live", "tenantnet/umbrella/verification"),
        (f"{SCHEDULE} --strategy live".replace("acme", "umbrella"), "has no way to the servers"),
        ("migrate retire acme --yes", "retire is possible after the switch"),
        ("migrate rehearse acme", "while the copy follows"),
        ("migrate abort acme --yes", "there is something to abort"),
        ("migrate run nobody --now", "nobody"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason_and_nothing_is_written(
    desk: Desk, command: str, said: str
) -> None:
    before = {path: path.read_text() for path in (desk.folder / "tenants").iterdir()}
    done = desk.tenantnet(command)
    assert (done.code, said in done.err) == (2, True), done
    assert {path: path.read_text() for path in (desk.folder / "tenants").iterdir()} == before


def test_all_that_is_wrong_with_a_schedule_is_named_at_once(desk: Desk) -> None:
    wrong = "migrate schedule hooli --at 2020-12-01T02:00 --timezone Europe/Amsterdam --retire-after 5m"
    done = desk.tenantnet(wrong)
    said = ("2 problems", "--retire-after: 5m", "no update has made it yet")
    assert (done.code, [each for each in said if each not in done.err]) == (2, []), done.err


def test_a_move_is_not_scheduled_whose_stack_the_runner_could_not_decrypt(desk: Desk) -> None:
    """Its build would end with AccessDenied, at the time of the move."""
    key = "11111111-2222-3333-4444-555555555555"
    runner = {
        "repository": "https://github.com/example/tenants.git",
        "host": "github",
        "image": "example/pulumi-python:3.274.1",
        "backend": "s3://example-pulumi-state",
        "secretArn": f"arn:aws:secretsmanager:{REGION}:123456789012:secret:example/pulumi-AbCdEf",
    }
    platform = {"zone": {"name": "db.example.com"}, "runner": runner}
    config = {"config": {"aws:region": REGION, "tenantnet:platform": platform}}
    desk.settings("platform-eu1").write_text(json.dumps(config))
    acme = desk.settings("acme")
    acme.write_text(f"secretsprovider: awskms://{key}?region={REGION}\n{acme.read_text()}")
    done = desk.tenantnet(SCHEDULE)
    assert (done.code, "runner.secretsKeyArn is not set" in done.err) == (2, True), done
    assert "migration" not in acme.read_text()


@pytest.fixture
def offices(desk: Desk) -> Iterator[Mapping[str, str]]:
    """Two offices' connections to acme's blue, and Seattle's to green: their ids, by network and office."""
    ec2 = boto3.client("ec2", region_name=REGION)
    seattle, oslo = ("192.168.4.0/24", "198.51.100.7"), ("192.168.9.0/24", "198.51.100.9")
    made = {
        "blue Seattle": connect(ec2, *seattle, "blue", "Seattle office"),
        "blue Oslo": connect(ec2, *oslo, "blue", "Oslo office"),
        "green Seattle": connect(ec2, *seattle, "green", "Seattle office"),
    }
    ec2.get_waiter("vpn_connection_available").wait(
        VpnConnectionIds=[*made.values()], WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    yield made
    for connection in made.values():
        ec2.delete_vpn_connection(VpnConnectionId=connection)


def connect(ec2: EC2Client, cidr: str, gateway: str, slot: str, name: str) -> str:
    """Make a VPN connection of acme's as its stack does; its id."""
    company = ec2.create_customer_gateway(Type="ipsec.1", IpAddress=gateway, BgpAsn=65000)
    own = ec2.create_vpn_gateway(Type="ipsec.1")
    tags = {"tenantnet:tenant": "acme", "tenantnet:network": slot, "tenantnet:description": name}
    made = ec2.create_vpn_connection(
        Type="ipsec.1",
        CustomerGatewayId=company["CustomerGateway"]["CustomerGatewayId"],
        VpnGatewayId=own["VpnGateway"]["VpnGatewayId"],
        Options={"StaticRoutesOnly": True},
        TagSpecifications=[
            {
                "ResourceType": "vpn-connection",
                "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
            }
        ],
    )
    connection = made["VpnConnection"]["VpnConnectionId"]
    ec2.create_vpn_connection_route(VpnConnectionId=connection, DestinationCidrBlock=cidr)
    return connection


def test_a_move_begins_once_every_office_is_taken_along_or_meant_to_stay(
    desk: Desk, cloud: LocalCloud, offices: Mapping[str, str]
) -> None:
    desk.leave_outputs("platform-eu1", {**PLATFORM_OUTPUTS, "runnerProject": None})
    run = "migrate run acme --now --unverified"
    for command in (SCHEDULE, run):
        done = desk.tenantnet(command)
        assert (done.code, "2 problems" in done.err) == (2, True), done.err
        assert "was UP in the last 14 days" in done.err
        assert "Oslo office (192.168.9.0/24) would lose the database at the switch" in done.err
    cloud.report_tunnel(offices["green Seattle"], 2, "UP")
    cloud.report_tunnel(offices["green Seattle"], 2, "DOWN")
    assert "1 problem" in desk.tenantnet(run).err
    done = desk.tenantnet([*SCHEDULE.split(), "--without", "Oslo office"])
    assert done.code == 0, done.err
    assert 'without: ["Oslo office"]' in desk.settings("acme").read_text()
    assert "tenantnet migrate login acme" in done.out
    # The run reads in the settings who is meant to stay, and waits for its time.
    with desk.begin("migrate run acme --unverified") as waits:
        assert waits.stdout is not None
        assert "moves acme from blue to green by replica" in waits.stdout.readline()
        assert "waiting until" in waits.stdout.readline()
        end_by(waits, signal.SIGINT)


def test_a_schedule_by_live_says_that_the_database_waits_for_a_reboot(desk: Desk) -> None:
    desk.leave_outputs("platform-eu1", {**PLATFORM_OUTPUTS, "runnerProject": None})
    rds: RDSClient = boto3.client("rds", region_name=REGION)
    name, live = "umbrella-blue", f"{SCHEDULE} --strategy live".replace("acme", "umbrella")
    rds.create_db_parameter_group(
        DBParameterGroupName=name, DBParameterGroupFamily="mysql8.4", Description="numbered"
    )
    network = Network.create(boto3.client("ec2", region_name=REGION), "10.8.2.0/26")
    database = Database.create(rds, name, network, DBParameterGroupName=name)
    rds.modify_db_parameter_group(
        DBParameterGroupName=name,
        Parameters=[{"ParameterName": "gtid-mode", "ParameterValue": "ON", "ApplyMethod": "pending-reboot"}],
    )
    reboot = f"aws rds reboot-db-instance --db-instance-identifier {name} --region {REGION}"
    said = desk.tenantnet(live)
    assert (said.code, reboot in said.out) == (0, True), said
    desk.tenantnet("migrate cancel umbrella")
    # The usual one is by replica as long as there is no login, and says why.
    usual = desk.tenantnet(SCHEDULE.replace("acme", "umbrella"))
    assert "by replica, since `live` needs a login." in usual.out, usual
    desk.tenantnet("migrate cancel umbrella")
    # Another strategy needs no GTID.
    assert reboot not in desk.tenantnet(live.replace("live", "replica")).out
    desk.tenantnet("migrate cancel umbrella")
    rds.reboot_db_instance(DBInstanceIdentifier=name)
    database.settled()
    said = desk.tenantnet(live)
    assert (said.code, reboot in said.out) == (0, False), said


def test_a_login_is_kept_and_replaced(desk: Desk) -> None:
    for password in ("hunter-1", "hunter-2"):
        done = desk.tenantnet("migrate login acme", given=f"{password}\n")
        assert (done.code, password in done.out + done.err) == (0, False), done
    secrets = boto3.client("secretsmanager", region_name=REGION)
    kept = secrets.get_secret_value(SecretId="tenantnet/acme/verification")["SecretString"]
    secrets.delete_secret(SecretId="tenantnet/acme/verification", ForceDeleteWithoutRecovery=True)
    assert json.loads(kept) == {"username": "acmeadmin", "password": "hunter-2"}
    assert desk.tenantnet("migrate login acme", given="").code == 2


def test_a_retirement_says_what_it_deletes(desk: Desk) -> None:
    vpn = {
        "id": "vpn-1",
        "companyCidr": "192.168.4.0/24",
        "companyGatewayIp": "198.51.100.7",
        "description": "Seattle office",
    }
    networks = {slot: {**network, "vpnConnections": [vpn]} for slot, network in STEADY["networks"].items()}
    switched = {
        "phase": "switched",
        "production": "green",
        "strategy": "replica",
        "move": 1,
        "target": "green",
    }
    desk.leave_outputs("acme", {**switched, "networks": networks})
    with desk.begin("migrate retire acme --yes") as retires:
        assert retires.stdout is not None
        said = "".join(retires.stdout.readline() for _ in range(5))
        retires.kill()
    deleted = ("acme-blue", "10.1.2.0/26", "Seattle office (192.168.4.0/24)", "acme-blue-10-1-2-0-final-1")
    assert [each for each in deleted if each not in said] == [], said


def test_a_second_schedule_is_refused_and_names_the_first(desk: Desk) -> None:
    desk.tenantnet(SCHEDULE)
    done = desk.tenantnet(SCHEDULE)
    assert (done.code, "one already: to green at 2096-12-01T02:00 Europe/Amsterdam" in done.err) == (2, True)


def test_where_the_runner_compares_the_data_a_move_is_scheduled_once_there_is_a_login(
    desk: Desk, variables: Mapping[str, str]
) -> None:
    desk.leave_outputs("platform-eu1", {**PLATFORM_OUTPUTS, "runnerCompares": True})
    before = desk.settings("acme").read_text()
    done = desk.tenantnet(SCHEDULE)
    assert (done.code, "no secret tenantnet/acme/verification" in done.err) == (2, True), done
    assert desk.settings("acme").read_text() == before
    secrets = clients.client("secretsmanager", variables)
    secret = secrets.create_secret(Name="tenantnet/acme/verification", SecretString="{}")["ARN"]
    try:
        done = desk.tenantnet(SCHEDULE)
    finally:
        secrets.delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)
    assert (done.code, "secret tenantnet/acme/verification" in done.out) == (0, True), done


def end_by(run: Begun[str], number: int) -> str:
    """What a run says after a signal; it must end with 130."""
    run.send_signal(number)
    said, _ = run.communicate()
    assert (run.returncode, "Traceback" in said) == (130, False), said
    return said


def test_a_move_is_drawn_into_a_file_beside_its_status(desk: Desk, journal: JournalTable) -> None:
    file = desk.folder / "initech.svg"
    entry = Entry(at=datetime.now(UTC), move=1, what=What.BEGAN, phase=Phase.FENCED, who="ada")
    JournalTable.of("eu1", REGION, "initech").write(entry)
    done = desk.tenantnet(f"migrate status initech --json --plot {file}")
    assert json.loads(done.out)["phase"] == "fenced"
    assert "initech: move 1 to green, by replica" in file.read_text()
    nowhere = desk.tenantnet(f"migrate status initech --plot {desk.folder}/none/initech.svg")
    assert (nowhere.code, "name another file with --plot" in nowhere.err) == (1, True), nowhere.err


def test_no_plot_is_drawn_of_a_move_that_has_not_begun(desk: Desk) -> None:
    done = desk.tenantnet("migrate status acme --plot acme.svg")
    assert (done.code, "a plot is drawn of a move that has begun" in done.err) == (2, True), done.err
    assert not (desk.folder / "acme.svg").exists()


def write_fence(journal: JournalTable) -> None:
    """Of a run that has held back writes."""
    stopped = Entry(at=datetime.now(UTC), move=1, what=What.WRITES_STOPPED, phase=Phase.FENCED, who="ada")
    journal.write(stopped)
    journal.write(replace(stopped, what=What.REACHED, at=datetime.now(UTC)))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_stopped_behind_the_fence_says_that_writes_are_held_back(
    desk: Desk, journal: JournalTable, number: int
) -> None:
    of_initech = JournalTable.of("eu1", REGION, "initech")
    write_fence(of_initech)
    with desk.begin("migrate run initech --unverified") as run:
        # There is no database, so the guard waits for one.
        wait_until(of_initech.lease)
        said = end_by(run, number)
    assert "WRITES ARE HELD BACK: blue is read-only." in said
    assert "go on: tenantnet migrate run initech" in said
    assert "go back: tenantnet migrate abort initech" in said
    assert of_initech.lease() is None


def test_a_run_stopped_while_it_waits_for_its_time_has_begun_nothing(desk: Desk) -> None:
    desk.tenantnet(SCHEDULE)
    with desk.begin("migrate run acme --unverified") as run:
        assert run.stdout is not None
        assert "moves acme from blue to green by " in run.stdout.readline()
        assert "waiting until" in run.stdout.readline()
        said = end_by(run, signal.SIGINT)
    assert "acme is in phase steady" in said
    assert "HELD BACK" not in said


def test_a_run_of_a_move_whose_fence_has_not_begun_waits_for_its_time(desk: Desk) -> None:
    file = desk.settings("initech")
    settings = yaml.safe_load(file.read_text())
    asked = {"to": "green", "at": "2096-12-01T02:00", "timezone": "Etc/UTC", "strategy": "replica"}
    settings["config"]["tenantnet:tenant"]["migration"] = asked
    file.write_text(yaml.safe_dump(settings))
    with desk.begin("migrate run initech --unverified") as run:
        assert run.stdout is not None
        assert "goes on with the move of initech" in run.stdout.readline()
        assert run.stdout.readline().startswith("waiting until 2096-12-01 02:00 UTC for: hold back writes")
        said = end_by(run, signal.SIGINT)
    assert "HELD BACK" not in said


def test_a_run_goes_on_without_its_terminal(desk: Desk, journal: JournalTable) -> None:
    other = Holder(run="r", who="bob@elsewhere pid 1", machine="", pid=1, since=datetime.now(UTC))
    journal.take_lease(other, None)
    with desk.begin("migrate run acme --now --unverified") as run:
        assert run.stdout is not None
        assert "moves acme from blue to green by replica\n" in run.stdout.readline()
        assert "bob@elsewhere pid 1 works on the move" in run.stdout.readline()
        run.stdout.close()
        run.send_signal(signal.SIGHUP)
        journal.release_lease(other)
        # It has said something before either.
        wait_until(lambda: {What.BEGAN, What.FAILED} & {entry.what for entry in journal.entries()}, 60)
        run.kill()


def test_a_run_that_fails_behind_the_fence_says_that_writes_are_held_back(
    desk: Desk, journal: JournalTable
) -> None:
    of_initech = JournalTable.of("eu1", REGION, "initech")
    write_fence(of_initech)
    other = Holder(run="r", who="bob@elsewhere pid 1", machine="", pid=1, since=datetime.now(UTC))
    of_initech.take_lease(other, None)
    with desk.begin("migrate run initech --unverified") as run:
        assert run.stdout is not None
        assert "goes on with the move of initech" in run.stdout.readline()
        assert "bob@elsewhere pid 1 works on the move" in run.stdout.readline()
        of_initech.renew_lease(replace(other, renewals=1))
        said = run.stdout.read()
    assert (run.wait(), "WRITES ARE HELD BACK" in said) == (1, True), said


def test_a_time_that_clocks_skip_is_refused(desk: Desk) -> None:
    # Amsterdam's clocks go forward on the last Sunday of March, at 2 in the morning.
    done = desk.tenantnet(SCHEDULE.replace("2096-12-01T02:00", "2027-03-28T02:30"))
    assert (done.code, "migration.at" in done.err) == (2, True), done


def test_a_move_that_has_begun_is_aborted_and_not_cancelled(desk: Desk, journal: JournalTable) -> None:
    desk.tenantnet(SCHEDULE)
    began = Entry(at=datetime.now(UTC), move=1, what=What.BEGAN, phase=Phase.REPLICATING, who="ada")
    journal.write(began)
    done = desk.tenantnet("migrate cancel acme")
    assert (done.code, "tenantnet migrate abort acme" in done.err) == (2, True), done
    assert "In Progress" in desk.tenantnet("migrate status acme").out


def test_without_a_former_production_that_follows_nobody_is_led_back(desk: Desk) -> None:
    done = desk.tenantnet("migrate rollback initech --yes")
    assert done.code == 2, done
    assert "no move is under way that has switched: the tenant is in phase fenced" in done.err
    assert "tenantnet migrate abort" in done.err


def test_a_way_back_says_where_it_leads_and_wants_a_yes_and_a_login(desk: Desk) -> None:
    of_wonka = JournalTable.of("eu1", REGION, "wonka")
    of_wonka.replace_outcome(1, {}, {"decision": {"S": "switch"}, "ledTo": {"S": "green"}})
    assert "clients are led to green" in desk.tenantnet("migrate status wonka").out
    of_wonka.write(Entry(at=datetime.now(UTC), move=1, what=What.REACHED, phase=Phase.FOLLOWING, who="ada"))
    asked = desk.tenantnet("migrate rollback wonka")
    assert (asked.code, "--yes" in asked.err) == (2, True), asked
    done = desk.tenantnet("migrate rollback wonka --yes")
    assert "Clients are led from blue to green. blue waits then, read-only." in done.out
    assert (done.code, "tenantnet migrate login wonka" in done.err) == (2, True), done


def test_once_its_clients_were_led_back_a_move_by_live_is_taken_out_of_the_settings(desk: Desk) -> None:
    assert '"status": "Completed"' in desk.tenantnet("migrate status wonka --json").out
    done = desk.tenantnet("migrate cancel wonka")
    assert done.code == 0, done
    assert "migration" not in desk.settings("wonka").read_text()


def test_status_follows_a_move_until_it_is_stopped(desk: Desk, journal: JournalTable) -> None:
    with desk.begin("migrate status acme --watch --json") as watch:
        assert watch.stdout is not None
        assert json.loads(watch.stdout.readline())["status"] == ""
        journal.write(Entry(at=datetime.now(UTC), move=1, what=What.BEGAN, phase=Phase.FENCED, who="ada"))
        assert json.loads(watch.stdout.readline())["status"] == "In Progress"
        watch.send_signal(signal.SIGINT)
        assert watch.wait() == 0


def return_of(tenant: str) -> dict[str, Any] | None:
    """The schedule that starts the runner again; None where there is none."""
    scheduler = boto3.client("scheduler", region_name=REGION)
    try:
        return dict(scheduler.get_schedule(Name=return_schedule_name("eu1", tenant)))
    except scheduler.exceptions.ResourceNotFoundException:
        return None


def builds_in(journal: JournalTable) -> list[str]:
    topics = (entry.topic for entry in journal.entries())
    return [topic for topic in topics if topic in (Topic.BUILD, Topic.BUILD_ENDED)]


def test_a_run_in_a_build_keeps_a_start_ahead_of_itself_which_its_death_leaves(
    desk: Desk, journal: JournalTable
) -> None:
    of_initech = JournalTable.of("eu1", REGION, "initech")
    with desk.begin("migrate run initech --unverified", **IN_A_BUILD) as run:
        wait_until(of_initech.lease)
        kept = return_of("initech")
        run.kill()
    assert kept is not None
    assert return_of("initech") is not None
    at = datetime.fromisoformat(kept["ScheduleExpression"][3:-1]).replace(tzinfo=UTC)
    assert timedelta(minutes=2) < at - datetime.now(UTC) <= AHEAD
    assert json.loads(kept["Target"]["Input"])["ProjectName"] == RUNNER
    assert builds_in(of_initech) == [Topic.BUILD]
    boto3.client("scheduler", region_name=REGION).delete_schedule(Name=kept["Name"])


def test_a_run_of_a_persons_starts_nothing_by_itself(desk: Desk, journal: JournalTable) -> None:
    of_initech = JournalTable.of("eu1", REGION, "initech")
    with desk.begin("migrate run initech --unverified", CODEBUILD_BUILD_ID="another-project:1") as run:
        wait_until(of_initech.lease)
        run.kill()
    assert (return_of("initech"), builds_in(of_initech)) == (None, [])


def test_a_build_that_comes_back_to_an_aborted_move_begins_no_other_and_leaves_no_start(
    desk: Desk, journal: JournalTable
) -> None:
    of_hal = JournalTable.of("eu1", REGION, "hal")
    of_hal.decide(1, Decision.ABORT, "ada")
    reached = Entry(at=datetime.now(UTC), move=1, what=What.REACHED, phase=Phase.STEADY, who="ada")
    of_hal.write(reached)
    done = desk.tenantnet("migrate run hal --unverified", **IN_A_BUILD)
    assert (done.code, "no move is under way" in done.out) == (0, True), done.err
    assert builds_in(of_hal) == [Topic.BUILD, Topic.BUILD_ENDED]
    assert return_of("hal") is None


@pytest.fixture
def died_four_times(journal: JournalTable) -> JournalTable:
    """The journal of initech, whose first build has died, and those that came back."""
    of_initech = JournalTable.of("eu1", REGION, "initech")
    build = Entry(
        at=datetime.now(UTC), move=1, what=What.SEEN, phase=Phase.FENCED, who="ada", topic=Topic.BUILD
    )
    for number in range(MOST_RETURNS + 1):
        of_initech.write(replace(build, at=build.at + timedelta(milliseconds=number)))
    return of_initech


def test_after_three_returns_the_next_build_takes_the_move_back_and_fails(
    desk: Desk, died_four_times: JournalTable
) -> None:
    done = desk.tenantnet("migrate run initech --unverified", **IN_A_BUILD)
    said = f"it has come back {MOST_RETURNS} times, and each of its builds has died"
    assert (done.code, said in done.err) == (1, True), done
    assert died_four_times.decision(1) is Decision.ABORT
    assert return_of("initech") is None
    # A person who has found the cause may start a build again.
    assert builds_in(died_four_times)[-1] == Topic.BUILD_ENDED


def test_a_build_gives_nothing_up_while_a_person_works_on_the_move(
    desk: Desk, died_four_times: JournalTable
) -> None:
    person = Holder(run="r", who="bob@elsewhere pid 1", machine="", pid=1, since=datetime.now(UTC))
    died_four_times.take_lease(person, None)
    with desk.begin("migrate run initech --unverified", **IN_A_BUILD) as run:
        assert run.stdout is not None
        assert "goes on with the move of initech" in run.stdout.readline()
        assert "bob@elsewhere pid 1 works on the move" in run.stdout.readline()
        died_four_times.renew_lease(replace(person, renewals=1))
        said = run.stdout.read()
    assert (run.wait(), died_four_times.decision(1)) == (1, None), said


# The command itself, with shorter waits: nobody waits for minutes here.
IMPATIENT = """\
from datetime import timedelta
from tenantnet.cli.main import run
from tenantnet.runner.standby import Standby

Standby.__init__.__kwdefaults__.update(ahead=timedelta(seconds=20), renewed_every=timedelta(seconds=1))
run()
"""


@pytest.fixture
def codebuild(desk: Desk, cloud: LocalCloud, tmp_path: Path) -> CodeBuildClient:
    """With the runner's project, whose builds run `migrate run initech` at the desk."""
    make_runner_role(cloud)
    (tmp_path / "impatient.py").write_text(IMPATIENT)
    cloud.take_source(tmp_path)
    backend = desk.variables["PULUMI_BACKEND_URL"]
    move = f"{sys.executable} {tmp_path}/impatient.py migrate run initech --unverified"
    command = f"cd {desk.folder} && HOME={desk.folder} PULUMI_BACKEND_URL={backend} {move}"
    spec = {"version": 0.2, "phases": {"build": {"commands": [command]}}}
    made: CodeBuildClient = boto3.client("codebuild", region_name=REGION)
    made.create_project(
        name=RUNNER,
        source={"type": "NO_SOURCE", "buildspec": json.dumps(spec)},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={"type": "LINUX_CONTAINER", "image": "any", "computeType": "BUILD_GENERAL1_SMALL"},
        serviceRole="arn:aws:iam::123456789012:role/runner",
    )
    return made


@pytest.mark.long
def test_builds_that_die_however_come_back_three_times_and_then_the_move_is_taken_back(
    codebuild: CodeBuildClient, journal: JournalTable
) -> None:
    of_initech = JournalTable.of("eu1", REGION, "initech")
    seen: set[str] = set()

    def builds() -> list[Any]:
        ids = codebuild.list_builds_for_project(projectName=RUNNER)["ids"]
        return sorted(codebuild.batch_get_builds(ids=ids)["builds"], key=lambda build: build["startTime"])

    def at_work() -> Holder | None:
        holder = of_initech.lease()
        return holder if holder and holder.run not in seen else None

    codebuild.start_build(projectName=RUNNER)
    for number in range(MOST_RETURNS + 1):
        wait_until(at_work, 120)
        holder = at_work()
        assert holder is not None
        seen.add(holder.run)
        if number % 2:
            os.kill(holder.pid, signal.SIGKILL)
        else:
            codebuild.stop_build(id=builds()[-1]["id"])
    wait_until(lambda: len(builds()) == MOST_RETURNS + 2 and builds()[-1]["buildComplete"], 180)
    statuses = [build["buildStatus"] for build in builds()]
    assert statuses == ["STOPPED", "FAILED", "STOPPED", "FAILED", "FAILED"]
    assert of_initech.decision(1) is Decision.ABORT
    assert return_of("initech") is None
