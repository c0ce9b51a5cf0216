"""A tenant's stack as a first preview shows it, in small: what the examples in docs/rules.md and tests break.

Ids are UNKNOWN, as they are before AWS has given them; relations stand in the dependencies.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tenantnet.addresses.addressing import DEFAULT_RESERVED
from tenantnet.addresses.claims import Claim, ClaimKind, ForeignRow
from tenantnet.addresses.companies import Company
from tenantnet.aws import types as aws
from tenantnet.aws.session_documents import runner_document, tenant_document
from tenantnet.components.alarm_topic import topic_policy
from tenantnet.components.migration_runner import start_statements
from tenantnet.components.platform_key import key_policy
from tenantnet.components.private_vpc import FLOW_LOG_STATEMENTS
from tenantnet.components.runner_permissions import RunnerPlace, runner_statements
from tenantnet.components.service_role import trust_policy
from tenantnet.components.tunnel_host import endpoint_policy
from tenantnet.failure import Failure
from tenantnet.policies import allowed
from tenantnet.policies.model import (
    PLATFORM_PREFIX,
    UNKNOWN,
    Finding,
    PackSettings,
    Policy,
    Ranges,
    Resource,
    Stack,
)
from tenantnet.settings.models import RunnerSettings
from tenantnet.stacks.outputs import PlatformOutputs
from tenantnet.tags import (
    Lifecycle,
    Owner,
    Part,
    claims_table_name,
    journal_table_name,
    runner_document_name,
    tunnel_name,
)

CELL, TENANT, SLOT = "eu1", "acme", "blue"
ENDPOINT = "acme.db.example.com"
OWNER = Owner(cell=CELL, tenant=TENANT, network=SLOT)
NETWORK, SESSIONS, COMPANY, TUNNEL_HOST = "10.1.2.0/26", "172.17.5.0/24", "192.168.4.0/24", "10.32.0.10/32"
PASSWORD = "Correct-Horse-7"  # noqa: S105 - nobody's
SESSIONS_VPC, SERVICES_VPC, SERVICES_TABLE = "vpc-0000005e55105", "vpc-00000005e421ce", "rtb-00000005e421ce"
KEY_ARN = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"
TOPIC_ARN = "arn:aws:sns:eu-west-1:123456789012:tenantnet-eu1-alarms"
PLATFORM = PlatformOutputs(
    cell=CELL,
    region="eu-west-1",
    account_id="123456789012",
    availability_zones=("eu-west-1a", "eu-west-1b"),
    image_id="ami-0123456789abcdef0",
    zone_id="Z0123456789",
    zone_name="db.example.com",
    sessions_vpc_id=SESSIONS_VPC,
    sessions_cidr="172.17.0.0/16",
    services_vpc_id=SERVICES_VPC,
    services_route_table_id=SERVICES_TABLE,
    tunnel_host_id="i-0123456789abcdef0",
    tunnel_host_address="10.32.0.10",
    kms_key_arn=KEY_ARN,
    alarm_topic_arn=TOPIC_ARN,
    flow_log_role_arn="arn:aws:iam::123456789012:role/tenantnet-eu1-flow-logs",
    claims_table=claims_table_name(CELL),
    runner_project="tenantnet-eu1-runner",
    runner_schedule_role_arn="arn:aws:iam::123456789012:role/tenantnet-eu1-runner-schedules",
)
RUNNER = RunnerSettings.model_validate(
    {
        "repository": "https://github.com/example/tenants.git",
        "host": "github",
        "image": "example/pulumi-python:3.274.1",
        "backend": "s3://example-pulumi-state",
        "secretArn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:example/pulumi-AbCdEf",
    }
)
RUNNER_PLACE = RunnerPlace(
    cell=CELL,
    region=PLATFORM.region,
    account_id=PLATFORM.account_id,
    zone_id=PLATFORM.zone_id,
    kms_key_arn=KEY_ARN,
    tunnel_host_id=PLATFORM.tunnel_host_id,
    log_group=f"/tenantnet/{CELL}/runner",
    schedule_role=str(PLATFORM.runner_schedule_role_arn),
)
OWN_TYPE = "aws:sqs/queue:Queue"
GAMMAS_COMPANY = Company(cidr="10.77.0.0/16", tenant="gamma")
TEAMS_NETWORKS = ("vpc-0aa11bb22cc33dd44", "subnet-0aa11bb22cc33dd45", "sg-0aa11bb22cc33dd46")
STRANGERS_IMAGE = "ami-0000000057a9ce000"
STRANGE_ROW = ForeignRow(cidr="10.9.7.0/26", text='{"cidr": {"S": "10.9.7.0/26"}}')
ZETA = Claim(cidr="10.9.7.0/26", tenant="zeta", stack="zeta", kind=ClaimKind.NETWORK, slot="blue")
ETA = replace(ZETA, cidr="10.9.11.0/26", tenant="eta", stack="eta")
BETA = Claim(cidr="10.9.9.0/26", tenant="beta", stack="beta", kind=ClaimKind.NETWORK, slot="blue")

STRONG_TUNNEL = {
    "IkeVersions": ["ikev2"],
    "Phase1EncryptionAlgorithms": ["AES256", "AES256-GCM-16"],
    "Phase1IntegrityAlgorithms": ["SHA2-256", "SHA2-384", "SHA2-512"],
    "Phase1DhGroupNumbers": [14, 19, 20, 21],
    "Phase1LifetimeSeconds": 28_800,
    "Phase2EncryptionAlgorithms": ["AES256", "AES256-GCM-16"],
    "Phase2IntegrityAlgorithms": ["SHA2-256", "SHA2-384", "SHA2-512"],
    "Phase2DhGroupNumbers": [14, 19, 20, 21],
    "Phase2LifetimeSeconds": 3_600,
    "DpdTimeoutAction": "restart",
    "DpdTimeoutSeconds": 30,
}


class SampleReading:
    """What the sample cell has: its platform, the claims of tenant beta and the company of tenant gamma."""

    def platform(self, cell: str) -> PlatformOutputs:
        """Raises Failure for any cell but the sample's."""
        if cell == CELL:
            return PLATFORM
        stack = f"platform-{cell}"
        raise Failure(
            f"Could not read the outputs of {stack}.",
            reason=f"there is no stack {stack}",
            remedy=f"deploy it first: tenantnet up {stack}",
        )

    def ranges(self, cell: str, region: str | None) -> Ranges:
        """Beta's network, a row that nobody knows, and the company of another tenant."""
        return Ranges(claims=[BETA, STRANGE_ROW], companies=[GAMMAS_COMPANY]) if cell == CELL else Ranges()

    def platforms(self) -> Collection[str]:
        """The sample's alone."""
        return (f"{PLATFORM_PREFIX}{CELL}",)

    def cells(self) -> Sequence[tuple[PlatformOutputs, Ranges]]:
        """The sample cell alone."""
        return [(self.platform(CELL), self.ranges(CELL, None))]

    def forget_ranges(self) -> None:
        """The sample cell stays as it is."""

    def granted(self, claims: Collection[Claim], cell: str, region: str | None) -> Collection[Claim]:
        """As DynamoDB takes rows on condition: a range that has one gets no other."""
        holders = {row.cidr: row for row in self.ranges(cell, region).claims}
        return [claim for claim in claims if holders.get(claim.cidr, claim) == claim]

    def account_id(self) -> str:
        """The sample's account."""
        return PLATFORM.account_id

    def region(self) -> str:
        """The sample's region."""
        return PLATFORM.region

    def runner(self) -> RunnerSettings | None:
        """The sample platform's runner."""
        return RUNNER

    def secrets(self) -> Collection[str]:
        """The sample runner's."""
        return (str(RUNNER.secret_arn),)

    def of_runners(self) -> Collection[str]:
        """Another platform's runner has an image in ECR, and a key."""
        return ("tools/runner", "66666666-7777-8888-9999-000000000000")

    def boundary(self) -> str | None:
        """The sample platform has none."""
        return None

    def retiring(self) -> bool:
        """The sample platform stays."""
        return False

    def claims_platform(self) -> str | None:
        """The sample platform leaves it open."""
        return None

    def existing(self, cell: str, region: str | None) -> Collection[str]:
        """The sample platform makes all of its networks."""
        return ()

    def image(self) -> str:
        """The platform's."""
        return PLATFORM.image_id

    def images(self, tags: Mapping[str, str], region: str | None) -> Collection[str]:
        """No host is deployed."""
        return ()

    def is_strangers(self, image: str, region: str | None) -> bool:
        """One is."""
        return image == STRANGERS_IMAGE

    def address(self, identifier: str, region: str | None) -> str:
        """As RDS makes one up."""
        return f"{identifier}.abc123.{PLATFORM.region}.rds.amazonaws.com"

    def bucket(self) -> str:
        """The runner's backend."""
        return RUNNER.backend.removeprefix("s3://")

    def held(self, stack: str) -> Sequence[Resource]:
        """Delta has imported what is beta's, epsilon's network would stay, zeta has one, eta's row follows.

        Others are new.
        """
        if stack == ETA.tenant:
            return [replace(row_of(ETA, "claim"), follows=True)]
        if stack == ZETA.tenant:
            tags = Owner(cell=CELL, tenant=stack).tags("network", part=Part.NETWORK)
            network = resource(aws.VPC, "network", {"cidrBlock": ZETA.cidr}, tags=tags, stack=stack)
            return [network, row_of(ZETA, "claim")]
        names = {"delta": "beta", "epsilon": "epsilon"}
        if stack not in names:
            return ()
        tags = Owner(cell=CELL, tenant=names[stack]).tags("imported")
        kept = resource(aws.VPC, "imported", {"id": "vpc-1"}, tags=tags, stack=stack)
        return [replace(kept, retained=stack == "epsilon")]

    def held_now(self, stack: str) -> Sequence[Resource]:
        """Nothing is imported meanwhile."""
        return self.held(stack)

    def tags(self, ids: Collection[str], region: str | None) -> Mapping[str, Mapping[str, str]]:
        """Whose the IDs are by their ends, and what for: `vpc-…acme`, `rtb-…beta`, `sg-database…acme`."""
        return {each: _owner_of(each).tags(each, part=_part_of(each)) for each in ids}

    def untagged(self, ids: Collection[str], region: str | None) -> Mapping[str, str]:
        """The team's own network and what is in it."""
        return {each: TEAMS_NETWORKS[0] for each in ids if each in TEAMS_NETWORKS}

    def tags_now(self, ids: Collection[str], region: str | None) -> Mapping[str, Mapping[str, str]]:
        """The same."""
        return self.tags(ids, region)


