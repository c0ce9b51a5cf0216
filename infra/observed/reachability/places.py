"""The places between which traffic is checked, found by tags and IDs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from netaddr import IPSet
from tenantnet.observed.deployed import (
    Deployed,
    Ec2Instance,
    Gateway,
    NetworkInterface,
    SiteToSiteVpn,
    Subnet,
    Vpc,
    WithTags,
    having,
)
from tenantnet.tags import Part, Tag, network_name

# A tenant and its network.
Owner = tuple[str | None, str | None]
PLATFORM: Owner = (None, None)


class Kind(StrEnum):
    """What a place is.

    ENDPOINT: Session Manager's interface endpoints. REST: the unused addresses of a tenant network, and each
    interface there that is none of Tenantnet's. SERVICES_HOST, SESSIONS_HOST: such interfaces in a platform's
    networks, outside the session subnets.
    ELSEWHERE: the internet, and every host that is in none of the other places.
    """

    COMPANY = "company"
    SESSION = "session"
    TUNNEL_HOST = "tunnel host"
    ENDPOINT = "Session Manager"
    PING_HOST = "ping host"
    DATABASE = "database"
    REST = "rest of the network"
    SERVICES_HOST = "another host of the services network"
    SESSIONS_HOST = "another host of the sessions network"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Place:
    """Where traffic starts or ends. Compared by identity.

    name: for people. tenant, network: its owner; None for the platform's.
    cidrs: its addresses, less those that are `but_not`.
    vpc_id, subnet_ids: where it is; none for a company and for elsewhere.
    gateway_id: of a company, the VPN gateway that its connection ends at.
    group_ids: its security groups; None if they are not ours and thus taken as open.
    ours: whether its VPC is Tenantnet's, and not one that the settings name.
    """

    kind: Kind
    name: str
    cidrs: tuple[str, ...]
    but_not: tuple[str, ...] = ()
    tenant: str | None = None
    network: str | None = None
    vpc_id: str | None = None
    subnet_ids: tuple[str, ...] = ()
    gateway_id: str | None = None
    connection_id: str | None = None
    group_ids: tuple[str, ...] | None = None
    ours: bool = True

    def addresses(self, version: int) -> IPSet:
        """All of its addresses of IPv4 or IPv6."""
        return addresses_of(self.cidrs, version) - addresses_of(self.but_not, version)


def addresses_of(cidrs: Iterable[str], version: int) -> IPSet:
    """The addresses of those ranges that are of IPv4 or IPv6."""
    return IPSet(cidr for cidr in cidrs if (6 if ":" in cidr else 4) == version)


def places_of(deployed: Deployed) -> list[Place]:
    """Every place, in the order of their kinds, elsewhere last."""
    found = _Finder(deployed)
    known = [
        *found.companies(),
        *found.sessions(),
        *found.tunnel_host(),
        *found.endpoints(),
        *found.ping_hosts(),
        *found.databases(),
    ]
    known += found.other_hosts(known)
    rest = found.rest(known)
    return [*known, *rest, _elsewhere(deployed, [*known, *rest])]


def _elsewhere(deployed: Deployed, known: Iterable[Place]) -> Place:
    taken = {subnet_id for place in known for subnet_id in place.subnet_ids}
    subnets = tuple(cidr for subnet in deployed.subnets if subnet.id in taken for cidr in subnet.cidrs)
    return Place(kind=Kind.ELSEWHERE, name="elsewhere", cidrs=("0.0.0.0/0", "::/0"), but_not=subnets)


def _owner(record: WithTags) -> tuple[str, str]:
    return record.tags.get(Tag.TENANT, ""), record.tags.get(Tag.NETWORK, "")


_KINDS_OF_OTHERS: dict[str, Kind] = {
    Part.NETWORK: Kind.REST,
    Part.SERVICES: Kind.SERVICES_HOST,
    Part.SESSIONS: Kind.SESSIONS_HOST,
}


def _is_of(interface: NetworkInterface, database: Place) -> bool:
    """Whether RDS made the interface for this database: nobody else can have it say so."""
    return (
        interface.managed_by == "amazon-rds"
        and interface.subnet_id in database.subnet_ids
        and set(interface.group_ids) == set(database.group_ids or ())
    )


class _Finder:
    """Finds places by kind."""

    def __init__(self, deployed: Deployed) -> None:
        self._deployed = deployed
        self._subnets = {subnet.id: subnet for subnet in deployed.subnets}
        self._vpcs = {vpc.id: vpc for vpc in deployed.vpcs}

    def companies(self) -> Iterator[Place]:
        gateways = {gateway.id: gateway for gateway in self._deployed.vpn_gateways}
        for connection in self._deployed.vpn_connections:
            yield self._company(connection, gateways.get(connection.gateway_id))

    def _company(self, connection: SiteToSiteVpn, gateway: Gateway | None) -> Place:
        # Its gateway decides where it ends, not its tags.
        tenant, network = _owner(self._vpcs[gateway.vpc_id] if gateway else connection)
        description = connection.tags.get(Tag.DESCRIPTION, connection.id)
        return Place(
            kind=Kind.COMPANY,
            name=f"{tenant} {network}: company {description} ({', '.join(connection.cidrs) or 'no route'})",
            cidrs=connection.cidrs,
            tenant=tenant,
            network=network,
            gateway_id=connection.gateway_id,
            connection_id=connection.id,
        )

    def sessions(self) -> Iterator[Place]:
        for subnet in having(self._deployed.subnets, part=Part.SESSION):
            tenant = subnet.tags.get(Tag.TENANT, "")
            name = f"{tenant}: session ({subnet.cidr})"
            yield self._in_subnets(Kind.SESSION, name, [subnet], (tenant, None))

    def tunnel_host(self) -> Iterator[Place]:
        for host in self._deployed.instances:
            if host.id == self._deployed.tunnel_host_id:
                yield self._host(Kind.TUNNEL_HOST, f"tunnel host ({host.address})", host)

    def endpoints(self) -> Iterator[Place]:
        host = tuple(cidr for place in self.tunnel_host() for cidr in place.cidrs)
        # Endpoints in the same subnets and groups are alike, whatever they serve.
        alike: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
        for endpoint in self._deployed.endpoints:
            alike.setdefault((endpoint.subnet_ids, endpoint.group_ids), []).append(endpoint.id)
        for (subnet_ids, group_ids), ids in alike.items():
            subnets = [self._subnets[each] for each in subnet_ids if each in self._subnets]
            yield self._in_subnets(
                Kind.ENDPOINT,
                f"Session Manager ({', '.join(ids)})",
                subnets,
                but_not=host,
                group_ids=group_ids,
            )

    def ping_hosts(self) -> Iterator[Place]:
        for host in having(self._deployed.instances, part=Part.PING_HOST):
            owner = _owner(self._vpcs[self._subnets[host.subnet_id].vpc_id])
            yield self._host(Kind.PING_HOST, f"{' '.join(owner)}: ping host ({host.address})", host, owner)

    def databases(self) -> Iterator[Place]:
        """One per network, as it is or would be: its instance's subnets and groups, or those meant for it."""
        instances = {instance.identifier: instance for instance in self._deployed.databases}
        for vpc in self._networks():
            owner = _owner(vpc)
            identifier = network_name(*owner)
            instance = instances.get(identifier)
            meant = {f"{identifier}-database-a", f"{identifier}-database-b"}
            subnets = [
                subnet
                for subnet in self._deployed.subnets
                if (
                    subnet.id in instance.subnet_ids
                    if instance
                    else subnet.vpc_id == vpc.id and subnet.tags.get("Name") in meant
                )
            ]
            groups = instance.group_ids if instance else self._database_groups(vpc.id)
            name = f"{' '.join(owner)}: database"
            yield self._in_subnets(Kind.DATABASE, name, subnets, owner, group_ids=groups)

    def other_hosts(self, known: Iterable[Place]) -> list[Place]:
        """Each interface in the cell's VPCs that belongs to none of the known hosts, endpoints and databases.

        Those in session subnets are sessions.
        """
        hosts = {
            (place.vpc_id, cidr)
            for place in known
            if place.kind in (Kind.TUNNEL_HOST, Kind.PING_HOST)
            for cidr in place.cidrs
        }
        ours = {each for endpoint in self._deployed.endpoints for each in endpoint.interface_ids}
        databases = [place for place in known if place.kind is Kind.DATABASE]
        sessions = {each for place in known if place.kind is Kind.SESSION for each in place.subnet_ids}
        found: list[Place] = []
        for interface in self._deployed.interfaces:
            left = tuple(cidr for cidr in interface.cidrs if (interface.vpc_id, cidr) not in hosts)
            of_database = any(_is_of(interface, place) for place in databases)
            if left and not of_database and interface.id not in ours and interface.subnet_id not in sessions:
                found += self._other_host(interface, left)
        return found

    def _other_host(self, interface: NetworkInterface, cidrs: tuple[str, ...]) -> Iterator[Place]:
        vpc = self._vpcs[interface.vpc_id]
        kind = _KINDS_OF_OTHERS.get(vpc.tags.get(Tag.PART, ""))
        if kind and interface.subnet_id in self._subnets:
            owner = _owner(vpc) if kind is Kind.REST else PLATFORM
            where = " ".join(each for each in owner if each) or vpc.tags[Tag.PART]
            place = self._in_subnets(
                kind,
                f"{where}: {interface.id} ({', '.join(cidrs)})",
                [self._subnets[interface.subnet_id]],
                owner,
                group_ids=interface.group_ids or None,
            )
            yield replace(place, cidrs=cidrs)

    def rest(self, known: Iterable[Place]) -> list[Place]:
        """Of each tenant network, what the known places leave."""
        return [self._rest(vpc, known) for vpc in self._networks()]

    def _rest(self, vpc: Vpc, known: Iterable[Place]) -> Place:
        owner = _owner(vpc)
        taken = [place for place in known if place.vpc_id == vpc.id]
        of_database = {each for place in taken if place.kind is Kind.DATABASE for each in place.subnet_ids}
        subnets = [
            subnet
            for subnet in self._deployed.subnets
            if subnet.vpc_id == vpc.id and subnet.id not in of_database
        ]
        return self._in_subnets(
            Kind.REST,
            f"{' '.join(owner)}: rest of the network",
            subnets,
            owner,
            but_not=tuple(cidr for place in taken for cidr in place.cidrs),
            group_ids=(),
        )

    def _networks(self) -> list[Vpc]:
        return list(having(self._deployed.vpcs, part=Part.NETWORK))

    def _database_groups(self, vpc_id: str) -> tuple[str, ...]:
        return tuple(
            group.id
            for group in having(self._deployed.security_groups, part=Part.DATABASE)
            if group.vpc_id == vpc_id
        )

    def _host(self, kind: Kind, name: str, host: Ec2Instance, owner: Owner = PLATFORM) -> Place:
        subnet = self._subnets[host.subnet_id]
        found = self._in_subnets(kind, name, [subnet], owner, group_ids=host.group_ids)
        return replace(found, cidrs=(f"{host.address}/32",))

    def _in_subnets(
        self,
        kind: Kind,
        name: str,
        subnets: list[Subnet],
        owner: Owner = PLATFORM,
        *,
        but_not: tuple[str, ...] = (),
        group_ids: tuple[str, ...] | None = None,
    ) -> Place:
        vpc_id = subnets[0].vpc_id if subnets else None
        return Place(
            kind=kind,
            name=name,
            cidrs=tuple(cidr for subnet in subnets for cidr in subnet.cidrs),
            but_not=but_not,
            tenant=owner[0],
            network=owner[1],
            vpc_id=vpc_id,
            subnet_ids=tuple(subnet.id for subnet in subnets),
            group_ids=group_ids,
            ours=vpc_id is not None and Tag.CELL in self._vpcs[vpc_id].tags,
        )
