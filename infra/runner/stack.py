"""A tenant's stack, updated by the runner: the project's program, with the state to reach."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from pulumi.automation import CommandError, ConcurrentUpdateError, PulumiCommand, Stack
from tenantnet.aws import types
from tenantnet.engine.engine import Engine
from tenantnet.engine.events import said_in
from tenantnet.engine.locks import clear_unfinished_locks, lock_holder, locked
from tenantnet.engine.plugins import SharedPlugins
from tenantnet.failure import Failure
from tenantnet.phases.memory import remembered
from tenantnet.phases.phases import State
from tenantnet.phases.transitions import Decision
from tenantnet.program import as_run_errors, database_password, tenant_settings
from tenantnet.runner.copies import CopyPart
from tenantnet.settings.project import Project
from tenantnet.stacks.tenant import RequestedStep, plan
from tenantnet.tags import Slot, network_name

# Part of the URN of every resource below a database, and of what leads to the other one.
COPY = ("$tenantnet:index:TenantDatabase$", "$tenantnet:index:DatabasePeering$")

_T = TypeVar("_T")


class MovingStack:
    """One tenant's stack. Every method raises Failure, in Pulumi's words, where Pulumi does not succeed.

    plugins: those that its updates share. command: of every engine.
    """

    def __init__(
        self,
        project: Project,
        name: str,
        decision: Callable[[int], Decision | None],
        plugins: SharedPlugins,
        command: PulumiCommand,
    ) -> None:
        self._project, self._name, self._decision, self._plugins = project, name, decision, plugins
        self._engine = Engine(project, lambda: command)

    def state(self) -> State | None:
        """What the stack remembers; None before its first update has finished. Raises Refused."""
        return remembered(self._engine.outputs(self._name) or {})

    def update(
        self, requested: State, ahead: Callable[[], None], opened: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """Bring the stack to `requested`, and record that.

        ahead: called behind the stack's lock, once nothing is refused, before anything is declared. opened:
        rules for clients that exist already, as in RequestedStep.
        """
        task = f"bring {self._name} to phase {requested.phase}"
        state = self._state_of(self._stack())
        databases = _databases(self._name, state)
        self._settle_pending(state)
        missing = [slot for slot in Slot if slot not in databases]
        stack = self._stack_at_aws(lambda: self._declare(requested, missing, ahead, opened))
        self._do(task, lambda: stack.up(message=f"move {requested.move}: {requested.phase}", color="never"))

    def _declare(
        self,
        requested: State,
        missing: Collection[Slot],
        ahead: Callable[[], None],
        opened: Mapping[str, str],
    ) -> None:
        """The program of an update; the engine holds the stack's lock."""
        with as_run_errors():
            settings = tenant_settings(self._project.file)
            decision = self._decision(requested.move)
            step = RequestedStep(state=requested, decision=decision, missing=missing, opened=opened)
            planned = plan(settings, step)
            ahead()
            planned.declare(database_password())

    def adopt(self, slot: Slot) -> None:
        """Record in the stack what the API has changed in a slot's database, such as a promotion."""
        if (urn := _databases(self._name, self._state_of(self._stack())).get(slot)) is not None:
            stack = self._stack_at_aws()
            self._do(
                f"read the database of {slot} into the stack of {self._name}",
                lambda: stack.refresh(target=[urn], color="never"),
            )

    def adopt_rules(self, slot: Slot) -> None:
        """Record which rules still let clients in to a slot: a killed run may have revoked some."""
        prefix = network_name(self._name, slot)
        resources = self._state_of(self._stack()).get("resources", [])
        urns = [
            resource["urn"]
            for resource in resources
            if resource["type"] == types.INGRESS_RULE
            and resource["urn"].rsplit("::", 1)[-1].startswith(f"{prefix}-")
        ]
        if urns:
            stack = self._stack_at_aws()
            task = f"read the rules of {slot} into the stack of {self._name}"
            self._do(task, lambda: stack.refresh(target=urns, color="never"))

    def parts(self) -> set[CopyPart]:
        """The resources of databases in the stack, without those whose creation was cut off."""
        return {
            CopyPart(resource["type"], name)
            for resource in self._state_of(self._stack()).get("resources", [])
            for name in (resource.get("id"), resource.get("outputs", {}).get("identifier"))
            if name
        }

    def _settle_pending(self, state: Mapping[str, Any]) -> None:
        """Record what a killed run did: what it was deleting may be gone.

        What it was creating of a copy is deleted by now: the update creates it again. For anything
        else that was being created, Pulumi itself tells the user what to do.
        """
        known = {resource["urn"] for resource in state.get("resources", [])}
        creating, deleting = (_pending(state, kind) for kind in ("creating", "deleting"))
        of_copies = bool(creating) and all(any(part in urn for part in COPY) for urn in creating)
        # Refreshing the stack resource itself asks no provider.
        targets = [*([_root(state)] if of_copies else []), *(urn for urn in deleting if urn in known)]
        if targets:
            stack = self._stack_at_aws()
            self._do(
                f"record in the stack of {self._name} what a killed run did",
                lambda: stack.refresh(target=targets, clear_pending_creates=of_copies, color="never"),
            )

    def _state_of(self, stack: Stack) -> Mapping[str, Any]:
        return self._do(f"read the stack of {self._name}", stack.export_stack).deployment or {}

    def _stack(self) -> Stack:
        return self._engine.stack(self._name)

    def _stack_at_aws(self, program: Callable[[], None] | None = None) -> Stack:
        """The stack, for operations that also ask AWS."""
        return self._engine.stack(self._name, self._plugins.environment(), program)

    def _do(self, task: str, operation: Callable[[], _T]) -> _T:
        """Do it; once more if the only obstacle was the lock of a run that has ended."""
        try:
            try:
                return operation()
            except CommandError as error:
                if not self._unlocks(error):
                    raise
                return operation()
        except ConcurrentUpdateError as error:
            state = "This run changed nothing in the stack."
            raise locked(task, self._name, str(error), state) from None
        except CommandError as error:
            raise Failure(
                f"Could not {task}.",
                reason=f"Pulumi says: {said_in(str(error))}",
                remedy="remove the cause, then `tenantnet migrate run` goes on, at the end of a move "
                "`tenantnet migrate retire`; before the switch `tenantnet migrate abort` takes the move back",
                state="Part of the step may be done; the next run sees it through.",
            ) from None

    def _unlocks(self, error: CommandError) -> bool:
        """Release the lock that Pulumi complains of, if its holder was a process of this machine."""
        if isinstance(error, ConcurrentUpdateError):
            holder = lock_holder(str(error))
            if holder is None or not holder.is_gone:
                return False
            self._stack().cancel()
            return True
        return clear_unfinished_locks(str(error), self._name, self._engine.file_backend())


def _databases(tenant: str, state: Mapping[str, Any]) -> dict[Slot, str]:
    """The slots that have a database in the stack, with its URN."""
    names = {network_name(tenant, slot): slot for slot in Slot}
    return {
        names[name]: resource["urn"]
        for resource in state.get("resources", [])
        if resource["type"] == types.DATABASE and (name := resource["urn"].rsplit("::", 1)[-1]) in names
    }


def _root(state: Mapping[str, Any]) -> str:
    """The URN of the stack itself."""
    (root,) = (each["urn"] for each in state["resources"] if each["type"] == "pulumi:pulumi:Stack")
    return str(root)


def _pending(state: Mapping[str, Any], kind: str) -> list[str]:
    """The URNs of the resources that an update was creating or deleting when it was killed."""
    operations = state.get("pending_operations") or []
    return list(dict.fromkeys(each["resource"]["urn"] for each in operations if each["type"] == kind))
