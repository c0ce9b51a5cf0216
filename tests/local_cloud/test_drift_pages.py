"""Drift that is read by pages: what a region lists is compared with the stacks of all tenants in it.

The stack is what AWS lists of a network; whether the provider says the same is tested end to end.
"""

from __future__ import annotations

import asyncio
import copy
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from tenantnet.aws import types
from tenantnet.engine.states import Store, store_of
from tenantnet.failure import Failure
from tenantnet.fleet.paged import drift_by_pages
from tenantnet.fleet.record import FleetOperation, RunRecords, RunStatus, TenantRecord
from tenantnet.fleet.runner import FleetRun
from tenantnet.fleet.runs import Limits, begin_run
from tenantnet.fleet.targets import read_targets
from tenantnet.local_cloud.faults import Effect, Fault
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.observed import reader
from tenantnet.observed.drift import find_drift
from tenantnet.observed.drift.described import PAGES
from tenantnet.observed.drift.observe import observe_networks
from tenantnet.observed.drift.pages import Region, Resource, unlisted
from tenantnet.observed.drift.state import PROVIDER, StackState
from tenantnet.observed.reader import Pages, Reader
from tenantnet.settings.project import Project, find_project

from tests.local_cloud.test_status_observe import REGION, make_database, make_network, make_vpn_connection
from tests.support.aws import lead_here
from tests.support.databases import Database
from tests.support.states import checkpoint

TABLE, ZONE_NAME = "tenantnet-eu1-claims", "db.example.com"
# The inputs that a key is made of.
PARTS = {
    types.ROUTE: ("routeTableId", "destinationCidrBlock"),
    types.VPN_CONNECTION_ROUTE: ("destinationCidrBlock", "vpnConnectionId"),
}
SERVICES = {page.by.service for page in PAGES.values()}


@dataclass
class Network:
    """A tenant's network, and clients to change it."""

    vpc: str
    zone: str
    ec2: Any = field(default_factory=lambda: boto3.client("ec2", REGION))
    rds: Any = field(default_factory=lambda: boto3.client("rds", REGION))
    dynamodb: Any = field(default_factory=lambda: boto3.client("dynamodb", REGION))
    cloudwatch: Any = field(default_factory=lambda: boto3.client("cloudwatch", REGION))
    logs: Any = field(default_factory=lambda: boto3.client("logs", REGION))
    route53: Any = field(default_factory=lambda: boto3.client("route53", REGION))

    def one(self, call: str, key: str) -> Any:
        """The only thing of a kind in the network."""
        (found,) = getattr(self.ec2, call)(Filters=[{"Name": "vpc-id", "Values": [self.vpc]}])[key]
        return found

    @property
    def group(self) -> str:
        return str(self.one("describe_security_groups", "SecurityGroups")["GroupId"])

    @property
    def rule(self) -> str:
        rules = self.ec2.describe_security_group_rules(
            Filters=[{"Name": "group-id", "Values": [self.group]}]
        )["SecurityGroupRules"]
        return next(str(each["SecurityGroupRuleId"]) for each in rules if not each["IsEgress"])

    @property
    def connection(self) -> str:
        found = self.ec2.describe_vpn_connections()["VpnConnections"]
        return next(str(each["VpnConnectionId"]) for each in found if each["State"] == "available")

    def change_database(self, **changes: Any) -> None:
        self.rds.modify_db_instance(DBInstanceIdentifier="acme-blue", ApplyImmediately=True, **changes)
        Database(rds=self.rds, identifier="acme-blue").settled()

    def put_alarm(self, threshold: float, **changes: Any) -> None:
        self.cloudwatch.put_metric_alarm(
            AlarmName="acme-blue-CPU",
            MetricName="CPUUtilization",
            Namespace="AWS/RDS",
            Period=60,
            EvaluationPeriods=5,
            Statistic="Average",
            Threshold=threshold,
            ComparisonOperator="GreaterThanThreshold",
            Dimensions=[{"Name": "DBInstanceIdentifier", "Value": "acme-blue"}],
            AlarmActions=[f"arn:aws:sns:{REGION}:123456789012:alarms"],
            **changes,
        )

    def put_record(self, action: str, value: str, **policy: Any) -> None:
        record = {
            **policy,
            "Name": f"acme.{ZONE_NAME}",
            "Type": "CNAME",
            "TTL": 5,
            "ResourceRecords": [{"Value": value}],
        }
        changes = [{"Action": action, "ResourceRecordSet": record}]
        self.route53.change_resource_record_sets(HostedZoneId=self.zone, ChangeBatch={"Changes": changes})

    def put_claim(self, tenant: str) -> None:
        item = {"cidr": {"S": "10.1.2.0/26"}, "tenant": {"S": tenant}}
        self.dynamodb.put_item(TableName=TABLE, Item=item)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(tmp_path_factory.mktemp("cloud"), real_databases=False) as cloud:
        yield cloud


