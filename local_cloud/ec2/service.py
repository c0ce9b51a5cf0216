"""EC2 as the local cloud serves it: moto's with everything in this package."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from moto.core.serialize import return_if_not_empty
from moto.ec2 import urls, utils
from moto.ec2.models import (
    amis,
    ec2_backends,
    elastic_block_store,
    elastic_network_interfaces,
    flow_logs,
    instances,
    managed_prefixes,
    route_tables,
    subnets,
    vpc_peering_connections,
    vpcs,
)
from moto.ec2.responses import EC2Response
from tenantnet.local_cloud.ec2.customer_gateways import CustomerGatewayResponse
from tenantnet.local_cloud.ec2.dependencies import DependencyBackend
from tenantnet.local_cloud.ec2.endpoints import EndpointBackend
from tenantnet.local_cloud.ec2.flow_logs import FlowLogs, FlowLogsResponse
from tenantnet.local_cloud.ec2.instances import Instance, InstanceBackend, InstanceResponse
from tenantnet.local_cloud.ec2.lag import LagBackend, LaggingResponse
from tenantnet.local_cloud.ec2.limits import LimitedBackend
from tenantnet.local_cloud.ec2.network_acls import NetworkAclBackend
from tenantnet.local_cloud.ec2.networks import NetworkResponse, Subnet
from tenantnet.local_cloud.ec2.route_propagation import RoutePropagationBackend, RoutePropagationResponse
from tenantnet.local_cloud.ec2.security_group_rules import SecurityGroupRuleBackend
from tenantnet.local_cloud.ec2.storage import Ami, Attachment, Volume, VolumeAttachment, named_addresses
from tenantnet.local_cloud.ec2.tagged_resources import TaggedResourceBackend
from tenantnet.local_cloud.ec2.vpc_peerings import (
    Route,
    VpcPeeringBackend,
    VPCPeeringConnection,
    VpcPeeringResponse,
)
from tenantnet.local_cloud.ec2.vpn_connections import VpnConnectionResponse
from tenantnet.local_cloud.ec2.vpn_devices import VpnDeviceResponse
from tenantnet.local_cloud.ec2.vpn_gateways import VpnGatewayBackend
from tenantnet.local_cloud.ec2.zones import ZonesResponse


class CompletedEc2Response(
    VpnConnectionResponse,
    VpnDeviceResponse,
    RoutePropagationResponse,
    CustomerGatewayResponse,
    InstanceResponse,
    VpcPeeringResponse,
    NetworkResponse,
    ZonesResponse,
    FlowLogsResponse,
    LaggingResponse,
):
    """All calls."""

    RESPONSE_KEY_PATH_TO_TRANSFORMER: dict[str, Callable[[Any], Any]] = {  # noqa: RUF012 - as moto has it
        **EC2Response.RESPONSE_KEY_PATH_TO_TRANSFORMER,
        # An empty association means a public address to whoever reads it.
        "InstanceNetworkInterface.Association": return_if_not_empty,
        # moto adds this one during a request; other requests must not see the mapping grow.
        "CreateVpcPeeringConnectionResult.VpcPeeringConnection.Status": lambda status: status,
    }


class CompletedEc2Backend(
    RoutePropagationBackend,
    TaggedResourceBackend,
    VpnGatewayBackend,
    VpcPeeringBackend,
    NetworkAclBackend,
    InstanceBackend,
    EndpointBackend,
    DependencyBackend,
    SecurityGroupRuleBackend,
    LimitedBackend,
    LagBackend,
):
    """One region's EC2."""

    @property
    def _url_module(self) -> SimpleNamespace:
        """What moto looks for in `urls.py` beside the backend's module."""
        paths = dict.fromkeys(urls.url_paths, CompletedEc2Response.dispatch)
        return SimpleNamespace(url_bases=urls.url_bases, url_paths=paths)


def register_ec2() -> None:
    """Let moto make completed backends from now on, and these of its resources."""
    ec2_backends.backend = CompletedEc2Backend
    replaced: tuple[tuple[Any, type], ...] = (
        (amis, Ami),
        (elastic_block_store, Volume),
        (elastic_block_store, VolumeAttachment),
        (elastic_network_interfaces, Attachment),
        (flow_logs, FlowLogs),
        (instances, Instance),
        (route_tables, Route),
        (subnets, Subnet),
        (vpc_peering_connections, VPCPeeringConnection),
    )
    for module, resource in replaced:
        setattr(module, resource.__name__, resource)
    # What EC2 says of every interface, endpoint and list of its own, here of those that nobody else manages.
    said: dict[Any, dict[str, object]] = {
        elastic_network_interfaces.NetworkInterface: {
            "instance_private_ip_address_list": property(named_addresses),
            "operator": {"Managed": False},
        },
        managed_prefixes.ManagedPrefixList: {"cidrs": property(_cidrs)},
        vpcs.VPCEndPoint: {"requester_managed": False},
    }
    for described, words in said.items():
        for name, value in words.items():
            setattr(described, name, value)
    # Its own name for them is no resource type of EC2's.
    utils.EC2_PREFIX_TO_RESOURCE["fl"] = "vpc-flow-log"


def _cidrs(prefix_list: managed_prefixes.ManagedPrefixList) -> list[str]:
    """The ranges of a list's newest version, as DescribePrefixLists has them."""
    return [entry["Cidr"] for version in [*prefix_list.entries.values()][-1:] for entry in version]
