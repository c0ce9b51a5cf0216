"""States as the engine writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MANIFEST = {"time": "2026-11-30T04:45:49.313933788Z", "magic": "294a", "version": "v3.274.1"}


def checkpoint(*resources: Mapping[str, Any], version: int = 3) -> dict[str, Any]:
    """What is in a file of a backend."""
    return {
        "version": version,
        "checkpoint": {"stack": "organization/tenantnet/acme", "latest": _deployment(resources)},
    }


def exported(*resources: Mapping[str, Any], version: int = 3) -> dict[str, Any]:
    """What `pulumi stack export` prints."""
    return {"version": version, "deployment": _deployment(resources)}


def _deployment(resources: tuple[Mapping[str, Any], ...]) -> dict[str, Any]:
    """Of a stack without resources the engine writes no list of them. What each has is filled in."""
    written = [
        {"urn": f"urn:pulumi:acme::t::{each['type']}::x", "custom": True, **each} for each in resources
    ]
    return {"manifest": MANIFEST, "metadata": {}, **({"resources": written} if written else {})}
