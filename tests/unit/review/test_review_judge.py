"""One stack's part of the result: verdict, findings, intentions, and nothing that may not be shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pulumi.automation import EngineEvent
from tenantnet.aws import types
from tenantnet.engine.differences import SECRET_MARK, UNKNOWN_VALUE
from tenantnet.engine.events import EngineLog, Operation, Violation
from tenantnet.phases.kept import Known, in_config, in_outputs, refuse_changes
from tenantnet.refusal import Refused, Rule
from tenantnet.review.events import preview_of
from tenantnet.review.intentions import intentions, left_behind, phase_notes, scheduled_note
from tenantnet.review.judge import Case, judge
from tenantnet.review.model import Preview
from tenantnet.review.result import StackResult
from tenantnet.review.shown import NOT_KNOWN_YET
from tenantnet.review.verdict import Verdict
from tenantnet.settings.loading import load_tenant
from tenantnet.settings.models import TenantSettings
from tenantnet.settings.providers import PROVIDER, judge_provider

from tests.support.review_samples import connection, database, preview

TENANT: dict[str, Any] = {
    "platform": "platform-eu1",
    "sessionSubnet": "172.17.5.0/24",
    "database": {"username": "acmeadmin"},
    "networks": {"blue": {"cidr": "10.1.2.0/26"}, "green": {"cidr": "10.1.3.0/26"}},
}
SEATTLE, OSLO = (
    {"companyCidr": cidr, "companyGatewayIp": gateway, "description": f"{city} office"}
    for city, cidr, gateway in (
        ("Seattle", "192.168.4.0/24", "198.51.100.7"),
        ("Oslo", "192.168.5.0/24", "198.51.100.8"),
    )
)
MOVE = {"to": "green", "at": "2031-03-05T02:00", "timezone": "Europe/Amsterdam"}
RULE = Rule(id="a-rule", rule="it is so", reason="or else", remedy="make it so")
CHANGED = Case(stack="acme", settings="changed")
SENTINEL = "Correct-Horse-7"


def tenant(**changes: Any) -> TenantSettings:
    return load_tenant("acme", {**TENANT, **changes}, password="Correct-Horse-7")


def event(op: str, type_: str, **states: dict[str, Any]) -> EngineEvent:
    urn = f"urn:pulumi:acme::tenantnet::{type_}::acme-blue"
    metadata: dict[str, Any] = {"op": op, "urn": urn, "type": type_, "provider": ""}
    for name, inputs in states.items():
        metadata[name] = {"type": type_, "urn": urn, "inputs": inputs, "outputs": inputs}
    return EngineEvent.from_json({"sequence": 1, "timestamp": 1, "resourcePreEvent": {"metadata": metadata}})


def test_a_stack_whose_secrets_file_leads_elsewhere_is_refused_without_a_preview() -> None:
    (refusal,) = judge_provider("acme", {PROVIDER: "awskms://alias/a?endpoint=http://192.0.2.1"})
    led_away = replace(CHANGED, refusals=[refusal])
    assert not led_away.is_previewed
    assert judge(led_away, Preview(stack="acme")).verdict is Verdict.REJECTED_BY_RULE
    assert replace(CHANGED, refusals=[RULE.refuse("x")]).is_previewed


DEPLOYED = {
    "phase": "steady",
    "production": "blue",
    "platform": "platform-eu1",
    "database": {"username": "acmeadmin"},
    "networks": {"blue": {"cidr": "10.1.2.0/26"}},
}


def known(**changes: Any) -> Known:
    return in_config({"tenantnet:tenant": {**TENANT, **changes}})


def rules_of(judged: StackResult) -> list[str]:
    return [finding.rule_id for finding in judged.findings]


def test_what_a_deployed_stack_cannot_take_is_a_finding_beside_all_others() -> None:
    smaller = {"username": "other", "storageGb": 50}
    case = replace(
        CHANGED,
        refusals=[RULE.refuse("172.17.9.0/24")],
        known_before=known(),
        known_after=known(database=smaller, networks={"green": {"cidr": "10.1.3.0/26"}}),
    )
    stopped = preview(errors=["The program has stopped."], outputs=DEPLOYED)
    judged = judge(case, stopped)
    assert rules_of(judged) == ["a-rule", "username-kept", "storage-grows", "production-kept"]
    assert judged.verdict is Verdict.REJECTED_BY_RULE
    assert "put acmeadmin back" in judged.findings[1].remedy
    # Nothing is deployed yet: all may be as it likes.
    assert rules_of(judge(case, preview(errors=["The program has stopped."]))) == ["a-rule"]


def test_of_two_findings_about_one_value_the_one_that_holds_is_told() -> None:
    reserved = RULE.refuse("10.33.4.0/26", "networks.blue.cidr")
    elsewhere = RULE.refuse("7", "networks.green.cidr")
    case = replace(
        CHANGED,
        refusals=[reserved, elsewhere],
        known_before=known(),
        known_after=known(networks={"blue": {"cidr": "10.33.4.0/26"}}),
    )
    said = str(Refused("The settings", [reserved, elsewhere]))
    judged = judge(case, preview(errors=[said], outputs=DEPLOYED))
    assert rules_of(judged) == ["a-rule", "cidr-kept"]
    assert [finding.path for finding in judged.findings] == ["networks.green.cidr", "networks.blue.cidr"]
    # Of a network that nobody has deployed, the range may be another one.
    assert rules_of(judge(case, preview(errors=[said]))) == ["a-rule", "a-rule"]


def test_of_the_storage_the_stack_knows_more_than_git() -> None:
    grown = replace(CHANGED, known_before=known(database={"storageGb": 200}), known_after=known())
    assert judge(grown, preview(database(), outputs=DEPLOYED)).findings == []
    shrunk = preview(database(Operation.UPDATE, allocatedStorage=50), outputs=DEPLOYED)
    judged = judge(replace(CHANGED, known_before=known(), known_after=known()), shrunk)
    assert (rules_of(judged), judged.verdict) == (["storage-grows"], Verdict.REJECTED_BY_RULE)
    assert (judged.findings[0].value, judged.findings[0].path) == ("50", "database.storageGb")


def test_what_the_program_refuses_of_the_deployed_stack_is_told_once() -> None:
    after = known(database={"username": "other"})
    said = Refused("The tenant's update", refuse_changes(in_outputs(DEPLOYED), after))
    judged = judge(replace(CHANGED, known_after=after), preview(errors=[str(said)], outputs=DEPLOYED))
    assert (rules_of(judged), judged.errors) == (["username-kept"], [])


def test_the_resources_that_are_counted_are_those_that_are_listed() -> None:
    judged = judge(CHANGED, preview(*connection(Operation.DELETE), database()))
    assert judged.counts == {Operation.DELETE: len(judged.changes), Operation.SAME: 1}
    assert len(judged.changes) == 3


def test_an_error_leaves_a_stack_unjudged() -> None:
    judged = judge(CHANGED, preview(errors=["AccessDenied"]))
    assert judged.verdict is Verdict.NOT_PREVIEWED
    assert judged.errors == ["AccessDenied"]


def test_what_was_previewed_before_an_error_is_not_told() -> None:
    judged = judge(CHANGED, preview(database(Operation.REPLACE), errors=["AccessDenied"]))
    assert (judged.effects, judged.sentences, judged.changes) == ([], [], [])


def test_what_the_program_and_the_file_refuse_alike_is_told_once() -> None:
    refusal = RULE.refuse("10.33.2.0/26", "networks.blue.cidr")
    text = f"{Refused('The settings of acme', [refusal])}\nNothing was created or changed."
    case = Case(stack="acme", settings="added", refusals=[refusal])
    judged = judge(case, preview(errors=[text]))
    assert judged.verdict is Verdict.REJECTED_BY_RULE
    assert [(finding.value, finding.rule_id) for finding in judged.findings] == [("10.33.2.0/26", "a-rule")]
    assert judged.errors == []


def test_a_finding_has_the_line_of_the_file_that_the_change_writes() -> None:
    text = "config:\n  tenantnet:tenant:\n    networks:\n      blue:\n        cidr: 10.33.2.0/26\n"
    case = replace(CHANGED, text=text, refusals=[RULE.refuse("10.33.2.0/26", "networks.blue.cidr")])
    message = f"A database can be had back.\n{RULE.refuse(14, 'backupRetentionPeriod')}"
    violation = Violation(policy="database-recoverable", level="mandatory", message=message)
    judged = judge(case, preview(database(), violations=[violation]))
    assert [finding.line for finding in judged.findings] == [5, 1]
    assert judge(replace(case, text=""), preview()).findings[0].line == 0


@pytest.mark.parametrize(
    ("value", "path", "line"),
    [
        ("line 4, column 3", "", 4),
        ("line 99999999999", "", 1),
        ("line 99", "", 5),
        # What somebody has written is no place.
        ("line 99999999999", "networks.blue", 4),
        ("line 1", "networks.blue", 4),
    ],
)
def test_only_the_file_as_a_whole_has_its_line_in_the_value(value: str, path: str, line: int) -> None:
    text = "config:\n  tenantnet:tenant:\n    networks:\n      blue:\n        cidr: 10.33.2.0/26"
    case = replace(CHANGED, text=text, refusals=[RULE.refuse(value, path)])
    assert judge(case, preview()).findings[0].line == line


@pytest.mark.parametrize(
    ("level", "verdict"), [("mandatory", Verdict.REJECTED_BY_POLICY), ("advisory", Verdict.SAFE)]
)
def test_only_a_mandatory_policy_rejects(level: str, verdict: Verdict) -> None:
    message = f"A database can be had back.\n{RULE.refuse(14, 'backupRetentionPeriod')}"
    violation = Violation(policy="database-recoverable", level=level, message=message)
    judged = judge(CHANGED, preview(database(), violations=[violation]))
    assert judged.verdict is verdict
    assert judged.findings[0].remedy == "make it so"


def test_errors_that_follow_from_a_refused_file_are_not_told() -> None:
    case = Case(stack="acme", settings="added", refusals=[RULE.refuse("line 14, column 1")])
    judged = judge(case, preview(errors=["could not read stack configuration: invalid YAML file"]))
    assert (judged.verdict, judged.errors) == (Verdict.REJECTED_BY_RULE, [])


def test_a_policy_of_another_pack_is_told_in_its_own_words() -> None:
    violation = Violation(policy="other", level="mandatory", message="No buckets.\nBuckets\nleak.")
    (finding,) = judge(CHANGED, preview(violations=[violation])).findings
    assert (finding.rule, finding.reason) == ("No buckets.", "Buckets leak.")


def test_settings_of_a_protected_stack_are_not_to_be_removed() -> None:
    case = Case(stack="acme", settings="removed")
    judged = judge(
        case, preview(database(Operation.DELETE), errors=["cannot be deleted because it is protected"])
    )
    assert judged.verdict is Verdict.REJECTED_BY_RULE
    assert "retiring: true" in judged.findings[0].remedy
    assert (judged.errors, judged.effects) == ([], [])


def test_a_replacement_that_the_engine_refuses_is_a_finding_without_its_advice() -> None:
    replaced = database(Operation.REPLACE, "kmsKeyId")
    said = (
        f'unable to replace resource "{replaced.urn}"\nas it is currently marked for protection. To unprotect'
        " the resource, remove the `protect` flag from the resource in your Pulumi program"
    )
    judged = judge(CHANGED, preview(replaced, errors=[said]))
    assert (judged.verdict, judged.errors) == (Verdict.REJECTED_BY_RULE, [])
    (finding,) = judged.findings
    assert (finding.value, finding.rule_id) == ("acme-blue", "protected-kept")
    assert finding.reason.startswith("this update would replace acme-blue, because of kmsKeyId")
    assert "do not take the protection off" in finding.remedy


def test_settings_without_a_stack_may_be_removed() -> None:
    judged = judge(Case(stack="acme", settings="removed", exists=False), Preview(stack="acme"))
    assert judged.verdict is Verdict.SAFE
    assert "nothing is left to delete" in judged.notes[0]


def test_a_move_is_scheduled_changed_and_cancelled_in_the_tenants_own_time() -> None:
    (scheduled,) = intentions(tenant(), tenant(migration=MOVE))
    assert "to green, 10.1.3.0/26, for 2031-03-05 02:00 Europe/Amsterdam (2031-03-05 01:00 UTC)" in scheduled
    (changed,) = intentions(tenant(migration=MOVE), tenant(migration={**MOVE, "strategy": "snapshot"}))
    assert changed.startswith("changes the scheduled move")
    assert "45 minutes" in changed
    assert intentions(tenant(migration=MOVE), tenant())[0].startswith("cancels the move to green")
    assert intentions(tenant(migration=MOVE), tenant(migration=MOVE)) == []


def test_a_move_that_a_change_leaves_as_it_is_is_told_with_the_expected_gap() -> None:
    (note,) = scheduled_note(tenant(migration=MOVE), tenant(migration=MOVE, tunnelUsers=["ada"]))
    assert note.startswith("the move to green stays scheduled for 2031-03-05 02:00 Europe/Amsterdam")
    assert note.endswith("by replica: minutes of downtime then")
    assert scheduled_note(tenant(), tenant(migration=MOVE)) == []


def networks(blue: list[dict[str, str]], green: list[dict[str, str]] | None) -> dict[str, Any]:
    """Settings with these companies connected; green: None where there is no such network."""
    connected = {"blue": blue, "green": green}
    listed = {
        slot: {**TENANT["networks"][slot], "vpnConnections": connections}
        for slot, connections in connected.items()
        if connections is not None
    }
    return {"networks": listed}


BOTH = networks([SEATTLE, OSLO], [SEATTLE])
ALONE = networks([SEATTLE, OSLO], None)


def test_a_company_without_a_connection_to_the_network_that_a_move_leads_to_is_told() -> None:
    after = tenant(**BOTH, migration=MOVE)
    (finding,) = judge(replace(CHANGED, before=after, after=after), preview()).findings
    assert (finding.value, finding.path) == ("Oslo office", "networks.blue.vpnConnections[1]")
    assert "it has no connection to green" in finding.reason
    assert "tenantnet vpn add acme --network green --company-cidr 192.168.5.0/24" in finding.remedy


def test_it_is_told_before_the_move_is_scheduled_and_rejects_nothing() -> None:
    judged = judge(replace(CHANGED, before=tenant(**ALONE), after=tenant(**BOTH)), preview())
    assert [finding.value for finding in judged.findings] == ["Oslo office"]
    assert judged.verdict is Verdict.SAFE


@pytest.mark.parametrize(
    ("before", "after", "production"),
    [
        (BOTH, {**BOTH, "migration": {**MOVE, "without": ["Oslo office"]}}, "blue"),
        (BOTH, {**BOTH, "migration": {**MOVE, "without": ["192.168.5.0/24"]}}, "blue"),
        (BOTH, {**BOTH, "migration": MOVE}, "green"),
        (BOTH, BOTH, "blue"),
        (ALONE, ALONE, "blue"),
        (ALONE, networks([SEATTLE, OSLO], [OSLO, SEATTLE]), "blue"),
    ],
    ids=["by name", "by range", "the move is over", "no move", "one network", "all are connected"],
)
def test_nobody_is_told_to_stay_behind_who_does_not_or_is_meant_to(
    before: dict[str, Any], after: dict[str, Any], production: str
) -> None:
    outputs = {"phase": "steady", "production": production, "move": 1, "networks": {}}
    assert left_behind(tenant(**before), tenant(**after), outputs) == []


def test_a_tenant_that_is_given_up_is_told() -> None:
    assert "gives the tenant up" in intentions(tenant(), tenant(retiring=True))[0]
    assert "keeps the tenant after all" in intentions(tenant(retiring=True), tenant())[0]


def test_a_phase_that_an_update_keeps_is_told() -> None:
    outputs = {
        "phase": "switched",
        "production": "green",
        "strategy": "replica",
        "target": "green",
        "move": 1,
        "networks": {slot: {"cidr": TENANT["networks"][slot]["cidr"]} for slot in ("blue", "green")},
    }
    assert phase_notes(outputs) == ["a move to green is in phase switched: this update keeps it"]
    before = {**outputs, "phase": "replicating", "production": "blue"}
    (note,) = phase_notes(before)
    assert note.startswith("a move to green is in phase replicating (minutes of downtime expected): ")
    assert phase_notes({"phase": "steady", "production": "blue", "move": 0, "networks": {}}) == []
    assert phase_notes({}) == []


def test_no_property_that_is_not_listed_gets_into_a_preview() -> None:
    secret = {SECRET_MARK: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": SENTINEL}
    inputs = {
        "password": SENTINEL,
        "userData": SENTINEL,
        "instanceClass": "db.t4g.small",
        "engineVersion": UNKNOWN_VALUE,
        "username": secret,
    }
    told = preview_of("acme", EngineLog.of([event("create", types.DATABASE, new=inputs)]))
    (resource,) = told.resources
    assert SENTINEL not in repr(told)
    assert resource.new == {
        "instanceClass": "db.t4g.small",
        "engineVersion": NOT_KNOWN_YET,
        "username": "[secret]",
    }


def test_a_replacement_is_one_operation() -> None:
    steps = [event(op, types.DATABASE, old={}, new={}) for op in ("create-replacement", "replace")]
    told = preview_of("acme", EngineLog.of([*steps, event("delete-replaced", types.DATABASE, old={})]))
    assert [resource.operation for resource in told.resources] == [Operation.REPLACE]


def test_an_import_is_told_though_the_engine_then_shows_an_update() -> None:
    """The engine imports first, and then brings the same resource to what the program says."""
    steps = [event("import", types.DATABASE, new={}), event("update", types.DATABASE, old={}, new={})]
    told = preview_of("acme", EngineLog.of(steps))
    assert [(each.operation, each.imported) for each in told.resources] == [(Operation.UPDATE, True)]
    judged = judge(Case(stack="acme", settings="unchanged"), told)
    assert judged.verdict is Verdict.IMPORTS
    assert "is imported (aws:rds/instance:Instance)" in judged.effects[0].text
