"""The files of a backend that Pulumi keeps itself, in a folder or in a bucket of S3, read without an engine.

Where they are: https://www.pulumi.com/docs/iac/concepts/state-and-backends/
"""

from __future__ import annotations

import glob
import gzip
import hashlib
import json
import os
import re
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from threading import get_ident
from typing import Any, Literal, Protocol, Self
from urllib.parse import SplitResult, parse_qs, parse_qsl, unquote, unquote_to_bytes, urlsplit

from pydantic import BaseModel, Field, ValidationError, model_validator
from tenantnet.engine.events import STACK_TYPE
from tenantnet.failure import Failure
from tenantnet.settings.project import Project
from tenantnet.settings.reading import read_mapping

BACKEND = "PULUMI_BACKEND_URL"
# What the engine writes as it first uses a backend.
BACKEND_FILE, STACKS = ".pulumi/meta.yaml", ".pulumi/stacks/"
# So many stacks are listed one by one, and more of them together with all others.
FEW = 20
# States that are read at once.
READERS = 16
FILES = "file://"
# By scheme, what may stand in a backend's address and says of no other files than the rest of it does:
# https://pkg.go.dev/gocloud.dev/blob#URLMux has the others, such as `prefix`.
_OPTIONS = {
    "file": {"create_dir", "dir_file_mode", "metadata", "no_tmp_dir"},
    "s3": {
        *("accelerate", "awssdk", "disableSSL", "disable_https", "dualstack", "endpoint", "fips"),
        *("hostname_immutable", "kmskeyid", "profile", "rate_limiter_capacity", "region"),
        *("request_checksum_calculation", "response_checksum_validation"),
        *("s3ForcePathStyle", "ssetype", "use_path_style"),
    },
}
# The engine may compress a state, and then reads whichever it has written last. The third nobody reads here.
PLAIN, GZIP, ZSTD = ".json", ".json.gz", ".json.zst"


class StateResource(BaseModel):
    """A resource as a state has it; more than nobody here asks for. Secrets are encrypted."""

    urn: str
    type: str
    custom: bool
    id: str = ""
    inputs: dict[str, Any] = {}
    outputs: dict[str, Any] = {}
    provider: str = ""
    external: bool = False
    import_id: str = Field("", alias="importID")
    retain_on_delete: bool = Field(False, alias="retainOnDelete")
    deleted_with: str = Field("", alias="deletedWith")
    property_dependencies: dict[str, list[str] | None] = Field({}, alias="propertyDependencies")
    replace_with: list[str] = Field([], alias="replaceWith")
    replacement_trigger: Any = Field(None, alias="replacementTrigger")
    ignore_changes: list[str] = Field([], alias="ignoreChanges")
    delete: bool = False
    pending_replacement: bool = Field(False, alias="pendingReplacement")


class _Deployment(BaseModel, extra="allow"):
    manifest: dict[str, Any]
    secrets_providers: Any = None
    pending_operations: Any = None
    metadata: Any = None
    resources: list[StateResource] = []

    @model_validator(mode="after")
    def _is_known_to_be_empty(self) -> Self:
        """What is called otherwise by a later engine is no state without resources."""
        if not self.resources and self.model_extra:
            raise ValueError(f"it has no resources, and {', '.join(sorted(self.model_extra))}")
        return self


class _Latest(BaseModel):
    latest: _Deployment


class _State(BaseModel):
    """As the engine keeps it in a file, or exports it: a deployment of null is what never was updated.

    Versions: those whose resources are as above.
    """

    version: Literal[3, 4]
    checkpoint: _Latest | None = None
    deployment: _Deployment | None = None

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        if (self.checkpoint is None) == ("deployment" not in self.model_fields_set):
            raise ValueError("it has neither a checkpoint nor a deployment")
        return self


