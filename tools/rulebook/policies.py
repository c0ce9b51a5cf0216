"""One way to break each rule of each policy: docs/rules.md shows what these lead to, and tests run them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from tenantnet.addresses import addressing
from tenantnet.addresses.claims import (
    RANGE_UNCLAIMED,
    ROW_READABLE,
    Claim,
    ClaimKind,
)
from tenantnet.addresses.companies import OTHERS_CLAIM, OTHERS_COMPANY
from tenantnet.aws import types as aws
from tenantnet.aws.session_documents import tenant_document
from tenantnet.policies import (
    addresses,
    claims,
    database,
    documents,
    held,
    ingress,
    known,
    names,
    secrecy,
    sessions,
    shapes,
    tags,
    vpn,
)
from tenantnet.policies.allowed import PROVIDER
from tenantnet.policies.model import KNOWN_IN_PREVIEW, PLATFORM_READ, UNKNOWN
from tenantnet.policies.own_types import OWN_TYPE_APART
from tenantnet.refusal import Rule
from tenantnet.settings.rules import (
    CELLS_APART,
    COMPANY_CIDR_OUTSIDE,
    COMPANY_CIDRS_APART,
    PLATFORM_NAME,
    PLATFORM_RANGE_RESERVED,
    TENANT_NAME,
    TENANT_NAME_FREE,
)
from tenantnet.tags import Owner, Part, Tag, claims_table_name

from tools.rulebook.samples import (
    BETA,
    CELL,
    COMPANY,
    ETA,
    OWN_TYPE,
    SLOT,
    STRANGE_ROW,
    TENANT,
    ZETA,
    Change,
    Resources,
    acl_rule,
    company_route,
    good_stack,
    joining,
    moving,
    platform_stack,
    refers,
    resource,
    row_of,
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
    """The sample's sessions in another range, with its claim, route to it and ingress rule."""
    claim = Claim(cidr=cidr, tenant=TENANT, stack=TENANT, kind=ClaimKind.SESSION_SUBNET)
    return _all(
        with_props("session-subnet", cidrBlock=cidr),
        with_props("session-claim", item=claim.item_json()),
        with_props("route-to-sessions", destinationCidrBlock=cidr),
        with_props("ingress", cidrIpv4=cidr),
    )


def _stray_subnet(stack: Resources) -> Resources:
    """Another subnet of the network, which says that it is the sessions'."""
    tags = Owner(cell=CELL, tenant=TENANT).tags("acme-extra", part=Part.SESSION)
    props = {"vpcId": UNKNOWN, "cidrBlock": "10.1.2.32/28"}
    new = resource(aws.SUBNET, "acme-extra", props, tags=tags, origins=refers("vpcId", stack["network"]))
    return with_new(new)(stack)


def _joined_with_itself(stack: Resources) -> Resources:
    return with_new(joining(stack["network"], stack["network"]))(stack)


_FOREIGN_CLAIM = resource(
    aws.TABLE_ITEM,
    "foreign",
    {"tableName": claims_table_name(CELL), "item": BETA.item_json()},
)


_SECOND_SESSIONS = resource(
    aws.TABLE_ITEM,
    "second-sessions",
    {
        "tableName": claims_table_name(CELL),
        "item": Claim(
            cidr="172.17.8.0/24", tenant=TENANT, stack=TENANT, kind=ClaimKind.SESSION_SUBNET
        ).item_json(),
    },
)


def _changed_row(_: Resources) -> Resources:
    """Zeta's row, of another range than in the state, where its network is."""
    return {"claim": row_of(replace(ZETA, cidr="10.9.7.64/26"), "claim")}


def _row_of_the_other_slot(_: Resources) -> Resources:
    """Eta's row, of another slot than in the state."""
    return {"claim": row_of(replace(ETA, slot="green"), "claim")}


def _second_row(_: Resources) -> Resources:
    """Eta's row by another name than in the state."""
    return {"claim": row_of(ETA, "second")}


