"""Reads what policies compare a stack with: the platform's outputs, claims, companies, tags in AWS."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Annotated, Any, cast

import boto3
from pydantic import Field, StrictBool, ValidationError
from tenantnet.addresses.addressing import ReservedRange
from tenantnet.addresses.claims import Claim
from tenantnet.addresses.claims_table import ClaimsTable
from tenantnet.addresses.connections import read_companies
from tenantnet.aws.answers import PATIENCE, aws_answers
from tenantnet.aws.sizes import IMAGE_PARAMETER
from tenantnet.failure import Failure
from tenantnet.policies.backend import Backend
from tenantnet.policies.exports import (
    read_networks,
    read_tags,
    read_untagged,
    read_zone_tags,
    refuse_others,
    refuse_others_networks,
)
from tenantnet.policies.model import PLATFORM_PREFIX, Ranges, Resource
from tenantnet.refusal import Refused
from tenantnet.settings.checks import ECR_IMAGE
from tenantnet.settings.files import ProjectDefaults, judged, read_defaults
from tenantnet.settings.models import PlatformSettings, RunnerSettings, TenantSettings
from tenantnet.settings.project import Project, find_project, is_platform
from tenantnet.settings.reading import read_text
from tenantnet.stacks.outputs import Model, PlatformOutputs

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef

PLATFORM_KEY, REGION_KEY = "tenantnet:platform", "aws:region"
GONE = ("shutting-down", "terminated")
# EC2's filters have 200 values at most: these, and the networks that they are in.
_AT_ONCE = 100
# EC2 may answer with the tags of something new a moment later.
TAGS_LIMIT_SECONDS, TAGS_PAUSE_SECONDS = 20.0, 0.5
# The engine writes a claim while it asks about what comes next.
CLAIMS_LIMIT_SECONDS, CLAIMS_PAUSE_SECONDS = 20.0, 0.5


class _Named(Model):
    """What settings of a platform name and it does not make."""

    vpc_id: str | None = None
    subnet_id: str | None = None
    route_table_id: str | None = None
    tunnel_host_image: str | None = None
    zone_id: str | None = None


class _PlatformSettings(Model):
    """What policies compare with of a platform's settings, which may be any program's."""

    services: _Named | None = None
    sessions: _Named | None = None
    zone: _Named | None = None
    runner: RunnerSettings | None = None
    permissions_boundary_arn: str | None = None
    claims_platform: Annotated[str, Field(pattern=f"^{PLATFORM_PREFIX}")] | None = None
    retiring: StrictBool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """What the project's files say. platforms: the text of each platform's settings, by stack."""

    project: Project
    defaults: ProjectDefaults
    platforms: Mapping[str, str]

    @classmethod
    def read(cls) -> _Written:
        """As they are now. Raises Refused for a Pulumi.yaml that is not valid."""
        project, platforms = find_project(Path.cwd()), {}
        for stack in filter(is_platform, project.stacks_with_settings()):
            with suppress(Refused):
                platforms[stack] = read_text(project.settings_file(stack))
        return cls(project=project, defaults=read_defaults(project.file), platforms=platforms)

    def settings(self, stack: str) -> TenantSettings | PlatformSettings:
        """A platform's. Raises Refused where they are not valid, or were not there."""
        return judged(self.project.settings_file(stack), self.defaults, self.platforms.get(stack, ""))


