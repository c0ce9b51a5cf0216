"""The Pulumi program: reads the stack's settings, picks its kind and declares it.

`pulumi` runs it through `infra/__main__.py`; the migration runner runs it inline.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pulumi
from pulumi.runtime import is_config_secret
from tenantnet.addresses.addressing import ReservedRange, reserved_ranges
from tenantnet.aws.answers import check_local_endpoint
from tenantnet.failure import Failure
from tenantnet.refusal import Refused
from tenantnet.settings import rules
from tenantnet.settings.files import REGION_KEY, RESERVED_KEY, load_reserved
from tenantnet.settings.loading import PASSWORD_KEY, load_platform, load_tenant
from tenantnet.settings.models import TenantSettings
from tenantnet.stacks import platform, tenant

DeclareTenant = Callable[[TenantSettings, pulumi.Output[str]], None]


def declare_stack(project_file: Path, declare_tenant: DeclareTenant = tenant.declare) -> None:
    """Declare the current stack; what is refused is refused before anything is declared.

    project_file: the project's Pulumi.yaml. declare_tenant: the migration runner has a state in mind.
    Raises pulumi.RunError, in words, where the settings are refused or something does not answer.
    """
    try:
        _declare(project_file, declare_tenant)
    except Refused as refused:
        raise pulumi.RunError(f"{refused}\nNothing was created or changed.") from None
    except Failure as failure:
        raise pulumi.RunError(str(failure)) from None


def _declare(project_file: Path, declare_tenant: DeclareTenant) -> None:
    config, stack = pulumi.Config("tenantnet"), pulumi.get_stack()
    reserved = _reserved(project_file, config)
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
    declare_tenant(settings, config.require_secret("databasePassword"))


def _reserved(project_file: Path, config: pulumi.Config) -> tuple[ReservedRange, ...]:
    """The project's reserved ranges; refused where the stack's own configuration says otherwise."""
    reserved = load_reserved(project_file)
    own = config.get_object("reservedRanges")
    if reserved_ranges(own) != reserved:
        raise Refused("The reserved ranges", [rules.PROJECT_WIDE.refuse(own, RESERVED_KEY)])
    return reserved
