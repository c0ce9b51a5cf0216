"""The platform stack: what the tenants of one cell share."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice

import pulumi
import pulumi_aws as aws
from netaddr import IPNetwork
from tenantnet.addresses.addressing import contains
from tenantnet.components.alarm_topic import AlarmTopic, AlarmTopicArgs
from tenantnet.components.migration_runner import MigrationRunner, MigrationRunnerArgs
from tenantnet.components.platform_key import PlatformKey, PlatformKeyArgs
from tenantnet.components.platform_tables import PlatformTables, PlatformTablesArgs
from tenantnet.components.private_vpc import FLOW_LOG_STATEMENTS, PrivateVpc, PrivateVpcArgs
from tenantnet.components.service_role import ServiceRole, ServiceRoleArgs
from tenantnet.components.tunnel_host import TunnelHost, TunnelHostArgs
from tenantnet.phases.kept import in_outputs, refuse_changes
from tenantnet.refusal import Refused
from tenantnet.settings.files import REGION_KEY
from tenantnet.settings.models import PlatformSettings
from tenantnet.stacks.claims import CellPlace, choose_claims_table, refuse_claims_left
from tenantnet.stacks.lookups import Place, look_up_place, read_stack_outputs
from tenantnet.tags import Owner, Part, cell_of_claims_table, claims_table_name


@dataclass(frozen=True, slots=True, kw_only=True)
class _ServicesPlace:
    """The network of the tunnel host: created here, or named in the settings."""

    vpc_id: pulumi.Input[str]
    subnet_id: pulumi.Input[str]
    subnet_cidr: str
    route_table_id: pulumi.Input[str]
    second_subnet_id: pulumi.Input[str] | None = None
    second_subnet_cidr: str | None = None


class PlatformStack:
    """One cell, declared part by part."""

    def __init__(
        self,
        settings: PlatformSettings,
        region: str,
        place: Place | None = None,
        neighbours: Collection[str] = (),
    ) -> None:
        """Raises Refused for another region, and for a claims table that it cannot use or give up.

        place: asked of AWS where it is not given. neighbours: the platforms of its address space.
        """
        if exchanged := refuse_changes(in_outputs(read_stack_outputs(settings.name)), {REGION_KEY: region}):
            raise Refused(f"The settings of {settings.name}", exchanged)
        self._settings, self._region = settings, region
        self._place = place or look_up_place()
        self._owner = Owner(cell=settings.cell, own_tags=settings.tags)
        cell_place = CellPlace(region=region, account_id=self._place.account_id, neighbours=neighbours)
        refuse_claims_left(settings, cell_place)
        self._claims_table = choose_claims_table(settings, cell_place)

    def declare(self) -> None:
        """Declare everything, and export what tenantnet.stacks.outputs reads."""
        cell, owner = self._settings.cell, self._owner
        place = {"account_id": self._place.account_id, "region": self._region}
        key = PlatformKey(cell, PlatformKeyArgs(owner=owner, **place))
        self._key_arn, self._flow_logs = key.arn, self._flow_log_role()
        protected = not self._settings.retiring
        tables = PlatformTables(
            cell, PlatformTablesArgs(owner=owner, kms_key_arn=key.arn, protected=protected)
        )
        shared = self._claims_table != claims_table_name(cell)
        emails = self._settings.alarm_emails
        topic = AlarmTopic(cell, AlarmTopicArgs(owner=owner, kms_key_arn=key.arn, emails=emails, **place))
        sessions_vpc_id, services = self._sessions(), self._services()
        host, zone_id = self._tunnel_host(services), self._zone()
        outputs = {
            "cell": cell,
            "region": self._region,
            "accountId": self._place.account_id,
            "availabilityZones": list(self._place.zones),
            "imageId": self._place.image_id,
            "zoneId": zone_id,
            "zoneName": self._settings.zone.name,
            "sessionsVpcId": sessions_vpc_id,
            "sessionsCidr": self._settings.sessions.cidr,
            "sharedSubnets": self._settings.sessions.shared_subnets,
            "servicesVpcId": services.vpc_id,
            "servicesCidr": self._settings.services.cidr,
            "servicesRouteTableId": services.route_table_id,
            "tunnelHostId": host.id,
            "tunnelHostAddress": host.address,
            "claimsTable": self._claims_table if shared else tables.claims,
            "journalTable": tables.journal,
            "kmsKeyArn": key.arn,
            "alarmTopicArn": topic.arn,
            "flowLogRoleArn": self._flow_logs,
            **self._runner(zone_id, topic.arn, host.id),
        }
        for name, value in outputs.items():
            pulumi.export(name, value)

    def _runner(
        self, zone_id: pulumi.Output[str], topic_arn: pulumi.Output[str], tunnel_host_id: pulumi.Output[str]
    ) -> dict[str, pulumi.Output[str] | bool]:
        """The runner's outputs; none where the settings have no runner."""
        settings = self._settings.runner
        if settings is None:
            return {}
        runner = MigrationRunner(
            f"{self._settings.cell}-runner",
            MigrationRunnerArgs(
                owner=self._owner,
                account_id=self._place.account_id,
                region=self._region,
                settings=settings,
                zone_id=zone_id,
                kms_key_arn=self._key_arn,
                alarm_topic_arn=topic_arn,
                tunnel_host_id=tunnel_host_id,
                permissions_boundary=self._settings.permissions_boundary_arn,
                claims_cell=cell_of_claims_table(self._claims_table),
            ),
        )
        return {
            "runnerProject": runner.project,
            "runnerScheduleRoleArn": runner.schedule_role_arn,
            "runnerCompares": not settings.unverified,
        }

    def _flow_log_role(self) -> pulumi.Output[str]:
        return ServiceRole(
            f"{self._settings.cell}-flow-logs",
            ServiceRoleArgs(
                owner=self._owner,
                account_id=self._place.account_id,
                service="vpc-flow-logs.amazonaws.com",
                statements=FLOW_LOG_STATEMENTS,
                permissions_boundary=self._settings.permissions_boundary_arn,
            ),
        ).arn

    def _zone(self) -> pulumi.Output[str]:
        zone = self._settings.zone
        if zone.zone_id:
            return pulumi.Output.from_input(zone.zone_id)
        return aws.route53.Zone(
            f"{self._settings.cell}-zone",
            name=zone.name,
            comment=f"Tenantnet cell {self._settings.cell}: the tenants' endpoints",
            tags=self._owner.tags(zone.name),
        ).zone_id

    def _vpc(self, part: Part, cidr: str) -> pulumi.Output[str]:
        return PrivateVpc(
            f"{self._settings.cell}-{part}",
            PrivateVpcArgs(
                owner=self._owner,
                part=part,
                cidr=cidr,
                kms_key_arn=self._key_arn,
                flow_log_role_arn=self._flow_logs,
            ),
        ).id

    def _sessions(self) -> pulumi.Output[str]:
        sessions = self._settings.sessions
        if sessions.vpc_id:
            return pulumi.Output.from_input(sessions.vpc_id)
        return self._vpc(Part.SESSIONS, sessions.cidr)

    def _services(self) -> _ServicesPlace:
        services = self._settings.services
        if services.vpc_id and services.subnet_id and services.route_table_id:
            return _ServicesPlace(
                vpc_id=services.vpc_id,
                subnet_id=services.subnet_id,
                subnet_cidr=aws.ec2.get_subnet(id=services.subnet_id).cidr_block,
                route_table_id=services.route_table_id,
            )
        return self._tunnel_subnets(self._vpc(Part.SERVICES, services.cidr))

    def _tunnel_subnets(self, vpc_id: pulumi.Output[str]) -> _ServicesPlace:
        """One subnet in each zone; a range of a single /26 has room for the first alone."""
        name = f"{self._settings.cell}-tunnel"
        table = aws.ec2.RouteTable(
            name,
            vpc_id=vpc_id,
            tags=self._owner.tags(name, part=Part.SERVICES),
            # Every tenant's stack adds its own routes.
            opts=pulumi.ResourceOptions(ignore_changes=["routes"]),
        )
        cidrs = [str(each) for each in islice(IPNetwork(self._settings.services.cidr).subnet(26), 2)]
        made = [
            self._subnet(*place, vpc_id, table.id)
            for place in zip((name, f"{name}-b"), cidrs, self._place.zones, strict=False)
        ]
        return _ServicesPlace(
            vpc_id=vpc_id,
            subnet_id=made[0],
            subnet_cidr=cidrs[0],
            route_table_id=table.id,
            second_subnet_id=made[1] if made[1:] else None,
            second_subnet_cidr=cidrs[1] if cidrs[1:] else None,
        )

    def _subnet(
        self, name: str, cidr: str, zone: str, vpc_id: pulumi.Output[str], table_id: pulumi.Output[str]
    ) -> pulumi.Output[str]:
        subnet = aws.ec2.Subnet(
            name,
            vpc_id=vpc_id,
            cidr_block=cidr,
            availability_zone=zone,
            map_public_ip_on_launch=False,
            tags=self._owner.tags(name, part=Part.SERVICES),
        )
        aws.ec2.RouteTableAssociation(name, route_table_id=table_id, subnet_id=subnet.id)
        return subnet.id

    def _tunnel_host(self, services: _ServicesPlace) -> TunnelHost:
        image, address = self._settings.services.tunnel_host_image, self._place.tunnel_host_address
        stays = address is not None and contains(services.subnet_cidr, f"{address}/32")
        return TunnelHost(
            f"{self._settings.cell}-tunnel-host",
            TunnelHostArgs(
                owner=self._owner,
                account_id=self._place.account_id,
                region=self._region,
                vpc_id=services.vpc_id,
                subnet_id=services.subnet_id,
                subnet_cidr=services.subnet_cidr,
                second_subnet_id=services.second_subnet_id,
                second_subnet_cidr=services.second_subnet_cidr,
                address=address if stays else None,
                instance_type=self._settings.services.tunnel_host_type,
                image=image or self._place.image_id,
                follows_image=image is not None,
                kms_key_arn=self._key_arn,
                permissions_boundary=self._settings.permissions_boundary_arn,
            ),
        )
