"""What Pulumi keeps of the project's stacks, in the backend that the run began with.

Once a program has started, it may write another backend or project into Pulumi.yaml, with another state.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import psutil
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from tenantnet.engine.states import BACKEND, StateResource, States, backend_url, read_state, store_of
from tenantnet.failure import Failure
from tenantnet.policies.allowed import PROVIDER
from tenantnet.policies.engine import engine
from tenantnet.policies.model import PLATFORM_PREFIX, Resource
from tenantnet.refusal import Refused
from tenantnet.settings.project import project_of_program
from tenantnet.settings.reading import read_mapping

_Answer = TypeVar("_Answer")


class _Listed(BaseModel):
    name: str
    resources: int | None = Field(None, alias="resourceCount")


class _Place(BaseModel):
    url: str


_STACKS, _PLACE = TypeAdapter(list[_Listed]), TypeAdapter(_Place)
_OUTPUTS = TypeAdapter(dict[str, Any])


@dataclass(frozen=True, kw_only=True)
class Backend:
    """folder: the project's. url: of the backend; empty where Pulumi finds it elsewhere. states: None where
    nobody but Pulumi sees its files. project: with its organisation, `organization/tenantnet`; empty where
    the engine does not say it.

    All methods raise Failure.
    """

    folder: Path
    url: str
    states: States | None
    project: str

    @classmethod
    def find(cls, project: str = "") -> Backend:
        """The one that Pulumi uses here and now."""
        try:
            called_in = _engines_folder()
            found = project_of_program(Path.cwd(), called_in)
            name = read_mapping(found.file).get("name")
            url = backend_url(found, called_in)
            store = store_of(url)
            states = States(store, found) if store else None
        except (Refused, psutil.Error) as error:
            raise _unread("where the state is", str(error), "correct it") from None
        engines = project.rpartition("/")[2] or name
        if name != engines:
            problem = f"{found.file} is of project {name}, and Pulumi's is {engines}"
            raise _unread("where the state is", problem, f"let `main` of {engines} be in its own folder")
        return cls(folder=found.folder, url=url, states=states, project=project)

    def platforms(self) -> Collection[str]:
        """The platforms that have something deployed."""
        remedy = "let whoever runs Pulumi list its stacks: pulumi stack ls"
        words = ("stack", "ls", *(("--project", self.project.rpartition("/")[2]) if self.project else ()))
        stacks = self._ask(_STACKS, *words, what="the project's stacks", remedy=remedy)
        names = [each.name.rpartition("/")[2] for each in stacks if each.resources != 0]
        return sorted(name for name in names if name.startswith(PLATFORM_PREFIX))

    def bucket(self) -> str:
        """The bucket with the state of all stacks; empty where it is in none."""
        remedy = "this must work here: pulumi whoami --verbose"
        said = self._ask(_PLACE, "whoami", "--verbose", what="where the state is", remedy=remedy)
        place = urlsplit(said.url)
        return place.netloc if place.scheme == "s3" else ""

    def outputs(self, stack: str) -> Mapping[str, Any]:
        """A stack's outputs, no secret in clear. Pulumi, which is slower, is asked where no file has them."""
        if self.states and (found := self.states.outputs(stack)):
            return found
        return self._ask(
            _OUTPUTS,
            *("stack", "output", "--stack", self._named(stack)),
            what=f"the outputs of {stack}",
            remedy=f"deploy it first: tenantnet up {stack}. If it is deployed, this must work here, "
            f"with the passphrase or the KMS key of its secrets: pulumi stack output --stack {stack}",
        )

    def version(self, stack: str) -> str | None:
        """Another text for another state; None where only Pulumi can read it."""
        return self.states.version(stack) if self.states else None

    def held(self, stack: str, version: str | None) -> Sequence[Resource]:
        """What the stack's state has in AWS."""
        if self.states and version:
            return _held_in(self.states.resources(stack, version))
        what, remedy = f"the state of {stack}", f"this must work here: pulumi stack export --stack {stack}"
        words = ("stack", "export", "--stack", self._named(stack))
        return _held_in(read_state(self._pulumi(*words, what=what, remedy=remedy), stack))

    def _named(self, stack: str) -> str:
        return f"{self.project}/{stack}" if self.project else stack

    def _ask(self, form: TypeAdapter[_Answer], *words: str, what: str, remedy: str) -> _Answer:
        said = self._pulumi(*words, "--json", what=what, remedy=remedy)
        try:
            return form.validate_json(said)
        except ValidationError:
            raise _unread(what, "Pulumi answers something else than it is asked", remedy) from None

    def _pulumi(self, *words: str, what: str, remedy: str) -> str:
        environment = {**os.environ, **({BACKEND: self.url} if self.url else {})}
        command = ["pulumi", *words, "--non-interactive"]
        try:
            return subprocess.run(
                command, cwd=self.folder, env=environment, capture_output=True, text=True, check=True
            ).stdout
        except (OSError, ValueError, subprocess.CalledProcessError) as error:
            said = error.stderr.strip() if isinstance(error, subprocess.CalledProcessError) else str(error)
            raise _unread(what, said, remedy) from None


def _engines_folder() -> Path | None:
    """Where the engine was called that has started this pack.

    None for the base's pack, which a review runs in another folder, and where no engine is among the parents.
    Raises psutil.Error.
    """
    if any(getattr(finder, "is_of_base", False) for finder in sys.meta_path):
        return None
    found = engine()
    if found is None:
        return None
    # The engine takes the name that its shell has for the folder: through a link it is another one.
    named, folder = Path(found.environ().get("PWD", "")), Path(found.cwd())
    return named if named.is_absolute() and named.is_dir() and named.samefile(folder) else folder


def _unread(what: str, said: str, remedy: str) -> Failure:
    return Failure(f"Could not read {what}.", reason=f"{what} cannot be read: {said}", remedy=remedy)


def _held_in(everything: Collection[StateResource]) -> Sequence[Resource]:
    providers = {each.urn: each for each in everything if each.type == PROVIDER}
    regions = {urn: _region_in(each.inputs) for urn, each in providers.items()}
    return [
        Resource(
            type=each.type,
            name=each.urn.rpartition("::")[2],
            urn=each.urn,
            # The ID is the engine's own. What a program says of a resource is among the outputs.
            props={**each.outputs, "id": each.id or None},
            given=each.inputs,
            adopted=bool(each.import_id),
            retained=each.retain_on_delete or bool(each.deleted_with),
            follows=_follows(each, providers.get(each.provider.rpartition("::")[0], each)),
            region=_region_in(each.outputs) or regions.get(each.provider.rpartition("::")[0]),
        )
        for each in everything
        if each.custom and not each.type.startswith("pulumi:") and not each.external
    ]


def _follows(*of: StateResource) -> bool:
    """Whether a replacement may delete it first for another's sake; outputs of stacks are only read.

    of: it, and its provider.
    """
    dependencies = [urns for each in of for urns in each.property_dependencies.values() if urns]
    others = [urn for urn in chain(*dependencies) if "pulumi:pulumi:StackReference" not in urn.split("::")[2]]
    return bool(others) or any(
        each.replace_with or each.replacement_trigger or each.deleted_with for each in of
    )


def _region_in(props: Mapping[str, Any]) -> str | None:
    region = props.get("region")
    return region if isinstance(region, str) else None
