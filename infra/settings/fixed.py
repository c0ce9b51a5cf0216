"""What people look for in settings and cannot set, with the reason: docs/fixed.md is the page of it."""

from __future__ import annotations

from collections.abc import Mapping

FIXED: Mapping[str, str] = {
    "engine": "every tenant has MySQL, in the version that Tenantnet was tried with",
    "storageType": "storage is gp3, which costs least for what a tenant needs",
    "port": "MySQL is at 3306, which rules, tunnels and guides name",
    "publiclyAccessible": "no database is reached from the internet",
    "deletionProtection": "a database is protected until its tenant is retiring",
    "vpcId": "a tenant's network is made with it and deleted with it, so that no other traffic is in it",
    "subnetIds": "a network is cut into subnets by one plan, which addresses and rules follow",
    "bgpAsn": "connections have static routes: with BGP a company could announce ranges that are not its own",
    "ipv6CidrBlock": "networks are IPv4 only: every rule, check and guide is about IPv4",
    "kmsKeyId": "all of a cell's data is encrypted with the cell's own key",
}