def _owner_of(name: str) -> Owner:
    return Owner(cell=CELL, tenant=next((each for each in (TENANT, "beta") if name.endswith(each)), None))


def _part_of(name: str) -> Part | None:
    return next((part for part in Part if part.replace("-", "") in name), None)


SETTINGS = PackSettings(
    reserved=DEFAULT_RESERVED,
    minimum_backup_days=7,
    required_tags=("Name", "tenantnet:cell"),
    reading=SampleReading(),
    own_types={OWN_TYPE: "notes of the tenant's team, which hold no data of customers"},
)

Resources = Mapping[str, Resource]
Change = Callable[[Resources], Resources]


def resource(
    kind: str,
    name: str,
    props: Mapping[str, Any],
    *,
    tags: Mapping[str, str] | None = None,
    origins: Mapping[str, Collection[str]] | None = None,
    stack: str = TENANT,
    **options: Any,  # noqa: ANN401 - the other fields of Resource
) -> Resource:
    """A resource of the sample stack. origins: per property the URNs that it comes from."""
    tagging = {} if tags is None else {"tags": tags, "tagsAll": tags}
    property_depends_on = {path: tuple(urns) for path, urns in (origins or {}).items()}
    return Resource(
        type=kind,
        name=name,
        urn=urn(kind, name, stack),
        props={**props, **tagging},
        property_depends_on=property_depends_on,
        depends_on=[each for urns in property_depends_on.values() for each in urns],
        region="eu-west-1",
        custom=kind.startswith(("aws:", "pulumi:providers:")),
        **options,
    )


