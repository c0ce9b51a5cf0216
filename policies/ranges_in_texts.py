"""Addresses and ranges in a text, in the notations that people and devices have for them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address
from socket import inet_aton, inet_ntoa

_NUMBER = r"\d{1,3}"
_WHOLE = rf"{_NUMBER}(?:\.{_NUMBER}){{3}}"
# The number of a release looks like an address.
_RANGE = re.compile(
    rf"(?<![0-9.])(?<!release )(?<!version )(?<!\bv)(?:(?P<first>{_WHOLE})"
    rf"(?:\s*-\s*(?P<last>{_WHOLE})|[/\s](?P<mask>(?!0(?:\.0){{3}})(?:255|0)(?:\.{_NUMBER}){{3}})|/(?P<size>\d{{1,3}}))?"
    rf"|(?P<start>{_NUMBER}(?:\.{_NUMBER}){{1,2}})/(?P<bits>\d{{1,2}})"
    rf"|(?P<known>{_NUMBER}(?:\.{_NUMBER}){{0,2}})(?:\.\*)+)(?!\.?\d)",
    re.IGNORECASE,
)
# Names of hosts have them with hyphens, and in hexadecimal: `ip-10-0-0-4.ec2.internal`, `0a000004.nip.io`.
_HOST = re.compile(r"(?<![0-9])(?<![0-9]-)(\d{1,3})-(\d{1,3})-(\d{1,3})-(\d{1,3})(?!-?[0-9])")
_HEX = re.compile(r"(?<![0-9a-z])(?:0x([0-9a-f]{7,8})(?![0-9a-z])|([0-9a-f]{8})(?=\.[a-z]))", re.IGNORECASE)
# As clients take them where a host stands, with fewer numbers, in octal or in hexadecimal: `http://10.9/`.
_PART = r"(?:0x[0-9a-f]+|\d+)"
_AS_HOST = re.compile(
    rf"(//(?:[^\s/@]*@)?|(?<=@)|\A(?=\S*\Z))({_PART}(?:\.{_PART}){{0,3}})(?=[:/?#\s]|\Z)", re.IGNORECASE
)
# Elsewhere such numbers are releases: `npm@10.9.2`.
_ORDINARY = re.compile(r"(?!0\d)\d{1,3}(?:\.(?!0\d)\d{1,3}){0,2}")
_IPV6 = re.compile(
    r"(?<![0-9a-z:.])(?=[0-9a-f]*:)[0-9a-f:]{2,39}(?:\d{0,3}(?:\.\d{1,3}){3})?(?:/\d{1,3})?", re.IGNORECASE
)
# The tag of an image is a release: `example/proxysql:2.5.5.1`.
_TAG = re.compile(r"(?<![^\s\"'=])([\w.-]+(?:/[\w.-]+)+:)\d+(?:\.\d+)+(?=[\"'\s,@\]\\]|\Z)")
_BACKWARDS = re.compile(
    r"(?<![0-9.])(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?=\.in-addr\.arpa)", re.IGNORECASE
)
# Where IPv6 has an address of IPv4: in its end, or in 6to4 behind the first 16 bits.
_BITS, _IN_6TO4, _BITS_BEFORE_6TO4 = 96, 0x2002, 16
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
    plain = _in_four_numbers(text)
    for each in dict.fromkeys((plain, _AS_HOST.sub(_by_client, plain))):
        for found in _RANGE.finditer(each):
            with suppress(ValueError):
                first, span = _read(found)
                if (first, span) not in _EVERYBODY:
                    yield found[0], span


def _in_four_numbers(text: str) -> str:
    text = _BACKWARDS.sub(r"\4.\3.\2.\1", _HOST.sub(r" \1.\2.\3.\4 ", text))
    text = _HEX.sub(lambda found: f" {IPv4Address(int(found[1] or found[2], 16))} ", text)
    return _IPV6.sub(_within_ipv6, _TAG.sub(r"\1", text))


def _by_client(found: re.Match[str]) -> str:
    url, host = found.groups()
    if not url and _ORDINARY.fullmatch(host):
        return found[0]
    with suppress(OSError):
        return f"{url}{inet_ntoa(inet_aton(host))}"
    return found[0]


def _within_ipv6(found: re.Match[str]) -> str:
    """The address or range of IPv4 that it is about; the text as it is if that is none."""
    address, _, size = found[0].partition("/")
    with suppress(ValueError):
        number, bits = int(IPv6Address(address)), int(size or 128) - _BITS
        if number >> 112 == _IN_6TO4:
            number, bits = number >> 80, min(int(size or 128) - _BITS_BEFORE_6TO4, 32)
        if bits > 0:
            return f"{IPv4Address(number & _LAST)}/{bits}"
    return found[0]


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
    # Two numbers with others behind them are a fraction in a sentence: `rated 10.9/12`.
    is_short = bool(found["start"]) and len(numbers) < 3 and found[0] != found.string.strip()
    return int(address), span_of(IPv4Network(f"{address}/{size}", strict=is_short))
