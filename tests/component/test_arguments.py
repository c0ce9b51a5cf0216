"""The components refuse what the settings refuse, before anything is declared and without AWS."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pulumi
import pytest
from tenantnet import components
from tenantnet.components import (
    MYSQL,
    AlarmTopicArgs,
    Claim,
    ClaimKind,
    EndpointRecordArgs,
    Fresh,
    MasterUser,
    Nothing,
    Owner,
    Part,
    PeeringSide,
    PlatformKeyArgs,
    PlatformTablesArgs,
    PrivateVpcArgs,
    RangeClaimArgs,
    SecurityRuleArgs,
    ServicePeeringArgs,
    ServiceRoleArgs,
    SessionSubnetArgs,
    TenantDatabaseArgs,
    TenantNetworkArgs,
    TunnelAccessArgs,
    TunnelHostArgs,
    VpnConnectionArgs,
)
from tenantnet.components.database_peering import DatabasePeeringArgs, DatabaseSide
from tenantnet.refusal import Refused

OWNER = Owner(cell="eu1", tenant="acme", network="blue")
SIDE: dict[str, Any] = {"vpc_id": "vpc-1", "route_table_id": "rtb-1", "cidr": "10.1.2.0/26"}
DATABASE_SIDE: dict[str, Any] = {**SIDE, "owner": OWNER, "security_group_id": "sg-1"}
PLACE: dict[str, Any] = {"owner": Owner(cell="eu1"), "account_id": "123456789012", "region": "eu-west-1"}
CLAIM = Claim(cidr="10.1.2.0/26", tenant="acme", stack="acme", kind=ClaimKind.NETWORK, slot="blue")
BOUNDARY = "arn:aws:iam::123456789012:policy/tenantnet-eu1-boundary"
GOOD: dict[type[Any], dict[str, Any]] = {
    TenantDatabaseArgs: {
        "owner": OWNER,
        "subnet_ids": ["subnet-1", "subnet-2"],
        "security_group_id": "sg-1",
        "source": Fresh(MasterUser(username="acmeadmin", password="Correct-Horse-7")),
        "on_delete": Nothing(),
        "kms_key_arn": "arn",
        "alarm_topic_arn": "arn",
    },
    TenantNetworkArgs: {
        "owner": OWNER,
        "cidr": "10.1.2.0/26",
        "availability_zones": ("eu-west-1a", "eu-west-1b"),
        "ping_host_image": "ami-1",
        "kms_key_arn": "arn",
        "flow_log_role_arn": "arn",
    },
    VpnConnectionArgs: {
        "owner": OWNER,
        "company_cidr": "192.168.4.0/24",
        "company_gateway_ip": "198.51.100.7",
        "description": "Seattle office",
        "vpn_gateway_id": "vgw-1",
        "database_security_group_id": "sg-1",
        "ping_host_security_group_id": "sg-2",
        "alarm_topic_arn": "arn",
    },
    SessionSubnetArgs: {
        "owner": OWNER,
        "vpc_id": "vpc-1",
        "cidr": "172.17.5.0/24",
        "sessions_cidr": "172.17.0.0/16",
        "shared_subnets": ["172.17.255.0/24"],
        "availability_zone": "eu-west-1a",
    },
    TunnelAccessArgs: {"owner": OWNER, "host_name": "acme.db.example.com", "users": ["alice", "bob"]},
    PrivateVpcArgs: {
        "owner": OWNER,
        "part": Part.NETWORK,
        "cidr": "10.1.2.0/26",
        "kms_key_arn": "arn",
        "flow_log_role_arn": "arn",
    },
    PeeringSide: SIDE,
    ServicePeeringArgs: {"owner": OWNER, "network": PeeringSide(**SIDE), "platform": PeeringSide(**SIDE)},
    DatabaseSide: DATABASE_SIDE,
    DatabasePeeringArgs: {
        "owner": OWNER,
        "first": DatabaseSide(**DATABASE_SIDE),
        "second": DatabaseSide(**DATABASE_SIDE),
    },
    SecurityRuleArgs: {
        "owner": OWNER,
        "security_group_id": "sg-1",
        "service": MYSQL,
        "peer_cidr": "192.168.4.0/24",
        "description": "Seattle office",
    },
    PlatformKeyArgs: PLACE,
    PlatformTablesArgs: {"owner": PLACE["owner"], "kms_key_arn": "arn"},
    AlarmTopicArgs: {**PLACE, "kms_key_arn": "arn"},
    ServiceRoleArgs: {
        "owner": PLACE["owner"],
        "account_id": "123456789012",
        "service": "vpc-flow-logs.amazonaws.com",
        "permissions_boundary": BOUNDARY,
    },
    TunnelHostArgs: {
        **PLACE,
        "vpc_id": "vpc-1",
        "subnet_id": "subnet-1",
        "subnet_cidr": "10.32.0.0/26",
        "second_subnet_id": "subnet-2",
        "second_subnet_cidr": "10.32.0.64/26",
        "address": "10.32.0.4",
        "image": "ami-1",
        "kms_key_arn": "arn",
        "permissions_boundary": BOUNDARY,
    },
    RangeClaimArgs: {"cell": "eu1", "claim": CLAIM},
    EndpointRecordArgs: {"host_name": "acme.db.example.com", "zone_id": "Z1", "target": "db.example.com"},
}
BAD: list[tuple[type[Any], dict[str, Any], str]] = [
    (TenantDatabaseArgs, {"instance_class": "db.big"}, "instance_class instance-class"),
    (TenantDatabaseArgs, {"engine_version": "8.0"}, "engine_version engine-version"),
    (TenantDatabaseArgs, {"storage_gb": 19}, "storage_gb storage"),
    (TenantDatabaseArgs, {"storage_gb": "100"}, "storage_gb storage"),
    (TenantDatabaseArgs, {"storage_gb": 400, "iops": 3000}, "iops iops"),
    (TenantDatabaseArgs, {"iops": 12_000}, "iops storage-striped"),
    (
        TenantDatabaseArgs,
        {"storage_gb": 400, "storage_throughput": 1},
        "storage_throughput storage-throughput",
    ),
    (
        TenantDatabaseArgs,
        {"storage_gb": 400, "storage_throughput": 4000},
        "storage_throughput storage-throughput-fits",
    ),
    (TenantDatabaseArgs, {"backup_window": "3:00"}, "backup_window backup-window"),
    (TenantDatabaseArgs, {"backup_window": "03:00-03:30"}, "backup_window windows-together"),
    (TenantDatabaseArgs, {"maintenance_window": "sun"}, "maintenance_window maintenance-window"),
    (
        TenantDatabaseArgs,
        {"backup_window": "03:50-04:20", "maintenance_window": "sun:04:00-sun:04:30"},
        "maintenance_window windows-apart",
    ),
    (TenantDatabaseArgs, {"backup_retention_days": 0}, "backup_retention_days backup-days"),
    (
        TenantDatabaseArgs,
        {"source": Fresh(MasterUser(username="select", password="x" * 12))},
        "username username-free",
    ),
    (
        TenantDatabaseArgs,
        {"source": Fresh(MasterUser(username="acmeadmin", password="Hunter/1"))},
        "password password",
    ),
    (TenantNetworkArgs, {"cidr": "10.1.2.0/25"}, "cidr network-size"),
    (TenantNetworkArgs, {"ping_host_type": "m5.large"}, "ping_host_type ping-host-type"),
    (VpnConnectionArgs, {"company_cidr": "8.8.8.0/24"}, "company_cidr company-private"),
    (VpnConnectionArgs, {"company_gateway_ip": "10.0.0.1"}, "company_gateway_ip gateway-public"),
    *(
        (VpnConnectionArgs, {"description": text}, "description description")
        for text in ("", " a", "a\nb", "a\x9bb", "a\u202eb", "x" * 256, 7)
    ),
    (SessionSubnetArgs, {"cidr": "172.17.5.0/25"}, "cidr session-subnet-size"),
    (SessionSubnetArgs, {"cidr": "172.18.5.0/24"}, "cidr session-subnet-inside"),
    (SessionSubnetArgs, {"cidr": "172.17.255.0/24"}, "cidr session-subnet-own"),
    (SessionSubnetArgs, {"sessions_cidr": "0.0.0.0/0"}, "sessions_cidr range-private"),
    (SessionSubnetArgs, {"sessions_cidr": None}, "sessions_cidr range-text"),
    (SessionSubnetArgs, {"shared_subnets": ["0.0.0.0/0"]}, "shared_subnets range-private"),
    (SessionSubnetArgs, {"shared_subnets": ["10.1.2.0/26"]}, "shared_subnets shared-subnet-inside"),
    (TunnelAccessArgs, {"host_name": "localhost"}, "host_name zone-name"),
    (TunnelAccessArgs, {"users": ["alice", "*"]}, "users tunnel-user"),
    (TunnelAccessArgs, {"users": ["alice", "alice"]}, "users entry-once"),
    (PrivateVpcArgs, {"cidr": "8.8.8.0/24"}, "cidr range-private"),
    (PeeringSide, {"cidr": "0.0.0.0/0"}, "cidr range-private"),
    (DatabaseSide, {"cidr": "0.0.0.0/0"}, "cidr range-private"),
    (SecurityRuleArgs, {"peer_cidr": "::/0"}, "peer_cidr range-notation"),
    (SecurityRuleArgs, {"description": "a\x7fb"}, "description description"),
    (EndpointRecordArgs, {"host_name": "acme"}, "host_name zone-name"),
    (PlatformKeyArgs, {"account_id": "*"}, "account_id account-digits"),
    (PlatformKeyArgs, {"region": "eu"}, "region region"),
    (AlarmTopicArgs, {"account_id": 123456789012}, "account_id account-digits"),
    (AlarmTopicArgs, {"region": "cn-north-1"}, "region region-commercial"),
    (ServiceRoleArgs, {"account_id": ""}, "account_id account-digits"),
    (ServiceRoleArgs, {"service": "*"}, "service aws-id"),
    (ServiceRoleArgs, {"permissions_boundary": "boundary"}, "permissions_boundary aws-arn"),
    (TunnelHostArgs, {"account_id": "12345678901"}, "account_id account-digits"),
    (TunnelHostArgs, {"subnet_cidr": "0.0.0.0/0"}, "subnet_cidr range-private"),
    (TunnelHostArgs, {"second_subnet_cidr": "8.8.8.0/24"}, "second_subnet_cidr range-private"),
    (TunnelHostArgs, {"address": "8.8.8.8"}, "address range-private"),
    (TunnelHostArgs, {"instance_type": "m5.large"}, "instance_type ping-host-type"),
    (RangeClaimArgs, {"claim": replace(CLAIM, cidr="10.1.2.1/26")}, "cidr range-aligned"),
    (RangeClaimArgs, {"claim": replace(CLAIM, tenant="Acme Corp")}, "owner.tenant tenant-name"),
    (RangeClaimArgs, {"cell": "EU 1"}, "owner.cell platform-name"),
    *(
        (args, {"owner": Owner(cell="eu1", tenant="Acme Corp")}, "owner.tenant tenant-name")
        for args in GOOD
        if "owner" in GOOD[args]
    ),
    (PrivateVpcArgs, {"owner": Owner(cell="EU 1")}, "owner.cell platform-name"),
    (PrivateVpcArgs, {"owner": Owner(cell="eu1", tenant="acme", network="red")}, "owner.network word-known"),
    (PrivateVpcArgs, {"owner": Owner(cell="acme", tenant="acme")}, "owner.tenant tenant-name-free"),
]


def test_every_component_of_the_library_checks_its_arguments() -> None:
    public = {getattr(components, name) for name in components.__all__ if name.endswith("Args")}
    assert public <= {args for args, _, _ in BAD}


@pytest.mark.parametrize("args", GOOD, ids=lambda args: args.__name__)
def test_what_the_settings_permit_is_taken(args: type[Any]) -> None:
    args(**GOOD[args])


@pytest.mark.parametrize(("args", "changed", "refused"), BAD)
def test_what_the_settings_refuse_is_refused(args: type[Any], changed: dict[str, Any], refused: str) -> None:
    with pytest.raises(Refused) as caught:
        args(**{**GOOD[args], **changed})
    assert [f"{each.path} {each.rule_id}" for each in caught.value.refusals] == [refused]
    said = str(caught.value)
    assert all(each.isprintable() or each == "\n" for each in said)
    assert "Hunter" not in said


def test_what_is_not_known_yet_is_not_judged() -> None:
    async def program() -> None:
        later = pulumi.Output.from_input("later")
        SecurityRuleArgs(**{**GOOD[SecurityRuleArgs], "peer_cidr": later})
        PeeringSide(**{**SIDE, "cidr": later})
        EndpointRecordArgs(**{**GOOD[EndpointRecordArgs], "host_name": later})

    # An output needs a loop, and another test of this process may have ended the last one.
    asyncio.run(program())