def read_state(content: bytes | str, stack: str) -> list[StateResource]:
    """A stack's resources as Pulumi writes them, in a file or by `stack export`.

    Raises Failure if it is no state: what is not understood is not taken for empty.
    """
    try:
        state = _State.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        problem = f"{'.'.join(map(str, first['loc'])) or 'all of it'}: {first['msg']}"
    else:
        found = state.checkpoint.latest if state.checkpoint else state.deployment
        return found.resources if found else []
    raise _unread(stack, f"it is no state as Pulumi writes it: {problem}")


def _unread(stack: str, reason: str) -> Failure:
    remedy = f"see what Pulumi says of it: pulumi stack --stack {stack}"
    return Failure(f"Could not read the state of {stack}.", reason=reason, remedy=remedy)


class Store(Protocol):
    """Files by name, such as `.pulumi/stacks/tenantnet/acme.json`. Every method raises Failure."""

    def versions(self, prefix: str) -> Iterator[tuple[str, str]]:
        """Every file whose name begins so, with a text that is another for another content."""
        ...

    def read(self, name: str) -> bytes:
        """The file's content."""
        ...

    def write(self, name: str, content: bytes = b"") -> None:
        """Put a file in its place, at once and whole."""
        ...

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        ...


def backend_url(project: Project, called_in: Path | None = None) -> str:
    """Where Pulumi keeps the project's stacks, found as it finds it; empty if nobody has logged in.

    Of a folder it says the whole path: a relative one begins where Pulumi is called, which is the project's
    folder where nobody knows another one. Raises Failure for what is no URL.
    """
    backend = read_mapping(project.file).get("backend")
    if named := os.environ.get(BACKEND) or (isinstance(backend, Mapping) and backend.get("url")):
        url = str(named)
        path, options = _file_path(url, called_in or project.folder), url.partition("?")[1:]
        return url if path is None else "".join([FILES, path, *options])
    named_homes = (os.environ.get(each) for each in ("PULUMI_CREDENTIALS_PATH", "PULUMI_HOME"))
    home = Path(next(filter(None, named_homes), Path.home() / ".pulumi"))
    try:
        return str(json.loads((home / "credentials.json").read_bytes()).get("current", ""))
    except (OSError, ValueError, AttributeError):
        return ""


def backend_address(url: str) -> SplitResult:
    """The parts of a backend's URL. Raises Failure if it is none."""
    try:
        return urlsplit(url)
    except ValueError as error:
        raise Failure(
            "Could not find Pulumi's backend.",
            reason=f"its address is no URL: {error}",
            remedy=f"correct {BACKEND}, or `backend` in Pulumi.yaml, or log in again: pulumi login",
        ) from None


def backend_folder(url: str, start: Path) -> Path | None:
    """The folder of a backend of `file://`; None if it is another one.

    start: where Pulumi runs, for a relative path. Raises Failure if the URL is none.
    """
    path = _file_path(url, start)
    if path is None:
        return None
    # Once more, for behind escapes there may be others: Go's fileblob cleans what it has read.
    return Path(os.path.normpath(os.fsdecode(unquote_to_bytes(path.partition("#")[0]))))


def _file_path(url: str, start: Path) -> str | None:
    """The whole path in the address of a folder, with its escapes: `..` goes by names, as Pulumi has it."""
    backend_address(url)
    if not url.startswith(FILES):
        return None
    path = url.removeprefix(FILES).partition("?")[0]
    if path.startswith("~"):
        # Only here: Windows has none, and no such backend of ours. Pulumi does not ask HOME.
        from pwd import getpwuid  # noqa: PLC0415

        path = f"{getpwuid(os.getuid()).pw_dir}/{path[2:]}"
    return os.path.normpath(start / path)


def store_of(url: str) -> Store | None:
    """The files of a backend; None if it is one whose files nobody sees, such as Pulumi's own service.

    So it is where the address has an option that may lead to other files, or that nobody here knows.
    """
    found = backend_address(url)
    options = [name for name, _ in parse_qsl(found.query, keep_blank_values=True)]
    if len({*options}) < len(options) or not _OPTIONS.get(found.scheme, {*()}).issuperset(options):
        return None
    if folder := backend_folder(url, Path()):
        return _Folder(folder)
    return _Bucket(found.netloc, unquote(found.path), found.query) if found.scheme == "s3" else None


