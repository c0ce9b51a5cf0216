"""What people are told of an update: its plan, its progress, and why it did not come to its end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pulumi.automation.events import EngineEvent
from tenantnet.cli.up.view import spell
from tenantnet.deployment.plan import Plan, plan_of
from tenantnet.deployment.progress import Progress, failure, refusal, state_of
from tenantnet.deployment.waits import wait_for
from tenantnet.engine.events import EngineLog, Operation, Status
from tenantnet.engine.protection import errors_in_our_words

PREFIX = "urn:pulumi:acme::tenantnet::tenantnet:index:TenantDatabase$"
DATABASE, RECORD, GROUP = (
    "aws:rds/instance:Instance",
    "aws:route53/record:Record",
    "aws:rds/subnetGroup:SubnetGroup",
)
REFUSED = """\
The settings of tenant acme: 1 problem
- database.username: 5
  rule:   text
  reason: a number is none
  remedy: put it in quotes
Nothing was created or changed.
"""


def urn(resource_type: str, name: str = "acme-blue") -> str:
    return f"{PREFIX}{resource_type}::{name}"


def state(resource_type: str, name: str, **fields: Any) -> dict[str, Any]:
    return {"type": resource_type, "urn": urn(resource_type, name), "custom": True, **fields}


def event(
    kind: str, operation: str, resource_type: str, name: str = "acme-blue", at: int = 0, **states: object
) -> EngineEvent:
    """A step's event as the engine writes it. states: the old one, or another new one."""
    metadata = {
        "op": operation,
        "urn": urn(resource_type, name),
        "type": resource_type,
        "provider": "",
        "new": state(resource_type, name),
        "diffs": ["instanceClass"],
        **states,
    }
    return EngineEvent.from_json({"sequence": 1, "timestamp": at, kind: {"metadata": metadata}})


def diagnostic(message: str, severity: str = "error", about: str = "") -> EngineEvent:
    body = {"message": message, "color": "never", "severity": severity, "urn": about}
    return EngineEvent.from_json({"sequence": 1, "timestamp": 0, "diagnosticEvent": body})


def violation(level: str) -> EngineEvent:
    body = {
        "message": "<{%fg 1%}>not /26<{%reset%}>",
        "color": "raw",
        "policyName": "network-size",
        "policyPackName": "tenantnet",
        "policyPackVersion": "",
        "policyPackVersionTag": "",
        "enforcementLevel": level,
        "resourceUrn": urn("aws:ec2/vpc:Vpc"),
    }
    return EngineEvent.from_json({"sequence": 1, "timestamp": 0, "policyEvent": body})


def planned(*steps: tuple[str, str, str], waits: dict[str, list[str]] | None = None) -> Plan:
    events = [event("resourcePreEvent", operation, kind, name) for operation, kind, name in steps]
    document = {
        "resourcePlans": {name: {"goal": {"dependencies": needed}} for name, needed in (waits or {}).items()}
    }
    return plan_of(EngineLog.of(events).steps, document)


def progress(*events: EngineEvent, plan: Plan | None = None) -> Progress:
    found = Progress(plan=plan)
    for each in events:
        found.take(each)
    return found


def test_a_plan_holds_what_changes_and_not_what_stays() -> None:
    plan = planned(("same", RECORD, "acme"), ("update", DATABASE, "acme-blue"), ("read", GROUP, "x"))
    (change,) = plan.changes
    assert (change.operation, change.kind, change.name) == (Operation.UPDATE, "rds Instance", "acme-blue")
    assert change.properties == ("instanceClass",)


def test_what_is_created_differs_from_nothing() -> None:
    assert planned(("create", DATABASE, "acme-blue")).changes[0].properties == ()


def test_a_replacement_is_two_changes_of_one_resource() -> None:
    plan = planned(
        ("create-replacement", DATABASE, "a"), ("replace", DATABASE, "a"), ("delete-replaced", DATABASE, "a")
    )
    assert [change.operation for change in plan.changes] == [Operation.REPLACE, Operation.REMOVE]


def test_the_typical_time_is_that_of_the_longest_chain_of_waits() -> None:
    plan = planned(
        ("create", GROUP, "acme-blue"),
        ("create", DATABASE, "acme-blue"),
        ("create", RECORD, "acme"),
        ("create", "aws:ec2/vpnConnection:VpnConnection", "vpn"),
        waits={urn(DATABASE): [urn(GROUP)], urn(RECORD, "acme"): [urn(DATABASE)]},
    )
    assert [change.type for change in plan.slowest] == [GROUP, DATABASE, RECORD]
    assert plan.seconds == sum(wait_for(change).seconds for change in plan.slowest) > 600


