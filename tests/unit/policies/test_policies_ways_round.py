"""Careless and hostile changes, each in every form that AWS and Pulumi have for it."""

from __future__ import annotations

import html
import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from typing import Any
from urllib.parse import quote

import pytest
from pydantic.alias_generators import to_camel
from tenantnet.addresses.claims import Claim, ClaimKind
from tenantnet.addresses.companies import Company
from tenantnet.aws import types as aws
from tenantnet.components.migration_runner import project_environment, project_source
from tenantnet.components.migration_schedule import start_input
from tenantnet.components.runner_permissions import runner_statements
from tenantnet.policies.addresses import COMPANY_CIDR_PERMITTED
from tenantnet.policies.allowed import FLOW_LOG, PROJECT, PROVIDER, START_BUILD
from tenantnet.policies.claims import NETWORK_CIDR_UNCLAIMED
from tenantnet.policies.documents import RIGHTS_EXACT
from tenantnet.policies.known import ONLY_KNOWN_RESOURCES
from tenantnet.policies.model import UNKNOWN, PackSettings, Ranges, Resource, Stack
from tenantnet.policies.rules import POLICIES
from tenantnet.policies.secrecy import SECRETS_STAY_SECRET
from tenantnet.policies.tags import TAGS_PRESENT
from tenantnet.stacks.outputs import PlatformOutputs
from tenantnet.tags import Owner, Part, claims_table_name

from tools.rulebook.samples import (
    COMPANY,
    NETWORK,
    OWNER,
    PASSWORD,
    PLATFORM,
    RUNNER,
    RUNNER_PLACE,
    SESSIONS,
    SETTINGS,
    Change,
    SampleReading,
    acl_rule,
    company_route,
    good_stack,
    judge,
    platform_stack,
    refers,
    resource,
    with_new,
    with_options,
    with_origins,
    with_props,
    with_tag,
    without,
    without_props,
)

FOREIGN_VPC, FOREIGN_TABLE, FOREIGN_GROUP = "vpc-00000000000beta", "rtb-00000000000beta", "sg-00000000000beta"
SESSIONS_VPC, CLAIMS = "vpc-0000005e55105", claims_table_name("eu1")


def found_by(*changes: Change) -> dict[str, list[str]]:
    """Per policy the ids of the rules that the changed sample stack breaks."""
    stack = reduce(lambda changed, change: change(changed), changes, good_stack())
    found = {policy.name: [each.refusal.rule_id for each in judge(policy, stack)] for policy in POLICIES}
    return {name: rules for name, rules in found.items() if rules}


def new(kind: str, **props: Any) -> Change:
    return with_new(resource(kind, "acme-extra", props))


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


def test_a_session_table_does_not_lead_to_another_tenants_network() -> None:
    found = found_by(with_props("session-route", destinationCidrBlock="10.9.9.0/26"))
    assert found == {"session-isolation": ["sessions-reach-own"]}


def test_an_unknown_destination_does_not_pass_for_an_unknown_network() -> None:
    found = found_by(
        with_props("network", cidrBlock=UNKNOWN),
        with_props("session-route", destinationCidrBlock=UNKNOWN),
    )
    assert "known-in-preview" in found["session-isolation"]


def test_a_deployed_stack_is_judged_by_ids() -> None:
    deployed = with_props("session-table", id="rtb-1")
    assert found_by(deployed, with_props("session-route", routeTableId="rtb-1")) == {}


def test_a_network_that_says_it_is_the_platforms_is_judged_as_the_tenants() -> None:
    found = found_by(
        with_tag("network", "tenantnet:part", "services"), with_props("network", cidrBlock="10.32.1.0/26")
    )
    assert found["network-cidr-permitted"] == ["range-reserved"]


def test_a_range_from_ipam_is_refused_for_nobody_can_see_it() -> None:
    found = found_by(with_props("network", cidrBlock=UNKNOWN, ipv4IpamPoolId="ipam-pool-1"))
    assert found["network-cidr-permitted"] == ["known-in-preview"]


@pytest.mark.parametrize(
    "claim",
    [
        Claim(cidr=NETWORK, tenant="acme", stack="acme", kind=ClaimKind.NETWORK, slot="green"),
        Claim(cidr="10.1.2.64/26", tenant="acme", stack="acme", kind=ClaimKind.NETWORK, slot="blue"),
    ],
    ids=["another slot", "another range"],
)
def test_a_claim_for_something_else_is_no_claim(claim: Claim) -> None:
    found = found_by(with_props("network-claim", item=claim.item_json()))
    assert found == {"network-cidr-unclaimed": ["range-claimed"]}


def test_a_session_subnet_needs_a_claim_too() -> None:
    assert found_by(without("session-claim")) == {"network-cidr-unclaimed": ["range-claimed"]}


@pytest.mark.parametrize("claimed", [False, True])
def test_a_network_depends_on_its_claim_itself(claimed: bool) -> None:
    """A component's children wait for what it waits for. Deleted they are beside that, where it stays."""
    origins = refers("claim", good_stack()["network-claim"]) if claimed else None
    component = resource("tenantnet:index:TenantNetwork", "acme-blue", {}, origins=origins)
    found = found_by(
        with_new(component),
        with_options("network", depends_on=[], parent=component.urn),
    )
    assert found == {"network-cidr-unclaimed": ["claimed-first"]}


@pytest.mark.parametrize("groups", [[], ["sg-1", "sg-2"], [UNKNOWN, FOREIGN_GROUP], None])
def test_a_database_has_its_own_security_group_and_no_other(groups: object) -> None:
    found = found_by(with_props("database", vpcSecurityGroupIds=groups))
    assert set(found["database-ingress-exact"]) == {"one-security-group"}


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


@pytest.mark.parametrize(
    "parameters",
    [[], [{"name": "require_secure_transport", "value": "OFF"}], None, [{"name": "read_only", "value": "1"}]],
)
def test_a_parameter_group_without_tls_is_refused(parameters: object) -> None:
    found = found_by(with_props("parameter-group", parameters=parameters))
    assert found == {"database-tls-only": ["tls-parameter"]}


HOST = "arn:aws:ec2:eu-west-1:123456789012:instance/i-0123456789abcdef0"
DOCUMENT = "arn:aws:ssm:eu-west-1:123456789012:document/eu1-acme-tunnel"


