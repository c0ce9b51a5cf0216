"""What the machines of a batch share out. Each sees it for itself, and all must see the same."""

from __future__ import annotations

import hashlib
from pathlib import Path

import tenantnet
from tenantnet.failure import Failure
from tenantnet.fleet.files import names_in
from tenantnet.fleet.record import Shared
from tenantnet.settings.git import Git
from tenantnet.settings.project import Project

# Programs, packs, settings and locked packages; a report or a log of the run itself is none of them.
SUFFIXES = (".py", ".yaml", ".yml", ".toml", ".lock")
NAMED = 5


def seen_now(project: Project, shared: Shared) -> Shared:
    """The same, with the files as this machine has them now."""
    pack = [project.folder / shared.policy_pack] if shared.policy_pack else []
    places = (project.folder, project.settings_folder, Path(tenantnet.__file__).parent, *pack)
    return shared.model_copy(update={"commit": _commit(project.folder), "files": _digest(*places)})


def apart(one: Shared, other: Shared) -> str:
    """What `one` has that `other` has not, in words; empty if both are the same."""
    said = []
    if one.operation is not other.operation:
        said.append(f"`fleet {one.operation}`, not `fleet {other.operation}`")
    if missing := sorted({*other.tenants} - {*one.tenants}):
        said.append(f"without {_some(missing)}")
    if added := sorted({*one.tenants} - {*other.tenants}):
        said.append(f"with {_some(added)}")
    if (own := _options(one)) != (theirs := _options(other)):
        said.append(f"{own}, not {theirs}")
    if one.commit != other.commit:
        said.append(f"{_of_commit(one)}, not {_of_commit(other)}")
    elif one.files != other.files:
        said.append(f"other files beside {_of_commit(one)}" if one.commit else "other files")
    return "; ".join(said)


def _some(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _options(shared: Shared) -> str:
    given = [f"--policy-pack {shared.policy_pack}"] if shared.policy_pack else []
    if shared.pages is not None:
        given.append("--pages" if shared.pages else "--engines")
    if waves := shared.waves:
        given.append(f"--canary {waves.canary} --wave {waves.percent}% --soak {waves.soak_minutes:g}")
        given += ["--pause"] if waves.pause else []
    return f"options {' '.join(given)}" if given else "no options"


def _of_commit(shared: Shared) -> str:
    return f"commit {shared.commit[:12]}" if shared.commit else "no commit"


def _commit(folder: Path) -> str:
    """Of the files in git; empty where they are in none."""
    git = Git(folder=folder, task="read the commit", remedy="")
    try:
        return git.ask("rev-parse", "--verify", "--quiet", "HEAD").strip()
    except Failure:
        return ""


def _digest(*places: Path) -> str:
    digest = hashlib.sha256()
    for place in places:
        for name in sorted(names_in(place, enters=_is_of_project, endings=SUFFIXES)):
            digest.update(f"{name}\0".encode(errors="surrogateescape"))
            if (file := place / name).is_file():
                digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _is_of_project(folder: Path) -> bool:
    """Whether it is neither hidden, as git's and tools' own are, nor an environment."""
    return not folder.name.startswith(".") and not (folder / "pyvenv.cfg").exists()
