"""What the previews of all stacks of a project have in common: code, packages, engine, plugin, environment.

Whatever can be imported is in it. Of an installed package that is what its installer has recorded.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import sys
import sysconfig
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.machinery import all_suffixes
from importlib.util import find_spec
from itertools import chain, islice, starmap
from pathlib import Path

import tenantnet
from tenantnet.engine.plugins import aws_plugin, is_of_the_wheel, other_program
from tenantnet.fleet.files import COMPILED, names_in
from tenantnet.settings.project import PACK_FILE, PROJECT_FILES, WHEELS_PACK, Project, program_folder
from tenantnet.settings.reading import read_mapping
from tenantnet.toolchain.go import identity_of

# Rooms of the package that a clone has beside the others.
APART = ("local_cloud", "policies")
MODULES = tuple(all_suffixes())
# What else a program's result may follow from, by how the names begin: the provider takes tags from the last.
VARIABLES = (
    *("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL"),
    *("PULUMI_", "PYTHON", "TF_AWS_"),
)
# Of those, what has no influence on it: secrets, places, and how much is said.
WITHOUT_INFLUENCE = re.compile(
    "PULUMI_(?:ACCESS_TOKEN|BACKEND_URL|CONFIG_PASSPHRASE(?:_FILE)?|CREDENTIALS_PATH|HOME|PARALLEL"
    "|SKIP_UPDATE_CHECK|AUTOMATION_API)|PYTHON(?:UNBUFFERED|DONTWRITEBYTECODE|PYCACHEPREFIX)"
)
# These name files, modules and programs whose content nobody sees here, and options of Pulumi's commands.
UNSEEN = re.compile("PULUMI_OPTION_.*|PULUMI_DEBUG_(?:PROVIDERS|LANGUAGES)|PYTHON(?:PATH|HOME|USERBASE)")
# Of a project's file: they may name folders with programs that the engine then starts.
LEADING = frozenset({"packages", "plugins"})
# Each is read for every preview; a folder with more of them is no folder of installed packages.
MOST_UNRECORDED = 1000
# By it a package is imported that nobody names, such as a plugin of pydantic's.
ENTRY_POINTS = "entry_points.txt"
EDITABLE = re.compile(rb'"editable"\s*:\s*true')

Facts = Iterator[tuple[str, str]]


class Unseen(Exception):  # noqa: N818 - no error: previews go on
    """Previews follow from what nobody sees here. Its text says from what."""


@dataclass(frozen=True, slots=True)
class Ground:
    """digest: the same wherever all of it is the same.

    written: on this machine, when which file was: what was changed and put back is another ground, as a
    process may have read it meanwhile.
    """

    digest: str
    written: frozenset[tuple[str, int]]

    @classmethod
    def read(cls, project: Project, pack: str | None, identity: Callable[[], str]) -> Ground:
        """As it is now. identity: finds the engine's. Raises Failure, Refused, Unseen, OSError."""
        if problem := why_unseen(project, pack):
            raise Unseen(problem)
        version, plugin = aws_plugin()
        if plugin is None:
            raise Unseen(f"no AWS plugin {version} is installed, so the engine takes one that nobody sees")
        written = set[tuple[str, int]]()
        facts: list[object] = [
            *_of_files(written, *_code(), *([project.folder / pack] if pack else [])),
            *_of_projects(project, written),
            *_of_python(written),
            *(sys.version, identity(), version),
            *(_of_program(file) for file in sorted(plugin.parent.iterdir()) if file.is_file()),
            *sorted(each for each in os.environ.items() if _has_influence(each[0])),
        ]
        return cls(hashlib.sha256(json.dumps(facts).encode()).hexdigest(), frozenset(written))


def why_unseen(project: Project, pack: str | None) -> str | None:
    """Why a preview follows from what nobody sees here; None if it does not, as far as settings say."""
    if problem := other_program(project) or (_other_pack(project.folder / pack) if pack else None):
        return problem
    if names := sorted(filter(UNSEEN.fullmatch, os.environ)):
        return f"{', '.join(names)} may lead to what nobody sees"
    described = read_mapping(project.file)
    if names := sorted(LEADING.intersection(described)):
        return f"`{'` and `'.join(names)}` in Pulumi.yaml may lead to what nobody sees"
    options = described.get("options")
    if isinstance(options, Mapping) and "refresh" in options:
        return "`options.refresh` in Pulumi.yaml has previews show what was changed in AWS"
    return None


def _other_pack(pack: Path) -> str | None:
    own = [place.resolve() for place in _places_of("policies")]
    if pack.resolve() in own or is_of_the_wheel(pack, WHEELS_PACK, PACK_FILE):
        file = pack / PACK_FILE
        if not file.is_file() or "main" not in read_mapping(file):
            return None
    return f"the policy pack {pack} is not Tenantnet's own, so it may read what nobody sees"


def _places_of(room: str) -> list[Path]:
    spec = find_spec(f"tenantnet.{room}")
    return [*map(Path, (spec and spec.submodule_search_locations) or ())]


def _has_influence(variable: str) -> bool:
    return variable.startswith(VARIABLES) and not WITHOUT_INFLUENCE.fullmatch(variable)


def _code() -> list[Path]:
    """All of the package: its own modules take little of it, and edited ones may import or open any file."""
    rooms = [each for each in sorted(_home().iterdir()) if each.name not in {*APART, COMPILED}]
    return [*rooms, *(place for name in APART for place in _places_of(name))]


def _home() -> Path:
    return Path(tenantnet.__file__).parent


