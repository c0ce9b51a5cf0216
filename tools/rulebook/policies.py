"""One way to break each rule of each policy: docs/rules.md shows what these lead to, and tests run them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from tenantnet.addresses import addressing
from tenantnet.addresses.claims import RANGE_UNCLAIMED, Claim, ClaimKind
from tenantnet.aws import types as aws
from tenantnet.policies import (
    access,
    addresses,
    claims,
    database,
    ingress,
    internet,
    secrecy,
    session_acls,
    sessions,
    tags,
    vpn,
)
from tenantnet.policies.model import KNOWN_IN_PREVIEW, UNKNOWN
from tenantnet.refusal import Rule
from tenantnet.settings.rules import COMPANY_CIDR_OUTSIDE, COMPANY_CIDRS_APART, PLATFORM_RANGE_RESERVED
from tenantnet.tags import Owner, Part, claims_table_name

from tools.rulebook.samples import (
    BETA,
    CELL,
    COMPANY,
    OWNER,
    SLOT,
    TENANT,
    Change,
    Resources,
    acl_rule,
    company_route,
    good_stack,
    iam_policy,
    refers,
    resource,
    session_document,
    tunnel_statement,
    urn,
    with_new,
    with_options,
    with_origins,
    with_props,
    with_tag,
    without,
    without_props,
)


@dataclass(frozen=True, slots=True)
class Example:
    """A change of the sample stack after which `rule` is broken."""

    rule: Rule
    change: Change


def _all(*changes: Change) -> Change:
    return lambda stack: reduce(lambda changed, change: change(changed), changes, stack)


def _second_route(cidr: str) -> Change:
    def change(stack: Resources) -> Resources:
        return with_new(company_route("acme-blue-vpn-2", cidr, stack["vpn-connection"]))(stack)

    return change


def _network(cidr: str) -> Change:
    """The sample network in another range, with its claim and the routes that lead to it."""
    claim = Claim(cidr=cidr, tenant=TENANT, stack=TENANT, kind=ClaimKind.NETWORK, slot=SLOT)
    return _all(
        with_props("network", cidrBlock=cidr),
        with_props("network-claim", item=claim.item_json()),
        with_props("session-route", destinationCidrBlock=cidr),
        with_props("services-route", destinationCidrBlock=cidr),
    )


def _session_subnet(cidr: str) -> Change:
    """The sample's sessions in another range, with its claim, ACL, route to it and ingress rule."""
    claim = Claim(cidr=cidr, tenant=TENANT, stack=TENANT, kind=ClaimKind.SESSION_SUBNET)
    apart = [acl_rule(200, "deny", "172.16.0.0/12")]
    return _all(
        with_props("session-subnet", cidrBlock=cidr),
        with_props("session-acl", ingress=apart, egress=apart),
        with_props("session-claim", item=claim.item_json()),
        with_props("route-to-sessions", destinationCidrBlock=cidr),
        with_props("ingress", cidrIpv4=cidr),
    )


def _untagged_table(stack: Resources) -> Resources:
    table = resource(
        aws.ROUTE_TABLE,
        "acme-extra",
        {"vpcId": UNKNOWN},
        tags=OWNER.tags("acme-extra"),
        origins=refers("vpcId", stack["network"]),
    )
    route = replace(
        stack["session-route"],
        urn=urn(aws.ROUTE, "acme-extra"),
        property_depends_on={
            **stack["session-route"].property_depends_on,
            **refers("routeTableId", table),
        },
    )
    return with_new(table, route)(stack)


PLATFORM = Owner(cell=CELL)
_NEW_VPC = resource(
    aws.VPC, "eu1-services", {"cidrBlock": "10.1.0.0/16"}, tags=PLATFORM.tags("eu1", part=Part.SERVICES)
)
_STRAY_SUBNET = resource(
    aws.SUBNET,
    "acme-extra",
    {"vpcId": "vpc-0000005e55105", "cidrBlock": "172.17.6.0/24"},
    tags=Owner(cell=CELL, tenant=TENANT).tags("acme-extra", part=Part.SERVICES),
)
_FOREIGN_CLAIM = resource(
    aws.TABLE_ITEM,
    "foreign",
    {"tableName": claims_table_name(CELL), "item": BETA.item_json()},
)
_ANY_DATABASE = "arn:aws:ssm:eu-west-1:123456789012:document/eu1-migration-runner"
_SECOND_TUNNEL = "arn:aws:ssm:eu-west-1:123456789012:document/*"


