"""The steps of a workflow of ours, run as GitHub runs them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.support.clone import CLONE

WORKFLOWS = CLONE / ".github" / "workflows"


def workflow(name: str) -> dict[Any, Any]:
    """A workflow's document."""
    document: dict[Any, Any] = YAML(typ="safe").load(WORKFLOWS / f"{name}.yaml")
    return document


def scripts(name: str, job: str) -> list[dict[str, Any]]:
    """The steps of a job that run a script."""
    return [step for step in workflow(name)["jobs"][job]["steps"] if "run" in step]


def run_scripts(
    name: str,
    job: str,
    *,
    folder: Path,
    environment: Mapping[str, str],
    scratch: Path,
    install: Callable[[], object],
) -> dict[str, int]:
    """The exit code of each step. environment: has what GitHub's own settings and secrets would say.

    folder: the steps' working directory. scratch: for the files by which steps tell something. install: what
    is called in the place of the step that installs.
    """
    output, codes = scratch / "output", dict[str, int]()
    output.write_text("", encoding="utf-8")
    for step in scripts(name, job):
        if step["name"] == "Install":
            install()
            continue
        known = dict(line.split("=", 1) for line in output.read_text(encoding="utf-8").splitlines())
        given = {
            variable: known[found[1]]
            for variable, value in step.get("env", {}).items()
            if (found := re.fullmatch(r"\$\{\{ steps\.\w+\.outputs\.(\w+) \}\}", value))
        }
        done = subprocess.run(
            ["bash", "-e", "-c", step["run"]],
            cwd=folder,
            env={**environment, "GITHUB_OUTPUT": str(output), **given},
            check=False,
        )
        codes[step["name"]] = done.returncode
    return codes
