"""Imports what programs and policy packs need, in the process that is forked for each of them."""

import pulumi_aws as aws
import pulumi_policy  # noqa: F401 - for the packs
import tenantnet.language_host.host
import tenantnet.program  # noqa: F401 - for the programs

# Such a module is loaded only when something is asked for that it does not have yet.
for _service in (
    aws.cloudwatch,
    aws.codebuild,
    aws.dynamodb,
    aws.ec2,
    aws.iam,
    aws.kms,
    aws.rds,
    aws.route53,
    aws.scheduler,
    aws.sns,
    aws.ssm,
    aws.vpc,
):
    getattr(_service, "__all__", None)
