"""Puts the completed services in moto's place, before the first request reaches them."""

from __future__ import annotations

import os

from moto.core.config import default_user_config

from infra.local.ec2.service import register_ec2


def register() -> None:
    """Complete every service that needs it."""
    # Roles attach AWS's own policies, which moto leaves out unless it is told.
    default_user_config["iam"]["load_aws_managed_policies"] = True
    # Roles attach policies of AWS's own, such as AmazonSSMManagedInstanceCore.
    os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
    register_ec2()
