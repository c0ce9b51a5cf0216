"""What an operation on a resource waits for, and how long that typically takes at AWS.

The figures are for planning, not for judging. Sources: the reference system's measured times (a database in
about 20 minutes with everything around it, a VPN connection in 4 to 5),
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_CreateDBInstance.html and
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.DBInstance.Status.html (the states),
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/route-53-concepts.html (changes within 60 seconds);
the rest as the AWS provider's waits are known from their own defaults.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tenantnet.aws import types
from tenantnet.engine.events import Operation, Step


@dataclass(frozen=True, slots=True)
class Wait:
    """seconds: typical, at AWS. until: the end of `waits until …`."""

    seconds: int
    until: str


# From this duration on the view shows what an update waits for.
LONG = 30

_OTHER = Wait(3, "AWS has done it")
_MINUTE = 60

_CREATE: Mapping[str, Wait] = {
    types.DATABASE: Wait(10 * _MINUTE, "RDS has created it, backed it up and reports `available`"),
    types.VPN_CONNECTION: Wait(4 * _MINUTE, "EC2 has created both tunnels and reports `available`"),
    types.VPN_CONNECTION_ROUTE: Wait(10, "EC2 says `available`"),
    types.VPN_GATEWAY: Wait(40, "EC2 has attached it to the network"),
    types.CUSTOMER_GATEWAY: Wait(15, "EC2 says `available`"),
    types.VPC_ENDPOINT: Wait(90, "EC2 has created its interfaces and reports `available`"),
    types.INSTANCE: Wait(30, "EC2 says `running`"),
    types.VPC: Wait(15, "EC2 says `available`"),
    types.ZONE: Wait(45, "Route 53 has it on all name servers"),
    types.RECORD: Wait(45, "Route 53 has it on all name servers"),
    types.TABLE: Wait(15, "DynamoDB says `ACTIVE`"),
    types.KEY: Wait(10, "the key and its policy are in effect everywhere"),
    types.INSTANCE_PROFILE: Wait(10, "the profile is in effect everywhere"),
}
# What RDS changes without another host, disk or standby.
_IN_PLACE = Wait(_MINUTE, "RDS has changed it and reports `available` again")
_REBUILT_FOR = {
    *("allocatedStorage", "engineVersion", "instanceClass", "iops", "multiAz", "replicateSourceDb"),
    "storageThroughput",
}
_UPDATE: Mapping[str, Wait] = {
    types.DATABASE: Wait(15 * _MINUTE, _IN_PLACE.until),
    types.VPN_CONNECTION: Wait(10 * _MINUTE, "EC2 has changed the tunnels, one after the other"),
    types.INSTANCE: Wait(90, "EC2 has stopped it, changed it and started it again"),
    types.RECORD: Wait(45, "Route 53 has it on all name servers"),
}
_DELETE: Mapping[str, Wait] = {
    types.DATABASE: Wait(8 * _MINUTE, "RDS has taken the final snapshot and deleted it"),
    types.VPN_CONNECTION: Wait(3 * _MINUTE, "EC2 says `deleted`"),
    types.VPN_GATEWAY: Wait(40, "EC2 has detached it from the network"),
    types.VPC_ENDPOINT: Wait(90, "EC2 has removed its interfaces"),
    types.INSTANCE: Wait(_MINUTE, "EC2 says `terminated`"),
    types.RECORD: Wait(45, "Route 53 has removed it from all name servers"),
}
_BY_OPERATION: Mapping[Operation, Mapping[str, Wait]] = {
    Operation.CREATE: _CREATE,
    Operation.REPLACE: _CREATE,
    Operation.UPDATE: _UPDATE,
    Operation.DELETE: _DELETE,
    Operation.REMOVE: _DELETE,
}


def wait_for(change: Step) -> Wait:
    """What the update waits for while it makes the change."""
    in_place = change.operation is Operation.UPDATE and _REBUILT_FOR.isdisjoint(change.properties)
    if change.type == types.DATABASE and in_place:
        return _IN_PLACE
    return _BY_OPERATION[change.operation].get(change.type, _OTHER)


def slowest_first(changes: Iterable[Step]) -> list[Step]:
    """Changes by how long each typically takes."""
    return sorted(changes, key=lambda change: -wait_for(change).seconds)
