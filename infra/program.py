"""The Pulumi program: reads the stack's settings and declares a platform or a tenant.

`pulumi` runs it through `infra/__main__.py`; the migration runner runs its parts inline.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pulumi
from pulumi.runtime import is_config_secret
from tenantnet.addresses.addressing import ReservedRange, reserved_ranges
from tenantnet.aws.answers import check_local_endpoint
from tenantnet.failure import Failure
from tenantnet.refusal import Refused
from tenantnet.settings import rules
from tenantnet.settings.aws_keys import judge_given
from tenantnet.settings.checks import check_cell_apart, check_region
from tenantnet.settings.files import REGION_KEY, RESERVED_KEY, read_defaults
from tenantnet.settings.loading import PASSWORD_KEY, load_platform, load_tenant
from tenantnet.settings.models import TenantSettings
from tenantnet.settings.project import Project, find_project
from tenantnet.settings.spaces import check_claims_platform, named_in_tree, sharing
from tenantnet.stacks.platform import PlatformStack
from tenantnet.stacks.tenant import plan
from tenantnet.toolchain.official_engine import OLDEST_ENGINE


def declare_stack(project_file: Path) -> None:
    """Declare the current stack. All refusals come before anything is declared.

    project_file: the project's Pulumi.yaml. Raises pulumi.RunError as `as_run_errors` does.
    """
    with as_run_errors():
        require_engine()
        if (raw := pulumi.Config("tenantnet").get_object("platform")) is None:
            tenant = plan(tenant_settings(project_file))
            tenant.refuse_others_ranges()
            tenant.pass_over_used_numbers()
            tenant.declare(database_password())
            return
        settings = load_platform(pulumi.get_stack(), raw, reserved=_reserved(project_file))
        neighbours = _neighbours(settings.name, find_project(project_file.parent))
        PlatformStack(settings, pulumi.Config("aws").require("region"), neighbours=neighbours).declare()


def require_engine() -> None:
    """Raises Failure for an engine that is too old."""
    oldest = ".".join(map(str, OLDEST_ENGINE))
    try:
        pulumi.require_pulumi_version(f">={oldest}")
    except Exception as error:  # the engine raises nothing narrower
        raise Failure(
            "Could not use this Pulumi.",
            reason=str(error),
            remedy=f"install {oldest} or newer (https://www.pulumi.com/docs/install/)",
        ) from None


def _neighbours(platform: str, project: Project) -> list[str]:
    """The platforms of the project with which this one shares its address space.

    Raises Refused where another platform could have its names, or cannot have its claims.
    """
    named = named_in_tree(project)
    if refusals := [*check_cell_apart(platform, named), *check_claims_platform(platform, named)]:
        raise Refused(f"The settings of {platform}", refusals)
    return sharing(platform, named)


@contextmanager
def as_run_errors() -> Iterator[None]:
    """Turn Refused and Failure in the block into pulumi.RunError."""
    try:
        yield
    except Refused as refused:
        raise pulumi.RunError(f"{refused}\nNothing was created or changed.") from None
    except Failure as failure:
        raise pulumi.RunError(str(failure)) from None


def tenant_settings(project_file: Path) -> TenantSettings:
    """The settings of the current stack, a tenant's. Raises Refused, or Failure without its local cloud."""
    config, stack = pulumi.Config("tenantnet"), pulumi.get_stack()
    reserved, password = _reserved(project_file), config.get("databasePassword")
    settings = load_tenant(stack, config.get_object("tenant"), password=password, reserved=reserved)
    if not is_config_secret(PASSWORD_KEY):
        refusal = rules.PASSWORD_ENCRYPTED.refuse_secret(PASSWORD_KEY, stack=stack)
        raise Refused(f"The settings of tenant {stack}", [refusal])
    return settings


def database_password() -> pulumi.Output[str]:
    """The password of the tenant's master user, as a secret."""
    return pulumi.Config("tenantnet").require_secret("databasePassword")


def _reserved(project_file: Path) -> tuple[ReservedRange, ...]:
    """The project's reserved ranges.

    Raises Refused for what else all of the program relies on: no region, a setting of the AWS provider that
    leads elsewhere, ranges of the stack's own.
    """
    region = pulumi.Config("aws").get("region")
    of_region = (refusal.at(REGION_KEY) for refusal in check_region(region))
    if refusals := [*judge_given(), *of_region]:
        raise Refused(f"The settings of {pulumi.get_stack()}", refusals)
    check_local_endpoint(str(region))
    reserved = read_defaults(project_file).reserved
    own = pulumi.Config("tenantnet").get_object("reservedRanges")
    if reserved_ranges(own) != reserved:
        raise Refused("The reserved ranges", [rules.PROJECT_WIDE.refuse(own, RESERVED_KEY)])
    return reserved