def urn(kind: str, name: str, stack: str = TENANT) -> str:
    """The URN of a resource of the sample stack, or of another."""
    return f"urn:pulumi:{stack}::tenantnet::{kind}::{name}"


def refers(path: str, *targets: Resource) -> Mapping[str, Collection[str]]:
    """The origins of a property that is known after deployment."""
    return {path: [target.urn for target in targets]}


def good_stack() -> Resources:
    """The sample stack, which every policy permits; its resources by name for the examples."""
    claims = _claims()
    network = _network(claims["network-claim"])
    sessions = _sessions(claims["session-claim"])
    peerings = _peerings(network, sessions)
    return {
        **claims,
        **network,
        **sessions,
        **peerings,
        **_vpn(network),
        **_database(network),
        **_ping_host(network),
        **_access(),
    }


def row_of(claim: Claim, name: str) -> Resource:
    """The row of a tenant of the sample cell."""
    props = {"tableName": claims_table_name(CELL), "item": claim.item_json()}
    return resource(aws.TABLE_ITEM, name, props, stack=claim.stack)


def _claims() -> dict[str, Resource]:
    rows = {
        "network-claim": Claim(cidr=NETWORK, tenant=TENANT, stack=TENANT, kind=ClaimKind.NETWORK, slot=SLOT),
        "session-claim": Claim(cidr=SESSIONS, tenant=TENANT, stack=TENANT, kind=ClaimKind.SESSION_SUBNET),
    }
    return {key: row_of(claim, key) for key, claim in rows.items()}


