"""A tenant's status: what exists, what is ready, which tunnels are up. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tenantnet.observed.deployed import DatabaseInstance, Deployed, SiteToSiteVpn, Tunnel, having
from tenantnet.observed.status.words import DatabaseStatus, NetworkStatus, NetworkType, VpnConnectionStatus
from tenantnet.phases.phases import AFTER_THE_SWITCH, Phase
from tenantnet.phases.updates import UNDER_WAY
from tenantnet.stacks.outputs import Model, OutputVpnConnection, TenantOutputs
from tenantnet.tags import Part, Tag, network_name

# RDS's states of an instance that does not serve: https://docs.aws.amazon.com/AmazonRDS/latest/
# UserGuide/accessing-monitoring.html. In every other state but `creating` it does.
NOT_SERVING = (
    "deleting",
    "failed",
    "inaccessible-",
    "incompatible-",
    "insufficient-",
    "restore-error",
    "starting",
    "stopped",
    "stopping",
)


class StatusPingHost(Model):
    """state: EC2's word, `missing` where EC2 has none."""

    address: str
    id: str
    state: str


class StatusDatabase(Model):
    """A network's database. aws_status: RDS's own word, empty if there is none."""

    identifier: str
    status: DatabaseStatus
    aws_status: str
    address: str | None
    port: int | None


class StatusVpnConnection(OutputVpnConnection):
    """A VPN connection with both its tunnels; none while it is Creating or Missing."""

    status: VpnConnectionStatus
    tunnels: Sequence[Tunnel]


class StatusNetwork(Model):
    """One network of the tenant."""

    slot: str
    cidr: str
    type: NetworkType
    status: NetworkStatus
    vpc_id: str
    ping_host: StatusPingHost | None
    database: StatusDatabase
    vpn_connections: Sequence[StatusVpnConnection]


class TenantStatus(Model):
    """What `tenantnet status` shows. phase, endpoint: None until the first update has finished."""

    tenant: str
    cell: str | None
    region: str
    phase: str | None
    endpoint: str | None
    networks: Sequence[StatusNetwork]

    @property
    def moves(self) -> bool:
        """Whether a move is under way, up to its end."""
        under_way = any(each.status is NetworkStatus.MIGRATION_IN_PROGRESS for each in self.networks)
        return under_way or self.phase in AFTER_THE_SWITCH


def tenant_status(tenant: str, *, region: str, outputs: TenantOutputs, deployed: Deployed) -> TenantStatus:
    """The status of `tenant`, of what its stack remembers and what AWS has, perhaps of others too."""
    networks = having(deployed.vpcs, tenant=tenant, part=Part.NETWORK)
    at_aws = {vpc.tags.get(Tag.NETWORK, "") for vpc in networks}
    slots = sorted(outputs.networks.keys() | at_aws)
    moves = outputs.phase in UNDER_WAY or _has_copy(tenant, outputs, deployed)
    return TenantStatus(
        tenant=tenant,
        cell=outputs.cell,
        region=region,
        phase=outputs.phase,
        endpoint=outputs.endpoint,
        networks=[
            _Slot(tenant, slot, outputs, deployed, moves=moves).network(alone=len(slots) == 1)
            for slot in slots
        ],
    )


def _has_copy(tenant: str, outputs: TenantOutputs, deployed: Deployed) -> bool:
    """Whether the first step of a move has made a database, which the stack does not know yet."""
    others = {network_name(tenant, slot) for slot in outputs.networks if slot != outputs.production}
    return outputs.phase == Phase.STEADY and any(each.identifier in others for each in deployed.databases)


class _Slot:
    """One slot of a tenant, from both sources."""

    def __init__(
        self, tenant: str, slot: str, outputs: TenantOutputs, deployed: Deployed, *, moves: bool
    ) -> None:
        self._identifier = network_name(tenant, slot)
        self._slot, self._outputs, self._moves = slot, outputs, moves
        self._remembered = outputs.networks.get(slot)
        own = {"tenant": tenant, "network": slot}
        self._vpc = next(having(deployed.vpcs, **own, part=Part.NETWORK), None)
        self._host = next(having(deployed.instances, **own, part=Part.PING_HOST), None)
        instances = (each for each in deployed.databases if each.identifier == self._identifier)
        self._instance = next(instances, None)
        self._connections = list(having(deployed.vpn_connections, **own))
        self._companies = {each.id: each.address for each in deployed.customer_gateways}

    def network(self, *, alone: bool) -> StatusNetwork:
        remembered, vpc = self._remembered, self._vpc
        # Until the stack remembers one, a tenant's only network is the one that becomes Production.
        production = self._outputs.production or (self._slot if alone else None)
        return StatusNetwork(
            slot=self._slot,
            cidr=vpc.cidrs[0] if vpc else remembered.cidr if remembered else "",
            type=NetworkType.PRODUCTION if production == self._slot else NetworkType.TEST,
            status=self._network_status(),
            vpc_id=vpc.id if vpc else remembered.vpc_id if remembered else "",
            ping_host=self._ping_host(),
            database=self._database(),
            vpn_connections=self._vpn_connections(),
        )

    def _network_status(self) -> NetworkStatus:
        if self._vpc is None:
            return NetworkStatus.MISSING
        if self._moves:
            return NetworkStatus.MIGRATION_IN_PROGRESS
        complete = self._remembered is not None and self._vpc.state == "available"
        return NetworkStatus.READY if complete else NetworkStatus.CREATING

    def _ping_host(self) -> StatusPingHost | None:
        if self._host:
            return StatusPingHost(address=self._host.address, id=self._host.id, state=self._host.state)
        if self._remembered:
            return StatusPingHost(
                address=self._remembered.ping_host, id=self._remembered.ping_host_id, state="missing"
            )
        return None

    def _database(self) -> StatusDatabase:
        found, remembered = self._instance, self._outputs.database
        lost = found is None and remembered is not None and remembered.identifier == self._identifier
        return StatusDatabase(
            identifier=self._identifier,
            status=DatabaseStatus.MISSING if lost else _database_status(found),
            aws_status=found.status if found else "",
            address=found.address if found else None,
            port=found.port if found else None,
        )

    def _vpn_connections(self) -> list[StatusVpnConnection]:
        there = {connection.id for connection in self._connections}
        remembered = self._remembered.vpn_connections if self._remembered else ()
        missing = [
            StatusVpnConnection(**lost.model_dump(), status=VpnConnectionStatus.MISSING, tunnels=())
            for lost in remembered
            if lost.id not in there
        ]
        return sorted(
            [*map(self._vpn_connection, self._connections), *missing],
            key=lambda connection: (connection.company_cidr, connection.id),
        )

    def _vpn_connection(self, found: SiteToSiteVpn) -> StatusVpnConnection:
        creating = found.state == "pending"
        return StatusVpnConnection(
            id=found.id,
            company_cidr=", ".join(found.cidrs),
            company_gateway_ip=self._companies.get(found.customer_gateway_id, ""),
            description=found.tags.get(Tag.DESCRIPTION, ""),
            status=VpnConnectionStatus.CREATING if creating else VpnConnectionStatus.READY,
            tunnels=() if creating else found.tunnels,
        )


def _database_status(found: DatabaseInstance | None) -> DatabaseStatus:
    if found is None:
        return DatabaseStatus.READY_TO_CREATE
    if found.status == "creating":
        return DatabaseStatus.CREATING
    return DatabaseStatus.UNAVAILABLE if found.status.startswith(NOT_SERVING) else DatabaseStatus.READY_TO_USE
