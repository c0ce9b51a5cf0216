"""A proposal as a commit on a branch that nobody has checked out: index and working tree stay as they are."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory

from tenantnet.failure import Failure
from tenantnet.proposals.proposal import Proposal
from tenantnet.refusal import Refused, Rule
from tenantnet.settings.git import Git, said
from tenantnet.settings.project import Project
from tenantnet.settings.reading import BYTE_ORDER_MARK

BRANCH_REPOSITORY = Rule(
    id="branch-repository",
    rule="a branch belongs to a git repository that has a commit",
    reason="git says: {problem}",
    remedy="write the change into the working tree; or make the project a repository: git init, git add, "
    "git commit",
)
BRANCH_NAME = Rule(
    id="branch-name",
    rule="a branch has a name that git takes",
    reason="{problem}, and git takes no such name",
    remedy="choose another name, such as acme-vpn",
)
BRANCH_FREE = Rule(
    id="branch-free",
    rule="a commit is added to a branch that nobody has checked out",
    reason="{folder} has this one checked out, and its files would no longer be those of its branch",
    remedy="choose another branch, or write the change into the working tree there",
)
BRANCH_FITS = Rule(
    id="branch-fits",
    rule="a change fits the settings file as the branch has it",
    reason="{reason}",
    remedy="choose another branch, or write the change into the working tree",
)
_HEADS = "refs/heads/"
# What git-check-ref-format(1) has against a name.
_ODDITIES = {
    r"\A\Z": "it is empty",
    r"\A-": "it begins with a dash",
    r"[\x00-\x20\x7f~^:?*\[\\]": "it has a blank, a control character or one of ~^:?*[\\",
    r"\.\.": "it has two dots in a row",
    r"@\{": "it has @{",
    r"\A/|//|/\Z": "it has a slash at an end, or two in a row",
    r"(\A|/)\.|\.(/|\Z)": "a part of it begins or ends with a dot",
    r"\.lock(/|\Z)": "a part of it ends with .lock",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """former: its last commit; empty for a new branch. base: the same; for a new one, where it begins.

    git: at the top of the repository.
    """

    name: str
    former: str
    base: str
    git: Git

    def rebased(self, proposal: Proposal) -> Proposal:
        """The same change of the file as the branch has it. Raises Refused if it does not fit there."""
        text = self._text(proposal).removeprefix(BYTE_ORDER_MARK)
        merged = self._merged(text, proposal)
        if merged is None:
            raise self._unfit(f"{proposal.place} has other lines there where the change is")
        if merged == text:
            raise self._unfit(f"{proposal.place} has the change there already")
        rebased = replace(proposal, file=replace(proposal.file, text=text), text=merged)
        rebased.settings()
        return rebased

    def commit(self, proposal: Proposal, subject: str) -> str:
        """Add a commit with what `rebased` has made; its short ID. Raises Failure if git does not make it."""
        path = self._path(proposal)
        mark = BYTE_ORDER_MARK if self._text(proposal).startswith(BYTE_ORDER_MARK) else ""
        blob = self.git.ask("hash-object", "-w", "--stdin", f"--path={path}", given=mark + proposal.text)
        mode, *_ = self.git.ask("ls-tree", self.base, "--", str(path)).split()
        with TemporaryDirectory() as folder:
            own = replace(self.git, variables={"GIT_INDEX_FILE": f"{folder}/index"})
            own.ask("read-tree", self.base)
            own.ask("update-index", "--cacheinfo", f"{mode},{blob.strip()},{path}")
            tree = own.ask("write-tree").strip()
        message = f"{subject}\n\n{proposal.place}: {proposal.said.partition(f'.{chr(10)}')[0]}.\n"
        commit = self.git.ask("commit-tree", tree, "-p", self.base, "-F", "-", given=message).strip()
        self.git.ask("update-ref", "-m", subject, _HEADS + self.name, commit, self.former)
        return self.git.ask("rev-parse", "--short", commit).strip()

    def _text(self, proposal: Proposal) -> str:
        found = self.git.run("cat-file", "--filters", f"{self.base}:{self._path(proposal)}")
        if found.returncode != 0:
            raise self._unfit(f"there is no {proposal.place} there")
        with suppress(UnicodeDecodeError):
            return found.stdout.decode()
        raise self._unfit(f"{proposal.place} is not UTF-8 there")

    def _path(self, proposal: Proposal) -> PurePath:
        # As for a write in place: what a link leads to is changed, not the link.
        path, top = proposal.file.path.resolve(), self.git.folder.resolve()
        if not path.is_relative_to(top):
            raise self._unfit(f"{path} is outside the repository")
        return path.relative_to(top)

    def _merged(self, text: str, proposal: Proposal) -> str | None:
        """The branch's text with the change; None if both have changed the same lines."""
        if text == proposal.file.text:
            return proposal.text
        with TemporaryDirectory() as folder:
            sides = [Path(folder, name) for name in ("there", "here", "proposed")]
            for side, content in zip(sides, (text, proposal.file.text, proposal.text), strict=True):
                side.write_bytes(content.encode())
            done = self.git.run("merge-file", "--stdout", "--quiet", *map(str, sides))
        return done.stdout.decode() if done.returncode == 0 else None

    def _unfit(self, reason: str) -> Refused:
        return _refused(BRANCH_FITS, self.name, reason=reason)


def find_branch(project: Project, name: str) -> Branch:
    """The branch of that name, which may be new: it then begins at the commit that is checked out.

    Raises Refused for one that cannot have a commit, Failure if there is no git.
    """
    git = _git(project)
    asked = [git.run("rev-parse", *words) for words in (("--show-toplevel",), ("--verify", "HEAD^{commit}"))]
    if problem := " ".join(said(each) for each in asked if each.returncode != 0):
        raise _refused(BRANCH_REPOSITORY, name, problem=problem)
    top, head = (each.stdout.decode().rstrip("\n") for each in asked)
    git = replace(git, folder=Path(top))
    if name.startswith("-") or "\0" in name or git.run("check-ref-format", _HEADS + name).returncode != 0:
        raise _refused(BRANCH_NAME, name, problem=_oddity(name))
    # A pattern also matches what is below it: of `acme`, `acme/vpn`.
    listed = git.ask("for-each-ref", "--format=%(refname) %(objectname) %(worktreepath)", _HEADS)
    known = dict(line.split(" ", 1) for line in listed.splitlines())
    former, _, folder = known.get(_HEADS + name, "").partition(" ")
    if folder:
        raise _refused(BRANCH_FREE, name, folder=folder)
    return Branch(name=name, former=former, base=former or head, git=git)


def free_branch(project: Project, topic: str) -> str:
    """The name of a branch that there is not yet; the topic itself where there is no repository."""
    known: list[str] = []
    with suppress(Failure):
        listed = _git(project).run("for-each-ref", "--format=%(refname)", _HEADS)
        known = listed.stdout.decode().splitlines()
    names = (topic if number == 1 else f"{topic}-{number}" for number in count(1))
    return next(name for name in names if _HEADS + name not in known)


def _git(project: Project) -> Git:
    return Git(
        folder=project.folder,
        task="commit the change",
        remedy="do what git asks for, choose another branch, or write the change into the working tree",
    )


def _oddity(name: str) -> str:
    """What git has against a name."""
    found = (words for pattern, words in _ODDITIES.items() if re.search(pattern, name))
    return next(found, "git check-ref-format refuses it")


def _refused(rule: Rule, name: str, **facts: str) -> Refused:
    return Refused("The branch", [rule.refuse(name, "branch", **facts)])
