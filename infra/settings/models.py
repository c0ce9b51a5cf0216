"""The settings of both kinds of stack, as they stand in tenants/Pulumi.<stack>.yaml under `config`.

Every value is judged by a check of infra.settings.checks or infra.addressing; rules over several values stand
in infra.settings.relations. load_tenant, load_platform and load_file make these and report everything that is
wrong at once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from infra import addressing
from infra.migration.phases import Slot, Strategy
from infra.refusal import Refusal
from infra.settings import checks

REFUSED = "refused"


def _verdict(value: object, refusals: list[Refusal]) -> object:
    if refusals:
        raise PydanticCustomError(REFUSED, "refused", {"refusals": refusals})
    return value


def judged(check: Callable[[object], list[Refusal]]) -> BeforeValidator:
    """Judge a field by a check of its own."""
    return BeforeValidator(lambda value: _verdict(value, check(value)))


def judged_with_reserved(
    check: Callable[[object, Any], list[Refusal]],
) -> BeforeValidator:
    """Judge a field by a check that needs the reserved ranges, which the loader passes as context."""

    def judge(value: object, info: ValidationInfo) -> object:
        return _verdict(value, check(value, info.context))

    return BeforeValidator(judge)


class Settings(BaseModel):
    """Keys in camelCase, no unknown key, no conversion between types."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, strict=True)


class VpnConnectionSettings(Settings):
    """One VPN connection of two tunnels to a company's network."""

    company_cidr: Annotated[str, judged_with_reserved(addressing.check_company_cidr)] = Field(
        description="The company's own network behind the gateway: a private range of any size."
    )
    company_gateway_ip: Annotated[str, judged(addressing.check_gateway_ip)] = Field(
        description="The public IPv4 address of the company's VPN device."
    )
    description: Annotated[str, judged(checks.check_description)] = Field(
        description="What people call the place, shown in tables and as a tag."
    )


class NetworkSettings(Settings):
    """One network of a tenant."""

    cidr: Annotated[str, judged_with_reserved(addressing.check_network_cidr)] = Field(
        description="A /26 that no other tenant has: `tenantnet network add --auto` finds one."
    )
    ping_host_type: Annotated[str, judged(checks.check_host_type)] = Field(
        default="t4g.nano", description="The EC2 type of the host that answers the company's pings."
    )
    vpn_connections: list[VpnConnectionSettings] = Field(
        default=[], description="The VPN connections to the company's networks; at most 10."
    )


class DatabaseSettings(Settings):
    """The tenant's MySQL database."""

    username: Annotated[str, judged(checks.check_username)] = Field(
        description="The master user's name; it cannot be changed later without a new database."
    )
    instance_class: Annotated[str, judged(checks.check_instance_class)] = Field(
        default="db.t4g.small", description="An RDS instance class that MySQL runs on."
    )
    storage_gb: Annotated[int, judged(checks.check_storage)] = Field(
        default=100, description="Storage in GiB; it can grow later, never shrink."
    )
    multi_az: bool = Field(default=False, description="Whether a standby in a second zone takes over.")


class MigrationSettings(Settings):
    """When and how the database moves to the tenant's other network."""

    to: Slot = Field(strict=False, description="The slot to move to.")
    at: Annotated[datetime, judged(checks.check_local_time)] = Field(
        strict=False, description="Local date and time of the move: YYYY-MM-DDTHH:MM."
    )
    timezone: Annotated[str, judged(checks.check_timezone)] = Field(
        description="The IANA time zone of `at`, for example Europe/Amsterdam."
    )
    strategy: Strategy = Field(
        default=Strategy.REPLICA,
        strict=False,
        description="replica: minutes of downtime; snapshot: about 45.",
    )
    # Read from right to left: judged as text, then converted.
    retire_after: Annotated[timedelta, BeforeValidator(checks.duration), judged(checks.check_duration)] = (
        Field(
            default=timedelta(hours=24),
            description="How long the former network waits, read-only, before it is removed: 1h to 30d.",
        )
    )

    @property
    def instant(self) -> datetime:
        """The time of the move in UTC."""
        return self.at.replace(tzinfo=ZoneInfo(self.timezone)).astimezone(UTC)


class TenantFile(Settings):
    """What `tenantnet:tenant` holds."""

    platform: Annotated[str, judged(checks.check_platform_name)] = Field(
        description="The stack of the tenant's platform: platform-<cell>."
    )
    session_subnet: Annotated[str, judged_with_reserved(checks.check_session_subnet)] = Field(
        description="The tenant's own /24 in the sessions network."
    )
    database: DatabaseSettings = Field(description="The tenant's MySQL database.")
    networks: dict[Annotated[Slot, Field(strict=False)], NetworkSettings] = Field(
        description="One network, or two while a move is prepared."
    )
    migration: MigrationSettings | None = Field(
        default=None, description="The scheduled move to the other network, if there is one."
    )
    tunnel_users: list[Annotated[str, judged(checks.check_tunnel_user)]] = Field(
        default=[], description="IAM users who may open a tunnel to the database."
    )
    retiring: bool = Field(
        default=False,
        description="The tenant is on its way out: its database is unprotected and leaves a final snapshot.",
    )


class TenantSettings(TenantFile):
    """A tenant; its name is its stack's."""

    name: str


class ZoneSettings(Settings):
    """The DNS zone of the tenants' endpoints."""

    name: Annotated[str, judged(checks.check_zone_name)] = Field(description="For example db.example.com.")
    zone_id: Annotated[str, judged(checks.check_zone_id)] | None = Field(
        default=None, description="An existing hosted zone of that name; without it one is made."
    )


def _aws_id(prefix: str) -> BeforeValidator:
    return judged(partial(checks.check_aws_id, prefix=prefix))


class SessionsSettings(Settings):
    """The network with the tenants' sessions."""

    cidr: Annotated[str, judged_with_reserved(checks.check_sessions_cidr)] = Field(
        default="172.17.0.0/16", description="Its range, inside one that is reserved for sessions."
    )
    vpc_id: Annotated[str, _aws_id("vpc")] | None = Field(
        default=None, description="An existing VPC of that range; without it one is made."
    )


class ServicesSettings(Settings):
    """The network with the platform's own services."""

    cidr: Annotated[str, judged_with_reserved(checks.check_services_cidr)] = Field(
        default="10.32.0.0/16", description="Its range, inside one that is reserved for services."
    )
    vpc_id: Annotated[str, _aws_id("vpc")] | None = Field(
        default=None, description="An existing VPC of that range, with subnetId and routeTableId."
    )
    subnet_id: Annotated[str, _aws_id("subnet")] | None = Field(
        default=None, description="The subnet of the existing VPC that the tunnel host stands in."
    )
    route_table_id: Annotated[str, _aws_id("rtb")] | None = Field(
        default=None, description="The route table of that subnet; tenants add their routes to it."
    )
    tunnel_host_type: Annotated[str, judged(checks.check_host_type)] = Field(
        default="t4g.nano", description="The EC2 type of the host that tunnels lead through."
    )


class PlatformFile(Settings):
    """What `tenantnet:platform` holds."""

    zone: ZoneSettings = Field(description="The DNS zone of the tenants' endpoints.")
    sessions: SessionsSettings = Field(
        default=SessionsSettings(), description="The network with the tenants' sessions."
    )
    services: ServicesSettings = Field(
        default=ServicesSettings(), description="The network with the platform's own services."
    )


class PlatformSettings(PlatformFile):
    """A platform; its name is its stack's: platform-<cell>."""

    name: str

    @property
    def cell(self) -> str:
        """The cell's name."""
        return self.name.removeprefix("platform-")
