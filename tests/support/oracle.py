"""Which addresses are permitted, computed a second time with Python's own ipaddress, and cases to compare.

Settings, components, policies and commands are all held against this; nothing of infra is used here.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, ip_address, ip_network

from hypothesis import strategies as st

PRIVATE = [ip_network(cidr) for cidr in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]
RESERVED = ("10.32.0.0/12", "172.17.0.0/16")
DOCUMENTATION = [ip_network(cidr) for cidr in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")]


def is_permitted_network(value: object, reserved: Sequence[str] = RESERVED) -> bool:
    """Whether a tenant network may have this range."""
    network = _range(value)
    return network is not None and network.prefixlen == 26 and _is_free_private(network, reserved)


def is_permitted_company(value: object, reserved: Sequence[str] = RESERVED) -> bool:
    """Whether a company's network may have this range."""
    network = _range(value)
    return network is not None and _is_free_private(network, reserved)


def is_permitted_session_subnet(value: object, sessions: str = "172.17.0.0/16") -> bool:
    """Whether a tenant's session subnet may have this range."""
    network = _range(value)
    return network is not None and network.prefixlen == 24 and network.subnet_of(IPv4Network(sessions))


def is_permitted_gateway(value: object) -> bool:
    """Whether a company's VPN device may have this address."""
    try:
        address = ip_address(value) if isinstance(value, str) else None
    except ValueError:
        return False
    if not isinstance(address, IPv4Address) or str(address) != value:
        return False
    relays = IPv4Network("192.88.99.0/24")
    return (
        (address.is_global or any(address in network for network in DOCUMENTATION))
        and not address.is_multicast
        and address not in relays
        and address not in IPv4Network("192.0.0.0/24")
    )


def _range(value: object) -> IPv4Network | None:
    try:
        network = ip_network(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return network if isinstance(network, IPv4Network) and str(network) == value else None


def _is_free_private(network: IPv4Network, reserved: Sequence[str]) -> bool:
    inside = any(network.subnet_of(private) for private in PRIVATE)  # type: ignore[arg-type]
    return inside and not any(network.overlaps(ip_network(cidr)) for cidr in reserved)


# The first and last /26 of every range that matters, and their neighbours outside.
_EDGE_RANGES = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "10.32.0.0/12", "172.17.0.0/16")
EDGES = [
    f"{IPv4Address(first + offset)}/{prefix}"
    for cidr in _EDGE_RANGES
    for first in (int(IPv4Network(cidr)[0]), int(IPv4Network(cidr)[-1]) + 1)
    for offset in (-128, -64, 0, 64)
    for prefix in (25, 26, 27)
]

# fmt: off
ODDITIES: list[object] = [
    None, True, False, 0, 26, -1, 10.1, float("nan"), [], ["10.1.2.0/26"], {}, {"cidr": "10.1.2.0/26"},
    b"10.1.2.0/26", "", " ", "/", "/26", "10.1.2.0", "10.1.2.0/", "10.1.2/26", "10.1.2.0/26/26", "10/8",
    "blue", "10.1.2.0/33", " 10.1.2.0/26", "10.1.2.0/26 ", "10.1.2.0/26\n", "10.1.2.0 /26", "10.1.2.0/+26",
    "10.1.2.0/-26", "10.1.2.0/026", "010.1.2.0/26", "10.01.2.0/26", "0xa.1.2.0/26", "10.1.2.0/0x1a",
    "10.1.2.0/255.255.255.192", "10.1.2.0/0.0.0.63", "10.1.2.256/26", "256.1.2.0/26",
    "10.1.2.0/\u0662\u0666", "\u0661\u0660.1.2.0/26", "10\u30021\u30022\u30020/26", "167838208/26",
    "10.1.2.1/26", "10.1.2.0/26,10.1.2.64/26", "10.1.2.0-10.1.2.63", "10.1.2.0/26\x00", "::/26",
    "fd00::/26", "::ffff:10.1.2.0/26", "::ffff:10.1.2.0/122", "2001:db8::1", "::ffff:198.51.100.7",
    "0.0.0.0/0", "0.0.0.0/26", "8.8.8.0/26", "100.64.0.0/26", "169.254.0.0/26", "127.0.0.0/26",
    "224.0.0.0/26", "198.51.100.7", "198.51.100.7/32", "100.64.0.1", "169.254.1.1", "127.0.0.1", "0.0.0.1",
    "255.255.255.255", "10.1.2.3", "172.16.0.1", "192.168.1.1", "224.0.0.1", "239.255.255.255", "240.0.0.1",
    "8.8.8.8", "08.8.8.8", "192.0.2.1", "203.0.113.255", "198.18.0.1", "198.17.255.255", "192.0.0.1",
    "192.88.99.1", "vpn.example.com", "172.17.0.0/24", "172.17.255.0/24", "172.18.0.0/24", "172.17.5.0/25",
    "172.17.5.0/23", "172.17.5.1/24",
]
# fmt: on


def cases(count: int, seed: int = 26) -> list[object]:
    """Edges and oddities, then random addresses and ranges up to `count`; the same ones for the same seed."""
    rng = random.Random(seed)  # noqa: S311 - the same cases every time
    return [*EDGES, *ODDITIES, *(_random_case(rng) for _ in range(count - len(EDGES) - len(ODDITIES)))]


def _random_case(rng: random.Random) -> str:
    if rng.random() < 0.1:
        return str(IPv4Address(rng.randrange(2**32)))
    around = rng.choice([*_EDGE_RANGES, *_EDGE_RANGES, "172.17.0.0/16", "0.0.0.0/0"])
    network = IPv4Network(around)
    prefix = rng.choice([26, 26, 26, 24, 24, 25, 27, 32, rng.randrange(33)])
    address = int(network[0]) + rng.randrange(network.num_addresses)
    if rng.random() < 0.8:
        address &= 0xFFFFFFFF << (32 - prefix)
    return str(IPv4Address(address)) + (f"/{prefix}" if rng.random() < 0.9 else "")


permitted_networks = st.sampled_from([int(network[0]) for network in PRIVATE]).flatmap(
    lambda first: st.integers(0, 2**18 - 1).map(lambda index: f"{IPv4Address(first + 64 * index)}/26")
)
ranges = st.builds(
    lambda address, prefix: f"{IPv4Address(address)}/{prefix}", st.integers(0, 2**32 - 1), st.integers(0, 32)
)
values = st.one_of(
    permitted_networks,
    ranges,
    st.ip_addresses().map(str),
    st.ip_addresses(v=4, network="172.17.0.0/16").map(lambda address: f"{address}/24"),
    st.text(alphabet="0123456789./: x\u0662", max_size=20),
    st.text(max_size=20),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.none(),
    st.lists(st.text(max_size=5), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
    st.binary(max_size=20),
)
