"""The pack for `pulumi preview --policy-pack policies`; it prints its port for the engine, nothing else."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType


class _Unloaded(ModuleType):
    """A module that is loaded once somebody takes something of it."""

    def __getattr__(self, name: str) -> object:
        if sys.modules[self.__name__] is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


# Policies take from components the documents that those write, and nothing that is made with the provider's
# classes. To load these is a tenth of the pack's start.
sys.modules.setdefault("pulumi_aws", _Unloaded("pulumi_aws"))

from pulumi_policy import EnforcementLevel, PolicyPack  # noqa: E402
from tenantnet.policies.pack import pack_policy  # noqa: E402
from tenantnet.policies.rules import POLICIES  # noqa: E402

PolicyPack(
    name="tenantnet",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[pack_policy(policy) for policy in POLICIES],
)
