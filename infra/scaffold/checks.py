"""Whether a folder can become a repository of tenants."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Collection, Iterator
from pathlib import Path

from tenantnet.forms import Form, check_form
from tenantnet.refusal import Refusal, Rule, shown
from tenantnet.scaffold.pin import WHEELS

# What may be there before, made by git, by Python or for the pin; and what an interrupted init has left.
EXPECTED = frozenset({".git", ".venv", WHEELS})
STAGING = ".tenantnet-init-"
PROGRAM_FOLDER = "program"
_NAME = Form(pattern="[A-Za-z0-9][A-Za-z0-9_.-]*", longest=100)

FOLDER_EMPTY = Rule(
    id="folder-empty",
    rule="a new repository begins in an empty folder; .git, .venv and wheels may be there",
    reason="it has {others}, and init overwrites nothing",
    remedy="change to an empty folder; in a repository that init has made, see what another version changes: "
    "tenantnet init --update",
)
PROJECT_NAME = Rule(
    id="project-name",
    rule="a project's name has 1 to 100 of a-z, A-Z, 0-9, '-', '_', '.', the first a letter or digit",
    reason="Pulumi takes no other; it is in the URN of every resource, so it cannot be changed later",
    remedy="choose another one: --name NAME",
)
GIT_THERE = Rule(
    id="git-there",
    rule="git is on the path",
    reason="settings live in a git repository, and reviews compare its commits",
    remedy="install git (on Debian: apt-get install git)",
)
REPOSITORY_TOP = Rule(
    id="repository-top",
    rule="the folder is the top of its git repository, or in none yet",
    reason="its repository begins at {top}, and workflows and the migration runner start there",
    remedy="run `git init` here to begin another one, or change to a folder outside",
)
PLATFORM_FIRST = Rule(
    id="platform-first",
    rule="a tenant is on a platform",
    reason="without a platform there is no cell that {tenant} could be in",
    remedy="name the platform, too: --platform platform-local --zone db.example.com",
)

MADE_BY_INIT = Rule(
    id="made-by-init",
    rule="only a repository that `tenantnet init` has made is brought up to date",
    reason="the `main` of its Pulumi.yaml is {main}, and init writes {program}",
    remedy="change to such a repository; a clone of Tenantnet is updated with git",
)
FILE_IN_PLACE = Rule(
    id="file-in-place",
    rule="what `tenantnet init` keeps up to date is a file of the repository, in folders of the repository",
    reason="{place} is {what}: to write there would change something else",
    remedy="remove it, or move it away; init writes a file of its own",
)


def check_folder(folder: Path) -> Iterator[Refusal]:
    """Whether nothing of somebody's could be overwritten, and git can keep what is written."""
    others = sorted(each.name for each in folder.iterdir() if each.name not in EXPECTED)
    others = [name for name in others if not name.startswith(STAGING)]
    if others:
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        yield FOLDER_EMPTY.refuse(str(folder), others=f"{', '.join(others[:3])}{more}")
    if shutil.which("git") is None:
        yield GIT_THERE.refuse(None, "git")
    elif (top := repository(folder)) and top != folder.resolve():
        yield REPOSITORY_TOP.refuse(str(folder), top=top)


def check_made(main: object) -> Iterator[Refusal]:
    """Whether a project's program is that of the scaffold. main: what Pulumi.yaml has."""
    if main != PROGRAM_FOLDER:
        yield MADE_BY_INIT.refuse(main, "main", main=shown(main), program=PROGRAM_FOLDER)


def check_places(folder: Path, paths: Collection[str]) -> Iterator[Refusal]:
    """Whether files of the scaffold can be written where they belong. paths: from the repository's top."""
    for place in sorted({each for path in paths for each in (Path(path), *Path(path).parents[:-1])}):
        there, is_file = folder / place, str(place) in {*paths}
        if there.is_symlink():
            yield FILE_IN_PLACE.refuse(str(place), place=place, what="a symbolic link")
        elif there.exists() and there.is_dir() is is_file:
            yield FILE_IN_PLACE.refuse(str(place), place=place, what="a folder" if is_file else "no folder")


def check_name(name: str) -> Iterator[Refusal]:
    """Whether Pulumi takes a project of this name."""
    yield from check_form(PROJECT_NAME, _NAME, name, "--name")


def repository(folder: Path) -> Path | None:
    """The top of the git repository that a folder is in."""
    done = subprocess.run(
        ["git", "rev-parse", "--show-toplevel"], cwd=folder, capture_output=True, text=True, check=False
    )
    return Path(done.stdout.rstrip("\n")).resolve() if done.returncode == 0 else None