@pytest.mark.parametrize("tag", ["Name", "tenantnet:cell", "tenantnet:tenant"])
def test_a_missing_tag_is_named(tag: str) -> None:
    assert found_by(with_tag("customer-gateway", tag, None)) == {"tags-present": ["tag-present"]}


class SharingReading(SampleReading):
    """The sample cell, which uses the claims table of cell eu0, where a tenant has its network."""

    def platform(self, cell: str) -> PlatformOutputs:
        return super().platform(cell).model_copy(update={"claims_table": claims_table_name("eu0")})

    def ranges(self, cell: str, region: str | None) -> Ranges:
        others = Claim(cidr=NETWORK, tenant="zoe", stack="zoe", kind=ClaimKind.NETWORK, slot="blue")
        return Ranges(claims=[others], companies=[Company(cidr="172.17.0.0/16", tenant="zoe")])


def test_claims_are_in_the_table_that_the_platforms_outputs_name_and_name_the_cell() -> None:
    settings = replace(SETTINGS, reading=SharingReading())

    def rules(stack: Mapping[str, Resource]) -> list[str]:
        assert NETWORK_CIDR_UNCLAIMED.judge_stack is not None
        found = NETWORK_CIDR_UNCLAIMED.judge_stack(Stack(stack.values()), settings)
        return sorted(each.refusal.rule_id for each in found)

    own = good_stack()
    held = ["others-company", "range-unclaimed"]
    assert rules(own) == sorted([*held, *["own-claims", "range-claimed"] * 2])
    network = Claim(cidr=NETWORK, tenant="acme", stack="acme", kind=ClaimKind.NETWORK, slot="blue")
    session = Claim(cidr=SESSIONS, tenant="acme", stack="acme", kind=ClaimKind.SESSION_SUBNET)
    for key, claim in (("network-claim", network), ("session-claim", session)):
        row = claim.in_table(claims_table_name("eu0"), OWNER.cell)
        own = with_props(key, tableName=claims_table_name("eu0"), item=row.item_json())(own)
    assert rules(own) == held


def test_a_table_that_is_read_from_another_tenant_is_no_table_of_the_stack() -> None:
    tags = Owner(cell="eu1", tenant="beta").tags("beta", part=Part.SESSION)
    read = resource(aws.ROUTE_TABLE, "read", {"routeTableId": "rtb-000000000beta"}, tags=tags)
    found = found_by(with_new(read), with_props("session-route", routeTableId="rtb-000000000beta"))
    assert "tenant-own" in found["network-cidr-unclaimed"]


def test_a_hidden_value_does_not_pass_for_one_of_the_stack() -> None:
    """Output.all(own.id, other).apply(...) depends on more than it may name."""
    assert found_by(with_origins("session-route", "routeTableId", "session-table", "network")) == {
        "only-known-resources": ["reference-own"]
    }
    assert found_by(with_origins("session-route", "routeTableId")) == {
        "only-known-resources": ["reference-own"],
        "session-isolation": ["services-reach-own"],
    }


def test_a_value_may_wait_for_the_rights_of_the_role_that_it_names_and_for_no_others() -> None:
    """A component gives a role's ARN once the role has its policies: it comes from these, too."""
    log = resource(FLOW_LOG, "eu1-flow", {"iamRoleArn": UNKNOWN}, stack="platform-eu1")

    def found(*origins: str) -> list[str]:
        stack = with_new(log)(platform_stack())
        for purpose in ("flow-logs", "runner"):
            stack = with_origins(f"{purpose}-policy", "role", f"{purpose}-role")(stack)
        stack = with_origins(f"new {FLOW_LOG} eu1-flow", "iamRoleArn", *origins)(stack)
        findings = judge(ONLY_KNOWN_RESOURCES, stack)
        return [each.refusal.rule_id for each in findings if each.resource.name == log.name]

    assert "reference-own" not in found("flow-logs-role", "flow-logs-policy")
    assert "reference-own" in found("flow-logs-role", "runner-policy")
    assert "reference-own" in found("flow-logs-policy")
    assert "reference-own" in found("flow-logs-role", "services")


def test_the_runners_rights_are_judged_once_they_are_known() -> None:
    def found(policy: object) -> list[str]:
        stack = with_props("runner-policy", policy=policy)(platform_stack())
        return [each.refusal.rule_id for policy in POLICIES for each in judge(policy, stack)]

    assert found(UNKNOWN) == []
    text = platform_stack()["runner-policy"].props["policy"]
    assert found(text.replace("rds:CreateDBInstance", "rds:*")) == ["document-own"]
    assert found(text.replace("eu1", "eu2")) == ["document-own"]
    assert found(text.replace("i-0123456789abcdef0", "*")) == ["document-own"]


@pytest.mark.parametrize(
    ("own", "other"),
    [
        (PLATFORM.tunnel_host_id, "i-00000000000other"),
        (PLATFORM.zone_id, "ZOTHER"),
        (PLATFORM.kms_key_arn.rpartition("/")[2], "99999999-2222-3333-4444-555555555555"),
    ],
)
def test_the_runner_has_the_host_the_zone_and_the_key_of_its_own_platform(own: str, other: str) -> None:
    text = platform_stack()["runner-policy"].props["policy"].replace(own, other)
    stack = with_props("runner-policy", policy=text)(platform_stack())
    found = [str(each.refusal) for policy in POLICIES for each in judge(policy, stack)]
    assert [other in each for each in found] == [True]


@pytest.mark.parametrize(
    ("key", "props"),
    [
        ("database", {"parameterGroupName": ""}),
        ("database", {"dbSubnetGroupName": ""}),
        ("database", {"kmsKeyId": ""}),
        ("ping-host", {"subnetId": ""}),
        ("ping-host", {"vpcSecurityGroupIds": []}),
        ("ping-host", {"rootBlockDevice": []}),
        ("ping-host", {"metadataOptions": {}}),
        ("ping-host", {"rootBlockDevice": {"encrypted": True, "kmsKeyId": ""}}),
    ],
)
def test_an_empty_name_is_none_at_all(key: str, props: dict[str, Any]) -> None:
    """The provider leaves it out, and AWS takes its default: a group without TLS, a key of its own."""
    assert found_by(with_props(key, **props)) == {"only-known-resources": ["property-permitted"]}


