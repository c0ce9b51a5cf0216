"""The services of AWS of which components declare something, as pulumi_aws has them.

Such a module is loaded only when something is asked for that it does not have yet, and some take long.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType

import pulumi_aws as aws

OF_TENANTS = (aws.ec2, aws.cloudwatch, aws.rds, aws.route53, aws.ssm, aws.dynamodb, aws.vpc)
OF_PLATFORMS = (aws.codebuild, aws.iam, aws.kms, aws.scheduler, aws.sns)


def load(services: Iterable[ModuleType]) -> None:
    """Load them now."""
    for service in services:
        getattr(service, "__all__", None)