@pytest.fixture
def network(cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> Network:
    cloud.reset()
    cloud.clear_faults()
    lead_here(monkeypatch, cloud)
    zone = boto3.client("route53", REGION).create_hosted_zone(Name=ZONE_NAME, CallerReference="1")
    ec2 = boto3.client("ec2", REGION)
    vpc = make_network(ec2, "acme", "blue", "10.1.2.0/26")
    made = Network(vpc, zone["HostedZone"]["Id"].removeprefix("/hostedzone/"))
    make_vpn_connection(ec2, "acme", "blue", vpc)
    make_database("acme-blue")
    made.ec2.authorize_security_group_ingress(
        GroupId=made.group, IpProtocol="tcp", FromPort=3306, ToPort=3306, CidrIp="192.168.4.0/24"
    )
    made.dynamodb.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "cidr", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "cidr", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    made.put_claim("acme")
    made.put_alarm(80)
    made.put_record("CREATE", "acme-blue.example.com")
    made.logs.create_log_group(logGroupName="/aws/rds/instance/acme-blue/error")
    made.logs.put_retention_policy(logGroupName="/aws/rds/instance/acme-blue/error", retentionInDays=90)
    return made


def stack(network: Network, pages: Pages | None = None) -> list[Resource]:
    """A stack that has everything in the region, just as AWS lists it, or as pages have it."""
    pages, places = pages or Pages(REGION, SERVICES), {"zoneId": network.zone, "tableName": TABLE}
    resources: list[Resource] = []
    for type_, page in PAGES.items():
        place = page.place
        asked = {place.argument: places[place.input]} if place else {}
        for record in pages.all(page.by, further=asked):
            for key, found in page.found(record):
                inputs = {**copy.deepcopy(found), **({place.input: places[place.input]} if place else {})}
                for name, value in zip(PARTS.get(type_, ()), re.split("[: ]", key), strict=False):
                    inputs[name] = value
                urn = f"urn:pulumi:acme::tenantnet::{type_}::{inputs.get('name', 'acme-blue')}"
                own = {"type": type_, "urn": urn, "id": f"{TABLE}|cidr|{key}" if "item" in found else key}
                resources.append({**own, "inputs": inputs, "outputs": inputs})
    return resources


def drift(resources: Sequence[Resource]) -> list[str]:
    region = Region(REGION, resources)
    return find_drift("acme", REGION, region.refresh(resources), region.reader)


def test_a_stack_is_as_its_region_lists_it(network: Network) -> None:
    resources = stack(network)
    kinds = {each["type"] for each in resources}
    assert {types.VPC, types.ROUTE, types.VPN_CONNECTION_ROUTE, types.DATABASE, types.RECORD} < kinds
    assert {types.ALARM, types.LOG_GROUP, types.TABLE_ITEM, types.NETWORK_ACL, types.INSTANCE} < kinds
    assert drift(resources) == []


def allow(network: Network) -> None:
    network.ec2.authorize_security_group_ingress(
        GroupId=network.group, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="203.0.113.0/24"
    )


def widen(network: Network) -> None:
    rule = {"IpProtocol": "tcp", "FromPort": 3306, "ToPort": 3306, "CidrIpv4": "0.0.0.0/0"}
    network.ec2.modify_security_group_rules(
        GroupId=network.group,
        SecurityGroupRules=[{"SecurityGroupRuleId": network.rule, "SecurityGroupRule": rule}],
    )


def attach_internet(network: Network) -> None:
    made = network.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    network.ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=network.vpc)