def test_all_providers_of_a_stack_are_of_one_account() -> None:
    """A claim in another account's table would be seen by nobody."""
    own = resource("pulumi:providers:aws", "default", {"region": "eu-west-1"})
    other = resource("pulumi:providers:aws", "other", {"region": "eu-west-1", "profile": "elsewhere"})
    assert found_by(with_new(own), with_new(other)) == {"only-known-resources": ["one-profile"]}
    assert found_by(with_new(other)) == {}


def test_a_document_that_says_something_twice_is_refused() -> None:
    stack = platform_stack()
    trust = stack["runner-role"].props["assumeRolePolicy"]
    everybody = '{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}], '
    stack = with_props("runner-role", assumeRolePolicy=trust.replace("{", everybody, 1))(stack)
    found = [each.refusal.rule_id for policy in POLICIES for each in judge(policy, stack)]
    assert found == ["document-own"]


@pytest.mark.parametrize(
    ("cidr", "kind", "rule"),
    [
        ("10.0.0.0/8", ClaimKind.NETWORK, "own-claims"),
        ("10.9.9.0/26 ", ClaimKind.NETWORK, "own-claims"),
        ("10.9.9.0/26", ClaimKind.NETWORK, "range-unclaimed"),
        ("10.32.0.0/26", ClaimKind.NETWORK, "own-claims"),
        ("10.77.3.0/26", ClaimKind.NETWORK, "others-company"),
        ("172.17.0.0/16", ClaimKind.SESSION_SUBNET, "own-claims"),
    ],
)
def test_a_claim_without_a_network_keeps_nobody_else_out(cidr: str, kind: ClaimKind, rule: str) -> None:
    claim = Claim(cidr=cidr, tenant="acme", stack="acme", kind=kind, slot="green")
    props = {"tableName": claims_table_name("eu1"), "item": claim.item_json()}
    assert found_by(new(aws.TABLE_ITEM, **props)) == {"network-cidr-unclaimed": [rule]}


def test_one_entry_of_a_list_that_is_not_known_is_refused() -> None:
    rules = [*good_stack()["session-acl"].props["ingress"], UNKNOWN]
    assert found_by(with_props("session-acl", ingress=rules)) == {
        "session-isolation": ["acl-denies-sessions"]
    }
    parameters = [*good_stack()["parameter-group"].props["parameters"], UNKNOWN]
    assert found_by(with_props("parameter-group", parameters=parameters)) == {
        "database-tls-only": ["known-in-preview"]
    }


ROWS = {"tableName": claims_table_name("eu1")}
TWO_STACKS = {"stack": {"S": "acme", "s": "beta"}}


@pytest.mark.parametrize("key", ["network", "customer-gateway", "database", "ping-host"])
@pytest.mark.parametrize("tenant", ["beta", "nobody-yet", UNKNOWN, ""])
def test_a_stack_is_one_tenants_and_takes_no_name_of_another(key: str, tenant: Any) -> None:
    """Nobody has claimed anything as nobody-yet: who declares it first would be it."""
    rule = "known-in-preview" if tenant is UNKNOWN else "tenant-own"
    assert rule in found_by(with_tag(key, "tenantnet:tenant", tenant))["network-cidr-unclaimed"]


def test_tags_that_only_the_provider_computes_hide_no_tag() -> None:
    tags = {**OWNER.tags("acme-blue"), "tenantnet:tenant": "beta"}
    found = found_by(with_props("customer-gateway", tags=tags))
    assert found["network-cidr-unclaimed"] == ["tenant-own"]


def test_a_platform_has_no_tenant() -> None:
    stack = with_tag("topic", "tenantnet:tenant", "acme")(platform_stack())
    assert [each.refusal.rule_id for each in judge(NETWORK_CIDR_UNCLAIMED, stack)] == ["tenant-own"]


@pytest.mark.parametrize(
    "changes",
    [
        {"tenant": {"S": "beta"}},
        {"stack": {"S": "beta"}},
        TWO_STACKS,
        {"comment": {"S": "more"}},
        {"kind": {"S": "nothing"}},
        {"slot": {"N": "1"}},
    ],
    ids=str,
)
def test_a_row_is_a_claim_of_the_stacks_tenant_to_the_letter(changes: dict[str, Any]) -> None:
    claim = Claim(cidr="10.1.2.64/26", tenant="acme", stack="acme", kind=ClaimKind.NETWORK, slot="green")
    row = json.dumps({**claim.item(), **changes})
    assert found_by(new(aws.TABLE_ITEM, **ROWS, item=row)) == {"network-cidr-unclaimed": ["own-claims"]}


@pytest.mark.parametrize(
    ("kind", "path", "wrong", "right"),
    [
        (aws.LOG_GROUP, "name", "/tenantnet/eu1/flow/beta-blue", "/tenantnet/eu1/flow/acme-blue"),
        (aws.LOG_GROUP, "name", "/aws/rds/instance/beta-blue/error", "/aws/rds/instance/acme-blue/error"),
        (aws.LOG_GROUP, "name", "/aws/codebuild/anything", "/aws/rds/instance/acme-blue/slowquery"),
        (aws.ALARM, "name", "beta-blue-CPUUtilization", "acme-blue-CPUUtilization"),
        (aws.ALARM, "name", "acme-blue-corp-blue-CPUUtilization", "acme-blue-vpn-10-0-0-0-8-one-tunnel-down"),
        (aws.CUSTOMER_GATEWAY, "deviceName", "beta-blue-vpn-10-0-0-0-8", "acme-blue-vpn-10-0-0-0-8"),
        (aws.CUSTOMER_GATEWAY, "deviceName", None, "acme-blue-seattle"),
        (aws.SUBNET_GROUP, "name", "beta-blue", "acme-blue"),
        (aws.PARAMETER_GROUP, "name", "beta-blue-mysql84", "acme-blue-mysql84"),
        (aws.DATABASE, "finalSnapshotIdentifier", "beta-move-1", "acme-blue-10-1-2-0-final-1"),
        (aws.DATABASE, "identifier", "beta-blue", "acme-blue"),
    ],
)
def test_nothing_is_called_as_another_tenants(kind: str, path: str, wrong: str | None, right: str) -> None:
    def rules(name: str | None) -> list[str]:
        made = resource(kind, "extra", {path: name}, tags=OWNER.tags("extra"))
        given = {"identifier": "acme-blue", **made.props} if kind == aws.DATABASE else made.props
        return [
            each.refusal.rule_id
            for each in judge(RIGHTS_EXACT, {"extra": replace(made, props=given)})
            if each.refusal.path == path
        ]

    assert rules(wrong) == ["name-own"]
    assert rules(right) == []


