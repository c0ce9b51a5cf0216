"""The settings of both kinds of stack, as they are in tenants/Pulumi.<stack>.yaml under `config`.

Each value has a check in settings.checks or addresses.addressing; rules about several values are
in settings.relations. load_tenant, load_platform and load_file create these models and report all
problems at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, WithJsonSchema
from pydantic.alias_generators import to_camel
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError
from tenantnet.addresses import addressing
from tenantnet.addresses.addressing import DEFAULT_RESERVED, ReservedRange
from tenantnet.aws import engines, instance_classes, parameters, sizes, storage, windows
from tenantnet.refusal import Refusal
from tenantnet.settings import checks, rules
from tenantnet.tags import TAG_VALUE_CHARACTERS, Slot, Strategy

REFUSED = "refused"


def _verdict(value: Any, refusals: list[Refusal]) -> Any:  # noqa: ANN401 - of any type until it is checked
    if refusals:
        raise PydanticCustomError(REFUSED, "refused", {"refusals": refusals})
    return value


def judged(check: Callable[[object], list[Refusal]]) -> BeforeValidator:
    """Check a value with this function. Of several annotations, the last one is applied first."""
    return BeforeValidator(lambda value: _verdict(value, check(value)))


def judged_with_reserved(
    check: Callable[[object, Sequence[ReservedRange]], list[Refusal]],
) -> BeforeValidator:
    """Check a value with a function that needs the reserved ranges; the loader passes them as context."""

    def judge(value: object, info: ValidationInfo) -> object:
        if info.context is None:  # no reserved range is an empty one: this is a call that forgot them
            raise RuntimeError("the settings are judged without the project's reserved ranges")
        return _verdict(value, check(value, info.context))

    return BeforeValidator(judge)


def _slot(key: object) -> Slot:
    """The key of a network."""
    refusals = [] if key in [*Slot] else [checks.unknown_key(key, "", [*Slot])]
    return Slot(_verdict(key, refusals))


def _word_of(enum: type[StrEnum]) -> BeforeValidator:
    words = [*enum]
    return BeforeValidator(lambda value: enum(_verdict(value, checks.check_word(value, words))))


class RepositoryHost(StrEnum):
    """The host of a repository, as CodeBuild distinguishes them."""

    GITHUB = "github"
    GITLAB = "gitlab"
    BITBUCKET = "bitbucket"
    CODECOMMIT = "codecommit"


def _between(least: int, most: int) -> WithJsonSchema:
    return WithJsonSchema({"type": "integer", "minimum": least, "maximum": most})


HostType = Annotated[
    str, judged(checks.check_host_type), WithJsonSchema({"type": "string", "enum": [*sizes.HOST_TYPES]})
]
InstanceClass = Annotated[
    str,
    judged(checks.check_instance_class),
    WithJsonSchema({"type": "string", "enum": instance_classes.offered()}),
]
StorageGb = Annotated[
    int,
    judged(checks.check_storage),
    _between(rules.MIN_STORAGE_GB, rules.MAX_STORAGE_GB),
]
EngineVersion = Annotated[
    str,
    judged(checks.check_engine_version),
    WithJsonSchema({"type": "string", "enum": [*engines.FAMILIES]}),
]
Iops = Annotated[int, judged(checks.check_iops), _between(*storage.IOPS)]
Throughput = Annotated[int, judged(checks.check_throughput), _between(*storage.THROUGHPUT_MIB)]
BackupDays = Annotated[
    int,
    judged(checks.check_backup_days),
    _between(rules.MIN_BACKUP_DAYS, rules.MAX_BACKUP_DAYS),
]
BackupWindow = Annotated[
    str,
    judged(checks.check_backup_window),
    WithJsonSchema({"type": "string", "pattern": f"^{windows.BACKUP}$"}),
]
MaintenanceWindow = Annotated[
    str,
    judged(checks.check_maintenance_window),
    WithJsonSchema({"type": "string", "pattern": f"^{windows.MAINTENANCE}$"}),
]
Parameters = Annotated[
    dict[str, str | int],
    judged(checks.check_parameters),
    WithJsonSchema(
        {
            "type": "object",
            "properties": {
                name: {"type": ["integer", "string"], "description": f"It is {parameters.values(name)}."}
                for name in parameters.NAMES
            },
            "additionalProperties": False,
        }
    ),
]


def _tags_schema(most: int) -> WithJsonSchema:
    text = {"type": "string", "minLength": 1, "maxLength": TAG_VALUE_CHARACTERS}
    return WithJsonSchema({"type": "object", "maxProperties": most, "additionalProperties": text})


TenantTags = Annotated[dict[str, str], judged(checks.check_tags), _tags_schema(rules.MAX_TAGS)]
PlatformTags = Annotated[
    dict[str, str], judged(checks.check_platform_tags), _tags_schema(rules.MAX_PLATFORM_TAGS)
]
LocalTime = Annotated[
    datetime,
    BeforeValidator(datetime.fromisoformat),
    judged(checks.check_local_time),
    WithJsonSchema({"type": "string", "pattern": checks.LOCAL_TIME_PATTERN}),
]
Duration = Annotated[
    timedelta,
    BeforeValidator(checks.duration),
    judged(checks.check_duration),
    WithJsonSchema({"type": "string", "pattern": checks.DURATION_PATTERN}),
]
KnownSlot = Annotated[Slot, _word_of(Slot)]
KnownStrategy = Annotated[Strategy, _word_of(Strategy)]
KnownHost = Annotated[RepositoryHost, _word_of(RepositoryHost)]
SlotKey = Annotated[Slot, BeforeValidator(_slot)]
VpcId = Annotated[str, judged(checks.aws_id("vpc"))]
SubnetId = Annotated[str, judged(checks.aws_id("subnet"))]
RouteTableId = Annotated[str, judged(checks.aws_id("rtb"))]
ImageId = Annotated[str, judged(checks.aws_id("ami"))]


class Settings(BaseModel):
    """Keys in camelCase, no unknown key, no conversion between types."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        field_title_generator=lambda name, _: to_camel(name),
        frozen=True,
        strict=True,
        # A default is judged like a given value: the project's reserved ranges may forbid it.
        validate_default=True,
    )


