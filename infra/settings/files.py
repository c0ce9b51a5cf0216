"""Settings files: tenants/Pulumi.<stack>.yaml and what Pulumi.yaml sets for all of them.

The password is encrypted in a file and cannot be judged there; the program judges it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tenantnet.addresses.addressing import ReservedRange, reserved_ranges
from tenantnet.forms import Form, check_form
from tenantnet.refusal import Refusal, Refused, shown
from tenantnet.settings import checks, rules
from tenantnet.settings.aws_keys import judge_aws_keys
from tenantnet.settings.loading import (
    NAMESPACE,
    PASSWORD_KEY,
    PLATFORM_KEY,
    TENANT_KEY,
    judge_platform,
    judge_tenant,
)
from tenantnet.settings.models import PlatformSettings, TenantSettings
from tenantnet.settings.providers import judge_provider
from tenantnet.settings.reading import TOO_LARGE, called, parse, read_mapping, read_text

RESERVED_KEY = "tenantnet:reservedRanges"
REGION_KEY = "aws:region"

# What the engine takes as a name of a stack, and commands as no option.
_FILE_NAME = Form(pattern=r"Pulumi\.[A-Za-z0-9][A-Za-z0-9_.-]*\.yaml", longest=255)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectDefaults:
    """What a project sets for all of its stacks. has_region: whether it names a region for them."""

    reserved: tuple[ReservedRange, ...]
    has_region: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FileVerdict:
    """A checked settings file. settings: None if something was refused.

    stack: by the file's name; empty if that is not one of a settings file. region: what `aws:region` holds
    there; None if it is elsewhere. tenant: what `tenantnet:tenant`
    holds, as YAML gives it. platform: the same of `tenantnet:platform`.
    """

    path: Path
    stack: str = ""
    region: object = None
    tenant: object = None
    platform: object = None
    settings: TenantSettings | PlatformSettings | None = None
    refusals: Sequence[Refusal] = ()

    @property
    def subject(self) -> str:
        """The file's name in errors."""
        return called(self.path)


def load_file(path: Path, project: Path) -> TenantSettings | PlatformSettings:
    """The settings in a file. project: its Pulumi.yaml. Raises Refused with all problems."""
    return judged(path, read_defaults(project))


def judged(
    path: Path, defaults: ProjectDefaults, text: str | None = None
) -> TenantSettings | PlatformSettings:
    """The settings in a file. text: see judge_file. Raises Refused with all problems."""
    verdict = judge_file(path, defaults, text)
    if verdict.settings is None:
        raise Refused(verdict.subject, verdict.refusals)
    return verdict.settings


def judge_file(path: Path, defaults: ProjectDefaults, text: str | None = None) -> FileVerdict:
    """The settings in a file, or all of its problems. text: what it is to hold, instead of what it holds."""
    if odd := check_form(rules.FILE_NAME, _FILE_NAME, path.name):
        return FileVerdict(path=path, refusals=odd)
    stack = path.name.removeprefix("Pulumi.").removesuffix(".yaml")
    if text is not None and len(text.encode()) > rules.MAX_FILE_BYTES:
        wrong = rules.FILE_READABLE.refuse(str(path), **TOO_LARGE)
        return FileVerdict(path=path, stack=stack, refusals=[wrong])
    try:
        document, odd = parse(read_text(path) if text is None else text, called(path))
    except Refused as refused:
        return FileVerdict(path=path, stack=stack, refusals=refused.refusals)
    config, odd = config_of(document), [*odd, *judge_provider(stack, document)]
    # An environment of Pulumi ESC may have the region: that is not known here.
    elsewhere = replace(defaults, has_region=defaults.has_region or "environment" in document)
    settings, refusals = judge_config(stack, config, elsewhere)
    return FileVerdict(
        path=path,
        stack=stack,
        region=config.get(REGION_KEY),
        tenant=config.get(TENANT_KEY),
        platform=config.get(PLATFORM_KEY),
        settings=None if odd else settings,
        refusals=[*odd, *refusals],
    )


def read_defaults(project: Path) -> ProjectDefaults:
    """What a Pulumi.yaml sets. Raises Refused if it is not valid.

    It is read there and not from Pulumi's configuration, in which every stack could override it.
    """
    config = config_of(read_mapping(project))
    if refusals := [*judge_aws_keys(config)]:
        raise Refused(called(project), refusals)
    own = config.get(RESERVED_KEY, config.get(RESERVED_KEY.removeprefix(NAMESPACE)))
    # Pulumi takes a bare list as well as one under `value` or, with a type, under `default`.
    ranges = own.get("value", own.get("default")) if isinstance(own, Mapping) else own
    return ProjectDefaults(reserved=reserved_ranges(ranges), has_region=REGION_KEY in config)


def config_of(document: Mapping[object, object]) -> Mapping[object, object]:
    """What is under `config` in a settings file or a Pulumi.yaml; nothing where that is no mapping."""
    config = document.get("config")
    return config if isinstance(config, Mapping) else {}


def judge_config(
    stack: str, config: Mapping[object, object], defaults: ProjectDefaults
) -> tuple[TenantSettings | PlatformSettings | None, list[Refusal]]:
    """The settings in a stack's `config`, or all of its problems."""
    refusals = [
        *_judge_keys(config),
        *judge_aws_keys(config),
        *_judge_region(config, defaults),
        *_judge_password(stack, config),
    ]
    verdict = (
        judge_platform(stack, config.get(PLATFORM_KEY), defaults.reserved)
        if PLATFORM_KEY in config
        else judge_tenant(stack, config.get(TENANT_KEY), defaults.reserved)
    )
    refusals += verdict.refusals
    return (None if refusals else verdict.settings), refusals


def _judge_keys(config: Mapping[object, object]) -> Iterator[Refusal]:
    if TENANT_KEY in config and PLATFORM_KEY in config:
        yield rules.STACK_KIND.refuse("both", "config", problem="both are described")
    known = [PLATFORM_KEY] if PLATFORM_KEY in config else [TENANT_KEY, PASSWORD_KEY]
    for key in config:
        if key == RESERVED_KEY:
            yield rules.PROJECT_WIDE.refuse(key, RESERVED_KEY)
        elif _is_ours(key) and key not in (TENANT_KEY, PLATFORM_KEY, *known):
            yield checks.unknown_key(key, shown(key), known)


def _is_ours(key: object) -> bool:
    return not isinstance(key, str) or key.startswith(NAMESPACE) or ":" not in key


def _judge_region(config: Mapping[object, object], defaults: ProjectDefaults) -> Iterator[Refusal]:
    region = config.get(REGION_KEY)
    if region is None and defaults.has_region:
        return
    yield from (refusal.at(REGION_KEY) for refusal in checks.check_region(region))


def _judge_password(stack: str, config: Mapping[object, object]) -> Iterator[Refusal]:
    match config.get(PASSWORD_KEY):
        case None:  # not set yet, or kept elsewhere: the program checks it
            pass
        case {"secure": str(), **others} if not others:
            pass
        case _:
            yield rules.PASSWORD_ENCRYPTED.refuse_secret(PASSWORD_KEY, stack=shown(stack))
