"""Parameter groups and subnet groups, refused and changed as RDS does.

https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBParameterGroup.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from moto.ec2.models.subnets import Subnet
from moto.rds.exceptions import DBParameterGroupNotFoundError, DBSubnetGroupNotFoundError, RDSClientError
from moto.rds.models import DBParameterGroup, DBSubnetGroup
from tenantnet.local_cloud.rds.engines import families
from tenantnet.local_cloud.rds.instance import DatabaseInstance
from tenantnet.local_cloud.rds.instances import DELETING, InstanceBackend
from tenantnet.local_cloud.rds.parameters import find_parameter, parameters
from tenantnet.local_cloud.rds.rules import invalid_value

MAX_PARAMETERS_PER_CALL = 20
_SUBNETS: Any = DBSubnetGroup.subnets


@_SUBNETS.getter  # type: ignore[untyped-decorator] # a property there, whose setter stays
def described_subnets(group: DBSubnetGroup) -> list[dict[str, Any]]:
    """A group's subnets, none of them on an Outpost."""
    return [{**each, "SubnetOutpost": {}} for each in _SUBNETS.fget(group)]


class ParameterGroupBackend(InstanceBackend):
    """Keeps parameter groups; those of other engines are moto's own."""

    def create_db_parameter_group(self, db_parameter_group_kwargs: dict[str, Any]) -> DBParameterGroup:
        family = str(db_parameter_group_kwargs.get("db_parameter_group_family") or "")
        if family.startswith("mysql") and family not in families():
            raise invalid_value(f"ParameterGroupFamily {family} is not a valid parameter group family")
        return super().create_db_parameter_group(db_parameter_group_kwargs)

    def parameter_group(self, name: str) -> DBParameterGroup:
        """The group. Raises RDS's error where there is none."""
        if name not in self.db_parameter_groups:
            raise DBParameterGroupNotFoundError(name)
        return self.db_parameter_groups[name]

    def describe_db_parameter_groups(
        self, db_parameter_group_kwargs: dict[str, Any]
    ) -> list[DBParameterGroup]:
        name = db_parameter_group_kwargs.get("db_parameter_group_name")
        return [self.parameter_group(name)] if name else super().describe_db_parameter_groups({})

    def modify_db_parameter_group(
        self, db_parameter_group_name: str, db_parameter_group_parameters: Iterable[dict[str, Any]]
    ) -> DBParameterGroup:
        """Set parameters, all of them or none."""
        group, asked = self._changeable(db_parameter_group_name), list(db_parameter_group_parameters)
        if group.family not in families():
            return super().modify_db_parameter_group(db_parameter_group_name, asked)
        if len(asked) > MAX_PARAMETERS_PER_CALL:
            raise invalid_value(f"At most {MAX_PARAMETERS_PER_CALL} parameters can be modified in one call.")
        for item in asked:
            parameter = find_parameter(group.family, item["ParameterName"])
            parameter.check(str(item["ParameterValue"]), item["ApplyMethod"])
        for item in asked:
            parameter = find_parameter(group.family, item["ParameterName"])
            group.parameters[parameter.name] = {
                **parameter.described(),
                "ParameterValue": str(item["ParameterValue"]),
                "ApplyMethod": item["ApplyMethod"],
                "Source": "user",
            }
        self._tell_members(group, asked)
        return group

    def reset_db_parameter_group(self, name: str, asked: list[dict[str, Any]] | None) -> DBParameterGroup:
        """Give parameters back their defaults; None for all of them."""
        group = self._changeable(name)
        chosen = list(group.parameters.values()) if asked is None else asked
        chosen = [{**item, "ParameterValue": None} for item in chosen]
        for item in chosen:
            find_parameter(group.family or "", item["ParameterName"])
        for item in chosen:
            group.parameters.pop(item["ParameterName"], None)
        self._tell_members(group, chosen)
        return group

    def _changeable(self, name: str) -> DBParameterGroup:
        group = self.parameter_group(name)
        if group.name.startswith("default."):
            raise invalid_value(f"The default parameter group {name} cannot be modified.")
        return group

    def _members(self, group: DBParameterGroup) -> list[DatabaseInstance]:
        return [
            instance
            for instance in self.databases.values()
            if isinstance(instance, DatabaseInstance) and instance.db_parameter_group_name == group.name
        ]

    def _tell_members(self, group: DBParameterGroup, changed: list[dict[str, Any]]) -> None:
        if any(item.get("ApplyMethod") == "pending-reboot" for item in changed):
            for instance in self._members(group):
                instance.parameters_wait_for_reboot = True
        immediate = [item for item in changed if item.get("ApplyMethod") == "immediate"]
        values = {item["ParameterName"]: _value(item) for item in immediate}
        for instance in self._members(group):
            if values and instance.status != DELETING:
                self.apply_parameters(instance, values)

    def described_parameters(self, name: str, source: str | None) -> list[dict[str, Any]]:
        """All parameters of the group's family with the group's values; `source` chooses some of them."""
        group = self.parameter_group(name)
        known = {key: parameter.described() for key, parameter in parameters(group.family or "").items()}
        described = {**known, **group.parameters}.values()
        chosen = [item for item in described if source in (None, item.get("Source"))]
        return sorted(chosen, key=lambda item: str(item["ParameterName"]))

    def delete_db_parameter_group(self, db_parameter_group_name: str) -> DBParameterGroup:
        group = self._changeable(db_parameter_group_name)
        if self._members(group):
            raise RDSClientError(
                "InvalidDBParameterGroupState",
                "One or more database instances are still members of this parameter group "
                f"{group.name}, so the group cannot be deleted",
            )
        return super().delete_db_parameter_group(db_parameter_group_name)


