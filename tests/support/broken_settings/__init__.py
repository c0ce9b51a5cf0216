"""Settings files that are refused: tables of what is changed in a good file and what must be said then."""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from tenantnet.settings.alike import quoted

from tools.rulebook.settings import REMOVED, change, good_config

FOLDER = Path(__file__).parent

PROJECT: dict[str, Any] = {"name": "tenantnet", "runtime": "python", "stackConfigDir": "tenants"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenFile:
    """One file, and every refusal that it must get: `path rule`. project: its Pulumi.yaml."""

    id: str
    name: str
    text: str
    project: str
    refused: Counter[str]

    def write(self, folder: Path) -> Path:
        """Write the file and its project into an empty folder; gives the file."""
        (folder / "Pulumi.yaml").write_text(self.project, encoding="utf-8")
        path = folder / "tenants" / self.name
        path.parent.mkdir()
        path.write_text(self.text, encoding="utf-8")
        return path


def good_file(kind: str) -> dict[str, Any]:
    """A whole settings file with nothing wrong in it. kind: tenant or platform."""
    return {"config": good_config(kind), "encryptionsalt": "v1:abc"}


def broken_files() -> list[BrokenFile]:
    """All cases of the tables."""
    changed = [_changed(kind, *case) for kind in ("tenant", "platform") for case in _table(kind)]
    return changed + [_written(**case) for case in _table("file")]


def as_yaml(document: object) -> str:
    """A document as YAML text."""
    text, yaml = StringIO(), YAML(pure=True)
    yaml.representer.ignore_aliases = lambda _: True
    yaml.dump(quoted(document), text)
    return text.getvalue()


def _table(name: str) -> list[Any]:
    return list(YAML(typ="safe", pure=True).load(FOLDER / f"{name}.yaml"))


def _written(text: str, refused: list[str], name: str = "Pulumi.acme.yaml") -> BrokenFile:
    id_ = f"{text.encode('unicode_escape').decode()[:40]} {' '.join(refused)}"
    return BrokenFile(id=id_, name=name, text=text, project=as_yaml(PROJECT), refused=Counter(refused))


def _changed(kind: str, changes: dict[Any, Any], *refused: str) -> BrokenFile:
    document, project = good_file(kind), copy.deepcopy(PROJECT)
    stack = "platform-eu1" if kind == "platform" else "acme"
    for path, value in changes.items():
        if path == "(stack)":
            stack = value
        elif path == "(project)":
            project["config"] = {"tenantnet:reservedRanges": {"value": value}}
        else:
            _set(document, f"tenantnet:{kind}", path, value)
    return BrokenFile(
        id=f"{kind} {changes!r:.60} {', '.join(refused):.60}".encode("unicode_escape").decode(),
        name=f"Pulumi.{stack}.yaml",
        text=as_yaml(document),
        project=as_yaml(project),
        refused=Counter(refused),
    )


def _set(document: dict[str, Any], settings: str, path: Any, value: object) -> None:
    value = REMOVED if value == "(removed)" else value
    if not isinstance(path, str):
        document["config"][settings][path] = value
    elif path.startswith("/config/"):
        change(document["config"], path.removeprefix("/config/"), value)
    else:
        change(document["config"][settings], path, value)
