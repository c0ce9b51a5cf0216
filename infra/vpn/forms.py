"""The forms in which EC2's samples for devices are written, by vendor, and what is read in them.

A sample is looked through line by line. Words of its form say which phase follows; algorithms, groups and
lifetimes are then of that phase. What is not found is said, and so is a device whose form is not known here.
https://docs.aws.amazon.com/vpn/latest/s2svpn/example-configuration-files.html
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tenantnet.vpn.connection import Connection, Tunnel
from tenantnet.vpn.samples import GROUP, VERSION, DeviceType, Weakness, setting, unseen, without_keys

PHASES = (1, 2)
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One vendor's. devices: as EC2 names them. first, second: what a phase's settings begin with.

    lifetime: how one is written, with a number and perhaps a unit; it is of `seconds` without one.
    prose: instructions for people, which are comments as a whole. has_inside: whether tunnels have addresses.
    """

    devices: re.Pattern[str]
    first: re.Pattern[str]
    second: re.Pattern[str]
    lifetime: re.Pattern[str]
    seconds: int = 1
    prose: bool = False
    has_inside: bool = True


_IN_WORDS = _words(
    r"(?:life ?time|sa life|key life|renegotiate)\D{0,40}(?P<number>\d+)"
    r" *(?P<unit>second|minute|hour|s\b|m\b|h\b)?"
)
_SHORT = _words(r"life(?:time)?=(?P<number>\d+)(?P<unit>[smhd]?)(?![\w:])")
_PLAIN = _words(r"\blifetime(?: seconds)? (?P<number>\d+)")
FORMS = (
    Form(
        devices=_words(r"^generic\b"),
        first=_words(r"internet key exchange"),
        second=_words(r"ipsec configuration"),
        lifetime=_IN_WORDS,
    ),
    Form(
        devices=_words(r"cisco.*\basa\b"),
        first=_words(r"crypto (?:isakmp|ikev[12]) policy"),
        second=_words(r"crypto (?:ipsec|map)"),
        lifetime=_PLAIN,
        has_inside=False,
    ),
    Form(
        devices=_words(r"cisco.*\b(?:isr|csrv?|ios|asr)\b"),
        first=_words(r"crypto (?:isakmp|ikev2) (?:policy|proposal|profile)"),
        second=_words(r"crypto ipsec"),
        lifetime=_PLAIN,
    ),
    Form(
        devices=_words(r"fortinet"),
        first=_words(r"phase1-interface|phase ?1"),
        second=_words(r"phase2-interface|phase ?2"),
        lifetime=_words(r"\bkey ?life(?:seconds)?\W{0,3}(?P<number>\d+)"),
    ),
    Form(
        devices=_words(r"juniper.*(?:ssg|isg|netscreen|screenos)"),
        first=_words(r"p1-proposal"),
        second=_words(r"p2-proposal"),
        lifetime=_words(r"\bseconds? (?P<number>\d+)"),
    ),
    Form(
        devices=_words(r"juniper"),
        first=_words(r"\bike (?:proposal|policy|gateway)|security ike"),
        second=_words(r"\bipsec (?:proposal|policy|vpn)|security ipsec"),
        lifetime=_words(r"lifetime-seconds (?P<number>\d+)"),
    ),
    Form(
        devices=_words(r"palo alto"),
        first=_words(r"ike-crypto-profiles"),
        second=_words(r"ipsec-crypto-profiles"),
        lifetime=_words(r"lifetime\W+(?P<unit>second|minute|hour|day)s?\W+(?P<number>\d+)"),
    ),
    Form(
        devices=_words(r"strongswan|openswan|libreswan"),
        first=_words(r"\bike(?:lifetime)?\s*="),
        second=_words(r"\b(?:esp|phase2alg|(?:key|sa)?life(?:time)?)\s*="),
        lifetime=_SHORT,
        has_inside=False,
    ),
    Form(
        devices=_words(r"mikrotik"),
        first=_words(r"/ip ipsec profile"),
        second=_words(r"/ip ipsec proposal"),
        lifetime=_SHORT,
    ),
    Form(
        devices=_words(r"sonicwall|dell"),
        first=_words(r"proposal ike"),
        second=_words(r"proposal ipsec"),
        lifetime=_PLAIN,
    ),
    Form(
        devices=_words(r"yamaha"),
        first=_words(r"ipsec ike (?:encryption|hash|group|duration isakmp-sa)"),
        second=_words(r"ipsec sa policy|ipsec ike (?:pfs|duration ipsec-sa)"),
        lifetime=_words(r"duration \w+-sa (?P<number>\d+)"),
    ),
    Form(
        devices=_words(r"\bf5\b|big-ip"),
        first=_words(r"phase1-|ike-peer"),
        second=_words(r"phase2-|ipsec-policy"),
        lifetime=_PLAIN,
        seconds=60,
    ),
    Form(
        devices=_words(r"\bh3c\b"),
        first=_words(r"\bike proposal"),
        second=_words(r"\bipsec (?:transform-set|proposal|profile|policy)"),
        lifetime=_words(r"sa duration (?:time-based )?(?P<number>\d+)"),
    ),
    Form(
        devices=_words(r"pfsense|watchguard|check ?point|sophos|cyberoam|zyxel|barracuda"),
        first=_words(r"\bphase[ -]?(?:1|one)\b"),
        second=_words(r"\bphase[ -]?(?:2|two)\b"),
        lifetime=_IN_WORDS,
        prose=True,
        has_inside=False,
    ),
)


