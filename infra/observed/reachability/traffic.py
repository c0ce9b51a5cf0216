"""The kinds of traffic that are distinguished, and which of them a rule allows."""

from __future__ import annotations

from enum import StrEnum

from tenantnet.aws.session_documents import MYSQL_PORT
from tenantnet.observed.deployed import ANY_PROTOCOL, AclRule, SecurityGroupRule

TCP, ICMP = ("tcp", "6"), ("icmp", "1")
ALL_PORTS = range(65_536)
ECHO_REQUEST = 8


class Traffic(StrEnum):
    """OTHER: every other kind."""

    MYSQL = "MySQL"
    PING = "ping"
    HTTPS = "HTTPS"
    OTHER = "other traffic"


PORTS = {MYSQL_PORT: Traffic.MYSQL, 443: Traffic.HTTPS}


def traffic_of(rule: SecurityGroupRule | AclRule) -> frozenset[Traffic]:
    """The kinds of traffic that the rule allows: MySQL, ping and HTTPS as a whole, other traffic in part."""
    if rule.protocol == ANY_PROTOCOL:
        return frozenset(Traffic)
    if rule.protocol in TCP:
        ports = ALL_PORTS if rule.from_port == -1 else range(rule.from_port, rule.to_port + 1)
        named = {traffic for port, traffic in PORTS.items() if port in ports}
        return frozenset(named | ({Traffic.OTHER} if len(ports) > len(named) else set()))
    if rule.protocol in ICMP:
        # An echo request has one code only, so all of its codes are that one.
        echo = {Traffic.PING} if rule.from_port in (ECHO_REQUEST, -1) and rule.to_port in (0, -1) else set()
        return frozenset(echo | ({Traffic.OTHER} if rule.from_port != ECHO_REQUEST else set()))
    return frozenset({Traffic.OTHER})
