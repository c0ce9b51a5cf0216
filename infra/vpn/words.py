"""The words in which a guide is asked for."""

from __future__ import annotations

from enum import StrEnum

GENERIC, STRONGSWAN, LIBRESWAN = "generic", "strongswan", "libreswan"


class SampleType(StrEnum):
    """EC2's kinds of samples: with algorithms that AWS recommends, or with those that any device knows."""

    RECOMMENDED = "recommended"
    COMPATIBILITY = "compatibility"
