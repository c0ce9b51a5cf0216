"""The pack for `pulumi preview --policy-pack policies`; it prints its port for the engine, nothing else."""

from __future__ import annotations

from pulumi_policy import EnforcementLevel, PolicyPack
from tenantnet.policies.pack import PackPolicy
from tenantnet.policies.rules import POLICIES

PolicyPack(
    name="tenantnet",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[PackPolicy(policy) for policy in POLICIES],
)
