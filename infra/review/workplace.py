"""A copy of the project for previews, so that no command writes into the clone.

A stack that does not exist yet is previewed in a Pulumi backend of the copy's own, beside a copy of its
platform's stack, so that nothing is left behind in the real one and a reviewer needs no right to write there.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

from pulumi.automation import StackNotFoundError
from tenantnet.engine.engine import Engine
from tenantnet.refusal import Refused
from tenantnet.settings.project import Project
from tenantnet.settings.reading import read_mapping


class Workplace:
    """project: the copy. engine: works there. log: a file for what programs print there.

    Every method raises Failure if Pulumi fails.
    """

    def __init__(self, project: Project, backend: Path) -> None:
        self.project, self.engine, self._backend = project, Engine(project), backend
        self.log = backend.with_name("plugin.log")
        self._lock = Lock()
        self._stacks: set[str] = set()

    def put_settings(self, stack: str, text: str) -> None:
        """Give a stack settings in the copy, such as those that it had before the change."""
        self.project.settings_file(stack).write_text(text, encoding="utf-8")

    def new_stack(self, stack: str, platform: str | None) -> dict[str, str]:
        """Make a stack in the copy's own backend, beside a copy of its platform's; the environment for it."""
        environment = {"PULUMI_BACKEND_URL": f"file://{self._backend}"}
        with self._lock:
            if platform and platform not in self._stacks:
                self._copy(platform, environment)
            if stack not in self._stacks:
                self._init(stack, environment)
        return environment

    def _copy(self, stack: str, environment: Mapping[str, str]) -> None:
        with tempfile.NamedTemporaryFile(suffix=".json", dir=self._backend) as state:
            try:
                self._pulumi(stack, {}, "stack", "export", "--stack", stack, "--file", state.name)
            except StackNotFoundError:
                return  # the program says it, in its own words
            self._init(stack, environment)
            self._pulumi(stack, environment, "stack", "import", "--stack", stack, "--file", state.name)

    def _init(self, stack: str, environment: Mapping[str, str]) -> None:
        chosen: list[str] = []
        # By default Pulumi would use a passphrase, whatever the settings are encrypted with.
        with suppress(Refused):
            match read_mapping(self.project.settings_file(stack)).get("secretsprovider"):
                case str(provider) if provider:
                    chosen = ["--secrets-provider", provider]
        self._pulumi(stack, environment, "stack", "init", stack, "--no-select", *chosen)
        self._stacks.add(stack)

    def _pulumi(self, stack: str, environment: Mapping[str, str], *arguments: str) -> None:
        self.engine.run(f"make a place to preview {stack} in", *arguments, environment=environment)


@contextmanager
def workplace(project: Project) -> Iterator[Workplace]:
    """A copy of the project, removed at the end: its settings files copied, all else linked."""
    with tempfile.TemporaryDirectory(prefix="tenantnet-review-") as place:
        folder, backend = Path(place, "project"), Path(place, "backend")
        folder.mkdir()
        backend.mkdir()
        copied = project.settings_folder.relative_to(project.folder)
        for entry in project.folder.iterdir():
            if entry.name not in (*copied.parts[:1], ".git"):
                (folder / entry.name).symlink_to(entry)
        (folder / copied).mkdir(parents=True, exist_ok=True)
        for stack in project.stacks_with_settings():
            target = folder / copied / f"Pulumi.{stack}.yaml"
            target.unlink(missing_ok=True)
            shutil.copyfile(project.settings_file(stack), target)
        yield Workplace(Project(folder=folder, settings_folder=folder / copied), backend)