class States:
    """The states of a project's stacks in a store.

    None is there where the store is laid out as before Pulumi kept stacks by project: Pulumi reads others.
    """

    def __init__(self, store: Store, project: Project) -> None:
        self._store, self._project = store, read_mapping(project.file).get("name")
        self._folder = f"{STACKS}{self._project}/"

    def versions(self, stacks: Collection[str] | None = None) -> dict[str, str]:
        """Each stack's, by name: another text for another state. Without those that cannot be read here.

        stacks: which; without it, all of the project's. Of a folder every state is read that is listed.
        """
        few = stacks is not None and len(stacks) <= FEW
        prefixes = [f"{stack}." for stack in stacks or ()] if few else [""]
        found = [item for prefix in prefixes for item in self._versions(prefix).items()]
        return {name: each[0] for name, each in found if len(each) == 1 and not each[0].startswith(ZSTD)}

    def version(self, stack: str) -> str | None:
        """One stack's; None if it has none that can be read here. Raises Failure if it has two."""
        found = self._versions(f"{stack}.").get(stack, [])
        if len(found) > 1:
            raise _unread(stack, f"it is there in {len(found)} files, of which Pulumi reads the last written")
        return found[0] if found and not found[0].startswith(ZSTD) else None

    @cached_property
    def _is_by_project(self) -> bool:
        if BACKEND_FILE in dict(self._store.versions(BACKEND_FILE)):
            return re.fullmatch(rb"version:\s*1\s*", self._store.read(BACKEND_FILE)) is not None
        names = (name for name, _ in self._store.versions(STACKS))
        return all("/" in name.removeprefix(STACKS) for name in names)

    def _versions(self, prefix: str) -> Mapping[str, list[str]]:
        found: defaultdict[str, list[str]] = defaultdict(list)
        if not self._is_by_project:
            return found
        for name, version in self._store.versions(f"{self._folder}{prefix}"):
            for ending in (PLAIN, GZIP, ZSTD):
                if name.endswith(ending):
                    stack = name.removeprefix(self._folder).removesuffix(ending)
                    found[stack].append(f"{ending} {version}")
        return found

    def outputs(self, stack: str) -> Mapping[str, Any]:
        """A stack's outputs, secrets encrypted; empty before its first update has ended."""
        version = self.version(stack)
        return self._outputs(stack, version) if version else {}

    def outputs_of(self, stacks: Collection[str]) -> dict[str, Mapping[str, Any]]:
        """The outputs of each, by name, without the stacks of which nothing can be read here."""

        def read(stack: str) -> Mapping[str, Any] | None:
            with suppress(Failure):
                return self._outputs(stack, versions[stack])
            return None

        versions = self.versions(stacks)
        there = [stack for stack in stacks if stack in versions]
        with ThreadPoolExecutor(READERS) as pool:
            found = zip(there, pool.map(read, there), strict=True)
            return {stack: outputs for stack, outputs in found if outputs is not None}

    def _outputs(self, stack: str, version: str) -> Mapping[str, Any]:
        resources = self.resources(stack, version)
        return next((each.outputs for each in resources if each.type == STACK_TYPE), {})

    def resources(self, stack: str, version: str) -> list[StateResource]:
        """A stack's resources as Pulumi writes them, secrets encrypted. Raises Failure.

        version: of its state, which may be another by now.
        """
        ending = version.split(" ", maxsplit=1)[0]
        content = self._store.read(f"{self._folder}{stack}{ending}")
        try:
            return read_state(gzip.decompress(content) if ending == GZIP else content, stack)
        except (OSError, EOFError, zlib.error) as error:
            raise _unread(stack, f"it is not compressed by gzip: {error}") from None

    def locked(self) -> set[str]:
        """The stacks that somebody's update holds now, or that a killed one has left locked."""
        folder = f".pulumi/locks/organization/{self._project}/"
        return {name.removeprefix(folder).split("/")[0] for name, _ in self._store.versions(folder)}


