"""Stacks that are proved unchanged: the engine would see what it saw last time, so it need not start.

A preview without changes proves its stack's fingerprint, which has all that the preview's result follows
from: code and packages, engine and plugin, settings, the stack's state, and its platform's outputs. The
proofs are empty files beside the states: whoever may write a proof may write the state, too. What a preview
reads live (claims, leftovers of a killed update) is for `fleet drift` and `claims audit`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import TypeVar

from tenantnet.engine.events import STACK_TYPE, EngineLog, Operation, Status
from tenantnet.engine.states import FEW, States, Store, backend_url, store_of
from tenantnet.engine.version import engine_identity
from tenantnet.failure import Failure
from tenantnet.fleet.ground import Ground, Unseen
from tenantnet.fleet.targets import Target, read_each
from tenantnet.phases.memory import remembered
from tenantnet.phases.phases import Phase
from tenantnet.phases.starts import OUTPUT as RUNNER_START
from tenantnet.refusal import Refused
from tenantnet.settings.files import config_of
from tenantnet.settings.loading import TENANT_KEY
from tenantnet.settings.project import Project
from tenantnet.settings.reading import read_mapping

PROOFS = ".tenantnet/unchanged/"
ENVIRONMENT = "environment"
# By it a program of one's own reads another stack, whose state is in no fingerprint.
REFERENCE = "pulumi:pulumi:StackReference"

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Of a stack at one time. proof: the name of its proof. written: when its settings file was."""

    proof: str
    written: int


class Proofs:
    """The proofs of a project's stacks, for previews with one policy pack.

    Their ground is read here, before a run starts what reads it once for many stacks: a language host, a
    plugin. pack: the pack's folder, from the project's; None for previews without one. identity: finds the
    engine's. tell: prints a line.

    Raises Failure, Refused, Unseen, OSError.
    """

    def __init__(
        self,
        project: Project,
        store: Store,
        pack: str | None,
        identity: Callable[[], str],
        tell: Callable[[str], None],
    ) -> None:
        self._project, self._store, self._pack = project, store, pack
        self._identity, self._tell, self._usable = identity, tell, True
        self._folder = f"{PROOFS}{read_mapping(project.file).get('name')}/"
        self._ground = self._read_ground()

    def proved(self, targets: Collection[Target]) -> set[str]:
        """The tenants whose stacks are as they were when a preview of them showed no change."""
        found = self._ask(lambda: self._proved(targets)) or set()
        if found and self._pack:
            self._tell(
                f"The policy pack does not ask AWS again about what is proved unchanged ({len(found)} of "
                f"{len(targets)}); with --all-engines it does."
            )
        return found

    def fingerprint(self, target: Target) -> Fingerprint | None:
        """Of a stack as it is now; None if it has no state, or none that can be read."""
        return self._ask(lambda: self._fingerprint(target))

    def keep(self, target: Target, before: Fingerprint | None, seen: EngineLog) -> None:
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
            if (version := versions.get(target.name))
            and (this := now.fingerprint(target, version))
            and this.proof in known
        }

    def _fingerprint(self, target: Target) -> Fingerprint | None:
        now = self._look()
        version = now.states.version(target.name)
        return now.fingerprint(target, version) if version else None

    def _keep(self, target: Target, before: Fingerprint) -> None:
        if not self._is_as_begun(target, before):
            return
        former = [name for name, _ in self._store.versions(f"{self._folder}{target.name}/")]
        self._store.write(f"{self._folder}{before.proof}")
        for name in former:
            if name != f"{self._folder}{before.proof}":
                self._store.remove(name)

    def _look(self) -> _Look:
        return _Look(self._project, States(self._store, self._project), self._ground.digest)

    def _read_ground(self) -> Ground:
        return Ground.read(self._project, self._pack, self._identity)

    def _is_as_begun(self, target: Target, before: Fingerprint) -> bool:
        """Whether all that a preview follows from is as it was, and nothing that time changes."""
        try:
            if before != self._fingerprint(target) or not self._is_at_rest(target):
                return False
            # Plugins are shared by the settings that the run began with.
            now = read_each(self._project, [target.name])[0].get(target.name)
            return now == target and self._read_ground() == self._ground
        except (Refused, Unseen, OSError):
            return False

    def _is_at_rest(self, target: Target) -> bool:
        """Whether a preview follows from files alone, and not from the time of a move. Raises Refused."""
        document = read_mapping(self._project.settings_file(target.name))
        tenant = config_of(document).get(TENANT_KEY)
        outputs = self._look().states.outputs(target.name)
        state = remembered(outputs)
        resting = state is not None and state.phase is Phase.STEADY and RUNNER_START not in outputs
        # What an environment of Pulumi ESC gives is in no file.
        fixed = ENVIRONMENT not in document and isinstance(tenant, Mapping) and "migration" not in tenant
        return resting and fixed


class _Look:
    """What a preview's result follows from, read at one time. ground: its digest."""

    def __init__(self, project: Project, states: States, ground: str) -> None:
        self.states = states
        self._project, self._ground = project, ground
        self._platform = cache(self._read_platform)

    def fingerprint(self, target: Target, version: str) -> Fingerprint | None:
        """Of a stack; None where its settings or its platform cannot be read. version: of its state."""
        if (platform := self._platform(target.platform)) is None:
            return None
        file = self._project.settings_file(target.name)
        try:
            settings, written = file.read_bytes(), file.stat().st_ctime_ns
        except OSError:
            return None
        parts = (self._ground, target.name, version, platform, hashlib.sha256(settings).hexdigest())
        digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
        return Fingerprint(f"{target.name}/{digest}", written)

    def _read_platform(self, platform: str) -> str | None:
        """A digest of a platform's outputs; None if it has no state that can be read here."""
        if self.states.version(platform) is None:
            return None
        text = json.dumps(self.states.outputs(platform), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def find_proofs(project: Project, pack: str | None, tell: Callable[[str], None]) -> Proofs | None:
    """The proofs of the project's stacks. None, and why is printed, where no stack can be proved unchanged.

    tell: prints a line.
    """
    try:
        if store := store_of(backend_url(project)):
            return Proofs(project, store, pack, engine_identity, tell)
        problem = "only a backend in a folder or in S3 shows the stacks' states"
    except (Unseen, OSError) as error:
        problem = str(error)
    tell(f"No stack can be proved unchanged: {problem}.")
    return None


def _without_changes(seen: EngineLog) -> bool:
    """Whether a preview that succeeded has no change, of outputs neither, and nothing to say.

    And no other stack was read for it than its platform's.
    """
    # As a step begins, it has no new outputs yet.
    root = [step for step in seen.steps if step.type == STACK_TYPE and step.status is Status.DONE]
    outputs = bool(root) and all(
        step.old and step.new and step.old.outputs == step.new.outputs for step in root
    )
    unchanged = bool(seen.counts) and set(seen.counts) == {Operation.SAME}
    reads_others = any(step.type == REFERENCE for step in seen.steps)
    return unchanged and outputs and not (reads_others or seen.violations or seen.diagnostics)
