"""Two tenants up: what reaches what by what EC2 describes, and that nothing of it can be broken unseen.

The tests share what is deployed; each one that breaks something mends it, the first one in its own way.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import boto3
import pytest
from tenantnet.observed.deployed import AclRule, Deployed, NetworkAcl, RouteTable, SecurityGroupRule
from tenantnet.observed.reachability.check import check, faults
from tenantnet.observed.reachability.observe import observe_cell
from tenantnet.observed.reachability.traffic import Traffic

from tests.support.project import Project
from tests.support.reachability_mutations import LAST_RULE, Mutation, additions, removals

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

# A network of each private range, one company range twice, a tenant in two networks.
OFFICE = {
    "companyCidr": "192.168.4.0/24",
    "companyGatewayIp": "198.51.100.7",
    "description": "Seattle office",
}
TENANTS: dict[str, dict[str, Any]] = {
    "acme": {
        "platform": "platform-local",
        "sessionSubnet": "172.17.5.0/24",
        "database": {"username": "acmeadmin"},
        "networks": {
            "blue": {"cidr": "10.1.2.0/26", "vpnConnections": [OFFICE]},
        },
    },
    "zeta": {
        "platform": "platform-local",
        "sessionSubnet": "172.17.6.0/24",
        "database": {"username": "zetaadmin"},
        "networks": {
            "blue": {
                "cidr": "192.168.77.0/26",
                "vpnConnections": [{**OFFICE, "companyGatewayIp": "198.51.100.9"}],
            }
        },
    },
}
GREEN = {"cidr": "172.20.1.0/26", "vpnConnections": [OFFICE]}
# One in so many of all additions; the long test has them all.
STEP = 41
Observe = Callable[[], Deployed]


@pytest.fixture(scope="module")
def tenants(cell: Project) -> Project:
    """The project with two tenants deployed, side by side; one of them then gets its second network."""
    for name, settings in TENANTS.items():
        cell.write_tenant(name, settings)
    with ThreadPoolExecutor() as pool:
        zeta = pool.submit(cell.up, "zeta")
        cell.up("acme").check()
        acme = TENANTS["acme"]
        cell.write_tenant("acme", {**acme, "networks": {**acme["networks"], "green": GREEN}})
        cell.up("acme").check()
        zeta.result().check()
    return cell


@pytest.fixture(scope="module")
def observe(tenants: Project, aws: boto3.Session) -> Observe:
    """Ask EC2 what is deployed now."""
    platform = tenants.outputs("platform-local")
    return lambda: observe_cell(
        "local",
        "eu-west-1",
        platform_vpc_ids=[platform["sessionsVpcId"], platform["servicesVpcId"]],
        tunnel_host_id=platform["tunnelHostId"],
    )


@pytest.fixture(scope="module")
def deployed(observe: Observe) -> Deployed:
    return observe()


@pytest.fixture
def ec2(aws: boto3.Session) -> EC2Client:
    return aws.client("ec2")


def command(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["tenantnet", *arguments],
        cwd=project.folder,
        env=project.environment,
        capture_output=True,
        text=True,
        check=False,
    )


def seen(mutation: Mutation, *, missing: bool) -> bool:
    return any(
        finding.missing is missing for pair in faults(check(mutation.deployed)) for finding in pair.findings
    )


def passing(cell: Deployed) -> set[tuple[str, str, Traffic]]:
    """What gets from where to where."""
    return {
        (pair.source.name.split(" (")[0], pair.target.name.split(" (")[0], traffic)
        for pair in check(cell)
        for traffic in pair.passes
    }


def table_of(cell: Deployed, name: str) -> RouteTable:
    """The route table of the subnets whose Name starts so."""
    subnets = {subnet.id for subnet in cell.subnets if subnet.tags.get("Name", "").startswith(name)}
    (table,) = [table for table in cell.route_tables if subnets & set(table.subnet_ids)]
    return table


def group_of(cell: Deployed, name: str) -> str:
    (group,) = [group.id for group in cell.security_groups if group.tags.get("Name") == name]
    return group


def test_a_connection_that_somebody_deleted_is_said_to_be_and_made_again_with_new_keys(
    tenants: Project, ec2: EC2Client
) -> None:
    """It comes first: who mends a rule below gives it another id, and a refresh takes it for gone."""

    def zetas() -> str:
        (network,) = tenants.outputs("zeta")["networks"].values()
        (connection,) = network["vpnConnections"]
        return str(connection["id"])

    gone = zetas()
    ec2.delete_vpn_connection(VpnConnectionId=gone)
    shown = command(tenants, "vpn", "status", "zeta").stdout
    assert "Missing" in shown
    assert "`tenantnet up zeta --refresh` makes it again, with new endpoints and keys" in shown
    unseen = command(tenants, "up", "zeta", "--yes").stdout
    assert "no resource was changed." in unseen
    assert "is not seen: tenantnet up zeta --refresh" in unseen
    again = command(tenants, "up", "zeta", "--refresh", "--yes")
    assert again.returncode == 0, again.stderr
    assert re.search(r"create +ec2 VpnConnection +zeta-blue-", again.stdout)
    assert "zeta: 1 to delete" not in again.stdout
    assert "Endpoints and keys are new: a guide from before, if there was one, is of no use." in again.stdout
    assert zetas() != gone
    assert "Missing" not in command(tenants, "vpn", "status", "zeta").stdout
    assert "no resource was changed." in command(tenants, "up", "zeta", "--refresh", "--yes").stdout


def test_a_rule_that_somebody_put_back_is_shown_with_the_command_that_takes_it_away(
    tenants: Project, ec2: EC2Client
) -> None:
    named: Any = [{"Name": "group-name", "Values": ["zeta-blue-database"]}]
    (group,) = [each["GroupId"] for each in ec2.describe_security_groups(Filters=named)["SecurityGroups"]]
    permission: Any = {
        "IpProtocol": "tcp",
        "FromPort": 3306,
        "ToPort": 3306,
        "IpRanges": [{"CidrIp": "172.17.6.0/24"}],
    }
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[permission])
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    refused = command(tenants, "up", "zeta", "--refresh", "--yes")
    assert refused.returncode == 1, refused.stdout
    assert (
        "zeta-blue-sessions: AWS answered InvalidPermission.Duplicate: the specified rule" in refused.stderr
    )
    assert "it was made by hand" in refused.stderr
    assert "zeta-blue-sessions: an equal rule is there: remove it, and update at once" in refused.stderr
    assert "context canceled" not in refused.stderr
    (line,) = [each for each in refused.stderr.splitlines() if "aws ec2 revoke-" in each]
    assert line.strip() == (
        f"aws ec2 revoke-security-group-ingress --group-id {group} --ip-permissions "
        "'IpProtocol=tcp,FromPort=3306,ToPort=3306,IpRanges=[{CidrIp=172.17.6.0/24}]'"
    )
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[permission])
    again = command(tenants, "up", "zeta", "--yes")
    assert again.returncode == 0, again.stderr


def test_an_interface_that_somebody_made_is_checked_by_its_own_groups(
    deployed: Deployed, observe: Observe, ec2: EC2Client
) -> None:
    (subnet,) = [each for each in deployed.subnets if each.tags.get("Name") == "zeta-blue-spare"]
    # A group's first rule lets everything out.
    group = ec2.create_security_group(GroupName="own", Description="own", VpcId=subnet.vpc_id)["GroupId"]
    made = ec2.create_network_interface(SubnetId=subnet.id, Groups=[group])["NetworkInterface"]
    try:
        found = faults(check(observe()))
    finally:
        ec2.delete_network_interface(NetworkInterfaceId=made["NetworkInterfaceId"])
        ec2.delete_security_group(GroupId=group)
    name = f"zeta blue: {made['NetworkInterfaceId']} ({made['PrivateIpAddress']}/32)"
    assert {pair.source.name for pair in found} == {name}
    assert "elsewhere" in {pair.target.name for pair in found}


def test_what_passes_between_two_tenants_and_their_platform_is_what_is_meant_to(deployed: Deployed) -> None:
    assert faults(check(deployed)) == []
    assert passing(deployed) == {
        ("acme blue: company Seattle office", "acme blue: database", Traffic.MYSQL),
        ("acme blue: company Seattle office", "acme blue: ping host", Traffic.PING),
        ("acme green: company Seattle office", "acme green: database", Traffic.MYSQL),
        ("acme green: company Seattle office", "acme green: ping host", Traffic.PING),
        ("zeta blue: company Seattle office", "zeta blue: database", Traffic.MYSQL),
        ("zeta blue: company Seattle office", "zeta blue: ping host", Traffic.PING),
        ("acme: session", "acme blue: database", Traffic.MYSQL),
        ("acme: session", "acme green: database", Traffic.MYSQL),
        ("zeta: session", "zeta blue: database", Traffic.MYSQL),
        ("tunnel host", "acme blue: database", Traffic.MYSQL),
        ("tunnel host", "acme green: database", Traffic.MYSQL),
        ("tunnel host", "zeta blue: database", Traffic.MYSQL),
        ("tunnel host", "Session Manager", Traffic.HTTPS),
    }


def test_without_any_single_route_peering_gateway_or_rule_something_meant_to_pass_does_not(
    deployed: Deployed,
) -> None:
    without = list(removals(deployed))
    assert len(without) > 55
    for mutation in without:
        assert seen(mutation, missing=True), mutation.what


def test_with_a_route_or_a_rule_more_it_is_seen_to_be_open(deployed: Deployed) -> None:
    for mutation in islice(additions(deployed), 0, None, STEP):
        assert seen(mutation, missing=False), mutation.what


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_with_any_route_or_rule_more_it_is_seen_to_be_open(deployed: Deployed) -> None:
    for mutation in additions(deployed):
        assert seen(mutation, missing=False), mutation.what


def test_the_command_says_what_passes_and_that_all_is_as_intended(tenants: Project) -> None:
    done = command(tenants, "isolation", "check", "acme", "zeta")
    assert done.returncode == 0, done.stderr
    assert "pairs of places are as intended." in done.stdout
    assert "zeta, Seattle office (network blue): both tunnels are DOWN" in done.stdout, (
        "which it does not judge"
    )
    printed = json.loads(command(tenants, "isolation", "check", "acme", "--json").stdout)
    assert printed["faults"] == []
    assert {"from": "tunnel host (10.32.0.4)", "to": "acme blue: database", "traffic": ["MySQL"]} in printed[
        "passes"
    ]


@contextmanager
def broken(breaking: Callable[[], object], mending: Callable[[], object]) -> Iterator[None]:
    breaking()
    try:
        yield
    finally:
        mending()


def permission(rule: SecurityGroupRule) -> dict[str, Any]:
    permitted = {"IpProtocol": rule.protocol, "FromPort": rule.from_port, "ToPort": rule.to_port}
    return {
        "GroupId": rule.group_id,
        "IpPermissions": [{**permitted, "IpRanges": [{"CidrIp": rule.cidr}]}],
    }


def test_every_rule_that_is_really_revoked_is_missed(
    deployed: Deployed, observe: Observe, ec2: EC2Client
) -> None:
    assert len(deployed.rules) >= 15
    for rule in deployed.rules:
        revoke = ec2.revoke_security_group_egress if rule.egress else ec2.revoke_security_group_ingress
        allow = ec2.authorize_security_group_egress if rule.egress else ec2.authorize_security_group_ingress
        with broken(lambda r=revoke, p=rule: r(**permission(p)), lambda a=allow, p=rule: a(**permission(p))):  # type: ignore[misc]
            found = [finding for pair in faults(check(observe())) for finding in pair.findings]
            assert any(finding.missing for finding in found), rule
    assert faults(check(observe())) == [], "all is mended"


def test_every_route_that_is_really_deleted_is_missed(
    deployed: Deployed, observe: Observe, ec2: EC2Client
) -> None:
    routes = [
        {
            "RouteTableId": table.id,
            "DestinationCidrBlock": route.destination,
            "VpcPeeringConnectionId": route.target,
        }
        for table in deployed.route_tables
        for route in table.routes
        if route.target.startswith("pcx-")
    ]
    assert len(routes) == 12
    for route in routes:
        named = {key: value for key, value in route.items() if key != "VpcPeeringConnectionId"}
        with broken(lambda n=named: ec2.delete_route(**n), lambda r=route: ec2.create_route(**r)):  # type: ignore[misc]
            found = [finding for pair in faults(check(observe())) for finding in pair.findings]
            assert any(finding.missing for finding in found), route
    assert faults(check(observe())) == [], "all is mended"


@pytest.mark.parametrize(
    ("stack", "output", "tags"),
    [
        ("zeta", ("networks", "blue", "vpcId"), ("cell", "tenant", "network", "part")),
        ("platform-local", ("sessionsVpcId",), ("cell", "part")),
        ("platform-local", ("servicesVpcId",), ("cell", "part")),
    ],
)
def test_a_network_whose_tag_is_really_removed_is_an_error_for_every_tenant_of_the_cell(
    tenants: Project, ec2: EC2Client, stack: str, output: tuple[str, ...], tags: tuple[str, ...]
) -> None:
    vpc: Any = tenants.outputs(stack)
    for key in output:
        vpc = vpc[key]
    [described] = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]
    there = {tag["Key"]: tag["Value"] for tag in described["Tags"]}
    for name in tags:
        tag: Any = {"Key": f"tenantnet:{name}", "Value": there[f"tenantnet:{name}"]}
        with broken(
            lambda t=tag: ec2.delete_tags(Resources=[vpc], Tags=[t]),  # type: ignore[misc]
            lambda t=tag: ec2.create_tags(Resources=[vpc], Tags=[t]),  # type: ignore[misc]
        ):
            # acme's check misses zeta's network by its peerings, or by the tags that are left.
            done = [command(tenants, "isolation", "check", tenant) for tenant in ("acme", "zeta")]
        for each in done:
            assert (each.returncode, each.stdout, vpc in each.stderr) == (1, "", True), (name, each.stderr)
            assert "Could not check what reaches what in cell local." in each.stderr
    assert command(tenants, "isolation", "check", "acme", "zeta").returncode == 0, "all is mended"


def acl_entry(acl: NetworkAcl, rule: AclRule) -> dict[str, Any]:
    return {
        "NetworkAclId": acl.id,
        "RuleNumber": rule.number,
        "Egress": rule.egress,
        "RuleAction": "allow" if rule.allow else "deny",
        "Protocol": rule.protocol,
        "CidrBlock": rule.cidr,
    }


def named(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: entry[key] for key in ("NetworkAclId", "RuleNumber", "Egress")}


def test_every_network_acl_rule_that_is_really_removed_is_seen(
    deployed: Deployed, observe: Observe, ec2: EC2Client
) -> None:
    rules = [
        (acl, rule)
        for acl in deployed.network_acls
        if acl.subnet_ids
        for rule in acl.rules
        # The last rule is AWS's and stays.
        if rule.number != LAST_RULE
    ]
    assert len(rules) == 2 * 4 + 4 * 2, "of two sessions, three networks and the tunnel host"
    for acl, rule in rules:
        entry = acl_entry(acl, rule)
        with broken(
            lambda e=entry: ec2.delete_network_acl_entry(**named(e)),  # type: ignore[misc]
            lambda e=entry: ec2.create_network_acl_entry(**e),  # type: ignore[misc]
        ):
            found = [finding for pair in faults(check(observe())) for finding in pair.findings]
            assert any(finding.missing is rule.allow for finding in found), (acl.id, rule)
    assert faults(check(observe())) == [], "all is mended"


def acl_of(cell: Deployed, name: str) -> NetworkAcl:
    """The network ACL of the subnet of that name."""
    (subnet,) = [subnet.id for subnet in cell.subnets if subnet.tags.get("Name") == name]
    (acl,) = [acl for acl in cell.network_acls if subnet in acl.subnet_ids]
    return acl


def test_sessions_reach_those_of_another_tenant_where_both_network_acls_are_opened(
    tenants: Project, deployed: Deployed, observe: Observe, ec2: EC2Client
) -> None:
    rules = [AclRule(number=1, egress=egress, allow=True, cidr="0.0.0.0/0") for egress in (True, False)]
    of_acme, of_zeta = (
        [acl_entry(acl_of(deployed, f"{tenant}-session"), rule) for rule in rules]
        for tenant in ("acme", "zeta")
    )
    among_sessions = {
        (f"{one}: session", f"{other}: session", traffic)
        for one, other in (("acme", "zeta"), ("zeta", "acme"))
        for traffic in Traffic
    }
    with ExitStack() as opened:
        for entry in of_acme:
            opened.enter_context(acl_opened(ec2, entry))
        assert not among_sessions & passing(observe()), "zeta's still holds"
        done = command(tenants, "isolation", "check", "acme")
        assert done.returncode == 1
        assert "a way out through the sender's network ACL where none is intended" in " ".join(
            done.stdout.split()
        )
        for entry in of_zeta:
            opened.enter_context(acl_opened(ec2, entry))
        assert among_sessions <= passing(observe())
    assert faults(check(observe())) == [], "all is mended"


def acl_opened(ec2: EC2Client, entry: dict[str, Any]) -> AbstractContextManager[None]:
    return broken(
        lambda: ec2.create_network_acl_entry(**entry), lambda: ec2.delete_network_acl_entry(**named(entry))
    )


def test_a_rule_that_somebody_adds_to_a_sessions_network_acl_is_drift(
    tenants: Project, deployed: Deployed, ec2: EC2Client
) -> None:
    # Of no tenant, so that nothing but the stack tells that it is too many.
    added = AclRule(number=50, egress=False, allow=True, cidr="172.17.99.0/24")
    with acl_opened(ec2, acl_entry(acl_of(deployed, "zeta-session"), added)):
        drifted = tenants.pulumi("preview", "--refresh", "--diff", "--expect-no-changes", "--stack", "zeta")
    assert drifted.code != 0
    assert "aws:ec2/networkAcl:NetworkAcl" in drifted.text
    assert "172.17.99.0/24" in drifted.text


def test_a_rule_for_another_tenants_session_is_a_hole_in_one_layer_and_the_command_says_so(
    tenants: Project, deployed: Deployed, ec2: EC2Client
) -> None:
    added = SecurityGroupRule(
        id="",
        group_id=group_of(deployed, "acme-blue-database"),
        egress=False,
        protocol="tcp",
        from_port=3306,
        to_port=3306,
        peer="172.17.6.0/24",
    )
    with broken(
        lambda: ec2.authorize_security_group_ingress(**permission(added)),
        lambda: ec2.revoke_security_group_ingress(**permission(added)),
    ):
        done = command(tenants, "isolation", "check", "acme")
    assert done.returncode == 1
    assert re.search(
        r"MySQL: a rule of the receiver's security groups where none is intended "
        r"\(sgr-\w+ 172\.17\.6\.0/24\); another layer still blocks it",
        done.stdout,
    )
    assert "1 of " in done.stderr
    assert "pairs of places are not as intended" in done.stderr
    assert "Traceback" not in done.stderr


def test_routes_both_ways_and_a_rule_let_another_tenants_session_really_in(
    tenants: Project, deployed: Deployed, observe: Observe, ec2: EC2Client
) -> None:
    acme, session = table_of(deployed, "acme-blue"), table_of(deployed, "zeta-session")
    (peering,) = [route.target for route in acme.routes if route.destination == "172.17.5.0/24"]
    there: dict[str, Any] = {"RouteTableId": session.id, "DestinationCidrBlock": "10.1.2.0/26"}
    back: dict[str, Any] = {"RouteTableId": acme.id, "DestinationCidrBlock": "172.17.6.0/24"}
    added = SecurityGroupRule(
        id="",
        group_id=group_of(deployed, "acme-blue-database"),
        egress=False,
        protocol="tcp",
        from_port=3306,
        to_port=3306,
        peer="172.17.6.0/24",
    )
    with (
        broken(
            lambda: ec2.create_route(**there, VpcPeeringConnectionId=peering),
            lambda: ec2.delete_route(**there),
        ),
        broken(
            lambda: ec2.create_route(**back, VpcPeeringConnectionId=peering), lambda: ec2.delete_route(**back)
        ),
        broken(
            lambda: ec2.authorize_security_group_ingress(**permission(added)),
            lambda: ec2.revoke_security_group_ingress(**permission(added)),
        ),
    ):
        assert ("zeta: session", "acme blue: database", Traffic.MYSQL) in passing(observe())
        printed = json.loads(command(tenants, "isolation", "check", "zeta", "--json").stdout)
    assert ["MySQL"] in [fault["leaks"] for fault in printed["faults"]]
    assert faults(check(observe())) == [], "all is mended"


def test_a_gateway_without_propagation_is_missed(
    deployed: Deployed, observe: Observe, ec2: EC2Client
) -> None:
    table = table_of(deployed, "zeta-blue")
    (gateway,) = table.propagating
    propagation: dict[str, Any] = {"GatewayId": gateway, "RouteTableId": table.id}
    with broken(
        lambda: ec2.disable_vgw_route_propagation(**propagation),
        lambda: ec2.enable_vgw_route_propagation(**propagation),
    ):
        found = {pair.source.name.split(" (")[0] for pair in faults(check(observe()))}
    assert found == {"zeta blue: company Seattle office"}


@pytest.mark.parametrize("drawn_as", ["terminal", "mermaid", "svg"])
def test_a_drawing_shows_every_network_connection_peering_and_the_endpoint(
    tenants: Project, deployed: Deployed, drawn_as: str
) -> None:
    done = command(tenants, "topology", "acme", "--format", drawn_as)
    assert done.returncode == 0, done.stderr
    if drawn_as == "svg":
        ET.fromstring(done.stdout)  # noqa: S314 - our own
    outputs = tenants.outputs("acme")
    figures = [outputs["endpoint"], outputs["database"]["address"], "172.17.5.0/24", "10.32.0.4"]
    for network in outputs["networks"].values():
        figures += [network["cidr"], network["pingHost"]]
        figures += [connection["id"] for connection in network["vpnConnections"]]
        figures += [peering.id for peering in deployed.peerings if network["vpcId"] in peering.vpc_ids]
    assert len(figures) == 14
    assert {figure for figure in figures if figure not in done.stdout} == set()


def test_a_drawing_goes_into_a_file_and_its_content_into_json(tenants: Project, tmp_path: Any) -> None:
    file = tmp_path / "acme.mmd"
    done = command(tenants, "topology", "acme", "--format", "mermaid", "--output", str(file))
    assert (done.returncode, done.stdout) == (0, f"Written: {file}\n")
    assert file.read_text().startswith("flowchart LR\n")
    printed = json.loads(command(tenants, "topology", "acme", "--json").stdout)
    assert [network["slot"] for network in printed["networks"]] == ["blue", "green"]
    refused = command(tenants, "topology", "acme", "--json", "--format", "svg")
    assert refused.returncode == 2
    assert "leave out one of --json and --format" in refused.stderr
