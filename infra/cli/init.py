"""`tenantnet init`: begins a company's own repository, and brings it to the Tenantnet that runs."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from tenantnet.cli.options import Yes
from tenantnet.cli.project import working_project
from tenantnet.failure import Failure
from tenantnet.refusal import Refusal, Refused, Rule, printable

if TYPE_CHECKING:
    from tenantnet.scaffold.pin import Wheel
    from tenantnet.settings.project import Project

UPDATE_ALONE = Rule(
    id="update-alone",
    rule="--update goes with --wheel and --yes alone",
    reason="it changes the files that are Tenantnet's, and neither the project's name nor settings",
    remedy="leave the other options out; for one more tenant: tenantnet tenant add",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """What is written first. region, zone, username: None or empty where nobody gives them."""

    name: str
    platform: str | None
    region: str | None
    zone: str | None
    tenant: str | None
    username: str | None


# What is named here is new: there is nothing yet to complete it from.
Name = Annotated[str | None, typer.Option(help="The Pulumi project's name. [default: the folder's]")]
Platform = Annotated[
    str | None, typer.Option("--platform", help="The first platform's stack, such as platform-local.")
]
Region = Annotated[str, typer.Option(help="The platform's AWS region.")]
Zone = Annotated[str | None, typer.Option(help="The DNS zone of its databases' names.")]
Tenant = Annotated[str | None, typer.Option("--tenant", help="The first tenant's name.")]
Username = Annotated[str | None, typer.Option(help="The master user of its database.")]
OwnWheel = Annotated[
    Path | None,
    typer.Option(help="The wheel of this Tenantnet, to pin. [default: the one that was installed]"),
]
Update = Annotated[
    bool, typer.Option("--update", help="Show what this version of Tenantnet changes in a repository.")
]


def init(
    *,
    name: Name = None,
    first_platform: Platform = None,
    region: Region = "eu-west-1",
    zone: Zone = None,
    first_tenant: Tenant = None,
    username: Username = None,
    wheel: OwnWheel = None,
    update: Update = False,
    yes: Yes = False,
) -> None:
    """Make a company's own repository in an empty folder: project, program, policy pack, workflows, pins.

    With the first platform and tenant, if they are named; a terminal asks for what is not given, unless
    --yes. --update shows what changes in the files that are Tenantnet's, and writes it only with --yes.

    Example: tenantnet init --platform platform-local --zone db.example.com --tenant acme --username acmeadmin
    """
    if update:
        given = (name, first_platform, zone, first_tenant, username)
        _update(working_project(), wheel, [each for each in given if each is not None], yes=yes)
        return
    folder = Path.cwd()
    first = First(
        name=folder.name if name is None else name,
        platform=first_platform,
        region=region,
        zone=zone,
        tenant=first_tenant,
        username=username,
    )
    if sys.stdin.isatty() and not yes:
        first = _asked(first)
    _make(folder, first, wheel)
    typer.echo(_next_steps(folder, first))


def _asked(first: First) -> First:
    """The same, with what a person answers for what is not given."""
    platform = first.platform or typer.prompt("The first platform's stack", "platform-local")
    zone = first.zone or typer.prompt("The DNS zone of its databases' names", "db.example.com")
    tenant = first.tenant or typer.prompt("The first tenant's name (empty: none yet)", "", show_default=False)
    username = first.username
    if tenant and not username:
        username = typer.prompt("The master user of its database", f"{tenant.replace('-', '_')[:11]}admin")
    return replace(first, platform=platform, zone=zone, tenant=tenant, username=username)


def _make(folder: Path, first: First, named: Path | None) -> None:
    """Write the repository. Raises Refused with all that is wrong, before anything is there."""
    from tenantnet.scaffold import checks, repository
    from tenantnet.settings.project import Project

    wrong = [*checks.check_folder(folder), *checks.check_name(first.name), *_check_stacks(first)]
    wheel = _pinned(named, folder, "The new repository", wrong)
    with _staging(folder) as staged:
        repository.write(staged, repository.scaffold(first.name, wheel))
        settings = staged / repository.SETTINGS_FOLDER
        _write_stacks(Project(folder=staged, settings_folder=settings), first)
        if checks.repository(folder) is None:
            _git_init(folder)
        repository.move(staged, folder)


def _pinned(named: Path | None, folder: Path, subject: str, wrong: Iterable[Refusal]) -> Wheel:
    """The wheel to pin. Raises Refused with what is wrong, and where there is no wheel with that, too."""
    from tenantnet.scaffold.pin import find_wheel

    wheel, refusals = find_wheel(named, folder), [*wrong]
    if isinstance(wheel, Refusal):
        raise Refused(subject, [*refusals, wheel])
    if refusals:
        raise Refused(subject, refusals)
    return wheel


def _check_stacks(first: First) -> Iterator[Refusal]:
    """What is wrong with what is given for the stacks, before their names become names of files."""
    from tenantnet.scaffold.checks import PLATFORM_FIRST
    from tenantnet.settings import checks

    platform = {
        "--platform": (first.platform, checks.check_platform_name),
        "--region": (first.region, checks.check_region),
        "--zone": (first.zone, checks.check_zone_name),
    }
    tenant = {
        "--tenant": (first.tenant, checks.check_tenant_name),
        "--username": (first.username, checks.check_username),
    }
    for option, (value, check) in {
        **(platform if first.platform else {}),
        **(tenant if first.tenant else {}),
    }.items():
        # Without one, the settings say what is missing.
        yield from (refusal.at(option) for refusal in (check(value) if value is not None else ()))
    if first.tenant and not first.platform:
        yield PLATFORM_FIRST.refuse(first.tenant, "--tenant", tenant=first.tenant)


def _write_stacks(project: Project, first: First) -> None:
    from tenantnet.aws import sizes
    from tenantnet.cli.tenant.new import create_tenant
    from tenantnet.settings.files import REGION_KEY
    from tenantnet.settings.loading import PLATFORM_KEY
    from tenantnet.settings.store import create_settings_file, settings_text

    if first.platform:
        zone = {"zone": {"name": first.zone}} if first.zone else {}
        create_settings_file(
            project, first.platform, settings_text({REGION_KEY: first.region, PLATFORM_KEY: zone})
        )
    if first.platform and first.tenant:
        database = {
            **({"username": first.username} if first.username else {}),
            "instanceClass": sizes.DEFAULT_INSTANCE_CLASS,
            "storageGb": sizes.DEFAULT_STORAGE_GB,
            "multiAz": False,
        }
        create_tenant(project, first.tenant, first.platform, database, None)


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """A folder in which everything is made first; what an interrupted init has left is removed."""
    from tenantnet.scaffold.checks import STAGING

    for left_over in folder.glob(f"{STAGING}*"):
        if left_over.is_dir() and not left_over.is_symlink():
            shutil.rmtree(left_over)
        else:
            left_over.unlink()
    with tempfile.TemporaryDirectory(prefix=STAGING, dir=folder) as staged:
        yield Path(staged)


def _git_init(folder: Path) -> None:
    done = subprocess.run(
        ["git", "init", "--quiet", "--initial-branch", "main"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Failure(
            "Could not begin a git repository.", reason=done.stderr.strip(), remedy="run `git init` here"
        )


def _next_steps(folder: Path, first: First) -> str:
    command = ".venv/bin/tenantnet"
    lines = []
    if not (folder / command).exists():
        lines += [
            "python3 -m venv .venv",
            ".venv/bin/pip install --require-hashes --requirement requirements.lock",
        ]
    builds = "" if shutil.which("pulumi") else "    # builds a Pulumi first: there is none on the path"
    lines += [f"{command} local start{builds}", f'eval "$({command} local env)"']
    lines += [f"tenantnet up {stack} --create" for stack in (first.platform, first.tenant) if stack]
    lines += ['git add --all && git commit --message "Begin"    # reviews compare with a commit']
    steps = "".join(f"\n  {line}" for line in lines)
    return f"Wrote a repository of tenants into {folder}; README.md says what is where. Next:\n{steps}"


def _update(project: Project, named: Path | None, given: Sequence[str], *, yes: bool) -> None:
    """given: what a new repository alone is asked for."""
    from tenantnet.scaffold import checks, repository
    from tenantnet.settings.reading import read_mapping

    folder, document = project.folder, read_mapping(project.file)
    alone = (UPDATE_ALONE.refuse(each, "--update") for each in given)
    wheel = _pinned(named, folder, "The repository", [*alone, *checks.check_made(document.get("main"))])
    from_index = repository.serves_itself(folder)
    files = [*repository.scaffold(str(document.get("name")), wheel, from_index=from_index)]
    if wrong := [*checks.check_places(folder, [file.path for file in files if not file.yours])]:
        raise Refused("The repository", wrong)
    found = repository.changes(folder, files)
    count = f"{len(found)} file{'' if len(found) == 1 else 's'}"
    for change in found:
        typer.echo(printable(str(change)))
    if not found:
        typer.echo("Nothing changes: the files are those of this Tenantnet.")
    elif yes:
        repository.apply(folder, found)
        typer.echo(f"Wrote {count}. Look at `git diff`, then make a pull request.")
    else:
        typer.echo(f"{count} would change. Nothing was written; to do so: tenantnet init --update --yes")
