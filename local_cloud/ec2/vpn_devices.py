"""Sample configurations for customers' devices, and the replacement of a tunnel's endpoint.

Like EC2's, a sample names the least that a connection can do (type `compatibility`) or what AWS recommends
(`recommended`), not what this connection permits.
https://docs.aws.amazon.com/vpn/latest/s2svpn/your-cgw.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses import EC2Response
from tenantnet.local_cloud.ec2.vpn_connections import VpnConnection
from tenantnet.local_cloud.ec2.vpn_tunnels import TelemetryStatus, Tunnel


class Suite(NamedTuple):
    """The algorithms that a sample names."""

    encryption: str
    integrity: str
    group: int


SUITES = {"compatibility": Suite("aes128", "sha1", 2), "recommended": Suite("aes256", "sha256", 14)}
# Nobody shall take it for AWS's.
OWN = "Written by Tenantnet's local cloud, to try and to test. AWS has a sample of its own for this device."
IKE_VERSIONS = ("ikev1", "ikev2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What a sample is made of. number: the tunnel's, from 1."""

    number: int
    tunnel: Tunnel
    connection: VpnConnection
    customer_address: str
    ike: str
    suite: Suite


def _generic(sample: Sample) -> str:
    tunnel, suite = sample.tunnel, sample.suite
    return f"""\
IPSec Tunnel #{sample.number}
#1: Internet Key Exchange Configuration
  - IKE version              : {sample.ike}
  - Authentication Method    : Pre-Shared Key
  - Pre-Shared Key           : {tunnel.pre_shared_key}
  - Authentication Algorithm : {suite.integrity}
  - Encryption Algorithm     : {suite.encryption}
  - Lifetime                 : {tunnel.figure("Phase1LifetimeSeconds")} seconds
  - Diffie-Hellman           : Group {suite.group}
#2: IPSec Configuration
  - Protocol                 : esp, tunnel mode
  - Authentication Algorithm : {suite.integrity}
  - Encryption Algorithm     : {suite.encryption}
  - Lifetime                 : {tunnel.figure("Phase2LifetimeSeconds")} seconds
  - Perfect Forward Secrecy  : Group {suite.group}
#3: Tunnel Interface Configuration
  Outside IP Addresses:
  - Customer Gateway         : {sample.customer_address}
  - Virtual Private Gateway  : {tunnel.outside_address}
  Inside IP Addresses:
  - Customer Gateway         : {tunnel.customer_inside_address}/30
  - Virtual Private Gateway  : {tunnel.aws_inside_address}/30
  - Tunnel interface MTU     : 1436 bytes
"""


def _cisco(sample: Sample) -> str:
    tunnel, number = sample.tunnel, sample.number
    name, bits = f"{sample.connection.id}-{number}", sample.suite.encryption.removeprefix("aes")
    esp_hash = "sha" if sample.suite.integrity == "sha1" else sample.suite.integrity
    return f"""\
! Tunnel #{number}
{_cisco_ike(sample, bits)}
crypto ipsec transform-set ipsec-{name} esp-aes {bits} esp-{esp_hash}-hmac
  mode tunnel
crypto ipsec profile ipsec-{name}
  set transform-set ipsec-{name}
  set {"ikev2" if sample.ike == "ikev2" else "isakmp"}-profile profile-{name}
  set pfs group{sample.suite.group}
  set security-association lifetime seconds {tunnel.figure("Phase2LifetimeSeconds")}
interface Tunnel{number}
  ip address {tunnel.customer_inside_address} 255.255.255.252
  ip tcp adjust-mss 1379
  tunnel source {sample.customer_address}
  tunnel destination {tunnel.outside_address}
  tunnel mode ipsec ipv4
  tunnel protection ipsec profile ipsec-{name}
"""


def _cisco_ike(sample: Sample, bits: str) -> str:
    tunnel, number, suite = sample.tunnel, sample.number, sample.suite
    name, lifetime = f"{sample.connection.id}-{number}", tunnel.figure("Phase1LifetimeSeconds")
    if sample.ike == "ikev1":
        return f"""\
! {sample.ike}
crypto isakmp policy {number}00
  encryption aes {bits}
  hash {"sha" if suite.integrity == "sha1" else suite.integrity}
  authentication pre-share
  group {suite.group}
  lifetime {lifetime}
crypto keyring keyring-{name}
  pre-shared-key address {tunnel.outside_address} key {tunnel.pre_shared_key}
crypto isakmp profile profile-{name}
  keyring keyring-{name}
  match identity address {tunnel.outside_address} 255.255.255.255"""
    return f"""\
crypto ikev2 proposal proposal-{name}
  encryption aes-cbc-{bits}
  integrity {suite.integrity}
  group {suite.group}
crypto ikev2 policy policy-{name}
  match address local {sample.customer_address}
  proposal proposal-{name}
crypto ikev2 keyring keyring-{name}
  peer aws
    address {tunnel.outside_address}
    pre-shared-key {tunnel.pre_shared_key}
crypto ikev2 profile profile-{name}
  match identity remote address {tunnel.outside_address} 255.255.255.255
  authentication remote pre-share
  authentication local pre-share
  keyring local keyring-{name}
  lifetime {lifetime}
  dpd 10 3 on-demand"""


