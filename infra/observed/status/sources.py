"""What AWS has of a tenant, beside what its stack remembers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tenantnet.observed.status.words import TunnelState
from tenantnet.stacks.outputs import Model


class Tunnel(Model):
    """One tunnel of a VPN connection. outside_ip: AWS's end. message: AWS's words, often empty."""

    outside_ip: str
    state: TunnelState
    message: str
    last_change: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedVpc:
    """A tenant's VPC as EC2 describes it."""

    id: str
    cidr: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedHost:
    """A ping host as EC2 describes it. address: private; state: EC2's word, such as `running`."""

    id: str
    address: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedDatabase:
    """A database as RDS describes it; no address and port before it has them."""

    identifier: str
    status: str
    address: str | None
    port: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedVpnConnection:
    """A VPN connection as EC2 describes it. slot: of the network that it leads to."""

    id: str
    slot: str
    state: str
    company_cidr: str
    company_gateway_ip: str
    description: str
    tunnels: tuple[Tunnel, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Everything of one tenant that AWS has, by slot. What is deleted is not in it."""

    vpcs: Mapping[str, ObservedVpc] = field(default_factory=dict)
    ping_hosts: Mapping[str, ObservedHost] = field(default_factory=dict)
    databases: Mapping[str, ObservedDatabase] = field(default_factory=dict)
    vpn_connections: Sequence[ObservedVpnConnection] = ()
