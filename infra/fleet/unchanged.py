"""Stacks that are proved unchanged: the engine would see what it saw last time, so it need not start.

A preview without changes proves its stack's fingerprint, which has all that the preview's result follows
from: code and packages, engine and plugin, settings, the stack's state, and its platform's outputs. The
proofs are empty files beside the states: whoever may write a proof may write the state, too. What a preview
reads live (claims, leftovers of a killed update) is for `fleet drift` and `claims audit`.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache, cached_property
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import TypeVar

import tenantnet
from tenantnet.engine.events import STACK_TYPE, EngineLog, Operation, Status
from tenantnet.engine.plugins import aws_plugin, other_program
from tenantnet.engine.states import FEW, States, Store, backend_url, store_of
from tenantnet.engine.version import engine_identity
from tenantnet.failure import Failure
from tenantnet.fleet.targets import Target
from tenantnet.phases.memory import remembered
from tenantnet.phases.phases import Phase
from tenantnet.phases.starts import OUTPUT as RUNNER_START
from tenantnet.refusal import Refused
from tenantnet.settings.files import config_of
from tenantnet.settings.loading import TENANT_KEY
from tenantnet.settings.project import PROJECT_FILES, Project
from tenantnet.settings.reading import read_mapping
from tenantnet.toolchain.go import digest_of_program

PROOFS = ".tenantnet/unchanged/"
ENVIRONMENT = "environment"
# Of the package, what neither a program nor the pack imports; the pack's own part is found by its name.
BESIDE = frozenset(
    {
        *(
            "cli",
            "console",
            "deployment",
            "doctor",
            "fleet",
            "local_cloud",
            "observed",
            "permissions",
            "plugin",
        ),
        *("policies", "proposals", "review", "runner", "scaffold", "shipped", "tunnel", "vpn"),
    }
)
COMPILED = "__pycache__"
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

_Answer = TypeVar("_Answer")


class Proofs:
    """The proofs of a project's stacks, for previews with one policy pack.

    pack: the pack's folder, from the project's; None for previews without one. engine: its identity. tell:
    prints a line.
    """

    def __init__(
        self, project: Project, store: Store, pack: str | None, engine: str, tell: Callable[[str], None]
    ) -> None:
        self._project, self._store, self._pack = project, store, pack
        self._engine, self._tell, self._usable = engine, tell, True
        self._folder = f"{PROOFS}{read_mapping(project.file).get('name')}/"

    def proved(self, targets: Collection[Target]) -> set[str]:
        """The tenants whose stacks are as they were when a preview of them showed no change."""
        return self._ask(lambda: self._proved(targets)) or set()

    def fingerprint(self, target: Target) -> str | None:
        """Of a stack as it is now; None if it has no state, or none that can be read."""
        return self._ask(lambda: self._fingerprint(target))

    def keep(self, target: Target, before: str | None, seen: EngineLog) -> None:
        """Keep a proof, if a preview that has just ended is one. before: the fingerprint as it began."""
        if before is not None and _without_changes(seen):
            self._ask(lambda: self._keep(target, before))

    def _ask(self, task: Callable[[], _Answer]) -> _Answer | None:
        """None, and why is printed once, where the files cannot be read or written: previews go on."""
        try:
            return task() if self._usable else None
        except Failure as failure:
            self._usable = False
            self._tell(f"{failure}\nFrom here on, no stack is proved unchanged.")
            return None

    def _proved(self, targets: Collection[Target]) -> set[str]:
        few = [f"{target.name}/" for target in targets] if len(targets) <= FEW else [""]
        found = chain.from_iterable(self._store.versions(f"{self._folder}{name}") for name in few)
        known = {name.removeprefix(self._folder) for name, _ in found}
        now = self._look()
        versions = now.states.versions([target.name for target in targets])
        return {
            target.name
            for target in targets
            if (version := versions.get(target.name)) and now.proof(target, version) in known
        }

    def _fingerprint(self, target: Target) -> str | None:
        now = self._look()
        version = now.states.version(target.name)
        return now.proof(target, version) if version else None

    def _keep(self, target: Target, before: str) -> None:
        if before != self._fingerprint(target) or not self._is_at_rest(target):
            return
        former = [name for name, _ in self._store.versions(f"{self._folder}{target.name}/")]
        self._store.write(f"{self._folder}{before}")
        for name in former:
            if name != f"{self._folder}{before}":
                self._store.remove(name)

    def _look(self) -> _Look:
        return _Look(self._project, States(self._store, self._project), self._pack, self._engine)

    def _is_at_rest(self, target: Target) -> bool:
        """Whether a preview follows from files alone, and not from the time of a move."""
        document = read_mapping(self._project.settings_file(target.name))
        tenant = config_of(document).get(TENANT_KEY)
        outputs = self._look().states.outputs(target.name)
        try:
            state = remembered(outputs)
        except Refused:
            return False
        resting = state is not None and state.phase is Phase.STEADY and RUNNER_START not in outputs
        # What an environment of Pulumi ESC gives is in no file.
        fixed = ENVIRONMENT not in document and isinstance(tenant, Mapping) and "migration" not in tenant
        return resting and fixed


class _Look:
    """What a preview's result follows from, read at one time. engine: its identity."""

    def __init__(self, project: Project, states: States, pack: str | None, engine: str) -> None:
        self.states = states
        self._project, self._pack, self._engine = project, pack, engine
        self._platform = cache(self._read_platform)

    def proof(self, target: Target, version: str) -> str | None:
        """The name of a stack's proof; None where its platform cannot be read. version: of its state."""
        if (platform := self._platform(target.platform)) is None:
            return None
        settings = self._project.settings_file(target.name).read_bytes()
        parts = (self._ground, version, platform, hashlib.sha256(settings).hexdigest())
        return f"{target.name}/{hashlib.sha256(json.dumps(parts).encode()).hexdigest()}"

    def _read_platform(self, platform: str) -> str | None:
        """A digest of a platform's outputs; None if it has no state that can be read here."""
        if self.states.version(platform) is None:
            return None
        text = json.dumps(self.states.outputs(platform), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @cached_property
    def _ground(self) -> str:
        """A digest of what all stacks of the project have in common."""
        version, program = aws_plugin()
        facts: list[object] = [
            *_of_code(),
            *(_of_files(self._project.folder / self._pack) if self._pack else ()),
            *_of_files(*(self._project.folder / name for name in PROJECT_FILES)),
            *sorted(
                map(_of_package, chain.from_iterable(Path(place).glob("*.dist-info") for place in sys.path))
            ),
            *(sys.version, self._engine, version),
            *(_of_program(file) for file in sorted(program.parent.iterdir() if program else ())),
            *sorted(each for each in os.environ.items() if _has_influence(each[0])),
        ]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def find_proofs(project: Project, pack: str | None, tell: Callable[[str], None]) -> Proofs | None:
    """The proofs of the project's stacks. None, and why is printed, where no stack can be proved unchanged.

    tell: prints a line.
    """
    if problem := other_program(project) or _unseen(project):
        tell(f"No stack can be proved unchanged: {problem}.")
    elif store := store_of(backend_url(project)):
        return Proofs(project, store, pack, engine_identity(), tell)
    else:
        tell(
            "No stack can be proved unchanged: only a backend in a folder or in S3 shows the stacks' states."
        )
    return None


def _unseen(project: Project) -> str | None:
    """Why a preview follows from what nobody sees here; None if it does not."""
    if names := sorted(filter(UNSEEN.fullmatch, os.environ)):
        return f"{', '.join(names)} may lead to what nobody sees"
    options = read_mapping(project.file).get("options")
    if isinstance(options, Mapping) and "refresh" in options:
        return "`options.refresh` in Pulumi.yaml has previews show what was changed in AWS"
    return None


def _has_influence(variable: str) -> bool:
    return variable.startswith(VARIABLES) and not WITHOUT_INFLUENCE.fullmatch(variable)


def _without_changes(seen: EngineLog) -> bool:
    """Whether a preview that succeeded has no change, of outputs neither, and nothing to say."""
    # As a step begins, it has no new outputs yet.
    root = [step for step in seen.steps if step.type == STACK_TYPE and step.status is Status.DONE]
    outputs = bool(root) and all(
        step.old and step.new and step.old.outputs == step.new.outputs for step in root
    )
    unchanged = bool(seen.counts) and set(seen.counts) == {Operation.SAME}
    return unchanged and outputs and not seen.violations and not seen.diagnostics


def _of_code() -> Iterator[tuple[str, str]]:
    """The package's modules that declare and judge stacks, and what else a program may import from there."""
    home = Path(tenantnet.__file__).parent
    policies = find_spec("tenantnet.policies")
    yield from _of_files(*(each for each in sorted(home.iterdir()) if each.name not in {*BESIDE, COMPILED}))
    yield from _of_files(*map(Path, (policies and policies.submodule_search_locations) or ()))


def _of_package(info: Path) -> tuple[str, str]:
    """An installed package, and the digest of what its installer has recorded of its modules."""
    record = info / "RECORD"
    # This package's code is looked at by itself.
    if info.name.startswith("tenantnet-") or not record.is_file():
        return info.name, ""
    return info.name, _recorded(record, record.stat().st_mtime_ns)


@cache
def _recorded(record: Path, _changed: int) -> str:
    # Neither scripts nor notes, which name places. There are twenty thousand lines.
    lines = [
        each
        for each in record.read_bytes().splitlines()
        if b".dist-info/" not in each and b"__pycache__/" not in each and not each.startswith(b"../")
    ]
    return hashlib.sha256(b"\n".join(sorted(lines))).hexdigest()


def _of_files(*places: Path) -> Iterator[tuple[str, str]]:
    """The digests of files, and of all files in folders, with their names there."""
    for place in places:
        for file in sorted(_files_in(place)) if place.is_dir() else [place]:
            if file.is_file():
                name = str(Path(place.name, file.relative_to(place)))
                yield name, hashlib.sha256(file.read_bytes()).hexdigest()


def _files_in(place: Path) -> Iterator[Path]:
    """Also behind links to folders, and once behind one that leads to where it is."""
    seen = set[str]()
    for folder, folders, names in os.walk(place, followlinks=True):
        real = os.path.realpath(folder)
        folders[:] = [] if real in seen else sorted({*folders} - {COMPILED})
        seen.add(real)
        yield from (Path(folder, name) for name in names)


def _of_program(file: Path) -> tuple[str, int, str]:
    """What tells a part of the plugin from another one of its name."""
    return file.name, file.stat().st_size, digest_of_program(file)