@pytest.mark.parametrize(
    ("kind", "right"),
    [
        (aws.LOG_GROUP, "/tenantnet/eu1/flow/eu1-sessions"),
        (aws.LOG_GROUP, "/tenantnet/eu1/runner"),
        (aws.ALARM, "tenantnet-eu1-runner-failed"),
        (aws.ALIAS, "alias/tenantnet-eu1"),
        (aws.INSTANCE_PROFILE, "tenantnet-eu1-tunnel-host"),
    ],
)
def test_nothing_of_a_platform_is_called_as_another_cells(kind: str, right: str) -> None:
    for name, rules in ((right, []), (right.replace("eu1", "eu2"), ["name-own"])):
        made = resource(kind, "extra", {"name": name}, stack="platform-eu1")
        assert [each.refusal.rule_id for each in judge(RIGHTS_EXACT, {"extra": made})] == rules


def test_a_group_that_is_called_like_anothers_id_is_not_that_one() -> None:
    other = "sg-00000000000beta"
    found = found_by(with_props("database-group", name=other), with_props("ingress", securityGroupId=other))
    assert "reference-own" in found["only-known-resources"]


@pytest.mark.parametrize("when", ["rate(1 minutes)", "cron(* * * * ? *)", "at(2031-03-05T02:00:00)"])
def test_the_runner_is_started_once(when: str) -> None:
    runner = str(SETTINGS.reading.platform("eu1").runner_project)
    target = {
        "arn": START_BUILD,
        "roleArn": SETTINGS.reading.platform("eu1").runner_schedule_role_arn,
        "input": start_input(runner, "acme"),
    }
    name = "tenantnet-eu1-acme-migration"
    found = found_by(new(aws.SCHEDULE, name=name, scheduleExpression=when, target=target))
    assert found == ({} if when.startswith("at") else {"only-known-resources": ["property-permitted"]})


@pytest.mark.parametrize("topics", [[], None, "", [UNKNOWN]])
def test_an_alarm_that_tells_nobody_is_refused(topics: object) -> None:
    tags = OWNER.tags("x")
    alarm = resource(aws.ALARM, "x", {"name": "acme-blue-CPUUtilization", "alarmActions": topics}, tags=tags)
    assert "only-known-resources" in found_by(with_new(alarm))


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        ("environment", {"image": "evil/image:1"}),
        ("environment", {"privilegedMode": True}),
        ("environment", {"environmentVariables": [{"name": "PULUMI_BACKEND_URL", "value": "s3://evil"}]}),
        ("source", {"location": "https://github.com/mallory/evil.git"}),
        ("source", {"auth": {"type": "CODECONNECTIONS", "resource": "arn:evil"}}),
        ("sourceVersion", {}),
    ],
    ids=str,
)
def test_the_runners_project_is_what_the_platforms_settings_say(path: str, changes: dict[str, Any]) -> None:
    props: dict[str, Any] = {
        "name": "tenantnet-eu1-runner",
        "source": {to_camel(key): value for key, value in project_source(RUNNER).items()},
        "environment": {to_camel(key): value for key, value in project_environment(RUNNER).items()},
        "sourceVersion": RUNNER.version,
    }

    def rules(props: dict[str, Any]) -> list[str]:
        project = resource(PROJECT, "eu1-runner", props, stack="platform-eu1")
        return [each.refusal.path for each in judge(RIGHTS_EXACT, {"project": project})]

    assert rules(props) == []
    assert rules({**props, path: {**props[path], **changes} if changes else "evil"}) == [path]


@pytest.mark.parametrize("path", ["id", "tagsAll"])
@pytest.mark.parametrize("key", ["network", "session-table", "database-group"])
def test_what_a_program_calls_an_id_is_none(key: str, path: str) -> None:
    """With another's ID, a resource of the stack would pass for that one wherever it is named."""
    given = with_options(key, inputs=("vpcId", "tags", path))
    assert found_by(given) == {"only-known-resources": ["property-known"]}
    assert found_by(with_options(key, inputs=("vpcId", "tags"))) == {}


@pytest.mark.parametrize(
    "name", ["ACME", "acme.x", "_acme", "-acme", "acme-", "a", "acme--x", "a" * 21, "eu1"]
)
def test_a_stack_is_called_as_a_tenant_may_be(name: str) -> None:
    """DNS takes ACME for acme, and whoever of the two is deployed first has the name."""

    def found(called: str) -> list[str]:
        tags = Owner(cell="eu1", tenant=called).tags("gateway")
        gateway = resource(aws.CUSTOMER_GATEWAY, "gateway", {}, tags=tags, stack=called)
        return [each.refusal.rule_id for each in judge(NETWORK_CIDR_UNCLAIMED, {"gateway": gateway})]

    assert found(name) == ["tenant-name-free" if name == "eu1" else "tenant-name"]
    assert found("acme-corp") == []


@pytest.mark.parametrize("secret", ["Correct-Horse-7", "1234567890"])
@pytest.mark.parametrize("shape", ["name", "value", "inside"])
def test_a_secret_is_found_in_names_and_numbers_and_not_shown(secret: str, shape: str) -> None:
    value: object = int(secret) if secret.isdigit() else secret
    outputs: dict[str, dict[str, Any]] = {
        "name": {secret: True},
        "value": {"pin": value},
        "inside": {"users": [{secret: value}]},
    }
    stack = with_props("stack", **outputs[shape])(with_props("database", password=secret)(good_stack()))
    found = judge(SECRETS_STAY_SECRET, stack)
    assert {each.refusal.rule_id for each in found} == {"secret-nowhere-else"}
    assert secret not in "".join(str(each.refusal) for each in found)