def _network(claim: Resource) -> dict[str, Resource]:
    vpc = resource(
        aws.VPC, "acme-blue", {"cidrBlock": NETWORK}, tags=OWNER.tags("acme-blue", part=Part.NETWORK)
    )
    vpc = replace(vpc, depends_on=[claim.urn])
    subnets = {
        f"subnet-{zone}": resource(
            aws.SUBNET,
            f"acme-blue-database-{zone}",
            {"vpcId": UNKNOWN, "cidrBlock": cidr, "mapPublicIpOnLaunch": False},
            tags=OWNER.tags(f"acme-blue-database-{zone}", part=Part.NETWORK),
            origins=refers("vpcId", vpc),
        )
        for zone, cidr in (("a", "10.1.2.0/28"), ("b", "10.1.2.16/28"))
    }
    table = resource(
        aws.ROUTE_TABLE,
        "acme-blue",
        {"vpcId": UNKNOWN},
        tags=OWNER.tags("acme-blue", part=Part.NETWORK),
        origins=refers("vpcId", vpc),
    )
    associations = {f"association-{subnet.name}": _association(subnet, table) for subnet in subnets.values()}
    return {"network": vpc, "network-table": table, **subnets, **associations}


def _association(subnet: Resource, table: Resource) -> Resource:
    return resource(
        aws.ROUTE_TABLE_ASSOCIATION,
        subnet.name,
        {"subnetId": UNKNOWN, "routeTableId": UNKNOWN},
        origins={**refers("subnetId", subnet), **refers("routeTableId", table)},
    )


def _sessions(claim: Resource) -> dict[str, Resource]:
    owner, name = Owner(cell=CELL, tenant=TENANT), "acme-session"
    subnet = resource(
        aws.SUBNET,
        name,
        {"vpcId": SESSIONS_VPC, "cidrBlock": SESSIONS, "mapPublicIpOnLaunch": False},
        tags=owner.tags(name, part=Part.SESSION),
    )
    subnet = replace(subnet, depends_on=[claim.urn])
    table = resource(aws.ROUTE_TABLE, name, {"vpcId": SESSIONS_VPC}, tags=owner.tags(name, part=Part.SESSION))
    return {
        "session-subnet": subnet,
        "session-table": table,
        "association-session": _association(subnet, table),
        "session-acl": _session_acl(subnet),
    }


def acl_rule(number: int, action: str, cidr: str, **changes: object) -> dict[str, object]:
    """A rule of a network ACL, about everything."""
    rule = {
        "ruleNo": number,
        "action": action,
        "protocol": "-1",
        "cidrBlock": cidr,
        "fromPort": 0,
        "toPort": 0,
    }
    return {**rule, **changes}


def _session_acl(subnet: Resource) -> Resource:
    rules = [acl_rule(200, "deny", "172.17.0.0/16"), acl_rule(300, "allow", "0.0.0.0/0")]
    return resource(
        aws.NETWORK_ACL,
        subnet.name,
        {"vpcId": SESSIONS_VPC, "subnetIds": [UNKNOWN], "ingress": rules, "egress": rules},
        tags=subnet.tags,
        origins=refers("subnetIds", subnet),
    )


def _peerings(network: Resources, sessions: Resources) -> dict[str, Resource]:
    to_sessions = _peering("acme-blue-sessions", SESSIONS_VPC, network["network"])
    to_services = _peering("acme-blue-services", SERVICES_VPC, network["network"])
    network_table, session_table = network["network-table"], sessions["session-table"]
    return {
        "sessions-peering": to_sessions,
        "services-peering": to_services,
        "route-to-sessions": _route("acme-blue-sessions-out", SESSIONS, to_sessions, network_table),
        "route-to-services": _route("acme-blue-services-out", TUNNEL_HOST, to_services, network_table),
        "session-route": _route("acme-blue-sessions-back", NETWORK, to_sessions, session_table),
        "services-route": _route("acme-blue-services-back", NETWORK, to_services, SERVICES_TABLE),
    }


def _peering(name: str, peer: str, vpc: Resource) -> Resource:
    return resource(
        aws.PEERING,
        name,
        {"vpcId": UNKNOWN, "peerVpcId": peer, "autoAccept": True},
        tags=OWNER.tags(name),
        origins=refers("vpcId", vpc),
    )


