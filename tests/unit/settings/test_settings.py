"""Settings made of what Pulumi or a YAML reader gives: what they hold, and what is refused."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tenantnet.addresses.addressing import DEFAULT_RESERVED, ReservedRange
from tenantnet.refusal import Refused
from tenantnet.secret_forms import NOT_SHOWN
from tenantnet.settings import rules
from tenantnet.settings.checks import check_password, check_timezone, check_username
from tenantnet.settings.loading import judge_platform, judge_tenant, load_platform, load_tenant
from tenantnet.settings.models import TenantFile
from tenantnet.settings.mysql_words import RDS_ACCOUNTS, RESERVED_WORDS
from tenantnet.settings.relations import tenant_relations
from tenantnet.tags import Slot, Strategy

from tests.support import oracle
from tests.support.examples import examples
from tools.rulebook.book import rules_in
from tools.rulebook.settings import PLATFORM, TENANT

PASSWORD = "correct-Horse9"

MINIMAL: dict[str, Any] = {
    "platform": "platform-eu1",
    "sessionSubnet": "172.17.5.0/24",
    "database": {"username": "acmeadmin"},
    "networks": {"blue": {"cidr": "10.1.2.0/26"}},
}


def with_network(cidr: object) -> dict[str, Any]:
    return {**MINIMAL, "networks": {"blue": {"cidr": cidr}}}


def test_an_abbreviation_is_not_taken_for_another_one_hours_away() -> None:
    (refusal,) = check_timezone("CEST")
    assert "did you mean" not in refusal.remedy
    (refusal,) = check_timezone("Europe/Amsterdm")
    assert "did you mean Europe/Amsterdam?" in refusal.remedy


def moving_at(at: str, timezone: str) -> dict[str, Any]:
    return {**TENANT, "migration": {**TENANT["migration"], "at": at, "timezone": timezone}}


def refused(name: str, raw: object, password: str | None = PASSWORD) -> list[str]:
    """`path rule` of every refusal."""
    with pytest.raises(Refused) as error:
        load_tenant(name, raw, password=password)
    return [f"{refusal.path} {refusal.rule_id}" for refusal in error.value.refusals]


def test_a_tenant_has_what_its_file_says() -> None:
    tenant = load_tenant("acme", TENANT, password=PASSWORD)
    blue = tenant.networks[Slot.BLUE]
    assert (tenant.name, tenant.platform, tenant.session_subnet) == ("acme", "platform-eu1", "172.17.5.0/24")
    assert (blue.cidr, blue.vpn_connections[1].company_gateway_ip) == ("10.1.2.0/26", "198.51.100.8")
    assert list(tenant.networks) == [Slot.BLUE, Slot.GREEN]
    assert tenant.migration is not None
    assert (tenant.migration.to, tenant.migration.strategy) == (Slot.GREEN, Strategy.REPLICA)
    assert tenant.migration.retire_after == timedelta(hours=24)
    assert tenant.migration.instant == datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
    assert tenant.tunnel_users == ["alice", "bob"]


def test_what_a_tenants_file_leaves_out_has_a_default() -> None:
    tenant = load_tenant("acme", MINIMAL, password=PASSWORD)
    assert (tenant.database.instance_class, tenant.database.storage_gb) == ("db.t4g.small", 100)
    assert tenant.database.multi_az is False
    assert tenant.networks[Slot.BLUE].ping_host_type == "t4g.nano"
    assert tenant.networks[Slot.BLUE].vpn_connections == []
    assert (tenant.migration, tenant.tunnel_users, tenant.retiring) == (None, [], False)


def test_a_move_without_more_words_is_a_replica_and_waits_a_day() -> None:
    migration = {key: TENANT["migration"][key] for key in ("to", "at", "timezone")}
    tenant = load_tenant("acme", {**TENANT, "migration": migration}, password=PASSWORD)
    assert tenant.migration is not None
    assert (tenant.migration.strategy, tenant.migration.retire_after) == (Strategy.REPLICA, timedelta(days=1))


def test_a_platform_has_what_its_file_says() -> None:
    platform = load_platform("platform-eu1", PLATFORM)
    assert (platform.cell, platform.zone.name, platform.zone.zone_id) == ("eu1", "db.example.com", None)
    assert (platform.sessions.cidr, platform.services.cidr) == ("172.17.0.0/16", "10.32.0.0/16")


def test_a_platform_may_use_what_exists() -> None:
    existing = {
        "zone": {"name": "db.example.com", "zoneId": "Z0123456789"},
        "sessions": {"vpcId": "vpc-0123456789abcdef0", "sharedSubnets": ["172.17.255.0/24"]},
        "services": {
            "vpcId": "vpc-1234abcd",
            "subnetId": "subnet-0123456789abcdef0",
            "routeTableId": "rtb-1234abcd",
        },
    }
    platform = load_platform("platform-eu1", existing)
    services = platform.services
    assert platform.sessions.shared_subnets == ["172.17.255.0/24"]
    assert (services.vpc_id, services.route_table_id) == ("vpc-1234abcd", "rtb-1234abcd")


def test_a_platform_lies_in_the_ranges_that_its_organisation_reserves() -> None:
    reserved = [ReservedRange("10.96.0.0/12", "services"), ReservedRange("10.250.0.0/16", "sessions")]
    raw = {**PLATFORM, "services": {"cidr": "10.96.0.0/16"}, "sessions": {"cidr": "10.250.0.0/20"}}
    assert load_platform("platform-eu1", raw, reserved=reserved).sessions.cidr == "10.250.0.0/20"
    with pytest.raises(Refused, match=r"10\.96\.0\.0/12"):
        load_platform("platform-eu1", PLATFORM, reserved=reserved)


def test_a_tenant_keeps_away_from_the_ranges_that_its_organisation_reserves() -> None:
    reserved = [*DEFAULT_RESERVED, ReservedRange("10.1.0.0/16", "data centre")]
    with pytest.raises(Refused, match="data centre"):
        load_tenant("acme", MINIMAL, password=PASSWORD, reserved=reserved)


def test_a_session_subnet_lies_in_the_organisations_own_sessions_range() -> None:
    reserved = [ReservedRange("10.250.0.0/16", "sessions"), ReservedRange("10.251.0.0/16", "sessions")]
    raw = {**MINIMAL, "sessionSubnet": "10.251.7.0/24"}
    assert load_tenant("acme", raw, password=PASSWORD, reserved=reserved).session_subnet == "10.251.7.0/24"
    with pytest.raises(Refused, match=r"10\.250\.0\.0/16"):
        load_tenant("acme", MINIMAL, password=PASSWORD, reserved=reserved)


def test_the_same_company_on_both_networks_is_fine() -> None:
    tenant = load_tenant("acme", TENANT, password=PASSWORD)
    companies = [network.vpn_connections[0].company_cidr for network in tenant.networks.values()]
    assert companies == ["192.168.4.0/24", "192.168.4.0/24"]


def test_two_companies_may_share_a_gateway() -> None:
    raw = copy.deepcopy(TENANT)
    for connection in raw["networks"]["blue"]["vpnConnections"]:
        connection["companyGatewayIp"] = "198.51.100.7"
    load_tenant("acme", raw, password=PASSWORD)


def test_settings_cannot_be_changed() -> None:
    tenant = load_tenant("acme", MINIMAL, password=PASSWORD)
    with pytest.raises(ValidationError, match="frozen"):
        tenant.database.storage_gb = 200


@pytest.mark.parametrize("name", ["ab", "acme", "a1", "acme-eu", "a-b-c", "platforms", "bluebird", "a" * 20])
def test_a_name_that_fits_everywhere_is_accepted(name: str) -> None:
    assert load_tenant(name, MINIMAL, password=PASSWORD).name == name


def test_everything_that_is_wrong_comes_at_once_with_the_password() -> None:
    raw = {**MINIMAL, "retirign": True, "sessionSubnet": "172.18.0.0/24"}
    assert refused("Acme", raw, "short") == [
        "stack tenant-name",
        "sessionSubnet session-subnet-inside",
        "retirign key-known",
        "tenantnet:databasePassword password",
    ]


def test_an_unknown_key_is_refused_with_the_nearest_known_one() -> None:
    with pytest.raises(Refused, match=r"did you mean vpnConnections\?"):
        load_tenant(
            "acme",
            {**MINIMAL, "networks": {"blue": {"cidr": "10.1.2.0/26", "vpnConections": []}}},
            password=PASSWORD,
        )


def test_a_stack_without_settings_is_told_what_is_missing() -> None:
    assert refused("acme", None) == ["tenantnet:tenant stack-kind"]
    with pytest.raises(Refused, match="tenantnet:platform"):
        load_platform("platform-eu1", None)


@pytest.mark.parametrize(
    "password", ["123456789", "correct-Horse9", "~" * 41, "it's&fine;$(x)`\\", "!#$%^&*()_+=[]{}|<>,.?:;'"]
)
def test_a_password_that_rds_takes_is_accepted(password: str) -> None:
    assert check_password(password) == []


@pytest.mark.parametrize(
    "password",
    [
        *("12345678", "x" * 42, "", "with blank", "with/slash", 'with"quote', "with@sign", "with\ttab"),
        *("pässword12", "password\x7f1", "password1\n", "пароль-пароль"),
    ],
)
def test_any_other_password_is_refused_and_not_shown(password: str) -> None:
    with pytest.raises(Refused) as error:
        load_tenant("acme", MINIMAL, password=password)
    (refusal,) = error.value.refusals
    assert (refusal.rule_id, refusal.path) == ("password", "tenantnet:databasePassword")
    assert refusal.value == NOT_SHOWN
    assert not password or password not in str(error.value)


def test_a_password_that_is_missing_is_refused_with_the_command_that_sets_it() -> None:
    with pytest.raises(Refused, match="pulumi config set --secret tenantnet:databasePassword --stack acme"):
        load_tenant("acme", MINIMAL, password=None)


@given(password=st.text(max_size=50) | st.none() | st.integers() | st.binary(max_size=50))
def test_a_password_is_judged_by_its_characters_and_length(password: object) -> None:
    fits = (
        isinstance(password, str)
        and 9 <= len(password) <= 41
        and all("!" <= character <= "~" and character not in '/"@' for character in password)
    )
    assert (check_password(password) == []) == fits


@pytest.mark.parametrize("username", ["a", "acmeadmin", "ACME_2", "admin", "root", "x" * 16])
def test_a_username_that_rds_takes_is_accepted(username: str) -> None:
    assert check_username(username) == []


def test_settings_are_never_judged_as_if_nothing_were_reserved() -> None:
    """A caller that forgets the project's reserved ranges has an error, not settings that overlap them."""
    with pytest.raises(RuntimeError, match="reserved ranges"):
        TenantFile.model_validate(MINIMAL)
    assert TenantFile.model_validate(MINIMAL, context=()).session_subnet == "172.17.5.0/24"


