"""Images, volumes and interfaces: what EC2 says of each.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Image.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Volume.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceNetworkInterface.html
"""

from __future__ import annotations

from typing import Any

from moto.ec2.models.amis import Ami as MotoAmi
from moto.ec2.models.elastic_block_store import Volume as MotoVolume
from moto.ec2.models.elastic_block_store import VolumeAttachment as MotoVolumeAttachment
from moto.ec2.models.elastic_network_interfaces import Attachment as MotoAttachment
from moto.ec2.models.elastic_network_interfaces import NetworkInterface

# https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html
GP3_IOPS, GP3_THROUGHPUT_MIB = 3_000, 125
GP2_IOPS_PER_GIB, GP2_LEAST_IOPS, GP2_MOST_IOPS = 3, 100, 16_000


class Ami(MotoAmi):
    """An image with its place and its devices."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on as they are
        super().__init__(*args, **kwargs)
        self.image_location = self.image_location or f"{self.owner_alias or self.owner_id}/{self.name}"
        self.ena_support, self.platform_details = True, "Linux/UNIX"
        self.usage_operation = "RunInstances"

    @property
    def block_device_mappings(self) -> list[dict[str, Any]]:
        mappings = super().block_device_mappings
        for mapping in mappings:
            mapping["Ebs"]["Encrypted"] = False
        return mappings


class Volume(MotoVolume):
    """A volume with the performance of its type, where nobody has asked for another."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on as they are
        super().__init__(*args, **kwargs)
        self.snapshot_id = self.snapshot_id or ""
        if self.volume_type == "gp3":
            self.iops = self.iops or GP3_IOPS
            self.throughput = self.throughput or GP3_THROUGHPUT_MIB
        elif self.volume_type == "gp2":
            self.iops = min(max(GP2_IOPS_PER_GIB * self.size, GP2_LEAST_IOPS), GP2_MOST_IOPS)


class VolumeAttachment(MotoVolumeAttachment):
    """An attachment that says what becomes of the volume."""

    @property
    def delete_on_termination(self) -> bool:
        return bool(self.instance.block_device_mapping[self.device].delete_on_termination)


class Attachment(MotoAttachment):
    """An interface's attachment, under way as long as the instance is pending."""

    def __init__(self, eni: NetworkInterface) -> None:
        super().__init__(eni)
        if eni.instance is not None and eni.instance.state == "pending":
            self.status = "attaching"


_ADDRESSES: Any = NetworkInterface.instance_private_ip_address_list


def named_addresses(interface: NetworkInterface) -> list[dict[str, Any]]:
    """An interface's addresses as DescribeInstances has them, with their names."""
    names = {each["PrivateIpAddress"]: each.get("PrivateDnsName") for each in interface.private_ip_addresses}
    return [
        {**each, "PrivateDnsName": names[each["PrivateIpAddress"]]} for each in _ADDRESSES.fget(interface)
    ]
