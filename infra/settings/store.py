"""Reads and writes the stacks' settings files: a new text is checked first, and then replaces the file."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tenantnet.addresses.claims import Claim, claims_in_settings
from tenantnet.failure import Failure
from tenantnet.refusal import Refusal, Refused, Rule
from tenantnet.settings.files import REGION_KEY, config_of, judge_file, load_file, read_defaults
from tenantnet.settings.loading import TENANT_KEY
from tenantnet.settings.models import TenantSettings
from tenantnet.settings.project import Project, StackKind, is_platform, kind_of, unknown_stack
from tenantnet.settings.reading import read_mapping

SETTINGS_OF_TENANT = Rule(
    id="settings-of-tenant",
    rule="a tenant's settings are under `tenantnet:tenant`",
    reason="{file} has a platform's settings",
    remedy="name a platform's stack platform-<cell>, and give only tenants other names",
)
STACK_NEW = Rule(
    id="stack-new",
    rule="a new tenant has a name that no other has",
    reason="there is a settings file {file} already",
    remedy="choose another name; to change that tenant, edit its file",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsFile:
    """A stack's settings file as it is, not checked.

    config: what it has under `config`. region: AWS's, from the file or, for all stacks, from Pulumi.yaml.
    """

    stack: str
    path: Path
    text: str
    config: Mapping[object, object]
    region: str | None


def read_settings_file(project: Project, stack: str, kind: StackKind | None = None) -> SettingsFile:
    """kind: what the stack must be; None for what its name says.

    Raises Refused if there is no such file (with the nearest names) or it is no YAML mapping.
    """
    path, named = project.settings_file(stack), kind_of(stack)
    if not path.is_file() or kind not in (None, named):
        known = project.stacks_with_settings()
        raise unknown_stack(stack, known, kind=kind or named, where="with a settings file")
    config = config_of(read_mapping(path))
    region = config.get(REGION_KEY, config_of(read_mapping(project.file)).get(REGION_KEY))
    return SettingsFile(
        stack=stack,
        path=path,
        # Line ends stay as they are: what is not edited must come back byte by byte.
        text=path.read_bytes().decode(),
        config=config,
        region=region if isinstance(region, str) else None,
    )


def read_tenant(project: Project, tenant: str) -> tuple[SettingsFile, TenantSettings]:
    """A tenant's settings file and its settings. Raises Refused if it is missing or not valid."""
    file = read_settings_file(project, tenant, StackKind.TENANT)
    settings = load_file(file.path, project.file)
    if not isinstance(settings, TenantSettings):
        raise Refused(f"The settings of {tenant}", [SETTINGS_OF_TENANT.refuse(tenant, file=file.path.name)])
    return file, settings


def claims_in_tree(project: Project, platform: str) -> list[Claim]:
    """The claims that the settings files of all tenants of one platform lead to.

    Raises Refused if a file cannot be read: its ranges would otherwise count as free.
    """
    tenants = {
        stack: config_of(read_mapping(project.settings_file(stack))).get(TENANT_KEY)
        for stack in project.stacks_with_settings()
        if not is_platform(stack)
    }
    return [
        claim
        for stack, tenant in tenants.items()
        if isinstance(tenant, Mapping) and tenant.get("platform") == platform
        for claim in claims_in_settings(stack, tenant)
    ]


def replace_settings_file(project: Project, file: SettingsFile, text: str) -> None:
    """Put `text` in the file's place, at once and only if it is valid.

    Raises Refused with all problems with `text`, Failure if it cannot be written or somebody
    has changed the file since it was read; then it is as it was.
    """
    # A settings file may be a link: its target is replaced, not the link.
    path = file.path.resolve()
    with _draft(project, file.stack, path.parent, text) as draft:
        if path.read_bytes() != file.text.encode():
            raise Failure(
                f"Could not write the settings of {file.stack}.",
                reason=f"{path.name} was changed by somebody else meanwhile",
                remedy="try again",
            )
        shutil.copymode(path, draft)
        draft.replace(path)


def create_settings_file(project: Project, stack: str, text: str, wrong: Sequence[Refusal] = ()) -> Path:
    """Make the settings file of a new stack, at once and only if it is valid.

    wrong: the problems of `text` beside the rest of the cell. Raises Refused with that and with everything
    wrong in itself, or where there is such a file already; Failure if it cannot be written.
    """
    path = project.settings_file(stack)
    with _draft(project, stack, project.settings_folder, text, wrong) as draft:
        draft.chmod(0o644)
        try:
            # Unlike a rename, a link never replaces a file that somebody created meanwhile.
            path.hardlink_to(draft)
        except FileExistsError:
            refuse_existing(project, stack)
    return path


def refuse_existing(project: Project, stack: str) -> None:
    """Raises Refused if the stack has a settings file, whatever is in it."""
    path = project.settings_file(stack)
    if path.exists():
        raise Refused(f"The new tenant {stack}", [STACK_NEW.refuse(stack, file=path.name)])


@contextmanager
def _draft(
    project: Project, stack: str, folder: Path, text: str, wrong: Sequence[Refusal] = ()
) -> Iterator[Path]:
    """Write the text to a draft beside its destination, flush it to disk, and check it."""
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".tenantnet-") as beside:
            draft = Path(beside) / project.settings_file(stack).name
            with draft.open("wb") as written:
                written.write(text.encode())
                written.flush()
                os.fsync(written.fileno())
            if refusals := dict.fromkeys([*judge_file(draft, read_defaults(project.file)).refusals, *wrong]):
                raise Refused(f"The settings of {stack}", refusals)
            yield draft
    except OSError as error:
        raise Failure(
            f"Could not write the settings of {stack}.",
            reason=f"{error.strerror}: {folder}",
            remedy="make the folder writable, or free space on its disk",
        ) from None
