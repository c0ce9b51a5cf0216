"""The pack for `pulumi preview --policy-pack policies`; it prints its port for the engine, nothing else."""

from __future__ import annotations

from pulumi_policy import EnforcementLevel, PolicyPack
from tenantnet.policies.pack import pack_policy
from tenantnet.policies.rules import POLICIES

PolicyPack(
    name="tenantnet",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[pack_policy(policy) for policy in POLICIES],
)
