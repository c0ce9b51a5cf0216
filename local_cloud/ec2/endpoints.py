"""VPC endpoints: their policies, and one interface in each zone.

https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
Error codes: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.vpcs import VPCEndPoint


class EndpointBackend(EC2Backend):
    """Takes the policies and subnets that EC2 takes."""

    def create_vpc_endpoint(self, *args: Any, **kwargs: Any) -> VPCEndPoint:  # noqa: ANN401 - passed on
        """Create an endpoint with a policy of its own, or the one that lets everything through."""
        _require_policy(kwargs.get("policy_document"))
        self._require_zones_apart(kwargs.get("subnet_ids") or ())
        return super().create_vpc_endpoint(*args, **kwargs)

    def modify_vpc_endpoint(self, vpc_id: str, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - likewise
        """Change the policy or the subnets, each with its interface. vpc_id: the endpoint's ID."""
        _require_policy(kwargs.get("policy_doc"))
        endpoint, leaving = self.get_vpc_end_point(vpc_id), kwargs.get("remove_subnets") or ()
        stay = [each for each in endpoint.subnet_ids or () if each not in leaving]
        new = [each for each in kwargs.get("add_subnets") or () if each not in stay]
        self._require_zones_apart([*stay, *new])
        super().modify_vpc_endpoint(vpc_id, *args, **kwargs)
        for interface_id in [*endpoint.network_interface_ids]:
            if self.get_network_interface(interface_id).subnet.id in leaving:
                self.delete_network_interface(interface_id)
                endpoint.network_interface_ids.remove(interface_id)
        endpoint.network_interface_ids += [self.create_network_interface(each, "").id for each in new]

    def _require_zones_apart(self, subnet_ids: Iterable[str]) -> None:
        zones = set[str]()
        for subnet_id in subnet_ids:
            zone = self.get_subnet(subnet_id).availability_zone
            if zone in zones:
                raise EC2ClientError(
                    "DuplicateSubnetsInSameZone",
                    f"Found another VPC endpoint subnet in the availability zone of {subnet_id}. VPC "
                    "endpoint subnets should be in different availability zones supported by the VPC "
                    "endpoint service.",
                )
            zones.add(zone)


def _require_policy(document: str | None) -> None:
    """A policy is JSON in IAM's language, and says for each statement whom it is about."""
    if document is None:
        return
    try:
        statements = json.loads(document)["Statement"]
        listed = statements if isinstance(statements, list) else [statements]
        sound = bool(listed) and all(
            each["Effect"] in ("Allow", "Deny")
            and {"Action", "NotAction"} & each.keys()
            and {"Principal", "NotPrincipal"} & each.keys()
            for each in listed
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        sound = False
    if not sound:
        raise EC2ClientError(
            "InvalidPolicyDocument", "The specified policy document is not a valid JSON policy document."
        )
