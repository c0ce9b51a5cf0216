"""AWS's quotas of what Tenantnet makes, by their codes in Service Quotas, with AWS's defaults.

https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
https://docs.aws.amazon.com/vpn/latest/s2svpn/vpn-limits.html
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServiceQuota:
    """service, code, name: as Service Quotas has them. default: AWS's. highest: what AWS grants at most."""

    service: str
    code: str
    name: str
    default: int
    highest: int | None = None


VPCS = ServiceQuota("vpc", "L-F678F1CE", "VPCs per Region", 5)
PEERINGS = ServiceQuota("vpc", "L-7E9ECCDB", "Active VPC peering connections per VPC", 50, 125)
ROUTES = ServiceQuota("vpc", "L-93826ACB", "Routes per route table", 500, 1000)
SUBNETS = ServiceQuota("vpc", "L-407747CB", "Subnets per VPC", 200)
ROUTE_TABLES = ServiceQuota("vpc", "L-589F43AA", "Route tables per VPC", 200)
NETWORK_ACLS = ServiceQuota("vpc", "L-B4A6D682", "Network ACLs per VPC", 200)
ACL_RULES = ServiceQuota("vpc", "L-2AEEBF1A", "Rules per network ACL", 20, 40)
VPN_GATEWAYS = ServiceQuota("ec2", "L-7029FAB6", "Virtual private gateways per region", 5)
VPN_CONNECTIONS = ServiceQuota("ec2", "L-3E6EC3A3", "VPN connections per region", 50)
CONNECTIONS_OF_GATEWAY = ServiceQuota("ec2", "L-B91E5754", "VPN connections per VGW", 10)
CUSTOMER_GATEWAYS = ServiceQuota("ec2", "L-4FB7FF5D", "Customer gateways per region", 50)
DATABASES = ServiceQuota("rds", "L-7B6409FD", "DB instances", 40)
PARAMETER_GROUPS = ServiceQuota("rds", "L-DE55804A", "Parameter groups", 50)
SUBNET_GROUPS = ServiceQuota("rds", "L-48C6BF61", "DB subnet groups", 50)
SNAPSHOTS = ServiceQuota("rds", "L-272F1212", "Manual DB instance snapshots", 100)

ALL = (
    *(VPCS, PEERINGS, ROUTES, SUBNETS, ROUTE_TABLES, NETWORK_ACLS, ACL_RULES),
    *(VPN_GATEWAYS, VPN_CONNECTIONS, CONNECTIONS_OF_GATEWAY, CUSTOMER_GATEWAYS),
    *(DATABASES, PARAMETER_GROUPS, SUBNET_GROUPS, SNAPSHOTS),
)
