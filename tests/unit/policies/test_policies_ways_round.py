"""Careless and hostile changes, each in every form that AWS and Pulumi have for it."""

from __future__ import annotations

from functools import reduce
from typing import Any

import pytest
from tenantnet.addresses.claims import Claim, ClaimKind
from tenantnet.aws import types as aws
from tenantnet.aws.session_documents import runner_document
from tenantnet.policies.model import UNKNOWN
from tenantnet.policies.rules import POLICIES
from tenantnet.tags import Owner, Part

from tools.rulebook.samples import (
    COMPANY,
    NETWORK,
    OWNER,
    SESSIONS,
    Change,
    acl_rule,
    good_stack,
    iam_policy,
    judge,
    refers,
    resource,
    runner_statements,
    session_document,
    tunnel_statement,
    with_new,
    with_options,
    with_origins,
    with_props,
    with_tag,
    without,
    without_props,
)

FOREIGN_VPC, FOREIGN_TABLE, FOREIGN_GROUP = "vpc-00000000000beta", "rtb-00000000000beta", "sg-00000000000beta"
SESSIONS_VPC = "vpc-0000005e55105"


def found_by(*changes: Change) -> dict[str, list[str]]:
    """Per policy the ids of the rules that the changed sample stack breaks."""
    stack = reduce(lambda changed, change: change(changed), changes, good_stack())
    found = {policy.name: [each.refusal.rule_id for each in judge(policy, stack)] for policy in POLICIES}
    return {name: rules for name, rules in found.items() if rules}


def new(kind: str, **props: Any) -> Change:
    return with_new(resource(kind, "acme-extra", props))


@pytest.mark.parametrize(
    "kind",
    [
        "aws:ec2/internetGateway:InternetGateway",
        "aws:ec2/internetGatewayAttachment:InternetGatewayAttachment",
        "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway",
        "aws:ec2/natGateway:NatGateway",
        "aws:ec2/carrierGateway:CarrierGateway",
        "aws:ec2/eip:Eip",
        "aws:ec2/eipAssociation:EipAssociation",
        "aws:ec2/defaultVpc:DefaultVpc",
        "aws:ec2/defaultSubnet:DefaultSubnet",
        "aws:ec2/vpcIpv6CidrBlockAssociation:VpcIpv6CidrBlockAssociation",
        "aws:ec2clientvpn/endpoint:Endpoint",
    ],
)
def test_nothing_that_leads_to_the_internet_may_exist(kind: str) -> None:
    assert found_by(new(kind)) == {"no-internet-path": ["no-internet-resource"]}


@pytest.mark.parametrize(
    ("key", "props"),
    [
        ("network", {"assignGeneratedIpv6CidrBlock": True}),
        ("network", {"ipv6CidrBlock": "2001:db8::/56"}),
        ("network", {"ipv6IpamPoolId": "ipam-pool-1"}),
        ("subnet-a", {"mapPublicIpOnLaunch": True}),
        ("subnet-a", {"ipv6CidrBlock": "2001:db8::/64"}),
        ("subnet-a", {"assignIpv6AddressOnCreation": True}),
        ("subnet-a", {"ipv6Native": True}),
        ("session-subnet", {"mapPublicIpOnLaunch": True}),
        ("database", {"networkType": "DUAL"}),
    ],
)
def test_nothing_may_get_a_public_address(key: str, props: dict[str, Any]) -> None:
    assert found_by(with_props(key, **props)) == {"no-internet-path": ["no-public-address"]}


@pytest.mark.parametrize(
    "props",
    [{"associatePublicIpAddress": True}, {"ipv6AddressCount": 1}, {"ipv6Addresses": ["2001:db8::1"]}],
)
def test_no_host_may_get_a_public_address(props: dict[str, Any]) -> None:
    assert found_by(new(aws.INSTANCE, **props)) == {"no-internet-path": ["no-public-address"]}