class Reader:
    """Reads each thing once a run, ranges once more where that matters. It is what model.Reading promises."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(thread_name_prefix="reading")
        self._begun: dict[object, Future[Any]] = {}
        self._lock = Lock()
        self._granted_until: dict[Claim, float] = {}
        self._platform, self._region = "{}", ""
        self._held_now: tuple[str, Sequence[Resource]] = "", ()
        self._homes: dict[str, dict[str, str]] = {}

    def configure(self, config: Mapping[str, str], project: str = "") -> None:
        """Take the settings, and find the backend, before a program can write another one down.

        config: by key, each as JSON where it is more than text. project: see Backend.
        """
        self._platform, self._region = config.get(PLATFORM_KEY, "{}"), config.get(REGION_KEY, "")
        wait([self._begin("backend", lambda: Backend.find(project)), self._begin("written", _Written.read)])

    @property
    def _backend(self) -> Backend:
        return cast("Backend", self._begin("backend", Backend.find).result())

    @property
    def _written(self) -> _Written:
        return cast("_Written", self._begin("written", _Written.read).result())

    def reserved(self) -> Sequence[ReservedRange]:
        """The project's reserved ranges. Raises Refused for a Pulumi.yaml that is not valid."""
        return self._written.defaults.reserved

    def begin(self, cell: str, region: str | None) -> None:
        """Begin to read what the stack's judgement at the end will want, while the program still declares."""
        self._begin(("platform", cell), lambda: self._read_platform(cell))
        self._begin(("ranges", cell), lambda: self._read_ranges(cell, region))

    def _begin(self, key: object, read: Callable[[], Any]) -> Future[Any]:
        with self._lock:
            if key not in self._begun:
                self._begun[key] = self._pool.submit(read)
            return self._begun[key]

    def platform(self, cell: str) -> PlatformOutputs:
        """The outputs of the cell's platform stack."""
        read = self._begin(("platform", cell), lambda: self._read_platform(cell))
        return cast("PlatformOutputs", read.result())

    def ranges(self, cell: str, region: str | None) -> Ranges:
        """The claims in the cell's table, and the companies of the cells that use it."""
        return cast("Ranges", self._begin(("ranges", cell), lambda: self._read_ranges(cell, region)).result())

    def forget_ranges(self) -> None:
        """Have the next `ranges` read anew."""
        with self._lock:
            for key in [each for each in self._begun if isinstance(each, tuple) and each[0] == "ranges"]:
                del self._begun[key]

    def granted(self, claims: Collection[Claim], cell: str, region: str | None) -> Collection[Claim]:
        """Those of the claims that the cell's table has. One that it lacks is waited for, once."""
        end = max(
            (
                self._granted_until.setdefault(each, time.monotonic() + CLAIMS_LIMIT_SECONDS)
                for each in claims
            ),
            default=0.0,
        )
        found = self._granted(claims, cell, region)
        while len(found) < len(claims):
            self.forget_ranges()
            found = self._granted(claims, cell, region)
            if len(found) == len(claims) or time.monotonic() > end:
                break
            time.sleep(CLAIMS_PAUSE_SECONDS)
        return found

    def _granted(self, claims: Collection[Claim], cell: str, region: str | None) -> Collection[Claim]:
        rows = self.ranges(cell, region).claims
        return [claim for claim in claims if claim in rows]

    def _read_platform(self, cell: str) -> PlatformOutputs:
        stack = f"{PLATFORM_PREFIX}{cell}"
        outputs = PlatformOutputs.read(stack, self._backend.outputs(stack))
        refuse_others_networks(stack, outputs)
        return outputs

    def _read_ranges(self, cell: str, region: str | None) -> Ranges:
        platform = self.platform(cell)
        region, table = region or platform.region, platform.claims_table
        claims = ClaimsTable.of(cell, region, table).all()
        return Ranges(claims=claims, companies=read_companies(table, claims, region))

    def platforms(self) -> Collection[str]:
        """The platforms of the project that have something deployed."""
        return cast("Collection[str]", self._begin("platforms", self._backend.platforms).result())

    def cells(self) -> Sequence[tuple[PlatformOutputs, Ranges]]:
        """What can be read of the project's cells: a role of one cell reads no other's table."""
        names, found = [each.removeprefix(PLATFORM_PREFIX) for each in self.platforms()], []
        for cell in names:
            self.begin(cell, None)
        for cell in names:
            with suppress(Failure):
                platform, ranges = self.platform(cell), Ranges()
                with suppress(Failure):
                    ranges = self.ranges(cell, platform.region)
                found.append((platform, ranges))
        return found

    def account_id(self) -> str:
        """The AWS account of the credentials in use."""
        return cast("str", self._begin("account", lambda: _read_account(self._here)).result())

    def region(self) -> str:
        """The region of a provider without one: AWS_REGION, unknown to boto3, and never the stack's."""
        if region := os.environ.get("AWS_REGION") or boto3.Session().region_name:
            return region
        raise Failure(
            "Could not tell the region.",
            reason="neither the provider nor the environment names one",
            remedy="set aws:region in the stack's settings",
        )

    @property
    def _here(self) -> str:
        """The region of the stack's settings, where they name one."""
        return self._region or self.region()

    @property
    def _settings(self) -> _PlatformSettings:
        try:
            return _PlatformSettings.model_validate_json(self._platform)
        except ValidationError as error:
            odd = (
                ", ".join(sorted({".".join(map(str, each["loc"])) for each in error.errors()})) or "all of it"
            )
        raise Failure(
            "Could not read the platform's settings.",
            reason=f"what {PLATFORM_KEY} has is no platform's settings: see {odd}",
            remedy="correct the stack's settings file; `tenantnet settings check` says what is wrong with it",
        )

    def runner(self) -> RunnerSettings | None:
        """The migration runner in the settings of the platform's stack."""
        return self._settings.runner

    def secrets(self) -> Collection[str]:
        """The ARNs of the runners' secrets, by the settings files of all platforms and of this stack."""
        return {each.secret_arn for each in self._runners if each.secret_arn}

    def of_runners(self) -> Collection[str]:
        """ECR's repositories with the runners' images, and the IDs of the keys of the stacks' secrets."""
        with suppress(Failure):
            images = (ECR_IMAGE.match(each.image) for each in self._runners)
            keys = {(each.secrets_key_arn or "").rpartition("/")[2].casefold() for each in self._runners}
            return {found["name"] for found in images if found} | keys - {""}
        return ()

    @property
    def _runners(self) -> Sequence[RunnerSettings]:
        return cast("Sequence[RunnerSettings]", self._begin("runners", self._read_runners).result())

    def _read_runners(self) -> Sequence[RunnerSettings]:
        runners = [self.runner()]
        for stack in self.platforms():
            try:
                settings = self._written.settings(stack)
            except Refused as refused:
                raise Failure(
                    "Could not tell which secrets are the runners'.",
                    reason=f"the settings of {stack} cannot be read: {refused}",
                    remedy=f"have the settings file of {stack} in the project, or name each secret in full",
                ) from None
            runners += [settings.runner] if isinstance(settings, PlatformSettings) else []
        return [runner for runner in runners if runner]

    def boundary(self) -> str | None:
        """The permissions boundary in the settings of the platform's stack."""
        return self._settings.permissions_boundary_arn

    def retiring(self) -> bool:
        """Whether the settings of the platform's stack say that it is being removed."""
        return self._settings.retiring

    def claims_platform(self) -> str | None:
        """The platform whose claims table the settings of the platform's stack name."""
        return self._settings.claims_platform

    def existing(self, cell: str, region: str | None) -> Collection[str]:
        """The IDs of networks and zone that the settings of the cell's platform name: none is another's."""
        read = self._begin(("existing", cell), lambda: self._read_existing(cell, region))
        return cast("Collection[str]", read.result())

    def _read_existing(self, cell: str, region: str | None) -> Collection[str]:
        region = region or self._here
        settings, stack = self._settings, f"{PLATFORM_PREFIX}{cell}"
        places = [place for place in (settings.services, settings.sessions) if place]
        named = [each for place in places for each in (place.vpc_id, place.subnet_id, place.route_table_id)]
        ids = {*filter(None, named)}
        zone_id = settings.zone.zone_id if settings.zone else None
        if ids:
            networks = read_networks(stack, "names", ids, region)
            refuse_others(stack, "names", read_tags(networks.homes.keys(), region), cell)
        if zone_id:
            refuse_others(stack, "names", {zone_id: read_zone_tags(zone_id, region)}, cell)
        return ids | {*filter(None, [zone_id])}

    def image(self) -> str:
        """The image of the platform's settings; without one, the newest that AWS names."""
        services = self._settings.services
        own = services and services.tunnel_host_image
        return own or cast("str", self._begin("image", lambda: _read_image(self._here)).result())

    def is_strangers(self, image: str, region: str | None) -> bool:
        """Whether somebody else than Amazon has made the image."""
        region = region or self._here
        with aws_answers(f"tell who has made {image}", region=region):
            ec2 = boto3.client("ec2", region_name=region, config=PATIENCE)
            by_id: list[FilterTypeDef] = [{"Name": "image-id", "Values": [image]}]
            found = ec2.describe_images(Filters=by_id, IncludeDeprecated=True)["Images"]
        return any(each.get("ImageOwnerAlias") != "amazon" for each in found)

    def tags(self, ids: Collection[str], region: str | None) -> Mapping[str, Mapping[str, str]]:
        """The tags of EC2's resources, asked again until all have some."""
        region, end = region or self._here, time.monotonic() + TAGS_LIMIT_SECONDS
        while True:
            found = read_tags(ids, region)
            if len(found) == len(ids) or time.monotonic() > end:
                return found
            time.sleep(TAGS_PAUSE_SECONDS)

    def tags_now(self, ids: Collection[str], region: str | None) -> Mapping[str, Mapping[str, str]]:
        """The tags of EC2's resources, asked once."""
        return read_tags(ids, region or self._here)

    def untagged(self, ids: Collection[str], region: str | None) -> Mapping[str, str]:
        """The VPC of each VPC, subnet or security group, where nothing there has a tag of Tenantnet's."""
        region = region or self._here if ids else ""
        known = self._homes.setdefault(region, {})
        unknown = sorted({*ids} - known.keys())
        for first in range(0, len(unknown), _AT_ONCE):
            known.update(read_untagged(unknown[first : first + _AT_ONCE], region))
        return {each: known[each] for each in ids if each in known}

    def images(self, tags: Mapping[str, str], region: str | None) -> Collection[str]:
        """The images of the hosts that have all the tags."""
        region = region or self._here
        filters: list[FilterTypeDef] = [
            {"Name": f"tag:{key}", "Values": [value]} for key, value in tags.items()
        ]
        with aws_answers("read the images of hosts", region=region):
            ec2 = boto3.client("ec2", region_name=region, config=PATIENCE)
            found = ec2.describe_instances(Filters=filters)["Reservations"]
        hosts = [host for each in found for host in each["Instances"]]
        # The tags are compared once more: `*` in one is a wildcard in a filter.
        return {
            host["ImageId"]
            for host in hosts
            if host["State"]["Name"] not in GONE
            and tags.items() <= {tag["Key"]: tag["Value"] for tag in host.get("Tags", [])}.items()
        }

    def bucket(self) -> str:
        """The bucket with the state of all stacks; empty where it is in none."""
        return cast("str", self._begin("bucket", self._backend.bucket).result())

    def held(self, stack: str) -> Sequence[Resource]:
        """What the stack's state has in AWS."""
        return cast("Sequence[Resource]", self._begin("held", lambda: self.held_now(stack)).result())

    def held_now(self, stack: str) -> Sequence[Resource]:
        """The same, read anew where it has changed; by Pulumi where nobody else can read its backend."""
        version = self._backend.version(stack)
        if version is None:
            return self._backend.held(stack, None)
        if version != self._held_now[0]:
            self._held_now = version, self._backend.held(stack, version)
        return self._held_now[1]

    def address(self, identifier: str, region: str | None) -> str:
        """The DNS name that RDS has given a database; empty for one that does not exist."""
        region = region or self._here
        with aws_answers(f"read the address of {identifier}", region=region):
            rds = boto3.client("rds", region_name=region, config=PATIENCE)
            try:
                [found] = rds.describe_db_instances(DBInstanceIdentifier=identifier)["DBInstances"]
            except rds.exceptions.DBInstanceNotFoundFault:
                return ""
        return found.get("Endpoint", {}).get("Address", "")


def _read_image(region: str) -> str:
    with aws_answers("tell the newest image", region=region):
        ssm = boto3.client("ssm", region_name=region, config=PATIENCE)
        return ssm.get_parameter(Name=IMAGE_PARAMETER)["Parameter"]["Value"]


def _read_account(region: str) -> str:
    with aws_answers("tell the AWS account", region=region):
        sts = boto3.client("sts", region_name=region, config=PATIENCE)
        return sts.get_caller_identity()["Account"]
