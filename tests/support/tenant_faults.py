"""What somebody may do by hand to a tenant that is deployed, through AWS's API, and how drift says it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import boto3

from tests.support.databases import Database

COMPANY, OTHERS = "192.168.4.0/24", "203.0.113.0/24"


@dataclass(frozen=True)
class Tenant:
    """number: of its ranges, 172.17.<number>.0/24 and 10.7.<number>.0/26."""

    aws: boto3.Session
    name: str
    number: int

    def client(self, service: str) -> Any:
        return self.aws.client(service)  # type: ignore[call-overload]

    @property
    def ec2(self) -> Any:
        return self.client("ec2")

    def id(self, type_: str, name: str) -> str:
        """Of what has the name beside the tenant's. type_: in EC2's words, such as `route-table`."""
        wanted = {"resource-type": type_, "key": "Name", "value": f"{self.name}-{name}"}
        filters = [{"Name": key, "Values": [value]} for key, value in wanted.items()]
        (tag,) = self.ec2.describe_tags(Filters=filters)["Tags"]
        return str(tag["ResourceId"])

    @property
    def vpc(self) -> str:
        return self.id("vpc", "blue")

    @property
    def connection(self) -> str:
        return self.id("vpn-connection", f"blue-vpn-{re.sub('[./]', '-', COMPANY)}")

    def rule(self, group: str, description: str = "Seattle office") -> Any:
        """The rule that lets somebody into a group, by default the company."""
        filters = [{"Name": "group-id", "Values": [self.id("security-group", group)]}]
        rules = self.ec2.describe_security_group_rules(Filters=filters)["SecurityGroupRules"]
        (found,) = [each for each in rules if each.get("Description") == description]
        return found

    def put_alarm(self, metric: str, **changes: Any) -> None:
        """Change an alarm and nothing else of it."""
        cloudwatch = self.client("cloudwatch")
        (alarm,) = cloudwatch.describe_alarms(AlarmNames=[f"{self.name}-blue-{metric}"])["MetricAlarms"]
        taken = cloudwatch.meta.service_model.operation_model("PutMetricAlarm").input_shape.members
        cloudwatch.put_metric_alarm(
            **{key: value for key, value in alarm.items() if key in taken and value not in (None, [])}
            | changes
        )

    def log_group(self, log: str) -> str:
        return f"/aws/rds/instance/{self.name}-blue/{log}"

    def change_record(self, action: str, record: Any = None, **changes: Any) -> Any:
        """What was changed. record: None for the tenant's, as it is."""
        route53 = self.client("route53")
        (zone,) = route53.list_hosted_zones()["HostedZones"]
        if record is None:
            records = route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
            (record,) = [each for each in records if each["Name"].startswith(f"{self.name}.")]
        change = {"Action": action, "ResourceRecordSet": {**record, **changes}}
        route53.change_resource_record_sets(HostedZoneId=zone["Id"], ChangeBatch={"Changes": [change]})
        return record

    @property
    def claim(self) -> dict[str, Any]:
        """Where the claim of its network is."""
        return {"TableName": "tenantnet-local-claims", "Key": {"cidr": {"S": f"10.7.{self.number}.0/26"}}}

    def change_database(self, **changes: Any) -> None:
        database = Database(rds=self.client("rds"), identifier=f"{self.name}-blue")
        database.change(**changes)


def admit(tenant: Tenant, group: str) -> None:
    tenant.ec2.authorize_security_group_ingress(
        GroupId=tenant.id("security-group", group),
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": OTHERS}]}],
    )


def let_out(tenant: Tenant) -> None:
    tenant.ec2.authorize_security_group_egress(
        GroupId=tenant.id("security-group", "blue-database"),
        IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": OTHERS}]}
        ],
    )


