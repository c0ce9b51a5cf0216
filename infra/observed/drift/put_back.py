"""Security groups' rules that somebody has put back by hand: the same, but not the stack's. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tenantnet.aws import types
from tenantnet.engine.events import Operation, Step
from tenantnet.observed.deployed import SecurityGroupRule
from tenantnet.observed.drift.state import StackState

_PEERS = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")


def rules_put_back(
    refreshed: Iterable[Step], rules: Iterable[SecurityGroupRule]
) -> Mapping[str, SecurityGroupRule]:
    """The rules that are there in place of the stack's, by the ids of those. rules: all that EC2 has."""
    there = {_effect(rule): rule for rule in rules}
    return {
        step.old.id: there[effect]
        for step in refreshed
        if step.type in (types.INGRESS_RULE, types.EGRESS_RULE)
        and step.operation is Operation.DELETE
        and step.old
        and (effect := _declared(step.type, step.old.inputs or {})) in there
    }


def describe(lost: str, rule: SecurityGroupRule, state: StackState) -> str:
    """One sentence, with what an update needs before it can make the stack's own rule again."""
    way = "egress" if rule.egress else "ingress"
    return (
        f"security group {state.named(rule.group_id)} has its rule for {rule.peer} back, by hand ({rule.id} "
        f"in place of {lost}). Before an update with --refresh: aws ec2 revoke-security-group-{way} "
        f"--group-id {rule.group_id} --security-group-rule-ids {rule.id}"
    )


def _effect(rule: SecurityGroupRule) -> tuple[object, ...]:
    return (rule.group_id, rule.egress, rule.protocol, rule.from_port, rule.to_port, rule.peer)


def _declared(kind: str, inputs: Mapping[str, object]) -> tuple[object, ...]:
    ports = (inputs.get(name, -1) for name in ("fromPort", "toPort"))
    peer = next((inputs[name] for name in _PEERS if inputs.get(name)), None)
    egress = kind == types.EGRESS_RULE
    return (inputs.get("securityGroupId"), egress, inputs.get("ipProtocol"), *ports, peer)