def _in_platform(change: Change) -> Change:
    """The change of the platform's sample stack, in place of the tenant's."""
    return lambda _: change(platform_stack())


def _elsewhere(stack: Resources) -> Resources:
    """The sample stack in a cell that nobody has deployed."""
    for key, each in stack.items():
        if Tag.CELL in each.tags:
            stack = with_tag(key, Tag.CELL, "eu9")(stack)
    return stack


def _new(kind: str, name: str = "acme-extra", **props: object) -> Change:
    return with_new(resource(kind, name, props))


def _called(name: str) -> Change:
    """A stack of this name, with one resource that is its tenant's."""
    tags = Owner(cell=CELL, tenant=name).tags(name)
    gateway = resource(aws.CUSTOMER_GATEWAY, name, {"ipAddress": "198.51.100.7"}, tags=tags, stack=name)
    return lambda _: {name: gateway}


def _platform_called(name: str) -> Change:
    return lambda _: {name: resource("pulumi:pulumi:Stack", f"tenantnet-{name}", {}, stack=name)}


def _network_examples() -> list[Example]:
    return [
        Example(KNOWN_IN_PREVIEW, with_props("network", cidrBlock=UNKNOWN)),
        Example(addressing.RANGE_TEXT, with_props("network", cidrBlock=167838208)),
        Example(addressing.RANGE_NOTATION, _network("10.1.2/26")),
        Example(addressing.RANGE_ALIGNED, _network("10.1.2.1/26")),
        Example(addressing.NETWORK_SIZE, _network("10.1.2.0/25")),
        Example(addressing.RANGE_PRIVATE, _network("198.51.100.0/26")),
        Example(addressing.RANGE_RESERVED, _network("10.42.128.64/26")),
        Example(PLATFORM_RANGE_RESERVED, _in_platform(with_props("services", cidrBlock="10.1.0.0/16"))),
    ]


def _two_profiles(stack: Resources) -> Resources:
    providers = [resource(PROVIDER, "default", {}), resource(PROVIDER, "other", {"profile": "elsewhere"})]
    return {**stack, **{each.name: each for each in providers}}


def _known_examples() -> list[Example]:
    return [
        Example(known.TYPE_KNOWN, _new("aws:ec2/internetGateway:InternetGateway")),
        Example(known.TYPE_PLACED, _new("aws:route53/zone:Zone", name="db.example.com")),
        Example(shapes.PROPERTY_KNOWN, with_props("subnet-a", mapPublicIpOnLaunch=True)),
        Example(shapes.PROPERTY_PERMITTED, with_props("ping-host", sourceDestCheck=False)),
        Example(known.REFERENCE_OWN, with_props("services-peering", peerVpcId="vpc-00000000000beta")),
        Example(known.IMAGE_OWN, with_props("ping-host", ami="ami-00000000000be7a00")),
        Example(OWN_TYPE_APART, _new(OWN_TYPE, name="notes", vpc="vpc-0123456789abcdef0")),
        Example(known.CHANGES_IGNORED, with_options("ping-host", ignores=["userData"])),
        Example(known.TYPE_MADE, with_options("services-peering", custom=False)),
        Example(known.MADE_FIRST, with_options("network-claim", deletes_first=True)),
        Example(known.ALIAS_ALIKE, with_options("ping-host", aliases=[urn(aws.VPC, "acme-blue")])),
        Example(held.NOTHING_ADOPTED, with_options("network", adopted=True)),
        Example(held.HELD_OWN, _called("delta")),
        Example(held.DELETED_GONE, _called("epsilon")),
        Example(held.CLAIM_ALONE, _called(ETA.tenant)),
        Example(held.SAID_AS_GIVEN, with_options("network", given={"cidrBlock": BETA.cidr})),
        Example(known.ONE_PROFILE, _two_profiles),
        Example(known.ONE_REGION, with_options("customer-gateway", region="us-east-1")),
        Example(PLATFORM_READ, _elsewhere),
        Example(KNOWN_IN_PREVIEW, with_props("subnet-a", mapPublicIpOnLaunch=UNKNOWN)),
    ]


