"""Service Quotas, completed: AWS's defaults for what Tenantnet makes, and increases, granted at once.

https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html
https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
https://docs.aws.amazon.com/vpn/latest/s2svpn/vpn-limits.html
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html
"""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from moto.core.exceptions import JsonRESTError
from moto.servicequotas import urls
from moto.servicequotas.models import ServiceQuotasBackend, servicequotas_backends
from moto.servicequotas.responses import ServiceQuotasResponse

# By service and code: the name, and AWS's default.
DEFAULTS: dict[tuple[str, str], tuple[str, int]] = {
    ("vpc", "L-F678F1CE"): ("VPCs per Region", 5),
    ("vpc", "L-7E9ECCDB"): ("Active VPC peering connections per VPC", 50),
    ("vpc", "L-93826ACB"): ("Routes per route table", 500),
    ("ec2", "L-7029FAB6"): ("Virtual private gateways per region", 5),
    ("ec2", "L-3E6EC3A3"): ("VPN connections per region", 50),
    ("ec2", "L-B91E5754"): ("VPN connections per VGW", 10),
    ("ec2", "L-4FB7FF5D"): ("Customer gateways per region", 50),
    ("rds", "L-7B6409FD"): ("DB instances", 40),
    ("rds", "L-DE55804A"): ("Parameter groups", 50),
    ("rds", "L-48C6BF61"): ("DB subnet groups", 50),
    ("rds", "L-272F1212"): ("Manual DB instance snapshots", 100),
}


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
        self._granted: dict[tuple[str, str], float] = {}

    @property
    def _url_module(self) -> SimpleNamespace:
        """What moto looks for in `urls.py` beside the backend's module."""
        paths = dict.fromkeys(urls.url_paths, CompletedQuotasResponse.dispatch)
        return SimpleNamespace(url_bases=urls.url_bases, url_paths=paths)

    def get_service_quota(self, service_code: str, quota_code: str) -> dict[str, Any]:
        """The quota that holds."""
        name, default = _known(service_code, quota_code)
        place = f"{self.region_name}:{self.account_id}"
        return {
            "ServiceCode": service_code,
            "QuotaCode": quota_code,
            "QuotaArn": f"arn:aws:servicequotas:{place}:{service_code}/{quota_code}",
            "QuotaName": name,
            "Value": self._granted.get((service_code, quota_code), default),
            "Unit": "None",
            "Adjustable": True,
            "GlobalQuota": False,
        }

    def increase(self, ServiceCode: str, QuotaCode: str, DesiredValue: float) -> dict[str, Any]:  # noqa: N803
        """Grant a higher one; a person at AWS takes days for it."""
        held = self.get_service_quota(ServiceCode, QuotaCode)
        if DesiredValue <= held["Value"]:
            raise JsonRESTError(
                "IllegalArgumentException",
                "You must provide a quota value greater than the current quota value",
            )
        self._granted[ServiceCode, QuotaCode] = DesiredValue
        return {**held, "Id": uuid4().hex, "DesiredValue": DesiredValue, "Status": "APPROVED"}


def _known(service: str, code: str) -> tuple[str, int]:
    if found := DEFAULTS.get((service, code)):
        return found
    raise JsonRESTError("NoSuchResourceException", "The specified resource does not exist.")


def register_quotas() -> None:
    """Let moto make completed backends from now on."""
    servicequotas_backends.backend = CompletedQuotasBackend
