"""What `pulumi` runs: declares the current stack."""

from __future__ import annotations

import sys
from pathlib import Path

import pulumi_aws as aws
from pulumi.runtime import get_root_directory
from tenantnet.aws.endpoint import local_endpoint_problem
from tenantnet.settings.aws_keys import judge_given
from tenantnet.stacks.ahead import get_ready

# The provider takes longer to start than the program to be imported and the settings to be judged: any call
# makes the engine start it, so this one does, and all go on at the same time. It goes where the keys lead.
if local_endpoint_problem() is None and not judge_given():
    aws.get_caller_identity_output()

# A fork of a warm process has it.
if "tenantnet.program" not in sys.modules:
    get_ready("tenantnet.program")

from tenantnet.program import declare_stack
from tenantnet.settings.project import PROJECT_FILE

declare_stack(Path(get_root_directory(), PROJECT_FILE))
