"""What a zone's own name servers answer, asked one by one: no resolver, and no cache, in between."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import dns.exception
import dns.rdatatype
import dns.resolver
from dns.inet import is_address

# Route 53 answers in milliseconds; a firewall that drops everything must not delay a switch.
ANSWER_SECONDS = 2.0
NAME_SERVER_VARIABLE = "TENANTNET_NAME_SERVER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """target: where the name leads, None if the server has no such record. silent: it did not answer."""

    server: str
    target: str | None = None
    silent: bool = False


def ask(name: str, servers: Sequence[str]) -> list[Answer]:
    """What each server answers for the CNAME `name`.

    servers: host names or addresses. If the environment names a name server, it is asked instead of them.
    """
    own = os.environ.get(NAME_SERVER_VARIABLE)
    asked = [own] if own and servers else servers
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda server: _ask(name, server), asked))


def _ask(name: str, server: str) -> Answer:
    try:
        found = asking(server).resolve(name, dns.rdatatype.CNAME, lifetime=ANSWER_SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return Answer(server=server)
    except (dns.exception.DNSException, OSError):
        return Answer(server=server, silent=True)
    return Answer(server=server, target=str(found[0].target).rstrip("."))


def asking(server: str) -> dns.resolver.Resolver:
    """A resolver that asks one server alone. server: its name or address, with a port where it is not 53."""
    host, _, port = server.partition(":")
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = [host] if is_address(host) else _addresses(host), int(port or 53)
    return resolver


def _addresses(host: str) -> list[str]:
    """A name server's addresses; none if they are not resolved in time."""
    try:
        found = dns.resolver.get_default_resolver().resolve_name(host, lifetime=ANSWER_SECONDS)
    except (dns.exception.DNSException, OSError):
        return []
    return list(found.addresses())
