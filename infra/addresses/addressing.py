"""Which addresses a tenant may have, and how its network is divided. Pure.

The settings, the components, the policies and the command line check every address with these functions, so
an address that one of them accepts is accepted by all. Ranges and addresses are plain text in and out
("10.1.2.0/26", "198.51.100.7"); only the canonical spelling is accepted, so equal text is equal range.

Tenant networks are aligned /26 ranges: two of them are either equal or apart.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from socket import inet_aton
from typing import NamedTuple

from netaddr import IPAddress, IPNetwork, spanning_cidr
from tenantnet.forms import Form, because, check_form
from tenantnet.refusal import Refusal, Refused, Rule, is_visible, shown

NETWORK_PREFIX = 26
SUBNET_PREFIX = 28
SESSION_SUBNET_PREFIX = 24

# AWS keeps the first four addresses and the last of every subnet for itself.
# https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
PING_HOST_OFFSET = 10

# RFC 1918.
PRIVATE_RANGES = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")

SERVICES = "services"
SESSIONS = "sessions"


@dataclass(frozen=True, slots=True)
class ReservedRange:
    """A private range that no tenant and no company may use."""

    cidr: str
    """The range."""
    purpose: str
    """What uses it, in a few words. `services` and `sessions` mark where platforms may put those networks."""


DEFAULT_RESERVED = (
    ReservedRange("10.32.0.0/12", SERVICES),
    ReservedRange("172.17.0.0/16", SESSIONS),
)

# IANA's special-purpose registry, without the documentation ranges (examples must work) and the private ones.
# https://www.iana.org/assignments/iana-ipv4-special-registry
_NOT_PUBLIC = {
    **dict.fromkeys(PRIVATE_RANGES, "private (RFC 1918)"),
    "0.0.0.0/8": "this network (RFC 791)",
    "100.64.0.0/10": "shared by carriers behind NAT (RFC 6598)",
    "127.0.0.0/8": "loopback (RFC 1122)",
    "169.254.0.0/16": "link-local (RFC 3927)",
    "192.0.0.0/24": "kept for protocols (RFC 6890)",
    "192.88.99.0/24": "the withdrawn 6to4 relays' (RFC 7526)",
    "198.18.0.0/15": "for benchmarks (RFC 2544)",
    "224.0.0.0/4": "multicast (RFC 5771)",
    "240.0.0.0/4": "kept for the future or broadcast (RFC 1112)",
}

_PRIVATE_TEXT = "10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16"

RANGE_TEXT = Rule(
    id="range-text",
    rule="an address range is written as text: a.b.c.d/n",
    reason="a value of another type cannot be read as a range",
    remedy="write the range as text, for example 10.1.2.0/26",
)
RANGE_NOTATION = Rule(
    id="range-notation",
    rule="an IPv4 range is written a.b.c.d/n: four decimal numbers from 0 to 255 and a prefix from 0 to 32, "
    "without blanks or leading zeros",
    reason="one range has one spelling, because claims are found by it; AWS accepts no other for a VPC",
    remedy="write it like 10.1.2.0/26{hint}",
)
RANGE_ALIGNED = Rule(
    id="range-aligned",
    rule="the address before the slash is the first of its range",
    reason="with host bits set it names one address inside {network}, not the range",
    remedy="write {network} if you mean that range",
)
NETWORK_SIZE = Rule(
    id="network-size",
    rule="a tenant network is a /26",
    reason="all tenant networks have the same size, so two of them are either equal or apart, "
    "and one claim per network is enough to keep tenants apart",
    remedy="choose a /26, or let the command line choose a free one: tenantnet network add TENANT",
)
RANGE_PRIVATE = Rule(
    id="range-private",
    rule=f"the range lies inside {_PRIVATE_TEXT}",
    reason="any other address belongs to the internet or to a protocol, "
    "and would no longer be reachable there",
    remedy=f"choose a range inside {_PRIVATE_TEXT}",
)
COMPANY_PRIVATE = Rule(
    id="company-private",
    rule=f"a company's range lies inside {_PRIVATE_TEXT}",
    reason="a rule of a security group for any other address is an opening to the internet to every check of "
    "it, ours and AWS's; 100.64.0.0/10 is one that carriers share",
    remedy="have the company's VPN device translate its addresses (NAT) into a range inside "
    f"{_PRIVATE_TEXT} that is free there, and write that range",
)
_RESERVED_WHERE = (
    "What is reserved is set for the whole project, in Pulumi.yaml under tenantnet:reservedRanges"
)
RANGE_RESERVED = Rule(
    id="range-reserved",
    rule="the range does not overlap {reserved}, which is reserved for {purpose}",
    reason="routes to {reserved} lead to {purpose}, so no tenant network is reached at an address in it",
    remedy="choose a range outside {reserved}; `tenantnet network add TENANT` finds a free one, and "
    f"so does `tenantnet tenant add`. {_RESERVED_WHERE}",
)
COMPANY_RESERVED = Rule(
    id="company-reserved",
    rule="a company's range does not overlap {reserved}, which is reserved for {purpose}",
    reason="routes to {reserved} lead to {purpose}: what the database answers to an address in it would "
    "never come to the company",
    remedy="write the company's own range; if it is this one, have its VPN device translate the addresses "
    f"(NAT) into a range outside {{reserved}} that is free there, and write that. {_RESERVED_WHERE}",
)
RANGE_BESIDE_PLATFORM = Rule(
    id="range-beside-platform",
    rule="the range does not overlap {other}, the {purpose} network of {platform}",
    reason="a tenant's networks are peered with that one, and one of the two would not be reached",
    remedy="choose a range outside {other}; for a network, `tenantnet network add TENANT` finds one",
)
GATEWAY_TEXT = Rule(
    id="gateway-text",
    rule="a company gateway is one IPv4 address, written a.b.c.d without prefix, blanks or leading zeros",
    reason="AWS builds the tunnels to one address; it accepts no name, range or IPv6 address here",
    remedy="write the address alone, like 198.51.100.7{hint}",
)
GATEWAY_PUBLIC = Rule(
    id="gateway-public",
    rule="a company gateway has a public address",
    reason="AWS reaches it over the internet, and {network} is {purpose}",
    remedy="write the address that the company's VPN device shows to the internet "
    "(behind NAT: the public address of the NAT)",
)
SESSION_SUBNET_SIZE = Rule(
    id="session-subnet-size",
    rule="a session subnet is a /24",
    reason="all session subnets have the same size, so two of them are either equal or apart",
    remedy="choose a /24 inside {sessions}",
)
SESSION_SUBNET_INSIDE = Rule(
    id="session-subnet-inside",
    rule="a session subnet lies inside {sessions}, the range of the sessions network",
    reason="AWS creates a subnet only inside its VPC's range",
    remedy="choose a /24 inside {sessions}",
)
SESSION_SUBNET_OWN = Rule(
    id="session-subnet-own",
    rule="a session subnet overlaps none of the sessions network's shared subnets",
    reason="every tenant's sessions reach {shared}, as the platform's settings say",
    remedy="choose another /24 inside {sessions}, or take {shared} out of sessions.sharedSubnets",
)
FREE_RANGE_LEFT = Rule(
    id="free-range-left",
    rule="a free /{prefix} is left inside {inside}",
    reason="all permitted ones are taken",
    remedy="release unused claims (tenantnet claims audit), or use another cell",
)
RESERVED_LIST = Rule(
    id="reserved-list",
    rule="tenantnet:reservedRanges is a list of mappings, each with just the texts cidr and purpose",
    reason="a reserved range that is not understood would not be kept free",
    remedy="write each entry as {{cidr: 10.96.0.0/12, purpose: data centre}}",
)

_OCTET = r"(?:0|[1-9][0-9]?|1[0-9][0-9]|2[0-4][0-9]|25[0-5])"
_ADDRESS = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}")
_GATEWAY = Form(pattern=_ADDRESS.pattern, longest=15)
_RANGE = Form(pattern=rf"{_ADDRESS.pattern}/(?:[0-9]|[12][0-9]|3[0-2])", longest=18)


def check_network_cidr(value: object, reserved: Sequence[ReservedRange] = DEFAULT_RESERVED) -> list[Refusal]:
    """The problems of a tenant network's range; empty if it is permitted."""
    network, refusals = _parse_range(value)
    if network is None:
        return refusals
    if network.prefixlen != NETWORK_PREFIX:
        refusals.append(NETWORK_SIZE.refuse(value))
    return refusals + _check_place(value, network, reserved)