def let_out(network: Network) -> None:
    acl = network.one("describe_network_acls", "NetworkAcls")["NetworkAclId"]
    network.ec2.create_network_acl_entry(
        **{"NetworkAclId": acl, "RuleNumber": 7, "Protocol": "-1", "RuleAction": "allow"},
        **{"Egress": True, "CidrBlock": "10.0.0.0/8"},
    )


def terminate(network: Network) -> None:
    (reservation,) = network.ec2.describe_instances()["Reservations"]
    network.ec2.terminate_instances(InstanceIds=[reservation["Instances"][0]["InstanceId"]])


def left_behind(network: Network) -> None:
    tags = [{"Key": "tenantnet:tenant", "Value": "acme"}]
    network.ec2.create_vpc(CidrBlock="10.7.7.0/26", TagSpecifications=[{"ResourceType": "vpc", "Tags": tags}])


FAULTS: dict[str, Callable[[Network], object]] = {
    "admits TCP 22 from 203.0.113.0/24": allow,
    "has cidrIpv4 0.0.0.0/0; the stack says 192.168.4.0/24": widen,
    "has an internet gateway": attach_internet,
    "(action allow, cidrBlock 10.0.0.0/8": let_out,
    "instance acme-blue is gone": terminate,
    "has the tenant's tags, and the stack does not have it": left_behind,
    "no longer admits 0.0.0.0/0": lambda to: to.ec2.revoke_security_group_ingress(
        GroupId=to.group, SecurityGroupRuleIds=[to.rule]
    ),
    "has lost its route to 192.168.4.0/24": lambda to: to.ec2.delete_vpn_connection_route(
        VpnConnectionId=to.connection, DestinationCidrBlock="192.168.4.0/24"
    ),
    "VPN connection Seattle office is gone": lambda to: to.ec2.delete_vpn_connection(
        VpnConnectionId=to.connection
    ),
    "has mapPublicIpOnLaunch true": lambda to: to.ec2.modify_subnet_attribute(
        SubnetId=to.one("describe_subnets", "Subnets")["SubnetId"], MapPublicIpOnLaunch={"Value": True}
    ),
    "has other tags: tenantnet:network is green, not blue": lambda to: to.ec2.create_tags(
        Resources=[to.vpc], Tags=[{"Key": "tenantnet:network", "Value": "green"}]
    ),
    "was made public": lambda to: to.change_database(PubliclyAccessible=True),
    "has backupRetentionPeriod 3": lambda to: to.change_database(BackupRetentionPeriod=3),
    "has threshold 99": lambda to: to.put_alarm(99),
    "metric alarm acme-blue-CPU is gone": lambda to: to.cloudwatch.delete_alarms(
        AlarmNames=["acme-blue-CPU"]
    ),
    "has retentionInDays 1; the stack says 90": lambda to: to.logs.put_retention_policy(
        logGroupName="/aws/rds/instance/acme-blue/error", retentionInDays=1
    ),
    "log group /aws/rds/instance/acme-blue/error is gone": lambda to: to.logs.delete_log_group(
        logGroupName="/aws/rds/instance/acme-blue/error"
    ),
    "has records elsewhere.example.com; the stack says acme-blue.example.com": lambda to: to.put_record(
        "UPSERT", "elsewhere.example.com"
    ),
    f"DNS record acme.{ZONE_NAME} is gone": lambda to: to.put_record("DELETE", "elsewhere.example.com"),
    "claim acme-blue has other item: tenant is globex, not acme": lambda to: to.put_claim("globex"),
    "claim acme-blue is gone": lambda to: to.dynamodb.delete_item(
        TableName=TABLE, Key={"cidr": {"S": "10.1.2.0/26"}}
    ),
}


