"""Reads and writes the stacks' settings files: a new text is checked first, and then replaces the file."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from ruamel.yaml import YAML
from tenantnet.failure import Failure
from tenantnet.refusal import Refusal, Refused, Rule
from tenantnet.settings.alike import quoted
from tenantnet.settings.files import REGION_KEY, config_of, judge_file, load_file, read_defaults
from tenantnet.settings.loading import TENANT_KEY
from tenantnet.settings.locking import edit_lock
from tenantnet.settings.models import TenantSettings
from tenantnet.settings.project import Project, StackKind, is_platform, kind_of
from tenantnet.settings.providers import PROVIDER
from tenantnet.settings.reading import BYTE_ORDER_MARK, called, parse_mapping, read_mapping, read_text

SETTINGS_OF_TENANT = Rule(
    id="settings-of-tenant",
    rule="a tenant's settings are under `tenantnet:tenant`",
    reason="{file} has a platform's settings",
    remedy="name a platform's stack platform-<cell>, and give only tenants other names",
)
STACK_EXISTS = Rule(
    id="stack-exists",
    rule="the {kind} exists",
    reason="there is no {kind} {name} {where}",
    remedy="{remedy}",
)
STACK_NEW = Rule(
    id="stack-new",
    rule="a new tenant has a name that no other has",
    reason="there is a settings file {file} already",
    remedy="choose another name; to change that tenant, edit its file",
)


SETTINGS_WRITABLE = Rule(
    id="settings-writable",
    rule="a command edits no settings file that is read-only",
    reason="its mode {mode} or its owner says that it is to stay as it is",
    remedy="make it writable: chmod u+w; or make the change by hand",
)
SETTINGS_ONE_NAME = Rule(
    id="settings-one-name",
    rule="a command edits no settings file that has a second name (a hard link)",
    reason="it has {names}: an edit puts a new file under this one, and the others keep the former text",
    remedy="give it a file of its own: cp FILE FILE.new && mv FILE.new FILE",
)
# What a file is called until it is complete.
_DRAFT = ".tenantnet-draft-"
_WRITE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsFile:
    """A stack's settings file as it is, not checked.

    text: without a byte order mark. config: what it has under `config`. region: AWS's, from the file or,
    for all stacks, from Pulumi.yaml. secrets_provider: what it names to encrypt the stack's secrets.
    """

    stack: str
    path: Path
    text: str
    config: Mapping[object, object]
    region: str | None
    secrets_provider: str | None = None


def read_settings_file(project: Project, stack: str, kind: StackKind | None = None) -> SettingsFile:
    """kind: what the stack must be; None for what its name says.

    Raises Refused if there is no such file (with the nearest names) or it is no YAML mapping.
    """
    path, named = project.settings_file(stack), kind_of(stack)
    if not os.path.lexists(path) or kind not in (None, named):
        raise unknown_stack(project, stack, kind=kind or named)
    text = read_text(path)
    document = parse_mapping(text, called(path))
    config, provider = config_of(document), document.get(PROVIDER)
    region = config.get(REGION_KEY, config_of(read_mapping(project.file)).get(REGION_KEY))
    return SettingsFile(
        stack=stack,
        path=path,
        text=text.removeprefix(BYTE_ORDER_MARK),
        config=config,
        region=region if isinstance(region, str) else None,
        secrets_provider=provider if isinstance(provider, str) and provider else None,
    )


def unknown_stack(
    project: Project,
    name: str,
    deployed: Collection[str] | None = None,
    *,
    kind: str,
    where: str = "with a settings file",
) -> Refused:
    """The error for an unknown stack: how to deploy it, or the most similar names, or all of them.

    deployed: the stacks that were searched; None where these are the settings. kind: "tenant" or "platform".
    Raises Refused for a settings file that cannot be deployed.
    """
    known = sorted({*project.stacks_with_settings(), *(deployed or ())})
    names = [stack for stack in known if is_platform(stack) == (kind == "platform")]
    if name in names:
        load_file(project.settings_file(name), project.file)
        remedy = f"it has settings: deploy it by tenantnet up {name} --create"
    elif near := get_close_matches(name, names, n=3, cutoff=0.5):
        remedy = f"did you mean {' or '.join(near)}?"
    elif names:
        remedy = f"the {kind}s are {', '.join(names)}"
    else:
        remedy = f"there is no {kind} yet"
    return Refused(
        f"The {kind}", [STACK_EXISTS.refuse(name, kind=kind, name=name, where=where, remedy=remedy)]
    )


def read_tenant(project: Project, tenant: str) -> tuple[SettingsFile, TenantSettings]:
    """A tenant's settings file and its settings. Raises Refused if it is missing or not valid."""
    file = read_settings_file(project, tenant, StackKind.TENANT)
    settings = load_file(file.path, project.file)
    if not isinstance(settings, TenantSettings):
        raise Refused(f"The settings of {tenant}", [SETTINGS_OF_TENANT.refuse(tenant, file=file.path.name)])
    return file, settings


