"""What is refused for its form is refused with the part of it that is in the way."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tenantnet.addresses import addressing
from tenantnet.forms import Form
from tenantnet.refusal import Refusal, shown
from tenantnet.settings import checks

WORD = Form(pattern="[a-z][a-z0-9]*(?:-[a-z0-9]+)*", shortest=2, longest=20)
KEY = "arn:aws:kms:eu-west-1:123456789012:"

# A check, what it refuses, and what is said of that.
REFUSED: list[tuple[Callable[[object], list[Refusal]], object, str]] = [
    (checks.check_tenant_name, "Acme", "begins with A"),
    (checks.check_tenant_name, "acme_eu", "has _ after acme"),
    (checks.check_tenant_name, "acme--eu", "has - after acme-"),
    (checks.check_tenant_name, "acme-", "ends too early, after acme-"),
    (checks.check_tenant_name, "a", "has 1 character"),
    (checks.check_tenant_name, "a" * 21, "has 21 characters"),
    (checks.check_tenant_name, "acme\u200b", 'has "\\u200b" after acme'),
    (checks.check_platform_name, "eu1", "begins with e"),
    (checks.check_platform_name, 1, "is a number, not text"),
    (checks.check_zone_name, "db.Example.com", "has E after db."),
    (checks.check_zone_name, "db.example.com.", "ends too early, after db.example.com."),
    (checks.check_username, "1acme", 'begins with "1"'),
    (checks.check_username, "acme-admin", "has - after acme"),
    (checks.check_username, True, "is true or false, not text"),
    (checks.check_tunnel_user, "alice,bob", "has , after alice"),
    (checks.check_version, "-main", "begins with -"),
    (checks.check_image, "tenantnet-runner", "ends too early, after tenantnet-runner"),
    (checks.check_backend, "s3://state?endpoint=x", "has e after s3://state?"),
    (checks.check_account_id, "12345678901x", 'has x after "12345678901"'),
    (checks.check_key_arn, f"{KEY}alias/state", "has a after ...:eu-west-1:123456789012:"),
    (checks.check_repository, "git.example.com/tenants", "begins with g"),
    (checks.check_repository, "https://ada:secret@example.com/x", "has @, and a password may be before it"),
    (checks.check_region, "Ireland", "begins with I"),
    (checks.check_region, None, "is not set"),
    (checks.check_description, "", "is empty"),
    (checks.check_description, " Oslo", 'begins with " "'),
    (checks.check_description, "Os\u200blo", 'has "\\u200b", which nobody sees'),
    (checks.check_description, "x" * 256, "has 256 characters"),
    (checks.check_local_time, "2026-12-01 02:00", 'has " " after 2026-12-01'),
    (checks.check_local_time, "2026-02-30T02:00", "is on no day of the calendar"),
    (checks.check_duration, "90m", 'has m after "90"'),
    (checks.check_duration, "31d", "is longer"),
    (checks.check_parameters, {"sql_mode": "ANSI_QUOTES,STRICT"}, "has STRICT"),
    (addressing.check_network_cidr, "10.1.2/26", 'has / after "10.1.2"'),
    (addressing.check_network_cidr, "10.01.2.0/26", 'has "1" after "10.0"'),
    (addressing.check_network_cidr, "10.1.2.0", 'ends too early, after "10.1.2.0"'),
    (addressing.check_gateway_ip, "198.51.100.256", 'has "6" after "198.51.100.25"'),
]


@pytest.mark.parametrize(("check", "value", "said"), REFUSED, ids=[said for _, _, said in REFUSED])
def test_the_reason_says_what_of_the_value_is_in_the_way(
    check: Callable[[object], list[Refusal]], value: object, said: str
) -> None:
    (refusal,) = check(value)
    assert refusal.reason.endswith(f"; this one {said}")


@given(value=st.text() | st.from_regex(r"[a-zA-Z0-9-]{0,25}", fullmatch=True))
def test_a_form_says_nothing_of_just_what_has_it(value: str) -> None:
    fits = re.fullmatch(WORD.pattern, value) is not None and WORD.shortest <= len(value) <= WORD.longest
    assert (WORD.misfit(value) == "") == fits


@given(
    before=st.from_regex(r"[a-z]{1,8}", fullmatch=True),
    odd=st.sampled_from("_A. \u00e9\u200b"),
    after=st.text(max_size=8),
)
def test_the_first_character_that_does_not_fit_is_named_with_what_is_before_it(
    before: str, odd: str, after: str
) -> None:
    assert WORD.misfit(before + odd + after) == f"has {shown(odd)} after {shown(before)}"
