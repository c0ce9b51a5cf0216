"""The Pulumi program: reads the stack's settings, picks its kind and declares it."""

from __future__ import annotations

import pulumi

from infra.addressing import reserved_ranges
from infra.refusal import Refused
from infra.settings import load_platform, load_tenant
from infra.stacks import platform, tenant


def main() -> None:
    """Declare the current stack; what is refused is refused before anything is declared."""
    config, stack = pulumi.Config(), pulumi.get_stack()
    reserved = reserved_ranges(config.get_object("reservedRanges"))
    region = pulumi.Config("aws").require("region")
    if (raw := config.get_object("platform")) is not None:
        platform.declare(load_platform(stack, raw, reserved=reserved), region)
        return
    settings = load_tenant(
        stack, config.get_object("tenant"), password=config.get("databasePassword"), reserved=reserved
    )
    tenant.declare(settings, config.require_secret("databasePassword"))


try:
    main()
except Refused as refused:
    raise pulumi.RunError(f"{refused}\nNothing was created or changed.") from None