def settings_here(project: Project, tenant: str) -> tuple[TenantSettings | None, dict[str, Refused]]:
    """A tenant's settings, for what is shown of it; None where there is no file, or, by name, why not."""
    if not os.path.lexists(project.settings_file(tenant)):
        return None, {}
    try:
        return read_tenant(project, tenant)[1], {}
    except Refused as refused:
        return None, {tenant: refused}


def read_configs(
    project: Project, names: Collection[str] | None = None
) -> tuple[dict[str, Mapping[object, object]], dict[str, Refused]]:
    """What tenants' settings files have under `config`, not checked, and, by name, why one cannot be read.

    names: which; None for all. Who shows something names the others; who gives something away needs all.
    """
    configs, unread = dict[str, Mapping[object, object]](), dict[str, Refused]()
    stacks = project.stacks_with_settings() if names is None else names
    for name in (each for each in stacks if not is_platform(each)):
        try:
            configs[name] = config_of(read_mapping(project.settings_file(name)))
        except Refused as refused:
            unread[name] = refused
    return configs, unread


def tenants_in_tree(
    project: Project, platforms: Collection[str]
) -> tuple[dict[str, Mapping[object, object]], dict[str, Refused]]:
    """What the settings files of these platforms' tenants hold under `tenantnet:tenant`, as read_configs.

    Of which platform one is that cannot be read is not known.
    """
    configs, unread = read_configs(project)
    tenants = {name: config.get(TENANT_KEY) for name, config in configs.items()}
    return {
        name: tenant
        for name, tenant in tenants.items()
        if isinstance(tenant, Mapping) and tenant.get("platform") in platforms
    }, unread


def tenants_of(project: Project, platform: str) -> tuple[list[TenantSettings], dict[str, Refused]]:
    """The settings of all tenants of one platform, by name, and why not where one is not valid."""
    tenants, unread = tenants_in_tree(project, [platform])
    found = []
    for name in tenants:
        settings, why = settings_here(project, name)
        unread |= why
        found += [settings] if settings else []
    return found, unread


def replace_settings_file(project: Project, file: SettingsFile, text: str) -> None:
    """Put `text` in the file's place, at once and only if it is valid.

    Raises Refused with all problems with `text`, or if the file is read-only; Failure if it cannot be written
    or somebody has changed it since it was read; then it is as it was. Under `edit_lock` from the
    reading on, no other command has.
    """
    # A settings file may be a link: its target is replaced, not the link.
    path = file.path.resolve()
    _refuse_mistakes(project, file.stack, text)
    with _writing(file.stack, path.parent):
        found, name = path.stat(), called(file.path)
        mode = stat.S_IMODE(found.st_mode)
        wrong = [SETTINGS_WRITABLE.refuse(name, mode=f"{mode:04o}")]
        if mode & _WRITE and os.access(path, os.W_OK):
            names = f"{found.st_nlink} names"
            wrong = [SETTINGS_ONE_NAME.refuse(name, names=names)] if found.st_nlink > 1 else []
        if wrong:
            raise Refused(f"The settings of {file.stack}", wrong)
        mark = BYTE_ORDER_MARK if read_text(path).startswith(BYTE_ORDER_MARK) else ""
        with _draft(path.parent, mark + text, mode) as draft:
            # As far as its user may: a group works on it, or root has edited it for somebody.
            for owner in ((-1, found.st_gid), (found.st_uid, -1)):
                with suppress(PermissionError):
                    os.chown(draft, *owner)
            # Only now: while a disk takes the draft, an editor or git may have saved.
            if read_text(path).removeprefix(BYTE_ORDER_MARK) != file.text:
                raise Failure(
                    f"Could not write the settings of {file.stack}.",
                    reason=f"{path.name} was changed by somebody else meanwhile",
                    remedy="try again",
                )
            draft.replace(path)


