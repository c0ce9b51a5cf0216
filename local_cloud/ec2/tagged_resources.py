"""What the Resource Groups Tagging API finds in EC2: all that our stacks tag, and nothing that is gone.

https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/supported-services.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.core.resource_tagging import TaggedResource
from tenantnet.local_cloud.ec2.customer_gateways import CustomerGatewayBackend

GONE = ("deleted", "failed", "rejected", "terminated")


class TaggedResourceBackend(CustomerGatewayBackend):
    """Lists resources with their tags."""

    def iter_tagged_resources(self) -> Iterator[TaggedResource]:
        gone = self._gone_ids()
        for resource in super().iter_tagged_resources():
            if resource.arn.rpartition("/")[2] not in gone:
                yield resource
        more: dict[str, Any] = {
            "network-acl": [*self.network_acls.values()],
            "vpn-gateway": [gateway for gateway in self.vpn_gateways.values() if gateway.state not in GONE],
            "vpc-endpoint": self.vpc_end_points.values(),
        }
        for kind, resources in more.items():
            for found in resources:
                yield TaggedResource(
                    arn=f"arn:{self.partition}:ec2:{self.region_name}:{self.account_id}:{kind}/{found.id}",
                    tags=dict(self.tags.get(found.id, {})),
                    resource_type=f"ec2:{kind}",
                )

    def describe_tags(self, filters: dict[str, list[str]] | None = None) -> list[dict[str, str]]:
        """Tags in the order of their keys."""
        return sorted(super().describe_tags(filters), key=lambda tag: tag["key"])

    def _gone_ids(self) -> set[str]:
        states = {
            **{connection.id: connection.state for connection in self.vpn_connections.values()},
            **{gateway.id: gateway.state for gateway in self.customer_gateways.values()},
            **{peering.id: peering.status["Code"] for peering in self.vpc_pcxs.values()},
            **{instance.id: instance.state for instance in self.all_instances()},
        }
        return {resource_id for resource_id, state in states.items() if state in GONE}
