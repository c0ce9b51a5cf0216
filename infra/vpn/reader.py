"""What EC2 says of VPN connections, asked through boto3. Raises Failure if AWS does not answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import boto3
from botocore.exceptions import ClientError
from tenantnet.aws.answers import PATIENCE, aws_answers
from tenantnet.failure import Failure
from tenantnet.observed.deployed import Described, SiteToSiteVpn, at
from tenantnet.tags import Tag
from tenantnet.vpn.configuration import Configuration, ConfigurationError, parse_configuration
from tenantnet.vpn.connection import Connection, Permitted
from tenantnet.vpn.samples import DeviceType

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import VpnConnectionTypeDef

# Where EC2 is asked for a sample in IKEv2 and has none: some devices know only the older version.
_NO_SUCH_SAMPLE = ("InvalidParameter", "Unsupported")


class Maintenance(Described):
    """Of one tunnel's endpoint. pending: EC2's word, `None` or `Available`; times are None without one.

    It is read as AWS describes it and as `tenantnet vpn status --json` shows it.
    """

    pending: Annotated[str, at("PendingMaintenance")] = "None"
    auto_applied_after: Annotated[datetime | None, at("MaintenanceAutoAppliedAfter", "autoAppliedAfter")] = (
        None
    )
    last_applied: Annotated[datetime | None, at("LastMaintenanceApplied", "lastApplied")] = None


class VpnReader:
    """EC2's VPN connections in one region."""

    def __init__(self, region: str) -> None:
        self._region = region

    def connection(
        self,
        connection_id: str,
        *,
        tenant: str,
        slot: str,
        network_cidr: str,
        endpoint: str | None,
        is_production: bool,
    ) -> Connection:
        """One that is ready. Raises Failure too where its configuration is not what EC2 documents."""
        with self._ec2(f"read {connection_id}") as ec2:
            (described,) = ec2.describe_vpn_connections(VpnConnectionIds=[connection_id])["VpnConnections"]
        configuration = _configuration(described)
        options = described.get("Options", {})
        by_address = {tunnel.get("OutsideIpAddress"): tunnel for tunnel in options.get("TunnelOptions", [])}
        first, second = (
            Permitted.model_validate(by_address.get(tunnel.aws_outside, {}))
            for tunnel in configuration.tunnels
        )
        found = SiteToSiteVpn.model_validate(described)
        return Connection(
            tenant=tenant,
            slot=slot,
            description=found.tags.get(Tag.DESCRIPTION, ""),
            network_cidr=network_cidr,
            company_cidrs=found.cidrs,
            local_cidr=options.get("LocalIpv4NetworkCidr", "0.0.0.0/0"),
            remote_cidr=options.get("RemoteIpv4NetworkCidr", "0.0.0.0/0"),
            configuration=configuration,
            permitted=(first, second),
            endpoint=endpoint,
            is_production=is_production,
            read_at=datetime.now(UTC),
        )

    def maintenance(self, connection_id: str, outside_ip: str) -> Maintenance:
        """What AWS intends with the endpoint of the tunnel at this address."""
        with self._ec2(f"read the maintenance of {connection_id}") as ec2:
            answer = ec2.get_vpn_tunnel_replacement_status(
                VpnConnectionId=connection_id, VpnTunnelOutsideIpAddress=outside_ip
            )
        return Maintenance.model_validate(answer.get("MaintenanceDetails", {}))

    def was_up(self, connection_id: str, days: int) -> bool:
        """Whether a tunnel of the connection was UP within so many days, as CloudWatch has it."""
        now = datetime.now(UTC)
        with aws_answers(f"read the states of {connection_id}", region=self._region):
            answer = boto3.client(
                "cloudwatch", region_name=self._region, config=PATIENCE
            ).get_metric_statistics(
                Namespace="AWS/VPN",
                MetricName="TunnelState",
                Dimensions=[{"Name": "VpnId", "Value": connection_id}],
                StartTime=now - timedelta(days=days),
                EndTime=now,
                Period=3600,
                Statistics=["Maximum"],
            )
        # 1 is UP; between 0 and 1, as an average of both tunnels, one of them was.
        return any(point["Maximum"] > 0 for point in answer["Datapoints"])

    def device_types(self) -> list[DeviceType]:
        """Every kind of device that EC2 has samples for, by name."""
        with self._ec2("list the devices that EC2 has samples for") as ec2:
            pages = ec2.get_paginator("get_vpn_connection_device_types").paginate()
            found = [
                DeviceType.model_validate(device)
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
        found = parse_configuration(described.get("CustomerGatewayConfiguration", ""))
    except ConfigurationError as error:
        raise Failure(
            f"Could not read the configuration of {connection_id}.",
            reason=f"EC2's XML is not as it is documented: {error}",
            remedy="download a configuration from the AWS console, and have this program learn the new form",
        ) from None
    if any(tunnel.hides_key for tunnel in found.tunnels):
        secret = described.get("PreSharedKeyArn", "a secret of Secrets Manager")
        raise Failure(
            f"Could not read the pre-shared keys of {connection_id}.",
            reason=f"{secret} has them, and EC2 shows them no more: somebody has changed where they are kept",
            remedy="give the company the keys from that secret and the figures from the AWS console, or have "
            "EC2 keep them again: aws ec2 modify-vpn-tunnel-options --pre-shared-key-storage Standard",
        )
    return found
