"""What `tenantnet doctor` asks AWS. It changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tenantnet.permissions.scopes import PolicyPlace

READ = (
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeCustomerGateways",
    "ec2:DescribeInstanceTypeOfferings",
    "ec2:DescribeRegions",
    "ec2:DescribeVpcs",
    "ec2:DescribeVpnConnections",
    "ec2:DescribeVpnGateways",
    "kms:DescribeKey",
    "rds:DescribeDBEngineVersions",
    "rds:DescribeDBInstanceAutomatedBackups",
    "rds:DescribeDBInstances",
    "rds:DescribeDBParameterGroups",
    "rds:DescribeDBSnapshots",
    "rds:DescribeDBSubnetGroups",
    "rds:DescribeOrderableDBInstanceOptions",
    "route53:GetHostedZone",
    "route53:ListHostedZonesByName",
    "secretsmanager:DescribeSecret",
    "servicequotas:GetServiceQuota",
)


def doctor_statements(place: PolicyPlace) -> Iterator[dict[str, Any]]:
    """Whoever examines an account for a cell may read these, and ask what its principals may do."""
    yield {"Sid": "Examine", "Effect": "Allow", "Action": [*READ], "Resource": "*"}
    yield {
        "Sid": "AskWhatRolesMay",
        "Effect": "Allow",
        "Action": ["iam:GetRole", "iam:SimulatePrincipalPolicy"],
        "Resource": [place.iam("role/*"), place.iam("user/*")],
    }
    yield {
        "Sid": "SeeVersioning",
        "Effect": "Allow",
        "Action": ["s3:GetBucketVersioning"],
        "Resource": [f"arn:aws:s3:::{place.state_bucket}"],
    }
