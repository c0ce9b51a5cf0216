"""A stack's resources as AWS lists them: for each type the call, and the properties in the provider's words.

What AWS does not list, of properties and of types, is not here. Pure.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tenantnet.aws import types
from tenantnet.aws.vpn_routes import company_ranges
from tenantnet.observed import deployed as aws
from tenantnet.observed.deployed import Describe, attached_vpc

Record = Mapping[str, Any]
Properties = dict[str, Any]
Found = Iterator[tuple[str, Properties]]
# Every network ACL ends with it, and the provider does not count it.
LAST_RULE = 32767
ATTACHED = ("associated", "associating")
# As a VPC names the pools of its IPv6 ranges that are no pools of the account.
AMAZONS_POOL, IPAMS_POOL = "Amazon", "IPAM Managed"


@dataclass(frozen=True, slots=True)
class Place:
    """Where resources are that are listed place by place, such as a table.

    input: of the resources, which names the place. argument: the call's for it. gone: the code of AWS's
    answer if there is no such place, and nothing in it.
    """

    input: str
    argument: str
    gone: str


@dataclass(frozen=True, slots=True)
class Page:
    """by: the call. found: the resources in a record, by their keys.

    place: what is listed one by one; None if one list has all. unused: the page of those that the records do
    not show, as nothing uses them; None if they show all.
    """

    by: Describe
    found: Callable[[Record], Found]
    place: Place | None = None
    unused: Page | None = None


def _same(record: Record, names: str) -> Properties:
    """The properties that the provider calls as AWS does, but for the first letter."""
    return {name: record.get(f"{name[0].upper()}{name[1:]}") for name in names.split()}


def _tags(record: Record, key: str = "Tags") -> Properties:
    tags = {tag["Key"]: tag["Value"] for tag in record.get(key, ())}
    return {"tags": {name: value for name, value in tags.items() if not name.startswith("aws:")}}


def _one(identifier: str, names: str) -> Callable[[Record], Found]:
    """Of a record that is one resource with tags."""

    def found(record: Record) -> Found:
        yield record[identifier], {**_same(record, names), **_tags(record)}

    return found


def _vpc(record: Record) -> Found:
    ranges = record.get("Ipv6CidrBlockAssociationSet", ())
    associated = [each for each in ranges if each["Ipv6CidrBlockState"]["State"] == ATTACHED[0]]
    pool = associated[0].get("Ipv6Pool") if associated else None
    ipv6: Properties = {"assignGeneratedIpv6CidrBlock": pool == AMAZONS_POOL}
    if pool != IPAMS_POOL:
        ipv6["ipv6IpamPoolId"] = None if pool == AMAZONS_POOL else pool
    yield record["VpcId"], {**_same(record, "cidrBlock instanceTenancy"), **ipv6, **_tags(record)}


def _subnet(record: Record) -> Found:
    same = (
        "assignIpv6AddressOnCreation availabilityZone cidrBlock customerOwnedIpv4Pool enableDns64 "
        "enableLniAtDeviceIndex mapCustomerOwnedIpOnLaunch mapPublicIpOnLaunch vpcId"
    )
    names: Record = record.get("PrivateDnsNameOptionsOnLaunch", {})
    own = {
        "enableResourceNameDnsARecordOnLaunch": names.get("EnableResourceNameDnsARecord"),
        "enableResourceNameDnsAaaaRecordOnLaunch": names.get("EnableResourceNameDnsAAAARecord"),
    }
    yield record["SubnetId"], {**_same(record, same), **own, **_tags(record)}


def _associations(record: Record) -> Found:
    for each in record["Associations"]:
        if each.get("SubnetId") and each.get("AssociationState", {}).get("State", ATTACHED[0]) in ATTACHED:
            yield each["RouteTableAssociationId"], _same(each, "routeTableId subnetId")


def _routes(record: Record) -> Found:
    targets = (
        "carrierGatewayId coreNetworkArn localGatewayId natGatewayId networkInterfaceId odbNetworkArn "
        "transitGatewayId vpcPeeringConnectionId"
    )
    for each in record["Routes"]:
        key = f"{record['RouteTableId']} {each.get('DestinationCidrBlock')}"
        gateway = each.get("GatewayId") or ""
        endpoint = gateway.startswith("vpce-")
        own = {
            "egressOnlyGatewayId": each.get("EgressOnlyInternetGatewayId"),
            "gatewayId": None if endpoint else gateway,
            "vpcEndpointId": gateway if endpoint else None,
        }
        yield key, {**_same(each, targets), **own}


def _propagations(record: Record) -> Found:
    for each in record.get("PropagatingVgws", ()):
        yield f"{each['GatewayId']}_{record['RouteTableId']}", {}


def _acl(record: Record) -> Found:
    rules = [each for each in record["Entries"] if each["RuleNumber"] < LAST_RULE]
    sides = {
        side: [_acl_rule(each) for each in rules if each["Egress"] is (side == "egress")]
        for side in ("ingress", "egress")
    }
    subnets = [each["SubnetId"] for each in record["Associations"]]
    vpc = _same(record, "vpcId")
    yield record["NetworkAclId"], {**sides, "subnetIds": subnets, **vpc, **_tags(record)}


def _acl_rule(rule: Record) -> Properties:
    ports, icmp = rule.get("PortRange", {}), rule.get("IcmpTypeCode")
    return {
        "action": rule["RuleAction"],
        "cidrBlock": rule.get("CidrBlock", ""),
        "fromPort": ports.get("From", 0),
        "ipv6CidrBlock": rule.get("Ipv6CidrBlock", ""),
        "protocol": rule["Protocol"],
        "ruleNo": rule["RuleNumber"],
        "toPort": ports.get("To", 0),
        **({"icmpCode": icmp["Code"], "icmpType": icmp["Type"]} if icmp else {}),
    }


def _group(record: Record) -> Found:
    own = {"name": record["GroupName"], **_same(record, "description vpcId")}
    yield record["GroupId"], {**own, **_tags(record)}


def _rule(record: Record) -> Found:
    peer = record.get("ReferencedGroupInfo", {}).get("GroupId")
    same = "cidrIpv4 cidrIpv6 prefixListId fromPort toPort ipProtocol"
    own = {"securityGroupId": record["GroupId"], "referencedSecurityGroupId": peer}
    description = {"description": record.get("Description") or None}
    yield (
        record["SecurityGroupRuleId"],
        {**_same(record, same), **own, **description, **_tags(record)},
    )


def _peering(record: Record) -> Found:
    sides = {"vpcId": record["RequesterVpcInfo"]["VpcId"], "peerVpcId": record["AccepterVpcInfo"]["VpcId"]}
    yield record["VpcPeeringConnectionId"], {**sides, **_tags(record)}


def _vpn_gateway(record: Record) -> Found:
    vpc = attached_vpc(record.get("VpcAttachments", ()))
    yield record["VpnGatewayId"], {"vpcId": vpc, **_tags(record)}


def _vpn_connection(record: Record) -> Found:
    options = record.get("Options", {})
    tunnels: Properties = {}
    for number, tunnel in enumerate(options.get("TunnelOptions", ()), start=1):
        tunnels |= {f"tunnel{number}{name}": _values(value) for name, value in tunnel.items()}
    # AWS writes DH in capitals, and the provider does not.
    tunnels = {name.replace("DHGroup", "DhGroup"): value for name, value in tunnels.items()}
    same = "customerGatewayId transitGatewayId type vpnConcentratorId vpnGatewayId"
    inside = "staticRoutesOnly transportTransitGatewayAttachmentId"
    own = {**_same(record, same), **_same(options, inside)}
    yield record["VpnConnectionId"], {**tunnels, **own, **_tags(record)}


def _values(value: object) -> object:
    return [each.get("Value", each) for each in value] if isinstance(value, list) else value


def _vpn_routes(record: Record) -> Found:
    for destination in company_ranges(record):
        yield f"{destination}:{record['VpnConnectionId']}", {}


def _instance(record: Record) -> Found:
    first: Record = next(iter(record.get("NetworkInterfaces", ())), {})
    yield (
        record["InstanceId"],
        {
            **_same(record, "instanceType sourceDestCheck subnetId"),
            "ami": record["ImageId"],
            "privateIp": record.get("PrivateIpAddress"),
            "vpcSecurityGroupIds": [each["GroupId"] for each in record["SecurityGroups"]],
            "metadataOptions": {
                name[0].lower() + name[1:]: value for name, value in record.get("MetadataOptions", {}).items()
            },
            "associatePublicIpAddress": bool(first.get("Association")),
            **_tags(record),
        },
    )


def _flow_log(record: Record) -> Found:
    own = {"iamRoleArn": record.get("DeliverLogsPermissionArn"), "vpcId": record["ResourceId"]}
    same = _same(record, "logDestination logDestinationType trafficType")
    yield record["FlowLogId"], {**own, **same, **_tags(record)}


def _database(record: Record) -> Found:
    # RDS lists those of DocumentDB and Neptune, too, which have none.
    group: Record = next(iter(record.get("DBParameterGroups", ())), {})
    same = (
        "allocatedStorage autoMinorVersionUpgrade backupRetentionPeriod copyTagsToSnapshot "
        "customerOwnedIpEnabled dedicatedLogVolume deletionProtection engine engineVersion iops kmsKeyId "
        "maxAllocatedStorage monitoringInterval performanceInsightsEnabled publiclyAccessible "
        "storageEncrypted storageThroughput storageType"
    )
    yield (
        record["DbiResourceId"],
        {
            **_same(record, same),
            "identifier": record["DBInstanceIdentifier"],
            "instanceClass": record["DBInstanceClass"],
            "multiAz": record["MultiAZ"],
            "username": record["MasterUsername"],
            "backupWindow": record.get("PreferredBackupWindow"),
            "maintenanceWindow": record.get("PreferredMaintenanceWindow"),
            "replicateSourceDb": record.get("ReadReplicaSourceDBInstanceIdentifier"),
            "dbSubnetGroupName": record.get("DBSubnetGroup", {}).get("DBSubnetGroupName"),
            "parameterGroupName": group.get("DBParameterGroupName"),
            "vpcSecurityGroupIds": [
                each["VpcSecurityGroupId"] for each in record.get("VpcSecurityGroups", ())
            ],
            "enabledCloudwatchLogsExports": record.get("EnabledCloudwatchLogsExports", []),
            "iamDatabaseAuthenticationEnabled": record.get("IAMDatabaseAuthenticationEnabled"),
            **_domain(next(iter(record.get("DomainMemberships", ())), {})),
            **_tags(record, "TagList"),
        },
    )


def _domain(membership: Record) -> Properties:
    return {
        "domain": membership.get("Domain"),
        "domainAuthSecretArn": membership.get("AuthSecretArn"),
        "domainDnsIps": membership.get("DnsIps", []),
        "domainIamRoleName": membership.get("IAMRoleName"),
        "domainOu": membership.get("OU"),
    }


def _subnet_group_in_use(record: Record) -> Found:
    if group := record.get("DBSubnetGroup"):
        yield from _subnet_group(group)


def _subnet_group(record: Record) -> Found:
    name, subnets = record["DBSubnetGroupName"], [each["SubnetIdentifier"] for each in record["Subnets"]]
    description = record["DBSubnetGroupDescription"]
    yield name, {"name": name, "description": description, "subnetIds": subnets}


def _parameter_groups_in_use(record: Record) -> Found:
    """Of one in use neither the family nor the description can be changed."""
    for group in record.get("DBParameterGroups", ()):
        yield group["DBParameterGroupName"], {}


def _parameter_group(record: Record) -> Found:
    name, family = record["DBParameterGroupName"], record["DBParameterGroupFamily"]
    yield name, {"name": name, "family": family, **_same(record, "description")}


def _record_set(record: Record) -> Found:
    name = record["Name"].removesuffix(".")
    values = [each["Value"] for each in record.get("ResourceRecords", ())]
    own = {"name": name, "type": record["Type"], "ttl": record.get("TTL"), "records": values}
    # One of several with a policy, such as weights, which is not the record that is alone.
    key = "_".join([name, record["Type"], *filter(None, [record.get("SetIdentifier")])])
    yield key, {**own, **_same(record, "healthCheckId"), "aliases": _aliases(record)}


def _aliases(record: Record) -> list[Properties]:
    if not (target := record.get("AliasTarget")):
        return []
    return [
        {
            "name": target["DNSName"].removesuffix("."),
            "zoneId": target["HostedZoneId"],
            "evaluateTargetHealth": target["EvaluateTargetHealth"],
        }
    ]


def _alarm(record: Record) -> Found:
    same = (
        "actionsEnabled alarmActions alarmDescription comparisonOperator datapointsToAlarm evaluationPeriods "
        "extendedStatistic insufficientDataActions metricName namespace period statistic threshold "
        "thresholdMetricId unit"
    )
    own = {
        "name": record["AlarmName"],
        "okActions": record.get("OKActions", []),
        "dimensions": _dimensions(record),
        "metricQueries": [_query(each) for each in record.get("Metrics", ())],
        "treatMissingData": record.get("TreatMissingData", "missing"),
    }
    yield record["AlarmName"], {**_same(record, same), **own}


def _dimensions(metric: Record) -> Mapping[str, str]:
    return {each["Name"]: each["Value"] for each in metric.get("Dimensions", ())}


def _query(query: Record) -> Properties:
    found = {
        **_same(query, "accountId expression id label period"),
        "returnData": query.get("ReturnData", False),
    }
    if stat := query.get("MetricStat"):
        metric = {**_same(stat["Metric"], "metricName namespace"), "dimensions": _dimensions(stat["Metric"])}
        found["metric"] = {**_same(stat, "period stat unit"), **metric}
    return found


def _log_group(record: Record) -> Found:
    name, days = record["logGroupName"], record.get("retentionInDays", 0)
    yield name, {"name": name, "retentionInDays": days, "kmsKeyId": record.get("kmsKeyId", "")}


def _item(record: Record) -> Found:
    item = json.dumps(record, sort_keys=True, separators=(",", ":"), default=_in_json)
    yield record["cidr"]["S"], {"item": item}


def _in_json(value: bytes) -> str:
    """As DynamoDB's own JSON has them, and the provider."""
    return b64encode(value).decode()


