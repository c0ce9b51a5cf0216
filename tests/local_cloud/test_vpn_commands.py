"""`tenantnet vpn` as people run it: its own process, a stack of the real engine, the local cloud's EC2."""

from __future__ import annotations

import json
import random
import signal
import stat
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from mypy_boto3_ec2 import EC2Client
from tenantnet.failure import Failure
from tenantnet.local_cloud.ec2.vpn_tunnels import ENCRYPTION, INTEGRITY, PERMITTED
from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.vpn.guides import generic_guide, strongswan_guide
from tenantnet.vpn.reader import VpnReader

from tests.local_cloud.test_status_observe import make_network, tags
from tests.support.desk import TENANTNET, Desk, Done
from tests.support.network import Network, VpnSite
from tests.support.small_settings import PROJECT
from tests.support.vpn_reading import expected_swanctl, guide_figures, swanctl_figures, xml_figures

REGION = "eu-west-1"
SEATTLE = {
    "companyCidr": "192.168.4.0/24",
    "companyGatewayIp": "198.51.100.7",
    "description": "Seattle office",
}
UTRECHT = {"companyCidr": "192.168.8.0/24", "companyGatewayIp": "198.51.100.9", "description": "Utrecht"}
STRONG: dict[str, Any] = {
    "IKEVersions": [{"Value": "ikev2"}],
    **{
        f"Phase{phase}{option}": [{"Value": value} for value in values]
        for phase in (1, 2)
        for option, values in {
            "EncryptionAlgorithms": ("AES256", "AES256-GCM-16"),
            "IntegrityAlgorithms": ("SHA2-256", "SHA2-384", "SHA2-512"),
            "DHGroupNumbers": range(14, 22),
        }.items()
    },
}
OPTIONS: Any = {"StaticRoutesOnly": True, "TunnelOptions": [STRONG, STRONG]}