@pytest.mark.parametrize("destination", ["0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "8.8.8.8/32", "10.0.0.0/7"])
def test_a_route_to_the_internet_is_refused_however_it_is_cut(destination: str) -> None:
    found = found_by(with_props("route-to-services", destinationCidrBlock=destination))
    assert found["no-internet-path"] == ["no-internet-route"]


@pytest.mark.parametrize("gateway", ["natGatewayId", "egressOnlyGatewayId", "carrierGatewayId"])
def test_a_route_through_a_gateway_to_the_internet_is_refused_whatever_its_destination(gateway: str) -> None:
    found = found_by(with_props("route-to-services", **{gateway: UNKNOWN}))
    assert found["no-internet-path"] == ["known-in-preview"]
    found = found_by(with_props("route-to-services", **{gateway: "gw-1"}))
    assert found["no-internet-path"] == ["no-internet-resource"]


def test_a_route_to_an_internet_gateway_that_stands_elsewhere_is_refused() -> None:
    found = found_by(
        without_props("route-to-services", "vpcPeeringConnectionId"),
        with_props("route-to-services", gatewayId="igw-0123456789abcdef0"),
    )
    assert found["no-internet-path"] == ["no-internet-resource"]
    assert found["session-isolation"] == ["own-peering"]


def test_an_ipv6_route_is_refused() -> None:
    found = found_by(
        without_props("route-to-services", "destinationCidrBlock"),
        with_props("route-to-services", destinationIpv6CidrBlock="::/0"),
    )
    assert found["no-internet-path"] == ["no-internet-route"]


@pytest.mark.parametrize("kind", [aws.INGRESS_RULE, aws.EGRESS_RULE])
@pytest.mark.parametrize("peer", [{"cidrIpv4": "0.0.0.0/0"}, {"cidrIpv6": "::/0"}, {"cidrIpv4": "8.0.0.0/8"}])
def test_no_security_group_lets_the_internet_in_or_out(kind: str, peer: dict[str, str]) -> None:
    rule = resource(kind, "acme-extra", {"securityGroupId": "sg-1", **peer}, tags=OWNER.tags("acme-extra"))
    assert found_by(with_new(rule))["no-internet-path"] == ["no-internet-peer"]


DENIED, ALLOWED = acl_rule(200, "deny", "172.17.0.0/16"), acl_rule(300, "allow", "0.0.0.0/0")


@pytest.mark.parametrize("direction", ["ingress", "egress"])
@pytest.mark.parametrize(
    "rules",
    [
        UNKNOWN,
        [],
        [ALLOWED],
        [acl_rule(400, "deny", "172.17.0.0/16"), ALLOWED],
        [acl_rule(1, "allow", "172.17.0.0/16"), DENIED, ALLOWED],
        [acl_rule(1, "allow", "172.17.0.0/17", protocol="6", fromPort=22, toPort=22), DENIED, ALLOWED],
        [acl_rule(200, "deny", "172.17.0.0/16", protocol="6"), ALLOWED],
        [acl_rule(200, "deny", "172.17.6.0/24"), ALLOWED],
        [{**DENIED, "cidrBlock": UNKNOWN}, ALLOWED],
        [{**ALLOWED, "cidrBlock": UNKNOWN, "ruleNo": 1}, DENIED, ALLOWED],
        [{**ALLOWED, "ruleNo": UNKNOWN}, DENIED],
        [{"ruleNo": 200, "action": "deny", "protocol": "-1", "ipv6CidrBlock": "::/0"}, ALLOWED],
    ],
)
def test_sessions_are_not_let_through_to_those_of_others(direction: str, rules: Any) -> None:
    found = found_by(with_props("session-acl", **{direction: rules}))["session-isolation"]
    assert found == (["known-in-preview"] if rules is UNKNOWN else ["acl-denies-sessions"])


def test_what_a_platform_shares_and_whatever_order_rules_are_listed_in_is_all_right() -> None:
    rules = [ALLOWED, DENIED, acl_rule(101, "allow", "172.17.255.0/24")]
    assert found_by(with_props("session-acl", ingress=rules, egress=rules)) == {}


def test_a_session_subnet_with_the_acl_of_another_one_is_refused() -> None:
    found = found_by(with_props("session-acl", subnetIds=["subnet-00000000000beta"]))
    assert found == {"session-isolation": ["subnet-has-acl"]}


@pytest.mark.parametrize("kind", aws.NETWORK_ACL_PARTS)
def test_no_network_acl_is_changed_from_elsewhere(kind: str) -> None:
    assert found_by(new(kind))["session-isolation"] == ["acl-whole"]


@pytest.mark.parametrize("path", ["routes", "propagatingVgws"])
@pytest.mark.parametrize("key", ["session-table", "network-table"])
def test_routes_that_stand_in_their_table_are_refused(path: str, key: str) -> None:
    found = found_by(with_props(key, **{path: [{"cidrBlock": COMPANY, "gatewayId": UNKNOWN}]}))
    assert found == {"session-isolation": ["routes-apart"]}


def test_routes_in_a_vpcs_main_table_are_refused() -> None:
    found = found_by(new(aws.DEFAULT_ROUTE_TABLE, routes=[{"cidrBlock": NETWORK, "gatewayId": "igw-1"}]))
    assert found == {"session-isolation": ["routes-apart"]}


def test_another_main_table_is_refused() -> None:
    found = found_by(new(aws.MAIN_ROUTE_TABLE_ASSOCIATION, vpcId=SESSIONS_VPC, routeTableId=UNKNOWN))
    assert found == {"session-isolation": ["only-peering-and-vpn"]}


@pytest.mark.parametrize(
    "kind",
    [
        "aws:ec2transitgateway/vpcAttachment:VpcAttachment",
        "aws:networkmanager/vpcAttachment:VpcAttachment",
        "aws:vpclattice/serviceNetworkVpcAssociation:ServiceNetworkVpcAssociation",
        "aws:directconnect/gatewayAssociation:GatewayAssociation",
        "aws:ram/resourceShare:ResourceShare",
        "aws:ec2/vpcEndpointService:VpcEndpointService",
        "aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter",
    ],
)
def test_networks_are_joined_by_nothing_that_routes_do_not_show(kind: str) -> None:
    assert found_by(new(kind)) == {"session-isolation": ["only-peering-and-vpn"]}


@pytest.mark.parametrize(
    "target",
    ["transitGatewayId", "coreNetworkArn", "localGatewayId", "networkInterfaceId", "vpcEndpointId"],
)
def test_a_route_leads_through_nothing_but_peering_and_vpn(target: str) -> None:
    found = found_by(with_props("session-route", **{target: "something-1"}))
    assert found == {"session-isolation": ["only-peering-and-vpn"]}


def test_a_session_table_does_not_lead_to_another_tenants_network() -> None:
    found = found_by(with_props("session-route", destinationCidrBlock="10.9.9.0/26"))
    assert found == {"session-isolation": ["sessions-reach-own"]}


@pytest.mark.parametrize("destination", [COMPANY, "10.0.0.0/8", "10.1.2.0/25", "192.168.0.0/16"])
@pytest.mark.parametrize("route", ["session-route", "services-route"])
def test_sessions_and_services_are_led_to_the_tenants_exact_range_only(route: str, destination: str) -> None:
    found = found_by(with_props(route, destinationCidrBlock=destination))
    assert found == {"session-isolation": ["sessions-reach-own"]}


def test_a_company_route_propagated_to_the_session_table_is_refused() -> None:
    found = found_by(with_origins("propagation", "routeTableId", "session-table"))
    assert found == {"session-isolation": ["propagated-in-network"]}


def test_a_company_route_propagated_to_another_stacks_table_is_refused() -> None:
    found = found_by(with_props("propagation", routeTableId=FOREIGN_TABLE))
    assert found == {"session-isolation": ["propagated-in-network"]}


@pytest.mark.parametrize("vpc", [SESSIONS_VPC, FOREIGN_VPC])
def test_a_vpn_gateway_is_attached_to_the_tenants_own_network_only(vpc: str) -> None:
    assert found_by(with_props("vpn-gateway", vpcId=vpc)) == {"session-isolation": ["vpn-from-network"]}
    attachment = new(aws.VPN_GATEWAY_ATTACHMENT, vpcId=vpc, vpnGatewayId=UNKNOWN)
    assert found_by(attachment) == {"session-isolation": ["vpn-from-network"]}


def test_a_vpn_connection_uses_the_tenants_own_gateway_only() -> None:
    found = found_by(with_props("vpn-connection", vpnGatewayId="vgw-00000000000beta"))
    assert found == {"session-isolation": ["vpn-from-network"]}


def test_a_vpn_connection_does_not_lead_to_a_transit_gateway() -> None:
    found = found_by(with_props("vpn-connection", transitGatewayId="tgw-1"))
    assert found == {"session-isolation": ["only-peering-and-vpn"]}


def test_a_peering_with_a_third_vpc_is_refused() -> None:
    peering = resource(
        aws.PEERING,
        "acme-extra",
        {"vpcId": UNKNOWN, "peerVpcId": FOREIGN_VPC},
        tags=OWNER.tags("acme-extra"),
        origins=refers("vpcId", good_stack()["network"]),
    )
    found = found_by(with_new(peering))
    assert found == {"session-isolation": ["peered-from-network", "peered-from-network"]}


@pytest.mark.parametrize("props", [{"peerOwnerId": "999999999999"}, {"peerRegion": "us-east-1"}])
def test_a_peering_with_another_account_or_region_is_refused(props: dict[str, str]) -> None:
    found = found_by(with_props("services-peering", **props))
    assert found == {"session-isolation": ["only-peering-and-vpn"]}


def test_a_peering_of_two_vpcs_that_are_not_the_tenants_is_refused() -> None:
    found = found_by(with_props("services-peering", vpcId=SESSIONS_VPC))
    assert found == {"session-isolation": ["peered-from-network"]}


def test_a_session_subnet_on_a_table_of_another_stack_is_refused() -> None:
    found = found_by(with_props("association-session", routeTableId=FOREIGN_TABLE))
    assert found == {"session-isolation": ["table-fits-subnet"]}


def test_an_unknown_destination_does_not_pass_for_an_unknown_network() -> None:
    found = found_by(
        with_props("network", cidrBlock=UNKNOWN),
        with_props("session-route", destinationCidrBlock=UNKNOWN),
    )
    assert "known-in-preview" in found["session-isolation"]


def test_a_value_that_is_known_counts_more_than_the_dependencies_that_a_program_claims() -> None:
    """Output.all(own.id, other).apply(lambda ids: ids[1]) depends on the stack's own table."""
    found = found_by(with_props("session-route", routeTableId=FOREIGN_TABLE))
    assert found == {"session-isolation": ["other-tenants-table"]}


def test_a_deployed_stack_is_judged_by_ids() -> None:
    deployed = with_props("session-table", id="rtb-1")
    assert found_by(deployed, with_props("session-route", routeTableId="rtb-1")) == {}


def test_a_network_that_says_it_is_the_platforms_is_judged_as_the_tenants() -> None:
    found = found_by(
        with_tag("network", "tenantnet:part", "services"), with_props("network", cidrBlock="10.32.1.0/26")
    )
    assert found["network-cidr-permitted"] == ["range-reserved"]


def test_a_platform_network_outside_its_reserved_range_is_refused() -> None:
    vpc = resource(
        aws.VPC,
        "eu1-sessions",
        {"cidrBlock": "172.18.0.0/16"},
        tags=Owner(cell="eu1").tags("eu1-sessions", part=Part.SESSIONS),
    )
    assert found_by(with_new(vpc))["network-cidr-permitted"] == ["platform-range-reserved"]


def test_a_range_from_ipam_is_refused_for_nobody_can_see_it() -> None:
    found = found_by(with_props("network", cidrBlock=UNKNOWN, ipv4IpamPoolId="ipam-pool-1"))
    assert found["network-cidr-permitted"] == ["known-in-preview"]


@pytest.mark.parametrize(
    "claim",
    [
        Claim(cidr=NETWORK, tenant="acme", stack="acme", kind=ClaimKind.NETWORK, slot="green"),
        Claim(cidr=NETWORK, tenant="beta", stack="acme", kind=ClaimKind.NETWORK, slot="blue"),
        Claim(cidr="10.1.2.64/26", tenant="acme", stack="acme", kind=ClaimKind.NETWORK, slot="blue"),
    ],
    ids=["another slot", "another tenant", "another range"],
)
def test_a_claim_for_something_else_is_no_claim(claim: Claim) -> None:
    found = found_by(with_props("network-claim", item=claim.item_json()))
    assert found == {"network-cidr-unclaimed": ["range-claimed"]}


@pytest.mark.parametrize("item", ["{}", "no JSON", '"text"', "[]", '{"cidr": "10.1.2.0/26"}'])
def test_a_row_that_is_no_claim_is_refused(item: str) -> None:
    found = found_by(with_props("network-claim", item=item))
    assert found == {"network-cidr-unclaimed": ["range-claimed", "range-claimed"]}


def test_a_claim_in_another_cells_table_is_no_claim() -> None:
    found = found_by(with_props("network-claim", tableName="tenantnet-eu2-claims"))
    assert found == {"network-cidr-unclaimed": ["range-claimed"]}


def test_a_session_subnet_needs_a_claim_too() -> None:
    assert found_by(without("session-claim")) == {"network-cidr-unclaimed": ["range-claimed"]}


def test_a_claim_of_a_components_parent_comes_first() -> None:
    """A component's children wait for it, and it waits for the claim."""
    stack = good_stack()
    component = resource("tenantnet:index:TenantNetwork", "acme-blue", {})
    found = found_by(
        with_new(component),
        with_options("network", depends_on=[], parent=component.urn),
    )
    assert found == {"network-cidr-unclaimed": ["claimed-first"]}
    claimed = resource(
        "tenantnet:index:TenantNetwork",
        "acme-blue",
        {},
        origins=refers("claim", stack["network-claim"]),
    )
    assert found_by(with_new(claimed), with_options("network", depends_on=[], parent=claimed.urn)) == {}


@pytest.mark.parametrize("groups", [[], ["sg-1", "sg-2"], [UNKNOWN, FOREIGN_GROUP], None])
def test_a_database_has_its_own_security_group_and_no_other(groups: object) -> None:
    found = found_by(with_props("database", vpcSecurityGroupIds=groups))
    assert set(found["database-ingress-exact"]) == {"one-security-group"}


def test_a_security_group_of_another_stack_is_refused() -> None:
    found = found_by(with_props("database", vpcSecurityGroupIds=[FOREIGN_GROUP]))
    assert found == {"database-ingress-exact": ["one-security-group"]}


@pytest.mark.parametrize("path", ["ingress", "egress"])
@pytest.mark.parametrize("kind", [aws.SECURITY_GROUP, aws.DEFAULT_SECURITY_GROUP])
def test_rules_that_stand_in_their_group_are_refused(kind: str, path: str) -> None:
    rules = {path: [{"cidrBlocks": ["0.0.0.0/0"], "protocol": "-1"}]}
    group = resource(kind, "acme-extra", rules, tags=OWNER.tags("acme-extra", part=Part.PING_HOST))
    assert found_by(with_new(group)) == {"database-ingress-exact": ["rules-apart"]}


@pytest.mark.parametrize(
    "peer",
    [
        "172.17.0.0/16",
        "172.17.6.0/24",
        "10.32.0.0/16",
        "10.32.0.10/31",
        "192.168.0.0/16",
        "10.9.9.0/26",
        NETWORK,
    ],
)
def test_a_peer_of_the_database_is_exact(peer: str) -> None:
    assert found_by(with_props("ingress", cidrIpv4=peer)) == {"database-ingress-exact": ["exact-peer"]}


@pytest.mark.parametrize("peer", [SESSIONS, "10.32.0.10/32", COMPANY])
def test_sessions_tunnel_host_and_companies_are_peers_of_the_database(peer: str) -> None:
    assert found_by(with_props("ingress", cidrIpv4=peer)) == {}


def test_a_company_of_the_other_network_is_no_peer() -> None:
    found = found_by(
        with_tag("vpn-connection", "tenantnet:network", "green"), with_props("ingress", cidrIpv4=COMPANY)
    )
    assert found["database-ingress-exact"] == ["exact-peer"]


@pytest.mark.parametrize("peer", ["referencedSecurityGroupId", "prefixListId"])
def test_a_peer_that_is_no_range_is_refused(peer: str) -> None:
    found = found_by(without_props("ingress", "cidrIpv4"), with_props("ingress", **{peer: "sg-1"}))
    assert found == {"database-ingress-exact": ["exact-peer"]}


@pytest.mark.parametrize(
    "service",
    [
        {"ipProtocol": "-1"},
        {"ipProtocol": "udp"},
        {"fromPort": 0, "toPort": 65535},
        {"fromPort": 22, "toPort": 22},
        {"toPort": 3307},
    ],
)
def test_nothing_but_mysql_is_let_through_to_the_database(service: dict[str, Any]) -> None:
    assert found_by(with_props("ingress", **service)) == {"database-ingress-exact": ["mysql-only"]}


@pytest.mark.parametrize("tunnel", [1, 2])
@pytest.mark.parametrize(
    ("option", "value", "rule"),
    [
        ("IkeVersions", ["ikev1", "ikev2"], "tunnel-algorithms"),
        ("IkeVersions", None, "tunnel-algorithms"),
        ("Phase1EncryptionAlgorithms", ["AES128"], "tunnel-algorithms"),
        ("Phase1EncryptionAlgorithms", ["AES256", "AES128-GCM-16"], "tunnel-algorithms"),
        ("Phase1IntegrityAlgorithms", ["SHA1"], "tunnel-algorithms"),
        ("Phase1DhGroupNumbers", [2, 14], "tunnel-algorithms"),
        ("Phase1DhGroupNumbers", [22], "tunnel-algorithms"),
        ("Phase1LifetimeSeconds", 28_801, "tunnel-lifetime"),
        ("Phase1LifetimeSeconds", None, "tunnel-lifetime"),
        ("Phase2EncryptionAlgorithms", [], "tunnel-algorithms"),
        ("Phase2IntegrityAlgorithms", None, "tunnel-algorithms"),
        ("Phase2DhGroupNumbers", [5], "tunnel-algorithms"),
        ("Phase2LifetimeSeconds", 899, "tunnel-lifetime"),
        ("Phase2LifetimeSeconds", 3_601, "tunnel-lifetime"),
        ("DpdTimeoutAction", "none", "tunnel-restarts"),
        ("DpdTimeoutAction", None, "tunnel-restarts"),
        ("DpdTimeoutSeconds", 29, "tunnel-dpd-timeout"),
        ("DpdTimeoutSeconds", None, "tunnel-dpd-timeout"),
    ],
)
def test_each_option_of_each_tunnel_is_judged(tunnel: int, option: str, value: object, rule: str) -> None:
    found = found_by(with_props("vpn-connection", **{f"tunnel{tunnel}{option}": value}))
    assert found == {"vpn-tunnels-hardened": [rule]}


def test_a_vpn_connection_with_awss_defaults_is_refused_for_every_option() -> None:
    options = [path for path in good_stack()["vpn-connection"].props if path.startswith("tunnel")]
    found = found_by(without_props("vpn-connection", *options))
    assert len(found["vpn-tunnels-hardened"]) == len(options) == 22


def test_a_replica_is_protected_too_but_leaves_no_snapshot() -> None:
    replica = (
        with_tag("database", "tenantnet:lifecycle", "test"),
        with_props("database", skipFinalSnapshot=True, finalSnapshotIdentifier=None),
        without("endpoint"),
    )
    assert found_by(*replica) == {}
    assert found_by(*replica, with_options("database", protect=False)) == {
        "database-recoverable": ["database-protected"]
    }


def test_a_discarded_copy_needs_neither_protection_nor_a_snapshot_but_no_client_is_led_to_it() -> None:
    discarded = (
        with_tag("database", "tenantnet:lifecycle", "discarded"),
        with_props("database", skipFinalSnapshot=True, deletionProtection=False, backupRetentionPeriod=0),
        with_options("database", protect=False),
    )
    assert found_by(*discarded) == {"database-recoverable": ["endpoint-in-production"]}
    assert found_by(*discarded, without("endpoint")) == {}


def test_a_retiring_database_is_unprotected_but_leaves_a_snapshot() -> None:
    retiring = (
        with_tag("database", "tenantnet:lifecycle", "retiring"),
        with_props("database", deletionProtection=False),
        with_options("database", protect=False),
    )
    assert found_by(*retiring) == {}
    assert found_by(*retiring, with_props("database", finalSnapshotIdentifier=None)) == {
        "database-recoverable": ["final-snapshot"]
    }


@pytest.mark.parametrize("lifecycle", [None, "prod", "Production"])
def test_a_database_without_a_known_lifecycle_is_judged_as_in_production(lifecycle: str | None) -> None:
    found = found_by(
        with_tag("database", "tenantnet:lifecycle", lifecycle),
        with_props("database", deletionProtection=False),
    )
    assert found == {"database-recoverable": ["lifecycle-tagged", "database-protected"]}


@pytest.mark.parametrize("path", ["publiclyAccessible"])
@pytest.mark.parametrize("value", [True, "true", 1])
def test_publicly_accessible_is_false_or_absent(path: str, value: object) -> None:
    assert found_by(with_props("database", **{path: value})) == {"database-private": ["database-not-public"]}
    assert found_by(without_props("database", path)) == {}


def test_a_database_in_subnets_of_another_network_is_refused() -> None:
    found = found_by(with_props("subnet-group", subnetIds=["subnet-00000000000beta"]))
    assert found == {"database-private": ["database-in-network"]}
    found = found_by(with_origins("subnet-group", "subnetIds", "session-subnet"))
    assert found == {"database-private": ["database-in-network"]}


def test_a_subnet_group_of_another_stack_is_refused() -> None:
    found = found_by(with_props("database", dbSubnetGroupName="beta-blue"))
    assert found == {"database-private": ["database-in-network"]}


@pytest.mark.parametrize(
    "parameters",
    [[], [{"name": "require_secure_transport", "value": "OFF"}], None, [{"name": "read_only", "value": "1"}]],
)
def test_a_parameter_group_without_tls_is_refused(parameters: object) -> None:
    found = found_by(with_props("parameter-group", parameters=parameters))
    assert found == {"database-tls-only": ["tls-parameter"]}


@pytest.mark.parametrize(
    "content",
    [
        session_document(host="{{ host }}"),
        session_document(host="{{host}}"),
        session_document(host=""),
        session_document(host=None),
        session_document(portNumber="{{ portNumber }}"),
        session_document(portNumber=""),
        session_document().replace('"localPortNumber": {"type"', '"host": {"type"'),
    ],
)
def test_a_caller_may_choose_the_local_port_and_nothing_else(content: str) -> None:
    found = found_by(with_props("document", content=content))
    assert set(found["tunnel-access-exact"]) == {"document-literal"}


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        (r"\\.rds\\.amazonaws\\.com", r"\\.com"),
        ('"portNumber": "3306"', '"portNumber": "22"'),
        ('"portNumber": "3306"', '"portNumber": "{{ localPortNumber }}"'),
        ('"allowedPattern"', '"pattern"'),
        ('"host": "{{ host }}"', '"host": "x{{ host }}"'),
        ('"parameters": {', '"parameters": {"portNumber": {"type": "String"}, '),
    ],
)
def test_the_runners_document_leads_to_databases_and_nowhere_else(written: str, instead: str) -> None:
    content = runner_document().replace(written, instead)
    assert content != runner_document()
    found = found_by(with_props("runner-document", content=content))
    assert set(found["tunnel-access-exact"]) == {"document-literal"}


