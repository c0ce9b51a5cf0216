"""Which properties of which resources a review may show. All others are known by their names only.

A preview carries much more: passwords, keys, device configurations, policies of thousands of characters. What
is not listed here never gets as far as the code that writes sentences.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tenantnet.aws import types
from tenantnet.engine.differences import SECRET_MARK, UNKNOWN_VALUE

NOT_KNOWN_YET: Final = "(known after deployment)"


_TUNNEL_OPTIONS = (
    "IkeVersions",
    "Phase1DhGroupNumbers",
    "Phase1EncryptionAlgorithms",
    "Phase1IntegrityAlgorithms",
    "Phase1LifetimeSeconds",
    "Phase2DhGroupNumbers",
    "Phase2EncryptionAlgorithms",
    "Phase2IntegrityAlgorithms",
    "Phase2LifetimeSeconds",
)
# What safety depends on, of any type: shown before and after, documents and lists by what differs in them.
SAFETY: Final = frozenset(
    {
        # who reaches it
        "associatePublicIpAddress",
        "cidrBlock",
        "cidrBlocks",
        "cidrIpv4",
        "cidrIpv6",
        "destinationCidrBlock",
        "destinationIpv6CidrBlock",
        "egress",
        "fromPort",
        "gatewayId",
        "ingress",
        "internal",
        "ipProtocol",
        "ipv6CidrBlocks",
        "mapPublicIpOnLaunch",
        "metadataOptions",
        "natGatewayId",
        "networkInterfaceId",
        "networkType",
        "peerOwnerId",
        "peerRegion",
        "peerVpcId",
        "port",
        "prefixListId",
        "publiclyAccessible",
        "referencedSecurityGroupId",
        "routes",
        "securityGroups",
        "self",
        "sourceDestCheck",
        "sourceSecurityGroupId",
        "toPort",
        "transitGatewayId",
        "vpcEndpointId",
        "vpcSecurityGroupIds",
        # who may do what
        "assumeRolePolicy",
        "groups",
        "iamDatabaseAuthenticationEnabled",
        "inlinePolicies",
        "managedPolicyArns",
        "permissionsBoundary",
        "policy",
        "policyArn",
        "principal",
        "principals",
        "users",
        # what protects data
        "actionsEnabled",
        "backupRetentionPeriod",
        "caCertIdentifier",
        "copyTagsToSnapshot",
        "deleteAutomatedBackups",
        "deletionProtection",
        "deletionProtectionEnabled",
        "deletionWindowInDays",
        "enableKeyRotation",
        "encrypted",
        "isEnabled",
        "kmsKeyArn",
        "kmsKeyId",
        "pointInTimeRecovery",
        "restoreToPointInTime",
        "retentionInDays",
        "rootBlockDevice",
        "serverSideEncryption",
        "skipFinalSnapshot",
        "storageEncrypted",
        # how tunnels are encrypted; never their keys
        *(f"tunnel{number}{option}" for number in (1, 2) for option in _TUNNEL_OPTIONS),
    }
)
# Values of them that a new resource has only for a reason.
UNSAFE: Final[Mapping[str, object]] = {
    "actionsEnabled": False,
    "associatePublicIpAddress": True,
    "backupRetentionPeriod": 0,
    "cidrIpv4": "0.0.0.0/0",
    "cidrIpv6": "::/0",
    "deletionProtection": False,
    "destinationCidrBlock": "0.0.0.0/0",
    "destinationIpv6CidrBlock": "::/0",
    "enableKeyRotation": False,
    "encrypted": False,
    "iamDatabaseAuthenticationEnabled": True,
    "isEnabled": False,
    "mapPublicIpOnLaunch": True,
    "networkType": "DUAL",
    "publiclyAccessible": True,
    "skipFinalSnapshot": True,
    "sourceDestCheck": False,
    "storageEncrypted": False,
}

SHOWN: Mapping[str, set[str]] = {
    types.DATABASE: {
        "allocatedStorage",
        "applyImmediately",
        "backupRetentionPeriod",
        "backupWindow",
        "deletionProtection",
        "engineVersion",
        "finalSnapshotIdentifier",
        "identifier",
        "instanceClass",
        "iops",
        "maintenanceWindow",
        "multiAz",
        "performanceInsightsEnabled",
        "skipFinalSnapshot",
        "storageThroughput",
        "storageType",
        "username",
    },
    types.PARAMETER_GROUP: {"family", "parameters"},
    types.VPN_CONNECTION_ROUTE: {"destinationCidrBlock"},
    types.CUSTOMER_GATEWAY: {"ipAddress"},
    types.VPC: {"cidrBlock"},
    types.SUBNET: {"cidrBlock"},
    types.INSTANCE: {"instanceType", "privateIp"},
    types.INGRESS_RULE: {"cidrIpv4", "description", "fromPort"},
    types.ROUTE: {"destinationCidrBlock"},
    types.RECORD: {"name", "ttl"},
    types.ZONE: {"name"},
    types.TABLE_ITEM: {"item"},
    types.ALARM: {"evaluationPeriods", "metricName", "period", "statistic", "threshold"},
    types.LOG_GROUP: {"retentionInDays"},
    types.SCHEDULE: {"scheduleExpression", "scheduleExpressionTimezone", "state"},
}


def shown(type_: str, properties: Mapping[str, Any] | None) -> dict[str, Any]:
    """The properties of a resource that may be shown, without secrets; NOT_KNOWN_YET for what is unknown."""
    allowed = {"tags"} | (SAFETY if type_.startswith("aws:") else set()) | SHOWN.get(type_, set())
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