def moving(destination: str) -> Change:
    """A second network with a database that follows, a peering with it, and a route to this range there."""

    def change(stack: Resources) -> Resources:
        owner = OWNER.in_network("green")
        tags = owner.tags("acme-green", part=Part.NETWORK, lifecycle=Lifecycle.TEST)
        network = resource(aws.VPC, "acme-green", {"cidrBlock": "10.9.8.64/26"}, tags=tags)
        database = resource(aws.DATABASE, "acme-green", {}, tags=tags)
        peering = joining(stack["network"], network)
        route = _route("acme-databases-out", destination, peering, stack["network-table"])
        return {**stack, **{each.urn: each for each in (network, database, peering, route)}}

    return change


def joining(network: Resource, other: Resource) -> Resource:
    """A peering between two networks."""
    props = {"vpcId": UNKNOWN, "peerVpcId": UNKNOWN, "autoAccept": True}
    origins = {**refers("vpcId", network), **refers("peerVpcId", other)}
    return resource(aws.PEERING, "acme-databases", props, tags=OWNER.tags("acme-databases"), origins=origins)


def _route(name: str, destination: str, peering: Resource, table: Resource | str) -> Resource:
    known = isinstance(table, str)
    return resource(
        aws.ROUTE,
        name,
        {
            "destinationCidrBlock": destination,
            "vpcPeeringConnectionId": UNKNOWN,
            "routeTableId": table if known else UNKNOWN,
        },
        origins={
            **refers("vpcPeeringConnectionId", peering),
            **({} if isinstance(table, str) else refers("routeTableId", table)),
        },
    )


def _vpn(network: Resources) -> dict[str, Resource]:
    gateway = resource(
        aws.VPN_GATEWAY,
        "acme-blue",
        {"vpcId": UNKNOWN},
        tags=OWNER.tags("acme-blue"),
        origins=refers("vpcId", network["network"]),
    )
    name = "acme-blue-vpn"
    device = {"ipAddress": "198.51.100.7", "deviceName": name}
    customer = resource(aws.CUSTOMER_GATEWAY, name, device, tags=OWNER.tags(name))
    tunnels = {f"tunnel{number}{key}": value for number in (1, 2) for key, value in STRONG_TUNNEL.items()}
    connection = resource(
        aws.VPN_CONNECTION,
        name,
        {"vpnGatewayId": UNKNOWN, "customerGatewayId": UNKNOWN, "staticRoutesOnly": True, **tunnels},
        tags=OWNER.tags(name),
        origins={**refers("vpnGatewayId", gateway), **refers("customerGatewayId", customer)},
        secret_outputs=("customerGatewayConfiguration", "tunnel1PresharedKey", "tunnel2PresharedKey"),
    )
    return {
        "vpn-gateway": gateway,
        "propagation": resource(
            aws.ROUTE_PROPAGATION,
            "acme-blue",
            {"vpnGatewayId": UNKNOWN, "routeTableId": UNKNOWN},
            origins={
                **refers("vpnGatewayId", gateway),
                **refers("routeTableId", network["network-table"]),
            },
        ),
        "customer-gateway": customer,
        "vpn-connection": connection,
        "vpn-route": company_route(name, COMPANY, connection),
        "vpn-alarm": resource(
            aws.ALARM,
            f"{name}-one-tunnel-down",
            _alarm(f"{name}-one-tunnel-down", "AWS/VPN", VpnId=UNKNOWN),
            tags=OWNER.tags(f"{name}-one-tunnel-down"),
            origins=refers("dimensions", connection),
        ),
    }


def _alarm(name: str, namespace: str, **dimensions: object) -> dict[str, object]:
    """Tells the cell's topic of what `dimensions` name."""
    return {"name": name, "namespace": namespace, "dimensions": dimensions, "alarmActions": [TOPIC_ARN]}


def company_route(name: str, cidr: str, connection: Resource) -> Resource:
    """The static route of a VPN connection to a company's range."""
    return resource(
        aws.VPN_CONNECTION_ROUTE,
        name,
        {"destinationCidrBlock": cidr, "vpnConnectionId": UNKNOWN},
        origins=refers("vpnConnectionId", connection),
    )


