"""The base's policy pack: it runs as it was, with all of the project that it imports, as that was."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from tenantnet.review import base_pack
from tenantnet.review.packs import Pack, pack_of_base
from tenantnet.settings.project import find_project

PACK = """import json, os, sys
from office import limits
from rules import days
import office.sites.berlin
import yaml
print(json.dumps({"limit": limits.LIMIT, "days": days.DAYS, "site": office.sites.berlin.SITE,
    "folder": os.getcwd(), "yaml": yaml.__file__}))
"""


def tree(folder: Path, limit: int) -> Path:
    """A project whose pack imports a package, a namespace package, and a module beside itself."""
    for name, text in {
        "Pulumi.yaml": "name: networks\nruntime: python\nmain: program\n",
        "program/__main__.py": "",
        "office/__init__.py": "",
        "office/limits.py": f"LIMIT = {limit}\n",
        "office/sites/berlin.py": f"SITE = 'berlin {limit}'\n",
        "policies/PulumiPolicy.yaml": "description: ours\nruntime:\n  name: python\n",
        "policies/__main__.py": PACK,
        "policies/rules/days.py": f"DAYS = {limit}\n",
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The change: everything says 2."""
    return tree(tmp_path / "project", 2)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """The same at the base: everything says 1."""
    return tree(tmp_path / "base", 1)


def pack_at(project: Path, base: Path, config: Path | None = None) -> Pack:
    found = pack_of_base(find_project(project), base, config)
    assert found is not None
    return found


def run(project: Path, base: Path, *paths: Path) -> subprocess.CompletedProcess[str]:
    """Run the base's pack where the project's packages are found in `paths`."""
    pack = pack_at(project, base)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(map(str, paths or [project]))}
    command = [sys.executable, f"{pack.folder}/__main__.py"]
    return subprocess.run(command, env=environment, cwd=project, capture_output=True, text=True, check=False)


def test_nothing_of_the_change_is_imported(project: Path, base: Path) -> None:
    done = run(project, base)
    told = json.loads(done.stdout or f'"{done.stderr}"')
    assert (told["limit"], told["days"], told["site"]) == (1, 1, "berlin 1"), done.stderr
    assert told["folder"] == str(base / "program")
    assert "site-packages" in told["yaml"]


def test_nothing_of_the_change_is_imported_through_a_link(project: Path, base: Path, tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    packages.mkdir()
    (packages / "office").symlink_to(project / "office")
    assert json.loads(run(project, base, packages).stdout)["limit"] == 1


def test_what_the_base_does_not_have_is_not_taken_from_the_change(project: Path, base: Path) -> None:
    shutil.rmtree(base / "office" / "sites")
    (base / "office" / "limits.py").unlink()
    done = run(project, base)
    assert done.returncode != 0
    assert "cannot import name 'limits'" in done.stderr


def test_a_module_that_the_change_has_removed_is_there(project: Path, base: Path) -> None:
    (project / "office" / "limits.py").unlink()
    shutil.rmtree(project / "policies")
    assert json.loads(run(project, base).stdout)["limit"] == 1


def test_it_runs_with_the_packages_of_the_command(project: Path, base: Path) -> None:
    pack = pack_at(project, base)
    described = YAML(typ="safe").load(Path(pack.folder, "PulumiPolicy.yaml"))
    assert described == {
        "description": "ours",
        "runtime": {"name": "python", "options": {"virtualenv": sys.prefix}},
    }
    assert Path(pack.folder, "__main__.py").read_bytes() == Path(base_pack.__file__).read_bytes()


@pytest.mark.parametrize("described", [None, "runtime: nodejs\n", "runtime:\n  name: nodejs\n"])
def test_where_the_base_has_no_pack_in_python_there_is_none(
    described: str | None, project: Path, base: Path
) -> None:
    file = base / "policies" / "PulumiPolicy.yaml"
    file.unlink()
    if described:
        file.write_text(described, encoding="utf-8")
    assert pack_of_base(find_project(project), base, None) is None


def test_a_configuration_in_the_project_is_the_bases(project: Path, base: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "policies.json"
    for folder, text in ((project, "{}"), (base, '{"tags": "all"}'), (tmp_path, "{}")):
        (folder / "policies.json").write_text(text, encoding="utf-8")
    pack = pack_at(project, base, project / "policies.json")
    assert pack.config == base / "policies.json"
    shutil.rmtree(pack.folder)
    (base / "policies.json").unlink()
    pack = pack_at(project, base, project / "policies.json")
    assert pack.config is not None
    assert pack.config.read_text(encoding="utf-8") == "{}"
    shutil.rmtree(pack.folder)
    assert pack_at(project, base, elsewhere).config == elsewhere
