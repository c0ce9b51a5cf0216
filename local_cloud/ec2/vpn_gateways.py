"""VPN gateways: one VPC has one, and one that is in use stays.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AttachVpnGateway.html
"""

from __future__ import annotations

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.vpn_gateway import VPCGatewayAttachment, VpnGateway
from tenantnet.aws.quotas import VPN_GATEWAYS
from tenantnet.local_cloud.ec2.vpn_connections import VpnConnectionBackend
from tenantnet.local_cloud.quotas import require_room

# AWS's own side where nobody asks for another.
AMAZON_ASN = "64512"


class VpnGatewayBackend(VpnConnectionBackend):
    """Attaches and deletes as EC2 does."""

    def create_vpn_gateway(
        self,
        gateway_type: str = "ipsec.1",
        amazon_side_asn: str | None = None,
        availability_zone: str | None = None,
        tags: dict[str, str] | None = None,
    ) -> VpnGateway:
        require_room(self, VPN_GATEWAYS, sum(each.state != "deleted" for each in self.vpn_gateways.values()))
        return super().create_vpn_gateway(
            gateway_type, amazon_side_asn or AMAZON_ASN, availability_zone, tags
        )

    def attach_vpn_gateway(self, vpn_gateway_id: str, vpc_id: str) -> VPCGatewayAttachment:
        """Attach the gateway; where it is attached already that is no error."""
        gateway = self.get_vpn_gateway(vpn_gateway_id)
        if gateway.state != "available":
            raise EC2ClientError(
                "InvalidVpnGatewayState", f"The VPN gateway {vpn_gateway_id} is {gateway.state}."
            )
        with self.vpn_lock:
            for other in self.vpn_gateways.values():
                attached = _attached_vpcs(other)
                if other is gateway and attached and vpc_id not in attached:
                    raise EC2ClientError(
                        "VpnGatewayAttachmentLimitExceeded",
                        f"The VPN gateway {vpn_gateway_id} is attached to {attached[0]}.",
                    )
                if other is not gateway and vpc_id in attached:
                    raise EC2ClientError(
                        "InvalidVpcState",
                        f"VPC {vpc_id} is currently attached to the Virtual Private Gateway {other.id}.",
                    )
            return super().attach_vpn_gateway(vpn_gateway_id, vpc_id)

    def delete_vpn_gateway(self, vpn_gateway_id: str) -> VpnGateway:
        """Delete a gateway that is attached to no VPC and has no VPN connection."""
        gateway = self.get_vpn_gateway(vpn_gateway_id)
        connected = any(
            connection.vpn_gateway_id == vpn_gateway_id and not connection.deleted
            for connection in self.vpn_connections.values()
        )
        if connected or _attached_vpcs(gateway):
            raise EC2ClientError("IncorrectState", f"The VPN gateway {vpn_gateway_id} is in use.")
        return super().delete_vpn_gateway(vpn_gateway_id)


def _attached_vpcs(gateway: VpnGateway) -> list[str]:
    return [attachment.vpc_id for attachment in gateway.vpc_attachments if attachment.state == "attached"]
