"""What the claims of a cell leave free."""

from __future__ import annotations

import pytest
from netaddr import IPNetwork
from tenantnet.addresses.addressing import DEFAULT_RESERVED
from tenantnet.addresses.claims import Claim, ClaimKind
from tenantnet.addresses.companies import Company
from tenantnet.addresses.ranges import TENANTS_PER_CELL, Ranges
from tenantnet.refusal import Refused


def network(cidr: str, stack: str, slot: str = "blue") -> Claim:
    return Claim(cidr=cidr, tenant=stack, stack=stack, kind=ClaimKind.NETWORK, slot=slot)


def session_subnet(cidr: str, stack: str) -> Claim:
    return Claim(cidr=cidr, tenant=stack, stack=stack, kind=ClaimKind.SESSION_SUBNET)


def test_every_taken_range_is_refused_at_once() -> None:
    ranges = Ranges([network("10.1.2.0/26", "beta"), session_subnet("172.17.5.0/24", "gamma")])
    refusals = ranges.refuse([network("10.1.2.0/26", "acme"), session_subnet("172.17.5.0/24", "acme")])
    assert [refusal.path for refusal in refusals] == ["networks.blue.cidr", "sessionSubnet"]
    assert "tenant beta" in refusals[0].reason
    assert "tenant gamma" in refusals[1].reason


def test_a_network_in_another_tenants_company_is_refused_and_never_chosen() -> None:
    company = Company(cidr="10.0.0.0/9", tenant="beta")
    ranges = Ranges([], companies=[company])
    (refusal,) = ranges.refuse([network("10.1.2.0/26", "acme")])
    assert "tenant beta has a VPN connection to 10.0.0.0/9" in refusal.reason
    assert ranges.refuse([network("10.1.2.0/26", "beta")]) == []
    assert not [
        each for each in range(200) if ranges.free_network(DEFAULT_RESERVED) in IPNetwork(company.cidr)
    ]


def test_a_company_over_another_stacks_claim_is_refused() -> None:
    ranges = Ranges([network("10.1.2.0/26", "beta")])
    (refusal,) = ranges.refuse_companies("acme", [("here", "10.1.0.0/16"), ("there", "10.2.0.0/16")])
    assert (refusal.path, refusal.rule_id) == ("here", "others-claim")
    assert ranges.refuse_companies("beta", [("here", "10.1.0.0/16")]) == []


def test_the_last_free_session_subnet_is_found() -> None:
    subnets = [str(subnet) for subnet in IPNetwork("172.17.0.0/16").subnet(24)]
    taken = [session_subnet(cidr, f"t{index}") for index, cidr in enumerate(subnets) if index != 77]
    assert Ranges(taken).free_session_subnet("172.17.0.0/16") == subnets[77]


def test_a_shared_subnet_is_nobodys_session_subnet() -> None:
    ranges = Ranges([session_subnet("172.17.0.0/24", "beta")])
    shared = ["172.17.1.0/28", "172.17.2.0/23"]
    assert {ranges.free_session_subnet("172.17.0.0/21", shared) for _ in range(200)} == {
        f"172.17.{third}.0/24" for third in (4, 5, 6, 7)
    }


def test_text_that_is_no_range_in_a_half_written_file_does_not_stop_the_choice() -> None:
    ranges = Ranges(
        [network("ten dot one", "beta"), network("10.1.2.0/33", "gamma"), network("8.8.8.0/26", "delta")]
    )
    assert ranges.free_network(DEFAULT_RESERVED).endswith("/26")


def test_a_full_cell_refuses_a_further_tenant_but_not_one_that_it_has() -> None:
    full = Ranges(session_subnet(f"172.17.{index}.0/24", f"t{index}") for index in range(TENANTS_PER_CELL))
    assert full.refuse_tenant("t3", "platform-eu1") == []
    (refusal,) = full.refuse_tenant("acme", "platform-eu1")
    assert f"platform-eu1 has {TENANTS_PER_CELL} tenants" in refusal.reason


def test_two_networks_of_one_tenant_count_as_one_tenant() -> None:
    claims = [
        network(f"10.{slot}.{index}.0/26", f"t{index}", str(slot)) for index in range(61) for slot in (0, 1)
    ]
    assert Ranges(claims).refuse_tenant("acme", "platform-eu1") == []


def test_where_all_session_subnets_are_taken_the_choice_is_refused() -> None:
    taken = [session_subnet(str(subnet), "beta") for subnet in IPNetwork("172.17.0.0/16").subnet(24)]
    with pytest.raises(Refused, match=r"172\.17\.0\.0/16"):
        Ranges(taken).free_session_subnet("172.17.0.0/16")