def _claim_examples() -> list[Example]:
    return [
        Example(RANGE_UNCLAIMED, _network(BETA.cidr)),
        Example(claims.RANGE_CLAIMED, without("network-claim")),
        Example(claims.CLAIMED_FIRST, with_options("network", depends_on=[])),
        Example(claims.OWN_CLAIMS, with_new(_FOREIGN_CLAIM)),
        Example(claims.CLAIMS_BOUNDED, with_new(_SECOND_SESSIONS)),
        Example(claims.CLAIM_KEPT, _changed_row),
        Example(claims.CLAIM_AS_HELD, _row_of_the_other_slot),
        Example(claims.CLAIM_ONCE, _second_row),
        Example(ROW_READABLE, _network(STRANGE_ROW.cidr)),
        Example(OTHERS_COMPANY, _network("10.77.3.0/26")),
        Example(OTHERS_CLAIM, with_props("vpn-route", destinationCidrBlock="10.9.8.0/23")),
        Example(claims.TENANT_OWN, with_tag("customer-gateway", Tag.TENANT, BETA.tenant)),
        Example(TENANT_NAME, _called("ACME")),
        Example(TENANT_NAME_FREE, _called("acme-blue")),
        Example(claims.CELL_OWN, _in_platform(with_tag("services", Tag.CELL, "eu2"))),
        Example(PLATFORM_NAME, _platform_called("platform-EU1")),
        Example(CELLS_APART, _platform_called("platform-eu1-b")),
        Example(PLATFORM_READ, _elsewhere),
    ]


