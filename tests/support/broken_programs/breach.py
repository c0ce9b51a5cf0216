"""A tenant's own program that breaks into another tenant's database in four steps.

Without a step it declares a network of its own, in resources of AWS: peered with the services VPC, with a VPN
connection and a claim. Each letter in the case's name takes one step, against tenant beta:

    n  the network is inside beta's company range, which beta's database lets in
    p  it is peered with beta's network in place of the services VPC
    t  a route in beta's table leads beta's answers here
    r  a route in the own table leads to beta, whose range is said to be the own company's
    h  in place of all else a subnet uses beta's table, whose ID is hidden from the preview
    i  in place of all else it imports beta's network, and says that it is its own; with h in updates alone
    o  the network alone
    a  in place of all else a component takes the place that the network has in the state
    c  in place of all else the network's row claims another range, and no network is declared
    e  in place of all else a variable of the environment says for a provider where AWS is
    d  in place of all else a provider says for a device that it is in no region
    k  before all else it finds the policy pack's port, and says that no policy counts
    s  before all else it has the engine say of every resource what the pack would permit
    v  in place of all else a component is called as the network
    w  the network alone, of which it says that it has no range
    y  before the network alone it takes the reserved ranges out of the project's file
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
import psutil
import pulumi
import pulumi_aws as aws
from google.protobuf import empty_pb2, struct_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc, resource_pb2
from pulumi.runtime.settings import SETTINGS
from tenantnet.addresses.claims import Claim, ClaimKind
from tenantnet.aws.types import PEERING, ROUTE, TABLE_ITEM, VPC, VPN_CONNECTION_ROUTE
from tenantnet.components.vpn_connection import TUNNEL_OPTIONS
from tenantnet.tags import Owner, Part, claims_table_name

BREACH = "breach "
OUTPUTS_VARIABLE, TAKEN_VARIABLE = "PLATFORM_OUTPUTS", "TAKEN_NETWORK"
OWNER = Owner(cell="local", tenant="acme", network="blue")
BETAS_NETWORK, BETAS_VPC, BETAS_TABLE = "10.9.9.0/26", "vpc-00000000000beta00", "rtb-00000000000beta00"
TAKEN = "10.5.5.0/26"
BETAS_COMPANY, INSIDE_IT = "10.77.4.0/24", "10.77.4.0/26"


def declare_raw(steps: str) -> None:
    """Declare the network, with these steps."""
    if "k" in steps:
        _silence_the_pack()
    if {*"sw"}.intersection(steps):
        SETTINGS.monitor = _SayingOtherwise(SETTINGS.monitor, _said(steps))
    for step, declare in _INSTEAD.items():
        if step in steps:
            declare(steps)
            return
    if "y" in steps:
        project = Path("Pulumi.yaml")
        project.write_text(project.read_text().partition("config:")[0])
    cidr = INSIDE_IT if "n" in steps else "10.1.2.0/26"
    vpc, table, platform = *_network(cidr), platform_outputs()
    if "h" in steps:
        _hide(vpc, table)
    if {*"howy"}.intersection(steps):
        return
    peer = BETAS_VPC if "p" in steps else platform["servicesVpcId"]
    peering = aws.ec2.VpcPeeringConnection(
        "peering", vpc_id=vpc.id, peer_vpc_id=peer, auto_accept=True, tags=OWNER.tags("peering")
    )
    _company(vpc, BETAS_NETWORK if "r" in steps else "192.168.4.0/24")
    host = f"{platform['tunnelHostAddress']}/32"
    _route("out", table.id, BETAS_NETWORK if "r" in steps else host, peering)
    services = platform["servicesRouteTableId"]
    _route("back", BETAS_TABLE if "t" in steps else services, cidr, peering)


class _SayingOtherwise:
    """The engine's monitor. Once it has registered a resource, it is told other outputs of it.

    said: by the resource's type and name.
    """

    def __init__(self, monitor: Any, said: Mapping[tuple[str, str], Mapping[str, Any]]) -> None:
        self._monitor, self._said = monitor, said

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - pulumi's name
        answer = self._monitor.RegisterResource(request)
        if said := self._said.get((request.type, request.name)):
            outputs = struct_pb2.Struct()
            outputs.CopyFrom(answer.object)
            outputs.update(said)
            told = resource_pb2.RegisterResourceOutputsRequest(urn=answer.urn, outputs=outputs)
            self._monitor.RegisterResourceOutputs(told)
        return answer

    def __getattr__(self, call: str) -> Any:
        return getattr(self._monitor, call)


def _said(steps: str) -> Mapping[tuple[str, str], Mapping[str, Any]]:
    if "w" in steps:
        return {(VPC, "network"): {"cidrBlock": None}}
    own, platform = "10.1.2.0/26", platform_outputs()
    back = {"destinationCidrBlock": own, "routeTableId": platform["servicesRouteTableId"]}
    return {
        (VPC, "network"): {"cidrBlock": own},
        (TABLE_ITEM, "claim"): {"item": _own_claim(own).item_json()},
        (PEERING, "peering"): {"peerVpcId": platform["servicesVpcId"]},
        (ROUTE, "out"): {"destinationCidrBlock": f"{platform['tunnelHostAddress']}/32"},
        (ROUTE, "back"): back,
        (VPN_CONNECTION_ROUTE, "company"): {"destinationCidrBlock": "192.168.4.0/24"},
    }


def _import(steps: str) -> None:
    hidden = "h" in steps and pulumi.runtime.is_dry_run()
    _network(TAKEN, taken=None if hidden else os.environ[TAKEN_VARIABLE])


def _claim_another(_: str) -> None:
    _claim("10.5.6.0/26")


def _rename(_: str) -> None:
    renamed = pulumi.ResourceOptions(env_var_mappings={"BRANCH": "AWS_ENDPOINT_URL"})
    aws.Provider("renamed", region="eu-west-1", opts=renamed)


def _be_nowhere(_: str) -> None:
    _device(pulumi.ResourceOptions(provider=aws.Provider("nowhere", region="")))


def _take_the_place(_: str) -> None:
    network = f"urn:pulumi:acme::of-a-test::{VPC}::network"
    pulumi.ComponentResource(
        "tenantnet:index:TenantNetwork", "taker", None, pulumi.ResourceOptions(aliases=[network])
    )


class _Called(pulumi.ComponentResource):
    def __init__(self, kind: str, props: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        super().__init__(kind, "called", props, opts)
        self.register_outputs({**props, "id": os.environ[TAKEN_VARIABLE]})


def _be_called(_: str) -> None:
    props = {"cidrBlock": "10.1.2.0/26", "tags": OWNER.tags("called", part=Part.NETWORK)}
    _Called(VPC, props, pulumi.ResourceOptions(depends_on=_claim("10.1.2.0/26")))


def _silence_the_pack() -> None:
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("PULUMI_BACKEND_URL") == os.environ["PULUMI_BACKEND_URL"]:
                for each in process.net_connections("tcp"):
                    if each.status == psutil.CONN_LISTEN:
                        _disable_policies(each.laddr.port)


def _disable_policies(port: int) -> None:
    with suppress(grpc.RpcError), grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        pack = analyzer_pb2_grpc.AnalyzerStub(channel)
        names = [each.name for each in pack.GetAnalyzerInfo(empty_pb2.Empty()).policies]
        disabled = analyzer_pb2.PolicyConfig(enforcementLevel=analyzer_pb2.DISABLED)
        config = dict.fromkeys(names, disabled)
        pack.Configure(analyzer_pb2.ConfigureAnalyzerRequest(policyConfig=config))


_INSTEAD = {
    "v": _be_called,
    "i": _import,
    "c": _claim_another,
    "e": _rename,
    "d": _be_nowhere,
    "a": _take_the_place,
}


def platform_outputs() -> dict[str, Any]:
    """The outputs of the stack platform-local, as the test has made them."""
    return dict(json.loads(os.environ[OUTPUTS_VARIABLE]))


def _own_claim(cidr: str) -> Claim:
    return Claim(cidr=cidr, tenant="acme", stack="acme", kind=ClaimKind.NETWORK, slot="blue")


def _claim(cidr: str) -> aws.dynamodb.TableItem:
    return aws.dynamodb.TableItem(
        "claim", table_name=claims_table_name("local"), hash_key="cidr", item=_own_claim(cidr).item_json()
    )


def _network(cidr: str, taken: str | None = None) -> tuple[aws.ec2.Vpc, aws.ec2.RouteTable]:
    vpc = aws.ec2.Vpc(
        "network",
        cidr_block=cidr,
        tags=OWNER.tags("network", part=Part.NETWORK),
        opts=pulumi.ResourceOptions(depends_on=_claim(cidr), import_=taken),
    )
    table = aws.ec2.RouteTable("table", vpc_id=vpc.id, tags=OWNER.tags("table", part=Part.NETWORK))
    return vpc, table


def _hide(vpc: aws.ec2.Vpc, table: aws.ec2.RouteTable) -> None:
    """A preview does not know the table, and sees that its ID comes from the stack's own."""
    tags = OWNER.tags("subnet", part=Part.NETWORK)
    subnet = aws.ec2.Subnet("subnet", vpc_id=vpc.id, cidr_block="10.1.2.0/28", tags=tags)
    aws.ec2.RouteTableAssociation(
        "hidden", subnet_id=subnet.id, route_table_id=table.id.apply(lambda _: BETAS_TABLE)
    )


def _company(vpc: aws.ec2.Vpc, cidr: str) -> None:
    gateway = aws.ec2.VpnGateway("gateway", vpc_id=vpc.id, tags=OWNER.tags("gateway"))
    connection = aws.ec2.VpnConnection(
        "company",
        customer_gateway_id=_device().id,
        vpn_gateway_id=gateway.id,
        type="ipsec.1",
        static_routes_only=True,
        **TUNNEL_OPTIONS,
        tags=OWNER.tags("company"),
    )
    aws.ec2.VpnConnectionRoute("company", vpn_connection_id=connection.id, destination_cidr_block=cidr)


def _device(opts: pulumi.ResourceOptions | None = None) -> aws.ec2.CustomerGateway:
    return aws.ec2.CustomerGateway(
        "device",
        bgp_asn="65000",
        device_name="acme-blue-device",
        ip_address="198.51.100.7",
        type="ipsec.1",
        tags=OWNER.tags("device"),
        opts=opts,
    )


def _route(name: str, table: pulumi.Input[str], cidr: str, peering: aws.ec2.VpcPeeringConnection) -> None:
    aws.ec2.Route(
        name, route_table_id=table, destination_cidr_block=cidr, vpc_peering_connection_id=peering.id
    )
