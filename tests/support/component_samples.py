"""One tenant and one platform, as the settings files would describe them."""

from __future__ import annotations

from typing import Any

PLATFORM: dict[str, Any] = {"zone": {"name": "db.example.com"}}

PLATFORM_OUTPUTS: dict[str, Any] = {
    "cell": "local",
    "region": "eu-west-1",
    "accountId": "123456789012",
    "availabilityZones": ["eu-west-1a", "eu-west-1b"],
    "imageId": "ami-12345678",
    "zoneId": "Z0123456789",
    "zoneName": "db.example.com",
    "sessionsVpcId": "vpc-5e55",
    "sessionsCidr": "172.17.0.0/16",
    "servicesVpcId": "vpc-5e4f",
    "servicesCidr": "10.32.0.0/16",
    "servicesRouteTableId": "rtb-5e4f",
    "tunnelHostId": "i-70ca",
    "tunnelHostAddress": "10.32.0.10",
    "claimsTable": "tenantnet-local-claims",
    "journalTable": "tenantnet-local-journal",
    "kmsKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/1",
    "alarmTopicArn": "arn:aws:sns:eu-west-1:123456789012:tenantnet-local-alarms",
    "flowLogRoleArn": "arn:aws:iam::123456789012:role/tenantnet-local-flow-logs",
}

RUNNER: dict[str, Any] = {
    "repository": "https://github.com/example/tenants.git",
    "host": "github",
    "connectionArn": "arn:aws:codeconnections:eu-west-1:123456789012:connection/"
    "11111111-2222-3333-4444-555555555555",
    "image": "example/pulumi-python:3.274.1",
    "backend": "s3://example-pulumi-state/cells",
    "secretArn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:example/pulumi-AbCdEf",
}

RUNNER_OUTPUTS: dict[str, Any] = {
    "runnerProject": "tenantnet-local-runner",
    "runnerScheduleRoleArn": "arn:aws:iam::123456789012:role/tenantnet-local-runner-schedules",
    "runnerCompares": True,
}


def tenant(**changes: Any) -> dict[str, Any]:
    """The settings of a tenant with one network and one VPN connection; `changes` replace top-level keys."""
    settings: dict[str, Any] = {
        "platform": "platform-local",
        "sessionSubnet": "172.17.5.0/24",
        "database": {"username": "acmeadmin"},
        "networks": {"blue": network("10.1.2.0/26")},
    }
    return {**settings, **changes}


def network(cidr: str, *companies: str) -> dict[str, Any]:
    """A network with a VPN connection per company range; by default the one to Seattle."""
    return {
        "cidr": cidr,
        "vpnConnections": [
            {
                "companyCidr": company,
                "companyGatewayIp": f"198.51.100.{number}",
                "description": f"Office {number}",
            }
            for number, company in enumerate(companies or ("192.168.4.0/24",), start=7)
        ],
    }