def test_a_plan_without_changes_takes_no_time() -> None:
    assert planned().seconds == 0


@pytest.mark.parametrize(("former", "differs"), [({"phase": "steady"}, False), ({"phase": "x"}, True)])
def test_outputs_that_change_alone_are_a_reason_to_update(former: dict[str, str], differs: bool) -> None:
    stack = "pulumi:pulumi:Stack"
    metadata = {
        "op": "same",
        "urn": "urn:pulumi:acme::tenantnet::pulumi:pulumi:Stack::tenantnet-acme",
        "type": stack,
        "provider": "",
        "old": {"type": stack, "outputs": former},
        "new": {"type": stack, "outputs": {"phase": "steady"}},
    }
    step = EngineEvent.from_json({"sequence": 1, "timestamp": 0, "resOutputsEvent": {"metadata": metadata}})
    assert plan_of(EngineLog.of([step]).steps, {}).outputs_change is differs


def test_a_change_is_timed_from_its_start_to_its_end() -> None:
    taken = Progress()
    started = taken.take(event("resourcePreEvent", "create", DATABASE, at=100))
    assert started
    assert started.status is Status.STARTED
    assert taken.running
    done = taken.take(event("resOutputsEvent", "create", DATABASE, at=180))
    assert done
    assert (done.status, done.key, done.seconds) == (Status.DONE, started.key, 80)
    assert taken.counts_done() == {"created": 1}
    assert not taken.running


def test_a_program_that_refuses_is_told_in_its_own_words() -> None:
    text = refusal(progress(diagnostic(REFUSED), diagnostic("update failed")))
    assert text == REFUSED.strip().replace("Nothing was created or changed.", "Nothing was changed.")


@pytest.mark.parametrize(
    ("words", "verb"),
    [
        (
            'unable to replace resource "{urn}"\nas it is currently marked for protection. Remove `protect`',
            "replace",
        ),
        (
            'unable to replace resource "{urn}" as part of replacing "{urn}-x" as it is currently marked for '
            "protection. To unprotect the resource, use `pulumi state unprotect`",
            "replace",
        ),
        ('resource "{urn}" cannot be deleted\nbecause it is protected. To unprotect the resource', "delete"),
    ],
)
def test_a_protection_is_the_authors_to_keep_not_to_take_off(words: str, verb: str) -> None:
    about = urn(DATABASE, "acme-blue")
    progress = Progress()
    progress.take(event("resourcePreEvent", "create-replacement", DATABASE))
    progress.take(diagnostic(words.format(urn=about), about=about))
    said = refusal(progress)
    assert said is not None
    assert f"this update would {verb} acme-blue, because of instanceClass, and" in said
    assert said.endswith("Nothing was changed.")
    assert "unprotect" not in said
    # A fleet tells each stack's errors.
    progress.take(diagnostic("no credentials"))
    kept, other = errors_in_our_words(progress)
    assert kept in said
    assert other == "no credentials"


def test_a_broken_policy_is_a_refusal_and_a_mention_is_none() -> None:
    text = refusal(progress(violation("mandatory"), violation("mandatory"), violation("advisory")))
    assert text
    assert "1 policy is broken" in text
    assert "[mandatory] network-size (acme-blue)\nnot /26\n" in text
    assert refusal(progress(violation("advisory"))) is None


def test_what_a_refresh_has_read_before_hides_no_refusal_of_a_preview() -> None:
    read = [event(kind, "update", GROUP) for kind in ("resourcePreEvent", "resOutputsEvent")]
    preview = progress(*read, violation("mandatory"))
    assert preview.done
    assert "1 policy is broken" in (refusal(preview) or "")
    update = progress(*read, violation("mandatory"), plan=planned(("update", GROUP, "acme-blue")))
    assert refusal(update) is None


def test_what_aws_refuses_is_told_in_awss_words_with_what_was_and_was_not_done() -> None:
    plan = planned(
        ("create", GROUP, "acme-blue"), ("create", DATABASE, "acme-blue"), ("create", RECORD, "acme")
    )
    taken = progress(
        event("resourcePreEvent", "create", GROUP),
        event("resOutputsEvent", "create", GROUP),
        event("resourcePreEvent", "create", DATABASE),
        event("resOpFailedEvent", "create", DATABASE),
        diagnostic(
            "1 error occurred:\n\t* creating RDS DB Instance (acme-blue): operation error RDS: "
            "https response error StatusCode: 400, RequestID: x, api error InstanceQuotaExceeded: too many\n",
            about=urn(DATABASE),
        ),
        diagnostic("update failed"),
        plan=plan,
    )
    text = str(failure("acme", taken, "unused"))
    assert "reason: acme-blue: AWS answered InstanceQuotaExceeded: too many\n" in text
    assert "Done: 1 created; the stack has it in its state.\n" in text
    assert "Failed: acme-blue (rds Instance)" in text
    assert "Not started: 1 of 3" in text


