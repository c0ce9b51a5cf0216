"""The server: many callers at once, calls it does not know, and what its log keeps to itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from time import monotonic
from typing import Any

from botocore.credentials import Credentials
from mypy_boto3_ec2 import EC2Client
from mypy_boto3_rds import RDSClient
from tenantnet.local_cloud.process import LocalCloud, request

from tests.local_cloud.conftest import Refusal
from tests.support.aws import send, send_as_it_is, signed
from tests.support.databases import Database
from tests.support.network import Network, VpnSite

KEY = "Sehr.geheimer_Schluessel.1"
PASSWORD = "Sehr-geheimes-Passwort-1"


def test_the_log_keeps_passwords_and_keys_to_itself(
    cloud: LocalCloud, ec2: EC2Client, rds: RDSClient, network: Network, name: str
) -> None:
    site = VpnSite.create(ec2, network.vpn_gateway_id, TunnelOptions=[{"PreSharedKey": KEY}])
    database = Database.create(rds, name, network, MasterUserPassword=PASSWORD)
    database.modify(MasterUserPassword=f"{PASSWORD}-new")
    secrets = {tunnel["PreSharedKey"] for tunnel in site.tunnels(ec2)} | {PASSWORD}
    log = cloud.state.log.read_text()
    assert "rds CreateDBInstance 200" in log
    assert not {secret for secret in secrets if secret in log}


def test_refused_secrets_are_neither_logged_nor_repeated(
    cloud: LocalCloud, ec2: EC2Client, network: Network, refusal: Refusal
) -> None:
    wrong = "0-a-key-that-ec2-refuses"
    refusal(
        VpnSite.create,
        ec2=ec2,
        vpn_gateway_id=network.vpn_gateway_id,
        TunnelOptions=[{"PreSharedKey": wrong}],
    )
    assert wrong not in cloud.state.log.read_text()


def test_a_call_that_breaks_the_cloud_is_logged_without_its_parameters(
    cloud: LocalCloud, client: Callable[..., Any], refusal: Refusal
) -> None:
    secret = f"{PASSWORD}-that-breaks"
    # A cluster that is not there: moto does not look.
    change = {"DBClusterIdentifier": "none-such", "MasterUserPassword": secret}
    assert refusal(client("rds").modify_db_cluster, **change) == "InternalFailure"
    log = cloud.state.log.read_text()
    assert "rds ModifyDBCluster broke with KeyError" in log
    assert "modify_db_cluster" in log, "the frames say where"
    assert secret not in log


def test_a_request_in_the_address_is_not_logged_with_its_parameters(cloud: LocalCloud) -> None:
    send(cloud, "GET", f"/?Action=CreateDBInstance&MasterUserPassword={PASSWORD}-in-the-address")
    assert f"{PASSWORD}-in-the-address" not in cloud.state.log.read_text()


def test_an_unknown_call_fails_at_once_in_every_protocol(
    client: Callable[[str], Any], refusal: Refusal
) -> None:
    began = monotonic()
    for service, call in (
        ("ec2", "describe_ipam_pools"),
        ("rds", "describe_certificates"),
        ("ssm", "describe_instance_patch_states_for_patch_group"),
    ):
        operation = getattr(client(service), call)
        parameters = {"PatchGroup": "none"} if service == "ssm" else {}
        assert refusal(operation, **parameters) == "NotImplemented", f"{service} {call}"
    assert monotonic() - began < 10, "an SDK tries server errors again and again"


def test_many_callers_get_connections_of_their_own(ec2: EC2Client) -> None:
    # A gateway has 10 at most.
    made = [ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"] for _ in range(6)]
    gateways = [gateway["VpnGatewayId"] for gateway in made]
    with ThreadPoolExecutor(16) as pool:
        sites = list(pool.map(lambda number: VpnSite.create(ec2, gateways[number % 6]), range(48)))
    tunnels = [(number % 6, tunnel) for number, site in enumerate(sites) for tunnel in site.tunnels(ec2)]
    for what in ("OutsideIpAddress", "PreSharedKey"):
        assert len({tunnel[what] for _, tunnel in tunnels}) == 96, what
    # Those inside differ among the connections of a gateway.
    assert len({(gateway, tunnel["TunnelInsideCidr"]) for gateway, tunnel in tunnels}) == 96


def test_many_callers_asking_for_the_same_connection_get_one(
    ec2: EC2Client, network: Network, site: VpnSite
) -> None:
    def again(_: int) -> str:
        return ec2.create_vpn_connection(
            Type="ipsec.1",
            CustomerGatewayId=site.customer_gateway_id,
            VpnGatewayId=network.vpn_gateway_id,
        )["VpnConnection"]["VpnConnectionId"]

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(again, range(32))) == {site.connection_id}


def test_its_own_paths_answer_mistakes_in_words(cloud: LocalCloud, site: VpnSite) -> None:
    tunnel = f"/_local/vpn-connections/{site.connection_id}/tunnels"
    for method, path, body, status in (
        ("PUT", f"{tunnel}/1/telemetry", {"status": "SIDEWAYS"}, 400),
        ("PUT", f"{tunnel}/1/telemetry", [], 400),
        ("PUT", f"{tunnel}/3/telemetry", {"status": "UP"}, 404),
        ("PUT", f"{tunnel}/1/maintenance", {"due": "soon"}, 400),
        ("GET", "/_local/nothing", None, 404),
        ("DELETE", "/_local/status", None, 405),
    ):
        answered, answer = send(cloud, method, path, json.dumps(body))
        assert answered == status, path
        assert json.loads(answer)["message"], path


def test_a_broken_body_is_a_mistake_too(cloud: LocalCloud) -> None:
    assert send(cloud, "POST", "/_local/reset", "{")[0] == 400


def test_status_counts_what_is_there(cloud: LocalCloud, ec2: EC2Client, site: VpnSite) -> None:
    def count() -> int:
        counted: int = request(cloud.running_server(), "GET", "/_local/status")["vpnConnections"]
        return counted

    before = count()
    ec2.delete_vpn_connection(VpnConnectionId=site.connection_id)
    assert count() == before - 1


CREATE_VPC = "Action=CreateVpc&Version=2016-11-15&CidrBlock=10.200.0.0%2F26"


def sent_by_an_sdk(invocation: str) -> dict[str, str]:
    """What stands in the head of its request."""
    return {"Content-Type": "application/x-www-form-urlencoded", "amz-sdk-invocation-id": invocation}


def create_vpc(cloud: LocalCloud, invocation: str) -> bytes:
    """What EC2 answers to a request as an SDK sends it."""
    return send(cloud, "POST", "/", CREATE_VPC, sent_by_an_sdk(invocation))[1]


def test_a_call_that_an_sdk_sends_once_more_is_done_once(cloud: LocalCloud, name: str) -> None:
    first, second, other = (create_vpc(cloud, each) for each in (name, name, f"{name}-other"))
    assert b"<vpcId>vpc-" in first
    assert first == second
    assert first != other


def test_an_answer_is_for_the_caller_and_the_call_that_it_was_given_to(
    cloud: LocalCloud, client: Callable[[str], Any], name: str
) -> None:
    """A user without any rights asks with the invocation of somebody who has them."""
    made = create_vpc(cloud, name)
    client("iam").create_user(UserName=name)
    key = client("iam").create_access_key(UserName=name)["AccessKey"]
    credentials = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    url = f"{cloud.running_server().url}/"
    headers = signed(credentials, "ec2", "POST", url, CREATE_VPC, sent_by_an_sdk(name))
    status, answer = send_as_it_is(cloud, "POST", "/", CREATE_VPC, headers)
    assert (status, b"UnauthorizedOperation" in answer) == (HTTPStatus.FORBIDDEN, True)
    listed = send(cloud, "POST", "/", "Action=DescribeVpcs&Version=2016-11-15", sent_by_an_sdk(name))[1]
    assert made != listed
