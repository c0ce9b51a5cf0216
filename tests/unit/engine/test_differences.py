"""Of what a provider names as changed, what really differs: shown from the plans of a tag's change."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.automation import EngineEvent
from tenantnet.engine.differences import SECRET_MARK, UNKNOWN_VALUE
from tenantnet.engine.events import EngineLog

URN = "urn:pulumi:acme::tenantnet::aws:ec2/networkAcl:NetworkAcl::acme-session"
DENY = {"action": "deny", "cidrBlock": "172.17.0.0/16", "ruleNo": 200}
ALLOW = {"action": "allow", "cidrBlock": "0.0.0.0/0", "ruleNo": 300}
WANTED = [DENY, ALLOW]
# As the state has them: a set, in an order of its own, and with what the provider adds.
HAD = [{**ALLOW, "ipv6CidrBlock": ""}, {**DENY, "ipv6CidrBlock": ""}]


def differing(
    before: object = WANTED,
    declared: object = WANTED,
    had: object = HAD,
    will_have: object = WANTED,
    *,
    ends: bool = True,
) -> tuple[str, ...]:
    """What differs of a network ACL that gets a tag, and whose provider names its rules, too."""

    def state(inputs: object, outputs: object, **tags: str) -> dict[str, Any]:
        given = {"egress": inputs, "tags": tags}
        return {"type": "x", "urn": URN, "inputs": given, "outputs": {"egress": outputs}}

    metadata = {
        "op": "update",
        "urn": URN,
        "type": "x",
        "diffs": ["egress", "tags"],
        "old": state(before, had),
    }
    begins = {**metadata, "new": state(declared, None, a="b")}
    planned = {**metadata, "new": state(declared, will_have, a="b")}
    events = [{"resourcePreEvent": {"metadata": begins}}]
    if ends:
        events.append({"resOutputsEvent": {"metadata": planned}})
    log = EngineLog()
    for each in events:
        log.take(EngineEvent.from_json({"sequence": 1, "timestamp": 1, **each}))
    (step,) = log.begun
    return step.properties


def test_a_set_in_another_order_and_what_is_empty_are_no_difference() -> None:
    assert differing() == ("tags",)


def test_a_number_that_nobody_has_set_and_the_provider_plans_as_0_is_no_difference() -> None:
    ports = {"fromPort": 0, "toPort": 0}
    wanted = [{**each, **ports} for each in WANTED]
    had = [{**each, **ports} for each in HAD]
    will_have = [{**each, **ports, "icmpCode": 0, "icmpType": 0, "stateful": False} for each in WANTED]
    assert differing(wanted, wanted, had, will_have) == ("tags",)


def test_a_label_that_the_provider_gives_inside_is_no_difference() -> None:
    disk = {"encrypted": True}
    planned = {**disk, "deleteOnTermination": True, "tagsAll": UNKNOWN_VALUE}
    assert differing(disk, disk, {**disk, "deleteOnTermination": True, "tagsAll": {}}, planned) == ("tags",)


@pytest.mark.parametrize(
    "states",
    [
        # The program wants another one.
        {"declared": [DENY], "will_have": [DENY]},
        # Somebody has added one by hand, or changed it, and the update takes that back.
        {"had": [*HAD, {**ALLOW, "ruleNo": 50}]},
        {"had": [HAD[0], {**HAD[1], "cidrBlock": "172.17.0.0/17"}]},
        # It is what the program does not say, and the provider changes it.
        {"had": {"size": 8, "encrypted": False}, "will_have": {"size": 8, "encrypted": True}},
        # What the program says is 0 is not there, or something else is made 0.
        {key: [{**DENY, "ruleNo": 0}] for key in ("before", "declared", "will_have")}
        | {"had": [{key: DENY[key] for key in ("action", "cidrBlock")}]},
        {"had": [{**HAD[0], "icmpType": 8}, HAD[1]], "will_have": [{**ALLOW, "icmpType": 0}, DENY]},
        # Nobody knows yet what it will be.
        {"will_have": [DENY, {**ALLOW, "ruleNo": UNKNOWN_VALUE}]},
        {"before": UNKNOWN_VALUE, "declared": UNKNOWN_VALUE},
        {"will_have": None},
        {"ends": False},
        # What is secret is blanked, before and after.
        {"before": "[secret]", "declared": "[secret]"},
        {"had": {SECRET_MARK: "1"}, "will_have": {SECRET_MARK: "1"}},
    ],
)
def test_a_real_difference_is_told_and_what_is_not_known_too(states: dict[str, Any]) -> None:
    assert differing(**states) == ("egress", "tags")
