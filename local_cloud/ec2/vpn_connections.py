"""VPN connections with their options, tunnels, static routes and configuration.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpnConnection.html
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.exceptions import EC2ClientError, InvalidVpnConnectionIdError, MissingParameterError
from moto.ec2.models import EC2Backend
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.responses import EC2Response
from moto.ec2.utils import generic_filter, random_vpn_connection_id
from netaddr import AddrFormatError, IPNetwork
from tenantnet.aws.quotas import CONNECTIONS_OF_GATEWAY, VPN_CONNECTIONS
from tenantnet.local_cloud.ec2.vpn_configuration import (
    Configured,
    CustomerSide,
    customer_gateway_configuration,
)
from tenantnet.local_cloud.ec2.vpn_tunnels import Tunnel, TunnelOptions, check_options, new_tunnel
from tenantnet.local_cloud.pace import here, now
from tenantnet.local_cloud.quotas import require_room

# AWS's ends of the tunnels: one benchmark range (RFC 2544) per tunnel, as AWS has them in separate zones.
OUTSIDE_RANGES = (IPNetwork("198.18.0.0/16"), IPNetwork("198.19.0.0/16"))
# The median of public recordings, which range from 127 to 220.
PENDING_SECONDS = 156.0
MAX_STATIC_ROUTES = 100
CONNECTION_DEFAULTS = {
    "EnableAcceleration": False,
    "StaticRoutesOnly": False,
    "LocalIpv4NetworkCidr": "0.0.0.0/0",
    "RemoteIpv4NetworkCidr": "0.0.0.0/0",
    "OutsideIpAddressType": "PublicIpv4",
    "TunnelInsideIpVersion": "ipv4",
}
MODIFIABLE_OPTIONS = ("LocalIpv4NetworkCidr", "RemoteIpv4NetworkCidr")

# One for all regions: no two connections share an address.
_outside_offsets = itertools.count(10)


@dataclass(eq=False, kw_only=True)
class VpnConnection(TaggedEC2Resource):
    """A VPN connection; what EC2 answers is read from the attributes of the same name."""

    ec2_backend: EC2Backend
    id: str
    customer_gateway_id: str
    vpn_gateway_id: str | None
    transit_gateway_id: str | None
    connection_options: dict[str, Any]
    tunnels: list[Tunnel]
    static_routes: list[str] = field(default_factory=list)
    removed_routes: list[str] = field(default_factory=list)
    deleted: bool = False
    settled_at: float = 0.0
    type: str = "ipsec.1"
    category: str = "VPN"
    key_storage: str = "Standard"

    @property
    def vpn_connection_id(self) -> str:
        return self.id

    @property
    def state(self) -> str:
        if self.deleted:
            return "deleted"
        return "available" if now() >= self.settled_at else "pending"

    @property
    def options(self) -> dict[str, Any]:
        return {
            **self.connection_options,
            "TunnelOptions": [tunnel.described_options() for tunnel in self.tunnels],
        }

    @property
    def routes(self) -> list[dict[str, str]]:
        """With those that were removed, which EC2 goes on describing."""
        states = {
            **dict.fromkeys(self.removed_routes, "deleted"),
            **dict.fromkeys(self.static_routes, "available"),
        }
        return [
            {"DestinationCidrBlock": cidr, "Source": "Static", "State": state}
            for cidr, state in states.items()
        ]

    @property
    def vgw_telemetry(self) -> list[dict[str, Any]] | None:
        """Only while the connection exists, as with EC2."""
        if self.deleted:
            return None
        return [tunnel.described_telemetry(len(self.static_routes)) for tunnel in self.tunnels]

    @property
    def static(self) -> bool:
        return bool(self.connection_options["StaticRoutesOnly"])

    @property
    def customer_gateway_configuration(self) -> str | None:
        """Only while the connection exists, as with EC2."""
        if self.deleted:
            return None
        customer = self.ec2_backend.get_customer_gateway(self.customer_gateway_id)
        xml = customer_gateway_configuration(
            Configured(
                vpn_connection_id=self.id,
                customer_gateway_id=self.customer_gateway_id,
                gateway_id=self.vpn_gateway_id or self.transit_gateway_id or "",
                gateway_element="vpn_gateway_id" if self.vpn_gateway_id else "transit_gateway_id",
                customer=CustomerSide(ip_address=customer.ip_address, bgp_asn=str(customer.bgp_asn)),
                amazon_asn=None if self.static else self._amazon_asn(),
                tunnels=self.tunnels,
            )
        )
        # https://github.com/hashicorp/terraform-provider-aws/pull/42819
        hidden = "<pre_shared_key>REDACTED<" if self.pre_shared_key_arn else r"\g<0>"
        return re.sub("<pre_shared_key>[^<]+<", hidden, xml)

    @property
    def pre_shared_key_arn(self) -> str | None:
        """The secret that has the keys, where EC2 does not keep them itself."""
        if self.key_storage != "SecretsManager":
            return None
        place = f"{self.ec2_backend.region_name}:{self.ec2_backend.account_id}"
        return f"arn:aws:secretsmanager:{place}:secret:s2svpn!{self.id}-AbCdEf"

    def _amazon_asn(self) -> str:
        gateway = self.ec2_backend.vpn_gateways.get(self.vpn_gateway_id or "")
        return str((gateway and gateway.amazon_side_asn) or 64512)

    def settle(self) -> None:
        """Be pending for a while."""
        self.settled_at = now() + here(PENDING_SECONDS)

    def tunnel(self, outside_address: str) -> Tunnel:
        """The tunnel with this address of AWS's end. Raises EC2's error where there is none."""
        for tunnel in self.tunnels:
            if tunnel.outside_address == outside_address:
                return tunnel
        raise EC2ClientError(
            "InvalidParameterValue",
            f"The VPN connection {self.id} has no tunnel with the outside IP address {outside_address}.",
        )

    def get_filter_value(self, filter_name: str, method_name: str | None = None) -> object:
        values = {
            "vpn-connection-id": self.id,
            "option.static-routes-only": self.static,
            "route.destination-cidr-block": self.static_routes,
            # EC2 has no value here for a connection to the other kind of gateway.
            "vpn-gateway-id": self.vpn_gateway_id or "",
            "transit-gateway-id": self.transit_gateway_id or "",
        }
        if filter_name in values:
            return values[filter_name]
        if filter_name == "bgp-asn":
            return str(self.ec2_backend.get_customer_gateway(self.customer_gateway_id).bgp_asn)
        return super().get_filter_value(filter_name, "DescribeVpnConnections")


class VpnConnectionBackend(EC2Backend):
    """Keeps VPN connections; deleted ones stay describable, as with EC2 for about an hour."""

    vpn_connections: dict[str, VpnConnection]  # type: ignore[assignment] # moto's own class lacks nearly everything

    def __init__(self, region_name: str, account_id: str) -> None:
        self.vpn_lock = RLock()
        super().__init__(region_name, account_id)

    def create_site_to_site_vpn(
        self,
        *,
        customer_gateway_id: str,
        vpn_gateway_id: str | None,
        transit_gateway_id: str | None,
        options: dict[str, Any],
        tags: dict[str, str],
    ) -> VpnConnection:
        """Create a connection, or return the one that the two gateways have already, as EC2 does."""
        self._check_gateways(customer_gateway_id, vpn_gateway_id, transit_gateway_id)
        with self.vpn_lock:
            for connection in self._existing(vpn_gateway_id, transit_gateway_id):
                if connection.customer_gateway_id == customer_gateway_id:
                    return connection
            live = [each for each in self.vpn_connections.values() if not each.deleted]
            require_room(self, VPN_CONNECTIONS, len(live))
            of_gateway = sum(each.vpn_gateway_id == vpn_gateway_id for each in live) if vpn_gateway_id else 0
            require_room(self, CONNECTIONS_OF_GATEWAY, of_gateway)
            connection = VpnConnection(
                ec2_backend=self,
                id=random_vpn_connection_id(),
                customer_gateway_id=customer_gateway_id,
                vpn_gateway_id=vpn_gateway_id,
                transit_gateway_id=transit_gateway_id,
                tunnels=self._new_tunnels(
                    options.pop("TunnelOptions", []), vpn_gateway_id, transit_gateway_id
                ),
                connection_options={**CONNECTION_DEFAULTS, **options},
            )
            connection.settle()
            connection.add_tags(tags)
            self.vpn_connections[connection.id] = connection
            return connection

    def _check_gateways(
        self, customer_gateway_id: str, vpn_gateway_id: str | None, transit_gateway_id: str | None
    ) -> None:
        if vpn_gateway_id and transit_gateway_id:
            raise EC2ClientError(
                "InvalidParameterValue",
                "The request must not contain both parameter vpnGatewayId and transitGatewayId",
            )
        if not (vpn_gateway_id or transit_gateway_id):
            raise EC2ClientError(
                "InvalidParameterCombination",
                "The request must contain exactly one of vpnGatewayId and transitGatewayId.",
            )
        customer = self.get_customer_gateway(customer_gateway_id)
        if customer.state != "available":
            raise EC2ClientError(
                "InvalidCustomerGatewayState", f"The customer gateway {customer.id} is {customer.state}."
            )
        if vpn_gateway_id and self.get_vpn_gateway(vpn_gateway_id).state != "available":
            raise EC2ClientError(
                "InvalidVpnGatewayState", f"The VPN gateway {vpn_gateway_id} is not available."
            )
        if transit_gateway_id and transit_gateway_id not in self.transit_gateways:
            raise EC2ClientError(
                "InvalidTransitGatewayID.NotFound",
                f"The transitGateway ID '{transit_gateway_id}' does not exist",
            )

    def _existing(self, vpn_gateway_id: str | None, transit_gateway_id: str | None) -> list[VpnConnection]:
        return [
            connection
            for connection in self.vpn_connections.values()
            if not connection.deleted
            and connection.vpn_gateway_id == vpn_gateway_id
            and connection.transit_gateway_id == transit_gateway_id
        ]

    def _taken_inside_cidrs(
        self, vpn_gateway_id: str | None, transit_gateway_id: str | None
    ) -> set[IPNetwork]:
        return {
            tunnel.inside_cidr
            for connection in self._existing(vpn_gateway_id, transit_gateway_id)
            for tunnel in connection.tunnels
        }

    def _new_tunnels(
        self, asked: Sequence[TunnelOptions], vpn_gateway_id: str | None, transit_gateway_id: str | None
    ) -> list[Tunnel]:
        if len(asked) > len(OUTSIDE_RANGES):
            raise EC2ClientError("InvalidParameterValue", "A VPN connection has two tunnels.")
        taken = self._taken_inside_cidrs(vpn_gateway_id, transit_gateway_id)
        # Those named first, so that no random one gets in their way.
        for options in asked:
            check_options(options, former={}, taken=taken)
            taken |= {IPNetwork(options["TunnelInsideCidr"])} if "TunnelInsideCidr" in options else set()
        offset, tunnels = next(_outside_offsets), []
        for number, outside_range in enumerate(OUTSIDE_RANGES):
            options = asked[number] if number < len(asked) else {}
            tunnel = new_tunnel(options, outside_address=str(outside_range[offset]), taken=taken)
            taken.add(tunnel.inside_cidr)
            tunnels.append(tunnel)
        return tunnels

    def get_vpn_connection(self, vpn_connection_id: str) -> VpnConnection:
        """A connection that is not deleted. Raises EC2's InvalidVpnConnectionID.NotFound."""
        connection = self.vpn_connections.get(vpn_connection_id)
        if connection is None or connection.deleted:
            raise InvalidVpnConnectionIdError(vpn_connection_id)
        return connection

    def describe_site_to_site_vpns(
        self, vpn_connection_ids: list[str], filters: dict[str, Any]
    ) -> list[VpnConnection]:
        for vpn_connection_id in vpn_connection_ids:
            if vpn_connection_id not in self.vpn_connections:
                raise InvalidVpnConnectionIdError(vpn_connection_id)
        return generic_filter(
            filters,
            [
                connection
                for connection in self.vpn_connections.values()
                if not vpn_connection_ids or connection.id in vpn_connection_ids
            ],
        )

    def modify_vpn_tunnel_options(
        self, vpn_connection_id: str, outside_address: str, options: TunnelOptions
    ) -> VpnConnection:
        """Change one tunnel; the other keeps carrying traffic."""
        with self.vpn_lock:
            connection = self.get_vpn_connection(vpn_connection_id)
            tunnel = connection.tunnel(outside_address)
            taken = self._taken_inside_cidrs(connection.vpn_gateway_id, connection.transit_gateway_id)
            check_options(options, former=tunnel.options, taken=taken - {tunnel.inside_cidr})
            tunnel.change(options)
            connection.settle()
            return connection

    def modify_vpn_connection_options(self, vpn_connection_id: str, options: dict[str, str]) -> VpnConnection:
        """Change what is behind the two ends; both tunnels go down."""
        for name, value in options.items():
            _check_cidr(name, value)
        connection = self.get_vpn_connection(vpn_connection_id)
        connection.connection_options.update(options)
        self._renegotiate(connection)
        return connection

    def modify_vpn_connection(
        self,
        vpn_connection_id: str,
        *,
        customer_gateway_id: str | None,
        vpn_gateway_id: str | None,
        transit_gateway_id: str | None,
    ) -> VpnConnection:
        """Move the connection to other gateways; both tunnels keep their options and go down."""
        connection = self.get_vpn_connection(vpn_connection_id)
        if not (vpn_gateway_id or transit_gateway_id):
            vpn_gateway_id, transit_gateway_id = connection.vpn_gateway_id, connection.transit_gateway_id
        customer_gateway_id = customer_gateway_id or connection.customer_gateway_id
        self._check_gateways(customer_gateway_id, vpn_gateway_id, transit_gateway_id)
        connection.customer_gateway_id = customer_gateway_id
        connection.vpn_gateway_id, connection.transit_gateway_id = vpn_gateway_id, transit_gateway_id
        self._renegotiate(connection)
        return connection

    def _renegotiate(self, connection: VpnConnection) -> None:
        for tunnel in connection.tunnels:
            tunnel.change({})
        connection.settle()

    def create_vpn_connection_route(self, vpn_connection_id: str, cidr: str) -> None:
        """Add a static route; one that is there already is no error."""
        connection = self.get_vpn_connection(vpn_connection_id)
        if not connection.static:
            raise EC2ClientError(
                "InvalidParameterValue", f"The VPN connection {connection.id} does not use static routes."
            )
        _check_cidr("DestinationCidrBlock", cidr)
        if cidr in connection.static_routes:
            return
        if len(connection.static_routes) >= MAX_STATIC_ROUTES:
            raise EC2ClientError(
                "RouteLimitExceeded", f"A VPN connection has at most {MAX_STATIC_ROUTES} static routes."
            )
        connection.static_routes.append(cidr)
        if cidr in connection.removed_routes:
            connection.removed_routes.remove(cidr)

    def delete_vpn_connection_route(self, vpn_connection_id: str, cidr: str) -> None:
        connection = self.get_vpn_connection(vpn_connection_id)
        if cidr not in connection.static_routes:
            raise EC2ClientError(
                "InvalidRoute.NotFound", f"The VPN connection {connection.id} has no static route to {cidr}."
            )
        connection.static_routes.remove(cidr)
        connection.removed_routes.append(cidr)


