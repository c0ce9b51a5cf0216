"""What components declare of AWS's services, loaded without all else that pulumi_aws has of these services.

pulumi_aws loads the package of a service as a whole when something of it is asked for. EC2's has 180 modules,
of which stacks need twenty, and their imports are most of what a program computes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from threading import RLock
from types import ModuleType
from typing import Any

import pulumi_aws as aws

Parts = Mapping[ModuleType, Sequence[str]]

OF_TENANTS: Parts = {
    aws.ec2: (
        *(
            "CustomerGateway",
            "DefaultSecurityGroup",
            "FlowLog",
            "Instance",
            "NetworkAcl",
            "Route",
            "RouteTable",
        ),
        *("RouteTableAssociation", "SecurityGroup", "Subnet", "Vpc", "VpcEndpoint", "VpcPeeringConnection"),
        *("VpnConnection", "VpnConnectionRoute", "VpnGateway", "VpnGatewayRoutePropagation", "get_subnet"),
    ),
    aws.cloudwatch: ("LogGroup", "MetricAlarm"),
    aws.rds: ("Instance", "ParameterGroup", "SubnetGroup", "get_instance"),
    aws.route53: ("Record", "Zone"),
    aws.ssm: ("Document", "get_parameter"),
    aws.dynamodb: ("Table", "TableItem", "get_table_item"),
    aws.vpc: ("SecurityGroupEgressRule", "SecurityGroupIngressRule"),
}
OF_PLATFORMS: Parts = {
    aws.codebuild: ("Project",),
    aws.iam: ("InstanceProfile", "Role", "RolePolicy", "RolePolicyAttachment"),
    aws.kms: ("Alias", "Key"),
    aws.scheduler: ("Schedule",),
    aws.sns: ("Topic", "TopicPolicy", "TopicSubscription"),
}
# What pulumi_aws adds to the name that a module's file has.
ENDINGS = ("Result", "ArgsDict", "Args")
_turn = RLock()


class _InParts(ModuleType):
    """A service that loads the file that a name stands for, and all where none is called like it."""

    def __setattr__(self, name: str, value: object) -> None:
        # A function that its file is named after has the place that Python gives the file's module.
        own = isinstance(value, ModuleType) and value.__name__ == f"{self.__name__}.{name}"
        super().__setattr__(name, getattr(value, name, value) if own else value)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the package has
        if file := _files(*self.__path__).get(_plain(name)):
            module = import_module(f"{self.__name__}.{file}")
            # One that is being imported is asked for by itself, before it is known here.
            for known in (vars(self), {file: module}, vars(module)):
                if name in known:
                    return known[name]
        self._load_whole()
        return getattr(self, name)

    def _load_whole(self) -> None:
        with _turn:
            if type(self) is _InParts:
                self.__class__ = ModuleType  # type: ignore[assignment] # as Python's own lazy loader does
                self.__spec__.loader.exec_module(self)  # type: ignore[union-attr] # a package has both


def load(parts: Parts) -> None:
    """Load them now. Of these services, what else is asked for later is loaded then."""
    for service, names in parts.items():
        # One that somebody else has asked for something is there as a whole.
        if type(service) is not ModuleType:
            service.__class__ = _InParts
        for name in names:
            getattr(service, name)


@cache
def _files(folder: str) -> Mapping[str, str]:
    """The modules of a package, by their names without underscores."""
    return {file.stem.replace("_", ""): file.stem for file in Path(folder).glob("*.py")}


def _plain(name: str) -> str:
    ending = next(filter(name.endswith, ENDINGS), "")
    return name.removesuffix(ending).replace("_", "").lower()
