"""Puts the completed services in moto's place, before the first request reaches them."""

from __future__ import annotations

from moto.core.config import default_user_config
from tenantnet.local_cloud.codebuild import register_codebuild
from tenantnet.local_cloud.dynamodb import register_dynamodb
from tenantnet.local_cloud.ec2.service import register_ec2
from tenantnet.local_cloud.iam.service import register_iam
from tenantnet.local_cloud.kms import register_kms
from tenantnet.local_cloud.quotas import register_quotas
from tenantnet.local_cloud.rds.service import register_rds
from tenantnet.local_cloud.route53.service import register_route53
from tenantnet.local_cloud.scheduler import register_scheduler
from tenantnet.local_cloud.secrets import register_secrets
from tenantnet.local_cloud.ssm.service import register_ssm
from tenantnet.local_cloud.unsaid import register_unsaid


def register() -> None:
    """Complete every service that needs it."""
    # Roles attach AWS's own policies, which moto leaves out unless it is told.
    default_user_config["iam"]["load_aws_managed_policies"] = True
    register_ec2()
    register_rds()
    register_route53()
    register_codebuild()
    register_dynamodb()
    register_iam()
    register_kms()
    register_quotas()
    register_scheduler()
    register_secrets()
    register_ssm()
    register_unsaid()