class VpnConnectionSettings(Settings):
    """One VPN connection of two tunnels to a company's network."""

    company_cidr: Annotated[str, judged_with_reserved(addressing.check_company_cidr)] = Field(
        description="The company's own network behind the gateway: a private range of any size.",
        examples=["192.168.4.0/24"],
    )
    company_gateway_ip: Annotated[str, judged(addressing.check_gateway_ip)] = Field(
        description="The public IPv4 address of the company's VPN device.", examples=["198.51.100.7"]
    )
    description: Annotated[str, judged(checks.check_description)] = Field(
        description="What people call the place: it names the VPN connection.", examples=["Seattle office"]
    )


class NetworkSettings(Settings):
    """One network of a tenant."""

    cidr: Annotated[str, judged_with_reserved(addressing.check_network_cidr)] = Field(
        description="A private /26 that no other tenant has; tenantnet network add TENANT finds one.",
        examples=["10.1.2.0/26"],
    )
    ping_host_type: HostType = Field(
        default=sizes.DEFAULT_HOST_TYPE,
        description="The EC2 type of the host that answers the company's pings.",
    )
    vpn_connections: list[VpnConnectionSettings] = Field(
        default=[], description=f"VPN connections to companies, {rules.MAX_VPN_CONNECTIONS} at most."
    )


class DatabaseSettings(Settings):
    """The tenant's MySQL database."""

    username: Annotated[str, judged(checks.check_username)] = Field(
        description="The master user's name. Another name means another database.", examples=["acmeadmin"]
    )
    engine_version: EngineVersion = Field(
        default=engines.DEFAULT_VERSION,
        description="The major version of MySQL; minor ones come in the maintenance window.",
    )
    instance_class: InstanceClass = Field(
        default=sizes.DEFAULT_INSTANCE_CLASS, description="An RDS instance class that MySQL runs on."
    )
    storage_gb: StorageGb = Field(
        default=sizes.DEFAULT_STORAGE_GB, description="Storage in GiB. It can grow, never shrink."
    )
    iops: Iops | None = Field(
        default=None,
        description=f"IOPS of {storage.STRIPED_GIB} GiB or more. Without it {storage.IOPS[0]} from there on.",
        examples=[20_000],
    )
    storage_throughput: Throughput | None = Field(
        default=None,
        description=f"MiB/s of {storage.STRIPED_GIB} GiB or more, a quarter of the IOPS at most. Without it "
        f"{storage.THROUGHPUT_MIB[0]} from there on.",
        examples=[1_000],
    )
    multi_az: bool = Field(default=False, description="Whether a standby in a second zone takes over.")
    backup_retention_days: BackupDays = Field(
        default=sizes.DEFAULT_BACKUP_DAYS,
        description="Days that automated backups are kept. Fewer than before delete what is older.",
    )
    backup_window: BackupWindow | None = Field(
        default=None,
        description="When RDS backs it up each day, in UTC; with maintenanceWindow. Without it RDS chooses.",
        examples=["03:00-03:30"],
    )
    maintenance_window: MaintenanceWindow | None = Field(
        default=None,
        description="When RDS maintains it each week, in UTC; with backupWindow. Without it RDS chooses.",
        examples=["sun:04:00-sun:04:30"],
    )
    parameters: Parameters = Field(
        default={}, description="Parameters of MySQL, by name; its other network's database has them too."
    )
    gtid: bool = Field(
        default=False,
        description="Whether transactions have global identifiers, which a move by live needs. A change "
        "takes effect when the database is rebooted.",
    )


