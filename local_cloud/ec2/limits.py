"""Networks and their parts are made while the account has room for them.

https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
"""

from __future__ import annotations

from typing import Any

from moto.ec2.models import EC2Backend
from moto.ec2.models.route_tables import Route, RouteTable
from moto.ec2.models.subnets import Subnet
from moto.ec2.models.vpc_peering_connections import VPCPeeringConnection
from moto.ec2.models.vpcs import VPC
from tenantnet.aws.quotas import PEERINGS, ROUTE_TABLES, ROUTES, SUBNETS, VPCS
from tenantnet.local_cloud.quotas import require_room


class LimitedBackend(EC2Backend):
    """Makes what there is room for."""

    def create_vpc(self, *args: Any, **kwargs: Any) -> VPC:  # noqa: ANN401 - passed on as they are
        if not kwargs.get("is_default"):  # made with the account
            require_room(self, VPCS, len(self.vpcs))
        return super().create_vpc(*args, **kwargs)

    def create_subnet(self, vpc_id: str, *args: Any, **kwargs: Any) -> Subnet:  # noqa: ANN401 - likewise
        made = (subnet for zone in self.subnets.values() for subnet in zone.values())
        require_room(self, SUBNETS, sum(subnet.vpc_id == vpc_id for subnet in made))
        return super().create_subnet(vpc_id, *args, **kwargs)

    def create_route_table(self, vpc_id: str, *args: Any, **kwargs: Any) -> RouteTable:  # noqa: ANN401 - likewise
        made = [*self.route_tables.values()]
        require_room(self, ROUTE_TABLES, sum(table.vpc_id == vpc_id for table in made))
        return super().create_route_table(vpc_id, *args, **kwargs)

    def create_route(self, route_table_id: str, *args: Any, **kwargs: Any) -> Route:  # noqa: ANN401 - likewise
        table = self.route_tables.get(route_table_id)
        # Those of gateways that the table propagates have a quota of their own, and local ones have none.
        require_room(self, ROUTES, len(table.routes) - 1 if table else 0)
        return super().create_route(route_table_id, *args, **kwargs)

    def accept_vpc_peering_connection(self, vpc_pcx_id: str) -> VPCPeeringConnection:
        peering = self.get_vpc_peering_connection(vpc_pcx_id)
        for vpc in (peering.vpc, peering.peer_vpc):
            active = (each for each in [*self.vpc_pcxs.values()] if each.status["Code"] == "active")
            require_room(self, PEERINGS, sum(vpc.id in (each.vpc.id, each.peer_vpc.id) for each in active))
        return super().accept_vpc_peering_connection(vpc_pcx_id)
