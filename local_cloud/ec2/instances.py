"""Instances in a VPC: the size of their root volume, and their security groups.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html
"""

from __future__ import annotations

from typing import Any

from moto.ec2.models import EC2Backend
from moto.ec2.models.instances import Reservation
from moto.ec2.responses import EC2Response

# The root volume of Amazon Linux 2023; moto's images know none.
IMAGE_VOLUME_GIB = 8


class InstanceBackend(EC2Backend):
    """An instance's security groups are those of its first interface, whichever of both a call names."""

    def run_instances(self, *args: Any, **kwargs: Any) -> Reservation:  # noqa: ANN401 - passed on as they are
        """Run instances; groups that were given with the interface are the instance's too."""
        reservation = super().run_instances(*args, **kwargs)
        for instance in reservation.instances:
            if not instance.security_groups:
                instance.security_groups = list(instance.nics[0].group_set)
        return reservation

    def modify_network_interface_attribute(
        self,
        eni_id: str,
        group_ids: list[str],
        source_dest_check: bool | None = None,
        description: str | None = None,
    ) -> None:
        """Change an interface, and with the first interface's groups the instance's."""
        super().modify_network_interface_attribute(eni_id, group_ids, source_dest_check, description)
        interface = self.get_network_interface(eni_id)
        if group_ids and interface.instance and interface.device_index == 0:
            interface.instance.security_groups = [
                group for group_id in group_ids if (group := self.get_security_group_from_id(group_id))
            ]


class InstanceResponse(EC2Response):
    """RunInstances with a mapping that names a device's encryption, say, but neither size nor snapshot."""

    def _parse_block_device_mapping(self) -> list[dict[str, Any]]:
        for mapping in self._get_param("BlockDeviceMappings", []):
            volume = mapping.get("Ebs", {})
            if not (volume.get("VolumeSize") or volume.get("SnapshotId")):
                volume["VolumeSize"] = IMAGE_VOLUME_GIB
        return super()._parse_block_device_mapping()