class _Folder:
    """A backend of `file://`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def versions(self, prefix: str) -> Iterator[tuple[str, str]]:
        place, _, start = prefix.rpartition("/")
        with self._doing("list", prefix):
            for file in sorted((self._folder / place).rglob(f"{glob.escape(start)}*")):
                # The engine writes a file beside the one that it then replaces.
                with suppress(FileNotFoundError, IsADirectoryError):
                    content = file.read_bytes()
                    yield file.relative_to(self._folder).as_posix(), hashlib.sha256(content).hexdigest()

    def read(self, name: str) -> bytes:
        with self._doing("read", name):
            return (self._folder / name).read_bytes()

    def write(self, name: str, content: bytes = b"") -> None:
        with self._doing("write", name):
            file = self._folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            # Beside all that is listed.
            draft = self._folder / ".tenantnet" / f"{os.getpid()}-{get_ident()}"
            draft.parent.mkdir(exist_ok=True)
            draft.write_bytes(content)
            draft.replace(file)

    def remove(self, name: str) -> None:
        with self._doing("remove", name):
            (self._folder / name).unlink(missing_ok=True)

    @contextmanager
    def _doing(self, what: str, name: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise Failure(
                f"Could not {what} {name} in Pulumi's backend.",
                reason=f"{error.strerror}: {self._folder / name}",
                remedy="make the folder readable and writable for this user",
            ) from None


class _Bucket:
    """A backend of `s3://`. query: of its URL, such as `region=eu-west-1&profile=production`."""

    def __init__(self, bucket: str, folder: str, query: str) -> None:
        folder = folder.lstrip("/")
        self._bucket, self._prefix = bucket, folder if folder.endswith("/") or not folder else f"{folder}/"
        self._options = {key: values[-1] for key, values in parse_qs(query).items()}

    @cached_property
    def _s3(self) -> Any:  # noqa: ANN401 - boto3 makes its clients as it runs
        # Only here: a backend of files needs no boto3.
        import boto3  # noqa: PLC0415
        from tenantnet.aws.answers import MANY_CALLS  # noqa: PLC0415

        endpoint = self._options.get("endpoint")
        if endpoint and "://" not in endpoint:
            plain = {"disableSSL", "disable_https"} & {
                key for key, value in self._options.items() if value == "true"
            }
            endpoint = f"http{'' if plain else 's'}://{endpoint}"
        return boto3.Session(profile_name=self._options.get("profile")).client(
            "s3",
            region_name=self._options.get("region"),
            endpoint_url=endpoint,
            config=MANY_CALLS,
        )

    def versions(self, prefix: str) -> Iterator[tuple[str, str]]:
        with self._doing("list", prefix):
            pages = self._s3.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=f"{self._prefix}{prefix}"
            )
            for page in pages:
                for found in page.get("Contents", []):
                    yield found["Key"].removeprefix(self._prefix), found["ETag"]

    def read(self, name: str) -> bytes:
        with self._doing("read", name):
            answer = self._s3.get_object(Bucket=self._bucket, Key=f"{self._prefix}{name}")
            content: bytes = answer["Body"].read()
            return content

    def write(self, name: str, content: bytes = b"") -> None:
        with self._doing("write", name):
            self._s3.put_object(Bucket=self._bucket, Key=f"{self._prefix}{name}", Body=content)

    def remove(self, name: str) -> None:
        with self._doing("remove", name):
            self._s3.delete_object(Bucket=self._bucket, Key=f"{self._prefix}{name}")

    @contextmanager
    def _doing(self, what: str, name: str) -> Iterator[None]:
        from tenantnet.aws.answers import aws_answers  # noqa: PLC0415

        task = f"{what} {name} in s3://{self._bucket}"
        with aws_answers(task, region=self._options.get("region", "the bucket's region")):
            yield