def check_company_cidr(value: object, reserved: Sequence[ReservedRange] = DEFAULT_RESERVED) -> list[Refusal]:
    """The problems of the range of a company's network behind a VPN connection, of any size."""
    network, refusals = _parse_range(value)
    if network is None:
        return refusals
    return refusals + _check_place(value, network, reserved, private=COMPANY_PRIVATE, apart=COMPANY_RESERVED)


def check_gateway_ip(value: object) -> list[Refusal]:
    """The problems of the address of a company's VPN device. Documentation addresses pass."""
    if refusals := check_form(GATEWAY_TEXT, _GATEWAY, value, hint=_gateway_hint(value)):
        return refusals
    return [
        GATEWAY_PUBLIC.refuse(value, network=network, purpose=purpose)
        for network, purpose in _NOT_PUBLIC.items()
        if IPAddress(str(value)) in IPNetwork(network)
    ]


def check_session_subnet(
    value: object, sessions_cidr: str = "172.17.0.0/16", shared: Iterable[str] = ()
) -> list[Refusal]:
    """The problems of a tenant's subnet in the sessions network. shared: its subnets for all tenants."""
    subnet, refusals = _parse_range(value)
    if subnet is None:
        return refusals
    if subnet.prefixlen != SESSION_SUBNET_PREFIX:
        refusals.append(SESSION_SUBNET_SIZE.refuse(value, sessions=sessions_cidr))
    if subnet not in IPNetwork(sessions_cidr):
        refusals.append(SESSION_SUBNET_INSIDE.refuse(value, sessions=sessions_cidr))
    return refusals + [
        SESSION_SUBNET_OWN.refuse(value, shared=cidr, sessions=sessions_cidr)
        for cidr in shared
        if overlaps(str(subnet), cidr)
    ]


