"""What reaches what while a tenant's database moves by `live`: one database more, and one less."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tenantnet.addresses.addressing import database_range
from tenantnet.observed.deployed import Deployed, Peering, Route, SecurityGroupRule
from tenantnet.observed.reachability.check import check, faults
from tenantnet.observed.reachability.intended import LiveMove
from tenantnet.observed.reachability.read import live_move
from tenantnet.phases.memory import outputs_of
from tenantnet.phases.phases import Phase
from tenantnet.stacks.outputs import TenantOutputs
from tenantnet.tags import Strategy

from tests.support.phases_samples import STEADY, moving
from tests.support.reachability_samples import COMPANY, NETWORKS, TUNNEL_HOST, deployed, rule
from tests.support.records import replace

BLUE, GREEN = NETWORKS[0], NETWORKS[1]
BLUES, GREENS = database_range(BLUE.cidr), database_range(GREEN.cidr)
FOLLOWING = {"acme": LiveMove(shut="green", joined=True)}
PEERING = "pcx-acme-databases"


def with_rules(cell: Deployed, *added: SecurityGroupRule) -> Deployed:
    return replace(cell, rules=(*cell.rules, *added))


def with_route(cell: Deployed, slot: str, destination: str) -> Deployed:
    tables = [
        replace(each, routes=(*each.routes, Route(destination=destination, target=PEERING)))
        if each.id == f"rtb-acme-{slot}"
        else each
        for each in cell.route_tables
    ]
    return replace(cell, route_tables=tuple(tables))


def shut(cell: Deployed, slot: str) -> Deployed:
    """The cell without the rules that let clients in to a database of acme's."""
    kept = [
        each for each in cell.rules if each.group_id != f"sg-acme-{slot}-database" or each.peer == TUNNEL_HOST
    ]
    return replace(cell, rules=tuple(kept))


def following() -> Deployed:
    """The cell with acme's green following blue."""
    cell = shut(deployed(), "green")
    cell = replace(
        cell, peerings=(*cell.peerings, Peering(id=PEERING, vpc_ids=("vpc-acme-blue", "vpc-acme-green")))
    )
    cell = with_route(with_route(cell, "blue", GREENS), "green", BLUES)
    rules = [
        rule(f"sg-acme-{slot}-database", other, 3306, egress=egress)
        for slot, other in (("blue", GREENS), ("green", BLUES))
        for egress in (True, False)
    ]
    return with_rules(cell, *rules)


def test_in_that_phase_the_opening_is_as_intended_and_only_mysql_passes() -> None:
    pairs = check(following(), moves=FOLLOWING)
    assert faults(pairs) == []
    between = {
        (pair.source.name, pair.target.name, *pair.passes)
        for pair in pairs
        if {pair.source.network, pair.target.network} == {"blue", "green"} and pair.passes
    }
    assert between == {
        ("acme blue: database", "acme green: database", "MySQL"),
        ("acme green: database", "acme blue: database", "MySQL"),
    }


def test_no_client_gets_to_the_database_that_is_shut() -> None:
    passing = {
        pair.source.kind
        for pair in check(following(), moves=FOLLOWING)
        if pair.target.name == "acme green: database" and pair.passes
    }
    assert passing == {"tunnel host", "database"}


def test_in_any_other_phase_the_same_opening_is_a_finding() -> None:
    leaking = {(pair.source.name, pair.target.name) for pair in faults(check(following())) if pair.leaks}
    assert leaking == {
        ("acme blue: database", "acme green: database"),
        ("acme green: database", "acme blue: database"),
    }


@pytest.mark.parametrize(
    "widened",
    [
        lambda cell: with_rules(cell, rule("sg-acme-green-database", COMPANY, 3306)),
        lambda cell: with_rules(cell, rule("sg-acme-green-database", GREEN.session, 3306)),
        lambda cell: with_rules(cell, rule("sg-acme-green-database", BLUE.cidr, 3306)),
        lambda cell: with_rules(cell, rule("sg-acme-blue-database", GREENS, 22)),
        lambda cell: with_rules(cell, rule("sg-acme-blue-ping-host", GREENS, 8, protocol="icmp")),
        lambda cell: with_rules(cell, rule("sg-acme-blue-database", "10.0.0.0/8", 3306, egress=True)),
        lambda cell: with_route(cell, "blue", GREEN.cidr),
        lambda cell: with_route(cell, "green", BLUE.cidr),
    ],
    ids=["company", "session", "network", "ssh", "ping", "out", "route to all", "route back"],
)
def test_whatever_is_wider_is_a_finding(widened: Callable[[Deployed], Deployed]) -> None:
    assert faults(check(widened(following()), moves=FOLLOWING))


@pytest.mark.parametrize("kind", ["rules", "peerings"])
def test_what_the_following_database_needs_is_missed(kind: str) -> None:
    cell = following()
    kept = tuple(
        each for each in getattr(cell, kind) if "acme-databases" not in each.id and BLUES not in each.id
    )
    assert any(
        finding.missing
        for pair in faults(check(replace(cell, **{kind: kept}), moves=FOLLOWING))
        for finding in pair.findings
    )


def test_one_tenants_move_opens_nothing_for_another() -> None:
    assert faults(check(following(), moves={"zeta": LiveMove(shut="green", joined=True)}))


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (moving(Phase.FOLLOWING, Strategy.LIVE), LiveMove(shut="green", joined=True)),
        (moving(Phase.SWITCHED, Strategy.LIVE), LiveMove(shut="blue", joined=True)),
        (moving(Phase.RETIRING, Strategy.LIVE), LiveMove(shut="blue", joined=False)),
        (moving(Phase.SWITCHED), None),
        (STEADY, None),
    ],
    ids=lambda value: str(getattr(value, "phase", "")),
)
def test_the_stacks_phase_says_what_is_open(state: object, expected: LiveMove | None) -> None:
    outputs = TenantOutputs.model_validate(outputs_of(state))  # type: ignore[arg-type]
    assert live_move(outputs) == expected


def test_a_strategy_that_pulumi_has_kept_of_a_failed_update_is_no_move() -> None:
    kept = {**outputs_of(moving(Phase.RETIRING, Strategy.LIVE)), **outputs_of(STEADY)}
    assert live_move(TenantOutputs.model_validate(kept)) is None