@pytest.mark.parametrize(
    ("cidr", "kind", "table"),
    [
        ("10.0.0.0/8", ClaimKind.NETWORK, "tenantnet-eu1-claims"),
        ("8.8.8.0/26", ClaimKind.NETWORK, "tenantnet-eu1-claims"),
        ("10.1.2.0/24", ClaimKind.SESSION_SUBNET, "tenantnet-eu1-claims"),
        ("172.17.0.0/16", ClaimKind.SESSION_SUBNET, "tenantnet-eu1-claims"),
        ("10.1.2.0/26", ClaimKind.NETWORK, "customers"),
        ("10.1.2.0/26", ClaimKind.NETWORK, "tenantnet-eu1-journal"),
    ],
)
def test_a_row_that_only_an_update_has_keeps_nobody_out(cidr: str, kind: ClaimKind, table: str) -> None:
    """It is judged before it is written: nothing but the row says yet which cell the stack is in."""
    claim = Claim(cidr=cidr, tenant="acme", stack="acme", kind=kind, slot="blue")
    row = resource(aws.TABLE_ITEM, "row", {"tableName": table, "item": claim.item_json()})
    assert NETWORK_CIDR_UNCLAIMED.judge_resource is not None
    assert NETWORK_CIDR_UNCLAIMED.judge_update is not None
    found = [
        *NETWORK_CIDR_UNCLAIMED.judge_resource(row, SETTINGS),
        *NETWORK_CIDR_UNCLAIMED.judge_update(row, Stack([row]), SETTINGS),
    ]
    assert "own-claims" in [each.refusal.rule_id for each in found]


def test_what_has_no_tenants_tag_is_no_platforms() -> None:
    stack = reduce(
        lambda changed, key: with_tag(key, "tenantnet:tenant", None)(changed),
        [key for key, each in good_stack().items() if each.tags],
        good_stack(),
    )
    assert {each.refusal.rule_id for each in judge(TAGS_PRESENT, stack)} == {"tag-present"}


class RetiringReading(SampleReading):
    """The sample platform, which is being removed."""

    def retiring(self) -> bool:
        return True


def test_a_platform_that_is_being_removed_gives_up_its_tables() -> None:
    table = with_props("tenantnet-eu1-claims", deletionProtectionEnabled=False)(platform_stack())
    settings = replace(SETTINGS, reading=RetiringReading())
    assert RIGHTS_EXACT.judge_resource is not None
    assert [*RIGHTS_EXACT.judge_resource(table["tenantnet-eu1-claims"], settings)] == []


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("ping-host", "userData"),
        ("ping-host", "userDataBase64"),
        ("ping-host", "*"),
        ("ping-host", "rootBlockDevice.encrypted"),
        ("database", "publiclyAccessible"),
        ("database", "restoreToPointInTime"),
        ("database", "identifier"),
        ("database-group", "ingress"),
        ("session-route", "destinationCidrBlock"),
        ("services-peering", "peerVpcId"),
        ("document", "content"),
        ("network", "tags"),
    ],
)
def test_what_a_policy_judges_is_not_ignored(key: str, path: str) -> None:
    """The engine shows a policy the deployed value, and makes a replacement with the program's."""
    assert found_by(with_options(key, ignores=[path])) == {"only-known-resources": ["changes-ignored"]}


@pytest.mark.parametrize(
    ("was", "found"),
    [
        ("aws:ec2/vpc:Vpc", []),
        ("tenantnet:index:TenantNetwork$aws:ec2/vpc:Vpc", []),
        ("aws:cloudwatch/logGroup:LogGroup", ["alias-alike"]),
        ("tenantnet:index:TenantNetwork", ["alias-alike"]),
    ],
)
def test_what_takes_the_place_of_a_resource_is_of_its_type(was: str, found: Sequence[str]) -> None:
    """The engine would leave the former in AWS, and have it in no state."""
    alias = f"urn:pulumi:acme::tenantnet::{was}::former"
    expected = {"only-known-resources": found} if found else {}
    assert found_by(with_options("network", aliases=[alias])) == expected


def test_a_row_of_claims_is_not_deleted_before_another_takes_its_place() -> None:
    """Neither by itself nor with its provider; what is replaced otherwise may have but one name in AWS."""
    expected = {"only-known-resources": ["made-first"]}
    assert found_by(with_options("network-claim", deletes_first=True)) == expected
    provider = replace(resource(PROVIDER, "other", {"region": "eu-west-1"}), deletes_first=True)
    assert found_by(with_new(provider)) == expected
    assert found_by(with_options("ping-host", deletes_first=True)) == {}


@pytest.mark.parametrize("stack", [good_stack(), platform_stack()], ids=["tenant", "platform"])
def test_a_component_that_is_called_as_a_type_of_aws_is_none(stack: Mapping[str, Resource]) -> None:
    """A subnet's ACL, or a row of claims, would seem to be there."""
    for key, each in stack.items():
        if each.type.startswith("aws:"):
            found = judge(ONLY_KNOWN_RESOURCES, {**stack, key: replace(each, custom=False)})
            assert {(it.resource.name, it.refusal.rule_id) for it in found} == {(each.name, "type-made")}


@pytest.mark.parametrize("maker", ["pulumi:providers:tenantnet", "pulumi:providers:random"])
def test_what_another_packages_provider_makes_is_of_no_type_of_aws(maker: str) -> None:
    """That is a program of somebody's: it says that the ACL is there, and makes none."""
    assert found_by(with_options("session-acl", maker=maker)) == {"only-known-resources": ["type-made"]}
    assert found_by(with_options("session-acl", maker=PROVIDER)) == {}