def _check_cidr(name: str, value: str) -> None:
    try:
        if str(IPNetwork(value).cidr) == value:
            return
    except (AddrFormatError, ValueError):
        pass
    raise EC2ClientError("InvalidParameterValue", f"Value ({value}) for parameter {name} is invalid.")


class VpnConnectionResponse(EC2Response):
    """The calls about VPN connections."""

    def create_vpn_connection(self) -> ActionResult:
        self.error_on_dryrun()
        if self._get_param("Type") != "ipsec.1":
            raise EC2ClientError("InvalidParameterValue", "The only type of VPN connection is ipsec.1.")
        connection = self.ec2_backend.create_site_to_site_vpn(
            customer_gateway_id=self._get_param("CustomerGatewayId"),
            vpn_gateway_id=self._get_param("VpnGatewayId"),
            transit_gateway_id=self._get_param("TransitGatewayId"),
            options=dict(self._get_param("Options", {})),
            tags=self._parse_tag_specification().get("vpn-connection", {}),
        )
        if connection.transit_gateway_id:
            self.ec2_backend.create_transit_gateway_vpn_attachment(
                vpn_id=connection.id, transit_gateway_id=connection.transit_gateway_id
            )
        return ActionResult({"VpnConnection": connection})

    def describe_vpn_connections(self) -> ActionResult:
        self.error_on_dryrun()
        connections = self.ec2_backend.describe_site_to_site_vpns(
            self._get_param("VpnConnectionIds", []), self._filters_from_querystring()
        )
        return ActionResult({"VpnConnections": connections})

    def delete_vpn_connection(self) -> ActionResult:
        self.error_on_dryrun()
        connection = self.ec2_backend.get_vpn_connection(self._get_param("VpnConnectionId"))
        connection.deleted = True
        connection.removed_routes += connection.static_routes
        connection.static_routes.clear()
        for attachment in self.ec2_backend.describe_transit_gateway_attachments():
            if attachment.resource_id == connection.id:
                attachment.state = "deleted"
        return EmptyResult()

    def modify_vpn_connection(self) -> ActionResult:
        self.error_on_dryrun()
        connection = self.ec2_backend.modify_vpn_connection(
            self._get_param("VpnConnectionId"),
            customer_gateway_id=self._get_param("CustomerGatewayId"),
            vpn_gateway_id=self._get_param("VpnGatewayId"),
            transit_gateway_id=self._get_param("TransitGatewayId"),
        )
        return ActionResult({"VpnConnection": connection})

    def modify_vpn_connection_options(self) -> ActionResult:
        self.error_on_dryrun()
        options = {name: value for name in MODIFIABLE_OPTIONS if (value := self._get_param(name))}
        connection = self.ec2_backend.modify_vpn_connection_options(
            self._get_param("VpnConnectionId"), options
        )
        return ActionResult({"VpnConnection": connection})

    def modify_vpn_tunnel_options(self) -> ActionResult:
        self.error_on_dryrun()
        options = self._get_param("TunnelOptions")
        if not options:
            raise MissingParameterError("TunnelOptions")
        connection = self.ec2_backend.modify_vpn_tunnel_options(
            self._get_param("VpnConnectionId"), self._get_param("VpnTunnelOutsideIpAddress"), options
        )
        connection.key_storage = self._get_param("PreSharedKeyStorage", connection.key_storage)
        return ActionResult({"VpnConnection": connection})

    def create_vpn_connection_route(self) -> ActionResult:
        self.ec2_backend.create_vpn_connection_route(
            self._get_param("VpnConnectionId"), self._get_param("DestinationCidrBlock")
        )
        return EmptyResult()

    def delete_vpn_connection_route(self) -> ActionResult:
        self.ec2_backend.delete_vpn_connection_route(
            self._get_param("VpnConnectionId"), self._get_param("DestinationCidrBlock")
        )
        return EmptyResult()
