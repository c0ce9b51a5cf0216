"""Instances whose root volume has no size of its own take the image's.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EbsBlockDevice.html
"""

from __future__ import annotations

from typing import Any

from moto.ec2.responses import EC2Response

# The root volume of Amazon Linux 2023; moto's images know none.
IMAGE_VOLUME_GIB = 8


class InstanceResponse(EC2Response):
    """RunInstances with a mapping that names a device's encryption, say, but neither size nor snapshot."""

    def _parse_block_device_mapping(self) -> list[dict[str, Any]]:
        for mapping in self._get_param("BlockDeviceMappings", []):
            volume = mapping.get("Ebs", {})
            if not (volume.get("VolumeSize") or volume.get("SnapshotId")):
                volume["VolumeSize"] = IMAGE_VOLUME_GIB
        return super()._parse_block_device_mapping()
