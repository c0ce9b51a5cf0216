"""What people will notice of an update."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tenantnet.aws import types
from tenantnet.engine.events import Operation
from tenantnet.review.effects import UNINTERRUPTED, effects, refused_sizes
from tenantnet.review.model import Preview, PreviewedResource
from tenantnet.review.verdict import Verdict, worst

from tests.support.review_samples import CONNECTION, component, connection, database, preview, resource, tags

UPDATE, REPLACE, DELETE, CREATE = Operation.UPDATE, Operation.REPLACE, Operation.DELETE, Operation.CREATE


def verdict(shown_preview: Preview) -> Verdict:
    return worst([effect.verdict for effect in effects(shown_preview)])


def text(shown_preview: Preview) -> str:
    return "\n".join(effect.text for effect in effects(shown_preview))


def test_nothing_that_stays_has_an_effect() -> None:
    assert effects(preview(database(), *connection())) == []


def test_a_new_tenant_takes_nothing_down() -> None:
    assert verdict(preview(database(CREATE), *connection(CREATE))) is Verdict.SAFE


def test_another_instance_class_restarts_the_database() -> None:
    told = preview(database(UPDATE, instanceClass="db.m7g.large"))
    assert verdict(told) is Verdict.DATABASE_DOWN
    assert "down for some minutes, at once" in text(told)


def test_a_standby_shortens_the_restart() -> None:
    old = {"multiAz": True, "applyImmediately": True}
    told = preview(resource(types.DATABASE, "acme-blue", UPDATE, old=old, changed=("instanceClass",)))
    assert "for a minute or two" in text(told)


def test_a_change_that_is_not_immediate_waits_for_the_maintenance_window() -> None:
    told = preview(database(UPDATE, "engineVersion", engineVersion="8.5", applyImmediately=False))
    assert "in its next maintenance window" in text(told)


@pytest.mark.parametrize("setting", sorted(UNINTERRUPTED - {"password"}))
def test_a_setting_that_interrupts_nothing_is_safe(setting: str) -> None:
    assert verdict(preview(database(UPDATE, setting))) is Verdict.SAFE


def test_a_setting_of_which_nothing_is_known_is_taken_to_interrupt() -> None:
    assert verdict(preview(database(UPDATE, "somethingNew"))) is Verdict.DATABASE_DOWN


def test_backups_that_are_switched_off_interrupt_where_other_days_do_not() -> None:
    assert verdict(preview(database(UPDATE, backupRetentionPeriod=21))) is Verdict.SAFE
    told = preview(database(UPDATE, backupRetentionPeriod=0))
    assert "restarts because backupRetentionPeriod changes" in text(told)


def test_a_size_that_rds_makes_another_one_of_is_told() -> None:
    told = preview(database(UPDATE, allocatedStorage=105))
    assert verdict(told) is Verdict.SAFE
    assert "from 100 to 105 GiB: storage grows by 10 % or more at a time" in text(told)
    assert refused_sizes(told) == []


def test_a_smaller_size_is_refused_with_the_way_out() -> None:
    (refusal,) = refused_sizes(preview(database(UPDATE, allocatedStorage=99)))
    assert (refusal.path, refusal.value, refusal.rule_id) == ("database.storageGb", "99", "storage-grows")
    assert "give 110 GiB or more" in refusal.remedy


def test_storage_that_grows_by_a_tenth_has_nothing_against_it() -> None:
    assert "cannot go" not in text(preview(database(UPDATE, allocatedStorage=110)))


def test_another_maintenance_window_may_begin_what_was_put_off() -> None:
    told = preview(database(UPDATE, maintenanceWindow="sun:04:00-sun:04:30"))
    assert (verdict(told), "begins at once if the new window is now" in text(told)) == (Verdict.SAFE, True)


@pytest.mark.parametrize("setting", ["allocatedStorage", "iops", "storageThroughput"])
def test_other_storage_is_optimized_for_hours(setting: str) -> None:
    told = preview(database(UPDATE, setting))
    assert verdict(told) is Verdict.SAFE
    assert "optimizes the storage of database acme-blue for hours" in text(told)


def test_backups_that_are_kept_for_fewer_days_are_protection_that_goes() -> None:
    told = preview(database(UPDATE, backupRetentionPeriod=7))
    assert verdict(told) is Verdict.UNPROTECTS
    assert "keeps its backups for 7 days, no longer 14" in text(told)


def test_another_password_is_noticed_by_every_client_that_has_the_former_one() -> None:
    told = preview(database(UPDATE, "password"))
    assert verdict(told) is Verdict.DATABASE_DOWN
    assert "the former password of database acme-blue are refused at their next login" in text(told)
    copy = database(UPDATE, "password", tags=tags(**{"tenantnet:lifecycle": "test"}))
    assert verdict(preview(copy)) is Verdict.SAFE


def test_a_company_with_another_range_gets_a_new_connection_and_needs_its_guide() -> None:
    renumbered = [
        replace(each, urn=f"{each.urn}-2", parent=f"{each.parent}-2") for each in connection(CREATE)
    ]
    told = preview(*connection(DELETE), *renumbered)
    assert verdict(told) is Verdict.TUNNEL_DOWN
    assert "both tunnels of Seattle office (192.168.4.0/24) go down, and Seattle office" in text(told)
    assert "its new guide (tenantnet vpn download)" in text(told)
    assert (
        text(preview(*connection(DELETE)))
        == "both tunnels of Seattle office (192.168.4.0/24) go down for good"
    )


def test_a_replaced_database_loses_its_data_whatever_else_happens() -> None:
    told = preview(database(REPLACE, "username"), *connection(UPDATE, "customerGatewayId"))
    assert verdict(told) is Verdict.DESTROYS_DATA
    assert "acme-blue-final-1" in text(told)
    assert "username" in text(told)


def test_a_database_without_a_final_snapshot_says_so() -> None:
    gone = resource(types.DATABASE, "acme-blue", DELETE, old={"skipFinalSnapshot": True})
    assert "no final snapshot is taken" in text(preview(gone))


def test_a_copy_that_is_discarded_holds_no_data_of_its_own() -> None:
    old = {"tags": tags(**{"tenantnet:lifecycle": "discarded"})}
    assert verdict(preview(resource(types.DATABASE, "acme-green", DELETE, old=old))) is Verdict.SAFE


@pytest.mark.parametrize("operation", [DELETE, REPLACE])
def test_a_vpn_connection_that_goes_takes_both_tunnels_with_it(operation: Operation) -> None:
    told = preview(*connection(operation))
    assert verdict(told) is Verdict.TUNNEL_DOWN
    assert "both tunnels of Seattle office (192.168.4.0/24)" in text(told)


def test_another_customer_gateway_takes_both_tunnels_down() -> None:
    assert "both tunnels of Seattle office" in text(preview(*connection(UPDATE, "customerGatewayId")))


def test_an_option_of_one_tunnel_takes_only_that_one_down() -> None:
    told = text(preview(*connection(UPDATE, "tunnel2Phase1LifetimeSeconds", "tags")))
    assert "tunnel 2 of Seattle office" in told
    assert "tunnel 1" not in told
    assert "tags" not in told


def test_other_tags_take_no_tunnel_down() -> None:
    assert effects(preview(*connection(UPDATE, "tags", "tagsAll"))) == []


def test_a_lost_route_takes_the_tunnel_down_though_the_connection_stays() -> None:
    assert verdict(preview(*connection(route=DELETE))) is Verdict.TUNNEL_DOWN


def test_a_rule_of_a_vpn_connection_belongs_to_its_tunnel() -> None:
    parent, *others = connection()
    rule = resource(types.INGRESS_RULE, f"{CONNECTION}-database", DELETE, parent=parent)
    assert verdict(preview(parent, *others, rule)) is Verdict.TUNNEL_DOWN


def test_sessions_without_their_rule_do_not_reach_the_database() -> None:
    network = component("TenantNetwork", "acme-blue")
    rule = resource(
        types.INGRESS_RULE,
        "acme-blue-sessions",
        REPLACE,
        parent=network,
        old={"description": "the tenant's sessions", "tags": tags()},
    )
    told = preview(network, database(), rule)
    assert verdict(told) is Verdict.DATABASE_DOWN
    assert "the tenant's sessions no longer reaches the database" in text(told)


@pytest.mark.parametrize(
    "path",
    [
        resource(types.PEERING, "acme-blue-sessions", REPLACE, old={"tags": tags()}),
        resource(types.ROUTE, "acme-blue-sessions-back", DELETE),
        resource(types.SUBNET, "acme-blue-database-a", REPLACE, old={"tags": tags()}),
    ],
)
def test_a_cut_way_to_the_production_database_takes_it_down(path: PreviewedResource) -> None:
    assert verdict(preview(database(), path)) is Verdict.DATABASE_DOWN


def test_a_test_network_without_a_database_may_go() -> None:
    green = {"tags": {**tags(), "tenantnet:network": "green"}}
    gone = [
        resource(kind, "acme-green", DELETE, old=green) for kind in (types.VPC, types.SUBNET, types.PEERING)
    ]
    assert verdict(preview(database(), *gone)) is Verdict.SAFE


def test_a_fenced_database_takes_no_writes() -> None:
    old, new = ({"parameters": [{"name": "read_only", "value": value}]} for value in "01")
    told = preview(
        resource(types.PARAMETER_GROUP, "acme-blue", UPDATE, old=old, new=new, changed=("parameters",))
    )
    assert verdict(told) is Verdict.DATABASE_DOWN


def test_identifiers_of_transactions_wait_for_a_restart_that_the_update_does_not_do() -> None:
    gtid = {"name": "gtid-mode", "value": "ON", "applyMethod": "pending-reboot"}
    old, new = ({"parameters": listed} for listed in ([], [gtid]))
    told = preview(
        resource(types.PARAMETER_GROUP, "acme-blue", UPDATE, old=old, new=new, changed=("parameters",))
    )
    assert verdict(told) is Verdict.SAFE
    assert "gtid-mode of database acme-blue is in force only after a restart" in text(told)
    assert "aws rds reboot-db-instance --db-instance-identifier acme-blue" in text(told)


def test_a_way_between_two_databases_that_goes_takes_no_client_its_way() -> None:
    joint = component("DatabasePeering", "acme-databases", DELETE)
    parts = [
        resource(kind, name, DELETE, parent=joint, old={"tags": tags()})
        for kind, name in (
            (types.PEERING, "acme-databases"),
            (types.ROUTE, "acme-databases-out"),
            (types.INGRESS_RULE, "acme-blue-from-green"),
            (types.EGRESS_RULE, "acme-blue-to-green"),
        )
    ]
    told = preview(database(), joint, *parts)
    assert verdict(told) is Verdict.SAFE
    assert "no longer follows" in text(told)
    assert "reaches the database" not in text(told)


@pytest.mark.parametrize("type_", [types.KEY, types.TABLE, "aws:s3/bucket:Bucket", "aws:ebs/volume:Volume"])
def test_what_holds_data_or_may_hold_some_is_not_deleted_silently(type_: str) -> None:
    assert verdict(preview(database(), resource(type_, "some", DELETE))) is Verdict.DESTROYS_DATA


def test_the_worst_effect_comes_first() -> None:
    told = effects(preview(*connection(DELETE), database(DELETE)))
    assert [effect.verdict for effect in told] == [Verdict.DESTROYS_DATA, Verdict.TUNNEL_DOWN]


@pytest.mark.parametrize(
    ("kind", "setting"),
    [(types.DATABASE, "deletionProtection"), (types.TABLE, "deletionProtectionEnabled")],
)
def test_what_loses_its_protection_can_be_deleted_next(kind: str, setting: str) -> None:
    protected: dict[str, Any] = {"protected": True, "old": {setting: True}}
    off = resource(kind, "it", UPDATE, **protected, new={setting: False}, changed=(setting,))
    assert verdict(preview(off)) is Verdict.UNPROTECTS
    left_out = replace(off, new={})
    assert verdict(preview(left_out)) is Verdict.UNPROTECTS
    on = resource(kind, "it", UPDATE, old={setting: False}, new={setting: True}, changed=(setting,))
    assert verdict(preview(on)) is Verdict.SAFE


def test_protection_that_pulumi_alone_gives_up_is_told_although_nothing_changes_in_aws() -> None:
    told = preview(replace(database(), protected=True, stays_protected=False))
    assert verdict(told) is Verdict.UNPROTECTS
    assert "no longer protected (protect)" in text(told)
    assert verdict(preview(replace(database(), protected=True))) is Verdict.SAFE


def test_what_is_deleted_is_not_told_to_lose_its_protection_too() -> None:
    told = preview(replace(database(DELETE), protected=True, stays_protected=False))
    assert verdict(told) is Verdict.DESTROYS_DATA
    assert "no longer protected" not in text(told)
