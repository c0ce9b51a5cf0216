"""What network ACLs allow in and out of subnets. Pure.

The matching rule with the lowest number decides, and what no rule matches is denied. An ACL has
no state, so answers need rules too.
https://docs.aws.amazon.com/vpc/latest/userguide/nacl-basics.html
"""

from __future__ import annotations

from collections.abc import Callable

from netaddr import IPSet
from tenantnet.observed.deployed import ANY_PROTOCOL, AclRule, NetworkAcl
from tenantnet.observed.reachability.traffic import ICMP, TCP, Traffic, traffic_of

# Clients send from these ports, so answers go to them.
# https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports
EPHEMERAL = range(1024, 65_536)
ECHO_REPLY = 0


def requests_admitted(acl: NetworkAcl, traffic: Traffic, *, egress: bool) -> IPSet:
    """The peers to or from which at least some of the traffic gets through."""

    def denied(rule: AclRule) -> bool:
        # Other traffic is of many kinds, and only a rule for everything covers all of them.
        return traffic in traffic_of(rule) and (traffic is not Traffic.OTHER or rule.protocol == ANY_PROTOCOL)

    return _admitted(acl, egress, allowed=lambda rule: traffic in traffic_of(rule), denied=denied)


def answers_admitted(acl: NetworkAcl, traffic: Traffic, *, egress: bool) -> IPSet:
    """The peers to or from which answers to the traffic get through, whatever port was asked from.

    Of other traffic any answer counts.
    """
    if traffic is Traffic.OTHER:
        return requests_admitted(acl, traffic, egress=egress)
    return _admitted(
        acl,
        egress,
        allowed=lambda rule: _answers(rule, traffic, all_of_them=True),
        denied=lambda rule: _answers(rule, traffic, all_of_them=False),
    )


def _answers(rule: AclRule, traffic: Traffic, *, all_of_them: bool) -> bool:
    """Whether the rule is about all answers to the traffic, or about any."""
    if rule.protocol == ANY_PROTOCOL:
        return True
    if traffic is Traffic.PING:
        return rule.protocol in ICMP and rule.from_port in (ECHO_REPLY, -1)
    if rule.protocol not in TCP:
        return False
    first, last = max(rule.from_port, EPHEMERAL.start), min(rule.to_port, EPHEMERAL.stop - 1)
    return range(first, last + 1) == EPHEMERAL if all_of_them else first <= last


def _admitted(
    acl: NetworkAcl, egress: bool, *, allowed: Callable[[AclRule], bool], denied: Callable[[AclRule], bool]
) -> IPSet:
    admitted, decided = IPSet(), IPSet()
    for rule in sorted(acl.rules, key=lambda rule: rule.number):
        if rule.egress == egress and (allowed(rule) if rule.allow else denied(rule)):
            span = IPSet([rule.cidr]) - decided
            decided |= span
            admitted |= span if rule.allow else IPSet()
    return admitted
