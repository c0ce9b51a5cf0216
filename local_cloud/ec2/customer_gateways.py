"""Customer gateways: what EC2 knows of a customer's device.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateCustomerGateway.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.exceptions import EC2ClientError, InvalidCustomerGatewayIdError
from moto.ec2.models import EC2Backend
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.responses import EC2Response
from moto.ec2.utils import generic_filter, random_customer_gateway_id
from netaddr import valid_ipv4
from tenantnet.aws.quotas import CUSTOMER_GATEWAYS
from tenantnet.local_cloud.ec2.vpn_connections import VpnConnectionBackend
from tenantnet.local_cloud.quotas import require_room

DEFAULT_BGP_ASN = "65000"


@dataclass(eq=False, kw_only=True)
class CustomerGateway(TaggedEC2Resource):
    """A customer gateway; what EC2 answers is read from the attributes of the same name."""

    ec2_backend: EC2Backend
    id: str
    type: str
    ip_address: str | None
    bgp_asn: str
    device_name: str | None
    certificate_arn: str | None
    state: str = "available"

    @property
    def customer_gateway_id(self) -> str:
        return self.id

    @property
    def identity(self) -> tuple[str | None, ...]:
        """Two gateways that are the same in all of this are one."""
        return (self.type, self.ip_address, self.bgp_asn, self.device_name, self.certificate_arn)


class CustomerGatewayBackend(VpnConnectionBackend):
    """Keeps customer gateways; deleted ones stay describable, as with EC2 for about an hour."""

    customer_gateways: dict[str, CustomerGateway]  # type: ignore[assignment] # moto's lacks the device's name

    def register_customer_gateway(self, asked: CustomerGateway, tags: dict[str, str]) -> CustomerGateway:
        """The gateway asked for, or the one that looks just like it, as EC2 does."""
        with self.vpn_lock:
            for gateway in self.customer_gateways.values():
                if gateway.state == "available" and gateway.identity == asked.identity:
                    return gateway
            live = sum(each.state != "deleted" for each in self.customer_gateways.values())
            require_room(self, CUSTOMER_GATEWAYS, live)
            self.customer_gateways[asked.id] = asked
            asked.add_tags(tags)
            return asked

    def find_customer_gateways(self, ids: list[str], filters: dict[str, Any]) -> list[CustomerGateway]:
        for gateway_id in ids:
            if gateway_id not in self.customer_gateways:
                raise InvalidCustomerGatewayIdError(gateway_id)
        gateways = [gateway for gateway in self.customer_gateways.values() if not ids or gateway.id in ids]
        return generic_filter(filters, gateways)

    def delete_customer_gateway(self, customer_gateway_id: str) -> None:
        """Delete a gateway that no VPN connection uses."""
        gateway = self.get_customer_gateway(customer_gateway_id)
        for connection in self.vpn_connections.values():
            if connection.customer_gateway_id == customer_gateway_id and not connection.deleted:
                raise EC2ClientError("IncorrectState", "The customer gateway is in use.")
        gateway.state = "deleted"


class CustomerGatewayResponse(EC2Response):
    """The calls about customer gateways."""

    def create_customer_gateway(self) -> ActionResult:
        self.error_on_dryrun()
        address = self._get_param("IpAddress") or self._get_param("PublicIp")
        certificate = self._get_param("CertificateArn")
        if not (address or certificate):
            raise EC2ClientError("MissingParameter", "The request must contain the parameter IpAddress")
        if address and not valid_ipv4(address):
            raise EC2ClientError(
                "InvalidParameterValue", f"Value ({address}) for parameter ipAddress is invalid."
            )
        gateway = self.ec2_backend.register_customer_gateway(
            CustomerGateway(
                ec2_backend=self.ec2_backend,
                id=random_customer_gateway_id(),
                type=self._get_param("Type"),
                ip_address=address,
                bgp_asn=str(
                    self._get_param("BgpAsn") or self._get_param("BgpAsnExtended") or DEFAULT_BGP_ASN
                ),
                device_name=self._get_param("DeviceName"),
                certificate_arn=certificate,
            ),
            self._parse_tag_specification().get("customer-gateway", {}),
        )
        return ActionResult({"CustomerGateway": gateway})

    def describe_customer_gateways(self) -> ActionResult:
        self.error_on_dryrun()
        gateways = self.ec2_backend.find_customer_gateways(
            self._get_param("CustomerGatewayIds", []), self._filters_from_querystring()
        )
        return ActionResult({"CustomerGateways": gateways})

    def delete_customer_gateway(self) -> ActionResult:
        self.error_on_dryrun()
        self.ec2_backend.delete_customer_gateway(self._get_param("CustomerGatewayId"))
        return EmptyResult()