@pytest.mark.parametrize("kind", ["groupPolicy:GroupPolicy", "userPolicy:UserPolicy", "policy:Policy"])
def test_the_runners_document_is_no_persons(kind: str) -> None:
    policy = iam_policy(*runner_statements())
    assert found_by(new(f"aws:iam/{kind}", policy=policy)) == {
        "tunnel-access-exact": ["any-database-for-roles"]
    }


@pytest.mark.parametrize(
    "condition",
    [
        {"BoolIfExists": {"ssm:SessionDocumentAccessCheck": "true"}},
        {
            "BoolIfExists": {"ssm:SessionDocumentAccessCheck": "true"},
            "StringEquals": {"ssm:resourceTag/aws:ssmmessages:session-id": "*"},
        },
        {
            "BoolIfExists": {"ssm:SessionDocumentAccessCheck": "true"},
            "StringLike": {"ssm:resourceTag/aws:ssmmessages:session-id": "${aws:userid}"},
        },
    ],
)
def test_sessions_that_may_be_anybodys_are_not_ended(condition: object) -> None:
    policy = iam_policy(*runner_statements(Condition=condition))
    found = found_by(with_props("runner-policy", policy=policy))
    assert found == {"tunnel-access-exact": ["exact-session-resources"]}


def test_a_session_is_not_started_by_the_sign_of_who_started_it() -> None:
    policy = iam_policy(*runner_statements(Action=["ssm:StartSession", "ssm:TerminateSession"]))
    found = found_by(with_props("runner-policy", policy=policy))
    assert found == {"tunnel-access-exact": ["exact-session-resources"]}