def _database(network: Resources) -> dict[str, Resource]:
    group = resource(
        aws.SECURITY_GROUP,
        "acme-blue-database",
        {"vpcId": UNKNOWN},
        tags=OWNER.tags("acme-blue-database", part=Part.DATABASE),
        origins=refers("vpcId", network["network"]),
    )
    subnets = resource(
        aws.SUBNET_GROUP,
        "acme-blue",
        {"name": "acme-blue", "subnetIds": [UNKNOWN, UNKNOWN]},
        tags=OWNER.tags("acme-blue"),
        origins=refers("subnetIds", network["subnet-a"], network["subnet-b"]),
    )
    parameters = resource(
        aws.PARAMETER_GROUP,
        "acme-blue",
        {
            "name": "acme-blue-mysql84",
            "parameters": [{"name": "require_secure_transport", "value": "1"}],
        },
        tags=OWNER.tags("acme-blue-mysql84"),
    )
    database = _instance(group)
    return {
        "database-group": group,
        "subnet-group": subnets,
        "parameter-group": parameters,
        "database": database,
        "alarm": resource(
            aws.ALARM,
            "acme-blue-CPUUtilization",
            _alarm("acme-blue-CPUUtilization", "AWS/RDS", DBInstanceIdentifier="acme-blue"),
            tags=OWNER.tags("acme-blue-CPUUtilization"),
        ),
        "ingress": resource(
            aws.INGRESS_RULE,
            "acme-blue-sessions",
            {
                "securityGroupId": UNKNOWN,
                "cidrIpv4": SESSIONS,
                "ipProtocol": "tcp",
                "fromPort": 3306,
                "toPort": 3306,
            },
            tags=OWNER.tags("acme-blue-sessions"),
            origins=refers("securityGroupId", group),
        ),
        "endpoint": resource(
            aws.RECORD,
            "acme",
            {
                "zoneId": PLATFORM.zone_id,
                "name": ENDPOINT,
                "type": "CNAME",
                "ttl": 5,
                "records": [UNKNOWN],
            },
            origins=refers("records", database),
        ),
    }


def _instance(group: Resource) -> Resource:
    return resource(
        aws.DATABASE,
        "acme-blue",
        {
            "identifier": "acme-blue",
            "engine": "mysql",
            "password": PASSWORD,
            "publiclyAccessible": False,
            "dbSubnetGroupName": "acme-blue",
            "vpcSecurityGroupIds": [UNKNOWN],
            "storageEncrypted": True,
            "kmsKeyId": KEY_ARN,
            "parameterGroupName": "acme-blue-mysql84",
            "backupRetentionPeriod": 14,
            "deletionProtection": True,
            "deleteAutomatedBackups": False,
            "skipFinalSnapshot": False,
            "finalSnapshotIdentifier": "acme-blue-final",
            "copyTagsToSnapshot": True,
        },
        tags=OWNER.tags("acme-blue", part=Part.DATABASE, lifecycle=Lifecycle.PRODUCTION),
        origins=refers("vpcSecurityGroupIds", group),
        protect=True,
        secret_outputs=("password",),
    )


def _ping_host(network: Resources) -> dict[str, Resource]:
    name = "acme-blue-ping-host"
    group = resource(
        aws.SECURITY_GROUP,
        name,
        {"vpcId": UNKNOWN},
        tags=OWNER.tags(name, part=Part.PING_HOST),
        origins=refers("vpcId", network["network"]),
    )
    host = resource(
        aws.INSTANCE,
        name,
        {
            "ami": "ami-0123456789abcdef0",
            "instanceType": "t4g.nano",
            "subnetId": UNKNOWN,
            "vpcSecurityGroupIds": [UNKNOWN],
            "metadataOptions": {"httpTokens": "required", "httpEndpoint": "enabled"},
            "rootBlockDevice": {"encrypted": True, "kmsKeyId": KEY_ARN, "volumeSize": 8, "volumeType": "gp3"},
        },
        tags=OWNER.tags(name, part=Part.PING_HOST),
        origins={**refers("subnetId", network["subnet-a"]), **refers("vpcSecurityGroupIds", group)},
    )
    ping = resource(
        aws.INGRESS_RULE,
        "acme-blue-vpn-ping",
        {"securityGroupId": UNKNOWN, "cidrIpv4": COMPANY, "ipProtocol": "icmp", "fromPort": 8, "toPort": -1},
        tags=OWNER.tags("acme-blue-vpn-ping"),
        origins=refers("securityGroupId", group),
    )
    return {"ping-host-group": group, "ping-host": host, "ping": ping}


def session_document(**changes: object) -> str:
    """The session document that leads to the sample's endpoint; changes: to its properties."""
    document = json.loads(tenant_document(ENDPOINT))
    return json.dumps({**document, "properties": {**document["properties"], **changes}})


def iam_policy(*statements: Mapping[str, object]) -> str:
    """An IAM policy of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _access() -> dict[str, Resource]:
    name, owner = "acme-tunnel", Owner(cell=CELL, tenant=TENANT)
    physical = tunnel_name(CELL, TENANT)
    return {
        "document": resource(
            aws.DOCUMENT,
            name,
            {"name": physical, "documentType": "Session", "content": session_document()},
            tags=owner.tags(physical),
        ),
        "stack": resource("pulumi:pulumi:Stack", "tenantnet-acme", {"endpoint": ENDPOINT}),
    }


def platform_stack() -> Resources:
    """The cell's own stack in small, which every policy permits, by names for the examples."""
    return {**_platform_rights(), **_platform_runner(), **_platform_services()}


