"""Puts the completed services in moto's place, before the first request reaches them."""

from __future__ import annotations

from infra.local.ec2.service import register_ec2


def register() -> None:
    """Complete every service that needs it."""
    register_ec2()
