"""Route 53 as the local cloud serves it: moto's with zones, records and changes as Route 53 has them."""

from __future__ import annotations

import secrets
import string
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from moto.core.resource_tagging import TaggableResourcesMixin, TaggedResource
from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.models import ec2_backends
from moto.route53 import models, urls
from moto.route53.exceptions import InvalidVPCId, Route53ClientError
from moto.route53.models import FakeZone, Route53Backend, route53_backends
from moto.route53.responses import Route53
from tenantnet.local_cloud.pace import here, now
from tenantnet.local_cloud.route53.records import Change, apply_changes

# "Changes generally propagate to all Route 53 name servers within 60 seconds."
# https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
PENDING_SECONDS = 60.0
ID_CHARACTERS = string.ascii_uppercase + string.digits


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeInfo:
    """A change that was submitted: PENDING until all of Route 53's name servers have it."""

    id: str = field(default_factory=lambda: "C" + "".join(secrets.choice(ID_CHARACTERS) for _ in range(20)))
    comment: str | None = None
    submitted_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    settled_at: float = field(default_factory=lambda: now() + here(PENDING_SECONDS))

    def described(self) -> dict[str, Any]:
        return {
            "Id": f"/change/{self.id}",
            "Status": "INSYNC" if now() >= self.settled_at else "PENDING",
            "SubmittedAt": self.submitted_at,
            "Comment": self.comment,
        }


class CompletedRoute53Backend(Route53Backend, TaggableResourcesMixin):
    """An account's Route 53."""

    SERVICE_NAMESPACE = "route53"

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.changes: dict[str, ChangeInfo] = {}
        self.authorizations: dict[str, list[dict[str, str]]] = defaultdict(list)

    @property
    def _url_module(self) -> SimpleNamespace:
        """What moto looks for in `urls.py` beside the backend's module."""
        authorize = r"{0}/(?P<api_version>[\d_-]+)/hostedzone/(?P<zone_id>[^/]+)/"
        paths = [
            *urls.url_paths,
            f"{authorize}authorizevpcassociation$",
            f"{authorize}deauthorizevpcassociation$",
        ]
        return SimpleNamespace(
            url_bases=urls.url_bases, url_paths=dict.fromkeys(paths, CompletedRoute53Response.dispatch)
        )

    def iter_tagged_resources(self) -> Iterator[TaggedResource]:
        """What the Resource Groups Tagging API finds: zones."""
        for zone_id in self.zones:
            yield TaggedResource(
                arn=f"arn:{self.partition}:route53:::hostedzone/{zone_id}",
                tags=dict(self.resource_tags.get(zone_id, {})),
                resource_type="route53:hostedzone",
            )

    def submit(self, comment: str | None = None) -> dict[str, Any]:
        """Note a change that was made; its ChangeInfo."""
        change = ChangeInfo(comment=comment)
        self.changes[change.id] = change
        return change.described()

    def check_vpc(self, vpc_id: str, region: str) -> None:
        """Raise Route 53's InvalidVPCId for a VPC that is not there."""
        if vpc_id not in ec2_backends[self.account_id][region].vpcs:
            raise InvalidVPCId

    def check_new_zone(self, name: str, caller_reference: str, vpc: dict[str, str] | None) -> None:
        """Raise Route 53's error for a zone that it would not create."""
        for zone in self.zones.values():
            if zone.caller_reference == caller_reference:
                raise Route53ClientError(
                    "HostedZoneAlreadyExists",
                    "A hosted zone has already been created with the specified caller reference.",
                )
        if vpc is not None:
            self.check_vpc(vpc["VPCId"], vpc["VPCRegion"])
            self._check_no_conflict(name, vpc["VPCId"])

    def _check_no_conflict(self, name: str, vpc_id: str) -> None:
        for zone in self.zones.values():
            if zone.name == name and any(vpc["vpc_id"] == vpc_id for vpc in zone.vpcs):
                raise Route53ClientError(
                    "ConflictingDomainExists",
                    f"The VPC {vpc_id} is already associated with a hosted zone named {name}",
                )

    def associate_vpc_with_hosted_zone(self, zone_id: str, vpcid: str, vpcregion: str) -> FakeZone:
        """Associate a VPC with a private zone, once."""
        zone = self.get_hosted_zone(zone_id)
        if zone.private_zone:
            self.check_vpc(vpcid, vpcregion)
            self._check_no_conflict(zone.name, vpcid)
        return super().associate_vpc_with_hosted_zone(zone_id, vpcid, vpcregion)