def check_beside_platform(cidr: str, platform: str, ranges: Mapping[str, str]) -> list[Refusal]:
    """The problems of a permitted range beside its platform's networks. ranges: theirs, by their purposes."""
    return [
        RANGE_BESIDE_PLATFORM.refuse(cidr, other=other, purpose=purpose, platform=platform)
        for purpose, other in ranges.items()
        if overlaps(cidr, other)
    ]


def check_range(value: object) -> list[Refusal]:
    """The problems of an IPv4 range of any size and place."""
    return _parse_range(value)[1]


def check_private_cidr(value: object) -> list[Refusal]:
    """The problems of a private range of any size, reserved or not."""
    network, refusals = _parse_range(value)
    return refusals if network is None else refusals + _check_place(value, network, ())


def reserved_ranges(raw: object) -> tuple[ReservedRange, ...]:
    """An organisation's reserved ranges. raw: `tenantnet:reservedRanges` of Pulumi.yaml, None if unset.

    Ranges for `services` and `sessions` replace the default one of that purpose, all others are added to the
    defaults. So each of the two always has a range, inside which a platform must lie: whatever a platform
    uses is reserved. Raises Refused with all problems.
    """
    if raw is None:
        return DEFAULT_RESERVED
    if not isinstance(raw, list):
        raise Refused("The reserved ranges", [RESERVED_LIST.refuse(raw, "tenantnet:reservedRanges")])
    refusals = [
        refusal.at(f"tenantnet:reservedRanges[{index}]")
        for index, entry in enumerate(raw)
        for refusal in _check_reserved(entry)
    ]
    if refusals:
        raise Refused("The reserved ranges", refusals)
    own = tuple(ReservedRange(**entry) for entry in raw)
    purposes = {entry.purpose for entry in own}
    return (*(entry for entry in DEFAULT_RESERVED if entry.purpose not in purposes), *own)


def _check_reserved(entry: object) -> list[Refusal]:
    if not (isinstance(entry, Mapping) and set(entry) == {"cidr", "purpose"}):
        return [because(RESERVED_LIST.refuse(entry), _entry_problem(entry))]
    refusals = [refusal.at("cidr") for refusal in check_private_cidr(entry["cidr"])]
    purpose = entry["purpose"]
    if not (isinstance(purpose, str) and is_visible(purpose) and purpose.strip() == purpose != ""):
        refusals.append(RESERVED_LIST.refuse(purpose, "purpose"))
    return refusals


def _entry_problem(entry: object) -> str:
    if not isinstance(entry, Mapping):
        return "is no mapping"
    lacking = sorted({"cidr", "purpose"} - set(entry))
    if lacking:
        return f"lacks {' and '.join(lacking)}"
    return f"has {', '.join(shown(key) for key in entry if key not in ('cidr', 'purpose'))}"


def _parse_range(value: object) -> tuple[IPNetwork | None, list[Refusal]]:
    if not isinstance(value, str):
        return None, [RANGE_TEXT.refuse(value)]
    if refusals := check_form(RANGE_NOTATION, _RANGE, value, hint=_range_hint(value)):
        return None, refusals
    network = IPNetwork(value)
    if network.ip == network.cidr.ip:
        return network, []
    return network.cidr, [RANGE_ALIGNED.refuse(value, network=network.cidr)]


def _check_place(
    value: object,
    network: IPNetwork,
    reserved: Sequence[ReservedRange],
    *,
    private: Rule = RANGE_PRIVATE,
    apart: Rule = RANGE_RESERVED,
) -> list[Refusal]:
    if not any(network in IPNetwork(around) for around in PRIVATE_RANGES):
        return [private.refuse(value)]
    return [
        apart.refuse(value, reserved=entry.cidr, purpose=entry.purpose)
        for entry in reserved
        if overlaps(str(network), entry.cidr)
    ]