def test_what_aws_has_already_is_told_with_the_commands_that_show_it_and_take_it_away() -> None:
    kind = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
    peer = {"securityGroupId": "sg-1", "cidrIpv4": "172.17.6.0/24"}
    inputs = {**peer, "ipProtocol": "tcp", "fromPort": 3306, "toPort": 3306}
    name = "zeta-blue-sessions"
    answer = (
        "creating it: operation error EC2: AuthorizeSecurityGroupIngress, https response error "
        "StatusCode: 400, RequestID: x, api error InvalidPermission.Duplicate: the specified rule "
        '"peer: 172.17.6.0/24, TCP, from port: 3306, to port: 3306, ALLOW" already exists\n'
    )
    taken = progress(
        event("resourcePreEvent", "create", kind, name),
        event("resOpFailedEvent", "create", kind, name, new=state(kind, name, inputs=inputs)),
        diagnostic(answer, about=urn(kind, name)),
        diagnostic("failed to run policy: context canceled", about=urn(kind, "zeta-blue-vpn-database")),
        diagnostic("update failed"),
        plan=planned(("create", kind, name)),
    )
    text = str(failure("zeta", taken, "unused"))
    assert (
        'reason: zeta-blue-sessions: AWS answered InvalidPermission.Duplicate: the specified rule "' in text
    )
    assert "What is there already is unknown to this stack: it was made by hand, by another stack, or" in text
    assert "canceled" not in text
    assert "describe-security-group-rules --filters Name=group-id,Values=sg-1\n" in text
    revoke = (
        "aws ec2 revoke-security-group-ingress --group-id sg-1 --ip-permissions 'IpProtocol=tcp,FromPort=3306"
    )
    assert f"{revoke},ToPort=3306,IpRanges=[{{CidrIp=172.17.6.0/24}}]'\n" in text
    # A fleet tells each stack's errors.
    assert revoke in "\n".join(errors_in_our_words(taken))


def test_what_was_cut_off_is_the_reason_where_there_is_no_other() -> None:
    taken = progress(diagnostic("failed to run policy: context canceled"))
    assert "reason: failed to run policy: context canceled\n" in str(failure("acme", taken, "unused"))


def test_the_reason_of_a_program_that_failed_is_its_error_and_not_what_is_below_its_steps() -> None:
    steps = '\n  File "infra/__main__.py", line 26, in <module>\n    declare_stack(file)\n    ^^^^^^^^^^^\n'
    failed = progress(diagnostic(f"the program failed: TypeError: 'module' object is not callable{steps}"))
    assert "reason: the program failed: TypeError: 'module' object is not callable\n" in str(
        failure("acme", failed, "unused")
    )


def test_what_was_cut_off_is_told_apart_from_what_was_not_begun() -> None:
    plan = planned(("create", DATABASE, "acme-blue"), ("create", RECORD, "acme"))
    text = state_of(progress(event("resourcePreEvent", "create", DATABASE), plan=plan))
    assert text.startswith("Done: nothing.\n")
    assert "Cut off, and perhaps done: acme-blue (rds Instance)" in text
    assert "Not started: 1 of 2" in text


def test_a_failure_without_diagnostics_is_told_in_pulumis_words() -> None:
    assert "reason: incorrect passphrase" in str(failure("acme", Progress(), "incorrect passphrase"))


@pytest.mark.parametrize(("seconds", "words"), [(0, "0 s"), (59, "59 s"), (60, "1 min"), (108, "1 min 48 s")])
def test_durations_are_spelt_for_people(seconds: int, words: str) -> None:
    assert spell(seconds) == words


def test_of_chains_that_take_equally_long_always_the_same_is_told() -> None:
    one, other = ("create", RECORD, "one"), ("create", RECORD, "other")
    assert planned(one, other).slowest == planned(other, one).slowest


@pytest.mark.parametrize(("properties", "minutes"), [(("tags",), 1), (("tags", "instanceClass"), 15)])
def test_a_database_waits_as_long_as_what_changes_of_it_takes(
    properties: tuple[str, ...], minutes: int
) -> None:
    change = replace(planned(("update", DATABASE, "acme-blue")).changes[0], properties=properties)
    assert wait_for(change).seconds == 60 * minutes
