"""A wheel of the clone, built in a copy, so that nothing of the build is left in it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

from tests.support.clone import CLONE

PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
ALONE = ["--no-index", "--no-deps"]


def build_wheel(place: Path) -> Path:
    """The wheel, in the folder `place`, which must be there."""
    source = place / "source"
    for name in ("infra", "policies", "local_cloud"):
        shutil.copytree(CLONE / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in (".github", "docs", "tools"):
        shutil.copytree(CLONE / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE", "Pulumi.yaml", "requirements.lock"):
        shutil.copy(CLONE / name, source)
    options = [*ALONE, "--no-build-isolation", "--wheel-dir", str(place)]
    subprocess.run([*PIP, "wheel", *options, str(source)], check=True)
    [wheel] = place.glob("tenantnet-*.whl")
    return wheel


def install_wheel(wheel: Path, venv: Path) -> None:
    """Install it without what it requires, in the place of another build of it."""
    into = ["--python", str(venv / "bin" / "python")]
    subprocess.run([*PIP, *into, "install", *ALONE, "--force-reinstall", str(wheel)], check=True)


def make_venv(wheel: Path, venv: Path) -> None:
    """A virtual environment that has the wheel, and the clone's own packages but not the clone."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    install_wheel(wheel, venv)
    # A folder that a .pth file names is searched, but its own .pth files, which lead to the clone, are not.
    [packages] = venv.glob("lib/python3*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")


def required(name: str, found: dict[str, Distribution]) -> dict[str, Distribution]:
    """A distribution and all that it requires without any extra but those that are asked for."""
    requirement = Requirement(name)
    here = distribution(requirement.name)
    key = f"{requirement.name} {sorted(requirement.extras)}"
    if key not in found:
        found[key] = here
        for each in map(Requirement, here.requires or ()):
            extras = {"", *requirement.extras}
            if each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in extras):
                required(f"{each.name}[{','.join(each.extras)}]" if each.extras else each.name, found)
    return found
