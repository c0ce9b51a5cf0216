"""The program of every case: tenant acme as its stack declares it, with what the case changes.

Which case it is stands in the environment variable POLICY_CASE, and what its platform exports in
PLATFORM_OUTPUTS.
"""

from __future__ import annotations

import os

import pulumi
import pulumi_aws as aws
from tenantnet.aws.sizes import IMAGE_PARAMETER
from tenantnet.phases.phases import State
from tenantnet.phases.updates import networks_to_declare
from tenantnet.settings.loading import load_platform, load_tenant
from tenantnet.settings.models import TenantSettings
from tenantnet.stacks.lookups import Place
from tenantnet.stacks.outputs import PlatformOutputs
from tenantnet.stacks.platform import PlatformStack
from tenantnet.stacks.tenant import TenantStack

from tests.support import component_samples as samples
from tests.support.broken_programs.breach import BREACH, declare_raw, platform_outputs
from tests.support.broken_programs.cases import BROKEN, MADE_UP_CELL, PHASES, Case

CASE_VARIABLE = "POLICY_CASE"
PASSWORD = "Correct-Horse-7"


def main() -> None:
    """Declare what the case says."""
    name = os.environ[CASE_VARIABLE]
    if name == "platform":
        settings = load_platform("platform-local", samples.PLATFORM)
        image = aws.ssm.get_parameter(name=IMAGE_PARAMETER).insecure_value
        place = Place(account_id="123456789012", zones=("eu-west-1a", "eu-west-1b"), image_id=image)
        PlatformStack(settings, "eu-west-1", place).declare()
    elif name.startswith(BREACH):
        declare_raw(name.removeprefix(BREACH))
    elif name in PHASES:
        declare_tenant(Case.both_networks(), PHASES[name])
    else:
        case = BROKEN.get(name, MADE_UP_CELL)
        case.change()
        declare_tenant(case, PHASES["steady"])


def declare_tenant(case: Case, state: State) -> None:
    """Acme in a state of a move; the settings are loaded as if nothing were reserved."""
    settings: TenantSettings = load_tenant("acme", case.settings, password=PASSWORD, reserved=())
    platform = PlatformOutputs.model_validate({**platform_outputs(), "cell": case.cell})
    cidrs = {slot: network.cidr for slot, network in settings.networks.items()}
    stack = TenantStack(settings, platform, state, networks_to_declare(state, cidrs), missing=())
    stack.declare(pulumi.Output.secret(PASSWORD))
