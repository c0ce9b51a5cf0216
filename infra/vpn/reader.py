"""What EC2 says of VPN connections, asked through boto3. Raises Failure if AWS does not answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError
from tenantnet.aws.answers import PATIENCE, aws_answers
from tenantnet.aws.vpn_routes import company_ranges
from tenantnet.failure import Failure
from tenantnet.stacks.outputs import Model
from tenantnet.tags import Tag
from tenantnet.vpn.configuration import Configuration, ConfigurationError, parse_configuration
from tenantnet.vpn.connection import Connection, Permitted
from tenantnet.vpn.samples import DeviceType

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import TunnelOptionTypeDef, VpnConnectionTypeDef

# Where EC2 is asked for a sample in IKEv2 and has none: some devices know only the older version.
_NO_SUCH_SAMPLE = ("InvalidParameter", "Unsupported")


class Maintenance(Model):
    """Of one tunnel's endpoint. pending: EC2's word, `None` or `Available`; times are None without one."""

    pending: str
    auto_applied_after: datetime | None
    last_applied: datetime | None


class VpnReader:
    """EC2's VPN connections in one region."""

    def __init__(self, region: str) -> None:
        self._region = region

    def connection(self, connection_id: str, *, tenant: str, slot: str, network_cidr: str) -> Connection:
        """One that is ready. Raises Failure too where its configuration is not what EC2 documents."""
        with self._ec2(f"read {connection_id}") as ec2:
            (described,) = ec2.describe_vpn_connections(VpnConnectionIds=[connection_id])["VpnConnections"]
        configuration = _configuration(described)
        options = described.get("Options", {})
        by_address = {tunnel.get("OutsideIpAddress"): tunnel for tunnel in options.get("TunnelOptions", [])}
        first, second = (
            _permitted(by_address.get(tunnel.aws_outside, {})) for tunnel in configuration.tunnels
        )
        return Connection(
            tenant=tenant,
            slot=slot,
            description=_description(described),
            network_cidr=network_cidr,
            company_cidrs=company_ranges(described),
            local_cidr=options.get("LocalIpv4NetworkCidr", "0.0.0.0/0"),
            remote_cidr=options.get("RemoteIpv4NetworkCidr", "0.0.0.0/0"),
            configuration=configuration,
            permitted=(first, second),
        )

    def maintenance(self, connection_id: str, outside_ip: str) -> Maintenance:
        """What AWS intends with the endpoint of the tunnel at this address."""
        with self._ec2(f"read the maintenance of {connection_id}") as ec2:
            answer = ec2.get_vpn_tunnel_replacement_status(
                VpnConnectionId=connection_id, VpnTunnelOutsideIpAddress=outside_ip
            )
        details = answer.get("MaintenanceDetails", {})
        return Maintenance(
            pending=details.get("PendingMaintenance", "None"),
            auto_applied_after=details.get("MaintenanceAutoAppliedAfter"),
            last_applied=details.get("LastMaintenanceApplied"),
        )

    def device_types(self) -> list[DeviceType]:
        """Every kind of device that EC2 has samples for, by name."""
        with self._ec2("list the devices that EC2 has samples for") as ec2:
            pages = ec2.get_paginator("get_vpn_connection_device_types").paginate()
            found = [
                DeviceType(
                    id=device["VpnConnectionDeviceTypeId"],
                    vendor=device.get("Vendor", ""),
                    platform=device.get("Platform", ""),
                    software=device.get("Software", ""),
                )
                for page in pages
                for device in page["VpnConnectionDeviceTypes"]
            ]
        return sorted(found, key=lambda device: device.name)

    def sample(self, connection_id: str, device: DeviceType, sample_type: str) -> str:
        """EC2's sample for the device, in IKEv2 where it has one. sample_type: EC2's word for the kind."""
        with self._ec2(f"read the sample for {device.name}") as ec2:
            try:
                answer = ec2.get_vpn_connection_device_sample_configuration(
                    VpnConnectionId=connection_id,
                    VpnConnectionDeviceTypeId=device.id,
                    InternetKeyExchangeVersion="ikev2",
                    SampleType=sample_type,
                )
            except ClientError as error:
                if not error.response["Error"]["Code"].startswith(_NO_SUCH_SAMPLE):
                    raise
                answer = ec2.get_vpn_connection_device_sample_configuration(
                    VpnConnectionId=connection_id, VpnConnectionDeviceTypeId=device.id
                )
        return answer["VpnConnectionDeviceSampleConfiguration"]

    @contextmanager
    def _ec2(self, task: str) -> Iterator[EC2Client]:
        with aws_answers(task, region=self._region):
            yield boto3.client("ec2", region_name=self._region, config=PATIENCE)


def _configuration(described: VpnConnectionTypeDef) -> Configuration:
    connection_id = described["VpnConnectionId"]
    try:
        return parse_configuration(described.get("CustomerGatewayConfiguration", ""))
    except ConfigurationError as error:
        raise Failure(
            f"Could not read the configuration of {connection_id}.",
            reason=f"EC2's XML is not as it is documented: {error}",
            remedy="download a configuration from the AWS console, and have this program learn the new form",
        ) from None


def _description(described: VpnConnectionTypeDef) -> str:
    tags = {tag["Key"]: tag["Value"] for tag in described.get("Tags", [])}
    return tags.get(Tag.DESCRIPTION, "")


def _permitted(options: TunnelOptionTypeDef) -> Permitted:
    return Permitted(
        ike_versions=_values(options, "IkeVersions"),
        ike_encryption=_values(options, "Phase1EncryptionAlgorithms"),
        ike_integrity=_values(options, "Phase1IntegrityAlgorithms"),
        ike_dh_groups=_values(options, "Phase1DHGroupNumbers"),
        ipsec_encryption=_values(options, "Phase2EncryptionAlgorithms"),
        ipsec_integrity=_values(options, "Phase2IntegrityAlgorithms"),
        ipsec_dh_groups=_values(options, "Phase2DHGroupNumbers"),
    )


def _values(options: Mapping[str, Any], name: str) -> tuple[Any, ...]:
    return tuple(item["Value"] for item in options.get(name, []))