@pytest.mark.parametrize("content", ["", "[]", "schemaVersion: '1.0'", None])
def test_a_session_document_that_cannot_be_read_is_refused(content: object) -> None:
    assert found_by(with_props("document", content=content))["tunnel-access-exact"] == ["document-readable"]


@pytest.mark.parametrize("kind", ["Standard_Stream", "InteractiveCommands", None])
def test_a_shell_is_refused(kind: str | None) -> None:
    content = session_document().replace('"sessionType": "Port"', f'"sessionType": "{kind}"')
    found = found_by(with_props("document", content=content))
    assert found == {"tunnel-access-exact": ["document-is-tunnel"]}


HOST = "arn:aws:ec2:eu-west-1:123456789012:instance/i-0123456789abcdef0"
DOCUMENT = "arn:aws:ssm:eu-west-1:123456789012:document/eu1-acme-tunnel"


@pytest.mark.parametrize(
    "action", ["ssm:StartSession", "ssm:Start*", "ssm:*", "*", "SSM:startsession", "ssm:?tartSession"]
)
@pytest.mark.parametrize(
    "kind", ["groupPolicy:GroupPolicy", "userPolicy:UserPolicy", "policy:Policy", "rolePolicy:RolePolicy"]
)
def test_a_wildcard_that_covers_starting_sessions_is_judged_as_that(kind: str, action: str) -> None:
    policy = iam_policy({"Effect": "Allow", "Action": action, "Resource": "*"})
    found = found_by(new(f"aws:iam/{kind}", policy=policy))
    assert found == {"tunnel-access-exact": ["session-document-access-check", "exact-session-resources"]}