def _range_hint(value: str) -> str:
    if ":" in value:
        return ": networks, sessions and VPN connections carry IPv4 only"
    address = value.strip()
    return f": a prefix is missing after {address}" if _ADDRESS.fullmatch(address) else ""


def _gateway_hint(value: object) -> str:
    address, slash, _ = value.partition("/") if isinstance(value, str) else ("", "", "")
    return f": {address} without the prefix" if slash and _ADDRESS.fullmatch(address) else ""


class SubnetPlan(NamedTuple):
    """The four /28 of a tenant network, in the order of their addresses."""

    database_a: str
    database_b: str
    hosts: str
    spare: str


def subnet_plan(cidr: str) -> SubnetPlan:
    """How a permitted tenant network is divided. Raises ValueError for anything but a /26."""
    if IPNetwork(cidr).prefixlen != NETWORK_PREFIX:
        raise ValueError(f"{cidr} is not a /{NETWORK_PREFIX}")
    return SubnetPlan(*map(str, IPNetwork(cidr).subnet(SUBNET_PREFIX)))


def database_range(cidr: str) -> str:
    """The range of both database subnets of the tenant network `cidr`, and of nothing else."""
    plan = subnet_plan(cidr)
    return str(spanning_cidr([plan.database_a, plan.database_b]))


def ping_host_address(cidr: str) -> str:
    """The address of the ping host in the tenant network `cidr`, known before the host exists."""
    return str(IPNetwork(subnet_plan(cidr).hosts)[PING_HOST_OFFSET])


def overlaps(a: str, b: str) -> bool:
    """Whether two ranges have an address in common."""
    return IPNetwork(a) in IPNetwork(b) or IPNetwork(b) in IPNetwork(a)


def contains(around: str, cidr: str) -> bool:
    """Whether `cidr` lies inside `around`, or is equal."""
    return IPNetwork(cidr) in IPNetwork(around)


def prefix_length(cidr: str) -> int:
    """The number after the slash."""
    return int(IPNetwork(cidr).prefixlen)


def choose_free_network(
    taken: Iterable[str],
    reserved: Sequence[ReservedRange] = DEFAULT_RESERVED,
    rng: random.Random | None = None,
) -> str:
    """A permitted /26 that overlaps nothing `taken`, chosen at random. Raises Refused if none is left."""
    blocked = [*taken, *(entry.cidr for entry in reserved)]
    return _choose_free(PRIVATE_RANGES, NETWORK_PREFIX, blocked, rng)


def choose_free_session_subnet(
    taken: Iterable[str], sessions_cidr: str = "172.17.0.0/16", rng: random.Random | None = None
) -> str:
    """A /24 of the sessions network that overlaps nothing `taken`. Raises Refused if none is left."""
    return _choose_free([sessions_cidr], SESSION_SUBNET_PREFIX, taken, rng)


def _choose_free(
    inside: Sequence[str], prefix: int, blocked: Iterable[str], rng: random.Random | None
) -> str:
    """Count the free blocks, choose a random number, and find that block without testing each."""
    size = 1 << (32 - prefix)
    gaps = list(_gaps(inside, blocked, size))
    free = sum((end - start) // size for start, end in gaps)
    if not free:
        raise Refused(
            "The choice of a free range",
            [FREE_RANGE_LEFT.refuse(f"a /{prefix}", prefix=prefix, inside=", ".join(inside))],
        )
    position = (rng or random.SystemRandom()).randrange(free)
    for start, end in gaps:
        count = (end - start) // size
        if position < count:
            return f"{IPAddress(start + position * size)}/{prefix}"
        position -= count
    raise AssertionError("the drawn number is below the number of free blocks")


def _gaps(inside: Sequence[str], blocked: Iterable[str], size: int) -> Iterator[tuple[int, int]]:
    """What `blocked` leaves of `inside`, in whole blocks: first address and the one after the last."""
    taken = sorted(_bounds(cidr) for cidr in blocked)
    for start, end in sorted(_bounds(cidr) for cidr in inside):
        free_from = start
        for first, after in taken:
            if after <= free_from or first >= end:
                continue
            if first > free_from:
                yield free_from, first // size * size
            free_from = -(-after // size) * size
        if free_from < end:
            yield free_from, end


def _bounds(cidr: str) -> tuple[int, int]:
    """The first address of a range and the one after its last: 20 times as fast as IPNetwork.

    There may be 300,000 claims.
    """
    address, _, length = cidr.partition("/")
    size = 1 << (32 - int(length))
    first = int.from_bytes(inet_aton(address)) // size * size
    return first, first + size
