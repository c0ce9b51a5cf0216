"""The changes of a preview in plain words."""

from __future__ import annotations

import pytest
from tenantnet.aws import types
from tenantnet.engine.events import Operation
from tenantnet.review.words import sentences

from tests.support.review_samples import component, connection, database, preview, resource, tags

UPDATE, REPLACE, DELETE, CREATE = Operation.UPDATE, Operation.REPLACE, Operation.DELETE, Operation.CREATE
SEATTLE = "Seattle office, 192.168.4.0/24 via 198.51.100.7 (network blue)"


def test_a_vpn_connection_is_told_by_place_range_and_gateway() -> None:
    assert sentences(preview(*connection(CREATE))) == [f"adds VPN connection {SEATTLE}"]
    assert sentences(preview(*connection(DELETE))) == [f"removes VPN connection {SEATTLE}"]


def test_another_gateway_is_told_once() -> None:
    parent, _, *others = connection(UPDATE, "customerGatewayId")
    gateway = resource(
        types.CUSTOMER_GATEWAY,
        "acme-blue-vpn-192-168-4-0-24",
        REPLACE,
        parent=parent,
        old={"ipAddress": "198.51.100.7"},
        new={"ipAddress": "198.51.100.9"},
        changed=("ipAddress",),
    )
    assert sentences(preview(parent, gateway, *others)) == [
        "moves VPN connection Seattle office (192.168.4.0/24) from gateway 198.51.100.7 to 198.51.100.9"
    ]


def test_a_new_description_is_a_new_name() -> None:
    parent, gateway, old, route = connection()
    renamed = resource(
        types.VPN_CONNECTION,
        old.name,
        UPDATE,
        parent=parent,
        old=old.old,
        new={"tags": tags(**{"tenantnet:description": "Seattle plant"})},
        changed=("tags", "tagsAll"),
    )
    rule = resource(
        types.INGRESS_RULE, f"{old.name}-database", UPDATE, parent=parent, changed=("description",)
    )
    assert sentences(preview(parent, gateway, renamed, route, rule)) == [
        "renames VPN connection Seattle office to Seattle plant (192.168.4.0/24)",
        "changes tags or descriptions of 1 resource",
    ]


@pytest.mark.parametrize(
    ("new", "sentence"),
    [
        ({"instanceClass": "db.m7g.large"}, "resizes database acme-blue from db.t4g.small to db.m7g.large"),
        ({"allocatedStorage": 200}, "grows the storage of database acme-blue from 100 to 200 GiB"),
        ({"multiAz": True}, "gives database acme-blue a standby in a second zone"),
        ({"deletionProtection": False}, "no longer protects database acme-blue against deletion"),
        ({"backupRetentionPeriod": 21}, "changes database acme-blue: days of backups 14 → 21"),
        ({"password": "[secret]"}, "changes the master password of database acme-blue"),
    ],
)
def test_a_changed_database_is_told_in_its_own_words(new: dict[str, object], sentence: str) -> None:
    assert sentences(preview(database(UPDATE, **new))) == [sentence]


def test_a_new_network_says_that_it_is_claimed_and_peered() -> None:
    network = component("TenantNetwork", "acme-green", CREATE)
    vpc = component("PrivateVpc", "acme-green", CREATE, parent=network.urn)
    claim = component("RangeClaim", "acme-green", CREATE)
    peering = component("ServicePeering", "acme-green-sessions", CREATE)
    told = preview(
        network,
        vpc,
        claim,
        peering,
        resource(types.VPC, "acme-green", CREATE, parent=vpc, new={"cidrBlock": "10.1.3.0/26"}),
        resource(
            types.INSTANCE, "acme-green-ping-host", CREATE, parent=network, new={"privateIp": "10.1.3.42"}
        ),
        resource(types.TABLE_ITEM, "acme-green", CREATE, parent=claim, new={"item": "{}"}),
        resource(types.PEERING, "acme-green-sessions", CREATE, parent=peering),
    )
    assert sentences(told) == ["adds network green, 10.1.3.0/26, with its ping host 10.1.3.42"]


def test_a_tunnel_user_is_told_by_name() -> None:
    access = component("TunnelAccess", "acme-tunnel")
    nobody, alice = {"tags": {"Name": "x"}}, {"tags": {"Name": "x", "tenantnet:tunnel-users": "/alice/"}}

    changes = [
        resource(
            types.DOCUMENT,
            "acme-tunnel",
            UPDATE,
            parent=access,
            old=old,
            new=new,
            changed=("tags", "tagsAll"),
        )
        for old, new in ((nobody, alice), (alice, nobody))
    ]
    lets, no_longer = (sentences(preview(access, change)) for change in changes)
    assert lets == ["lets alice open a tunnel to the database"]
    assert no_longer == ["no longer lets alice open a tunnel to the database"]


def test_a_property_that_may_not_be_shown_is_told_by_name() -> None:
    document = resource("aws:ssm/document:Document", "acme-tunnel", UPDATE, changed=("content", "tagsAll"))
    assert sentences(preview(document)) == ["changes Document acme-tunnel: content"]


def test_what_stays_is_not_told() -> None:
    assert sentences(preview(database(), *connection())) == []
