"""Readers of YAML, and values that they read differently."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import yaml
from ruamel.yaml import YAML
from tenantnet.refusal import Refused
from tenantnet.settings.alike import LOADER
from tenantnet.settings.reading import parse

# fmt: off
ODD = [
    "0144", "-0144", "+0144", "00", "0o144", "0O144", "0x64", "0X64", "-0x64", "0b11", "1_000", "1__0", "1_",
    "100_", "1:40", "1:40:00", "190:20:30.15", "-1:40", "01:40", "yes", "Yes", "YES", "no", "No", "on", "On",
    "off", "OFF",
    "y", "Y", "n", "N", "=", "<<", ".inf", "-.inf", "+.INF", ".nan", ".NaN", "1e5", "1E5", "1.5e3", "1.e+3",
    ".5", "-.5", "5.", "._5", "1.5_0", "2026-12-01", "2026-1-1", "2026-12-01 02:00:00",
    "2026-12-01T02:00:00Z", "2026-12-01t2:00:00.5+01:00", "12345678901234567890", "9007199254740993",
]
EVEN = [
    "100", "-3", "+7", "0", "1.5", "true", "False", "NULL", "null", "~", "", "acmeadmin", "10.1.2.0/26",
    "198.51.100.7", "2026-12-01T02:00", "24h", "3rd floor", "db.t4g.small", "platform-eu1", "s3://bucket",
    "arn:aws:iam::123456789012:policy/x", "v1:abc=:v1:d/e==", "yes please", "on-call", "1.2.3", "Z\u00fcrich",
    "12:ab", "a:1", "0xg", "vpc-0123456789abcdef0", "\U0001f600",
]
# fmt: on


def short_values() -> list[str]:
    """Every text of up to three characters of which numbers, dates and words are made, and those above."""
    letters = [
        "".join(found)
        for size in (1, 2, 3)
        for found in product("01789_.:-+exobnyT"[: 17 if size < 3 else 12], repeat=size)
    ]
    return [*ODD, *EVEN, *letters]


def is_let_through(text: str) -> bool:
    """Whether Tenantnet reads the YAML text."""
    try:
        return not parse(text, "text")[1]
    except Refused:
        return False


def _ruamel(version: tuple[int, int]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        reader = YAML(typ="safe", pure=True)
        reader.version = version
        return reader.load(text)

    return read


READERS: dict[str, Callable[[str], Any]] = {
    "PyYAML": yaml.safe_load,
    "LibYAML": lambda text: yaml.load(text, Loader=LOADER),  # noqa: S506 - a safe one
    "ruamel.yaml 1.1": _ruamel((1, 1)),
    "ruamel.yaml 1.2": _ruamel((1, 2)),
}
