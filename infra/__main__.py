"""What `pulumi` runs: declares the current stack."""

from __future__ import annotations

from pathlib import Path

from pulumi.runtime import get_root_directory

from infra.program import declare_stack
from infra.project import PROJECT_FILE

declare_stack(Path(get_root_directory(), PROJECT_FILE))
