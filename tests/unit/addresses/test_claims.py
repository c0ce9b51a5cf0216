"""Claims as data: their form, who may have a range, and what an audit finds. No table is read here."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tenantnet.addresses.claims import (
    LONGEST_ROW,
    Claim,
    ClaimFinding,
    ClaimKind,
    ForeignRow,
    audit_claims,
    claims_in_settings,
    missing_claims,
    read_row,
    refuse_claim,
)
from tenantnet.addresses.companies import Company, companies_in_settings, refuse_company, refuse_in_companies

WANTED = Claim(cidr="10.1.2.0/26", tenant="acme", stack="acme", kind=ClaimKind.NETWORK, slot="blue")
BETAS = Claim(cidr="10.1.2.0/26", tenant="beta", stack="beta", kind=ClaimKind.NETWORK, slot="green")
SESSION = Claim(cidr="172.17.5.0/24", tenant="beta", stack="beta", kind=ClaimKind.SESSION_SUBNET)

names = st.text(st.characters(codec="utf-8"), min_size=1)
claims = st.builds(
    Claim,
    cidr=names,
    tenant=names,
    stack=names,
    kind=st.sampled_from(ClaimKind),
    slot=st.text(st.characters(codec="utf-8")),
)


@settings(deadline=None)
@given(claims)
def test_a_row_of_the_table_gives_the_claim_back_that_was_written(claim: Claim) -> None:
    assert Claim.from_item(json.loads(claim.item_json())) == claim


def test_a_session_subnets_row_has_no_empty_slot() -> None:
    assert "slot" not in SESSION.item()


@pytest.mark.parametrize("missing", ["cidr", "tenant", "stack", "kind"])
def test_a_row_without_an_attribute_is_told_apart_from_a_claim(missing: str) -> None:
    row = {key: value for key, value in WANTED.item().items() if key != missing}
    with pytest.raises(ValueError, match=f"has no '{missing}'"):
        Claim.from_item(row)


def test_a_row_of_an_unknown_kind_is_told_apart_from_a_claim() -> None:
    with pytest.raises(ValueError, match="lottery"):
        Claim.from_item({**WANTED.item(), "kind": {"S": "lottery"}})


def test_a_range_that_nobody_holds_is_not_refused() -> None:
    assert refuse_claim(WANTED, None) is None


def test_a_stacks_own_claim_is_no_obstacle_to_it() -> None:
    assert refuse_claim(WANTED, WANTED) is None
    assert refuse_claim(WANTED, replace(WANTED, slot="green")) is None


def test_a_range_of_another_tenant_is_refused_with_range_place_holder_and_a_way_out() -> None:
    refusal = refuse_claim(WANTED, BETAS)
    assert refusal is not None
    assert (refusal.value, refusal.path) == ("10.1.2.0/26", "networks.blue.cidr")
    assert refusal.reason == "tenant beta holds it for its network green (stack beta)"
    assert "tenantnet network add" in refusal.remedy


def test_a_refused_session_subnet_says_that_it_is_one() -> None:
    refusal = refuse_claim(replace(SESSION, tenant="acme", stack="acme"), SESSION)
    assert refusal is not None
    assert refusal.path == "sessionSubnet"
    assert "session subnet" in refusal.reason


def test_settings_lead_to_one_claim_for_the_session_subnet_and_one_for_each_network() -> None:
    tenant = {
        "sessionSubnet": "172.17.5.0/24",
        "networks": {"blue": {"cidr": "10.1.2.0/26"}, "green": {"cidr": "x"}},
    }
    assert [(claim.cidr, claim.purpose) for claim in claims_in_settings("acme", tenant)] == [
        ("172.17.5.0/24", "session subnet"),
        ("10.1.2.0/26", "network blue"),
        ("x", "network green"),
    ]


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(["networks", "cidr", "sessionSubnet", "blue"]), inner)
    ),
)


@settings(deadline=None)
@given(junk)
def test_settings_of_any_shape_lead_to_claims_of_text_or_to_none(tenant: object) -> None:
    assert all(isinstance(claim.cidr, str) for claim in claims_in_settings("acme", tenant))


def test_an_audit_finds_nothing_where_every_claim_has_its_stack_and_settings() -> None:
    held = [WANTED, SESSION]
    assert audit_claims(held, stacks=["acme", "beta"], in_settings=held) == {}


def test_an_audit_finds_a_claim_whose_stack_is_gone_even_if_settings_still_have_its_range() -> None:
    assert audit_claims([SESSION], stacks=["acme"], in_settings=[SESSION]) == {
        SESSION: ClaimFinding.STACK_GONE
    }


def test_an_audit_finds_a_claim_that_no_settings_file_leads_to() -> None:
    elsewhere = replace(WANTED, cidr="10.1.3.0/26")
    assert audit_claims([WANTED], stacks=["acme"], in_settings=[elsewhere]) == {
        WANTED: ClaimFinding.NOT_IN_SETTINGS
    }


def test_another_stacks_settings_do_not_vouch_for_a_claim() -> None:
    doubtful = audit_claims([WANTED], stacks=["acme", "beta"], in_settings=[BETAS])
    assert doubtful == {WANTED: ClaimFinding.NOT_IN_SETTINGS}


def test_of_settings_that_cannot_be_read_no_claim_is_doubtful_but_one_without_a_stack() -> None:
    assert audit_claims([WANTED], stacks=["acme"], in_settings=[], unread=["acme"]) == {}
    assert audit_claims([WANTED], stacks=[], in_settings=[], unread=["acme"]) == {
        WANTED: ClaimFinding.STACK_GONE
    }


def test_a_claim_names_its_cell_in_another_cells_table_only() -> None:
    assert WANTED.in_table("tenantnet-eu1-claims", "eu1") == WANTED
    elsewhere = WANTED.in_table("tenantnet-eu1-claims", "eu2")
    assert elsewhere.cell == "eu2"
    assert Claim.from_item(elsewhere.item()) == elsewhere


@pytest.mark.parametrize(
    "row",
    [
        {"cidr": {"S": "10.1.2.0/26"}},
        {**WANTED.item(), "kind": {"S": "lottery"}},
        {**WANTED.item(), "tenant": {"N": "7"}},
        {**WANTED.item(), "stack": {"S": "acme\x1b[2J"}},
        {**WANTED.item(), "stack": {"S": "x" * 101}},
        {**WANTED.item(), "tenant": {"S": ""}},
        {**WANTED.item(), "cidr": {"S": "10.1.2.1/26"}},
        {**WANTED.item(), "cidr": {"S": "10.1.2.0/26'; id; '"}},
        {"cidr": {"S": "10.1.2.0/26"}, "owner": {"B": b"\x00"}, "more": {"S": "x" * 1_000}},
    ],
)
def test_a_row_that_tenantnet_has_not_written_keeps_its_range_and_shows_itself(row: dict[str, Any]) -> None:
    found = read_row(row)
    assert isinstance(found, ForeignRow)
    assert found.text.isprintable()
    assert len(found.text) <= LONGEST_ROW + len("...")
    refusal = refuse_claim(WANTED, found)
    assert refusal is not None
    assert refusal.reason == f"the range has the row {found.text}, which does not say who holds it"


def test_a_network_that_a_move_has_given_up_is_not_one_that_is_still_to_come() -> None:
    other = replace(WANTED, cidr="10.1.3.0/26")
    missing = missing_claims([], deployed=[], in_settings=[WANTED, other], retired=[WANTED])
    assert missing == {WANTED: ClaimFinding.RETIRED, other: ClaimFinding.NOT_DEPLOYED}
    # Of what the settings no longer name nothing is left to do.
    assert missing_claims([], deployed=[], in_settings=[], retired=[WANTED]) == {}
    # Another move may have made it again.
    assert missing_claims([], deployed=[WANTED], in_settings=[WANTED], retired=[WANTED]) == {
        WANTED: ClaimFinding.ROW_GONE
    }


def test_a_range_of_a_stack_without_its_row_is_missing_and_one_of_settings_is_not_deployed() -> None:
    changed = replace(WANTED, cidr="10.1.3.0/26")
    thief = replace(SESSION, stack="thief")
    missing = missing_claims([thief], deployed=[WANTED, SESSION], in_settings=[WANTED, changed, SESSION])
    assert missing == {
        WANTED: ClaimFinding.ROW_GONE,
        changed: ClaimFinding.NOT_DEPLOYED,
        SESSION: ClaimFinding.ROW_OF_ANOTHER,
    }
    shared = replace(WANTED, cell="eu2")
    for row in (replace(WANTED, tenant="thief"), replace(WANTED, slot="green"), shared):
        assert missing_claims([row], deployed=[WANTED], in_settings=[WANTED]) == {
            WANTED: ClaimFinding.ROW_OF_ANOTHER
        }
    assert missing_claims([shared], deployed=[shared], in_settings=[WANTED]) == {}
    foreign = ForeignRow(cidr=WANTED.cidr, text="{}")
    assert missing_claims([foreign], deployed=[WANTED], in_settings=[]) == {
        WANTED: ClaimFinding.ROW_OF_ANOTHER
    }
    assert missing_claims([WANTED, SESSION], deployed=[WANTED], in_settings=[WANTED, SESSION]) == {}


def test_companies_are_found_in_settings_of_any_shape() -> None:
    connections = [{"companyCidr": "192.168.4.0/24"}, {"companyCidr": 5}, "x"]
    tenant = {
        "networks": {"blue": {"vpnConnections": connections}, "green": {"vpnConnections": None}, "x": []}
    }
    found = [("networks.blue.vpnConnections[0].companyCidr", "192.168.4.0/24")]
    assert companies_in_settings(tenant) == found
    assert companies_in_settings([]) == []


def test_a_company_range_over_another_stacks_claim_is_refused_and_over_its_own_is_not() -> None:
    (refusal,) = refuse_company("10.1.0.0/16", "beta", "companyCidr", [WANTED, BETAS])
    assert refusal.reason.startswith("10.1.2.0/26 is tenant acme's network blue")
    assert [*refuse_company("10.2.0.0/16", "beta", "companyCidr", [WANTED])] == []
    strange = ForeignRow(cidr="10.1.2.64/26", text="{}")
    assert [
        each.rule_id for each in refuse_company("10.1.0.0/16", "acme", "companyCidr", [WANTED, strange])
    ] == ["row-readable"]
    companies = [Company(cidr="10.1.0.0/16", tenant="beta"), Company(cidr="10.1.0.0/16", tenant="acme")]
    (refusal,) = refuse_in_companies(WANTED, companies)
    assert "tenant beta has a VPN connection to 10.1.0.0/16" in refusal.reason