def _new(kind: str, name: str = "acme-extra", **props: object) -> Change:
    return with_new(resource(kind, name, props))


def _network_examples() -> list[Example]:
    return [
        Example(KNOWN_IN_PREVIEW, with_props("network", cidrBlock=UNKNOWN)),
        Example(addressing.RANGE_TEXT, with_props("network", cidrBlock=167838208)),
        Example(addressing.RANGE_NOTATION, _network("10.1.2/26")),
        Example(addressing.RANGE_ALIGNED, _network("10.1.2.1/26")),
        Example(addressing.NETWORK_SIZE, _network("10.1.2.0/25")),
        Example(addressing.RANGE_PRIVATE, _network("198.51.100.0/26")),
        Example(addressing.RANGE_RESERVED, _network("10.42.128.64/26")),
        Example(addresses.ONE_RANGE, _new(aws.VPC_SECOND_RANGE, cidrBlock="10.1.3.0/26")),
        Example(PLATFORM_RANGE_RESERVED, with_new(_NEW_VPC)),
    ]


def _claim_examples() -> list[Example]:
    return [
        Example(RANGE_UNCLAIMED, _network(BETA.cidr)),
        Example(claims.RANGE_CLAIMED, without("network-claim")),
        Example(claims.CLAIMED_FIRST, with_options("network", depends_on=[])),
        Example(claims.OWN_CLAIMS, with_new(_FOREIGN_CLAIM)),
    ]


def _company_examples() -> list[Example]:
    def route(cidr: object) -> Change:
        return with_props("vpn-route", destinationCidrBlock=cidr)

    return [
        Example(KNOWN_IN_PREVIEW, route(UNKNOWN)),
        Example(addressing.RANGE_TEXT, route(192)),
        Example(addressing.RANGE_NOTATION, route("192.168.4.0")),
        Example(addressing.RANGE_ALIGNED, route("192.168.4.7/24")),
        Example(addressing.RANGE_PRIVATE, route("0.0.0.0/0")),
        Example(addressing.RANGE_RESERVED, route("10.32.0.0/16")),
        Example(addresses.STATIC_ROUTES, with_props("vpn-connection", staticRoutesOnly=False)),
        Example(COMPANY_CIDR_OUTSIDE, _second_route("10.1.0.0/16")),
        Example(COMPANY_CIDRS_APART, _second_route("192.168.4.128/25")),
    ]


def _gateway_examples() -> list[Example]:
    return [
        Example(KNOWN_IN_PREVIEW, with_props("customer-gateway", ipAddress=UNKNOWN)),
        Example(addressing.GATEWAY_TEXT, with_props("customer-gateway", ipAddress="vpn.example.com")),
        Example(addressing.GATEWAY_PUBLIC, with_props("customer-gateway", ipAddress="192.168.4.1")),
    ]


def _tunnel_examples() -> list[Example]:
    def option(name: str, value: object) -> Change:
        return with_props("vpn-connection", **{f"tunnel2{name}": value})

    return [
        Example(KNOWN_IN_PREVIEW, option("IkeVersions", UNKNOWN)),
        Example(vpn.TUNNEL_ALGORITHMS, option("Phase1IntegrityAlgorithms", ["SHA1", "SHA2-256"])),
        Example(vpn.TUNNEL_LIFETIME, option("Phase2LifetimeSeconds", 600)),
        Example(
            vpn.TUNNEL_LIFETIME_ORDER,
            _all(option("Phase1LifetimeSeconds", 1_800), option("Phase2LifetimeSeconds", 3_600)),
        ),
        Example(vpn.TUNNEL_RESTARTS, option("DpdTimeoutAction", "clear")),
        Example(vpn.TUNNEL_DPD_TIMEOUT, option("DpdTimeoutSeconds", 10)),
    ]


def _internet_examples() -> list[Example]:
    return [
        Example(KNOWN_IN_PREVIEW, with_props("subnet-a", mapPublicIpOnLaunch=UNKNOWN)),
        Example(internet.NO_INTERNET_RESOURCE, _new("aws:ec2/internetGateway:InternetGateway")),
        Example(internet.NO_PUBLIC_ADDRESS, with_props("subnet-a", mapPublicIpOnLaunch=True)),
        Example(
            internet.NO_INTERNET_ROUTE,
            with_props("route-to-services", destinationCidrBlock="0.0.0.0/0"),
        ),
        Example(internet.NO_INTERNET_PEER, with_props("ingress", cidrIpv4="0.0.0.0/0")),
    ]


