"""Commands as people run them: their own process, the real engine's stacks, the local cloud's AWS."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from tenantnet.addresses.claims import Claim, ClaimKind
from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.process import LocalCloud

from tests.local_cloud.test_status_observe import make_database, make_network, make_vpn_connection
from tests.support.aws import delete_table
from tests.support.claims import WritableClaims
from tests.support.desk import Desk
from tests.support.small_settings import PROJECT

REGION = "eu-west-1"
PLATFORM = {"aws:region": REGION, "tenantnet:platform": {"zone": {"name": "db.example.com"}}}


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """The environment of a local cloud of this module's own; boto3 here uses it too."""
    with LocalCloud(tmp_path_factory.mktemp("cloud")) as cloud, pytest.MonkeyPatch.context() as patch:
        variables = environment(cloud.state_dir)
        for name, value in variables.items():
            patch.setenv(name, value)
        patch.setattr(boto3, "DEFAULT_SESSION", None)
        yield variables


@pytest.fixture(scope="module")
def prepared(variables: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone with the platform, acme as a finished update leaves it, and fresh, which was never updated."""
    folder = tmp_path_factory.mktemp("prepared") / "clone"
    (folder / "tenants").mkdir(parents=True)
    (folder / "state").mkdir()
    (folder / "Pulumi.yaml").write_text(PROJECT)
    desk = Desk(folder, variables)
    desk.add_stack("platform-eu1", PLATFORM)
    desk.add_stack("acme", tenant("172.17.5.0/24", "10.1.2.0/26"), make_acme())
    desk.add_stack("fresh", tenant("172.17.6.0/24", "10.1.3.0/26"))
    return folder


def tenant(session_subnet: str, cidr: str) -> dict[str, Any]:
    return {
        "aws:region": REGION,
        "tenantnet:tenant": {
            "platform": "platform-eu1",
            "sessionSubnet": session_subnet,
            "database": {"username": "acmeadmin"},
            "networks": {"blue": {"cidr": cidr}},
        },
    }


def make_acme() -> dict[str, Any]:
    """Make network, database and VPN connection at AWS; the outputs that the stack would have."""
    ec2 = boto3.client("ec2", region_name=REGION)
    vpc = make_network(ec2, "acme", "blue", "10.1.2.0/26")
    connection = {
        "companyCidr": "192.168.4.0/24",
        "companyGatewayIp": "198.51.100.7",
        "description": "Seattle office",
        "id": make_vpn_connection(ec2, "acme", "blue", vpc),
    }
    make_database("acme-blue")
    network = {
        "cidr": "10.1.2.0/26",
        "vpcId": vpc,
        "pingHost": "10.1.2.42",
        "pingHostId": "i-1",
        "vpnConnections": [connection],
    }
    return {
        "cell": "eu1",
        "region": REGION,
        "platform": "platform-eu1",
        "phase": "steady",
        "production": "blue",
        "endpoint": "acme.db.example.com",
        "networks": {"blue": network},
        "database": {"identifier": "acme-blue", "address": "acme-blue.rds", "port": 3306},
    }


@pytest.fixture
def table(variables: Mapping[str, str]) -> Iterator[WritableClaims]:
    """The cell's claims table, empty."""
    dynamodb = boto3.client("dynamodb", region_name=REGION)
    table = WritableClaims(dynamodb, "eu1")
    dynamodb.create_table(
        TableName=table.name,
        KeySchema=[{"AttributeName": "cidr", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "cidr", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    yield table
    delete_table(dynamodb, table.name)


@pytest.fixture
def desk(prepared: Path, variables: Mapping[str, str], tmp_path: Path) -> Desk:
    """A clone of this test's own, with its own state of the stacks."""
    folder = tmp_path / "clone"
    shutil.copytree(prepared, folder)
    return Desk(folder, variables)


def claim(cidr: str, stack: str, slot: str = "blue") -> Claim:
    kind = ClaimKind.NETWORK if slot else ClaimKind.SESSION_SUBNET
    return Claim(cidr=cidr, tenant=stack, stack=stack, kind=kind, slot=slot)


def test_status_shows_networks_database_and_vpn_connections_of_a_deployed_tenant(desk: Desk) -> None:
    done = desk.tenantnet("status acme")
    assert done.code == 0, done.err
    for word in (
        "acme.db.example.com",
        "Production",
        "Ready",
        "10.1.2.42 running",
        "Ready To Use",
        "Seattle office",
    ):
        assert word in done.out


def test_status_in_json_is_one_document_with_both_tunnels_once_the_connection_is_ready(
    desk: Desk,
) -> None:
    boto3.client("ec2", region_name=REGION).get_waiter("vpn_connection_available").wait(
        WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    done = desk.tenantnet("status acme --json")
    (network,) = json.loads(done.out)["networks"]
    (connection,) = network["vpnConnections"]
    assert connection["status"] == "Ready"
    assert {tunnel["state"] for tunnel in connection["tunnels"]} <= {"UP", "DOWN"}
    assert len(connection["tunnels"]) == 2


def test_status_of_a_stack_that_was_never_updated_says_that_nothing_is_there(desk: Desk) -> None:
    done = desk.tenantnet("status fresh")
    assert (done.code, "There is no network yet" in done.out) == (0, True)


def test_status_of_an_unknown_tenant_names_the_nearest_and_is_the_users_mistake(desk: Desk) -> None:
    done = desk.tenantnet("status akme")
    assert (done.code, "did you mean acme?" in done.err) == (2, True)


def test_status_of_a_platform_is_refused(desk: Desk) -> None:
    done = desk.tenantnet("status platform-eu1")
    assert (done.code, "the tenants are acme, fresh" in done.err) == (2, True)


def test_without_an_engine_it_is_said_what_to_run(desk: Desk) -> None:
    # Where there is no state, the engine is asked whose stacks there are.
    done = desk.tenantnet("status akme", PATH="/nowhere")
    assert (done.code, "scripts/setup" in done.err) == (1, True)


def test_where_aws_does_not_answer_nothing_is_said_about_the_resources(desk: Desk) -> None:
    done = desk.tenantnet("status acme", AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert done.code == 1
    assert done.out == ""
    assert "AWS did not answer" in done.err
    assert "tenantnet local start" in done.err


def test_without_credentials_it_is_said_how_to_get_some(desk: Desk) -> None:
    done = desk.tenantnet("status acme", AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None)
    assert (done.code, "no usable AWS credentials" in done.err) == (1, True)


def test_where_the_state_is_gone_with_its_cloud_it_is_said_so(desk: Desk, tmp_path: Path) -> None:
    done = desk.tenantnet("status acme", PULUMI_BACKEND_URL=f"file://{tmp_path}/gone")
    assert (done.code, "tenantnet local start" in done.err) == (1, True)


def test_without_a_backend_it_is_said_in_pulumis_own_words(desk: Desk) -> None:
    done = desk.tenantnet("status acme", PULUMI_BACKEND_URL=None)
    assert (done.code, "PULUMI_ACCESS_TOKEN must be set" in done.err) == (1, True)


def test_a_range_that_the_table_gives_to_another_is_refused_by_its_name(
    desk: Desk, table: WritableClaims
) -> None:
    table.claim(claim("10.9.9.0/26", "beta", "green"))
    before = desk.settings("acme").read_bytes()
    done = desk.tenantnet("network add acme --cidr 10.9.9.0/26")
    assert (done.code, "tenant beta holds it for its network green" in done.err) == (2, True)
    assert desk.settings("acme").read_bytes() == before


def test_a_session_subnet_is_chosen_beside_those_of_the_table(desk: Desk, table: WritableClaims) -> None:
    # All but one are taken, so a choice that overlooked the table could hardly hit the free one.
    for third in set(range(256)) - {77}:
        table.claim(claim(f"172.17.{third}.0/24", f"t{third % 50}", ""))
    done = desk.tenantnet("tenant add beta --platform platform-eu1 --username betaadmin")
    assert (done.code, "session subnet 172.17.77.0/24" in done.out) == (0, True), done.err


def test_where_the_table_cannot_be_read_a_range_is_neither_chosen_nor_written(desk: Desk) -> None:
    before = desk.settings("acme").read_bytes()
    done = desk.tenantnet("network add acme")
    assert (done.code, "tenantnet up platform-eu1" in done.err) == (1, True)
    assert desk.settings("acme").read_bytes() == before
    assert desk.tenantnet("network add acme --offline").code == 0


@pytest.mark.usefixtures("table")
def test_a_second_network_of_a_tenant_that_is_not_deployed_is_refused_as_its_update_would_be(
    desk: Desk,
) -> None:
    done = desk.tenantnet("network add fresh")
    assert (done.code, "a new tenant starts with one network" in done.err) == (2, True)


@pytest.mark.usefixtures("table")
def test_a_test_network_is_added_and_deleted_and_the_file_is_as_before(desk: Desk) -> None:
    before = desk.settings("acme").read_bytes()
    assert desk.tenantnet("network add acme --auto").code == 0
    assert desk.settings("acme").read_bytes() != before
    assert desk.tenantnet("network delete acme green").code == 0
    assert desk.settings("acme").read_bytes() == before


@pytest.mark.usefixtures("table")
def test_the_production_network_is_not_deleted(desk: Desk) -> None:
    assert desk.tenantnet("network add acme").code == 0
    both = desk.settings("acme").read_bytes()
    done = desk.tenantnet("network delete acme blue")
    assert (done.code, "the network in production cannot be deleted" in done.err) == (2, True)
    assert desk.settings("acme").read_bytes() == both


@pytest.mark.usefixtures("table")
def test_a_network_that_was_retired_is_what_makes_room_for_a_new_one(desk: Desk) -> None:
    assert desk.tenantnet("network add acme").code == 0
    both = desk.settings("acme").read_bytes()
    cidr = re.findall(rb"cidr: ([0-9./]+)", both)
    networks = {"green": {"cidr": cidr[1].decode(), "vpcId": "vpc-1"}}
    retired = {"slot": "blue", "cidr": cidr[0].decode()}
    state = {"phase": "steady", "production": "green", "move": 1, "networks": networks, "retired": retired}
    desk.leave_outputs("acme", state)
    refused = desk.tenantnet("network add acme --auto")
    assert (refused.code, "tenantnet network delete acme blue" in refused.err) == (2, True), refused.err
    done = desk.tenantnet("network delete acme blue")
    assert (done.code, "nothing is left of it in AWS" in done.out) == (0, True), done
    assert desk.tenantnet("network add acme --auto").code == 0


def test_an_audit_of_claims_in_use_finds_none_in_doubt(desk: Desk, table: WritableClaims) -> None:
    table.claim(claim("10.1.2.0/26", "acme"))
    table.claim(claim("172.17.5.0/24", "acme", ""))
    found = audit(desk)
    assert found["table"] == "tenantnet-eu1-claims"
    assert (found["claims"], found["doubtful"], found["foreign"]) == (2, [], [])


def audit(desk: Desk) -> dict[str, Any]:
    done = desk.tenantnet("claims audit platform-eu1 --json")
    assert done.code == 0, done.err
    return dict(json.loads(done.out))


@pytest.mark.usefixtures("table")
def test_an_audit_lists_deployed_ranges_without_a_row_and_settings_that_nobody_deployed(desk: Desk) -> None:
    missing = {(each["stack"], each["cidr"]): each["finding"] for each in audit(desk)["missing"]}
    assert missing == {
        ("acme", "10.1.2.0/26"): "row gone",
        ("acme", "172.17.5.0/24"): "not deployed",
        ("fresh", "10.1.3.0/26"): "not deployed",
        ("fresh", "172.17.6.0/24"): "not deployed",
    }
    said = desk.tenantnet("claims audit platform-eu1").out
    assert "0 claims, 0 of them doubtful, 1 missing" in said
    assert "tenantnet up acme" in said


def test_a_row_of_somebody_else_is_named_by_audit_and_by_who_wants_its_range(
    desk: Desk, table: WritableClaims
) -> None:
    rows = [
        {"cidr": {"S": "10.9.9.0/26"}, "owner": {"S": "mallory\x1b[2J"}},
        {"cidr": {"S": "172.17.8.0/24"}, "tenant": {"N": "1"}, "stack": {"S": "t"}, "kind": {"S": "network"}},
        {"cidr": {"S": "no range\x07"}},
        claim("10.9.8.0/26", "beta\x1b[2J").item(),
    ]
    for row in rows:
        boto3.client("dynamodb", region_name=REGION).put_item(TableName=table.name, Item=row)
    table.claim(claim("10.7.7.0/26", "gone", "green"))
    found = audit(desk)
    assert {each["cidr"] for each in found["foreign"]} == {row["cidr"]["S"] for row in rows}
    assert [each["cidr"] for each in found["doubtful"]] == ["10.7.7.0/26"]
    done = desk.tenantnet("claims audit platform-eu1")
    assert "mallory" in done.out
    assert not {"\x1b", "\x07"} & {*done.out}
    done = desk.tenantnet("network add acme --cidr 10.9.9.0/26")
    assert (done.code, "mallory" in done.err, "\x1b" in done.err) == (2, True, False)
    assert desk.tenantnet("network add acme --auto").code == 0


SHARED = {"cell": "eu2", "region": REGION, "claimsTable": "tenantnet-eu1-claims"}


def test_cells_that_share_a_table_have_no_range_twice(desk: Desk, table: WritableClaims) -> None:
    table.claim(claim("10.9.9.0/26", "beta", "green"))
    desk.add_stack("platform-eu2", PLATFORM, SHARED)
    add = "tenant add dora --platform platform-eu2 --username dora --cidr"
    for taken, holder in (("10.9.9.0/26", "beta"), ("10.1.2.0/26", "acme")):
        done = desk.tenantnet(f"{add} {taken}")
        assert (done.code, f"tenant {holder} holds it" in done.err) == (2, True), done.err
    assert desk.tenantnet(f"{add} 10.9.10.0/26").code == 0


def test_an_audit_covers_the_tenants_of_every_cell_that_uses_the_table(
    desk: Desk, table: WritableClaims
) -> None:
    settings = tenant("172.17.9.0/24", "10.1.9.0/26")
    settings["tenantnet:tenant"]["platform"] = "platform-eu2"
    networks = {
        "blue": {"cidr": "10.1.9.0/26", "vpcId": "vpc-1", "pingHost": "10.1.9.42", "pingHostId": "i-1"}
    }
    outputs = {"platform": "platform-eu2", "sessionSubnet": "172.17.9.0/24", "networks": networks}
    desk.add_stack("platform-eu2", PLATFORM, SHARED)
    desk.add_stack("dora", settings, outputs)
    table.claim(replace(claim("10.1.9.0/26", "dora"), cell="eu2"))
    found = audit(desk)
    assert found["doubtful"] == []
    missing = {each["cidr"]: each["finding"] for each in found["missing"] if each["stack"] == "dora"}
    assert missing == {"172.17.9.0/24": "row gone"}


def test_an_audit_lists_claims_of_stacks_that_are_gone_and_their_release(
    desk: Desk, table: WritableClaims
) -> None:
    table.claim(claim("10.7.7.0/26", "gone", "green"))
    done = desk.tenantnet("claims audit platform-eu1")
    assert done.code == 0
    assert "stack gone" in done.out
    assert """--key '{"cidr": {"S": "10.7.7.0/26"}}'""" in done.out


def test_an_audit_lists_claims_that_no_settings_file_leads_to(desk: Desk, table: WritableClaims) -> None:
    table.claim(claim("10.7.7.0/26", "acme", "green"))
    done = desk.tenantnet("claims audit platform-eu1 --json")
    assert json.loads(done.out)["doubtful"] == [
        {
            "cidr": "10.7.7.0/26",
            "kind": "network",
            "tenant": "acme",
            "slot": "green",
            "stack": "acme",
            "finding": "not in the settings",
        }
    ]


@pytest.mark.usefixtures("table")
def test_an_audit_in_another_backend_is_refused_instead_of_finding_every_claim_forsaken(
    desk: Desk, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    done = desk.tenantnet("claims audit platform-eu1", PULUMI_BACKEND_URL=f"file://{tmp_path}/other")
    assert (done.code, "no platform platform-eu1" in done.err) == (2, True)
