"""The files of a company's repository, and what another version of Tenantnet changes in them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

from tenantnet.scaffold.checks import PROGRAM_FOLDER
from tenantnet.scaffold.pin import FOUND_HERE, LOCK_FILE, WHEELS, Wheel
from tenantnet.settings.project import WHEELS_PACK, WHEELS_PROGRAM
from tenantnet.settings.schema import file_schema
from tenantnet.toolchain.places import SHIPPED

SETTINGS_FOLDER = "tenants"
WORKFLOWS = ("fleet.yaml", "wave.yaml", "waves.yaml")
_OWN = Path(__file__).with_name("files")
# As the clone has them.
_OURS = (
    ".github/workflows/review.yaml",
    ".github/workflows/review-comment.yaml",
    "policies/PulumiPolicy.yaml",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaffoldFile:
    """path: from the repository's top. yours: the company's once it is written; an update leaves it alone."""

    path: str
    content: bytes
    yours: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What an update does to a file; before: None where it makes it, after: None where it removes it."""

    path: str
    before: bytes | None
    after: bytes | None

    def __str__(self) -> str:
        """A unified diff; of a wheel only that it comes or goes."""
        if self.path.startswith(f"{WHEELS}/"):
            return f"{'removed' if self.after is None else 'new'}: {self.path}\n"
        before, after = (
            (content or b"").decode(errors="replace").splitlines(keepends=True)
            for content in (self.before, self.after)
        )
        return "".join(unified_diff(before, after, self.path, self.path))


def scaffold(name: str, wheel: Wheel, *, from_index: bool = False) -> Iterator[ScaffoldFile]:
    """Every file but the settings. name: the Pulumi project's. from_index: as serves_itself says."""
    yours = {
        "Pulumi.yaml": _project(name),
        "README.md": _own("README.md").replace("{name}", name),
        ".gitignore": _own("gitignore"),
        ".vscode/settings.json": _own("vscode.json"),
        # Git keeps no empty folder.
        f"{SETTINGS_FOLDER}/.gitkeep": "",
    }
    tenantnets = {
        f"{PROGRAM_FOLDER}/__main__.py": WHEELS_PROGRAM,
        "policies/__main__.py": WHEELS_PACK,
        "pyproject.toml": _own("pyproject.toml"),
        ".settings.schema.json": f"{json.dumps(file_schema(), indent=2)}\n",
        **{f".github/workflows/{name}": _own(name) for name in WORKFLOWS},
        **{path: _text(SHIPPED / path) for path in _OURS},
        LOCK_FILE: wheel.lock_text(from_index=from_index),
    }
    for path, text in yours.items():
        yield ScaffoldFile(path=path, content=text.encode(), yours=True)
    for path, text in tenantnets.items():
        yield ScaffoldFile(path=path, content=text.encode())
    if not from_index:
        yield ScaffoldFile(path=wheel.place, content=wheel.file.read_bytes())


def serves_itself(folder: Path) -> bool:
    """Whether a repository has its wheel from an index of the company's own."""
    lock = _content(folder / LOCK_FILE)
    return lock is not None and FOUND_HERE.encode() not in lock and not (folder / WHEELS).exists()


def write(folder: Path, files: Iterable[ScaffoldFile]) -> None:
    """Write files of the scaffold into a folder."""
    for file in files:
        _put(folder / file.path, file.content)


def move(staged: Path, folder: Path) -> None:
    """Put what was written into a folder beside it; Pulumi.yaml last, which makes it a project."""
    files = [path.relative_to(staged) for path in staged.rglob("*") if path.is_file()]
    for path in sorted(files, key=lambda path: path.name == "Pulumi.yaml"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (staged / path).replace(folder / path)


def changes(folder: Path, files: Iterable[ScaffoldFile]) -> list[Change]:
    """What an update has to change in a repository, sorted by path."""
    wanted = {file.path: file.content for file in files if not file.yours}
    former = {str(path.relative_to(folder)) for path in (folder / WHEELS).glob("tenantnet-*.whl")}
    found = [
        Change(path=path, before=_content(folder / path), after=wanted.get(path))
        for path in sorted({*wanted, *former})
    ]
    return [change for change in found if change.before != change.after]


def apply(folder: Path, found: Iterable[Change]) -> None:
    """Make the changes."""
    for change in found:
        if change.after is None:
            (folder / change.path).unlink()
        else:
            _put(folder / change.path, change.after)


def _project(name: str) -> str:
    """Pulumi.yaml as the clone has it, with another name and the program of the scaffold."""
    text = _text(SHIPPED / "Pulumi.yaml")
    return text.replace("name: tenantnet", f"name: {name}", 1).replace(
        "main: infra", f"main: {PROGRAM_FOLDER}", 1
    )


def _own(name: str) -> str:
    return _text(_OWN / name)


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def _content(file: Path) -> bytes | None:
    return file.read_bytes() if file.is_file() else None


def _put(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
