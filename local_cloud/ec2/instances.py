"""Instances in a VPC: their states, their root volume, and their security groups.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html
"""

from __future__ import annotations

from typing import Any

from moto.ec2.exceptions import EC2ClientError, InvalidAMIIdError
from moto.ec2.models import EC2Backend
from moto.ec2.models.instances import Instance as MotoInstance
from moto.ec2.models.instances import InstanceState as MotoInstanceState
from moto.ec2.models.instances import MetadataOptions, Reservation, StateReason
from moto.ec2.responses import EC2Response
from moto.iam.models import iam_backends
from tenantnet.local_cloud.pace import here, now

# The root volume of Amazon Linux 2023; moto's images know none.
IMAGE_VOLUME_GIB = 8


# By public recordings and EC2's documentation.
START_SECONDS, STOP_SECONDS, TERMINATE_SECONDS = 10.0, 35.0, 35.0
CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}


class InstanceState(MotoInstanceState):
    """A state that an instance is on its way to."""

    def __init__(self, passing: str, final: str, seconds: float) -> None:
        self._passing, self._final, self._end = passing, final, now() + here(seconds)

    @property
    def name(self) -> str:
        return self._final if now() >= self._end else self._passing

    @name.setter
    def name(self, value: str) -> None:
        self._passing = self._final = value

    @property
    def code(self) -> int:
        return CODES[self.name]

    @code.setter
    def code(self, _value: int) -> None:
        """The name says it."""


class Instance(MotoInstance):
    """An instance that takes its time, and that is in no network once it is being terminated."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on as they are
        super().__init__(*args, **kwargs)
        # What EC2 says of every instance, here of a t4g without wishes.
        self.capacity_reservation_specification = {"CapacityReservationPreference": "open"}
        self.cpu_options = {"CoreCount": 2, "ThreadsPerCore": 1}
        self.current_instance_boot_mode = "uefi"
        self.ena_support = True
        self.enclave_options = {"Enabled": False}
        self.hibernation_options = {"Configured": False}
        self.maintenance_options = {"AutoRecovery": "default", "RebootMigration": "default"}
        self.network_performance_options = {"BandwidthWeighting": "default"}
        self.operator = {"Managed": False}
        self.platform_details = "Linux/UNIX"
        self.placement.availability_zone_id = self._zone_id()  # type: ignore[attr-defined] # EC2's name
        if self.platform != "windows":
            self.platform = None
        self.private_dns_name_options = {
            "EnableResourceNameDnsAAAARecord": False,
            "EnableResourceNameDnsARecord": False,
            "HostnameType": "ip-name",
        }
        self.usage_operation = "RunInstances"
        self.usage_operation_update_time = self.launch_time
        self._state = InstanceState("pending", "running", START_SECONDS)

    def _zone_id(self) -> str:
        zones = self.ec2_backend.zones[self.region_name]
        return next((zone.zone_id for zone in zones if zone.name == self.availability_zone), "")

    def setup_defaults(self) -> None:
        """A root volume of the image's snapshot, where the call maps no device."""
        snapshot = self.ec2_backend.amis[self.image_id].ebs_snapshot.id
        device = self.root_device_name or "/dev/sda1"
        self.add_block_device(IMAGE_VOLUME_GIB, device, snapshot, False, True, None, "gp3")

    @property  # type: ignore[override] # a plain attribute there
    def state_reason(self) -> StateReason | None:
        """Why it is in its state, where EC2 has a reason."""
        if self._state.name == "pending":
            return StateReason("pending", "pending")
        return self._state_reason if self._state_reason.code else None

    @state_reason.setter
    def state_reason(self, value: StateReason) -> None:
        self._state_reason = value

    def start(self) -> MotoInstanceState:
        previous = super().start()
        self._state = InstanceState("pending", "running", START_SECONDS)
        return previous

    def stop(self) -> MotoInstanceState:
        previous = super().stop()
        self._state = InstanceState("stopping", "stopped", STOP_SECONDS)
        return previous

    def terminate(self) -> MotoInstanceState:
        freed = [(nic.subnet, nic.private_ip_address or "") for nic in self.nics.values()]
        previous = super().terminate()
        for subnet, address in freed:
            subnet.del_subnet_ip(address)
        self._state = InstanceState("shutting-down", "terminated", TERMINATE_SECONDS)
        return previous

    @property
    def public_dns_name(self) -> str:
        return super().public_dns_name or ""

    @property
    def _gone(self) -> bool:
        return self._state.name in ("shutting-down", "terminated")

    @property
    def vpc_id(self) -> str | None:
        return None if self._gone else super().vpc_id

    @property
    def subnet_id(self) -> str | None:
        return None if self._gone else super().subnet_id

    @property
    def private_ip_address(self) -> str | None:
        return None if self._gone else super().private_ip_address

    @property  # type: ignore[override] # a plain attribute there
    def source_dest_check(self) -> bool | None:
        return None if self._gone else self._source_dest_check

    @source_dest_check.setter
    def source_dest_check(self, value: bool) -> None:
        self._source_dest_check = value


class InstanceBackend(EC2Backend):
    """An instance's security groups are those of its first interface, whichever of both a call names."""

    def run_instances(self, image_id: str, *args: Any, **kwargs: Any) -> Reservation:  # noqa: ANN401
        """Run instances of an image that exists; their interface's groups are the instance's too."""
        if image_id not in self.amis:
            raise InvalidAMIIdError(image_id)
        if profile := kwargs.get("iam_instance_profile_name"):
            iam: Any = iam_backends[self.account_id][self.partition]
            if not iam.is_spread(profile):
                raise EC2ClientError(
                    "InvalidParameterValue",
                    f"Value ({profile}) for parameter iamInstanceProfile.name is invalid. "
                    "Invalid IAM Instance Profile name",
                )
        reservation = super().run_instances(image_id, *args, **kwargs)
        for instance in reservation.instances:
            if not instance.security_groups:
                instance.security_groups = list(instance.nics[0].group_set)
        return reservation

    def modify_instance_metadata_options(
        self,
        instance_id: str,
        *args: Any,  # noqa: ANN401 - passed on as they are
        **kwargs: Any,  # noqa: ANN401 - likewise
    ) -> MetadataOptions:
        """What is not asked for stays as it is."""
        before = vars(self.get_instance(instance_id).metadata_options)
        options = super().modify_instance_metadata_options(instance_id, *args, **kwargs)
        if kwargs["hop_limit"] is None:
            options.http_put_response_hop_limit = before["http_put_response_hop_limit"]
        for name, value in vars(options).items():
            if value is None:
                setattr(options, name, before[name])
        return options

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
