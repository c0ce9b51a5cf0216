"""The Pulumi program: reads the stack's settings, picks its kind and declares it."""

from __future__ import annotations

from pathlib import Path

import pulumi
from pulumi.runtime import get_root_directory, is_config_secret

from infra.addressing import ReservedRange, reserved_ranges
from infra.aws_answers import check_local_endpoint
from infra.failure import Failure
from infra.project import PROJECT_FILE
from infra.refusal import Refused
from infra.settings import load_platform, load_tenant, rules
from infra.settings.files import REGION_KEY, RESERVED_KEY, load_reserved
from infra.settings.loading import PASSWORD_KEY
from infra.stacks import platform, tenant


def main() -> None:
    """Declare the current stack; what is refused is refused before anything is declared."""
    config, stack = pulumi.Config(), pulumi.get_stack()
    reserved = _reserved(config)
    region = pulumi.Config("aws").get("region")
    if region is None:
        raise Refused(f"The settings of {stack}", [rules.REGION.refuse(None, REGION_KEY)])
    check_local_endpoint(region)
    if (raw := config.get_object("platform")) is not None:
        platform.declare(load_platform(stack, raw, reserved=reserved), region)
        return
    password = config.get("databasePassword")
    settings = load_tenant(stack, config.get_object("tenant"), password=password, reserved=reserved)
    if not is_config_secret(PASSWORD_KEY):
        refusal = rules.PASSWORD_ENCRYPTED.refuse_secret(PASSWORD_KEY, stack=stack)
        raise Refused(f"The settings of tenant {stack}", [refusal])
    tenant.declare(settings, config.require_secret("databasePassword"))


def _reserved(config: pulumi.Config) -> tuple[ReservedRange, ...]:
    """The project's reserved ranges; refused where the stack's own configuration says otherwise."""
    reserved = load_reserved(Path(get_root_directory(), PROJECT_FILE))
    own = config.get_object("reservedRanges")
    if reserved_ranges(own) != reserved:
        raise Refused("The reserved ranges", [rules.PROJECT_WIDE.refuse(own, RESERVED_KEY)])
    return reserved


try:
    main()
except Refused as refused:
    raise pulumi.RunError(f"{refused}\nNothing was created or changed.") from None
except Failure as failure:
    raise pulumi.RunError(str(failure)) from None
