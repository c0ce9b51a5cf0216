"""What stays as long as something else needs it: subnets and security groups.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSubnet.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSecurityGroup.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.subnets import Subnet
from moto.rds.models import DBInstance, rds_backends


class DependencyBackend(EC2Backend):
    """Deletes what nothing needs."""

    def delete_subnet(self, subnet_id: str) -> Subnet:
        """Delete a subnet without interfaces; a database has them in the subnets of its group."""
        in_use = {interface.subnet.id for interface in self._interfaces()}
        for database in self._databases():
            # Instances of clusters have none.
            group = getattr(database, "db_subnet_group", None)
            in_use |= {subnet.id for subnet in group._subnets} if group else set()
        if subnet_id in in_use:
            raise EC2ClientError(
                "DependencyViolation", f"The subnet '{subnet_id}' has dependencies and cannot be deleted."
            )
        return super().delete_subnet(subnet_id)

    def delete_security_group(self, name: str | None = None, group_id: str | None = None) -> None:
        """Delete a group without members, which no other group's rule names."""
        if group_id and group_id in {*self._groups_with_members(), *self._groups_named_by_others(group_id)}:
            raise EC2ClientError("DependencyViolation", f"resource {group_id} has a dependent object")
        super().delete_security_group(name, group_id)

    def _interfaces(self) -> Iterator[Any]:
        for interface in self.enis.values():
            if interface.instance is None or interface.instance.state != "terminated":
                yield interface

    def _databases(self) -> Iterator[DBInstance]:
        yield from rds_backends[self.account_id][self.region_name].databases.values()

    def _groups_with_members(self) -> Iterator[str]:
        for interface in self._interfaces():
            yield from (group.id for group in interface.group_set)
        for endpoint in self.vpc_end_points.values():
            if endpoint.state != "deleted":
                yield from endpoint.security_group_ids or []
        for database in self._databases():
            yield from getattr(database, "vpc_security_group_ids", None) or []

    def _groups_named_by_others(self, group_id: str) -> Iterator[str]:
        for groups in self.groups.values():
            for group in groups.values():
                if group.id != group_id:
                    yield from (
                        rule.source_group.get("GroupId", "")
                        for rule in (*group.ingress_rules, *group.egress_rules)
                    )