@pytest.mark.parametrize(
    ("key", "props", "policy"),
    [
        ("database", {"snapshotIdentifier": "beta-move-1"}, "rights-exact"),
        ("database", {"replicateSourceDb": "beta-blue"}, "only-known-resources"),
        ("database", {"engineVersion": "5.7"}, "only-known-resources"),
        ("network-table", {"routes": [{"vpcPeeringConnectionId": "pcx-beta"}]}, "only-known-resources"),
        ("session-table", {"propagatingVgws": ["vgw-beta"]}, "only-known-resources"),
        ("parameter-group", {"parameters": []}, "database-tls-only"),
    ],
)
def test_what_may_be_ignored_is_judged_by_what_a_replacement_is_made_with(
    key: str, props: dict[str, Any], policy: str
) -> None:
    stack = with_options(key, ignores=[*props])(with_props(key, **props)(good_stack()))
    [judge_stack] = [each.judge_stack for each in POLICIES if each.name == policy]
    assert judge_stack
    assert [each.resource.urn for each in judge_stack(Stack(stack.values()), SETTINGS)] == [stack[key].urn]


@pytest.mark.parametrize(("key", "path"), [("network-table", "routes"), ("database", "snapshotIdentifier")])
def test_what_aws_makes_up_needs_no_preview_to_know_it(key: str, path: str) -> None:
    unknown = [with_options(key, ignores=[path]), with_props(key, **{path: UNKNOWN})]

    def found(*changes: Change) -> set[str]:
        stack = reduce(lambda changed, change: change(changed), changes, good_stack())
        judged = [each.judge_stack for each in (ONLY_KNOWN_RESOURCES, RIGHTS_EXACT) if each.judge_stack]
        return {each.refusal.rule_id for judge in judged for each in judge(Stack(stack.values()), SETTINGS)}

    assert found(*unknown) == set()
    assert found(*unknown, with_origins(key, path, "network")) == {"known-in-preview"}


def test_a_deployed_table_has_the_routes_of_others() -> None:
    """Components ignore them: a refresh finds what other resources have made."""
    deployed = with_props(
        "session-table",
        arn="arn:aws:ec2:eu-west-1:123456789012:route-table/rtb-1",
        routes=[{"cidrBlock": NETWORK}],
        propagatingVgws=["v"],
    )
    stack = with_options("session-table", ignores=["routes", "propagatingVgws"])(deployed(good_stack()))
    assert [*ONLY_KNOWN_RESOURCES.judge_stack(Stack(stack.values()), SETTINGS)] == []  # type: ignore[misc]


def test_what_an_own_type_ignores_is_judged_by_its_value_in_the_end() -> None:
    queue = resource(
        "aws:sqs/queue:Queue", "notes", {"name": "x", "policy": {"vpc": "vpc-0123456789abcdef0"}}
    )
    for path in ("policy", "policy.vpc", '["policy"]', "*"):
        stack = Stack([*good_stack().values(), replace(queue, ignores=[path])])
        found = [*ONLY_KNOWN_RESOURCES.judge_stack(stack, SETTINGS)]  # type: ignore[misc]
        assert [each.refusal.rule_id for each in found] == ["own-type-apart"]


@pytest.mark.parametrize("key", ["network", "session-route", "services-peering", "network-claim", "endpoint"])
def test_what_is_imported_or_read_is_refused_whosever_it_is(key: str) -> None:
    assert found_by(with_options(key, adopted=True)) == {"only-known-resources": ["nothing-adopted"]}


def test_a_rule_that_a_move_has_opened_is_taken_over() -> None:
    assert found_by(with_options("ingress", adopted=True)) == {}
    opened = with_props("ingress", cidrIpv4="0.0.0.0/0")
    assert found_by(opened, with_options("ingress", adopted=True)) == {
        "database-ingress-exact": ["exact-peer"]
    }


@pytest.mark.parametrize(
    ("key", "path", "targets"),
    [
        ("ingress", "securityGroupId", ("database-group", "ping-host-group")),
        ("association-session", "routeTableId", ("session-table", "network-table")),
        ("session-route", "routeTableId", ("session-table", "network-table")),
        ("session-route", "vpcPeeringConnectionId", ("sessions-peering", "services-peering")),
    ],
)
def test_what_may_be_one_of_two_is_neither(key: str, path: str, targets: tuple[str, ...]) -> None:
    found = found_by(with_origins(key, path, *targets), with_props(key, **{path: UNKNOWN}))
    assert "reference-own" in found["only-known-resources"]


def test_a_rule_of_one_of_two_groups_is_judged_for_each() -> None:
    either = with_origins("ingress", "securityGroupId", "database-group", "ping-host-group")
    found = found_by(either, with_props("ingress", cidrIpv4="0.0.0.0/0"))
    assert found["database-ingress-exact"] == ["exact-peer", "service-exact"]


def test_a_document_of_many_brackets_is_a_finding_and_no_crash() -> None:
    found = found_by(with_props("document", content="[" * 100_000))
    assert found == {"rights-exact": ["document-own"]}


QUOTED = 'Pass"word\\&7<'


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"password": QUOTED}),
        f"mysql://admin:{quote(QUOTED, safe='')}@db",
        html.escape(f"<b>{QUOTED}</b>"),
        *(b64encode(f"{before}{QUOTED}:".encode()).decode() for before in ("", "a", "ab", "abc")),
        urlsafe_b64encode(f"admin:{QUOTED}".encode()).decode(),
    ],
)
def test_a_secret_is_found_in_whatever_a_text_writes_it(text: str) -> None:
    found = found_by(with_props("database", password=QUOTED), with_props("stack", note=text))
    assert found == {"secrets-stay-secret": ["secret-nowhere-else"]}


def test_a_secret_is_no_name() -> None:
    found = found_by(with_options("stack", name=f"x-{PASSWORD}"))
    assert found == {"secrets-stay-secret": ["secret-nowhere-else"]}


LOGS = {"status": "ENABLED", "groupName": "/tenantnet/eu1/runner"}


