"""Addresses and ranges in a text, in the notations that people and devices have for them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network

_NUMBER = r"\d{1,3}"
_WHOLE = rf"{_NUMBER}(?:\.{_NUMBER}){{3}}"
# The number of a release looks like an address.
_RANGE = re.compile(
    rf"(?<![0-9.])(?<!release )(?<!version )(?:(?P<first>{_WHOLE})"
    rf"(?:\s*-\s*(?P<last>{_WHOLE})|[/\s](?P<mask>(?!0(?:\.0){{3}})(?:255|0)(?:\.{_NUMBER}){{3}})|/(?P<size>\d{{1,3}}))?"
    rf"|(?P<start>{_NUMBER}(?:\.{_NUMBER}){{1,2}})/(?P<bits>\d{{1,2}})"
    rf"|(?P<known>{_NUMBER}(?:\.{_NUMBER}){{0,2}})(?:\.\*)+)(?!\.?\d)",
    re.IGNORECASE,
)
# AWS names hosts after their addresses.
_HOST = re.compile(r"(?<![a-z0-9])ip-(\d{1,3})-(\d{1,3})-(\d{1,3})-(\d{1,3})(?![0-9])", re.IGNORECASE)
# And in hexadecimal, in decimal as a host, within IPv6, and backwards in the names of name servers.
_HEX = re.compile(r"(?<![0-9a-z])0x([0-9a-f]{8})(?![0-9a-z])", re.IGNORECASE)
_DECIMAL = re.compile(r"(?<=//)(\d{8,10})(?=[:/?\s]|\Z)")
_MAPPED = re.compile(r"(?<=:ffff:)([0-9a-f]{1,4}):([0-9a-f]{1,4})(?![0-9a-f:])", re.IGNORECASE)
_BACKWARDS = re.compile(
    r"(?<![0-9.])(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?=\.in-addr\.arpa)", re.IGNORECASE
)
# The bits before an address of IPv4 within IPv6: `::ffff:10.0.0.0/104`.
_IPV6 = 96
_LAST = 2**32 - 1
# The first and the last address, as numbers.
Span = tuple[int, int]


def span_of(network: IPv4Network) -> Span:
    """The range by numbers."""
    return int(network.network_address), int(network.broadcast_address)


# These say "everybody", and "everybody in private": they are nobody's in particular.
_EVERYBODY = [
    (span[0], span)
    for span in map(span_of, map(IPv4Network, ("0.0.0.0/0", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
]


def ranges_in(text: str) -> Iterator[tuple[str, Span]]:
    """Each address or range that the text names, as it does and by numbers; not those that say everybody."""
    for found in _RANGE.finditer(_in_four_numbers(text)):
        with suppress(ValueError):
            first, span = _read(found)
            if (first, span) not in _EVERYBODY:
                yield found[0], span


def _in_four_numbers(text: str) -> str:
    text = _BACKWARDS.sub(r"\4.\3.\2.\1", _HOST.sub(r"\1.\2.\3.\4", text))
    text = _HEX.sub(lambda found: str(IPv4Address(int(found[1], 16))), text)
    text = _DECIMAL.sub(lambda found: str(IPv4Address(min(int(found[1]), _LAST))), text)
    return _MAPPED.sub(lambda found: str(IPv4Address(int(found[1], 16) << 16 | int(found[2], 16))), text)


def _read(found: re.Match[str]) -> tuple[int, Span]:
    """The address that is written first, and the range. Raises ValueError for what is none."""
    written = found["first"] or found["start"] or found["known"]
    numbers = [int(each) for each in written.split(".")]
    address = IPv4Address(".".join(map(str, [*numbers, 0, 0, 0][:4])))
    if found["last"]:
        last = IPv4Address(".".join(str(int(each)) for each in found["last"].split(".")))
        return int(address), (min(int(address), int(last)), max(int(address), int(last)))
    known = str(8 * len(numbers)) if found["known"] else "32"
    size = found["size"] or found["bits"] or found["mask"] or known
    if size.isdigit() and int(size) > _IPV6:
        size = str(int(size) - _IPV6)
    return int(address), span_of(IPv4Network(f"{address}/{size}", strict=False))
