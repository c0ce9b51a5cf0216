"""A person's tunnels: a file in the user's configuration, which nobody else can read.

It contains no secret, but it shows which databases its owner works with.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel
from tenantnet.aws.endpoint import REGION
from tenantnet.failure import Failure
from tenantnet.forms import Form, check_form
from tenantnet.refusal import Refused, Rule
from tenantnet.settings.locking import edit_lock
from tenantnet.tunnel.local_port import LOCAL_PORT_ONCE, require_local_port

NAME = Form(pattern="[a-z0-9][a-z0-9-]*", longest=63)

TUNNEL_NAME = Rule(
    id="tunnel-name",
    rule="a tunnel's name has lower-case letters, digits and hyphens, 63 at most, and does not start with -",
    reason="it becomes part of a file's name, and people type it",
    remedy="choose another one, such as the tenant's name",
)
TUNNEL_KNOWN = Rule(
    id="tunnel-known",
    rule="a tunnel is one of your profiles, or leads to a tenant of the project that you are in",
    reason="tunnel not found: there is neither a profile nor a tenant {name}",
    remedy="{remedy}",
)
TUNNELS_TO_START = Rule(
    id="tunnels-to-start",
    rule="there is a tunnel to start",
    reason="none of your profiles {what}",
    remedy="name one: tenantnet tunnel start NAME; or add it: tenantnet tunnel add NAME --automatic",
)


class Profile(BaseModel):
    """One tunnel. document: the session document's name, and the IAM group's. target: the tunnel host's id.

    automatic: whether `tenantnet tunnel start` without a name starts it.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=f"^{NAME.pattern}$", max_length=NAME.longest)]
    region: Annotated[str, Field(pattern=f"^{REGION}$")]
    document: Annotated[str, Field(min_length=3, max_length=128)]
    target: Annotated[str, Field(pattern=r"^m?i-[0-9a-f]+$")]
    local_port: Annotated[int, Field(ge=1, le=65535)]
    automatic: bool = False

    @property
    def parameters(self) -> Mapping[str, str]:
        """What the document is given, by the names of its parameters."""
        return {"localPortNumber": str(self.local_port)}


class Profiles:
    """The file. Every method raises Failure if it cannot be read or written."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or Path(typer.get_app_dir("tenantnet"))
        self.path = self.folder / "tunnels.json"

    def all(self) -> Mapping[str, Profile]:
        """By their names, in the order in which they were added."""
        try:
            raw = json.loads(self.path.read_text(encoding="utf-8"))
            return {each["name"]: Profile.model_validate(each) for each in raw["tunnels"]}
        except FileNotFoundError:
            return {}
        except (ValidationError, ValueError, KeyError, TypeError) as error:
            raise Failure(
                "Could not read your tunnels.",
                reason=f"{self.path}: {_first_line(error)}",
                remedy="correct the file, or remove it and add the tunnels again: tenantnet tunnel add",
            ) from None
        except OSError as error:
            raise self._failure("read", error) from None

    def require_place(self, name: str, local_port: int) -> None:
        """Raises Refused for a name, or for a port, that a tunnel beside the others cannot have."""
        require_name(name)
        require_local_port(local_port)
        others = [each for each in self.all().values() if each.name != name]
        if other := with_port(others, local_port):
            raise Refused("The tunnel", [LOCAL_PORT_ONCE.refuse(local_port, "--local-port", other=other)])

    def put(self, profile: Profile) -> bool:
        """Add a tunnel, or replace the one of that name; whether there was one."""
        with self._alone():
            profiles = dict(self.all())
            self._write([*(profiles | {profile.name: profile}).values()])
            return profile.name in profiles

    def remove(self, name: str) -> None:
        """Remove a tunnel. Raises Refused if there is none of that name."""
        with self._alone():
            profiles = dict(self.all())
            if name not in profiles:
                raise unknown_tunnel(name, profiles)
            del profiles[name]
            self._write(list(profiles.values()))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold off other commands that change the file: what one has read the other would write over."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise self._failure("write", error) from None
        with nullcontext() if sys.platform == "win32" else edit_lock(self.folder):
            yield

    def _write(self, profiles: Sequence[Profile]) -> None:
        text = json.dumps({"tunnels": [each.model_dump(by_alias=True) for each in profiles]}, indent=2)
        try:
            write_private(self.path, text)
        except OSError as error:
            raise self._failure("write", error) from None

    def _failure(self, task: str, error: OSError) -> Failure:
        return Failure(
            f"Could not {task} your tunnels.",
            reason=f"{error.strerror}: {self.path}",
            remedy="see that you may read and write there, or choose another place with XDG_CONFIG_HOME",
        )


def write_private(path: Path, text: str) -> None:
    """Put a file in place in one step, readable for its owner alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # A temporary file has mode 0600 from its beginning.
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}-", delete=False
    ) as draft:
        try:
            draft.write(f"{text}\n")
            draft.flush()
            os.fsync(draft.fileno())
        except BaseException:
            Path(draft.name).unlink()
            raise
    Path(draft.name).replace(path)


def automatic(known: Mapping[str, Profile]) -> list[Profile]:
    """Those that start without being named. Raises Refused if there is none."""
    if chosen := [each for each in known.values() if each.automatic]:
        return chosen
    what = "starts automatically" if known else "is there: there are none"
    raise Refused("The command", [TUNNELS_TO_START.refuse(None, what=what)])


def unknown_tunnel(name: str, known: Collection[str]) -> Refused:
    """The error for a tunnel that is not there, with the nearest names, or else all."""
    return Refused("The tunnel", [TUNNEL_KNOWN.refuse(name, name=name, remedy=_way_out(name, sorted(known)))])


def _way_out(name: str, known: Sequence[str]) -> str:
    if near := get_close_matches(name, known, n=3, cutoff=0.5):
        return f"did you mean {' or '.join(near)}?"
    if known:
        return f"the known ones are: {', '.join(known)}"
    return "ask the platform team for the line that `tenantnet tunnel share TENANT` prints, and run it"


def require_name(name: str) -> None:
    """Raises Refused for what cannot be a tunnel's name."""
    if refusals := check_form(TUNNEL_NAME, NAME, name):
        raise Refused("The tunnel's name", refusals)


def with_port(profiles: Iterable[Profile], port: int) -> str | None:
    """The name of the tunnel that has the port; None for none."""
    return next((each.name for each in profiles if each.local_port == port), None)


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        problem = error.errors()[0]
        return f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"
    return f"it is not as `tenantnet tunnel add` writes it ({error})"
