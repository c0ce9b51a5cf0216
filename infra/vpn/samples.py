"""EC2's sample configurations for devices, and what in them is weaker than a connection's tunnels require.

A sample names the least that AWS can do or what AWS recommends, not what this connection's tunnels permit.
https://docs.aws.amazon.com/vpn/latest/s2svpn/example-configuration-files.html
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from tenantnet.observed.deployed import Described, at
from tenantnet.vpn.connection import Connection, Permitted
from tenantnet.vpn.strongswan import DH_GROUPS

WARNING_FILE = "WARNING.md"
# What starts a comment in some device's configuration.
COMMENT_MARKS = ("!", "#", ";", "//")
# How AWS's samples speak of algorithms that they do not set.
_ADVICE = re.compile(r"minimum requirement|take advantage of|need to modify", re.IGNORECASE)
# Yamaha's `ipsec ike group 1 modp2048`: the number is the gateway's.
_GATEWAY_NUMBER = re.compile(r"(\bipsec ike (?:duration )?[a-z-]+) \d+(?= )")
# One word for it, and then numbers: `group 14 2`, `dh-group '2'`, `dhgrp 14 5`, `"dhGroups": [14, 2]`.
GROUP = re.compile(
    r"(?<![\w-])(?:dh[ _-]?)?(?:group|grp)(?:s|\(s\))?['\"]?"
    r"(?P<numbers>(?:[ \t,:=_(\[{-]*['\"]?\d{1,2}['\"]?(?![\w.]))+)"
    r"|\b(?P<name>modp\d+(?:s\d+)?|ecp\d+)\b",
    re.IGNORECASE,
)
VERSION = re.compile(
    r"\bike[ _-]?v?[12]\b|\bike[ _-]version\W+(?:ike)?v?[12]\b|\bcrypto isakmp\b|\bversion\W+v[12]",
    re.IGNORECASE,
)
_GROUP_NUMBERS = {name: number for number, name in DH_GROUPS.items()}


class DeviceType(Described):
    """A kind of device, as EC2 lists it. id: eight hexadecimal digits."""

    id: Annotated[str, at("VpnConnectionDeviceTypeId")]
    vendor: str = ""
    platform: str = ""
    software: str = ""

    @property
    def name(self) -> str:
        """What the command line calls it: `cisco-systems-inc-isr-series-routers-ios-12.4`."""
        words = re.split(r"[^a-z0-9.]+", f"{self.vendor} {self.platform} {self.software}".lower())
        return "-".join(stripped for word in words if (stripped := word.strip(".")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Weakness:
    """Something that a sample sets and a tunnel refuses. line: the first one that sets it, from 1."""

    what: str
    line: int


@dataclass(frozen=True, slots=True)
class _Sign:
    """How a line shows what it sets. values: AWS's words for that, any of which permits it, if it has any."""

    what: str
    pattern: re.Pattern[str]
    options: tuple[str, ...]
    values: tuple[object, ...]


# Without a length Cisco's `aes` is AES-128, and its `sha` is SHA-1.
_SIGNS = (
    _Sign(
        "IKEv1",
        re.compile(r"\bike[ _-]?v?1\b|\bike[ _-]version[ :=]+1\b|\bisakmp policy\b", re.IGNORECASE),
        ("ike_versions",),
        ("ikev1",),
    ),
    _Sign(
        "AES-128",
        re.compile(
            r"\baes(?:[ _-]?(?:cbc|gcm))?[ _-]?128|\b(?:encryption |esp-)aes\s*(?:$|esp-)", re.IGNORECASE
        ),
        ("ike_encryption", "ipsec_encryption"),
        ("AES128", "AES128-GCM-16"),
    ),
    _Sign(
        "SHA-1",
        re.compile(r"\b(?:hmac-)?sha-?1(?!\d)|\b(?:hash|integrity) sha\s*$|\besp-sha-hmac\b", re.IGNORECASE),
        ("ike_integrity", "ipsec_integrity"),
        ("SHA1",),
    ),
    *(
        _Sign(what, re.compile(pattern, re.IGNORECASE), (), ())
        for what, pattern in (
            ("AES-192", r"\baes(?:[ _-]?(?:cbc|gcm))?[ _-]?192"),
            ("3DES", r"(?<![a-z0-9])(?:3|triple[ -]?)des(?![a-z])"),
            ("DES", r"(?<![a-z0-9])des[_-]cbc\b|\besp-des\b|\bencr\w*(?:[_-]\w+)*\W+des\b"),
            ("MD5", r"(?<![a-z0-9])md5(?![a-z0-9])"),
        )
    ),
)
_GROUP_OPTIONS = ("ike_dh_groups", "ipsec_dh_groups")
# How a sample shows that it sets something of a kind, weak or not.
_SEEN: Mapping[str, re.Pattern[str]] = {
    "a version of IKE": VERSION,
    "an encryption": re.compile(r"aes|gcm", re.IGNORECASE),
    "an integrity": re.compile(r"sha|gcm", re.IGNORECASE),
    "a Diffie-Hellman group": GROUP,
}


