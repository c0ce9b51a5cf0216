"""What a preview follows from, in files that a test changes by chance, and what lies beside it."""

from __future__ import annotations

import json
import os
import shutil
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import tenantnet
from tenantnet.engine.events import STACK_TYPE
from tenantnet.engine.plugins import aws_plugin
from tenantnet.engine.states import store_of
from tenantnet.fleet import ground as fleet_ground
from tenantnet.fleet.ground import Unseen
from tenantnet.fleet.targets import read_targets
from tenantnet.fleet.unchanged import Proofs
from tenantnet.refusal import Refused
from tenantnet.settings.project import find_project

from tests.support.clone import CLONE

TENANT, PLATFORM, OTHER = "acme", "platform-local", "globex"


@dataclass
class Ground:
    """folder: the project's. backend: Pulumi's. package: the copy of Tenantnet's that the project runs.

    environment: of all that runs. packages: the folder of installed ones. engine: its version.
    """

    folder: Path
    backend: Path
    package: Path
    environment: Mapping[str, str]
    packages: Path
    engine: str = "v3.200.0"
    variables: dict[str, str] = field(default_factory=dict)
    _former: dict[Path, bytes | None] = field(default_factory=dict)

    def settings(self, stack: str) -> Path:
        return self.folder / "tenants" / f"Pulumi.{stack}.yaml"

    def state(self, stack: str) -> Path:
        return self.backend / ".pulumi" / "stacks" / "tenantnet" / f"{stack}.json"

    def write(self, path: Path, content: bytes = b"") -> None:
        self._remember(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def remove(self, path: Path) -> None:
        self._remember(path)
        path.unlink()

    def _remember(self, path: Path) -> None:
        self._former.setdefault(path, path.read_bytes() if path.exists() else None)

    def restore(self) -> None:
        """Take back every change, also of `variables` and `engine`."""
        for path, content in self._former.items():
            if content is None:
                path.unlink(missing_ok=True)
                with suppress(OSError):  # others are in it
                    path.parent.rmdir()
            else:
                path.write_bytes(content)
        self._former.clear()
        self.variables.clear()
        self.engine = Ground.engine

    def fingerprint(self) -> str | None:
        """Of the tenant's stack; None if it cannot be read."""
        policies = ModuleSpec("tenantnet.policies", None, is_package=True)
        policies.submodule_search_locations = [str(self.package / "policies")]
        with (
            patch.dict(os.environ, {**self.environment, **self.variables}, clear=True),
            patch.object(tenantnet, "__file__", str(self.package / "__init__.py")),
            patch.object(
                fleet_ground, "find_spec", lambda name: policies if name == policies.name else find_spec(name)
            ),
            only_packages_in(self.packages, self.package.parent),
        ):
            return self._fingerprint()

    def _fingerprint(self) -> str | None:
        try:
            project, store = find_project(self.folder), store_of(f"file://{self.backend}?metadata=skip")
            target = read_targets(project).get(TENANT)
            assert store
            proofs = Proofs(project, store, "policies", lambda: self.engine, list[str]().append)
        except (Refused, Unseen):
            return None
        found = proofs.fingerprint(target) if target else None
        return found.proof if found else None


@contextmanager
def only_packages_in(*places: Path) -> Iterator[None]:
    """The program that runs is the project's, and finds modules of Python's own and in these folders."""
    path = ["", sysconfig.get_path("stdlib"), *map(str, places)]
    with (
        patch.object(sys, "path", path),
        patch.object(fleet_ground, "other_program", lambda _: None),
    ):
        yield


def install(place: Path, package: str, version: str) -> None:
    """A package with one module, as an installer leaves it."""
    info = place / f"{package}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
    (info / "RECORD").write_text(f"{package}/__init__.py,sha256=1,9\n{info.name}/METADATA,,\n")
    (place / package).mkdir()
    (place / package / "__init__.py").write_text("NAME = 1\n")


def copy_package(folder: Path) -> Path:
    """A copy of the clone's package, laid out as it is imported."""
    package, without = folder / "tenantnet", shutil.ignore_patterns("__pycache__")
    shutil.copytree(CLONE / "infra", package, ignore=without)
    shutil.copytree(CLONE / "policies", package / "policies", ignore=without)
    return package


@cache
def _modules() -> Sequence[Path]:
    """Of the package and the pack."""
    files = (file for home in ("infra", "policies") for file in (CLONE / home).rglob("*.py"))
    return sorted(file.relative_to(CLONE) for file in files)


def _some(files: Sequence[Path], ground: Ground, random: Random) -> Path:
    """One of the clone's files, in the package's copy."""
    file = random.choice(files)
    return ground.package.joinpath(*(file.parts[1:] if file.parts[0] == "infra" else file.parts))


def edited(content: bytes, random: Random) -> bytes:
    """Another content: a byte is another one, or a line is gone, there twice, elsewhere, or new."""
    lines, changed = content.splitlines(keepends=True) or [b"\n"], content
    while changed == content:
        place, other = random.randrange(len(lines)), random.randrange(len(lines))
        line = lines[place]
        byte = random.randrange(len(line))
        flipped = line[:byte] + bytes([line[byte] ^ random.randrange(1, 256)]) + line[byte + 1 :]
        put = random.choice(
            [[flipped], [], [line, line], [lines[other]], [b"# a remark\n", line], [b"\n", line]]
        )
        changed = b"".join([*lines[:place], *put, *lines[place + 1 :]])
    return changed


Change = Callable[[Ground, Random], object]


def _edit(file: Callable[[Ground, Random], Path]) -> Change:
    def change(ground: Ground, random: Random) -> None:
        path = file(ground, random)
        ground.write(path, edited(path.read_bytes(), random))

    return change


def _remark(stack: str) -> Change:
    def change(ground: Ground, random: Random) -> None:
        file = ground.settings(stack)
        ground.write(file, file.read_bytes() + b"# %d\n" % random.randrange(10**6))

    return change


def _change_state(change: Callable[[list[Any], dict[str, Any], Random], object]) -> Change:
    """Of the platform. change: gets all resources, and the stack's outputs."""

    def do(ground: Ground, random: Random) -> None:
        state = json.loads(ground.state(PLATFORM).read_bytes())
        resources = state["checkpoint"]["latest"]["resources"]
        root = next(each for each in resources if each["type"] == STACK_TYPE)
        change(resources, root["outputs"], random)
        ground.write(ground.state(PLATFORM), json.dumps(state).encode())

    return do


def _change_output(_: list[Any], outputs: dict[str, Any], random: Random) -> None:
    """One has another value, is gone, or is new."""
    name, what = random.choice(sorted(outputs)), random.randrange(3)
    if what == 0:
        del outputs[name]
    else:
        outputs[name if what == 1 else "more"] = f"changed {random.randrange(1000)}"


def _change_beside_outputs(resources: list[Any], outputs: dict[str, Any], random: Random) -> None:
    """The order of the outputs, and a text that AWS gave one of the resources."""
    for name in random.sample(sorted(outputs), len(outputs)):
        outputs[name] = outputs.pop(name)
    texts = [
        (each["outputs"], name)
        for each in resources
        if each["type"].startswith("aws:")
        for name, value in each.get("outputs", {}).items()
        if isinstance(value, str)
    ]
    holder, name = random.choice(texts)
    holder[name] = f"changed {random.randrange(1000)}"


def _compress(ground: Ground, _: Random) -> None:
    file = ground.state(TENANT)
    ground.write(file.with_suffix(".json.gz"), file.read_bytes())
    ground.remove(file)


def _change_packages(ground: Ground, random: Random) -> None:
    """One is of another version, is there no longer, is new, or has other modules or entry points."""
    what, packages = random.randrange(5), sorted(ground.packages.glob("*.dist-info"))
    if what == 3:
        record = random.choice(packages) / "RECORD"
        ground.write(record, b"library/__init__.py,sha256=%d,9\n" % random.randrange(10**6))
        return
    if what == 4:
        info = random.choice(packages)
        line = f"{info.name}/entry_points.txt,sha256={random.randrange(10**6)},9\n"
        ground.write(info / "RECORD", (info / "RECORD").read_bytes() + line.encode())
        return
    if what != 0:
        ground.remove(random.choice(packages) / "RECORD")
    if what != 1:
        ground.write(
            ground.packages / f"library-{random.randrange(10**6)}.dist-info" / "RECORD", b"other.py,,\n"
        )


def _copy_module(ground: Ground, random: Random) -> None:
    """It can be imported, and no installer has recorded it: beside packages, in one, or before one."""
    name = random.choice(
        [
            *("hook.pth", "copied.py", "sitecustomize.py", "copied.so", "space/inner/module.py"),
            *("library/more.py", "library/more/__init__.py", "library.py"),
            "rules.egg-info/entry_points.txt",
        ]
    )
    ground.write(ground.packages / name, random.randbytes(20))


def _project_above(ground: Ground, random: Random) -> None:
    folder = random.choice([*ground.folder.parents[:2], ground.package.parent])
    name = random.choice(["Pulumi.yaml", "Pulumi.json", "Pulumi.yml"])
    ground.write(folder / name, b"name: other\nmain: infra\n")


def _change_plugin(ground: Ground, random: Random) -> None:
    """It is another program, longer, or has one beside it."""
    _, program = aws_plugin(ground.environment)
    assert program
    content, what = program.read_bytes(), random.randrange(3)
    if what == 0:
        ground.write(program, edited(content, random))
    elif what == 1:
        ground.write(program, content + b"\0")
    else:
        ground.write(program.with_name(f"provider-{random.randrange(1000)}"))


def _patch_plugin(ground: Ground, random: Random) -> None:
    """One of its bytes is another one, wherever it is."""
    _, program = aws_plugin(ground.environment)
    assert program
    content = bytearray(program.read_bytes())
    content[random.randrange(len(content))] ^= random.randrange(1, 256)
    ground.write(program, bytes(content))


def _new_module(ground: Ground, random: Random) -> None:
    room = _some(_modules(), ground, random).parent
    ground.write(room / f"added_{random.randrange(1000)}.py")


def _room_of_ones_own(ground: Ground, random: Random) -> None:
    """A module that is there already is another one: in a room of its own, at the top, behind a link."""
    path = random.choice(
        [ground.package / "ours/names.py", ground.package / "yaml.py", ground.folder / "shared/limits.py"]
    )
    ground.write(path, edited(path.read_bytes(), random))


def _change_engine(ground: Ground, random: Random) -> None:
    ground.engine = f"v3.{random.randrange(201, 10**6)}.0"


def _set_variable(*names: str) -> Change:
    def change(ground: Ground, random: Random) -> None:
        ground.variables[random.choice(names)] = f"changed {random.randrange(1000)}"

    return change


def _write_one_of(places: Callable[[Ground], Sequence[Path]]) -> Change:
    """Something that nobody reads."""

    def change(ground: Ground, random: Random) -> None:
        ground.write(random.choice(places(ground)), random.randbytes(100))

    return change


def _documents(ground: Ground) -> Sequence[Path]:
    names = (
        "README.md",
        "docs/moves.md",
        "requirements.lock",
        "iam/tenant.json",
        ".github/workflows/fleet.yaml",
    )
    return [ground.folder / name for name in (*names, "tests/test_all.py", "tenants/notes.txt")]


def _records(ground: Ground) -> Sequence[Path]:
    """What Pulumi and Tenantnet keep beside the states."""
    pulumi, own = ground.backend / ".pulumi", ground.backend / ".tenantnet"
    return [
        *(pulumi / place / "tenantnet" / TENANT / f"{TENANT}-1.json" for place in ("history", "backups")),
        pulumi / "locks" / "organization" / "tenantnet" / OTHER / "1.json",
        *(own / name for name in ("unchanged/tenantnet/acme/1", "batches/tenantnet/b1/1-of-1.json")),
    ]


def _compiled(ground: Ground) -> Sequence[Path]:
    rooms = (ground.package, ground.package / "stacks", ground.package / "policies")
    return [
        *(room / "__pycache__" / "added.cpython-311.pyc" for room in (*rooms, ground.packages)),
        *(ground.packages / name / "module.py" for name in (".git", "node-modules")),
    ]


def _touch(ground: Ground, random: Random) -> None:
    """Files of the same content are of another time."""
    for file in (ground.settings(TENANT), ground.state(TENANT), _some(_modules(), ground, random)):
        os.utime(file, (random.randrange(2**30), random.randrange(2**30)))


FOLLOWED: Mapping[str, Change] = {
    "its settings": _edit(lambda ground, _: ground.settings(TENANT)),
    "no settings": lambda ground, _: ground.remove(ground.settings(TENANT)),
    "its state": _edit(lambda ground, _: ground.state(TENANT)),
    "its state, compressed": _compress,
    "no state": lambda ground, _: ground.remove(ground.state(TENANT)),
    "the platform's outputs": _change_state(_change_output),
    "no platform": lambda ground, _: ground.remove(ground.state(PLATFORM)),
    "the project": _edit(lambda ground, _: ground.folder / "Pulumi.yaml"),
    "another project file": lambda ground, random: ground.write(
        ground.folder / random.choice(["Pulumi.json", "Pulumi.yml"])
    ),
    "the program": _edit(lambda ground, random: _some(_modules(), ground, random)),
    "a module less": lambda ground, random: ground.remove(_some(_modules(), ground, random)),
    "a module more": _new_module,
    "a module of one's own": _room_of_ones_own,
    "the pack": _edit(lambda ground, random: random.choice(sorted((ground.folder / "policies").glob("*.*")))),
    "the packages": _change_packages,
    "a module that is copied": _copy_module,
    "a project above": _project_above,
    "the engine": _change_engine,
    "the plugin": _change_plugin,
    "a patched plugin": _patch_plugin,
    "the environment": _set_variable(
        *("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_EC2"),
        *("PULUMI_OPTION_REFRESH", "PULUMI_OPTION_CONFIG", "TF_AWS_DEFAULT_TAGS_Owner", "PYTHONPATH"),
    ),
}
BESIDE: Mapping[str, Change] = {
    "another tenant's settings": _remark(OTHER),
    "the platform's settings": _remark(PLATFORM),
    "another tenant's state": _edit(lambda ground, _: ground.state(OTHER)),
    "the platform's state beside its outputs": _change_state(_change_beside_outputs),
    "other records of the backend": _write_one_of(_records),
    "documents": _write_one_of(_documents),
    "what nobody imports": _write_one_of(_compiled),
    "times of files": _touch,
    "the rest of the environment": _set_variable("LANG", "TZ", "CI", "TENANTNET_NAME_SERVER"),
}
