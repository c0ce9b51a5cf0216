"""How policy packs are run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tenantnet.language_host import run


@pytest.mark.parametrize("module", ["colorsys", "argparse", "pulumi"])
def test_a_pack_imports_nothing_from_the_folder_of_the_program_that_it_judges(
    tmp_path: Path, module: str
) -> None:
    program, pack = tmp_path / "program", tmp_path / "pack"
    for folder in (program, pack):
        folder.mkdir()
    (program / f"{module}.py").write_text("raise SystemExit('the program judges itself')\n")
    (pack / "__main__.py").write_text("import colorsys\n\nprint('judged')\n")
    command = [sys.executable, str(run.__file__), "plugin", "pulumi.policy", "127.0.0.1:1", str(pack)]
    done = subprocess.run(command, cwd=program, capture_output=True, text=True, check=False)
    assert done.stdout == "judged\n", done.stderr