def _of_platform(
    kind: str,
    name: str,
    props: Mapping[str, Any],
    *,
    part: Part | None = None,
    origins: Mapping[str, Collection[str]] | None = None,
) -> Resource:
    tags = Owner(cell=CELL).tags(name, part=part)
    return resource(kind, name, props, tags=tags, origins=origins, stack=f"platform-{CELL}")


def _platform_rights() -> dict[str, Resource]:
    account, region, name = PLATFORM.account_id, PLATFORM.region, "tenantnet-eu1-alarms"
    policy = key_policy(account, region)
    key = _of_platform(aws.KEY, "eu1", {"id": KEY_ARN, "enableKeyRotation": True, "policy": policy})
    topic = _of_platform(
        allowed.TOPIC, name, {"name": name, "kmsMasterKeyId": UNKNOWN}, origins=refers("kmsMasterKeyId", key)
    )
    mail = {"topic": UNKNOWN, "protocol": "email", "endpoint": "oncall@example.com"}
    publish = {"arn": UNKNOWN, "policy": topic_policy(region, account, name)}
    return {
        "key": key,
        **{table["name"]: _of_platform(aws.TABLE, table["name"], table) for table in _tables()},
        "topic": topic,
        "topic-policy": _of_platform(allowed.TOPIC_POLICY, name, publish, origins=refers("arn", topic)),
        "subscription": _of_platform(allowed.SUBSCRIPTION, name, mail, origins=refers("topic", topic)),
        **_role("flow-logs", "vpc-flow-logs.amazonaws.com", FLOW_LOG_STATEMENTS),
    }


def _tables() -> list[dict[str, Any]]:
    kept = {
        "deletionProtectionEnabled": True,
        "pointInTimeRecovery": {"enabled": True},
        "serverSideEncryption": {"enabled": True, "kmsKeyArn": KEY_ARN},
    }
    return [
        {"name": claims_table_name(CELL), "hashKey": "cidr", **kept},
        {"name": journal_table_name(CELL), "hashKey": "tenant", "rangeKey": "at", **kept},
    ]


def _role(purpose: str, service: str, statements: Sequence[Mapping[str, object]]) -> dict[str, Resource]:
    name = f"tenantnet-{CELL}-{purpose}"
    trust = trust_policy(service, PLATFORM.account_id)
    return {
        f"{purpose}-role": _of_platform(allowed.ROLE, name, {"name": name, "assumeRolePolicy": trust}),
        f"{purpose}-policy": _of_platform(
            allowed.ROLE_POLICY, name, {"name": name, "role": name, "policy": iam_policy(*statements)}
        ),
    }


def _platform_runner() -> dict[str, Resource]:
    name = runner_document_name(CELL)
    start = start_statements(PLATFORM.region, PLATFORM.account_id, str(PLATFORM.runner_project))
    return {
        "runner-document": _of_platform(
            aws.DOCUMENT, name, {"name": name, "documentType": "Session", "content": runner_document()}
        ),
        **_role("runner", "codebuild.amazonaws.com", runner_statements(RUNNER_PLACE, RUNNER)),
        **_role("runner-schedules", "scheduler.amazonaws.com", start),
        "runner-alarm": _of_platform(
            aws.ALARM,
            f"tenantnet-{CELL}-runner-failed",
            {
                **_alarm(
                    f"tenantnet-{CELL}-runner-failed", "AWS/CodeBuild", ProjectName=PLATFORM.runner_project
                ),
                "alarmActions": [UNKNOWN],
            },
            origins=refers("alarmActions", _platform_rights()["topic"]),
        ),
    }