@given(username=st.sampled_from(sorted(RESERVED_WORDS | RDS_ACCOUNTS)), upper=st.booleans())
def test_reserved_words_are_no_usernames_in_any_spelling(username: str, upper: bool) -> None:
    (refusal,) = check_username(username if upper else username.lower())
    assert refusal.rule_id == "username-free"


def test_reserved_words_are_such_that_could_be_usernames() -> None:
    assert all(len(word) <= 16 and word == word.upper() for word in RESERVED_WORDS | RDS_ACCOUNTS)


ZONES = [
    "Europe/Amsterdam",
    "America/New_York",
    "Australia/Lord_Howe",
    "Etc/UTC",
    "Asia/Kolkata",
    "Africa/Casablanca",
]


@given(
    at=st.datetimes(datetime(2020, 1, 1), datetime(2037, 12, 31)).map(
        lambda at: at.replace(second=0, microsecond=0)
    ),
    timezone=st.sampled_from(ZONES),
)
@settings(max_examples=examples(1_000))
def test_a_local_time_is_accepted_just_where_it_exists_once(at: datetime, timezone: str) -> None:
    assert_judged_by_looking_at_all_instants(at, timezone)


@pytest.mark.parametrize(
    ("timezone", "day"),
    [
        ("Europe/Amsterdam", "2026-03-29"),
        ("Europe/Amsterdam", "2026-10-25"),
        ("America/New_York", "2026-03-08"),
        ("America/New_York", "2026-11-01"),
        ("Australia/Lord_Howe", "2026-04-05"),
        ("Australia/Lord_Howe", "2026-10-04"),
        ("Pacific/Apia", "2011-12-30"),
        ("Africa/Casablanca", "2026-02-15"),
    ],
)
def test_every_quarter_of_a_day_with_a_clock_change_is_judged_right(timezone: str, day: str) -> None:
    start = datetime.fromisoformat(day)
    for quarter in range(96):
        assert_judged_by_looking_at_all_instants(start + timedelta(minutes=15 * quarter), timezone)


