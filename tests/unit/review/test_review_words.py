"""The changes of a preview in plain words."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from tenantnet.aws import types
from tenantnet.engine.differences import SECRET_MARK
from tenantnet.engine.events import Operation
from tenantnet.review.model import PreviewedResource
from tenantnet.review.shown import UNSAFE, shown
from tenantnet.review.words import sentences

from tests.support.review_samples import component, connection, database, preview, resource, tags

UPDATE, REPLACE, DELETE, CREATE = Operation.UPDATE, Operation.REPLACE, Operation.DELETE, Operation.CREATE
SEATTLE = "Seattle office, 192.168.4.0/24 via 198.51.100.7 (network blue)"


def test_a_vpn_connection_is_told_by_place_range_and_gateway() -> None:
    assert sentences(preview(*connection(CREATE))) == [f"adds VPN connection {SEATTLE}"]
    assert sentences(preview(*connection(DELETE))) == [f"removes VPN connection {SEATTLE}"]


def made_anew(**route: Any) -> list[PreviewedResource]:
    """A connection that was deleted by hand, after a refresh: its component and its gateway are there."""
    parent, gateway, old, former = connection()
    new = resource(types.VPN_CONNECTION, old.name, CREATE, parent=parent, new=old.old)
    alarm = resource(
        types.ALARM, f"{old.name}-down", UPDATE, parent=parent, old={"dimensions": 1}, changed=("dimensions",)
    )
    its_route = resource(former.type, former.name, parent=parent, **{"operation": CREATE, **route})
    return [parent, gateway, new, its_route, alarm]


def test_a_connection_that_is_made_anew_is_told_as_a_new_one_without_what_follows_from_it() -> None:
    cidr = {"destinationCidrBlock": "192.168.4.0/24"}
    assert sentences(preview(*made_anew(new=cidr))) == [f"adds VPN connection {SEATTLE}"]
    other = made_anew(
        operation=REPLACE,
        old=cidr,
        new={"destinationCidrBlock": "10.9.0.0/16"},
        changed=("destinationCidrBlock",),
    )
    assert any("10.9.0.0/16" in each and "route" in each for each in sentences(preview(*other)))


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
        "changes descriptions of 1 resource",
    ]


def test_a_change_of_labels_says_of_which() -> None:
    def labelled(name: str, *changed: str, **own: str) -> PreviewedResource:
        new = {"tags": tags(**own)}
        return resource(types.SUBNET, name, UPDATE, old={"tags": tags(team="a")}, new=new, changed=changed)

    owned = [labelled(name, "tags", "tagsAll", team="b") for name in ("one", "two")]
    assert sentences(preview(*owned)) == ["changes tag team of 2 resources"]
    described = labelled("three", "tags", "description", owner="c")
    words = "changes tags owner, team and descriptions of 3 resources"
    assert sentences(preview(*owned, described)) == [words]


def test_an_alarm_counts_bytes_as_people_do() -> None:
    def alarm(metric: str, old: int, new: int) -> list[str]:
        states = ({"metricName": metric, "threshold": value} for value in (old, new))
        before, after = states
        changed = resource(types.ALARM, metric, UPDATE, old=before, new=after, changed=("threshold",))
        return sentences(preview(changed))

    words = "changes alarm {}: threshold {}".format
    storage = alarm("FreeStorageSpace", 10 * 2**30, 21474836480)
    assert storage == [words("FreeStorageSpace", "10 GiB → 20 GiB")]
    memory = alarm("FreeableMemory", 107374182, 429496729)
    assert memory == [words("FreeableMemory", "102.4 MiB → 409.6 MiB")]
    assert alarm("CPUUtilization", 90, 95) == [words("CPUUtilization", "90 → 95")]


@pytest.mark.parametrize(
    ("new", "sentence"),
    [
        ({"instanceClass": "db.m7g.large"}, "resizes database acme-blue from db.t4g.small to db.m7g.large"),
        ({"allocatedStorage": 200}, "grows the storage of database acme-blue from 100 to 200 GiB"),
        ({"allocatedStorage": 50}, "shrinks the storage of database acme-blue from 100 to 50 GiB"),
        ({"multiAz": True}, "gives database acme-blue a standby in a second zone"),
        ({"iops": 20_000}, "changes database acme-blue: IOPS 12000 → 20000"),
        ({"backupWindow": "03:00-03:30"}, "moves the daily backup of database acme-blue to 03:00-03:30 UTC"),
        (
            {"maintenanceWindow": "sun:04:00-sun:04:30"},
            "moves the weekly maintenance of database acme-blue to sun:04:00-sun:04:30 UTC",
        ),
        ({"backupRetentionPeriod": 21}, "changes database acme-blue: days of backups 14 → 21"),
        ({"password": "[secret]"}, "changes the master password of database acme-blue"),
    ],
)
def test_a_changed_database_is_told_in_its_own_words(new: dict[str, object], sentence: str) -> None:
    assert sentences(preview(database(UPDATE, **new))) == [sentence]


def test_parameters_of_mysql_are_told_one_by_one() -> None:
    def group(**values: str) -> dict[str, object]:
        return {"parameters": [{"name": name, "value": value} for name, value in values.items()]}

    before = group(sql_mode="ANSI", read_only="{TrueIfReplica}", wait_timeout="60")
    after = group(sql_mode="TRADITIONAL", read_only="{TrueIfReplica}", event_scheduler="OFF")
    assert sentences(preview(shown_resource(types.PARAMETER_GROUP, UPDATE, before, after))) == [
        "changes event_scheduler of database acme: none → OFF",
        "changes sql_mode of database acme: ANSI → TRADITIONAL",
        "changes wait_timeout of database acme: 60 → none",
    ]


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


@pytest.mark.parametrize(
    ("operation", "sentence"),
    [
        (CREATE, "adds a way between the two databases, for MySQL alone: the one follows the other"),
        (DELETE, "parts the two networks: neither database reaches the other any more"),
    ],
)
def test_a_way_between_two_databases_is_told_in_one_sentence(operation: Operation, sentence: str) -> None:
    joint = component("DatabasePeering", "acme-databases", operation)
    peering = resource(types.PEERING, "acme-databases", operation, parent=joint)
    assert sentences(preview(joint, peering)) == [sentence]


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
    assert sentences(preview(document)) == ["changes SSM document acme-tunnel: content"]


def test_what_stays_is_not_told() -> None:
    assert sentences(preview(database(), *connection())) == []


ROLE = "aws:iam/role:Role"


def trust(principal: str) -> dict[str, str]:
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    return {"assumeRolePolicy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}


def shown_resource(
    type_: str, operation: Operation, old: dict[str, Any], new: dict[str, Any]
) -> PreviewedResource:
    """A resource whose values have come through what may be shown."""
    changed = tuple(name for name in {**old, **new} if old.get(name) != new.get(name))
    found = resource(type_, "acme", operation, old=shown(type_, old), changed=changed)
    return replace(found, new=shown(type_, new))


@pytest.mark.parametrize(
    ("type_", "old", "new", "told"),
    [
        (types.DATABASE, {"publiclyAccessible": False}, {"publiclyAccessible": True}, "false → true"),
        (types.DATABASE, {"iamDatabaseAuthenticationEnabled": True}, {}, "true → none"),
        (
            types.INGRESS_RULE,
            {"cidrIpv4": "10.1.2.0/26"},
            {"cidrIpv4": "0.0.0.0/0"},
            "10.1.2.0/26 → 0.0.0.0/0",
        ),
        (
            types.TABLE,
            {"deletionProtectionEnabled": True},
            {"deletionProtectionEnabled": False},
            "true → false",
        ),
        (
            types.SECURITY_GROUP,
            {"ingress": [{"cidrBlocks": ["10.0.0.0/8"]}]},
            {"ingress": [{"cidrBlocks": ["10.0.0.0/8", "0.0.0.0/0"]}]},
            "ingress[0].cidrBlocks[1] none → 0.0.0.0/0",
        ),
        (
            ROLE,
            trust("arn:aws:iam::1:root"),
            trust("*"),
            "Statement[0].Principal.AWS arn:aws:iam::1:root → *",
        ),
        (
            types.VPN_CONNECTION,
            {"tunnel1Phase1DhGroupNumbers": [20]},
            {"tunnel1Phase1DhGroupNumbers": [2]},
            "tunnel1Phase1DhGroupNumbers[0] 20 → 2",
        ),
    ],
)
def test_what_safety_depends_on_is_told_by_its_values(
    type_: str, old: dict[str, Any], new: dict[str, Any], told: str
) -> None:
    (sentence,) = sentences(preview(shown_resource(type_, UPDATE, old, new)))
    assert sentence.endswith(told)


def test_no_difference_hides_behind_others() -> None:
    many = {"ingress": [{"fromPort": number} for number in range(60)]}
    told = sentences(preview(shown_resource(types.SECURITY_GROUP, UPDATE, {"ingress": []}, many)))
    assert len(told) == 60


def test_a_database_that_is_replaced_tells_what_safety_depends_on() -> None:
    replaced = shown_resource(
        types.DATABASE, REPLACE, {"storageEncrypted": True}, {"storageEncrypted": False}
    )
    told = sentences(preview(replaced))
    assert "replaces database acme: storageEncrypted true → false" in told
    assert "RDS instance acme is new with storageEncrypted false" in told


@pytest.mark.parametrize(("name", "value"), list(UNSAFE.items()))
def test_an_unsafe_value_of_something_new_is_told_even_in_a_new_component(name: str, value: object) -> None:
    parent = component("TenantDatabase", "acme-blue", CREATE)
    inside = replace(resource(types.DATABASE, "acme-blue", CREATE, parent=parent), new={name: value})
    assert sentences(preview(parent, inside))[0].startswith(f"RDS instance acme-blue is new with {name} ")


def test_a_new_resource_is_told_with_what_safety_depends_on() -> None:
    rule = {"cidrIpv4": "10.0.0.0/8", "fromPort": 3306, "securityGroupId": "sg-1"}
    told = sentences(preview(shown_resource(types.INGRESS_RULE, CREATE, {}, rule)))
    assert told == ["adds security group ingress rule acme: cidrIpv4 10.0.0.0/8, fromPort 3306"]


def test_a_rule_that_comes_or_goes_is_told_by_what_it_lets_through() -> None:
    database = {"cidrIpv4": "172.17.5.0/24", "fromPort": 3306, "ipProtocol": "tcp", "toPort": 3306}
    out = {"cidrIpv6": "::/0", "ipProtocol": "-1"}
    told = sentences(
        preview(
            shown_resource(types.INGRESS_RULE, CREATE, {}, database),
            shown_resource(types.EGRESS_RULE, DELETE, out, {}),
        )
    )
    assert told == [
        "removes security group egress rule acme: all traffic to ::/0",
        "adds security group ingress rule acme: TCP 3306 from 172.17.5.0/24",
    ]


@pytest.mark.parametrize("name", ["tunnel1PresharedKey", "password", "secretString", "content", "userData"])
def test_secrets_have_no_values(name: str) -> None:
    assert shown("aws:any/thing:Thing", {name: "psk"}) == {}


def test_a_secret_among_what_safety_depends_on_is_not_shown() -> None:
    secret = {SECRET_MARK: "1b47061264138c4ac30d75fd1eb44270", "plaintext": "psk"}
    assert shown(ROLE, {"policy": secret}) == {"policy": "[secret]"}


def test_what_is_a_secret_by_its_form_is_not_shown() -> None:
    old, new = (
        {"policy": json.dumps({"Sid": "password=hunter2", "Url": f"{each}://a:hunter2@h"})} for each in "xy"
    )
    for before, after in (({}, new), (old, new), ({}, {"policy": "mysql://a:hunter2@h"})):
        told = sentences(preview(shown_resource(ROLE, UPDATE if before else CREATE, before, after)))
        assert "(not shown)" in "".join(told)
        assert "hunter2" not in "".join(told)