class MigrationSettings(Settings):
    """When and how the database moves to the tenant's other network."""

    to: KnownSlot = Field(description="The slot to move to.")
    at: LocalTime = Field(
        description="Local date and time of the move: YYYY-MM-DDTHH:MM.", examples=["2026-12-01T02:00"]
    )
    timezone: Annotated[str, judged(checks.check_timezone)] = Field(
        description="The IANA name of the time zone that `at` is in.", examples=["Europe/Amsterdam"]
    )
    strategy: KnownStrategy = Field(
        default=Strategy.REPLICA,
        description="replica: minutes of downtime. snapshot: about 45 minutes. live: seconds.",
    )
    retire_after: Duration = Field(
        default="24h",
        validate_default=True,
        description="How long the former network waits, read-only, before it is removed: 1h to 30d.",
    )
    without: list[Annotated[str, judged(checks.check_description)]] = Field(
        default=[],
        description="Companies that stay behind, by description or range: without a VPN connection to the "
        "new network they lose the database at the switch.",
        examples=[["Oslo office"]],
    )

    end_holders: bool = Field(
        default=False,
        description="End clients that hold a lock, or change rows for long, where holding back writes would "
        "wait for them. Otherwise the move stops, and writes go on. Not for live.",
    )

    @property
    def instant(self) -> datetime:
        """The time of the move in UTC."""
        return self.at.replace(tzinfo=ZoneInfo(self.timezone)).astimezone(UTC)


def _slots_as_properties(schema: JsonDict) -> None:
    """Name the slots, so that editors complete them."""
    network = schema.pop("additionalProperties")
    schema.pop("propertyNames")
    schema |= {
        "properties": {str(slot): network for slot in Slot},
        "additionalProperties": False,
        "minProperties": 1,
    }


class TenantFile(Settings):
    """What `tenantnet:tenant` holds."""

    platform: Annotated[str, judged(checks.check_platform_name)] = Field(
        description="The stack of the tenant's platform: platform-<cell>.", examples=["platform-eu1"]
    )
    session_subnet: Annotated[str, judged_with_reserved(checks.check_session_subnet)] = Field(
        description="The tenant's own /24 in the sessions network.", examples=["172.17.5.0/24"]
    )
    database: DatabaseSettings = Field(description="The tenant's MySQL database.")
    networks: dict[SlotKey, NetworkSettings] = Field(
        description="One network, blue or green; both during a move.",
        json_schema_extra=_slots_as_properties,
    )
    migration: MigrationSettings | None = Field(
        default=None, description="The scheduled move to the other network, if there is one."
    )
    tunnel_users: list[Annotated[str, judged(checks.check_tunnel_user)]] = Field(
        default=[], description="People who may open a tunnel to the database, by their names in IAM."
    )
    tags: TenantTags = Field(
        default={},
        description="Tags that every resource has beside Tenantnet's own, such as a cost center.",
        examples=[{"CostCenter": "4711"}],
    )
    retiring: bool = Field(
        default=False,
        description="The tenant is being removed: its database is unprotected and leaves a final snapshot.",
    )


class TenantSettings(TenantFile):
    """A tenant; its name is its stack's. reserved: the reserved ranges that its own were checked against."""

    name: str
    reserved: tuple[ReservedRange, ...] = DEFAULT_RESERVED


class ZoneSettings(Settings):
    """The DNS zone of the tenants' endpoints."""

    name: Annotated[str, judged(checks.check_zone_name)] = Field(
        description="The zone's DNS name.", examples=["db.example.com"]
    )
    zone_id: Annotated[str, judged(checks.check_zone_id)] | None = Field(
        default=None, description="An existing hosted zone of that name. Without it one is created."
    )


class SessionsSettings(Settings):
    """The network with the tenants' sessions."""

    cidr: Annotated[str, judged_with_reserved(checks.check_sessions_cidr)] = Field(
        default="172.17.0.0/16", description="Its range, inside one that is reserved for sessions."
    )
    vpc_id: VpcId | None = Field(
        default=None, description="An existing VPC of that range. Without it one is created."
    )
    shared_subnets: list[Annotated[str, judged(addressing.check_private_cidr)]] = Field(
        default=[],
        description="Ranges of the existing VPC's subnets that every tenant's sessions may reach, "
        f"{rules.MAX_SHARED_SUBNETS} at most.",
        examples=[["172.17.255.0/24"]],
    )