_KINDS = ("encryption", "integrity", "Diffie-Hellman group", "lifetime")
# How a line shows that it sets one. Without a group of its own, PFS takes that of phase 1.
_SIGNS = {
    "encryption": _words(r"(?<![a-z])(?:aes|3des|gcm)(?![a-z]{4})"),
    "counter mode": _words(r"gcm"),
    "integrity": _words(r"(?<![a-z])(?:hmac[_-]?|prf)?(?:sha|md5)(?![a-z])"),
    "Diffie-Hellman group": _words(rf"{GROUP.pattern}|\bipsec ike pfs on\b"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """longer: lifetimes that exceed the connection's. missing: what nobody could find, in words."""

    longer: Sequence[Weakness] = ()
    missing: Sequence[str] = ()


def read_sample(sample: str, device: DeviceType, connection: Connection) -> Reading:
    """What the sample for a device says of a connection, as far as the device's form is known."""
    named = f"{device.vendor} {device.platform} {device.software}"
    form = next((each for each in FORMS if each.devices.search(named)), None)
    addresses = _missing_addresses(sample, connection, has_inside=form is not None and form.has_inside)
    sample = without_keys(sample, connection)
    if form is None:
        unknown = f"lifetimes, and which phase a setting is of: the form of {device.vendor} is not known here"
        return Reading(longer=(), missing=[unknown, *unseen(sample), *addresses])
    found = _figures(sample, form)
    settings = [
        f"the {kind} of phase {phase}"
        for phase in PHASES
        for kind in _KINDS
        if not found[phase, kind] and not (kind == "integrity" and found[phase, "counter mode"])
    ]
    version = [] if found[0, "version"] else ["a version of IKE"]
    return Reading(longer=[*_longer(found, connection)], missing=[*version, *settings, *addresses])


_Found = Mapping[tuple[int, str], Sequence[tuple[int, int]]]


def _figures(sample: str, form: Form) -> _Found:
    """By phase and kind, the lines that set it, each with its value: seconds of a lifetime, else 0.

    The version of IKE is of phase 0: both are of it.
    """
    found: dict[tuple[int, str], list[tuple[int, int]]] = defaultdict(list)
    phase = 0
    for number, line in enumerate(sample.splitlines(), 1):
        marks = [
            (match.start(), which)
            for which, mark in ((1, form.first), (2, form.second))
            for match in mark.finditer(line)
        ]
        phase = max(marks)[1] if marks else phase
        text = setting(line, prose=form.prose) or ""
        if VERSION.search(text):
            found[0, "version"].append((number, 0))
        for kind, sign in _SIGNS.items():
            if sign.search(text):
                found[phase, kind].append((number, 0))
        if lifetime := form.lifetime.search(text):
            unit = (lifetime.groupdict().get("unit") or "").lower()[:1]
            # More digits say no more, and Python reads no text of thousands of them.
            value = int(lifetime["number"][:9]) * UNITS.get(unit, form.seconds)
            found[phase, "lifetime"].append((number, value))
    return found


def _longer(found: _Found, connection: Connection) -> Iterator[Weakness]:
    tunnels = connection.configuration.tunnels
    ours = {1: min(each.ike.lifetime for each in tunnels), 2: min(each.ipsec.lifetime for each in tunnels)}
    for phase in PHASES:
        if over := [(value, line) for line, value in found[phase, "lifetime"] if value > ours[phase]]:
            value, line = max(over, key=lambda each: each[0])
            yield Weakness(what=f"{value} seconds in phase {phase}, longer than {ours[phase]}", line=line)


def _missing_addresses(sample: str, connection: Connection, *, has_inside: bool) -> list[str]:
    """What a tunnel cannot do without, and is nowhere in the sample. Keys are not in the words."""
    return [
        f"tunnel {tunnel.number}'s {what}"
        for tunnel in connection.tunnels
        for what, value in _needed(tunnel, has_inside=has_inside)
        if not re.search(rf"(?<![\w.]){re.escape(value)}(?![\w]|\.\d)", sample)
    ]


def _needed(tunnel: Tunnel, *, has_inside: bool) -> Iterator[tuple[str, str]]:
    yield "endpoint", tunnel.figures.aws_outside
    yield "pre-shared key", tunnel.figures.pre_shared_key
    if has_inside:
        yield "inside address of your end", tunnel.figures.company_inside