def _company_examples() -> list[Example]:
    def route(cidr: object) -> Change:
        return with_props("vpn-route", destinationCidrBlock=cidr)

    return [
        Example(KNOWN_IN_PREVIEW, route(UNKNOWN)),
        Example(addressing.RANGE_TEXT, route(192)),
        Example(addressing.RANGE_NOTATION, route("192.168.4.0")),
        Example(addressing.RANGE_ALIGNED, route("192.168.4.7/24")),
        Example(addressing.COMPANY_PRIVATE, route("0.0.0.0/0")),
        Example(addressing.COMPANY_RESERVED, route("10.32.0.0/16")),
        Example(addresses.STATIC_ROUTES, with_props("vpn-connection", staticRoutesOnly=False)),
        Example(addresses.COMPANIES_BOUNDED, route("10.128.0.0/9")),
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


def _isolation_examples() -> list[Example]:
    acl = [acl_rule(100, "allow", "172.17.6.0/24"), *good_stack()["session-acl"].props["ingress"]]
    return [
        Example(KNOWN_IN_PREVIEW, with_props("session-route", destinationCidrBlock=UNKNOWN)),
        Example(PLATFORM_READ, _elsewhere),
        Example(sessions.SESSIONS_REACH_OWN, with_props("session-route", destinationCidrBlock=COMPANY)),
        Example(
            sessions.SERVICES_REACH_OWN, with_props("services-route", destinationCidrBlock="10.9.9.0/26")
        ),
        Example(
            sessions.NETWORK_REACHES_OWN,
            with_props("route-to-services", destinationCidrBlock="10.9.9.0/26"),
        ),
        Example(sessions.NETWORKS_APART, _joined_with_itself),
        Example(sessions.DATABASES_REACH_EACH_OTHER, moving("10.9.8.64/26")),
        Example(
            sessions.TABLE_FITS_SUBNET,
            with_origins("association-session", "routeTableId", "network-table"),
        ),
        Example(sessions.SUBNET_HAS_TABLE, without("association-session")),
        Example(sessions.SUBNET_FITS_VPC, _stray_subnet),
        Example(sessions.SUBNET_HAS_ACL, without("session-acl")),
        Example(sessions.ACL_DENIES_SESSIONS, with_props("session-acl", ingress=acl)),
        Example(addressing.SESSION_SUBNET_SIZE, _session_subnet("172.17.4.0/23")),
        Example(addressing.SESSION_SUBNET_INSIDE, _session_subnet("172.18.5.0/24")),
    ]


def _privacy_examples() -> list[Example]:
    return [
        Example(database.NOT_PUBLIC, with_props("database", publiclyAccessible=True)),
        Example(KNOWN_IN_PREVIEW, with_props("database", publiclyAccessible=UNKNOWN)),
    ]


def _encryption_examples() -> list[Example]:
    return [
        Example(database.ENCRYPTED, with_props("database", storageEncrypted=False)),
        Example(KNOWN_IN_PREVIEW, with_props("database", storageEncrypted=UNKNOWN)),
    ]


def _tls_examples() -> list[Example]:
    off = [{"name": "require_secure_transport", "value": "0"}]
    weak = [{"name": "require_secure_transport", "value": "1"}, {"name": "tls_version", "value": "TLSv1"}]
    return [
        Example(database.TLS_PARAMETER, with_props("parameter-group", parameters=off)),
        Example(database.PARAMETER_PERMITTED, with_props("parameter-group", parameters=weak)),
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
    return [
        Example(ingress.EXACT_PEER, with_props("ingress", cidrIpv4="172.17.0.0/16")),
        Example(ingress.SERVICE_EXACT, with_props("ingress", fromPort=22, toPort=22)),
        Example(ingress.ONE_SECURITY_GROUP, with_props("database", vpcSecurityGroupIds=["sg-1", "sg-2"])),
        Example(PLATFORM_READ, _elsewhere),
        Example(KNOWN_IN_PREVIEW, with_props("ingress", cidrIpv4=UNKNOWN)),
    ]


def _rights_examples() -> list[Example]:
    return [
        Example(
            documents.DOCUMENT_OWN, with_props("document", content=tenant_document("beta.db.example.com"))
        ),
        Example(names.NAME_OWN, with_props("endpoint", name="beta.db.example.com")),
        Example(
            shapes.PROPERTY_PERMITTED,
            _in_platform(with_props(claims_table_name(CELL), deletionProtectionEnabled=False)),
        ),
        Example(PLATFORM_READ, _elsewhere),
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
    by_default = json.dumps({"tags": {Tag.PART: Part.TUNNEL_HOST}})
    return [
        Example(tags.TAG_PRESENT, with_tag("customer-gateway", "tenantnet:tenant", None)),
        Example(tags.TAG_PART, with_tag("database-group", "tenantnet:part", None)),
        Example(tags.TAG_KNOWN, with_tag("database", "TenantNet:Tenant", BETA.tenant)),
        Example(tags.TAG_NETWORK, with_tag("database", Tag.NETWORK, "corp-blue")),
        Example(tags.TAG_DEFAULT, with_new(resource(PROVIDER, "other", {"defaultTags": by_default}))),
    ]


EXAMPLES: Mapping[str, Sequence[Example]] = {
    "only-known-resources": _known_examples(),
    "network-cidr-permitted": _network_examples(),
    "company-cidr-permitted": _company_examples(),
    "company-gateway-public": _gateway_examples(),
    "network-cidr-unclaimed": _claim_examples(),
    "vpn-tunnels-hardened": _tunnel_examples(),
    "session-isolation": _isolation_examples(),
    "database-private": _privacy_examples(),
    "database-encrypted": _encryption_examples(),
    "database-tls-only": _tls_examples(),
    "database-recoverable": _recovery_examples(),
    "database-ingress-exact": _ingress_examples(),
    "rights-exact": _rights_examples(),
    "secrets-stay-secret": _secret_examples(),
    "tags-present": _tag_examples(),
}
