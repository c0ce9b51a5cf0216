"""A git repository of a test's own to review changes in: settings files, and a copy of the program."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.clone import CLONE
from tests.support.plain_yaml import plain_yaml
from tests.support.project import Project

GOLDEN = CLONE / "tests" / "end_to_end" / "golden"
# Set to anything, it has the golden files written anew, to be read and committed by a person.
REGENERATE = "TENANTNET_WRITE_GOLDEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """A finished `tenantnet review`: its exit code, what it printed, and its two files."""

    code: int
    output: str
    comment: str
    result: dict[str, Any]

    @property
    def everything(self) -> str:
        return f"{self.output}{self.comment}{json.dumps(self.result)}"

    def check_comment(self, name: str) -> None:
        """Compare the comment with the golden file `name`, or write that anew."""
        text, file = self.comment.replace(self.result["commit"][:8], "0a1b2c3d"), GOLDEN / f"{name}.md"
        if os.environ.get(REGENERATE):
            file.write_text(text, encoding="utf-8")
        assert text == file.read_text(encoding="utf-8"), f"see {file}; {REGENERATE}=1 writes it anew"


class ReviewProject(Project):
    """The project as a repository, whose last commit is what a change is reviewed against."""

    @classmethod
    def with_program(cls, folder: Path, environment: Mapping[str, str]) -> ReviewProject:
        """The clone's program as a copy that the test may change."""
        (folder / "tenants").mkdir(parents=True)
        for name in ("infra", "policies"):
            shutil.copytree(CLONE / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / ".venv").symlink_to(CLONE / ".venv")
        shutil.copy(CLONE / "Pulumi.yaml", folder)
        (folder / ".gitignore").write_text("__pycache__\n.venv\n.packages\n", encoding="utf-8")
        # The copy of the program comes before the clone's, which the virtual environment names.
        return cls(folder, {**environment, "PYTHONPATH": str(_packages(folder))})

    def git(self, *arguments: str) -> None:
        identity = ["-c", "user.name=Tester", "-c", "user.email=tester@example.com"]
        command = ["git", *identity, *arguments]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def commit(self) -> None:
        """Make the working tree what changes are reviewed against."""
        self.git("init", "--quiet", "--initial-branch", "main")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "base")

    @contextmanager
    def changed(self) -> Iterator[None]:
        """Changes that a test makes, undone at the end."""
        try:
            yield
        finally:
            self.git("checkout", "--quiet", "--", ".")
            self.git("clean", "--quiet", "--force", "-d")

    def edit(self, stack: str, **settings: Any) -> None:
        """Set top keys of a tenant's settings."""
        yaml, path = plain_yaml(), self.settings_file(stack)
        document = yaml.load(path)
        document["config"]["tenantnet:tenant"].update(settings)
        with path.open("w", encoding="utf-8") as file:
            yaml.dump(document, file)

    def rewrite(self, name: str, old: str, new: str) -> None:
        """Change text in a file of the project that has it."""
        file = self.folder / name
        text = file.read_text(encoding="utf-8")
        assert old in text, f"{name} does not have {old!r}"
        file.write_text(text.replace(old, new), encoding="utf-8")

    def add_tenant(self, stack: str, like: str, **settings: Any) -> None:
        """Add a tenant's settings file without making its stack, with the password of another."""
        shutil.copy(self.settings_file(like), self.settings_file(stack))
        self.edit(stack, **settings)

    def review(self, *arguments: str, output: Path) -> Reviewed:
        """Run `tenantnet review` against the last commit."""
        command = [
            sys.executable,
            "-c",
            "from tenantnet.cli.main import run; run()",
            "review",
            "--base",
            "main",
        ]
        done = subprocess.run(
            [*command, "--base", "main", "--output", str(output), *arguments],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        comment, result = output / "comment.md", output / "result.json"
        assert comment.exists(), done.stdout
        return Reviewed(
            code=done.returncode,
            output=done.stdout,
            comment=comment.read_text(encoding="utf-8"),
            result=json.loads(result.read_text(encoding="utf-8")),
        )


def _packages(folder: Path) -> Path:
    """Lay the copy out as it is imported: the policies inside the program's package."""
    package = folder / ".packages" / "tenantnet"
    package.mkdir(parents=True)
    for entry in (*(folder / "infra").iterdir(), folder / "policies"):
        (package / entry.name).symlink_to(entry)
    return package.parent