def _value(item: dict[str, Any]) -> str | None:
    """The new value; None for the default one."""
    value = item.get("ParameterValue")
    return None if value is None else str(value)


class SubnetGroupBackend(InstanceBackend):
    """Keeps subnet groups: of one VPC, and of two zones at least."""

    def create_subnet_group(
        self, subnet_name: str, description: str, subnets: list[Any], tags: list[dict[str, str]]
    ) -> DBSubnetGroup:
        if subnet_name in self.subnet_groups:
            raise RDSClientError(
                "DBSubnetGroupAlreadyExists", f"The DB subnet group '{subnet_name}' already exists."
            )
        _check_subnets(subnets)
        return super().create_subnet_group(subnet_name, description, subnets, tags)

    def modify_db_subnet_group(
        self, subnet_name: str, description: str, subnets: list[Subnet]
    ) -> DBSubnetGroup:
        if subnet_name not in self.subnet_groups:
            raise DBSubnetGroupNotFoundError(subnet_name)
        _check_subnets(subnets)
        group = super().modify_db_subnet_group(subnet_name, description, subnets)
        # moto takes it out of its place and does not put it back.
        self.subnet_groups[subnet_name] = group
        return group

    def delete_subnet_group(self, subnet_name: str) -> DBSubnetGroup:
        for instance in self.databases.values():
            group = getattr(instance, "db_subnet_group", None)
            if group and group.name == subnet_name.lower():
                raise RDSClientError(
                    "InvalidDBSubnetGroupStateFault",
                    f"Cannot delete the subnet group '{subnet_name}' because at least one database "
                    f"instance: {instance.db_instance_identifier} is still using it.",
                )
        return super().delete_subnet_group(subnet_name)


def _check_subnets(subnets: list[Subnet]) -> None:
    if len({subnet.vpc_id for subnet in subnets}) > 1:
        raise RDSClientError("InvalidSubnet", "The subnets of a DB subnet group must be in one VPC.")
    zones = sorted({subnet.availability_zone for subnet in subnets})
    if len(zones) < 2:
        raise RDSClientError(
            "DBSubnetGroupDoesNotCoverEnoughAZs",
            "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ "
            f"coverage: {', '.join(zones)}. Add subnets to cover at least 2 AZs.",
        )
