"""Which properties of which resources a review may show. All others are known by their names only.

A preview carries much more: passwords, keys, device configurations, policies of thousands of characters. What
is not listed here never gets as far as the code that writes sentences.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tenantnet.aws import types

# How the engine's events write a value that only deployment makes known, and a secret.
UNKNOWN_VALUE: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SECRET_MARK: Final = "4dabf18193072939515e22adb298388d"  # noqa: S105 - the mark, not a secret
NOT_KNOWN_YET: Final = "(known after deployment)"


SHOWN: Mapping[str, frozenset[str]] = {
    types.DATABASE: frozenset(
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
    types.PARAMETER_GROUP: frozenset({"family", "parameters"}),
    types.VPN_CONNECTION_ROUTE: frozenset({"destinationCidrBlock"}),
    types.CUSTOMER_GATEWAY: frozenset({"ipAddress"}),
    types.VPC: frozenset({"cidrBlock"}),
    types.SUBNET: frozenset({"cidrBlock"}),
    types.INSTANCE: frozenset({"instanceType", "privateIp"}),
    types.INGRESS_RULE: frozenset({"cidrIpv4", "description", "fromPort"}),
    types.ROUTE: frozenset({"destinationCidrBlock"}),
    types.RECORD: frozenset({"name", "ttl"}),
    types.ZONE: frozenset({"name"}),
    types.TABLE_ITEM: frozenset({"item"}),
    types.ALARM: frozenset({"evaluationPeriods", "metricName", "period", "statistic", "threshold"}),
    types.LOG_GROUP: frozenset({"retentionInDays"}),
    types.GROUP_MEMBERSHIP: frozenset({"user"}),
    types.SCHEDULE: frozenset({"scheduleExpression", "scheduleExpressionTimezone", "state"}),
}
SHOWN_OF_EVERY_TYPE: frozenset[str] = frozenset({"tags"})


def shown(type_: str, properties: Mapping[str, Any] | None) -> dict[str, Any]:
    """The properties of a resource that may be shown, without secrets; NOT_KNOWN_YET for what is unknown."""
    allowed = SHOWN_OF_EVERY_TYPE | SHOWN.get(type_, frozenset())
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