def change_rule(tenant: Tenant, rule: Any, **changes: str) -> None:
    same = ("IpProtocol", "FromPort", "ToPort", "CidrIpv4", "Description")
    changed = {**{key: rule[key] for key in same}, **changes}
    tenant.ec2.modify_security_group_rules(
        GroupId=rule["GroupId"],
        SecurityGroupRules=[
            {"SecurityGroupRuleId": rule["SecurityGroupRuleId"], "SecurityGroupRule": changed}
        ],
    )


def widen(tenant: Tenant) -> None:
    change_rule(tenant, tenant.rule("blue-database"), CidrIpv4="0.0.0.0/0")


def call_otherwise(tenant: Tenant) -> None:
    """What the program ignores: a rule keeps the description that it has."""
    change_rule(tenant, tenant.rule("blue-database", "the tunnel host"), Description="nobody")


def leave_acl_behind(tenant: Tenant) -> None:
    (subnet,) = tenant.ec2.describe_subnets(SubnetIds=[tenant.id("subnet", "session")])["Subnets"]
    tags = [{"Key": "tenantnet:tenant", "Value": tenant.name}]
    tenant.ec2.create_network_acl(
        VpcId=subnet["VpcId"], TagSpecifications=[{"ResourceType": "network-acl", "Tags": tags}]
    )


def revoke(tenant: Tenant) -> None:
    rule = tenant.rule("blue-ping-host")
    tenant.ec2.revoke_security_group_ingress(
        GroupId=rule["GroupId"], SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]]
    )


def attach_internet(tenant: Tenant) -> None:
    made = tenant.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    tenant.ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=tenant.vpc)


def add_acl_rule(tenant: Tenant) -> None:
    tenant.ec2.create_network_acl_entry(
        **{"NetworkAclId": tenant.id("network-acl", "session"), "RuleNumber": 7, "Protocol": "-1"},
        **{"RuleAction": "allow", "Egress": True, "CidrBlock": "10.0.0.0/8"},
    )


def lead(tenant: Tenant, destination: str, peering: str, call: str = "create_route") -> None:
    getattr(tenant.ec2, call)(
        RouteTableId=tenant.id("route-table", "blue"),
        DestinationCidrBlock=destination,
        VpcPeeringConnectionId=tenant.id("vpc-peering-connection", peering),
    )


def disassociate(tenant: Tenant) -> None:
    filters = [{"Name": "association.subnet-id", "Values": [tenant.id("subnet", "blue-database-b")]}]
    (table,) = tenant.ec2.describe_route_tables(Filters=filters)["RouteTables"]
    (association,) = [
        each for each in table["Associations"] if each.get("SubnetId") == filters[0]["Values"][0]
    ]
    tenant.ec2.disassociate_route_table(AssociationId=association["RouteTableAssociationId"])