def without_keys(sample: str, connection: Connection) -> str:
    """The sample as it is read: what a key contains by chance sets nothing."""
    for tunnel in connection.configuration.tunnels:
        sample = sample.replace(tunnel.pre_shared_key, "")
    return sample


def weaknesses(sample: str, permitted: Sequence[Permitted]) -> list[Weakness]:
    """What the sample sets although a tunnel refuses it, each once; [] where nothing of that kind is seen.

    It reads texts of many forms by the signs that they have in common: what it names is there, and something
    that has no such sign it does not see; `unseen` says of what kind.
    """
    lines: dict[str, int] = {}
    for number, text in _settings(sample):
        for what in _refused(text, permitted):
            lines.setdefault(what, number)
    return [Weakness(what=what, line=line) for what, line in lines.items()]


def unseen(sample: str) -> list[str]:
    """The kinds of which the sample shows nothing that is known here, so that none of it can be judged."""
    lines = [text for _, text in _settings(sample)]
    return [kind for kind, sign in _SEEN.items() if not any(map(sign.search, lines))]


def headed(sample: str, found: Sequence[Weakness]) -> str:
    """The sample with a warning at its head, if it starts with a comment and so takes one more."""
    mark = next((mark for mark in COMMENT_MARKS if sample.lstrip().startswith(mark)), None)
    if not (mark and found):
        return sample
    named = ", ".join(weakness.what for weakness in found)
    return (
        f"{mark} WARNING: weaker than the tunnels demand, which refuse {named}.\n"
        f"{mark} {WARNING_FILE} beside this file says what to set instead.\n{mark}\n{sample}"
    )


def setting(line: str, *, prose: bool = False) -> str | None:
    """A line of a sample as it is read; None for a comment, unless all is prose, and for general advice."""
    if (line.lstrip().startswith(COMMENT_MARKS) and not prose) or _ADVICE.search(line):
        return None
    return _GATEWAY_NUMBER.sub(r"\1", line)


def _settings(sample: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(sample.splitlines(), 1):
        if (text := setting(line)) is not None:
            yield number, text


def _refused(line: str, permitted: Sequence[Permitted]) -> Iterator[str]:
    for sign in _SIGNS:
        if sign.pattern.search(line) and not _allowed(sign.options, sign.values, permitted):
            yield sign.what
    for match in GROUP.finditer(line):
        named = [str(_GROUP_NUMBERS.get((match["name"] or "").lower(), 0))]
        for number in map(int, re.findall(r"\d+", match["numbers"]) if match["numbers"] else named):
            if not _allowed(_GROUP_OPTIONS, {number} & DH_GROUPS.keys(), permitted):
                yield f"Diffie-Hellman group {number}"


def _allowed(options: Sequence[str], values: Collection[object], permitted: Sequence[Permitted]) -> bool:
    """Whether every tunnel takes one of the values, in every phase: an empty option is for all of AWS's."""
    choices = [getattr(tunnel, option) for tunnel in permitted for option in options]
    return bool(values) and all(not choice or any(value in choice for value in values) for choice in choices)