_TABLES, _CONNECTIONS = aws.RouteTable.described_by, aws.SiteToSiteVpn.described_by
_DATABASES = aws.DatabaseInstance.described_by
_RULES = Page(aws.SecurityGroupRule.described_by, _rule)
_LIVE = {"state": ("pending", "available")}
PAGES: Mapping[str, Page] = {
    types.VPC: Page(aws.Vpc.described_by, _vpc),
    types.SUBNET: Page(aws.Subnet.described_by, _subnet),
    types.ROUTE_TABLE: Page(_TABLES, _one("RouteTableId", "vpcId")),
    types.ROUTE_TABLE_ASSOCIATION: Page(_TABLES, _associations),
    types.ROUTE: Page(_TABLES, _routes),
    types.ROUTE_PROPAGATION: Page(_TABLES, _propagations),
    types.NETWORK_ACL: Page(aws.NetworkAcl.described_by, _acl),
    types.SECURITY_GROUP: Page(aws.SecurityGroup.described_by, _group),
    types.DEFAULT_SECURITY_GROUP: Page(aws.SecurityGroup.described_by, _one("GroupId", "vpcId")),
    types.INGRESS_RULE: _RULES,
    types.EGRESS_RULE: _RULES,
    types.PEERING: Page(aws.Peering.described_by, _peering),
    types.VPN_GATEWAY: Page(aws.VpnGateway.described_by, _vpn_gateway),
    types.CUSTOMER_GATEWAY: Page(
        Describe("describe_customer_gateways", "CustomerGateways", _LIVE),
        _one("CustomerGatewayId", "bgpAsn deviceName ipAddress type"),
    ),
    types.VPN_CONNECTION: Page(_CONNECTIONS, _vpn_connection),
    types.VPN_CONNECTION_ROUTE: Page(_CONNECTIONS, _vpn_routes),
    types.INSTANCE: Page(aws.Ec2Instance.described_by, _instance),
    types.FLOW_LOG: Page(Describe("describe_flow_logs", "FlowLogs"), _flow_log),
    types.DATABASE: Page(_DATABASES, _database),
    types.SUBNET_GROUP: Page(
        _DATABASES,
        _subnet_group_in_use,
        unused=Page(Describe("describe_db_subnet_groups", "DBSubnetGroups", service="rds"), _subnet_group),
    ),
    types.PARAMETER_GROUP: Page(
        _DATABASES,
        _parameter_groups_in_use,
        unused=Page(
            Describe("describe_db_parameter_groups", "DBParameterGroups", service="rds"), _parameter_group
        ),
    ),
    types.RECORD: Page(
        Describe("list_resource_record_sets", "ResourceRecordSets", service="route53"),
        _record_set,
        Place("zoneId", "HostedZoneId", gone="NoSuchHostedZone"),
    ),
    types.ALARM: Page(Describe("describe_alarms", "MetricAlarms", service="cloudwatch"), _alarm),
    types.LOG_GROUP: Page(Describe("describe_log_groups", "logGroups", service="logs"), _log_group),
    types.TABLE_ITEM: Page(
        Describe("scan", "Items", service="dynamodb"),
        _item,
        Place("tableName", "TableName", gone="ResourceNotFoundException"),
    ),
}
# Where a page does not have the provider's id, which the other types are found by.
KEYS: Mapping[str, Callable[[str, Mapping[str, Any]], str]] = {
    types.ROUTE: lambda _, inputs: f"{inputs.get('routeTableId')} {inputs.get('destinationCidrBlock')}",
    types.RECORD: lambda _, inputs: f"{inputs.get('name')}_{inputs.get('type')}",
    types.TABLE_ITEM: lambda identifier, _: identifier.rpartition("|")[2],
}
