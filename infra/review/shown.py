"""Which properties of which resources a review may show. All others are known by their names only.

A preview carries much more: passwords, keys, device configurations, policies of thousands of characters. What
is not listed here never gets as far as the code that writes sentences.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

# How the engine's events write a value that only deployment makes known, and a secret.
UNKNOWN_VALUE: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SECRET_MARK: Final = "4dabf18193072939515e22adb298388d"  # noqa: S105 - the mark, not a secret
NOT_KNOWN_YET: Final = "(known after deployment)"

INSTANCE = "aws:rds/instance:Instance"
PARAMETER_GROUP = "aws:rds/parameterGroup:ParameterGroup"
VPN_CONNECTION = "aws:ec2/vpnConnection:VpnConnection"
VPN_ROUTE = "aws:ec2/vpnConnectionRoute:VpnConnectionRoute"
VPN_GATEWAY = "aws:ec2/vpnGateway:VpnGateway"
PROPAGATION = "aws:ec2/vpnGatewayRoutePropagation:VpnGatewayRoutePropagation"
CUSTOMER_GATEWAY = "aws:ec2/customerGateway:CustomerGateway"
VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
HOST = "aws:ec2/instance:Instance"
INGRESS_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
PEERING = "aws:ec2/vpcPeeringConnection:VpcPeeringConnection"
ROUTE = "aws:ec2/route:Route"
RECORD = "aws:route53/record:Record"
ZONE = "aws:route53/zone:Zone"
CLAIM = "aws:dynamodb/tableItem:TableItem"
TABLE = "aws:dynamodb/table:Table"
KEY = "aws:kms/key:Key"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
MEMBERSHIP = "aws:iam/userGroupMembership:UserGroupMembership"
SCHEDULE = "aws:scheduler/schedule:Schedule"

SHOWN: Mapping[str, frozenset[str]] = {
    INSTANCE: frozenset(
        {
            "allocatedStorage",
            "applyImmediately",
            "backupRetentionPeriod",
            "deletionProtection",
            "engineVersion",
            "finalSnapshotIdentifier",
            "identifier",
            "instanceClass",
            "multiAz",
            "performanceInsightsEnabled",
            "skipFinalSnapshot",
            "storageType",
            "username",
        }
    ),
    PARAMETER_GROUP: frozenset({"family", "parameters"}),
    VPN_ROUTE: frozenset({"destinationCidrBlock"}),
    CUSTOMER_GATEWAY: frozenset({"ipAddress"}),
    VPC: frozenset({"cidrBlock"}),
    SUBNET: frozenset({"cidrBlock"}),
    HOST: frozenset({"instanceType", "privateIp"}),
    INGRESS_RULE: frozenset({"cidrIpv4", "description", "fromPort"}),
    ROUTE: frozenset({"destinationCidrBlock"}),
    RECORD: frozenset({"name", "ttl"}),
    ZONE: frozenset({"name"}),
    CLAIM: frozenset({"item"}),
    ALARM: frozenset({"evaluationPeriods", "metricName", "period", "statistic", "threshold"}),
    LOG_GROUP: frozenset({"retentionInDays"}),
    MEMBERSHIP: frozenset({"user"}),
    SCHEDULE: frozenset({"scheduleExpression", "scheduleExpressionTimezone", "state"}),
}
OF_ALL: frozenset[str] = frozenset({"tags"})


def shown(type_: str, properties: Mapping[str, Any] | None) -> dict[str, Any]:
    """The properties of a resource that may be shown, without secrets; NOT_KNOWN_YET for what is unknown."""
    allowed = OF_ALL | SHOWN.get(type_, frozenset())
    return {name: _plain(value) for name, value in (properties or {}).items() if name in allowed}


def _plain(value: Any) -> Any:  # noqa: ANN401 - values of any shape
    if value == UNKNOWN_VALUE:
        return NOT_KNOWN_YET
    if isinstance(value, Mapping):
        if SECRET_MARK in value:
            return "[secret]"
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