def _isolation_examples() -> list[Example]:
    foreign = "vpc-00000000000beta"
    return [
        Example(KNOWN_IN_PREVIEW, with_props("session-route", destinationCidrBlock=UNKNOWN)),
        Example(sessions.SESSIONS_REACH_OWN, with_props("session-route", destinationCidrBlock=COMPANY)),
        Example(
            sessions.NETWORK_REACHES_OWN,
            with_props("route-to-services", destinationCidrBlock="10.9.9.0/26"),
        ),
        Example(
            sessions.OTHER_TENANTS_TABLE, with_props("session-route", routeTableId="rtb-00000000000beta")
        ),
        Example(
            sessions.OWN_PEERING, with_props("session-route", vpcPeeringConnectionId="pcx-00000000000beta")
        ),
        Example(sessions.PEERED_FROM_NETWORK, with_props("services-peering", vpcId=foreign)),
        Example(sessions.VPN_FROM_NETWORK, with_props("vpn-gateway", vpcId="vpc-0000005e55105")),
        Example(sessions.PROPAGATED_IN_NETWORK, with_origins("propagation", "routeTableId", "session-table")),
        Example(sessions.ONLY_PEERING_AND_VPN, _new("aws:ec2transitgateway/vpcAttachment:VpcAttachment")),
        Example(
            sessions.ROUTES_APART,
            with_props("session-table", routes=[{"cidrBlock": COMPANY, "gatewayId": UNKNOWN}]),
        ),
        Example(sessions.TABLE_TAGGED, _untagged_table),
        Example(
            sessions.TABLE_FITS_SUBNET,
            with_origins("association-session", "routeTableId", "network-table"),
        ),
        Example(sessions.SUBNET_HAS_TABLE, without("association-session")),
        Example(session_acls.SUBNET_HAS_ACL, without("session-acl")),
        Example(
            session_acls.ACL_DENIES_SESSIONS,
            with_props("session-acl", ingress=[acl_rule(100, "allow", "0.0.0.0/0")]),
        ),
        Example(session_acls.ACL_WHOLE, _new("aws:ec2/networkAclRule:NetworkAclRule")),
        Example(sessions.SUBNET_FITS_VPC, with_new(_STRAY_SUBNET)),
        Example(addressing.SESSION_SUBNET_SIZE, _session_subnet("172.17.4.0/23")),
        Example(addressing.SESSION_SUBNET_INSIDE, _session_subnet("172.18.5.0/24")),
    ]


def _privacy_examples() -> list[Example]:
    return [
        Example(database.NOT_PUBLIC, with_props("database", publiclyAccessible=True)),
        Example(database.IN_NETWORK, without_props("database", "dbSubnetGroupName")),
        Example(database.NOT_SHARED, _new("aws:rds/snapshot:Snapshot", sharedAccounts=["all"])),
        Example(database.KNOWN_KIND, _new("aws:rds/cluster:Cluster")),
        Example(KNOWN_IN_PREVIEW, with_props("database", publiclyAccessible=UNKNOWN)),
    ]


def _encryption_examples() -> list[Example]:
    return [
        Example(database.ENCRYPTED, with_props("database", storageEncrypted=False)),
        Example(database.PLATFORM_KEY, without_props("database", "kmsKeyId")),
        Example(KNOWN_IN_PREVIEW, with_props("database", storageEncrypted=UNKNOWN)),
    ]


def _tls_examples() -> list[Example]:
    off = [{"name": "require_secure_transport", "value": "0"}]
    return [
        Example(database.TLS_PARAMETER, with_props("parameter-group", parameters=off)),
        Example(database.TLS_GROUP_USED, with_props("database", parameterGroupName="default.mysql8.4")),
        Example(KNOWN_IN_PREVIEW, with_props("parameter-group", parameters=UNKNOWN)),
    ]