def _platform_services() -> dict[str, Resource]:
    vpc = _of_platform(aws.VPC, "eu1-services", {"cidrBlock": "10.32.0.0/16"}, part=Part.SERVICES)
    group = _of_platform(
        aws.SECURITY_GROUP,
        "eu1-tunnel-host",
        {"vpcId": UNKNOWN},
        part=Part.TUNNEL_HOST,
        origins=refers("vpcId", vpc),
    )
    egress = {"securityGroupId": UNKNOWN, "cidrIpv4": "10.0.0.0/8", "ipProtocol": "tcp"}
    return {
        "services": vpc,
        "zone": _of_platform(aws.ZONE, "eu1-zone", {"name": PLATFORM.zone_name, "id": PLATFORM.zone_id}),
        "tunnel-host": _of_platform(
            aws.INSTANCE,
            "eu1-tunnel-host",
            {
                "id": PLATFORM.tunnel_host_id,
                "ami": PLATFORM.image_id,
                "instanceType": "t4g.nano",
                "subnetId": UNKNOWN,
                "vpcSecurityGroupIds": [UNKNOWN],
                "metadataOptions": {"httpTokens": "required"},
                "rootBlockDevice": {"encrypted": True, "kmsKeyId": KEY_ARN},
            },
            part=Part.TUNNEL_HOST,
            origins={
                **refers("subnetId", _agents_endpoint(vpc)["tunnel-subnet"]),
                **refers("vpcSecurityGroupIds", group),
            },
        ),
        "tunnel-host-group": group,
        **_agents_endpoint(vpc),
        "egress": _of_platform(
            aws.EGRESS_RULE,
            "eu1-tunnel-host-mysql",
            {**egress, "fromPort": 3306, "toPort": 3306},
            origins=refers("securityGroupId", group),
        ),
        "platform-stack": resource(
            "pulumi:pulumi:Stack", "tenantnet-platform-eu1", {}, stack=f"platform-{CELL}"
        ),
    }


def _agents_endpoint(vpc: Resource) -> dict[str, Resource]:
    subnet = _of_platform(
        aws.SUBNET,
        "eu1-tunnel",
        {"vpcId": UNKNOWN, "cidrBlock": "10.32.0.0/26"},
        part=Part.SERVICES,
        origins=refers("vpcId", vpc),
    )
    group = _of_platform(
        aws.SECURITY_GROUP,
        "eu1-tunnel-host-endpoints",
        {"vpcId": UNKNOWN},
        part=Part.ENDPOINTS,
        origins=refers("vpcId", vpc),
    )
    endpoint = _of_platform(
        aws.VPC_ENDPOINT,
        "eu1-tunnel-host-ssm",
        {
            "vpcId": UNKNOWN,
            "serviceName": f"com.amazonaws.{PLATFORM.region}.ssm",
            "vpcEndpointType": "Interface",
            "privateDnsEnabled": True,
            "subnetIds": [UNKNOWN],
            "securityGroupIds": [UNKNOWN],
            "policy": endpoint_policy(PLATFORM.account_id, "ssm"),
        },
        origins={
            **refers("vpcId", vpc),
            **refers("subnetIds", subnet),
            **refers("securityGroupIds", group),
        },
    )
    return {"tunnel-subnet": subnet, "endpoints-group": group, "endpoint": endpoint}


def with_props(key: str, **props: object) -> Change:
    """The resource with other properties."""
    return lambda stack: {**stack, key: replace(stack[key], props={**stack[key].props, **props})}


def without_props(key: str, *paths: str) -> Change:
    """The resource without some of its properties."""

    def change(stack: Resources) -> Resources:
        kept = {path: value for path, value in stack[key].props.items() if path not in paths}
        return {**stack, key: replace(stack[key], props=kept)}

    return change


def with_tag(key: str, tag: str, value: str | None) -> Change:
    """The resource with another tag, or without it."""

    def change(stack: Resources) -> Resources:
        tags = {**stack[key].tags, tag: value}
        kept = {name: each for name, each in tags.items() if each is not None}
        return with_props(key, tags=kept, tagsAll=kept)(stack)

    return change


def with_options(key: str, **options: Any) -> Change:  # noqa: ANN401 - fields of Resource
    """The resource with other fields of its own, such as `protect` or `secret_outputs`."""
    return lambda stack: {**stack, key: replace(stack[key], **options)}


def with_origins(key: str, path: str, *targets: str) -> Change:
    """The resource with a property that comes from other resources of the stack."""

    def change(stack: Resources) -> Resources:
        origins = {**stack[key].property_depends_on, path: [stack[target].urn for target in targets]}
        return {**stack, key: replace(stack[key], property_depends_on=origins)}

    return change


def with_new(*added: Resource) -> Change:
    """The stack with more resources."""
    return lambda stack: {**stack, **{f"new {each.type} {each.name}": each for each in added}}


def without(*keys: str) -> Change:
    """The stack without some resources."""
    return lambda stack: {key: each for key, each in stack.items() if key not in keys}


def judge(policy: Policy, resources: Resources) -> list[Finding]:
    """Everything that the policy finds, in single resources and in the stack, each once."""
    findings: list[Finding] = []
    for each in resources.values():
        findings += policy.judge_resource(each, SETTINGS) if policy.judge_resource else ()
    if policy.judge_stack:
        findings += policy.judge_stack(Stack(resources.values()), SETTINGS)
    return [each for index, each in enumerate(findings) if each not in findings[:index]]