class ServicesSettings(Settings):
    """The network with the platform's own services."""

    cidr: Annotated[str, judged_with_reserved(checks.check_services_cidr)] = Field(
        default="10.32.0.0/16", description="Its range, inside one that is reserved for services."
    )
    vpc_id: VpcId | None = Field(
        default=None, description="An existing VPC of that range, with subnetId and routeTableId."
    )
    subnet_id: SubnetId | None = Field(
        default=None, description="The subnet of the existing VPC for the tunnel host."
    )
    route_table_id: RouteTableId | None = Field(
        default=None, description="The route table of that subnet; tenants add their routes to it."
    )
    tunnel_host_type: HostType = Field(
        default=sizes.DEFAULT_HOST_TYPE, description="The EC2 type of the host that tunnels lead through."
    )
    tunnel_host_image: ImageId | None = Field(
        default=None,
        description="Its image, an arm64 one of Amazon's; another one replaces the host at the same address. "
        "Without it a new host has the newest Amazon Linux 2023, and a deployed one is left as it is.",
        examples=["ami-0123456789abcdef0"],
    )


class RunnerSettings(Settings):
    """The CodeBuild project that moves databases at the time in their tenants' settings."""

    repository: Annotated[str, judged(checks.check_repository)] = Field(
        description="The https address of the git repository with the settings and the program.",
        examples=["https://github.com/example/tenants.git"],
    )
    host: KnownHost = Field(description="Where the repository is: github, gitlab, bitbucket or codecommit.")
    connection_arn: Annotated[str, judged(checks.check_connection_arn)] | None = Field(
        default=None, description="The connection that gives access to a private repository."
    )
    version: Annotated[str, judged(checks.check_version)] = Field(
        default="main", description="The branch, tag or commit that a run takes."
    )
    image: Annotated[str, judged(checks.check_image)] = Field(
        description="A container image with Pulumi 3.244 or newer, Python 3.11 or newer, git, curl and "
        "session-manager-plugin, for x86_64.",
        examples=[
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/tenantnet-runner@sha256:"
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
        ],
    )
    backend: Annotated[str, judged(checks.check_backend)] = Field(
        description="Where Pulumi keeps the stacks: s3://bucket, or the address of a Pulumi service.",
        examples=["s3://example-pulumi-state"],
    )
    secret_arn: Annotated[str, judged(checks.check_secret_arn)] | None = Field(
        default=None,
        description="A secret in Secrets Manager: with s3:// the stacks' passphrase, else an access token.",
    )
    secrets_key_arn: Annotated[str, judged(checks.check_key_arn)] | None = Field(
        default=None,
        description="The KMS key of the stacks' secrets, where they were made with --secrets-provider awskms://.",
    )
    unverified: bool = Field(
        default=False, description="true: the runner does not compare the data before the switch."
    )


class PlatformFile(Settings):
    """What `tenantnet:platform` holds."""

    zone: ZoneSettings = Field(description="The DNS zone of the tenants' endpoints.")
    sessions: SessionsSettings = Field(
        default={}, validate_default=True, description="The network with the tenants' sessions."
    )
    services: ServicesSettings = Field(
        default={}, validate_default=True, description="The network with the platform's own services."
    )
    runner: RunnerSettings | None = Field(
        default=None,
        description="Moves databases at their scheduled time. Without it, you start tenantnet migrate run.",
    )
    permissions_boundary_arn: Annotated[str, judged(checks.check_policy_arn)] | None = Field(
        default=None,
        description="The IAM policy that limits every role of the platform: boundary.json of tenantnet "
        "permissions.",
    )
    claims_platform: Annotated[str, judged(checks.check_platform_name)] | None = Field(
        default=None,
        description="The platform whose claims table has this cell's claims, in the same account and region. "
        "Without it, the project's cells share one. The platform's own name keeps its ranges apart.",
        examples=["platform-eu1"],
    )
    alarm_emails: list[Annotated[str, judged(checks.check_alarm_email)]] = Field(
        default=[],
        description="E-mail addresses that get alarms, once each has followed the link that AWS sends.",
        examples=[["oncall@example.com"]],
    )
    tags: PlatformTags = Field(
        default={},
        description="Tags that every resource has beside Tenantnet's own, such as a cost center.",
        examples=[{"CostCenter": "4711"}],
    )
    retiring: bool = Field(
        default=False,
        description="The platform is being removed: its tables lose their protection.",
    )


class PlatformSettings(PlatformFile):
    """A platform; its name is its stack's: platform-<cell>."""

    name: str

    @property
    def cell(self) -> str:
        """The cell's name."""
        return self.name.removeprefix("platform-")