def assert_judged_by_looking_at_all_instants(at: datetime, timezone: str) -> None:
    """Count the instants of UTC that show this wall clock time: offsets are quarters of an hour at least."""
    zone = ZoneInfo(timezone)
    instants = [at.replace(tzinfo=UTC) - timedelta(minutes=15 * quarter) for quarter in range(-60, 61)]
    times = sum(instant.astimezone(zone).replace(tzinfo=None) == at for instant in instants)
    expected = {0: ["migration-time-exists"], 1: [], 2: ["migration-time-once"]}[times]
    refusals = tenant_relations(moving_at(f"{at:%Y-%m-%dT%H:%M}", timezone), lambda _: True)
    assert [refusal.rule_id for refusal in refusals] == expected


def test_a_time_that_the_clock_leaves_out_is_explained() -> None:
    with pytest.raises(Refused, match="go forward then, from 2026-03-29T02:00 to 2026-03-29T03:00"):
        load_tenant("acme", moving_at("2026-03-29T02:30", "Europe/Amsterdam"), password=PASSWORD)


def test_a_time_that_comes_twice_is_explained_in_utc() -> None:
    with pytest.raises(Refused, match="02:30 comes twice, at 00:30 and at 01:30 UTC"):
        load_tenant("acme", moving_at("2026-10-25T02:30", "Europe/Amsterdam"), password=PASSWORD)