class CompletedRoute53Response(Route53):
    """All calls."""

    @property
    def completed(self) -> CompletedRoute53Backend:
        backend: Any = self.backend
        return backend  # type: ignore[no-any-return] # register_route53() put it there

    def create_hosted_zone(self) -> ActionResult:
        """A zone with a VPC is private, whatever else is said; one without cannot be."""
        vpc, config = self._get_param("VPC"), dict(self._get_param("HostedZoneConfig") or {})
        if config.get("PrivateZone") and not vpc:
            raise Route53ClientError("InvalidInput", "A private hosted zone needs the VPC that it is for.")
        name = str(self._get_param("Name")).lower().rstrip(".") + "."
        self.completed.check_new_zone(name, self._get_param("CallerReference"), vpc)
        self.params["HostedZoneConfig"] = {**config, "PrivateZone": vpc is not None}
        self.params["Name"] = name
        return self._noted(super().create_hosted_zone())

    def delete_hosted_zone(self) -> ActionResult:
        return self._noted(super().delete_hosted_zone())

    def associate_vpc_with_hosted_zone(self) -> ActionResult:
        return self._noted(super().associate_vpc_with_hosted_zone())

    def disassociate_vpc_from_hosted_zone(self) -> ActionResult:
        return self._noted(super().disassociate_vpc_from_hosted_zone())

    def _noted(self, result: ActionResult) -> ActionResult:
        """moto's answer, with a change that GetChange knows."""
        answer: Any = result.result
        return ActionResult({**answer, "ChangeInfo": self.completed.submit(self._get_param("Comment"))})

    def change_resource_record_sets(self) -> ActionResult:
        zone = self.completed.get_hosted_zone(self._get_param("HostedZoneId"))
        changes = [
            Change(action=change["Action"], record_set=dict(change["ResourceRecordSet"]))
            for change in self._get_param("ChangeBatch.Changes")
        ]
        apply_changes(zone, changes)
        return ActionResult({"ChangeInfo": self.completed.submit(self._get_param("ChangeBatch.Comment"))})

    def get_change(self) -> ActionResult:
        change_id = str(self._get_param("Id")).removeprefix("/change/")
        change = self.completed.changes.get(change_id)
        if change is None:
            raise Route53ClientError("NoSuchChange", f"Could not find resource with ID: {change_id}")
        return ActionResult({"ChangeInfo": change.described()})

    def create_vpc_association_authorization(self) -> ActionResult:
        zone, vpc = self.completed.get_hosted_zone(self._get_param("HostedZoneId")), self._get_param("VPC")
        if not zone.private_zone:
            raise Route53ClientError("InvalidInput", f"The hosted zone {zone.resource_id} is public.")
        authorizations = self.completed.authorizations[zone.resource_id]
        if vpc not in authorizations:
            authorizations.append(vpc)
        return ActionResult({"HostedZoneId": zone.resource_id, "VPC": vpc})

    def list_vpc_association_authorizations(self) -> ActionResult:
        zone = self.completed.get_hosted_zone(self._get_param("HostedZoneId"))
        return ActionResult(
            {"HostedZoneId": zone.resource_id, "VPCs": self.completed.authorizations[zone.resource_id]}
        )

    def delete_vpc_association_authorization(self) -> ActionResult:
        zone, vpc = self.completed.get_hosted_zone(self._get_param("HostedZoneId")), self._get_param("VPC")
        authorizations = self.completed.authorizations[zone.resource_id]
        if vpc not in authorizations:
            raise Route53ClientError(
                "VPCAssociationAuthorizationNotFound",
                f"The VPC {vpc['VPCId']} is not authorized to be associated with {zone.resource_id}.",
            )
        authorizations.remove(vpc)
        return EmptyResult()


def _zone_id(**_: object) -> str:
    """As Route 53 writes them: Z, and letters and digits."""
    return "Z" + "".join(secrets.choice(ID_CHARACTERS) for _ in range(20))


def register_route53() -> None:
    """Let moto make completed backends from now on."""
    route53_backends.backend = CompletedRoute53Backend
    models.create_route53_zone_id = _zone_id
