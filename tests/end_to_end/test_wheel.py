"""The wheel by itself: without the clone, without the extras, beside folders that have our names."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution
from pathlib import Path
from zipfile import ZipFile

import pytest
import typer
from tenantnet.cli.main import app
from tenantnet.toolchain.cache import cache
from typer.core import TyperGroup

from tests.support.clone import CLONE
from tests.support.processes import Begun
from tests.support.wheel import PIP, build_wheel, install_wheel, required

OWN_FOLDERS = ("infra", "policies", "local_cloud", "tenants", "components", "cli")


def newest() -> Path | None:
    """The newest Python beside this one, or on the PATH, where that is a newer one; it has to have venv."""
    beside = [path.parent for path in Path(sys.base_prefix).parent.glob("*/bin/python3")]
    folders = [*beside, *map(Path, os.environ["PATH"].split(os.pathsep))]
    for minor in range(20, sys.version_info.minor, -1):
        for program in (folder / f"python3.{minor}" for folder in folders):
            if program.is_file() and _succeeds(program, "-c", "import venv, ensurepip"):
                return program
    return None


def _succeeds(*command: str | Path) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module", params=["this Python", "the newest Python"])
def installed(request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a virtual environment with the wheel and what it requires."""
    if request.param == "this Python":
        venv = tmp_path_factory.mktemp("wheel") / "venv"
        run(sys.executable, "-m", "venv", "--without-pip", venv)
        [packages] = venv.glob("lib/python3*/site-packages")
        for each in required("tenantnet", {}).values():
            _link(each, packages)
        install_wheel(wheel, venv)
        return venv / "bin"
    python = newest()
    if python is None:
        pytest.skip("no newer Python is installed here")
    # To install what it requires takes minutes, so it stays for later runs.
    venv = cache() / f"wheel-{python.name}"
    if not (venv / "bin" / "python").is_file():
        run(python, "-m", "venv", venv)
    run(*PIP, "--python", venv / "bin" / "python", "install", wheel)
    install_wheel(wheel, venv)
    return venv / "bin"


def _link(installed: Distribution, packages: Path) -> None:
    """The distribution's modules and metadata, each a link to where this Python has them."""
    if installed.name == "tenantnet":
        return
    tops = {file.parts[0] for file in installed.files or ()}
    for top in tops - {"..", "__pycache__"}:
        link = packages / top
        if not link.exists():
            link.symlink_to(Path(str(installed.locate_file(top))))


def run(*command: object, folder: Path | None = None) -> str:
    done = attempt(*command, folder=folder)
    assert done.returncode == 0, done.stdout
    return done.stdout


def attempt(*command: object, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A person's own project, whose folders are called like ours and must not be taken for them."""
    for name in OWN_FOLDERS:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(f"raise RuntimeError('{name} of the project')\n")
    return tmp_path


def commands(group: TyperGroup, *words: str) -> Iterator[tuple[str, ...]]:
    yield words
    for word, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from commands(command, *words, word)
        else:
            yield (*words, word)


def test_it_has_no_module_of_the_extras(installed: Path, folder: Path) -> None:
    """Else what follows would prove nothing."""
    names = ("moto", "starlette", "werkzeug")
    program = f"from importlib.util import find_spec; print([m for m in {names} if find_spec(m)])"
    assert run(installed / "python", "-c", program, folder=folder) == "[]\n"


def test_help_of_every_command_is_shown(installed: Path, folder: Path) -> None:
    every = list(commands(typer.main.get_group(app)))
    program = (
        "import sys, tenantnet.cli.main as main\n"
        f"for words in {every!r}:\n"
        "    try:\n"
        "        main.app([*words, '--help'], prog_name='tenantnet')\n"
        "    except SystemExit as end:\n"
        "        assert end.code == 0, words\n"
    )
    shown = run(installed / "python", "-c", program, folder=folder)
    assert shown.count("Usage: tenantnet") == len(every)
    assert "migrate" in run(installed / "tenantnet", "--help", folder=folder)


def test_components_are_imported_from_the_wheel(installed: Path, folder: Path) -> None:
    program = "import tenantnet.components, tenantnet; print(tenantnet.__path__[0])"
    place = Path(run(installed / "python", "-c", program, folder=folder).splitlines()[-1])
    assert not place.is_relative_to(CLONE)
    assert not place.is_relative_to(folder)


def test_the_policy_pack_starts_and_names_its_policies(installed: Path, folder: Path) -> None:
    """It prints the port that it listens at, and waits for the engine."""
    with Begun(
        [installed / "python", "-m", "tenantnet.policies", "127.0.0.1:1"],
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
    ) as pack:
        assert pack.stdout
        port = pack.stdout.readline()
        pack.kill()
    assert port.strip().isdigit()
    assert "tags-present" in run(installed / "tenantnet", "rules", folder=folder)


def test_the_local_cloud_says_what_it_lacks(installed: Path, folder: Path) -> None:
    done = attempt(installed / "tenantnet", "local", "start", folder=folder)
    assert done.returncode == 1
    assert "tenantnet[local]" in done.stdout
    assert "Traceback" not in done.stdout
    shown = run(installed / "tenantnet", "local", "status", "--json", folder=folder)
    assert str(folder) in shown


def test_the_console_says_what_it_lacks(installed: Path, folder: Path) -> None:
    done = attempt(installed / "tenantnet", "console", "--no-browser", folder=folder)
    assert done.returncode == 1
    assert "tenantnet[console]" in done.stdout
    assert "Traceback" not in done.stdout


def test_the_version_is_the_wheels(installed: Path, folder: Path) -> None:
    assert run(installed / "tenantnet", "--version", folder=folder).startswith("tenantnet ")


def test_the_wheel_has_the_pages_and_says_where(installed: Path, folder: Path) -> None:
    shown = run(installed / "tenantnet", "--version", folder=folder)
    pages = Path(shown.rsplit("pages ", 1)[1].strip()).parent
    assert not pages.is_relative_to(CLONE)
    assert {page.name for page in pages.glob("*.md")} == {page.name for page in (CLONE / "docs").glob("*.md")}


def test_the_wheel_has_the_files_of_the_consoles_pages(wheel: Path) -> None:
    files = [*(CLONE / "infra" / "console" / "static").iterdir()]
    with ZipFile(wheel) as packed:
        for file in files:
            assert packed.read(f"tenantnet/console/static/{file.name}") == file.read_bytes()
    assert "htmx.min.js" in {file.name for file in files}