def test_ten_thousand_ranges_are_judged_as_the_oracle_judges_them() -> None:
    differing = [
        case
        for case in oracle.cases(10_000)
        if oracle.is_permitted_network(case)
        != (judge_tenant("acme", with_network(case), DEFAULT_RESERVED).settings is not None)
    ]
    assert differing == []


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10) | oracle.values,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=10) | st.integers() | st.none(), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(raw=json_like)
@settings(max_examples=examples(300))
def test_any_object_gets_a_verdict(raw: object) -> None:
    for verdict in (
        judge_tenant("acme", raw, DEFAULT_RESERVED),
        judge_platform("platform-eu1", raw, DEFAULT_RESERVED),
    ):
        assert verdict.settings is None
        assert verdict.refusals


@given(data=st.data())
@settings(max_examples=examples(500))
def test_a_good_object_with_anything_in_it_gets_a_verdict(data: st.DataObject) -> None:
    raw = copy.deepcopy(data.draw(st.sampled_from([TENANT, PLATFORM])))
    place: Any = raw
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = data.draw(json_like)
    tenant = judge_tenant("acme", raw, DEFAULT_RESERVED)
    platform = judge_platform("platform-eu1", raw, DEFAULT_RESERVED)
    for verdict in (tenant, platform):
        assert (verdict.settings is None) == bool(verdict.refusals)
        lines = [line for refusal in verdict.refusals for line in str(refusal).split("\n")]
        assert all(line.isascii() and line.isprintable() for line in lines)


def test_an_object_that_holds_itself_gets_a_verdict() -> None:
    endless: list[object] = []
    endless.append(endless)
    assert judge_tenant("acme", {**MINIMAL, "tunnelUsers": endless}, DEFAULT_RESERVED).settings is None
    itself: dict[str, object] = {}
    itself["networks"] = itself
    assert judge_tenant("acme", itself, DEFAULT_RESERVED).settings is None


def test_every_rule_has_its_own_kebab_case_id() -> None:
    ids = [rule.id for rule in rules_in(rules)]
    assert len(set(ids)) == len(ids)
    assert all(id_ == id_.lower() and " " not in id_ for id_ in ids)
