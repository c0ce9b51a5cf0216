"""The components as other languages see them.

Pulumi reads their schema from the annotations of TypedDicts; the docstring below an annotation becomes the
property's description. Annotations must be types, not text: this module does without the annotations future.
"""

from typing import NotRequired, TypedDict

import pulumi
from tenantnet import components
from tenantnet.tags import Lifecycle, Owner


class NetworkOwnerArgs(TypedDict):
    """Whose a resource is; tags say so."""

    cell: str
    """The cell's name: a platform stack's name without `platform-`."""
    tenant: str
    """The tenant's name."""
    network: NotRequired[str]
    """`blue` or `green`, for what belongs to one network."""


class TenantNetworkArgs(TypedDict):
    """A network's settings and what it needs of its cell."""

    owner: NetworkOwnerArgs
    """Whose network it is, with its slot."""
    cidr: str
    """An aligned /26 in a private range, outside the reserved ranges."""
    availability_zones: list[str]
    """Two zones; the hosts stand in the first."""
    ping_host_type: NotRequired[str]
    """The ping host's instance type; t4g.nano without it."""
    ping_host_image: pulumi.Input[str]
    """An arm64 AMI that answers ping without any set-up."""
    kms_key_arn: pulumi.Input[str]
    """The key that encrypts logs and disks."""
    flow_log_role_arn: pulumi.Input[str]
    """The role that VPC flow logs are written with."""


class TenantNetwork(components.TenantNetwork):
    """One network of a tenant: a /26 VPC with four /28 subnets, a VPN gateway and a host to ping."""

    vpc_id: pulumi.Output[str]
    """The VPC's ID."""
    route_table_id: pulumi.Output[str]
    """The table of all four subnets."""
    vpn_gateway_id: pulumi.Output[str]
    """The virtual private gateway's ID."""
    database_subnet_ids: list[pulumi.Output[str]]
    """The subnets of the database, in two zones."""
    database_security_group_id: pulumi.Output[str]
    """The database's group, without any rule."""
    ping_host_security_group_id: pulumi.Output[str]
    """The ping host's group, without any rule."""
    ping_host_id: pulumi.Output[str]
    """The ping host's instance ID."""
    ping_host: str
    """The ping host's address."""

    def __init__(
        self, name: str, args: TenantNetworkArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        zone_a, zone_b = args["availability_zones"]
        super().__init__(
            name,
            components.TenantNetworkArgs(
                owner=Owner(**args["owner"]),
                cidr=args["cidr"],
                availability_zones=(zone_a, zone_b),
                ping_host_type=args.get("ping_host_type", "t4g.nano"),
                ping_host_image=args["ping_host_image"],
                kms_key_arn=args["kms_key_arn"],
                flow_log_role_arn=args["flow_log_role_arn"],
            ),
            opts,
        )


class TenantDatabaseArgs(TypedDict):
    """A database in production; moves are Tenantnet's own program's."""

    owner: NetworkOwnerArgs
    """Whose database it is, with its network's slot."""
    subnet_ids: pulumi.Input[list[pulumi.Input[str]]]
    """Subnets of two zones."""
    security_group_id: pulumi.Input[str]
    """The group that lets clients in."""
    username: str
    """The master user's name."""
    password: pulumi.Input[str]
    """The master user's password: a secret."""
    instance_class: NotRequired[str]
    """An RDS instance class that MySQL runs on; db.t4g.small without it."""
    storage_gb: NotRequired[int]
    """GiB, 20 to 65536; 100 without it."""
    multi_az: NotRequired[bool]
    """Whether a standby is kept in a second zone."""
    final_snapshot_identifier: str
    """The snapshot that deletion leaves behind."""
    kms_key_arn: pulumi.Input[str]
    """The key that encrypts the database and its logs."""
    alarm_topic_arn: pulumi.Input[str]
    """Where its alarms go."""


class TenantDatabase(components.TenantDatabase):
    """A tenant's MySQL database: private, encrypted, TLS only, protected against deletion."""

    identifier: pulumi.Output[str]
    """The instance's identifier, known once it is available."""
    arn: pulumi.Output[str]
    """The instance's ARN."""
    address: pulumi.Output[str]
    """The instance's DNS name."""

    def __init__(
        self, name: str, args: TenantDatabaseArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(
            name,
            components.TenantDatabaseArgs(
                owner=Owner(**args["owner"]),
                subnet_ids=args["subnet_ids"],  # type: ignore[arg-type]
                security_group_id=args["security_group_id"],
                username=args["username"],
                password=args["password"],
                instance_class=args.get("instance_class", "db.t4g.small"),
                storage_gb=args.get("storage_gb", 100),
                multi_az=args.get("multi_az", False),
                lifecycle=Lifecycle.PRODUCTION,
                final_snapshot_identifier=args["final_snapshot_identifier"],
                kms_key_arn=args["kms_key_arn"],
                alarm_topic_arn=args["alarm_topic_arn"],
            ),
            opts,
        )


class VpnConnectionArgs(TypedDict):
    """A company's end, and what it connects to."""

    owner: NetworkOwnerArgs
    """Whose connection it is, with its network's slot."""
    company_cidr: str
    """What is behind the company's device."""
    company_gateway_ip: str
    """The device's public IPv4 address."""
    description: str
    """What people call the place."""
    vpn_gateway_id: pulumi.Input[str]
    """The tenant network's gateway."""
    database_security_group_id: pulumi.Input[str]
    """The group that lets the company into the database."""
    ping_host_security_group_id: pulumi.Input[str]
    """The group that lets the company ping."""
    alarm_topic_arn: pulumi.Input[str]
    """Where the tunnels' alarms go."""


class VpnConnection(components.VpnConnection):
    """A VPN connection of two tunnels to a company's VPN device, with one static route."""

    id: pulumi.Output[str]
    """The VPN connection's ID, known once its route exists."""

    def __init__(
        self, name: str, args: VpnConnectionArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        owner = Owner(**args["owner"])
        super().__init__(
            name,
            components.VpnConnectionArgs(
                owner=owner,
                company_cidr=args["company_cidr"],
                company_gateway_ip=args["company_gateway_ip"],
                description=args["description"],
                vpn_gateway_id=args["vpn_gateway_id"],
                database_security_group_id=args["database_security_group_id"],
                ping_host_security_group_id=args["ping_host_security_group_id"],
                alarm_topic_arn=args["alarm_topic_arn"],
            ),
            opts,
        )


class EndpointRecordArgs(TypedDict):
    """A name and where it leads."""

    host_name: pulumi.Input[str]
    """The full name."""
    zone_id: pulumi.Input[str]
    """The hosted zone's ID."""
    target: pulumi.Input[str]
    """The production database's own name."""


class EndpointRecord(components.EndpointRecord):
    """The one name that a tenant's clients use."""

    host_name: pulumi.Output[str]
    """The name, known once the record is in the zone."""

    def __init__(
        self, name: str, args: EndpointRecordArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, components.EndpointRecordArgs(**args), opts)


COMPONENTS = (TenantNetwork, TenantDatabase, VpnConnection, EndpointRecord)
