"""The components judge addresses as everything else does: held against tests.support.oracle."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tenantnet.components.tenant_network import TenantNetworkArgs
from tenantnet.components.vpn_connection import VpnConnectionArgs
from tenantnet.refusal import Refused
from tenantnet.tags import Owner

from tests.support import oracle

OWNER = Owner(cell="local", tenant="acme", network="blue")


def network(cidr: object) -> object:
    return TenantNetworkArgs(
        owner=OWNER,
        cidr=cidr,  # type: ignore[arg-type]
        availability_zones=("eu-west-1a", "eu-west-1b"),
        ping_host_type="t4g.nano",
        ping_host_image="ami-1",
        kms_key_arn="arn",
        flow_log_role_arn="arn",
    )


def connection(company_cidr: object = "192.168.4.0/24", gateway_ip: object = "198.51.100.7") -> object:
    return VpnConnectionArgs(
        owner=OWNER,
        company_cidr=company_cidr,  # type: ignore[arg-type]
        company_gateway_ip=gateway_ip,  # type: ignore[arg-type]
        description="Seattle office",
        vpn_gateway_id="vgw-1",
        database_security_group_id="sg-1",
        ping_host_security_group_id="sg-2",
        alarm_topic_arn="arn",
    )


def accepts(make: Callable[[object], object], value: object) -> bool:
    try:
        make(value)
    except Refused:
        return False
    return True


@pytest.mark.parametrize(
    ("make", "permitted"),
    [
        (network, oracle.is_permitted_network),
        (connection, oracle.is_permitted_company),
        (lambda value: connection(gateway_ip=value), oracle.is_permitted_gateway),
    ],
    ids=["tenant network", "company range", "company gateway"],
)
def test_components_take_what_is_permitted_and_nothing_else(
    make: Callable[[object], object], permitted: Callable[[object], bool]
) -> None:
    wrong = [case for case in oracle.cases(10_000) if accepts(make, case) is not permitted(case)]
    assert wrong == []
