"""What a tenant's stack declares while its database moves by `live`, on the mock engine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tenantnet.components.security import rule_properties
from tenantnet.phases.memory import outputs_of
from tenantnet.phases.phases import Phase, State
from tenantnet.phases.transitions import Decision
from tenantnet.refusal import Refused
from tenantnet.settings.loading import load_tenant
from tenantnet.stacks.clients import client_rules
from tenantnet.stacks.tenant import RequestedStep
from tenantnet.tags import Owner, Slot, Strategy

from tests.support import component_samples as samples
from tests.support.mock_engine import RecordingEngine
from tests.support.mock_stacks import PASSWORD, declare_acme
from tests.support.phases_samples import ABORTING, EVERY_PHASE, STEADY, moving

INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
NETWORKS = {
    "blue": samples.network("10.1.2.0/26", "192.168.4.0/24"),
    "green": samples.network("10.9.8.64/26", "192.168.5.0/24"),
}
CLIENTS = {"blue": {"172.17.5.0/24", "192.168.4.0/24"}, "green": {"172.17.5.0/24", "192.168.5.0/24"}}
TUNNEL_HOST, OTHER_DATABASE = "10.32.0.10/32", {"blue": "10.9.8.64/27", "green": "10.1.2.0/27"}
FOLLOWING = moving(Phase.FOLLOWING, Strategy.LIVE)
SWITCHED = moving(Phase.SWITCHED, Strategy.LIVE)
RETIRING = moving(Phase.RETIRING, Strategy.LIVE)


def declared(state: State, **more: Any) -> RecordingEngine:
    """What an update declares that keeps the state; or the runner's, in a state where only that may."""
    networks = {slot: {"cidr": network["cidr"]} for slot, network in NETWORKS.items()}
    if state.phase is Phase.ABORTING:
        more = {"step": RequestedStep(state=state, decision=None, missing=()), **more}
    return declare_acme(
        {**outputs_of(state), "cell": "local", "networks": networks}, networks=NETWORKS, **more
    )


def peers(engine: RecordingEngine, slot: str, kind: str = INGRESS) -> set[str]:
    """Whom the group of a slot's database lets in, or out to."""
    return {
        rule.inputs["cidrIpv4"]
        for rule in engine.of_type(kind)
        if rule.inputs["securityGroupId"] == f"id-acme-{slot}-database"
    }


def parameters(engine: RecordingEngine, slot: str) -> dict[str, tuple[str, str]]:
    group = engine.one("aws:rds/parameterGroup:ParameterGroup", f"acme-{slot}").inputs
    return {each["name"]: (each["value"], each["applyMethod"]) for each in group["parameters"]}


GTID = {
    "gtid-mode": ("ON", "pending-reboot"),
    "enforce_gtid_consistency": ("ON", "pending-reboot"),
}


def test_while_following_green_comes_from_the_seed_with_its_events_off() -> None:
    engine = declared(FOLLOWING)
    green = engine.one("aws:rds/instance:Instance", "acme-green").inputs
    assert green["snapshotIdentifier"] == "acme-seed-1"
    assert green["backupRetentionPeriod"] > 0
    assert green["deletionProtection"] is True
    assert "engineVersion" not in green
    found = parameters(engine, "green")
    assert found["event_scheduler"] == ("OFF", "immediate")
    assert found["read_only"] == ("{TrueIfReplica}", "immediate")
    assert {name: found[name] for name in GTID} == GTID


@pytest.mark.parametrize(("state", "declares"), [(None, True), (FOLLOWING, False), (SWITCHED, False)])
def test_a_move_has_the_windows_to_itself(state: State | None, declares: bool) -> None:
    windows = {"backupWindow": "03:00-03:30", "maintenanceWindow": "sun:04:00-sun:04:30"}
    database = {"username": "acmeadmin", **windows}
    engine = declared(state, database=database) if state else declare_acme(database=database)
    found = [each.inputs.keys() & windows.keys() for each in engine.of_type("aws:rds/instance:Instance")]
    assert found == [windows.keys() if declares else set()] * len(found)