@pytest.mark.parametrize(
    "props",
    [
        {"logsConfig": {"cloudwatchLogs": {"status": "DISABLED"}}},
        {"logsConfig": {"cloudwatchLogs": {**LOGS, "groupName": "/tenantnet/eu2/runner"}}},
        {"logsConfig": {"cloudwatchLogs": {**LOGS, "streamName": "x"}}},
        {"logsConfig": {"cloudwatchLogs": LOGS, "s3Logs": {"status": "ENABLED", "location": "elsewhere/x"}}},
        {"cache": {"type": "S3", "location": "elsewhere/x"}},
        {"badgeEnabled": True},
    ],
)
def test_a_build_is_logged_where_its_component_logs_it(props: dict[str, Any]) -> None:
    name = str(PLATFORM.runner_project)
    parts = {"source": project_source(RUNNER), "environment": project_environment(RUNNER)}
    own = {path: {to_camel(key): each for key, each in part.items()} for path, part in parts.items()}
    good = {
        "name": name,
        **own,
        "sourceVersion": RUNNER.version,
        "serviceRole": f"tenantnet-{PLATFORM.cell}-runner",
        "encryptionKey": PLATFORM.kms_key_arn,
        "artifacts": {"type": "NO_ARTIFACTS"},
        "logsConfig": {"cloudwatchLogs": LOGS},
    }
    tags = Owner(cell=PLATFORM.cell).tags(name)

    def found(changed: dict[str, Any]) -> set[str]:
        project = resource(PROJECT, name, {**good, **changed}, tags=tags, stack="platform-eu1")
        stack = {**platform_stack(), "project": project}
        return {each.refusal.rule_id for policy in POLICIES for each in judge(policy, stack)}

    assert found({}) == set()
    assert found(props)


def rows(*claims: Claim, table: str = CLAIMS) -> list[Change]:
    """The stack with further rows of claims."""
    return [
        with_new(resource(aws.TABLE_ITEM, f"row-{number}", {"tableName": table, "item": claim.item_json()}))
        for number, claim in enumerate(claims)
    ]


def network_claim(cidr: str, slot: str = "green") -> Claim:
    return Claim(cidr=cidr, tenant="acme", stack="acme", kind=ClaimKind.NETWORK, slot=slot)


def session_claim(cidr: str) -> Claim:
    return Claim(cidr=cidr, tenant="acme", stack="acme", kind=ClaimKind.SESSION_SUBNET)


def test_a_tenant_claims_what_its_two_networks_and_its_sessions_need_and_no_more() -> None:
    second = network_claim("10.5.5.0/26")
    assert found_by(*rows(second)) == {}
    third = network_claim("10.5.5.64/26")
    assert found_by(*rows(second, third)) == {"network-cidr-unclaimed": ["claims-bounded"]}
    sessions = [session_claim(f"172.17.{number}.0/24") for number in range(6, 26)]
    assert found_by(*rows(*sessions)) == {"network-cidr-unclaimed": ["claims-bounded"] * 20}


class LeftBehind(SampleReading):
    """The table has rows of acme's for two networks; the state has those of `held`."""

    def __init__(self, *held: Claim, retained: bool = False) -> None:
        self._held, self._retained = held, retained

    def ranges(self, cell: str, region: str | None) -> Ranges:
        ranges = super().ranges(cell, region)
        return Ranges(claims=[*ranges.claims, LEFT, GREEN], companies=ranges.companies)

    def held(self, stack: str) -> Sequence[Resource]:
        row = {"tableName": "tenantnet-eu1-claims"}
        rows = [resource(aws.TABLE_ITEM, each.cidr, {**row, "item": each.item_json()}) for each in self._held]
        return [replace(each, retained=self._retained) for each in rows]


LEFT, GREEN = network_claim("10.5.5.0/26"), network_claim("10.5.5.64/26", "green")


@pytest.mark.parametrize(
    ("reading", "rules"),
    [
        (LeftBehind(), ["claims-bounded"]),
        (LeftBehind(LEFT), []),
        (LeftBehind(LEFT, GREEN), []),
        (LeftBehind(LEFT, GREEN, retained=True), ["claims-bounded"]),
    ],
)
def test_rows_that_no_update_will_delete_count_too(reading: LeftBehind, rules: list[str]) -> None:
    """What the state has and the program does not goes at the update's end."""
    policy, settings = NETWORK_CIDR_UNCLAIMED, replace(SETTINGS, reading=reading)
    assert policy.judge_stack
    assert policy.judge_update
    stack = good_stack()
    assert [each.refusal.rule_id for each in policy.judge_stack(Stack(stack.values()), settings)] == rules
    so_far = Stack([stack["network"], stack["network-claim"]])
    assert [
        each.refusal.rule_id for each in policy.judge_update(stack["network-claim"], so_far, settings)
    ] == rules


@pytest.mark.parametrize("slot", ["red", "corp-blue", ""])
def test_a_claim_is_for_a_network_that_a_tenant_can_have(slot: str) -> None:
    claim = network_claim("10.5.5.0/26", slot)
    assert found_by(*rows(claim)) == {"network-cidr-unclaimed": ["own-claims"]}


@pytest.mark.parametrize(
    ("companies", "refused"),
    [
        (["192.168.0.0/16"], False),
        (["10.96.0.0/12"], False),
        (["10.96.0.0/11"], True),
        (["10.128.0.0/9"], True),
        (["10.96.0.0/12", "10.112.0.0/24"], True),
        (["10.96.0.0/13", "10.104.0.0/13"], False),
    ],
)
def test_a_tenants_companies_leave_most_ranges_to_others(companies: list[str], refused: bool) -> None:
    """However many connections they are split among."""
    stack = dict(good_stack())
    del stack["vpn-route"], stack["ping"]
    for number, cidr in enumerate(companies):
        connection = replace(stack["vpn-connection"], urn=f"{stack['vpn-connection'].urn}-{number}")
        route = company_route(f"acme-blue-{number}", cidr, connection)
        stack |= {connection.urn: connection, route.urn: route}
    found = [each.refusal.rule_id for each in judge(COMPANY_CIDR_PERMITTED, stack)]
    assert found == ["companies-bounded"] * refused
    more = replace(SETTINGS, company_addresses=2**30)
    assert COMPANY_CIDR_PERMITTED.judge_stack is not None
    assert [*COMPANY_CIDR_PERMITTED.judge_stack(Stack(stack.values()), more)] == []


def test_claims_alone_say_by_their_table_which_cell_they_are_of() -> None:
    """Whatever else a stack has is removed before them, and created after them."""
    left = ("network-claim", "session-claim")
    stack = {key: each for key, each in good_stack().items() if key in left}
    found = {policy.name: judge(policy, stack) for policy in POLICIES}
    assert {name for name, findings in found.items() if findings} == set()
    elsewhere = with_props("network-claim", tableName=claims_table_name("eu2"))(stack)
    (finding,) = judge(NETWORK_CIDR_UNCLAIMED, elsewhere)
    assert finding.refusal.rule_id == "platform-read"