@pytest.mark.parametrize(
    "named",
    [
        "*",
        HOST.replace("i-0123456789abcdef0", "*"),
        HOST.replace("123456789012", "*"),
        DOCUMENT.replace("acme-tunnel", "*"),
        "arn:aws:ssm:eu-west-1::document/AWS-StartPortForwardingSessionToRemoteHost",
        "arn:aws:ssm:eu-west-1:123456789012:document/AWS-StartSSHSession",
        "arn:aws:ssm:eu-west-1:123456789012:document/eu1-beta-tunnel",
        "arn:aws:ssm:eu-west-1:123456789012:managed-instance/mi-0123456789abcdef0",
    ],
)
def test_a_person_gets_to_one_host_with_one_document_of_the_tenant(named: str) -> None:
    policy = iam_policy(tunnel_statement(Resource=[HOST, named]))
    found = found_by(with_props("group-policy", policy=policy))
    assert found == {"tunnel-access-exact": ["exact-session-resources"]}


@pytest.mark.parametrize(
    "condition",
    [
        None,
        {},
        {"Bool": {"ssm:SessionDocumentAccessCheck": "true"}},
        {"BoolIfExists": {"ssm:SessionDocumentAccessCheck": "false"}},
        {"BoolIfExists": "true"},
    ],
)
def test_a_statement_without_the_documents_check_is_refused(condition: object) -> None:
    policy = iam_policy(tunnel_statement(Condition=condition))
    found = found_by(with_props("group-policy", policy=policy))
    assert found == {"tunnel-access-exact": ["session-document-access-check"]}