def _strongswan(sample: Sample) -> str:
    tunnel, suite = sample.tunnel, sample.suite
    device, mark = f"Tunnel{sample.number}", f"{sample.number}00"
    proposal = f"{suite.encryption}-{suite.integrity}-modp{1024 if suite.group == 2 else 2048}"
    return f"""\
# /etc/ipsec.conf
conn {device}
  keyexchange={sample.ike}
  authby=psk
  left=%defaultroute
  leftid={sample.customer_address}
  right={tunnel.outside_address}
  ike={proposal}!
  esp={proposal}!
  ikelifetime={tunnel.figure("Phase1LifetimeSeconds")}s
  lifetime={tunnel.figure("Phase2LifetimeSeconds")}s
  mark={mark}
# /etc/ipsec.secrets
{sample.customer_address} {tunnel.outside_address} : PSK "{tunnel.pre_shared_key}"
# ip link add {device} type vti local {sample.customer_address} remote {tunnel.outside_address} key {mark}
# ip addr add {tunnel.customer_inside_address}/30 remote {tunnel.aws_inside_address}/30 dev {device}
"""


class DeviceType(NamedTuple):
    """A kind of device that EC2 has samples for, and how its sample is written."""

    id: str
    vendor: str
    platform: str
    software: str
    write: Callable[[Sample], str]


DEVICE_TYPES = (
    DeviceType("9005b6c1", "Generic", "Generic", "Vendor Agnostic", _generic),
    DeviceType("b0adb196", "Cisco Systems, Inc.", "ISR Series Routers", "IOS 12.4+", _cisco),
    DeviceType("7b754310", "Cisco Systems, Inc.", "CSRv AMI", "IOS 12.4+", _cisco),
    DeviceType("0e41dfb8", "Strongswan", "Ubuntu 16.04", "Strongswan 5.5.1+", _strongswan),
)


def _device_type(device_type_id: str) -> DeviceType:
    for device_type in DEVICE_TYPES:
        if device_type.id == device_type_id:
            return device_type
    raise EC2ClientError(
        "InvalidVpnConnectionDeviceTypeID.NotFound",
        f"The VPN connection device type ID '{device_type_id}' does not exist",
    )


def _chosen(name: str, value: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise EC2ClientError(
            "InvalidParameterValue",
            f"Value ({value}) for parameter {name} is invalid: valid values are {', '.join(choices)}.",
        )
    return value


class VpnDeviceResponse(EC2Response):
    """The calls about devices and tunnel endpoints."""

    def get_vpn_connection_device_types(self) -> ActionResult:
        self.error_on_dryrun()
        types = [
            {
                "VpnConnectionDeviceTypeId": device_type.id,
                "Vendor": device_type.vendor,
                "Platform": device_type.platform,
                "Software": device_type.software,
            }
            for device_type in DEVICE_TYPES
        ]
        return ActionResult({"VpnConnectionDeviceTypes": types})

    def get_vpn_connection_device_sample_configuration(self) -> ActionResult:
        self.error_on_dryrun()
        connection: VpnConnection = self.ec2_backend.get_vpn_connection(self._get_param("VpnConnectionId"))
        device_type = _device_type(self._get_param("VpnConnectionDeviceTypeId"))
        asked_ike = self._get_param("InternetKeyExchangeVersion", "ikev1")
        ike = _chosen("InternetKeyExchangeVersion", asked_ike, IKE_VERSIONS)
        sample_type = _chosen("SampleType", self._get_param("SampleType", "compatibility"), tuple(SUITES))
        customer = self.ec2_backend.get_customer_gateway(connection.customer_gateway_id)
        tunnels = [
            device_type.write(
                Sample(
                    number=number,
                    tunnel=tunnel,
                    connection=connection,
                    customer_address=customer.ip_address,
                    ike=ike,
                    suite=SUITES[sample_type],
                )
            )
            for number, tunnel in enumerate(connection.tunnels, 1)
        ]
        head = (
            f"{OWN}\n\n"
            f"VPN Connection ID: {connection.id}\nCustomer Gateway ID: {connection.customer_gateway_id}\n"
            f"Device: {device_type.vendor}, {device_type.platform}, {device_type.software}\n\n"
        )
        return ActionResult({"VpnConnectionDeviceSampleConfiguration": head + "\n".join(tunnels)})

    def _tunnel(self) -> tuple[VpnConnection, Tunnel]:
        connection: VpnConnection = self.ec2_backend.get_vpn_connection(self._get_param("VpnConnectionId"))
        return connection, connection.tunnel(self._get_param("VpnTunnelOutsideIpAddress"))

    def get_vpn_tunnel_replacement_status(self) -> ActionResult:
        self.error_on_dryrun()
        connection, tunnel = self._tunnel()
        details: dict[str, Any] = {
            "PendingMaintenance": "Available" if tunnel.maintenance_due else "None",
            "MaintenanceAutoAppliedAfter": tunnel.maintenance_due,
            "LastMaintenanceApplied": tunnel.maintenance_applied,
        }
        return ActionResult(
            {
                "VpnConnectionId": connection.id,
                "TransitGatewayId": connection.transit_gateway_id,
                "CustomerGatewayId": connection.customer_gateway_id,
                "VpnGatewayId": connection.vpn_gateway_id,
                "VpnTunnelOutsideIpAddress": tunnel.outside_address,
                "MaintenanceDetails": {key: value for key, value in details.items() if value},
            }
        )

    def replace_vpn_tunnel(self) -> ActionResult:
        """Give a tunnel a new endpoint at the same address; it is down meanwhile."""
        self.error_on_dryrun()
        connection, tunnel = self._tunnel()
        if self._get_param("ApplyPendingMaintenance") and tunnel.maintenance_due:
            tunnel.maintenance_applied, tunnel.maintenance_due = datetime.now(UTC), None
        if tunnel.status is TelemetryStatus.UP:
            tunnel.report(TelemetryStatus.DOWN)
        connection.settle()
        return ActionResult({"Return": True})