IN_BLUE: dict[str, Any] = {
    "tenant": "acme",
    "slot": "blue",
    "network_cidr": "10.1.2.0/26",
    "endpoint": "acme.db.example.com",
    "is_production": True,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """acme with a VPN connection to Seattle that is ready, and one to Utrecht in the settings alone."""

    desk: Desk
    cloud: LocalCloud
    ec2: EC2Client
    connection_id: str

    def xml(self) -> str:
        (found,) = self.ec2.describe_vpn_connections(VpnConnectionIds=[self.connection_id])["VpnConnections"]
        return found["CustomerGatewayConfiguration"]

    def pre_shared_keys(self) -> list[str]:
        return [figures["key"] for figures in xml_figures(self.xml())]

    def download(self, *arguments: str, output: Path, name: str = "Seattle office") -> Done:
        return self.desk.tenantnet(["vpn", "download", "acme", name, *arguments, "--output", str(output)])


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with LocalCloud(tmp_path_factory.mktemp("cloud")) as cloud, pytest.MonkeyPatch.context() as patch:
        variables = environment(cloud.state_dir)
        for name, value in variables.items():
            patch.setenv(name, value)
        patch.setattr(boto3, "DEFAULT_SESSION", None)
        ec2 = boto3.client("ec2", region_name=REGION)
        connection_id = make_connection(ec2, make_network(ec2, "acme", "blue", "10.1.2.0/26"))
        desk = make_desk(tmp_path_factory.mktemp("desk") / "clone", variables, connection_id)
        yield Office(desk=desk, cloud=cloud, ec2=ec2, connection_id=connection_id)


def make_connection(
    ec2: EC2Client,
    vpc: str,
    tenant: str = "acme",
    slot: str = "blue",
    company: Mapping[str, str] = SEATTLE,
) -> str:
    """As the tenant's stack makes it; its id, once it is ready."""
    gateway = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    ec2.attach_vpn_gateway(VpcId=vpc, VpnGatewayId=gateway)
    customer = ec2.create_customer_gateway(
        Type="ipsec.1",
        BgpAsn=65000,
        IpAddress=company["companyGatewayIp"],
        TagSpecifications=tags("customer-gateway", tenant, slot),
    )["CustomerGateway"]["CustomerGatewayId"]
    connection_id = ec2.create_vpn_connection(
        Type="ipsec.1",
        CustomerGatewayId=customer,
        VpnGatewayId=gateway,
        Options=OPTIONS,
        TagSpecifications=tags("vpn-connection", tenant, slot, description=company["description"]),
    )["VpnConnection"]["VpnConnectionId"]
    ec2.create_vpn_connection_route(
        VpnConnectionId=connection_id, DestinationCidrBlock=company["companyCidr"]
    )
    ec2.get_waiter("vpn_connection_available").wait(
        VpnConnectionIds=[connection_id], WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    return connection_id


def make_desk(folder: Path, variables: Mapping[str, str], connection_id: str) -> Desk:
    (folder / "tenants").mkdir(parents=True)
    (folder / "state").mkdir()
    (folder / "Pulumi.yaml").write_text(PROJECT)
    desk = Desk(folder, variables)
    platform = {"aws:region": REGION, "tenantnet:platform": {"zone": {"name": "db.example.com"}}}
    desk.add_stack("platform-eu1", platform)
    network = {
        "cidr": "10.1.2.0/26",
        "vpcId": "vpc-1",
        "pingHost": "10.1.2.42",
        "pingHostId": "i-1",
        "vpnConnections": [{**SEATTLE, "id": connection_id}],
    }
    tenant = {
        "platform": "platform-eu1",
        "sessionSubnet": "172.17.5.0/24",
        "database": {"username": "acmeadmin"},
        "networks": {"blue": {"cidr": "10.1.2.0/26", "vpnConnections": [SEATTLE, UTRECHT]}},
    }
    outputs = {"cell": "eu1", "region": REGION, "phase": "steady", "networks": {"blue": network}}
    desk.add_stack("acme", {"aws:region": REGION, "tenantnet:tenant": tenant}, outputs)
    return desk


def private(folder: Path) -> bool:
    """Whether the directory and everything in it are its owner's alone."""
    return stat.S_IMODE(folder.stat().st_mode) == 0o700 and all(
        stat.S_IMODE(path.stat().st_mode) == 0o600 for path in folder.iterdir()
    )


def test_list_shows_what_aws_has_beside_what_the_settings_alone_have(office: Office) -> None:
    done = office.desk.tenantnet("vpn list acme --json")
    seattle, utrecht = json.loads(done.out)["vpnConnections"]
    assert seattle == {
        "network": "blue",
        **SEATTLE,
        "status": "Ready",
        "id": office.connection_id,
        "tunnelsUp": 0,
        "pending": None,
    }
    assert (utrecht["description"], utrecht["id"], utrecht["pending"]) == ("Utrecht", None, "create")
    assert "to be created" in office.desk.tenantnet("vpn list acme").out


def test_status_shows_states_messages_and_pending_maintenance(office: Office) -> None:
    due = datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)
    office.cloud.report_tunnel(office.connection_id, 1, "UP", "")
    office.cloud.report_tunnel(office.connection_id, 2, "DOWN", "IPSEC IS DOWN")
    office.cloud.make_maintenance_due(office.connection_id, 2, due)
    (connection,) = json.loads(office.desk.tenantnet("vpn status acme --json").out)["vpnConnections"]
    first, second = connection["tunnels"]
    assert (first["state"], first["maintenance"]["pending"]) == ("UP", "None")
    assert (second["state"], second["message"]) == ("DOWN", "IPSEC IS DOWN")
    assert second["maintenance"]["autoAppliedAfter"] == "2027-01-02T03:04:05Z"
    shown = office.desk.tenantnet("vpn status acme").out
    carries = "tunnel 2 is DOWN, and tunnel 1 carries everything"
    for words in (
        "Seattle office, 192.168.4.0/24",
        "IPSEC IS DOWN",
        "by itself after 2027-01-02 03:04:05",
        carries,
    ):
        assert words in shown


def test_watch_prints_every_change_as_it_is_seen_and_ends_with_ctrl_c(office: Office) -> None:
    office.cloud.report_tunnel(office.connection_id, 1, "DOWN")
    watching = subprocess.Popen(
        [TENANTNET, "vpn", "status", "acme", "--watch", "--json"],
        cwd=office.desk.folder,
        env=office.desk.variables,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert watching.stdout is not None
        before = json.loads(watching.stdout.readline())
        office.cloud.report_tunnel(office.connection_id, 1, "UP")
        after = json.loads(watching.stdout.readline())
        watching.send_signal(signal.SIGINT)
        assert watching.wait(timeout=30) == 0
    finally:
        watching.kill()
    states = [found["vpnConnections"][0]["tunnels"][0]["state"] for found in (before, after)]
    assert states == ["DOWN", "UP"]


def test_the_generic_guide_is_the_connection_as_ec2_describes_it(office: Office, tmp_path: Path) -> None:
    done = office.download(output=tmp_path / "out")
    assert done.code == 0, done.err
    assert guide_figures((tmp_path / "out" / "guide.md").read_text()) == xml_figures(office.xml())
    assert private(tmp_path / "out")


def test_the_files_for_strongswan_are_the_connection_as_ec2_describes_it(
    office: Office, tmp_path: Path
) -> None:
    done = office.download("--format", "strongswan", output=tmp_path / "out")
    assert done.code == 0, done.err
    expected = [expected_swanctl(figures) for figures in xml_figures(office.xml())]
    assert swanctl_figures((tmp_path / "out" / "swanctl.conf").read_text()) == expected
    assert private(tmp_path / "out")


@pytest.mark.parametrize("name", ["192.168.4.0/24", "id"])
def test_a_connection_goes_by_its_company_cidr_and_its_id_too(
    office: Office, tmp_path: Path, name: str
) -> None:
    done = office.download(output=tmp_path / "out", name=office.connection_id if name == "id" else name)
    assert done.code == 0, done.err


@pytest.mark.parametrize("guide_format", ["generic", "strongswan", "cisco-systems-inc-csrv-ami-ios-12.4"])
def test_no_key_is_ever_printed(office: Office, tmp_path: Path, guide_format: str) -> None:
    done = office.download("--format", guide_format, output=tmp_path / "out")
    written = "".join(path.read_text() for path in (tmp_path / "out").iterdir())
    for key in office.pre_shared_keys():
        assert key in written
        assert key not in done.out + done.err


def test_every_device_type_of_ec2_is_listed_and_downloads_by_name_and_id(
    office: Office, tmp_path: Path
) -> None:
    listed = json.loads(office.desk.tenantnet("vpn devices acme --json").out)["deviceTypes"]
    offered = office.ec2.get_vpn_connection_device_types()["VpnConnectionDeviceTypes"]
    assert {each["id"] for each in listed} == {each["VpnConnectionDeviceTypeId"] for each in offered}
    for device in listed:
        for word in (device["name"], device["id"]):
            done = office.download("--format", word, output=tmp_path / word / "out")
            assert (done.code, done.err) == (0, ""), "the recommended sample fits our tunnels"
            readme, file = sorted((tmp_path / word / "out").glob("[!.]*"), key=lambda each: each.suffix)
            assert (readme.name, file.name) == ("README.md", f"{device['name']}.txt")
            assert all(key in file.read_text() for key in office.pre_shared_keys())


def test_a_sample_that_is_weaker_than_the_tunnels_demand_comes_with_a_warning(
    office: Office, tmp_path: Path
) -> None:
    device = ["--format", "cisco-systems-inc-isr-series-routers-ios-12.4"]
    done = office.download(*device, "--sample", "compatibility", output=tmp_path / "out")
    assert done.code == 0
    for what in ("AES-128", "SHA-1", "Diffie-Hellman group 2"):
        assert what in done.err
        assert what in (tmp_path / "out" / "WARNING.md").read_text()
    again = office.download(*device, "--force", output=tmp_path / "out")
    assert (again.code, again.err) == (0, "")
    assert not (tmp_path / "out" / "WARNING.md").exists()


def test_an_unknown_format_is_refused_with_the_nearest_and_nothing_is_written(
    office: Office, tmp_path: Path
) -> None:
    done = office.download("--format", "cisco", output=tmp_path / "out")
    assert done.code == 2
    assert "did you mean cisco-systems-inc-" in done.err
    assert "tenantnet vpn devices acme" in done.err
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten_without_force(office: Office, tmp_path: Path) -> None:
    office.download(output=tmp_path / "out")
    (tmp_path / "out" / "guide.md").write_text("mine\n")
    refused = office.download(output=tmp_path / "out")
    assert (refused.code, "--force" in refused.err) == (2, True)
    assert (tmp_path / "out" / "guide.md").read_text() == "mine\n"
    assert office.download("--force", output=tmp_path / "out").code == 0
    assert (tmp_path / "out" / "guide.md").read_text() != "mine\n"


def test_a_connection_that_only_the_settings_have_gets_its_guide_by_an_update(
    office: Office, tmp_path: Path
) -> None:
    done = office.download(output=tmp_path / "out", name="Utrecht")
    assert (done.code, "create it: tenantnet up acme" in done.err) == (2, True)


def test_an_unknown_tenant_is_refused_with_the_nearest(office: Office) -> None:
    done = office.desk.tenantnet("vpn list acne")
    assert (done.code, "did you mean acme?" in done.err) == (2, True)


def test_where_aws_does_not_answer_nothing_is_written(office: Office, tmp_path: Path) -> None:
    done = office.desk.tenantnet(
        ["vpn", "download", "acme", "Seattle office", "--output", str(tmp_path / "out")],
        AWS_ENDPOINT_URL="http://127.0.0.1:9",
    )
    assert (done.code, "AWS did not answer" in done.err) == (1, True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("seed", range(10))
def test_every_figure_of_both_guides_of_a_random_connection_is_the_xmls(office: Office, seed: int) -> None:
    options = [random_options(random.Random(f"{seed}-{number}")) for number in (1, 2)]  # noqa: S311 - no secret
    network = Network.create(office.ec2)
    site = VpnSite.create(office.ec2, network.vpn_gateway_id, TunnelOptions=options)
    connection = VpnReader(REGION).connection(site.connection_id, **IN_BLUE)
    figures = xml_figures(site.described(office.ec2)["CustomerGatewayConfiguration"])
    assert guide_figures(generic_guide(connection)["guide.md"]) == figures
    swanctl = swanctl_figures(strongswan_guide(connection)["swanctl.conf"])
    assert swanctl == [expected_swanctl(each) for each in figures]


def test_keys_that_secrets_manager_has_are_no_keys_of_a_guide(office: Office) -> None:
    """EC2 writes REDACTED in their place, which has the form of a key."""
    site = VpnSite.create(office.ec2, Network.create(office.ec2).vpn_gateway_id)
    described = site.described(office.ec2)
    office.ec2.modify_vpn_tunnel_options(
        VpnConnectionId=site.connection_id,
        VpnTunnelOutsideIpAddress=described["Options"]["TunnelOptions"][0]["OutsideIpAddress"],
        TunnelOptions={"DPDTimeoutSeconds": 31},
        PreSharedKeyStorage="SecretsManager",
    )
    with pytest.raises(Failure, match="pre-shared keys") as failure:
        VpnReader(REGION).connection(site.connection_id, **IN_BLUE)
    assert site.described(office.ec2)["PreSharedKeyArn"] in failure.value.reason


def random_options(chance: random.Random) -> dict[str, Any]:
    def some(values: Sequence[Any]) -> list[dict[str, Any]]:
        return [{"Value": value} for value in chance.sample(values, chance.randint(1, len(values)))]

    return {
        **{f"Phase{phase}EncryptionAlgorithms": some(ENCRYPTION) for phase in (1, 2)},
        **{f"Phase{phase}IntegrityAlgorithms": some(INTEGRITY) for phase in (1, 2)},
        **{f"Phase{phase}DHGroupNumbers": some(PERMITTED[f"Phase{phase}DHGroupNumbers"]) for phase in (1, 2)},
        "Phase1LifetimeSeconds": chance.randint(3_601, 28_800),
        "Phase2LifetimeSeconds": chance.randint(900, 3_600),
        "DPDTimeoutSeconds": chance.randint(30, 120),
        "PreSharedKey": "K" + "".join(chance.choices("abcXYZ019._", k=chance.randint(7, 63))),
    }
