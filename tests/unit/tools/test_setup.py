"""scripts/setup, piece by piece: the Python that it finds, and the packages."""

from __future__ import annotations

import os
import subprocess
import venv
from pathlib import Path

import pytest

from tests.support.clone import CLONE
from tests.support.processes import a_program
from tools.setup import clone, python_packages

TARGET = "linux_amd64"


class TestPythonPackages:
    @pytest.fixture
    def environment(self, tmp_path: Path) -> Path:
        """One as the cache holds it: made under another name than the one it has now."""
        origin = tmp_path / "unfinished"
        venv.create(origin, with_pip=False)
        a_program(origin / "bin" / "tool", "").write_text(
            f"#!{origin}/bin/python\nimport sys\nprint(sys.prefix)\nprint(__name__, *sys.argv[1:])\n",
            encoding="utf-8",
        )
        (origin / "bin" / "__pycache__").mkdir()  # compiled scripts, which some packages bring
        (origin / python_packages.ORIGIN).write_text(str(origin), encoding="utf-8")
        return origin.rename(tmp_path / "python")

    @pytest.mark.parametrize("name", ["venv", "with blanks", "long" * 40])
    def test_a_copy_of_the_caches_is_a_whole_one(self, environment: Path, tmp_path: Path, name: str) -> None:
        new, home = tmp_path / "new", tmp_path / name
        python_packages.relocate(environment, new, name=home)
        new.rename(home)
        run = subprocess.run([home / "bin" / "tool", "a b"], capture_output=True, text=True, check=True)
        assert run.stdout == f"{home}\n__main__ a b\n"
        activated = subprocess.run(
            ["/bin/bash", "-c", '. "$0/bin/activate"; command -v tool', home],
            capture_output=True,
            text=True,
            check=True,
        )
        assert activated.stdout == f"{home}/bin/tool\n"

    def test_copying_leaves_the_caches_as_it_was(self, environment: Path, tmp_path: Path) -> None:
        before = {path: path.read_bytes() for path in environment.rglob("*") if path.is_file()}
        python_packages.relocate(environment, tmp_path / "new", name=tmp_path / "new")
        assert {path: path.read_bytes() for path in environment.rglob("*") if path.is_file()} == before


class TestSetup:
    def test_a_python_that_is_too_old_is_refused_in_words(self, tmp_path: Path) -> None:
        for name in ("python3", "python3.11", "python3.12", "python3.13", "python3.14"):
            a_program(tmp_path / name, '[ "$1" = --version ] && echo Python 3.9.2; exit 1')
        run = subprocess.run(
            ["/bin/bash", CLONE / "scripts" / "setup"],
            env={**os.environ, "PATH": f"{tmp_path}:/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 2
        assert "Python 3.9.2" in run.stderr
        assert "remedy:" in run.stderr

    def test_the_lock_file_pins_what_the_engine_is_chosen_by(self) -> None:
        assert clone.pinned_version("pulumi-aws").startswith("7.")
