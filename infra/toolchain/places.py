"""Where this Tenantnet is: in a clone, or from a wheel in a project of its user's. Standard library only."""

from __future__ import annotations

import sys
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
_TOP = _PACKAGE.parent
IS_CLONE = (_TOP / "pyproject.toml").is_file()
# The clone's top, or what the wheel has of it: setup.py lists that.
SHIPPED = _TOP if IS_CLONE else _PACKAGE / "shipped"
PAGES = SHIPPED / "docs" / "README.md"
# The sources of what is built here, in Go.
SOURCES = SHIPPED / "tools"
# Runs programs for the language host that is built here.
PROGRAM_RUNNER = _PACKAGE / "language_host" / "run.py"


def home() -> Path:
    """The folder of .engine, .tools and .local-cloud.

    The clone; from a wheel the project that the working directory is in, else that directory itself.
    """
    if IS_CLONE:
        return _TOP
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / "Pulumi.yaml").is_file()), here)


def python() -> Path:
    """The interpreter that has Tenantnet's packages and pip: a clone's set-up itself runs in another one."""
    return _TOP / ".venv" / "bin" / "python" if IS_CLONE else Path(sys.executable)
