"""Route propagation: a route table takes over the routes of the VPN gateway that is attached to its VPC.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EnableVgwRoutePropagation.html
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.route_tables import RouteTable
from moto.ec2.responses import EC2Response
from tenantnet.local_cloud.ec2.vpn_connections import VpnConnectionBackend


class RoutePropagationBackend(VpnConnectionBackend):
    """Keeps which tables take over the routes of which gateways."""

    def __init__(self, region_name: str, account_id: str) -> None:
        self._propagating: dict[str, list[str]] = defaultdict(list)
        super().__init__(region_name, account_id)

    def enable_vgw_route_propagation(self, route_table_id: str, gateway_id: str) -> None:
        """Let the table take over the gateway's routes; a second time is no error."""
        table = self.get_route_table(route_table_id)
        attachment = self.get_vpn_gateway(gateway_id).attachments.get(table.vpc_id)
        if attachment is None or attachment.state != "attached":
            raise EC2ClientError(
                "Gateway.NotAttached",
                f"The gateway {gateway_id} is not attached to {table.vpc_id}, the VPC of {route_table_id}.",
            )
        if gateway_id not in self._propagating[route_table_id]:
            self._propagating[route_table_id].append(gateway_id)

    def disable_vgw_route_propagation(self, route_table_id: str, gateway_id: str) -> None:
        self.get_route_table(route_table_id)
        if gateway_id not in self._propagating[route_table_id]:
            raise EC2ClientError(
                "InvalidParameterValue",
                f"The gateway {gateway_id} does not propagate routes to {route_table_id}.",
            )
        self._propagating[route_table_id].remove(gateway_id)

    def propagating_gateways(self, table: RouteTable) -> list[str]:
        """The gateways whose routes the table takes over, while they are attached."""
        return [
            gateway_id
            for gateway_id in self._propagating[table.id]
            if (attachment := self.vpn_gateways[gateway_id].attachments.get(table.vpc_id))
            and attachment.state == "attached"
        ]

    def describe_route_tables(
        self, route_table_ids: list[str] | None = None, filters: dict[str, list[str]] | None = None
    ) -> list[RouteTable]:
        """Tables by every filter that moto knows, and by where their routes come from."""
        origins = {*(filters or {}).get("route.origin", ())}
        others = {name: values for name, values in (filters or {}).items() if name != "route.origin"}
        tables: list[RouteTable] = super().describe_route_tables(route_table_ids, others)
        return [table for table in tables if not origins or origins & self._origins(table)]

    def _origins(self, table: RouteTable) -> set[str]:
        propagated = {route["Origin"] for route in self.propagated_routes(table)}
        return {*(route.origin for route in table.routes), *propagated}

    def propagated_routes(self, table: RouteTable) -> list[dict[str, str]]:
        """The routes that come from VPN connections; a static route to the same range takes precedence."""
        own = {route.destination_cidr_block for route in table.routes}
        routes = {
            cidr: gateway_id
            for gateway_id in self.propagating_gateways(table)
            for connection in self.vpn_connections.values()
            if connection.vpn_gateway_id == gateway_id and not connection.deleted
            for cidr in connection.static_routes
        }
        return [
            {
                "DestinationCidrBlock": cidr,
                "GatewayId": gateway_id,
                "Origin": "EnableVgwRoutePropagation",
                "State": "active",
            }
            for cidr, gateway_id in routes.items()
            if cidr not in own
        ]


class RoutePropagationResponse(EC2Response):
    """The calls about route propagation, and route tables with what it adds."""

    def enable_vgw_route_propagation(self) -> ActionResult:
        self.error_on_dryrun()
        self.ec2_backend.enable_vgw_route_propagation(
            self._get_param("RouteTableId"), self._get_param("GatewayId")
        )
        return EmptyResult()

    def disable_vgw_route_propagation(self) -> ActionResult:
        self.error_on_dryrun()
        self.ec2_backend.disable_vgw_route_propagation(
            self._get_param("RouteTableId"), self._get_param("GatewayId")
        )
        return EmptyResult()

    def describe_route_tables(self) -> ActionResult:
        tables = self.ec2_backend.describe_route_tables(
            self._get_param("RouteTableIds", []), self._filters_from_querystring()
        )
        return ActionResult({"RouteTables": [self._described(table) for table in tables]})

    def _described(self, table: RouteTable) -> dict[str, Any]:
        return {
            "RouteTableId": table.id,
            "VpcId": table.vpc_id,
            "OwnerId": table.owner_id,
            "Tags": table.tag_set,
            "Associations": table.associations,
            "Routes": [*table.routes, *self.ec2_backend.propagated_routes(table)],
            "PropagatingVgws": [
                {"GatewayId": gateway_id} for gateway_id in self.ec2_backend.propagating_gateways(table)
            ],
        }