@pytest.mark.long
def test_each_fault_is_found(network: Network) -> None:
    """One after the other in the same network; each is compared with the stack as it was just before."""
    resources, all_services = stack(network), True
    for words, fault in FAULTS.items():
        fault(network)
        region = Region(REGION, resources)
        found = find_drift("acme", REGION, region.refresh(resources), region.reader)
        assert [each for each in found if words in each], (words, found)
        # A service of which nothing is left is not read.
        all_services = all_services and "is gone" not in words
        resources = stack(network, region.reader if all_services else None)


def lead(network: Network, table: str) -> str:
    (subnet,) = network.ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [network.vpc]}])["Subnets"]
    interface = network.ec2.create_network_interface(SubnetId=subnet["SubnetId"])["NetworkInterface"]
    network.ec2.create_route(
        RouteTableId=table,
        DestinationCidrBlock="10.9.0.0/16",
        NetworkInterfaceId=interface["NetworkInterfaceId"],
    )
    return table


def new_table(network: Network, *tags: dict[str, str]) -> str:
    kept = [{"ResourceType": "route-table", "Tags": tags}] if tags else []
    made = network.ec2.create_route_table(VpcId=network.vpc, TagSpecifications=kept)["RouteTable"]
    return str(made["RouteTableId"])


def test_pages_and_filters_choose_the_same(network: Network) -> None:
    """A part of the pages, and the rest by ids, is enough for what was added, too."""
    state = StackState.of(Region(REGION, resources := stack(network)).refresh(resources))
    for fault in (allow, attach_internet, left_behind):
        fault(network)
    # A main table, a stranger's, and one of a killed update, which has no routes yet.
    main = lead(network, network.one("describe_route_tables", "RouteTables")["RouteTableId"])
    strangers = lead(network, new_table(network))
    left = new_table(network, {"Key": "tenantnet:tenant", "Value": "acme"})
    found = [
        observe_networks("acme", state, REGION, reader)
        for reader in (Reader(REGION), Pages(REGION, {"ec2"}), Region(REGION, resources).reader)
    ]
    written = [
        {each.id for each in one.route_tables for route in each.routes if route.origin == "CreateRoute"}
        for one in found
    ]
    assert written == [{main, strangers}] * 3
    assert [{each.id for each in one.tagged} >= {left} for one in found] == [True] * 3
    same = [replace(one, route_tables=()) for one in found]
    assert same == [same[0]] * 3
    assert found[0].internet_gateways


def test_what_has_lost_its_tag_is_not_gone(network: Network) -> None:
    resources = stack(network)
    network.ec2.delete_tags(Resources=[network.vpc], Tags=[{"Key": "tenantnet:tenant"}])
    assert drift(resources) == [
        "VPC acme-blue has other tags: tenantnet:tenant is nothing, not acme",
    ]


def unused_group(network: Network) -> Resource:
    """A parameter group that no database has."""
    group = {"DBParameterGroupName": "acme-green", "DBParameterGroupFamily": "mysql8.4"}
    network.rds.create_db_parameter_group(**group, Description="of acme")
    inputs = {"name": "acme-green", "family": "mysql8.4", "description": "of acme"}
    urn = f"urn:pulumi:acme::tenantnet::{types.PARAMETER_GROUP}::acme-green"
    return {
        "type": types.PARAMETER_GROUP,
        "urn": urn,
        "id": "acme-green",
        "inputs": inputs,
        "outputs": inputs,
    }


def test_a_group_that_no_database_uses_is_listed(network: Network) -> None:
    own, resources = unused_group(network), stack(network)
    assert drift([*resources, own]) == []
    assert "DescribeDBParameterGroups" not in Region(REGION, resources).reader.calls
    network.rds.delete_db_parameter_group(DBParameterGroupName="acme-green")
    assert drift([*resources, own]) == ["database parameter group acme-green is gone"]