@pytest.mark.parametrize("state", EVERY_PHASE, ids=lambda state: f"{state.phase}-{state.strategy}")
def test_both_databases_of_a_move_have_what_people_have_chosen(state: State) -> None:
    database: dict[str, Any] = {
        "username": "acmeadmin",
        "instanceClass": "db.m7g.large",
        "storageGb": 500,
        "iops": 20_000,
        "storageThroughput": 1_000,
        "multiAz": True,
        "backupRetentionDays": 21,
        "parameters": {"max_allowed_packet": 67_108_864, "innodb_ft_min_token_size": 2},
    }
    step = RequestedStep(state=state, decision=None, missing=())
    stands = state is not STEADY
    chosen = {"database": database, "tags": {"CostCenter": "4711"}}
    engine = declared(state, step=step, databases_stand=stands, **chosen)
    found = engine.of_type("aws:rds/instance:Instance")
    assert found
    for instance in found:
        has, group = instance.inputs, parameters(engine, instance.name.removeprefix("acme-"))
        assert {**has["tags"], "CostCenter": "4711"} == has["tags"]
        assert {
            "username": "acmeadmin",
            "instanceClass": has["instanceClass"],
            "storageGb": has["allocatedStorage"],
            "iops": has["iops"],
            "storageThroughput": has["storageThroughput"],
            "multiAz": has["multiAz"],
            "backupRetentionDays": has["backupRetentionPeriod"],
            "parameters": {name: int(group[name][0]) for name in database["parameters"]},
        } == database


def test_while_following_the_tunnel_host_and_blue_reach_green_and_no_client_does() -> None:
    engine = declared(FOLLOWING)
    assert peers(engine, "green") == {TUNNEL_HOST, OTHER_DATABASE["green"]}
    assert peers(engine, "blue") == {TUNNEL_HOST, OTHER_DATABASE["blue"], *CLIENTS["blue"]}


def test_after_the_switch_no_client_reaches_blue_which_refuses_writes() -> None:
    engine = declared(SWITCHED)
    assert peers(engine, "blue") == {TUNNEL_HOST, OTHER_DATABASE["blue"]}
    assert peers(engine, "green") == {TUNNEL_HOST, OTHER_DATABASE["green"], *CLIENTS["green"]}
    assert parameters(engine, "blue")["read_only"] == ("1", "immediate")
    assert "event_scheduler" not in parameters(engine, "green")


@pytest.mark.parametrize("state", [FOLLOWING, SWITCHED], ids=lambda state: str(state.phase))
def test_the_two_databases_reach_each_other_and_nothing_else(state: State) -> None:
    engine = declared(state)
    peering = engine.one("aws:ec2/vpcPeeringConnection:VpcPeeringConnection", "acme-databases").inputs
    assert (peering["vpcId"], peering["peerVpcId"]) == ("id-acme-blue", "id-acme-green")
    routes = {
        (route.inputs["routeTableId"], route.inputs["destinationCidrBlock"])
        for route in engine.of_type("aws:ec2/route:Route")
        if route.inputs["vpcPeeringConnectionId"] == "id-acme-databases"
    }
    assert routes == {("id-acme-blue", "10.9.8.64/27"), ("id-acme-green", "10.1.2.0/27")}
    assert {slot: peers(engine, slot, EGRESS) for slot in Slot} == {
        slot: {OTHER_DATABASE[slot]} for slot in Slot
    }
    assert all(
        (rule.inputs["ipProtocol"], rule.inputs["fromPort"], rule.inputs["toPort"]) == ("tcp", 3306, 3306)
        for rule in engine.of_type(EGRESS)
    )


@pytest.mark.parametrize(
    "state",
    [STEADY, RETIRING, replace(ABORTING, strategy=Strategy.LIVE), moving(Phase.SWITCHED)],
    ids=lambda state: f"{state.phase}-{state.strategy}",
)
def test_in_no_other_phase_do_two_databases_reach_each_other(state: State) -> None:
    engine = declared(state, databases_stand=state is not STEADY)
    names = {each.name for each in engine.of_type("aws:ec2/vpcPeeringConnection:VpcPeeringConnection")}
    assert "acme-databases" not in names
    assert engine.of_type(EGRESS) == []
    assert not {*OTHER_DATABASE.values()} & {*peers(engine, "blue"), *peers(engine, "green")}


