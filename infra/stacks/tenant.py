"""The tenant stack: everything of one tenant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from infra.claims import Claim, ClaimKind
from infra.components.endpoint_record import EndpointRecord, EndpointRecordArgs
from infra.components.range_claim import RangeClaim, RangeClaimArgs
from infra.components.security import MYSQL, SecurityRuleArgs, allow_from
from infra.components.service_peering import PeeringSide, ServicePeering, ServicePeeringArgs
from infra.components.session_subnet import SessionSubnet, SessionSubnetArgs
from infra.components.tenant_database import TenantDatabase, TenantDatabaseArgs
from infra.components.tenant_network import TenantNetwork, TenantNetworkArgs
from infra.components.tunnel_access import TunnelAccess, TunnelAccessArgs
from infra.components.vpn_connection import VpnConnection, VpnConnectionArgs
from infra.migration.updates import plan_update
from infra.settings import NetworkSettings, Slot, TenantSettings, VpnConnectionSettings
from infra.stacks.lookups import Place, look_up_place
from infra.stacks.outputs import PlatformOutputs, read_platform, read_stack_outputs
from infra.tags import Lifecycle, Owner


def declare(settings: TenantSettings, password: pulumi.Output[str]) -> None:
    """Declare the tenant and export what its stack remembers. Raises Refused before anything is declared."""
    state = plan_update(
        read_stack_outputs(settings.name),
        {slot: network.cidr for slot, network in settings.networks.items()},
        tenant_retiring=settings.retiring,
    )
    platform = read_platform(settings.platform)
    TenantStack(settings, platform, look_up_place(), state.production).declare(password)


class TenantStack:
    """One tenant, declared part by part."""

    def __init__(
        self, settings: TenantSettings, platform: PlatformOutputs, place: Place, production: Slot
    ) -> None:
        self._settings, self._platform, self._place = settings, platform, place
        self._production = production
        self._owner = Owner(cell=platform.cell, tenant=settings.name)

    def declare(self, password: pulumi.Output[str]) -> None:
        """Declare everything of the tenant."""
        session = self._session_subnet()
        networks = {slot: self._network(slot, network) for slot, network in self._settings.networks.items()}
        connections = {
            slot: self._connections(slot, network, networks[slot])
            for slot, network in self._settings.networks.items()
        }
        for slot, network in networks.items():
            self._reach(slot, network, session)
        database = self._database(networks[self._production], password)
        endpoint = self._endpoint(database)
        self._tunnel_access()
        self._export(networks, connections, database, endpoint)

    def _claim(self, name: str, cidr: str, kind: ClaimKind, slot: str = "") -> RangeClaim:
        claim = Claim(cidr=cidr, tenant=self._settings.name, stack=pulumi.get_stack(), kind=kind, slot=slot)
        return RangeClaim(name, RangeClaimArgs(cell=self._platform.cell, claim=claim))

    def _session_subnet(self) -> SessionSubnet:
        name = f"{self._settings.name}-session"
        cidr = self._settings.session_subnet
        claim = self._claim(name, cidr, ClaimKind.SESSION_SUBNET)
        return SessionSubnet(
            name,
            SessionSubnetArgs(
                owner=self._owner,
                vpc_id=self._platform.sessions_vpc_id,
                cidr=cidr,
                availability_zone=self._place.zones[0],
            ),
            pulumi.ResourceOptions(depends_on=claim),
        )

    def _network(self, slot: Slot, network: NetworkSettings) -> TenantNetwork:
        owner = self._owner.in_network(slot)
        claim = self._claim(owner.prefix, network.cidr, ClaimKind.NETWORK, slot)
        return TenantNetwork(
            owner.prefix,
            TenantNetworkArgs(
                owner=owner,
                cidr=network.cidr,
                availability_zones=self._place.zones,
                ping_host_type=network.ping_host_type,
                ping_host_image=self._place.image_id,
                kms_key_arn=self._platform.kms_key_arn,
                flow_log_role_arn=self._platform.flow_log_role_arn,
            ),
            pulumi.ResourceOptions(depends_on=claim),
        )

    def _connections(
        self, slot: Slot, settings: NetworkSettings, network: TenantNetwork
    ) -> list[Mapping[str, Any]]:
        owner = self._owner.in_network(slot)
        return [self._connection(owner, connection, network) for connection in settings.vpn_connections]

    def _connection(
        self, owner: Owner, settings: VpnConnectionSettings, network: TenantNetwork
    ) -> Mapping[str, Any]:
        # Company ranges of one network do not overlap, so the range names the connection for good.
        name = f"{owner.prefix}-vpn-{settings.company_cidr.replace('.', '-').replace('/', '-')}"
        connection = VpnConnection(
            name,
            VpnConnectionArgs(
                owner=owner,
                company_cidr=settings.company_cidr,
                company_gateway_ip=settings.company_gateway_ip,
                description=settings.description,
                vpn_gateway_id=network.vpn_gateway_id,
                database_security_group_id=network.database_security_group_id,
                ping_host_security_group_id=network.ping_host_security_group_id,
                alarm_topic_arn=self._platform.alarm_topic_arn,
            ),
        )
        return {
            "companyCidr": settings.company_cidr,
            "companyGatewayIp": settings.company_gateway_ip,
            "description": settings.description,
            "id": connection.id,
        }

    def _reach(self, slot: Slot, network: TenantNetwork, session: SessionSubnet) -> None:
        """Let the tenant's sessions and the tunnel host reach the network's database, and nothing more."""
        owner = self._owner.in_network(slot)
        tunnel_host_cidr = f"{self._platform.tunnel_host_address}/32"
        sides = {
            "sessions": PeeringSide(
                vpc_id=self._platform.sessions_vpc_id,
                route_table_id=session.route_table_id,
                cidr=self._settings.session_subnet,
            ),
            "services": PeeringSide(
                vpc_id=self._platform.services_vpc_id,
                route_table_id=self._platform.services_route_table_id,
                cidr=tunnel_host_cidr,
            ),
        }
        peers = {"sessions": "the tenant's sessions", "services": "the tunnel host"}
        for side, platform_side in sides.items():
            ServicePeering(
                f"{owner.prefix}-{side}",
                ServicePeeringArgs(
                    owner=owner,
                    network=PeeringSide(
                        vpc_id=network.vpc_id,
                        route_table_id=network.route_table_id,
                        cidr=self._settings.networks[slot].cidr,
                    ),
                    platform=platform_side,
                ),
            )
            allow_from(
                f"{owner.prefix}-{side}",
                SecurityRuleArgs(
                    owner=owner,
                    security_group_id=network.database_security_group_id,
                    service=MYSQL,
                    peer_cidr=platform_side.cidr,
                    description=peers[side],
                ),
                parent=network,
            )

    def _database(self, network: TenantNetwork, password: pulumi.Output[str]) -> TenantDatabase:
        settings = self._settings.database
        owner = self._owner.in_network(self._production)
        lifecycle = Lifecycle.RETIRING if self._settings.retiring else Lifecycle.PRODUCTION
        return TenantDatabase(
            owner.prefix,
            TenantDatabaseArgs(
                owner=owner,
                subnet_ids=network.database_subnet_ids,
                security_group_id=network.database_security_group_id,
                username=settings.username,
                password=password,
                instance_class=settings.instance_class,
                storage_gb=settings.storage_gb,
                multi_az=settings.multi_az,
                lifecycle=lifecycle,
                final_snapshot_identifier=self._final_snapshot(),
                kms_key_arn=self._platform.kms_key_arn,
                alarm_topic_arn=self._platform.alarm_topic_arn,
            ),
        )

    def _final_snapshot(self) -> str:
        """Snapshots outlive their database; the range in the name tells two lives of a slot apart."""
        cidr = self._settings.networks[self._production].cidr
        slug = cidr.split("/")[0].replace(".", "-")
        return f"{self._settings.name}-{self._production}-{slug}-final"

    def _endpoint(self, database: TenantDatabase) -> EndpointRecord:
        return EndpointRecord(
            self._settings.name,
            EndpointRecordArgs(
                host_name=self._host_name(),
                zone_id=self._platform.zone_id,
                target=database.address,
            ),
        )

    def _host_name(self) -> str:
        return f"{self._settings.name}.{self._platform.zone_name}"

    def _tunnel_access(self) -> None:
        TunnelAccess(
            f"{self._settings.name}-tunnel",
            TunnelAccessArgs(
                owner=self._owner,
                region=self._platform.region,
                account_id=self._place.account_id,
                host_name=self._host_name(),
                tunnel_host_id=self._platform.tunnel_host_id,
                users=self._settings.tunnel_users,
            ),
        )

    def _export(
        self,
        networks: Mapping[Slot, TenantNetwork],
        connections: Mapping[Slot, list[Mapping[str, Any]]],
        database: TenantDatabase,
        endpoint: EndpointRecord,
    ) -> None:
        outputs: dict[str, Any] = {
            "cell": self._platform.cell,
            "region": self._platform.region,
            "platform": self._settings.platform,
            # They depend on what they are about: an update that fails half way keeps the former values.
            "phase": endpoint.host_name.apply(lambda _: "steady"),
            "production": endpoint.host_name.apply(lambda _: str(self._production)),
            "endpoint": endpoint.host_name,
            "networks": {
                str(slot): {
                    "cidr": self._settings.networks[slot].cidr,
                    "vpcId": network.vpc_id,
                    "pingHost": network.ping_host,
                    "pingHostId": network.ping_host_id,
                    "vpnConnections": connections[slot],
                }
                for slot, network in networks.items()
            },
            "database": {
                "identifier": database.identifier,
                "address": database.address,
                "port": MYSQL.to_port,
                "username": self._settings.database.username,
            },
        }
        for name, value in outputs.items():
            pulumi.export(name, value)
