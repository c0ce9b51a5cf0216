"""What a tenant's status is made of: what its stack remembers, and what AWS has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel
from tenantnet.failure import Failure
from tenantnet.observed.status.words import TunnelState


class Model(BaseModel):
    """Frozen, and in JSON with the same camel case as the stack's outputs."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="ignore")


class Tunnel(Model):
    """One tunnel of a VPN connection. outside_ip: AWS's end. message: AWS's words, often empty."""

    outside_ip: str
    state: TunnelState
    message: str
    last_change: datetime | None


class OutputVpnConnection(Model):
    """A VPN connection as the stack's outputs have it."""

    id: str
    company_cidr: str
    company_gateway_ip: str
    description: str


class OutputNetwork(Model):
    """A network as the stack's outputs have it."""

    cidr: str
    vpc_id: str
    ping_host: str
    ping_host_id: str
    vpn_connections: Sequence[OutputVpnConnection] = ()


class OutputDatabase(Model):
    """The database as the stack's outputs have it."""

    identifier: str
    address: str
    port: int
    username: str | None = None


class TenantOutputs(Model):
    """What a tenant's stack remembers. All of it is absent until the first update has come to its end."""

    cell: str | None = None
    region: str | None = None
    phase: str | None = None
    production: str | None = None
    endpoint: str | None = None
    session_subnet: str | None = None
    networks: Mapping[str, OutputNetwork] = {}
    database: OutputDatabase | None = None

    @classmethod
    def read(cls, tenant: str, outputs: Mapping[str, Any]) -> TenantOutputs:
        """Of plain outputs. Raises Failure where another version of the program has left them."""
        try:
            return cls.model_validate(outputs)
        except ValidationError as error:
            odd = ", ".join(".".join(map(str, problem["loc"])) for problem in error.errors())
            raise Failure(
                f"Could not read the outputs of {tenant}.",
                reason=f"they are not those of a tenant as this version of the program leaves them: {odd}",
                remedy=f"update the stack: pulumi up --stack {tenant}",
            ) from None


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
