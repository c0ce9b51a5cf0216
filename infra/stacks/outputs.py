"""The outputs of both kinds of stack, read as plain values. Pure, and quick to import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel
from tenantnet.failure import Failure


class Model(BaseModel):
    """Frozen, and in JSON with the same camel case as the stacks' outputs."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="ignore")


class Outputs(Model):
    """The outputs of a stack, by the names under which it exports them."""

    @classmethod
    def read(cls, stack: str, outputs: Mapping[str, Any] | None) -> Self:
        """outputs: None for a stack that is not there. Raises Failure if something is missing or odd."""
        try:
            return cls.model_validate(outputs or {})
        except ValidationError as error:
            odd = ", ".join(sorted(".".join(map(str, problem["loc"])) for problem in error.errors()))
            reason = f"its last update did not finish, or was another version's: see {odd}"
        raise Failure(
            f"Could not read the outputs of {stack}.",
            reason="it is not in this Pulumi backend" if outputs is None else reason,
            remedy=f"deploy it: tenantnet up {stack}",
        )


class PlatformOutputs(Outputs):
    """What a platform's stack remembers."""

    cell: str
    region: str
    account_id: str
    availability_zones: tuple[str, str]
    image_id: str
    zone_id: str
    zone_name: str
    sessions_vpc_id: str
    sessions_cidr: str
    shared_subnets: tuple[str, ...] = ()
    services_vpc_id: str
    services_cidr: str | None = None
    services_route_table_id: str
    tunnel_host_id: str
    tunnel_host_address: str
    kms_key_arn: str
    alarm_topic_arn: str
    flow_log_role_arn: str
    claims_table: str
    # Only where the platform's settings have a runner.
    runner_project: str | None = None
    runner_schedule_role_arn: str | None = None
    runner_compares: bool = False


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


class OutputRetired(Model):
    """The network that the last move retired, while the settings still name it."""

    slot: str
    cidr: str


class TenantOutputs(Outputs):
    """What a tenant's stack remembers. All of it is absent until the first update has finished."""

    cell: str | None = None
    platform: str | None = None
    region: str | None = None
    phase: str | None = None
    production: str | None = None
    strategy: str | None = None
    endpoint: str | None = None
    session_subnet: str | None = None
    networks: Mapping[str, OutputNetwork] = {}
    retired: OutputRetired | None = None
    database: OutputDatabase | None = None