def peer(tenant: Tenant) -> None:
    other = tenant.ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    made = tenant.ec2.create_vpc_peering_connection(VpcId=other, PeerVpcId=tenant.vpc)
    tenant.ec2.accept_vpc_peering_connection(
        VpcPeeringConnectionId=made["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    )


def leave_behind(tenant: Tenant) -> None:
    tags = [{"Key": "tenantnet:tenant", "Value": tenant.name}]
    tenant.ec2.create_vpc(CidrBlock="10.98.0.0/26", TagSpecifications=[{"ResourceType": "vpc", "Tags": tags}])


def connect(tenant: Tenant) -> None:
    customer = tenant.ec2.create_customer_gateway(Type="ipsec.1", BgpAsn=65000, IpAddress="203.0.113.50")
    tenant.ec2.create_vpn_connection(
        Type="ipsec.1",
        CustomerGatewayId=customer["CustomerGateway"]["CustomerGatewayId"],
        VpnGatewayId=tenant.id("vpn-gateway", "blue"),
        Options={"StaticRoutesOnly": True},
    )


def disconnect(tenant: Tenant) -> None:
    """The whole way: route, connection, and the gateway that it used."""
    (connection,) = tenant.ec2.describe_vpn_connections(VpnConnectionIds=[tenant.connection])[
        "VpnConnections"
    ]
    own = {"VpnConnectionId": connection["VpnConnectionId"]}
    tenant.ec2.delete_vpn_connection_route(**own, DestinationCidrBlock=COMPANY)
    tenant.ec2.delete_vpn_connection(**own)
    tenant.ec2.delete_customer_gateway(CustomerGatewayId=connection["CustomerGatewayId"])


def stop_flow_log(tenant: Tenant) -> None:
    filters = [{"Name": "resource-id", "Values": [tenant.vpc]}]
    (found,) = tenant.ec2.describe_flow_logs(Filters=filters)["FlowLogs"]
    tenant.ec2.delete_flow_logs(FlowLogIds=[found["FlowLogId"]])


def run_another_host(tenant: Tenant) -> None:
    own = tenant.ec2.describe_instances(InstanceIds=[tenant.id("instance", "blue-ping-host")])
    host = own["Reservations"][0]["Instances"][0]
    tenant.ec2.run_instances(
        **{"MinCount": 1, "MaxCount": 1, "SubnetId": host["SubnetId"]},
        **{"ImageId": host["ImageId"], "InstanceType": host["InstanceType"]},
    )


def claim_for_another(tenant: Tenant) -> None:
    dynamodb, at = tenant.client("dynamodb"), tenant.claim
    row = dynamodb.get_item(**at)["Item"]
    dynamodb.put_item(TableName=at["TableName"], Item={**row, "tenant": {"S": "umbrella"}})


def watch_by_query(tenant: Tenant) -> None:
    """The same alarm, by a query in place of a metric."""
    cloudwatch, name = tenant.client("cloudwatch"), f"{tenant.name}-blue-DatabaseConnections"
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    same = ("AlarmName", "EvaluationPeriods", "Threshold", "ComparisonOperator", "AlarmActions")
    metric = {key: alarm[key] for key in ("Namespace", "MetricName", "Dimensions")}
    query = {"Id": "m", "ReturnData": True, "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Average"}}
    cloudwatch.put_metric_alarm(**{key: alarm[key] for key in same}, Metrics=[query])


def lead_to_interface(tenant: Tenant) -> None:
    made = tenant.ec2.create_network_interface(SubnetId=tenant.id("subnet", "blue-database-a"))
    tenant.ec2.replace_route(
        RouteTableId=tenant.id("route-table", "blue"),
        DestinationCidrBlock=f"172.17.{tenant.number}.0/24",
        NetworkInterfaceId=made["NetworkInterface"]["NetworkInterfaceId"],
    )


def change_subnet(tenant: Tenant, *attributes: str) -> None:
    for name in attributes:
        tenant.ec2.modify_subnet_attribute(
            SubnetId=tenant.id("subnet", "blue-database-a"), **{name: {"Value": True}}
        )


def change_tunnel(tenant: Tenant, **options: Any) -> None:
    (found,) = tenant.ec2.describe_vpn_connections(VpnConnectionIds=[tenant.connection])["VpnConnections"]
    tenant.ec2.modify_vpn_tunnel_options(
        VpnConnectionId=tenant.connection,
        VpnTunnelOutsideIpAddress=found["Options"]["TunnelOptions"][0]["OutsideIpAddress"],
        TunnelOptions=options,
    )


def check_health(tenant: Tenant) -> None:
    check = {"IPAddress": "198.51.100.9", "Port": 80, "Type": "TCP"}
    made = tenant.client("route53").create_health_check(CallerReference=tenant.name, HealthCheckConfig=check)
    tenant.change_record("UPSERT", HealthCheckId=made["HealthCheck"]["Id"])


def weigh(tenant: Tenant) -> None:
    """The same name, type and value, but one of several, with a weight."""
    record = tenant.change_record("DELETE")
    tenant.change_record("CREATE", record, SetIdentifier="x", Weight=0)


# Whose, what is done, and a part of each sentence that says it. {name}: the tenant's.
FAULTS: Sequence[tuple[str, Callable[[Tenant], object], Sequence[str]]] = (
    (
        "acme",
        lambda to: admit(to, "blue-database"),
        ["{name}-blue-database admits TCP 22 from 203.0.113.0/24"],
    ),
    ("acme", lambda to: admit(to, "blue-default"), ["{name}-blue-default admits TCP 22 from 203.0.113.0/24"]),
    ("acme", let_out, ["{name}-blue-database lets TCP 443 out to 203.0.113.0/24"]),
    ("acme", widen, ["has cidrIpv4 0.0.0.0/0; the stack says 192.168.4.0/24"]),
    ("acme", revoke, ["{name}-blue-ping-host no longer admits 192.168.4.0/24 (Seattle office)"]),
    ("acme", attach_internet, ["network {name}-blue has an internet gateway"]),
    ("acme", add_acl_rule, ["network ACL {name}-session has egress (action allow, cidrBlock"]),
    (
        "acme",
        lambda to: to.ec2.create_vpc_endpoint(VpcId=to.vpc, ServiceName="com.amazonaws.eu-west-1.s3"),
        ["network {name}-blue has a VPC endpoint for com.amazonaws.eu-west-1.s3"],
    ),
    (
        "acme",
        lambda to: to.ec2.create_nat_gateway(
            SubnetId=to.id("subnet", "blue-database-a"), ConnectivityType="private"
        ),
        ["network {name}-blue has a NAT gateway"],
    ),
    ("acme", run_another_host, ["network {name}-blue has an instance"]),
    ("acme", connect, ["VPN gateway {name}-blue has a connection vpn-"]),
    (
        "globex",
        lambda to: to.ec2.delete_vpn_connection_route(
            VpnConnectionId=to.connection, DestinationCidrBlock=COMPANY
        ),
        ["VPN connection Seattle office has lost its route to 192.168.4.0/24"],
    ),
    (
        "globex",
        lambda to: to.ec2.create_vpn_connection_route(
            VpnConnectionId=to.connection, DestinationCidrBlock="10.200.0.0/16"
        ),
        ["VPN connection Seattle office has a route to 10.200.0.0/16"],
    ),
    (
        "globex",
        lambda to: to.ec2.modify_subnet_attribute(
            SubnetId=to.id("subnet", "blue-database-a"), MapPublicIpOnLaunch={"Value": True}
        ),
        ["subnet {name}-blue-database-a has mapPublicIpOnLaunch true; the stack says false"],
    ),
    (
        "globex",
        lambda to: to.ec2.create_tags(
            Resources=[to.vpc], Tags=[{"Key": "tenantnet:network", "Value": "green"}]
        ),
        ["VPC {name}-blue has other tags: tenantnet:network is green, not blue"],
    ),
    (
        "globex",
        lambda to: to.ec2.delete_tags(
            Resources=[to.id("subnet", "blue-database-b")], Tags=[{"Key": "tenantnet:part"}]
        ),
        ["subnet {name}-blue-database-b has other tags: tenantnet:part is nothing, not network"],
    ),
    (
        "globex",
        lambda to: to.ec2.create_tags(
            Resources=[to.id("security-group", "blue-database")], Tags=[{"Key": "owner", "Value": "Jo"}]
        ),
        ["security group {name}-blue-database has other tags: owner is Jo, not nothing"],
    ),
    (
        "globex",
        lambda to: lead(to, "172.17.99.0/24", "blue-sessions"),
        ["route table {name}-blue leads 172.17.99.0/24 to pcx-"],
    ),
    (
        "globex",
        lambda to: lead(to, f"172.17.{to.number}.0/24", "blue-services", "replace_route"),
        ["route {name}-blue-sessions-out has vpcPeeringConnectionId pcx-"],
    ),
    (
        "globex",
        lambda to: to.ec2.delete_route(
            RouteTableId=to.id("route-table", "session"), DestinationCidrBlock=f"10.7.{to.number}.0/26"
        ),
        ["route table {name}-session has lost its route to 10.7."],
    ),
    ("globex", disassociate, ["route table association {name}-blue-database-b is gone"]),
    (
        "globex",
        lambda to: to.ec2.disable_vgw_route_propagation(
            RouteTableId=to.id("route-table", "blue"), GatewayId=to.id("vpn-gateway", "blue")
        ),
        ["route propagation {name}-blue is gone"],
    ),
    ("globex", peer, ["network {name}-blue is peered with vpc-"]),
    ("globex", leave_behind, ["vpc vpc-", "has the tenant's tags, and the stack does not have it"]),
    ("globex", leave_acl_behind, ["network-acl acl-"]),
    ("globex", call_otherwise, []),
    (
        "initech",
        disconnect,
        [
            "VPN connection Seattle office has lost its route to 192.168.4.0/24",
            "VPN connection Seattle office is gone",
            "customer gateway {name}-blue-vpn-192-168-4-0-24 is gone",
        ],
    ),
    (
        "initech",
        lambda to: to.ec2.terminate_instances(InstanceIds=[to.id("instance", "blue-ping-host")]),
        ["instance {name}-blue-ping-host is gone"],
    ),
    ("initech", stop_flow_log, ["flow log {name}-blue-flow is gone"]),
    (
        "initech",
        lambda to: to.client("cloudwatch").delete_alarms(AlarmNames=[f"{to.name}-blue-CPUUtilization"]),
        ["metric alarm {name}-blue-CPUUtilization is gone"],
    ),
    (
        "initech",
        lambda to: to.client("logs").delete_log_group(logGroupName=to.log_group("error")),
        ["log group {name}-blue-error is gone"],
    ),
    ("initech", lambda to: to.change_record("DELETE"), ["DNS record {name} is gone"]),
    (
        "initech",
        lambda to: to.client("dynamodb").delete_item(**to.claim),
        ["claim {name}-blue is gone"],
    ),
    (
        "initech",
        lambda to: to.ec2.delete_vpc_peering_connection(
            VpcPeeringConnectionId=to.id("vpc-peering-connection", "blue-services")
        ),
        ["peering {name}-blue-services is gone"],
    ),
    (
        "hooli",
        lambda to: to.change_database(
            PubliclyAccessible=True,
            BackupRetentionPeriod=3,
            DeletionProtection=False,
            AutoMinorVersionUpgrade=False,
            CopyTagsToSnapshot=False,
        ),
        [
            "database {name}-blue was made public",
            "database {name}-blue has backupRetentionPeriod 3; the stack says 14",
            "database {name}-blue has lost its protection against deletion",
            "database {name}-blue has autoMinorVersionUpgrade false",
            "database {name}-blue has copyTagsToSnapshot false",
        ],
    ),
    (
        "hooli",
        lambda to: to.put_alarm("CPUUtilization", Threshold=99),
        ["metric alarm {name}-blue-CPUUtilization has threshold 99"],
    ),
    (
        "hooli",
        lambda to: to.put_alarm("FreeableMemory", AlarmActions=[]),
        ["metric alarm {name}-blue-FreeableMemory has alarmActions nothing"],
    ),
    (
        "hooli",
        lambda to: to.client("logs").put_retention_policy(
            logGroupName=to.log_group("error"), retentionInDays=1
        ),
        ["log group {name}-blue-error has retentionInDays 1; the stack says 90"],
    ),
    (
        "hooli",
        lambda to: to.client("logs").delete_retention_policy(logGroupName=to.log_group("slowquery")),
        ["log group {name}-blue-slowquery has retentionInDays 0; the stack says 90"],
    ),
    (
        "hooli",
        lambda to: to.change_record("UPSERT", TTL=300, ResourceRecords=[{"Value": "elsewhere.example.com"}]),
        ["has records elsewhere.example.com; the stack says", "has ttl 300; the stack says"],
    ),
    (
        "hooli",
        claim_for_another,
        ["claim {name}-blue has other item: tenant is umbrella, not {name}"],
    ),
    (
        "hooli",
        lambda to: to.ec2.modify_instance_metadata_options(
            InstanceId=to.id("instance", "blue-ping-host"),
            HttpTokens="optional",
            # What the program leaves to AWS is no drift.
            HttpPutResponseHopLimit=5,
        ),
        [
            "instance {name}-blue-ping-host has other metadataOptions: httpPutResponseHopLimit is 5, not 1, "
            "httpTokens is optional, not required"
        ],
    ),
    # What no program sets, and an update takes away all the same.
    (
        "hooli",
        lambda to: to.client("cloudwatch").disable_alarm_actions(
            AlarmNames=[f"{to.name}-blue-FreeStorageSpace"]
        ),
        ["metric alarm {name}-blue-FreeStorageSpace was silenced: it tells nobody"],
    ),
    (
        "hooli",
        lambda to: to.ec2.modify_instance_attribute(
            InstanceId=to.id("instance", "blue-ping-host"), SourceDestCheck={"Value": False}
        ),
        ["instance {name}-blue-ping-host has sourceDestCheck false; the stack says true"],
    ),
    (
        "hooli",
        lambda to: to.change_database(
            EnableIAMDatabaseAuthentication=True,
            MaxAllocatedStorage=1000,
            MonitoringInterval=60,
            DedicatedLogVolume=True,
            # It may grow by itself then.
            AllocatedStorage=120,
        ),
        [
            "database {name}-blue has iamDatabaseAuthenticationEnabled true; the stack says false",
            "database {name}-blue has maxAllocatedStorage 1000; the stack says",
            "database {name}-blue has monitoringInterval 60; the stack says",
            "database {name}-blue has dedicatedLogVolume true; the stack says false",
        ],
    ),
    (
        "acme",
        lambda to: to.put_alarm("CPUUtilization", DatapointsToAlarm=1),
        ["metric alarm {name}-blue-CPUUtilization has datapointsToAlarm 1; the stack says"],
    ),
    (
        "acme",
        lambda to: to.put_alarm(
            "FreeableMemory", InsufficientDataActions=["arn:aws:sns:eu-west-1:123456789012:x"]
        ),
        ["metric alarm {name}-blue-FreeableMemory has insufficientDataActions arn:"],
    ),
    (
        "acme",
        watch_by_query,
        [
            "metric alarm {name}-blue-DatabaseConnections has metricName nothing; the stack says",
            "metric alarm {name}-blue-DatabaseConnections has period 0; the stack says 60",
            "metric alarm {name}-blue-DatabaseConnections has metricQueries (id m, ",
        ],
    ),
    (
        "acme",
        lead_to_interface,
        ["route {name}-blue-sessions-out has vpcPeeringConnectionId nothing; the stack says pcx-"],
    ),
    ("acme", check_health, ["DNS record {name} has healthCheckId"]),
    (
        "globex",
        lambda to: change_subnet(to, "AssignIpv6AddressOnCreation", "EnableResourceNameDnsARecordOnLaunch"),
        [
            "subnet {name}-blue-database-a has assignIpv6AddressOnCreation true; the stack says false",
            "subnet {name}-blue-database-a has enableResourceNameDnsARecordOnLaunch true; the stack says",
        ],
    ),
    (
        "globex",
        lambda to: change_tunnel(to, ReplayWindowSize=64, StartupAction="start"),
        [
            "VPN connection Seattle office has tunnel1ReplayWindowSize 64; the stack says",
            "VPN connection Seattle office has tunnel1StartupAction start; the stack says",
        ],
    ),
    ("globex", weigh, ["DNS record {name} is gone"]),
    (
        "globex",
        lambda to: to.ec2.associate_vpc_cidr_block(VpcId=to.vpc, AmazonProvidedIpv6CidrBlock=True),
        ["VPC {name}-blue has assignGeneratedIpv6CidrBlock true; the stack says false"],
    ),
)