def test_a_claim_that_the_table_has_is_given_up_though_a_company_covers_it_since() -> None:
    """Nobody else could take it back: a stack that is being removed is not stopped by it."""
    held = network_claim("10.77.3.0/26")

    class Covered(SampleReading):
        def ranges(self, cell: str, region: str | None) -> Ranges:
            others = super().ranges(cell, region)
            return replace(others, claims=[*others.claims, held])

    def rules(settings: PackSettings) -> list[str]:
        (changed,) = rows(held)
        assert NETWORK_CIDR_UNCLAIMED.judge_stack is not None
        found = NETWORK_CIDR_UNCLAIMED.judge_stack(Stack(changed(good_stack()).values()), settings)
        return [each.refusal.rule_id for each in found]

    assert rules(SETTINGS) == ["others-company"]
    assert rules(replace(SETTINGS, reading=Covered())) == []


class ElsewhereReading(SampleReading):
    """A platform whose sessions network is in no reserved range: its settings name it."""

    def platform(self, cell: str) -> PlatformOutputs:
        return super().platform(cell).model_copy(update={"sessions_cidr": "172.20.0.0/16"})


def test_a_session_subnet_is_inside_its_platforms_sessions_network_wherever_that_is() -> None:
    settings = replace(SETTINGS, reading=ElsewhereReading())

    def rules(*claims: Claim) -> list[str]:
        stack = reduce(
            lambda changed, change: change(changed), rows(*claims), without("session-claim")(good_stack())
        )
        judges = (NETWORK_CIDR_UNCLAIMED.judge_resource, NETWORK_CIDR_UNCLAIMED.judge_stack)
        assert judges[0]
        assert judges[1]
        alone = [each for one in stack.values() for each in judges[0](one, settings)]
        found = [*alone, *judges[1](Stack(stack.values()), settings)]
        return [each.refusal.rule_id for each in found if each.resource.name.startswith("row")]

    assert rules(session_claim("172.20.5.0/24")) == []
    assert rules(session_claim("172.17.8.0/24")) == ["own-claims"]
    assert rules(network_claim("172.20.5.0/26")) == ["own-claims"], "a network is not among sessions"


class SeveralCells(SampleReading):
    """A project with cells eu1 and eu2. named: the platform whose claims the settings say that eu1 uses."""

    def __init__(self, named: str | None = None, deployed: Mapping[str, str] | None = None) -> None:
        self._named, self._deployed = named, deployed or {}

    def claims_platform(self) -> str | None:
        return self._named

    def platforms(self) -> Collection[str]:
        return [f"platform-{cell}" for cell in self._deployed]

    def cells(self) -> Sequence[tuple[PlatformOutputs, Ranges]]:
        tables = {cell: claims_table_name(holder) for cell, holder in self._deployed.items()}
        return [
            (PLATFORM.model_copy(update={"cell": cell, "claims_table": table}), Ranges())
            for cell, table in tables.items()
        ]


@pytest.mark.parametrize(
    ("reading", "shares"),
    [
        (SeveralCells("platform-eu2"), True),
        (SeveralCells("platform-eu1", {"eu2": "eu2"}), False),
        (SeveralCells(), False),
        (SeveralCells(None, {"eu1": "eu1", "eu2": "eu2"}), False),
        (SeveralCells(None, {"eu1": "eu2", "eu2": "eu2"}), True),
        (SeveralCells(None, {"eu2": "eu2"}), True),
        (SeveralCells(None, {"eu2": "eu2", "eu3": "eu3"}), False),
        (SeveralCells(None, {"eu2": "eu2", "eu3": "eu2"}), True),
    ],
)
def test_the_runner_has_the_claims_of_the_cell_that_its_platform_uses(
    reading: SeveralCells,
    shares: bool,
) -> None:
    for cell in ("eu1", "eu2", "eu3"):
        place = replace(RUNNER_PLACE, claims_cell=cell)
        policy = json.dumps({"Version": "2012-10-17", "Statement": runner_statements(place, RUNNER)})
        changed = with_props("runner-policy", policy=policy)(platform_stack())["runner-policy"]
        assert RIGHTS_EXACT.judge_resource
        found = [*RIGHTS_EXACT.judge_resource(changed, replace(SETTINGS, reading=reading))]
        assert (not found) == (cell == "eu1" or (cell == "eu2" and shares))


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("platform-eu1-b", "cells-apart"),
        ("platform-eu", "cells-apart"),
        ("platform-EU1", "platform-name"),
        ("platform--x", "platform-name"),
        ("platform-eu2.b", "platform-name"),
        ("platform-", "platform-name"),
        ("platform-\u0435u1", "platform-name"),
        ("platform-eu1", None),
        ("platform-eu10", None),
    ],
)
def test_a_program_is_called_as_a_platform_may_be(name: str, rule: str | None) -> None:
    """Roles, tables and documents of eu1-b would be matched by what IAM says of eu1."""
    settings = replace(SETTINGS, reading=SeveralCells(None, {"eu1": "eu1", "eu-2": "eu-2"}))
    root = Stack([resource("pulumi:pulumi:Stack", "tenantnet", {}, stack=name)])
    policy = NETWORK_CIDR_UNCLAIMED
    assert policy.judge_stack
    assert policy.judge_update
    for found in (policy.judge_stack(root, settings), policy.judge_update(root.root, root, settings)):
        assert [each.refusal.rule_id for each in found] == ([rule] if rule else [])


@pytest.mark.parametrize("named", [None, ""])
def test_resources_are_in_the_platforms_region_where_no_provider_names_one(named: str | None) -> None:
    class Elsewhere(SampleReading):
        def region(self) -> str:
            return "us-east-1"

    stack = Stack([replace(each, region=named) for each in good_stack().values()])
    judge_stack = ONLY_KNOWN_RESOURCES.judge_stack
    assert judge_stack
    assert not [*judge_stack(stack, SETTINGS)]
    found = judge_stack(stack, replace(SETTINGS, reading=Elsewhere()))
    assert {each.refusal.rule_id for each in found} == {"one-region"}