def test_a_list_that_is_denied_is_the_failure_of_those_whom_no_other_one_shows(
    cloud: LocalCloud, network: Network
) -> None:
    own, resources = unused_group(network), stack(network)
    cloud.fail(Fault(call="rds DescribeDBParameterGroups", effect=Effect.ERROR, code="AccessDenied"))
    region = Region(REGION, [*resources, own])
    with pytest.raises(Failure, match="AccessDenied"):
        region.refresh([own])
    assert find_drift("acme", REGION, region.refresh(resources), region.reader) == []


def test_pages_are_as_large_as_aws_gives_them(network: Network) -> None:
    sizes = {
        page.by.call: Pages(REGION, SERVICES)._paging(page.by).get("PageSize") for page in PAGES.values()
    }
    assert network
    assert {
        sizes[call] for call in ("describe_vpcs", "describe_security_group_rules", "describe_instances")
    } == {1000}
    assert (sizes["describe_route_tables"], sizes["describe_alarms"], sizes["describe_log_groups"]) == (
        *(100, 100),
        50,
    )


def test_no_kind_is_read_twice(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    resources = stack(network)
    region = Region(REGION, resources)
    calls = []
    for _ in range(3):
        find_drift("acme", REGION, region.refresh(resources), region.reader)
        calls.append(region.reader.calls.copy())
    assert calls == [calls[0]] * 3
    # A list, and what is beside it by ids.
    assert max(calls[0].values()) == 2
    monkeypatch.setattr(reader, "LARGEST_PAGE", 5)
    assert drift(resources) == []


@pytest.mark.usefixtures("network")
def test_the_account_of_somebody_else_is_no_drift() -> None:
    arn = f"arn:aws:ec2:{REGION}:999999999999:vpc/vpc-1"
    foreign = {"type": types.VPC, "urn": "urn::acme", "id": "vpc-1", "outputs": {"arn": arn}}
    with pytest.raises(Failure, match="is in account 999999999999, and the credentials are of 1"):
        Region(REGION, [foreign]).refresh([foreign])


def test_a_table_and_a_zone_that_are_gone_are_findings(network: Network) -> None:
    resources = stack(network)
    network.dynamodb.delete_table(TableName=TABLE)
    network.put_record("DELETE", "acme-blue.example.com")
    network.route53.delete_hosted_zone(Id=network.zone)
    # The zone's own two records are in this stack, too.
    records = [f"DNS record {name} is gone" for name in (f"acme.{ZONE_NAME}", ZONE_NAME, ZONE_NAME)]
    assert drift(resources) == ["claim acme-blue is gone", *records]


def weigh(network: Network) -> None:
    """The same name, type and value, but one of several, with a weight."""
    network.put_record("DELETE", "acme-blue.example.com")
    network.put_record("CREATE", "acme-blue.example.com", SetIdentifier="x", Weight=0)


# What no stack sets. AWS has it all the same, and an update takes it away again.
UNSET: dict[str, Callable[[Network], object]] = {
    "metric alarm acme-blue-CPU was silenced: it tells nobody": lambda to: (
        to.cloudwatch.disable_alarm_actions(AlarmNames=["acme-blue-CPU"])
    ),
    "metric alarm acme-blue-CPU has datapointsToAlarm 1; the stack says 0": lambda to: to.put_alarm(
        80, DatapointsToAlarm=1
    ),
    "subnet acme-blue has assignIpv6AddressOnCreation true": lambda to: to.ec2.modify_subnet_attribute(
        SubnetId=to.one("describe_subnets", "Subnets")["SubnetId"],
        AssignIpv6AddressOnCreation={"Value": True},
    ),
    "database acme-blue has monitoringInterval 60; the stack says 0": lambda to: to.change_database(
        MonitoringInterval=60, MonitoringRoleArn="arn:aws:iam::123456789012:role/x"
    ),
    f"DNS record acme.{ZONE_NAME} is gone": weigh,
}


@pytest.mark.parametrize("words", UNSET)
def test_what_no_program_sets_and_an_update_takes_away_is_found(network: Network, words: str) -> None:
    resources = [
        {**each, "inputs": {key: value for key, value in each["inputs"].items() if value}}
        for each in stack(network)
    ]
    UNSET[words](network)
    assert [each for each in drift(resources) if words in each]


def state(resources: Sequence[Resource], region: str = REGION, **settings: str) -> bytes:
    """A stack's, by a provider with these settings."""
    provider = {"type": PROVIDER, "urn": "urn::aws", "id": "1", "inputs": {"region": region, **settings}}
    own = [{**each, "provider": "urn::aws::1"} for each in resources]
    return json.dumps(checkpoint(provider, *own)).encode()


@dataclass
class Fleet:
    """A project whose states are in a bucket."""

    project: Project
    store: Store
    said: list[str] = field(default_factory=list)

    def put(self, tenant: str, content: bytes) -> None:
        boto3.client("s3", REGION).put_object(
            Bucket="states", Key=f"deep/.pulumi/stacks/tenantnet/{tenant}.json", Body=content
        )

    def run(self, *tenants: str) -> Mapping[str, TenantRecord]:
        """The command's whole run, with engines where pages do not tell enough."""
        record = begin_run(RunRecords(self.project), FleetOperation.DRIFT, tenants, Limits(), pages=True)
        targets = read_targets(self.project)
        asyncio.run(FleetRun(self.project, record, targets, self.said.append, store=self.store).go())
        return record.tenants

    def lock(self, tenant: str) -> None:
        boto3.client("s3", REGION).put_object(
            Bucket="states",
            Key=f"deep/.pulumi/locks/organization/tenantnet/{tenant}/1234.json",
            Body=b"{}",
        )

    def drift(self, tell: Callable[[str], None] | None = None) -> Mapping[str, TenantRecord]:
        targets = read_targets(self.project)
        record = begin_run(RunRecords(self.project), FleetOperation.DRIFT, [*targets], Limits(), pages=True)
        drift_by_pages(self.project, self.store, record, targets, tell or self.said.append)
        return record.tenants


@pytest.fixture
def fleet(network: Network, tmp_path: Path) -> Fleet:
    """Of five tenants, whose states are to come."""
    assert network
    (tmp_path / "tenants").mkdir()
    (tmp_path / "Pulumi.yaml").write_text("name: tenantnet\nstackConfigDir: tenants\n")
    for name in ("acme", "globex", "hooli", "initech", "umbrella"):
        settings = f"config:\n  aws:region: {REGION}\n"
        (tmp_path / "tenants" / f"Pulumi.{name}.yaml").write_text(settings)
    boto3.client("s3", REGION).create_bucket(
        Bucket="states", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    store = store_of(f"s3://states/deep?region={REGION}")
    assert store
    return Fleet(find_project(tmp_path), store)


def test_states_are_read_past_locks_ruins_and_a_bucket_that_slows_down(
    cloud: LocalCloud, network: Network, fleet: Fleet
) -> None:
    """What pages cannot judge is left to the engines, which say why."""
    for name in ("acme", "globex"):
        fleet.put(name, state(stack(network)))
    fleet.put("initech", b"{")
    fleet.put("umbrella", state(stack(network), profile="other"))
    fleet.lock("globex")
    cloud.fail(Fault(call="s3 *", effect=Effect.ERROR, status=503, code="SlowDown", count=3))
    found = fleet.drift()
    assert [each.status for each in found.values()] == [RunStatus.DONE, *[RunStatus.WAITING] * 4]
    assert found["acme"].findings == ()
    assert [line for line in fleet.said if "calls for 1 tenants" in line]


def test_what_cannot_be_read_is_the_failure_of_those_who_have_some_of_it(
    cloud: LocalCloud, network: Network, fleet: Fleet
) -> None:
    """A region does not answer, nor does another cell's table. What is in acme's is found.

    No engine asks them again: it would have other words.
    """
    own = stack(network)
    others = [
        {**each, "inputs": {**each["inputs"], "tableName": "others"}}
        for each in own
        if each["type"] == types.TABLE_ITEM
    ]
    fleet.put("acme", state(own))
    fleet.put("globex", state(others))
    fleet.put("hooli", state(own, region="ap-south-1"))
    denied = Fault(
        call="dynamodb Scan", effect=Effect.ERROR, code="AccessDeniedException", containing="others"
    )
    cloud.fail(denied)
    cloud.fail(replace(denied, call="sts GetCallerIdentity", containing="", count=1))
    allow(network)
    found = fleet.run("acme", "globex", "hooli")
    assert [found[name].status for name in ("acme", "globex", "hooli")] == [
        *(RunStatus.DONE, RunStatus.FAILED, RunStatus.FAILED),
    ]
    (finding,) = found["acme"].findings
    assert "admits TCP 22 from 203.0.113.0/24" in finding
    assert "Could not read what is in others." in found["globex"].reason
    assert "AccessDeniedException" in found["globex"].reason
    assert "Could not read what is in ap-south-1." in found["hooli"].reason
    assert sorted(each for each in fleet.said if "failed" in each) == ["globex: failed", "hooli: failed"]


def test_a_stack_that_is_updated_while_aws_is_read_is_left_to_an_engine(
    network: Network, fleet: Fleet
) -> None:
    """One update has ended by then, and one is still at work: neither is what its former state says."""
    for name in ("acme", "globex", "hooli"):
        fleet.put(name, state(stack(network)))
    allow(network)

    def update(line: str) -> None:
        fleet.said.append(line)
        if "calls for" in line:
            fleet.put("globex", state(stack(network)))
            fleet.lock("hooli")

    found = fleet.drift(update)
    assert [found[name].status for name in ("acme", "globex", "hooli")] == [
        *(RunStatus.DONE, RunStatus.WAITING, RunStatus.WAITING),
    ]
    assert len(found["acme"].findings) == 1
    assert "globex: an update has begun meanwhile, so an engine compares it" in fleet.said


def test_a_kind_that_cannot_be_listed_is_asked_for_once(
    cloud: LocalCloud, network: Network, fleet: Fleet
) -> None:
    for name in ("acme", "globex", "hooli"):
        fleet.put(name, state(stack(network)))
    cloud.fail(Fault(call="ec2 DescribeNatGateways", effect=Effect.ERROR, code="UnauthorizedOperation"))
    found = fleet.drift()
    assert [found[name].status for name in ("acme", "globex", "hooli")] == [RunStatus.FAILED] * 3
    assert cloud.struck()[-1] == ["ec2 DescribeNatGateways"]


def test_the_region_is_the_states_and_not_that_of_settings_to_come(network: Network, fleet: Fleet) -> None:
    """As a refresh takes it."""
    settings = fleet.project.settings_file("acme")
    settings.write_text(settings.read_text().replace(REGION, "us-east-2"))
    fleet.put("acme", state(stack(network)))
    allow(network)
    (finding,) = fleet.drift()["acme"].findings
    assert "admits TCP 22 from 203.0.113.0/24" in finding


def test_no_pages_where_the_provider_has_variables_of_its_own(
    network: Network, fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet.put("acme", state(stack(network)))
    monkeypatch.setenv("TF_AWS_IGNORE_TAGS_KEYS", "auto:scanner")
    assert fleet.drift()["acme"].status is RunStatus.WAITING
    assert fleet.said == [
        "No drift is read by pages: TF_AWS_IGNORE_TAGS_KEYS may change what the provider reads."
    ]


def test_a_type_that_aws_does_not_list_is_counted() -> None:
    of_aws = [{"type": types.DOCUMENT}, {"type": types.VPC}, {"type": "tenantnet:index:PrivateVpc"}]
    assert unlisted(of_aws) == {types.DOCUMENT: 1}