def settings_text(config: Mapping[str, object], secrets_provider: str | None = None) -> str:
    """The text of a new settings file, which every reader of YAML reads alike. config: what it has."""
    text = StringIO()
    of_secrets = {PROVIDER: secrets_provider} if secrets_provider else {}
    YAML().dump(quoted({**of_secrets, "config": config}), text)
    return text.getvalue()


def create_settings_file(project: Project, stack: str, text: str, wrong: Sequence[Refusal] = ()) -> Path:
    """Make the settings file of a new stack, at once and only if it is valid.

    wrong: the problems of `text` beside the rest of the cell. Raises Refused with that and with everything
    wrong in itself, or where there is such a file already; Failure if it cannot be written.
    """
    path = project.settings_file(stack)
    _refuse_mistakes(project, stack, text, wrong)
    with _writing(stack, path.parent), _draft(path.parent, text, 0o644) as draft:
        try:
            # Unlike a rename, a link never replaces a file that somebody created meanwhile.
            path.hardlink_to(draft)
        except FileExistsError:
            refuse_existing(project, stack)
    return path


def refuse_existing(project: Project, stack: str) -> None:
    """Raises Refused if the stack has a settings file, whatever is in it."""
    path = project.settings_file(stack)
    if os.path.lexists(path):
        raise Refused(f"The new tenant {stack}", [STACK_NEW.refuse(stack, file=path.name)])


def _refuse_mistakes(project: Project, stack: str, text: str, wrong: Sequence[Refusal] = ()) -> None:
    verdict = judge_file(project.settings_file(stack), read_defaults(project.file), text)
    if refusals := dict.fromkeys([*verdict.refusals, *wrong]):
        raise Refused(f"The settings of {stack}", refusals)


@contextmanager
def _writing(stack: str, folder: Path) -> Iterator[None]:
    """Lock the folder, and turn what the operating system says into Failure."""
    try:
        with edit_lock(folder):
            yield
    except OSError as error:
        raise Failure(
            f"Could not write the settings of {stack}.",
            reason=f"{error.strerror}: {folder}",
            remedy="make the folder writable, or free space on its disk",
        ) from None


@contextmanager
def _draft(folder: Path, text: str, mode: int) -> Iterator[Path]:
    """A hidden file of the folder with the text, flushed to disk; it is gone afterwards."""
    for left_behind in folder.glob(f"{_DRAFT}*"):  # by commands that were killed, since the lock is ours
        left_behind.unlink()
    draft = folder / f"{_DRAFT}{uuid4().hex}"
    try:
        with _nameless(folder, draft) as written:
            written.write(text.encode())
            os.fchmod(written.fileno(), mode)
            written.flush()
            os.fsync(written.fileno())
            if not draft.exists():
                os.link(f"/proc/self/fd/{written.fileno()}", draft, src_dir_fd=0, follow_symlinks=True)
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _nameless(folder: Path, otherwise: Path) -> BinaryIO:
    """A new file without a name, so that a killed command leaves none behind; under a name where it must."""
    try:
        descriptor = os.open(folder, os.O_TMPFILE | os.O_WRONLY, 0o600)
    except (AttributeError, OSError):  # not every operating system and file system has them
        return otherwise.open("xb")
    return os.fdopen(descriptor, "wb")
