"""The Pulumi project on disk: where it is and which settings files it has."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tenantnet.refusal import Refused, Rule
from tenantnet.settings.reading import read_mapping

PROJECT_FILE = "Pulumi.yaml"
# The engine takes the first of these by name, whatever Tenantnet reads.
PROJECT_FILES = (PROJECT_FILE, "Pulumi.json", "Pulumi.yml")
# What makes a folder a policy pack; those that Tenantnet writes have the first.
PACK_FILE = "PulumiPolicy.yaml"
PACK_FILES = (PACK_FILE, "PulumiPolicy.yml", "PulumiPolicy.json")
PLATFORM_PREFIX = "platform-"
# All of the program where Tenantnet is a wheel.
WHEELS_PROGRAM = '''\
"""What `pulumi` runs: declares the current stack, a platform or a tenant, as its settings say."""

import tenantnet.__main__
'''
# All of its policy pack.
WHEELS_PACK = '''\
"""The policy pack: what every stack keeps to, whoever changes it."""
import tenantnet.policies.__main__
'''

IN_A_PROJECT = Rule(
    id="in-a-project",
    rule="Tenantnet works inside a Pulumi project",
    reason=f"neither this folder nor one above it has a {PROJECT_FILE}",
    remedy="change to your clone of the project and try again; to begin one: tenantnet init",
)
ONE_PROJECT = Rule(
    id="one-project",
    rule=f"a program's folder is that of one project file, {PROJECT_FILE}, whose `main` it is",
    reason="Pulumi takes {other}, or may take it: its stacks and its state are others than those read here",
    remedy="remove one of the files, or set `main` of the other to its own program",
)


class StackKind(StrEnum):
    """What a settings file describes."""

    TENANT = "tenant"
    PLATFORM = "platform"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """folder: where Pulumi.yaml is. settings_folder: where the stacks' settings are (its stackConfigDir)."""

    folder: Path
    settings_folder: Path

    @property
    def file(self) -> Path:
        """The project's own Pulumi.yaml."""
        return self.folder / PROJECT_FILE

    def settings_file(self, stack: str) -> Path:
        """Where the settings of `stack` are or would be."""
        return self.settings_folder / f"Pulumi.{stack}.yaml"

    def stacks_with_settings(self) -> list[str]:
        """The names of all stacks with a settings file, sorted."""
        files = self.settings_folder.glob("Pulumi.*.yaml")
        return sorted(file.name.removeprefix("Pulumi.").removesuffix(".yaml") for file in files)


def find_project(start: Path) -> Project:
    """The project of the folder `start`, searched upwards as Pulumi does. Raises Refused if there is none."""
    for folder in (start, *start.parents):
        file = folder / PROJECT_FILE
        if file.is_file():
            return Project(folder=folder, settings_folder=folder / _settings_folder(file))
    raise Refused("The working directory", [IN_A_PROJECT.refuse(str(start))])


def project_of_program(folder: Path, called_in: Path | None = None) -> Project:
    """The project whose program is in the folder. Raises Refused if the engine may have taken another one.

    The engine runs a program, and the packs that judge it, in the folder of its project's `main`, which may
    be outside of the project's own. called_in: where the engine was called; None where nobody knows.
    """
    files = [each for place in (folder, *folder.parents) for each in _project_files(place)]
    found = [file for file in files if program_folder(file) == folder.resolve()]
    project = find_project(folder)
    if called_in:
        above = (_project_files(each) for each in (called_in, *called_in.parents))
        found += [file for file in next(filter(None, above), []) if not file.samefile(project.file)]
    if found != [project.file]:
        other = next((file for file in found if file != project.file), "another project file")
        raise Refused("The project", [ONE_PROJECT.refuse(str(project.file), other=other)])
    return project


def _project_files(folder: Path) -> list[Path]:
    # The engine takes whatever is no folder, a pipe as well.
    return [file for name in PROJECT_FILES if (file := folder / name).exists() and not file.is_dir()]


def program_folder(file: Path) -> Path:
    """The folder of the program of a project's file, in which the engine runs it. Raises Refused."""
    main = read_mapping(file).get("main")
    program = file.parent / main if isinstance(main, str) else file.parent
    return (program if program.is_dir() else program.parent).resolve()


def _settings_folder(file: Path) -> str:
    project = read_mapping(file)
    # Where `config` is a text, it is the former name of the other.
    named = (project.get(each) for each in ("stackConfigDir", "config"))
    folder = next((each for each in named if isinstance(each, str)), "")
    # The engine joins the two by names, so that one that begins with / is in the project, too.
    return os.path.normpath(folder.lstrip("/"))


def kind_of(stack: str) -> StackKind:
    """What the stack is: its name says so."""
    return StackKind.PLATFORM if is_platform(stack) else StackKind.TENANT


def is_platform(stack: str) -> bool:
    """Whether the stack is a platform's: its name says so."""
    return stack.startswith(PLATFORM_PREFIX)