@pytest.mark.parametrize("policy", ["", "{}", "[]", '{"Statement": []}', '{"Statement": ["Allow"]}', None])
def test_an_iam_policy_that_cannot_be_read_is_refused(policy: object) -> None:
    found = found_by(with_props("group-policy", policy=policy))
    assert found == {"tunnel-access-exact": ["document-readable"]}


@pytest.mark.parametrize("key", ["NotAction", "NotResource"])
def test_a_statement_that_says_what_it_does_not_allow_is_refused(key: str) -> None:
    policy = iam_policy(tunnel_statement(**{key: "iam:*"}))
    found = found_by(with_props("group-policy", policy=policy))
    assert found == {"tunnel-access-exact": ["plain-statement"]}


def test_a_statement_that_denies_may_be_as_wide_as_it_likes() -> None:
    policy = iam_policy(tunnel_statement(), {"Effect": "Deny", "NotAction": "ssm:*", "Resource": "*"})
    assert found_by(with_props("group-policy", policy=policy)) == {}


@pytest.mark.parametrize(
    ("kind", "props", "refused"),
    [
        ("aws:iam/groupPolicyAttachment:GroupPolicyAttachment", {"policyArn": "arn:1"}, True),
        ("aws:iam/userPolicyAttachment:UserPolicyAttachment", {"policyArn": "arn:1"}, True),
        ("aws:iam/policyAttachment:PolicyAttachment", {"policyArn": "arn:1"}, True),
        (
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
            {"policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
            True,
        ),
        (
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
            {"policyArn": "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"},
            False,
        ),
        ("aws:iam/role:Role", {"managedPolicyArns": ["arn:1"]}, True),
        ("aws:iam/role:Role", {"inlinePolicies": [{"policy": "{}"}]}, True),
    ],
)
def test_policies_that_stand_elsewhere_are_refused(kind: str, props: dict[str, Any], refused: bool) -> None:
    found = found_by(new(kind, **props))
    assert found == ({"tunnel-access-exact": ["no-attached-policy"]} if refused else {})


@pytest.mark.parametrize(
    "change",
    [
        with_props("stack", password="Correct-Horse-7"),
        with_props("stack", database={"urls": ["mysql://acmeadmin:Correct-Horse-7@host"]}),
        with_tag("database", "note", "it is Correct-Horse-7"),
        with_props("document", description="Correct-Horse-7"),
        new("aws:ssm/parameter:Parameter", value="Correct-Horse-7"),
    ],
    ids=["an output", "within an output", "a tag", "a description", "a parameter"],
)
def test_the_password_is_found_wherever_else_it_stands(change: Change) -> None:
    found = found_by(change)
    assert set(found) == {"secrets-stay-secret"}
    assert set(found["secrets-stay-secret"]) == {"secret-nowhere-else"}


def test_a_pre_shared_key_is_found_wherever_else_it_stands() -> None:
    found = found_by(
        with_props("vpn-connection", tunnel1PresharedKey="abcdefgh12345678"),
        with_props("stack", vpn="key abcdefgh12345678"),
    )
    assert found == {"secrets-stay-secret": ["secret-nowhere-else"]}


@pytest.mark.parametrize("tag", ["Name", "tenantnet:cell", "tenantnet:tenant"])
def test_a_missing_tag_is_named(tag: str) -> None:
    assert found_by(with_tag("customer-gateway", tag, None)) == {"tags-present": ["tag-present"]}


def test_a_resource_that_cannot_have_tags_needs_none() -> None:
    assert found_by(new("aws:sns/topicPolicy:TopicPolicy", arn="arn:aws:sns:eu-west-1:123456789012:t")) == {}