def _recovery_examples() -> list[Example]:
    return [
        Example(database.BACKUPS_KEPT, with_props("database", backupRetentionPeriod=1)),
        Example(database.BACKUPS_OUTLIVE, without_props("database", "deleteAutomatedBackups")),
        Example(database.PROTECTED, with_props("database", deletionProtection=False)),
        Example(database.FINAL_SNAPSHOT, with_props("database", skipFinalSnapshot=True)),
        Example(database.SNAPSHOTS_TAGGED, with_props("database", copyTagsToSnapshot=False)),
        Example(database.LIFECYCLE_TAGGED, with_tag("database", "tenantnet:lifecycle", None)),
        Example(database.ENDPOINT_IN_PRODUCTION, with_tag("database", "tenantnet:lifecycle", "test")),
        Example(KNOWN_IN_PREVIEW, with_props("database", deletionProtection=UNKNOWN)),
    ]


def _ingress_examples() -> list[Example]:
    legacy = "aws:ec2/securityGroupRule:SecurityGroupRule"
    return [
        Example(ingress.EXACT_PEER, with_props("ingress", cidrIpv4="172.17.0.0/16")),
        Example(ingress.MYSQL_ONLY, with_props("ingress", ipProtocol="-1")),
        Example(ingress.OWN_GROUP, with_props("ingress", securityGroupId="sg-00000000000beta")),
        Example(
            ingress.ONE_SECURITY_GROUP,
            with_props("database", vpcSecurityGroupIds=[UNKNOWN, "sg-00000000000beta"]),
        ),
        Example(ingress.RULES_APART, _new(legacy, type="ingress", cidrBlocks=["10.0.0.0/8"])),
        Example(KNOWN_IN_PREVIEW, with_props("ingress", cidrIpv4=UNKNOWN)),
    ]


def _access_examples() -> list[Example]:
    def policy(**changes: object) -> Change:
        return with_props("group-policy", policy=iam_policy(tunnel_statement(**changes)))

    return [
        Example(
            access.DOCUMENT_IS_TUNNEL,
            with_props("document", content=session_document(type="InteractiveCommands")),
        ),
        Example(
            access.DOCUMENT_LITERAL,
            with_props("document", content=session_document(host="{{ host }}")),
        ),
        Example(access.DOCUMENT_READABLE, with_props("document", content="schemaVersion: '1.0'")),
        Example(access.ANY_DATABASE_FOR_ROLES, policy(Resource=_ANY_DATABASE)),
        Example(access.ACCESS_CHECKED, policy(Condition={})),
        Example(access.EXACT_RESOURCES, policy(Resource=_SECOND_TUNNEL)),
        Example(access.PLAIN_STATEMENT, policy(NotAction="iam:*")),
        Example(
            access.NO_ATTACHED_POLICY,
            _new(
                "aws:iam/groupPolicyAttachment:GroupPolicyAttachment",
                policyArn="arn:aws:iam::aws:policy/AmazonSSMFullAccess",
            ),
        ),
        Example(KNOWN_IN_PREVIEW, with_props("document", content=UNKNOWN)),
    ]


def _secret_examples() -> list[Example]:
    password = good_stack()["database"].props["password"]
    return [
        Example(secrecy.STATE_ENCRYPTS, with_options("database", secret_outputs=())),
        Example(
            secrecy.NOWHERE_ELSE,
            with_props("stack", databaseUrl=f"mysql://acmeadmin:{password}@acme.db.example.com"),
        ),
    ]


def _tag_examples() -> list[Example]:
    return [
        Example(tags.TAG_PRESENT, with_tag("customer-gateway", "tenantnet:tenant", None)),
        Example(tags.TAG_PART, with_tag("database-group", "tenantnet:part", None)),
    ]


EXAMPLES: Mapping[str, Sequence[Example]] = {
    "network-cidr-permitted": _network_examples(),
    "company-cidr-permitted": _company_examples(),
    "company-gateway-public": _gateway_examples(),
    "network-cidr-unclaimed": _claim_examples(),
    "vpn-tunnels-hardened": _tunnel_examples(),
    "no-internet-path": _internet_examples(),
    "session-isolation": _isolation_examples(),
    "database-private": _privacy_examples(),
    "database-encrypted": _encryption_examples(),
    "database-tls-only": _tls_examples(),
    "database-recoverable": _recovery_examples(),
    "database-ingress-exact": _ingress_examples(),
    "tunnel-access-exact": _access_examples(),
    "secrets-stay-secret": _secret_examples(),
    "tags-present": _tag_examples(),
}
