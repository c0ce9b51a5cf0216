"""A VPN connection from a tenant network to a company's VPN device: two tunnels, one static route."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws
from tenantnet.addresses.addressing import (
    DEFAULT_RESERVED,
    ReservedRange,
    check_company_cidr,
    check_gateway_ip,
)
from tenantnet.components.checked import require
from tenantnet.components.security import MYSQL, PING, SecurityRuleArgs, Service, allow_from
from tenantnet.settings.checks import check_description
from tenantnet.tags import Owner

# Static routing ignores the number, but a customer gateway must have one: the first private 16-bit ASN
# beside 64512, which is AWS's own.
CUSTOMER_ASN = "65000"

# By default AWS would still negotiate IKEv1, AES-128, SHA-1 and group 2.
# https://docs.aws.amazon.com/vpn/latest/s2svpn/VPNTunnels.html
ENCRYPTION = ["AES256", "AES256-GCM-16"]
INTEGRITY = ["SHA2-256", "SHA2-384", "SHA2-512"]
DIFFIE_HELLMAN_GROUPS = [14, 15, 16, 17, 18, 19, 20, 21]
TUNNEL = {
    "ike_versions": ["ikev2"],
    "phase1_encryption_algorithms": ENCRYPTION,
    "phase1_integrity_algorithms": INTEGRITY,
    "phase1_dh_group_numbers": DIFFIE_HELLMAN_GROUPS,
    "phase1_lifetime_seconds": 28_800,
    "phase2_encryption_algorithms": ENCRYPTION,
    "phase2_integrity_algorithms": INTEGRITY,
    "phase2_dh_group_numbers": DIFFIE_HELLMAN_GROUPS,
    "phase2_lifetime_seconds": 3_600,
    "dpd_timeout_action": "restart",
    "dpd_timeout_seconds": 30,
}
TUNNEL_OPTIONS: dict[str, Any] = {
    f"tunnel{number}_{option}": value for number in (1, 2) for option, value in TUNNEL.items()
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VpnConnectionArgs:
    """A company's end, and what it connects to.

    Raises Refused for a range, an address or a description that may not be.
    """

    owner: Owner
    """The tenant that it belongs to, with its network's slot."""
    company_cidr: str
    """What is behind the company's device: a private range."""
    company_gateway_ip: str
    """The device's public IPv4 address."""
    description: str
    """What people call the place, such as "Seattle office": 1 to 255 visible characters of any alphabet.

    The connection's tag has it as it is, the rules have what EC2 takes of it.
    """
    vpn_gateway_id: pulumi.Input[str]
    """The tenant network's gateway."""
    database_security_group_id: pulumi.Input[str]
    """The group that lets the company into the database."""
    ping_host_security_group_id: pulumi.Input[str]
    """The group that lets the company ping."""
    reaches_database: bool = True
    """Whether the company is let in to the database; it may always ping."""
    alarm_topic_arn: pulumi.Input[str]
    """Where the tunnels' alarms go."""
    reserved: Sequence[ReservedRange] = DEFAULT_RESERVED
    """Ranges that no company's network may overlap."""

    def __post_init__(self) -> None:
        require(
            f"The VPN connection {self.description} of {self.owner.prefix}",
            self.owner,
            {
                "company_cidr": check_company_cidr(self.company_cidr, self.reserved),
                "company_gateway_ip": check_gateway_ip(self.company_gateway_ip),
                "description": check_description(self.description),
            },
        )


class VpnConnection(pulumi.ComponentResource):
    """A VPN connection of two tunnels to a company's VPN device, with one static route."""

    id: pulumi.Output[str]
    """The VPN connection's ID, known once its route exists."""

    def __init__(
        self, name: str, args: VpnConnectionArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("tenantnet:index:VpnConnection", name, {}, opts)
        self._name, self._args = name, args
        connection = self._connection()
        route = aws.ec2.VpnConnectionRoute(
            name,
            vpn_connection_id=connection.id,
            destination_cidr_block=args.company_cidr,
            opts=self._child(),
        )
        if args.reaches_database:
            self._let_in("database", args.database_security_group_id, MYSQL)
        self._let_in("ping", args.ping_host_security_group_id, PING)
        self._alarm("one-tunnel-down", connection.id, threshold=1, comparison="LessThanThreshold")
        self._alarm("both-tunnels-down", connection.id, threshold=0, comparison="LessThanOrEqualToThreshold")
        self.id = route.vpn_connection_id
        self.register_outputs({"id": self.id})

    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)

    def _connection(self) -> aws.ec2.VpnConnection:
        gateway = aws.ec2.CustomerGateway(
            self._name,
            bgp_asn=CUSTOMER_ASN,
            ip_address=self._args.company_gateway_ip,
            # AWS gives the same gateway to two requests that look alike; the name keeps them apart.
            device_name=self._name,
            type="ipsec.1",
            tags=self._args.owner.tags(self._name),
            opts=self._child(),
        )
        return aws.ec2.VpnConnection(
            self._name,
            customer_gateway_id=gateway.id,
            vpn_gateway_id=self._args.vpn_gateway_id,
            type="ipsec.1",
            static_routes_only=True,
            **TUNNEL_OPTIONS,
            tags=self._args.owner.tags(self._name, description=self._args.description),
            opts=self._child(),
        )

    def _let_in(self, purpose: str, group_id: pulumi.Input[str], service: Service) -> None:
        allow_from(
            f"{self._name}-{purpose}",
            SecurityRuleArgs(
                owner=self._args.owner,
                security_group_id=group_id,
                service=service,
                peer_cidr=self._args.company_cidr,
                description=self._args.description,
            ),
            self._child(),
        )

    def _alarm(
        self, condition: str, connection_id: pulumi.Output[str], *, threshold: float, comparison: str
    ) -> None:
        name = f"{self._name}-{condition}"
        aws.cloudwatch.MetricAlarm(
            name,
            name=name,
            alarm_description=f"{self._args.description}: {condition.replace('-', ' ')}",
            namespace="AWS/VPN",
            metric_name="TunnelState",
            dimensions={"VpnId": connection_id},
            # Over both tunnels the average is 1, a half or 0.
            statistic="Average",
            period=60,
            evaluation_periods=3,
            threshold=threshold,
            comparison_operator=comparison,
            treat_missing_data="breaching",
            alarm_actions=[self._args.alarm_topic_arn],
            ok_actions=[self._args.alarm_topic_arn],
            tags=self._args.owner.tags(name),
            opts=self._child(),
        )
