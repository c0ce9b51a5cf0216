"""Quotas: what the account may have in the region, and what it has.

https://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from tenantnet.aws import quotas as aws
from tenantnet.aws.quotas import ServiceQuota
from tenantnet.doctor.finding import Finding, Planned, State, code_of
from tenantnet.settings.models import TenantSettings

GONE = ("deleted", "deleting")
NOT_KNOWN = ("NoSuchResourceException", "AccessDeniedException")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """platform: how many a platform takes. tenant: how many a tenant takes.

    call and key: what lists those there are. counts: whether one of them counts. name: of what it is,
    where the quota is named after something else.
    """

    of: ServiceQuota
    call: str
    key: str
    platform: int = 0
    tenant: Callable[[TenantSettings], int] = lambda _: 1
    counts: Callable[[Any], bool] = lambda _: True
    asked: tuple[tuple[str, str], ...] = ()
    name: str = ""

    @property
    def about(self) -> str:
        """What it is of."""
        return self.name or self.of.name

    def used(self, planned: Planned) -> int:
        """How many the region has."""
        # EC2 describes networks, whose quotas are a service of their own.
        service, asked = "ec2" if self.of.service == "vpc" else self.of.service, dict(self.asked)
        client = planned.client(service)
        pages = (
            client.get_paginator(self.call).paginate(**asked)
            if client.can_paginate(self.call)
            else [getattr(client, self.call)(**asked)]
        )
        return sum(self.counts(each) for page in pages for each in page[self.key])

    def needed(self, planned: Planned) -> int:
        """How many the planned stacks take that have nothing yet."""
        platform = 0 if planned.platform in planned.deployed else self.platform
        tenants = (each for each in planned.tenants if each.name not in planned.deployed)
        return platform + sum(map(self.tenant, tenants))


def _networks(tenant: TenantSettings) -> int:
    return len(tenant.networks)


def _connections(tenant: TenantSettings) -> int:
    return sum(len(network.vpn_connections) for network in tenant.networks.values())


def _stands(described: Any) -> bool:  # noqa: ANN401 - as EC2 describes it
    return described["State"] not in GONE


QUOTAS = (
    Quota(
        of=aws.VPCS,
        call="describe_vpcs",
        key="Vpcs",
        platform=2,
        tenant=_networks,
    ),
    Quota(
        of=aws.VPN_GATEWAYS,
        call="describe_vpn_gateways",
        key="VpnGateways",
        tenant=_networks,
        counts=_stands,
    ),
    Quota(
        of=aws.VPN_CONNECTIONS,
        call="describe_vpn_connections",
        key="VpnConnections",
        tenant=_connections,
        counts=_stands,
    ),
    Quota(
        of=aws.CUSTOMER_GATEWAYS,
        call="describe_customer_gateways",
        key="CustomerGateways",
        tenant=_connections,
        counts=_stands,
    ),
    Quota(
        of=aws.DATABASES,
        call="describe_db_instances",
        key="DBInstances",
    ),
    Quota(
        of=aws.PARAMETER_GROUPS,
        call="describe_db_parameter_groups",
        key="DBParameterGroups",
        # AWS's own do not count.
        counts=lambda each: not each["DBParameterGroupName"].startswith("default."),
    ),
    Quota(
        of=aws.SUBNET_GROUPS,
        call="describe_db_subnet_groups",
        key="DBSubnetGroups",
    ),
    Quota(
        of=aws.SNAPSHOTS,
        call="describe_db_snapshots",
        key="DBSnapshots",
        tenant=lambda _: 0,
        asked=(("SnapshotType", "manual"),),
    ),
    Quota(
        # "The retained automated backups quota is the same as your DB instance quota."
        of=aws.DATABASES,
        name="Retained automated backups",
        call="describe_db_instance_automated_backups",
        key="DBInstanceAutomatedBackups",
        tenant=lambda _: 0,
        counts=lambda each: each["Status"] == "retained",
    ),
)


def quotas(planned: Planned) -> Iterator[Finding]:
    """Whether there is room for what is not deployed yet, and for a tenant or a move more."""
    limits = planned.client("service-quotas")
    for quota in QUOTAS:
        try:
            limit = limits.get_service_quota(ServiceCode=quota.of.service, QuotaCode=quota.of.code)
        except ClientError as error:
            if code_of(error) not in NOT_KNOWN:
                raise
            yield Finding(
                about=quota.about,
                state=State.WARNING,
                found=f"not known: {error.response['Error']['Message']}",
                remedy="see Service Quotas in the console",
            )
            continue
        yield judge_quota(quota, int(limit["Quota"]["Value"]), quota.used(planned), quota.needed(planned))


def judge_quota(quota: Quota, limit: int, used: int, needed: int) -> Finding:
    """limit: how many there may be. used: how many there are. needed: by what is not deployed yet."""
    found, room = f"{used} of {limit} used", limit - used - needed
    state = State.OK
    if needed and room < 0:
        state, found = State.FAULT, f"{found}, and {needed} needed by what is not deployed yet"
    elif room < 1:
        state, found = State.WARNING, f"{found}: no room for another tenant, or for a move"
    remedy = (
        f"aws service-quotas request-service-quota-increase --service-code {quota.of.service} "
        f"--quota-code {quota.of.code} --desired-value N"
    )
    return Finding(about=quota.about, state=state, found=found, remedy="" if state is State.OK else remedy)
