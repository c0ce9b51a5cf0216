"""Service Quotas, completed: what may be made, refused beyond that, and increases, granted at once.

https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from moto.core.base_backend import BaseBackend
from moto.core.exceptions import JsonRESTError
from moto.ec2.exceptions import EC2ClientError
from moto.rds.exceptions import RDSClientError
from moto.servicequotas import urls
from moto.servicequotas.models import ServiceQuotasBackend, servicequotas_backends
from moto.servicequotas.responses import ServiceQuotasResponse
from tenantnet.aws.quotas import (
    ACL_RULES,
    ALL,
    CONNECTIONS_OF_GATEWAY,
    CUSTOMER_GATEWAYS,
    DATABASES,
    NETWORK_ACLS,
    PARAMETER_GROUPS,
    PEERINGS,
    ROUTE_TABLES,
    ROUTES,
    SNAPSHOTS,
    SUBNET_GROUPS,
    SUBNETS,
    VPCS,
    VPN_CONNECTIONS,
    VPN_GATEWAYS,
    ServiceQuota,
)

QUOTAS = {(quota.service, quota.code): quota for quota in ALL}
# The account has asked for more, as docs/scale.md advises, and was granted it; with `aws` it has not asked.
ASKED_FOR = (
    *(VPCS, PEERINGS, VPN_GATEWAYS, VPN_CONNECTIONS, CUSTOMER_GATEWAYS),
    *(DATABASES, PARAMETER_GROUPS, SUBNET_GROUPS, SNAPSHOTS),
)
GRANTED = dict.fromkeys(() if os.environ.get("TENANTNET_LOCAL_QUOTAS") == "aws" else ASKED_FOR, 1000.0)
# Codes and words: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html, and botocore's
# model of RDS.
REFUSALS: Mapping[ServiceQuota, tuple[str, str]] = {
    VPCS: ("VpcLimitExceeded", "The maximum number of VPCs has been reached."),
    PEERINGS: (
        "ActiveVpcPeeringConnectionPerVpcLimitExceeded",
        "The maximum number of active VPC peering connections has been reached for this VPC.",
    ),
    ROUTES: ("RouteLimitExceeded", "The maximum number of routes has been reached."),
    SUBNETS: ("SubnetLimitExceeded", "The maximum number of subnets has been reached."),
    ROUTE_TABLES: ("RouteTableLimitExceeded", "The maximum number of route tables has been reached."),
    NETWORK_ACLS: ("NetworkAclLimitExceeded", "The maximum number of network ACLs has been reached."),
    ACL_RULES: (
        "NetworkAclEntryLimitExceeded",
        "The maximum number of rules has been reached.",
    ),
    VPN_GATEWAYS: (
        "VpnGatewayLimitExceeded",
        "The maximum number of virtual private gateways has been reached.",
    ),
    VPN_CONNECTIONS: (
        "VpnConnectionLimitExceeded",
        "The maximum number of VPN connections has been reached.",
    ),
    CONNECTIONS_OF_GATEWAY: (
        "VpnConnectionLimitExceeded",
        "The maximum number of VPN connections has been reached for this virtual private gateway.",
    ),
    CUSTOMER_GATEWAYS: (
        "CustomerGatewayLimitExceeded",
        "The maximum number of customer gateways has been reached.",
    ),
    DATABASES: ("InstanceQuotaExceeded", "DB Instance quota exceeded"),
    PARAMETER_GROUPS: (
        "DBParameterGroupQuotaExceeded",
        "You have reached the quota of parameter groups.",
    ),
    SUBNET_GROUPS: ("DBSubnetGroupQuotaExceeded", "DB subnet group quota exceeded."),
    SNAPSHOTS: ("SnapshotQuotaExceeded", "Cannot create more than the quota of manual snapshots."),
}


def require_room(
    backend: BaseBackend, quota: ServiceQuota, used: int, refusal: tuple[str, str] | None = None
) -> None:
    """Raise the service's error where the account has as many as it may.

    backend: that of a region. refusal: code and words, where the quota holds for something else too.
    """
    quotas: Any = servicequotas_backends[backend.account_id][backend.region_name]
    if used >= quotas.value(quota):
        code, message = refusal or REFUSALS[quota]
        raise (RDSClientError if quota.service == "rds" else EC2ClientError)(code, message)


class CompletedQuotasResponse(ServiceQuotasResponse):
    """All calls."""

    def request_service_quota_increase(self) -> str:
        asked = json.loads(self.body)
        backend: Any = self.backend
        return json.dumps({"RequestedQuota": backend.increase(**asked)})


class CompletedQuotasBackend(ServiceQuotasBackend):
    """One region's quotas."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._granted: dict[ServiceQuota, float] = {**GRANTED}

    @property
    def _url_module(self) -> SimpleNamespace:
        """What moto looks for in `urls.py` beside the backend's module."""
        paths = dict.fromkeys(urls.url_paths, CompletedQuotasResponse.dispatch)
        return SimpleNamespace(url_bases=urls.url_bases, url_paths=paths)

    def get_service_quota(self, service_code: str, quota_code: str) -> dict[str, Any]:
        """The quota that holds."""
        quota = _known(service_code, quota_code)
        place = f"{self.region_name}:{self.account_id}"
        return {
            "ServiceCode": service_code,
            "QuotaCode": quota_code,
            "QuotaArn": f"arn:aws:servicequotas:{place}:{service_code}/{quota_code}",
            "QuotaName": quota.name,
            "Value": float(self.value(quota)),
            "Unit": "None",
            "Adjustable": True,
            "GlobalQuota": False,
        }

    def value(self, quota: ServiceQuota) -> float:
        """How many there may be; AWS grants some no more than so many."""
        granted = self._granted.get(quota, quota.default)
        return min(granted, quota.highest or granted)

    def increase(self, ServiceCode: str, QuotaCode: str, DesiredValue: float) -> dict[str, Any]:  # noqa: N803
        """Grant a higher one; a person at AWS takes days for it."""
        held = self.get_service_quota(ServiceCode, QuotaCode)
        if DesiredValue <= held["Value"]:
            raise JsonRESTError(
                "IllegalArgumentException",
                "You must provide a quota value greater than the current quota value",
            )
        self._granted[_known(ServiceCode, QuotaCode)] = DesiredValue
        return {**held, "Id": uuid4().hex, "DesiredValue": DesiredValue, "Status": "APPROVED"}


def _known(service: str, code: str) -> ServiceQuota:
    if found := QUOTAS.get((service, code)):
        return found
    raise JsonRESTError("NoSuchResourceException", "The specified resource does not exist.")


def register_quotas() -> None:
    """Let moto make completed backends from now on."""
    servicequotas_backends.backend = CompletedQuotasBackend
