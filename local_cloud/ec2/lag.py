"""What EC2 has made a moment ago, its describes may not know yet.

A call that names it gets `InvalidVpcID.NotFound` or the like, and a list lacks it.
https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from time import monotonic
from typing import Any

from moto.core.common_types import TYPE_RESPONSE
from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.responses import EC2Response
from tenantnet.local_cloud.pace import LAG_SECONDS

MAKING = ("Allocate", "Authorize", "Create", "Run")
# By an ID's prefix. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
NOT_FOUND = {
    "acl": "InvalidNetworkAclID.NotFound",
    "cgw": "InvalidCustomerGatewayID.NotFound",
    "eni": "InvalidNetworkInterfaceID.NotFound",
    "fl": "InvalidFlowLogId.NotFound",
    "i": "InvalidInstanceID.NotFound",
    "pcx": "InvalidVpcPeeringConnectionID.NotFound",
    "rtb": "InvalidRouteTableID.NotFound",
    "sg": "InvalidGroup.NotFound",
    "sgr": "InvalidSecurityGroupRuleId.NotFound",
    "subnet": "InvalidSubnetID.NotFound",
    "vgw": "InvalidVpnGatewayID.NotFound",
    "vol": "InvalidVolume.NotFound",
    "vpc": "InvalidVpcID.NotFound",
    "vpce": "InvalidVpcEndpointId.NotFound",
    "vpn": "InvalidVpnConnectionID.NotFound",
}
ID = re.compile(rf"(?<=>)(?:{'|'.join(NOT_FOUND)})-[0-9a-f]{{8,17}}(?=<)")


class LagBackend(EC2Backend):
    """Keeps since when EC2 knows what it has made."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._made_at: dict[str, float] = {}

    def note_made(self, answer: str) -> None:
        """Remember the IDs in a call's answer that are new."""
        for each in ID.findall(answer) if LAG_SECONDS else ():
            self._made_at.setdefault(each, monotonic())

    def is_known(self, resource_id: object) -> bool:
        """Whether describes know it by now."""
        made_at = self._made_at.get(str(resource_id)) if LAG_SECONDS else None
        return made_at is None or monotonic() >= made_at + LAG_SECONDS


class LaggingResponse(EC2Response):
    """All calls."""

    def call_action(self) -> TYPE_RESPONSE:
        """Answer a describe that names what is not known yet as if it were not there."""
        asked = _leaves({name: value for name, value in self.params.items() if name != "Filters"})
        for each in asked if self._get_action().startswith("Describe") else ():
            if not self.ec2_backend.is_known(each):
                code = NOT_FOUND[str(each).partition("-")[0]]
                status, headers, body = self.serialized(
                    ActionResult(EC2ClientError(code, f"The ID '{each}' does not exist"))
                )
                return status, {**headers, "status": status}, body
        answer: TYPE_RESPONSE = super().call_action()  # untyped there: a decorator hides the type
        return answer

    def serialized(self, action_result: ActionResult) -> TYPE_RESPONSE:
        """Leave out of a list what is not known yet, and remember what a call makes."""
        described, action = action_result.result, self._get_action()
        if action.startswith("Describe") and isinstance(described, dict):
            action_result = ActionResult(
                {name: self._known(name, value) for name, value in described.items()}
            )
        answer = super().serialized(action_result)
        if action.startswith(MAKING):
            self.ec2_backend.note_made(str(answer[2]))
        return answer

    def _known(self, name: str, value: object) -> object:
        if not isinstance(value, list):
            return value
        key, is_known = f"{name.removesuffix('s')}Id", self.ec2_backend.is_known
        return [each for each in value if all(map(is_known, _ids(each, key)))]


def _ids(described: object, key: str) -> Iterator[object]:
    """Of what is listed, and of the instances of a reservation. key: its own in a mapping."""
    yield described.get(key) if isinstance(described, dict) else getattr(described, "id", None)
    for instance in getattr(described, "instances", ()):
        yield instance.id


def _leaves(value: object) -> Iterator[object]:
    members: Any = value.values() if isinstance(value, dict) else value
    if isinstance(value, dict | list):
        for each in members:
            yield from _leaves(each)
    else:
        yield value