def test_what_is_taken_back_lets_no_client_in() -> None:
    assert peers(declared(replace(ABORTING, strategy=Strategy.LIVE)), "green") == {TUNNEL_HOST}
    assert peers(declared(ABORTING), "green") == {TUNNEL_HOST, *CLIENTS["green"]}


@pytest.mark.parametrize(("gtid", "found"), [(True, GTID), (False, {})])
def test_between_moves_the_settings_say_whether_transactions_have_identifiers(
    gtid: bool, found: dict[str, object]
) -> None:
    engine = declared(STEADY, databases_stand=False, database={"username": "acmeadmin", "gtid": gtid})
    blue = parameters(engine, "blue")
    assert {name: value for name, value in blue.items() if "gtid" in name} == found
    assert "event_scheduler" not in blue


@pytest.mark.parametrize("state", [FOLLOWING, SWITCHED], ids=lambda state: str(state.phase))
def test_in_a_live_move_transactions_have_identifiers_whatever_the_settings_say(state: State) -> None:
    engine = declared(state)
    assert all(parameters(engine, slot)[name] == GTID[name] for slot in Slot for name in GTID)


def test_an_ordinary_update_reads_the_decision_and_is_refused_until_its_phase_is_recorded() -> None:
    with pytest.raises(Refused, match="the switch of move 1 is decided, and the stack still says following"):
        declared(FOLLOWING, outcome={"decision": "switch"})
    assert declared(SWITCHED, outcome={"decision": "switch", "ledTo": "green"}).registered


def test_an_ordinary_update_is_refused_until_it_is_recorded_that_clients_were_led_back() -> None:
    with pytest.raises(Refused, match="the switch of move 1 is decided, and the stack still says switched"):
        declared(SWITCHED, outcome={"decision": "switch", "ledTo": "blue"})


def test_clients_that_are_led_back_find_their_database_as_it_was_and_the_other_one_shut() -> None:
    led_back = replace(SWITCHED, production=Slot.BLUE)
    step = RequestedStep(state=led_back, decision=Decision.SWITCH, missing=())
    engine = declared(SWITCHED, step=step)
    assert peers(engine, "green") == {TUNNEL_HOST, OTHER_DATABASE["green"]}
    assert peers(engine, "blue") == {TUNNEL_HOST, OTHER_DATABASE["blue"], *CLIENTS["blue"]}
    assert parameters(engine, "green")["read_only"] == ("1", "immediate")
    assert parameters(engine, "blue")["read_only"] == ("{TrueIfReplica}", "immediate")
    assert [each.inputs.get("password") for each in engine.of_type("aws:rds/instance:Instance")] == [None] * 2


def group_of_green() -> dict[str, Any]:
    settings = load_tenant("acme", samples.tenant(networks=NETWORKS), password=PASSWORD)
    owner = Owner(cell="local", tenant="acme", network="green")
    return dict(client_rules(settings, owner, "id-acme-green-database"))


def test_the_clients_rules_are_those_that_the_stack_declares() -> None:
    rules = {
        rule.name: rule.inputs
        for rule in declared(STEADY, databases_stand=False).of_type(INGRESS)
        if rule.inputs["securityGroupId"] == "id-acme-green-database"
        and rule.inputs["cidrIpv4"] != TUNNEL_HOST
    }
    assert {name: args.peer_cidr for name, args in group_of_green().items()} == {
        name: inputs["cidrIpv4"] for name, inputs in rules.items()
    }
    for name, args in group_of_green().items():
        wanted = rule_properties(name, args)
        assert wanted["tags"] == rules[name]["tags"]
        assert wanted["description"] == rules[name]["description"]


def test_the_rules_that_the_runner_has_opened_are_taken_over() -> None:
    opened = {name: f"sgr-{number}" for number, name in enumerate(group_of_green())}
    step = RequestedStep(state=SWITCHED, decision=Decision.SWITCH, missing=(), opened=opened)
    engine = declared(FOLLOWING, step=step)
    adopted = {each.name: each.adopted for each in engine.registered if each.adopted}
    assert adopted == opened