def _of_projects(project: Project, written: set[tuple[str, int]]) -> Facts:
    """Project files above the project and above its program: the pack refuses a program that has two."""
    starts = (project.folder, program_folder(project.file))
    above = dict.fromkeys(folder for start in starts for folder in (start, *start.parents))
    for level, folder in enumerate(above):
        for name, digest in _of_files(written, *(folder / each for each in PROJECT_FILES)):
            yield f"{level} {name}", digest


def _of_python(written: set[tuple[str, int]]) -> Facts:
    """What can be imported beside the package. Of Python's own modules, which there are."""
    own = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib")}
    own |= {str(Path(place, "lib-dynload")) for place in own}
    # Unless Python was started with -P, the first is this command's. A language host is started so.
    for place in map(Path, dict.fromkeys(sys.path[not sys.flags.safe_path :])):
        if str(place) in own:
            yield from ((name, "") for name in sorted({each.name for each in place.iterdir()} - {COMPILED}))
        elif place.is_dir():
            yield from _of_packages(place, written)
        else:
            yield from _of_files(written, place)
    for name in ("sitecustomize", "usercustomize"):
        # Python imports them as it starts, wherever they are.
        if (spec := find_spec(name)) and spec.origin:
            yield from _of_files(written, Path(spec.origin))


def _of_packages(place: Path, written: set[tuple[str, int]]) -> Facts:
    """The installed packages of a folder, and all that no installer has recorded there."""
    records = list[tuple[Path, int]]()
    for info in sorted(place.glob("*.dist-info")):
        record, digest = info / "RECORD", ""
        if record.is_file():
            changed = record.stat().st_mtime_ns
            records.append((record, changed))
            written.add((str(record), changed))
            # This package's code is looked at by itself.
            if not info.name.startswith("tenantnet-"):
                _require_installed(info)
                digest = _modules_in(record, changed)
        yield info.name, digest
        # Whoever reads entry points asks no installer whether it has recorded them.
        yield from _of_files(written, info / ENTRY_POINTS)
    unrecorded = sorted(islice(_unrecorded(place, _layout(tuple(records))), MOST_UNRECORDED + 1))
    if len(unrecorded) > MOST_UNRECORDED:
        raise Unseen(
            f"{place} has more than {MOST_UNRECORDED} files that no package's installer has recorded"
        )
    for name in unrecorded:
        yield name, _digest(place / name, written)


def _require_installed(info: Path) -> None:
    """Raises Unseen if a package's modules are wherever somebody edits them: PEP 610 says so."""
    origin = info / "direct_url.json"
    if origin.is_file() and EDITABLE.search(origin.read_bytes()):
        raise Unseen(f"{info.name} is installed to be edited in place (pip install --editable)")


@cache
def _lines(record: Path, _changed: int) -> Sequence[str]:
    """Of what an installer has recorded of a package. All packages have 20,000."""
    text, compiled = record.read_text(encoding="utf-8", errors="backslashreplace"), f"{COMPILED}/"
    return [each for each in text.splitlines() if compiled not in each and not each.startswith("../")]


@cache
def _modules_in(record: Path, changed: int) -> str:
    """A digest of a package's modules, and of its entry points; the other notes beside name places."""
    notes, entry_points = ".dist-info/", f".dist-info/{ENTRY_POINTS},"
    modules = sorted(each for each in _lines(record, changed) if notes not in each or entry_points in each)
    return hashlib.sha256("\n".join(modules).encode()).hexdigest()


@cache
def _layout(records: tuple[tuple[Path, int], ...]) -> Mapping[str, Set[str]]:
    """What is recorded in the folders with modules and above them, by their names from the common place."""
    found = defaultdict[str, set[str]](set)
    for line in chain.from_iterable(starmap(_lines, records)):
        folder, _, name = line.rsplit(",", 2)[0].strip('"').rpartition("/")
        found[folder].add(name)
    above = {""}
    for each in [*found]:
        has_modules, folder = any(name.endswith(MODULES) for name in found[each]), each
        while folder:
            if has_modules:
                above.add(folder)
            folder, _, name = folder.rpartition("/")
            found[folder].add(name)
    return {folder: found[folder] for folder in above}


def _unrecorded(place: Path, layout: Mapping[str, Set[str]]) -> Iterator[str]:
    """The files in a folder of packages that nobody has recorded, where modules are imported from."""
    home = _home()
    for folder, known in layout.items():
        with suppress(FileNotFoundError, NotADirectoryError):
            # Of 1,500 folders, a Path takes as long as the list.
            for name in {*os.listdir(f"{place}/{folder}")} - known - {COMPILED}:  # noqa: PTH208
                path = place / folder / name
                if not path.is_dir():
                    yield str(Path(folder, name))
                elif name.endswith(".egg-info") or (name.isidentifier() and not path.samefile(home)):
                    yield from (str(Path(folder, name, each)) for each in names_in(path))


def _of_files(written: set[tuple[str, int]], *places: Path) -> Facts:
    """The digests of files, and of all files in folders, with their names there."""
    for place in places:
        if place.is_dir():
            for name in sorted(names_in(place)):
                yield f"{place.name}/{name}", _digest(place / name, written)
        elif place.is_file():
            yield place.name, _digest(place, written)


def _digest(file: Path, written: set[tuple[str, int]]) -> str:
    try:
        # Of 600 files, a Path takes as long as the digests. A pipe is not waited for.
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        if file.is_file():
            raise
        return ""  # a link to nothing, or a socket
    with os.fdopen(descriptor, "rb", buffering=0) as opened:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            return ""
        written.add((str(file), found.st_ctime_ns))
        return hashlib.sha256(opened.read()).hexdigest()


def _of_program(file: Path) -> tuple[str, str]:
    """What tells a part of the plugin from another one of its name."""
    return file.name, identity_of(file) or hashlib.sha256(file.read_bytes()).hexdigest()
