"""Which stacks a change in git touches."""

from __future__ import annotations

import os
import re
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path, PurePath, PurePosixPath

from tenantnet.refusal import Refused, Rule
from tenantnet.settings.git import Git, said
from tenantnet.settings.project import Project

BASE_KNOWN = Rule(
    id="base-known",
    rule="a change is reviewed against a commit that git knows and that shares history with it",
    reason="git says: {problem}",
    remedy="name a branch, a tag or a commit, and fetch it first: git fetch origin BRANCH; in a new "
    "repository commit something first; in a pipeline the checkout needs the whole history (fetch-depth: 0)",
)


# Of GitHub and GitLab.
PIPELINES = (".github", ".gitlab", ".gitlab-ci.yml", ".gitattributes", "CODEOWNERS", "docs/CODEOWNERS")


class How(StrEnum):
    """What happened to a file. CHANGED: it exists before and after."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """settings: the stacks whose settings file was changed, and how. program: files that make every stack.

    rules: files that judge changes; those may be of the program, too.
    """

    settings: Mapping[str, How]
    program: tuple[str, ...]
    rules: tuple[str, ...]


def touched(
    files: Mapping[str, How],
    settings_folder: str,
    is_program: Callable[[str], bool],
    is_rule: Callable[[str], bool],
) -> Touched:
    """The stacks that changed files touch. Paths are from the project's folder."""
    prefix = PurePosixPath(settings_folder)
    settings, others = {}, []
    for name, how in sorted(files.items()):
        path = PurePosixPath(name)
        # Not Pulumi.yaml.
        if path.parent == prefix and (file := re.fullmatch(r"Pulumi\.(.+)\.yaml", path.name)):
            settings[file[1]] = how
        else:
            others.append(name)
    return Touched(
        settings=settings, program=tuple(filter(is_program, others)), rules=tuple(filter(is_rule, others))
    )


class Repository:
    """The project's git repository. Every method raises Failure if git fails."""

    def __init__(self, project: Project) -> None:
        self._git = Git(
            folder=project.folder,
            task="ask git what has changed",
            remedy="run the command in a clone of the project's git repository, with git on the path",
        )

    def fork_point(self, base: str) -> str:
        """The last commit that HEAD and `base` share, in full. Raises Refused if there is none."""
        # A name that begins with a dash is an option to git, even where it expects a commit.
        done = self._git.run("merge-base", "--end-of-options", base, "HEAD")
        if done.returncode != 0:
            problem = said(done) or f"{base} and HEAD have no commit in common"
            raise Refused("The base", [BASE_KNOWN.refuse(base, "--base", problem=problem)])
        return done.stdout.decode().strip()

    def changes_since(self, commit: str) -> dict[str, How]:
        """The files that differ from `commit`, committed or not, by every name that links give them.

        Paths are from the project's folder.
        """
        words = {"A": How.ADDED, "D": How.REMOVED}
        options = ("--name-status", "--no-renames", "--no-relative", "--ignore-submodules=none", "-z")
        listed = self._git.ask("diff", *options, commit, "--")
        states, names = listed.split("\0")[:-1:2], listed.split("\0")[1::2]
        found = {name: words.get(state, How.CHANGED) for state, name in zip(states, names, strict=True)}
        found |= dict.fromkeys(self._listed("--others", "--exclude-standard"), How.ADDED)
        found = dict.fromkeys(self._in_folders(found), How.CHANGED) | found
        _, prefix = self._place
        named = by_every_name(found, self.links()).items()
        return {name.removeprefix(prefix): how for name, how in named if name.startswith(prefix)}

    def links(self) -> dict[str, str]:
        """Where each symbolic link of the repository leads. Paths are from the top; it may be outside."""
        top, _ = self._place
        names = self._listed("--cached", "--others", "--exclude-standard")
        return {
            name: os.path.relpath((top / name).parent / (top / name).readlink(), top)
            for name in names
            if (top / name).is_symlink()
        }

    def _in_folders(self, names: Iterable[str]) -> Iterator[str]:
        """The files of what is a folder here and one name for git: behind a link, or another repository's."""
        top, _ = self._place
        for folder in (top / name for name in names if (top / name).is_dir()):
            files = (file.relative_to(top) for file in folder.rglob("*") if not file.is_dir())
            yield from (file.as_posix() for file in files if ".git" not in file.parts)

    def _listed(self, *which: str) -> list[str]:
        return self._git.ask("ls-files", *which, "--full-name", "-z", "--", ":/").split("\0")[:-1]

    @cached_property
    def _place(self) -> tuple[Path, str]:
        """The repository's top, and the project's folder from there, with a slash at its end."""
        top, prefix = self._git.ask("rev-parse", "--show-toplevel", "--show-prefix").split("\n")[:2]
        return Path(top), prefix

    def pipeline_changes_since(self, commit: str) -> list[str]:
        """What differs at the top of the repository, where hosts look for pipelines. Paths are from there."""
        places = [f":(top,icase){place}" for place in PIPELINES]
        changed = self._git.ask("diff", "--name-only", "--no-renames", "-z", commit, "--", *places)
        new = self._git.ask("ls-files", "--others", "--exclude-standard", "--full-name", "-z", "--", *places)
        return [*filter(None, f"{changed}{new}".split("\0"))]

    def extract(self, commit: str, folder: Path) -> None:
        """Write all of the project's files into a folder as they were in `commit`. Raises Failure."""
        with tempfile.TemporaryFile() as archive:
            done = self._git.run("archive", "--format=tar", commit, output=archive)
            archive.seek(0)
            if done.returncode != 0:
                raise self._git.failed(said(done))
            try:
                with tarfile.open(fileobj=archive) as files:
                    files.extractall(folder, filter="data")
            except (OSError, tarfile.TarError) as error:
                raise self._git.failed(str(error)) from None
        files_then = self._git.ask("ls-tree", "-r", "--name-only", "-z", commit).split("\0")[:-1]
        if missing := [name for name in files_then if not os.path.lexists(folder / name)]:
            raise self._git.failed(f"by .gitattributes {missing[0]} is in no archive of {commit}")

    def text_in(self, commit: str, path: PurePath) -> str | None:
        """A file as it was in `commit`, behind a link, too; None if it was not there.

        path: from the project's folder.
        """
        asked = f"{commit}:./{path.as_posix()}\n"
        said = self._git.run("cat-file", "--batch", "--follow-symlinks", given=asked).stdout
        head, _, content = said.partition(b"\n")
        found = re.fullmatch(rb"[0-9a-f]+ blob ([0-9]+)", head)
        return content[: int(found[1])].decode(errors="replace") if found else None


def by_every_name(changed: Mapping[str, How], links: Mapping[str, str]) -> dict[str, How]:
    """The changed files with the names that they have through links. All paths are from one place.

    What leads through something that was changed is changed, too.
    """
    found, waiting = dict(changed), [(name, frozenset[str]()) for name in changed]
    while waiting:
        name, passed = waiting.pop()
        # A link may lead to a folder that it is in.
        for link in links.keys() - passed:
            target = PurePosixPath(links[link])
            if PurePosixPath(name).is_relative_to(target):
                alias, how = (link / PurePosixPath(name).relative_to(target)).as_posix(), found[name]
            elif target.is_relative_to(name):
                alias, how = link, How.CHANGED
            else:
                continue
            if alias not in found:
                found[alias] = how
                waiting.append((alias, passed | {link}))
    return found
