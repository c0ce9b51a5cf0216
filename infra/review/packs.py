"""The policy packs that judge a change: its own, and the base's, which the change cannot weaken."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from tenantnet.review import base_pack
from tenantnet.settings.project import PACK_FILE, PROJECT_FILE, Project, program_folder
from tenantnet.settings.reading import read_mapping

POLICY_PACK: Final = "policies"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """folder: as the engine gets it, from the project's folder. config: its configuration, a JSON file."""

    folder: str = POLICY_PACK
    config: Path | None = None


def pack_of_base(project: Project, base: Path, config: Path | None) -> Pack | None:
    """The pack as it was in `base`, which has the project's files; None if there was none in Python.

    It runs with the packages of this command, which a change does not choose where the command was installed
    from the base. config: the one that the change is judged with; of a file of the project the base's counts.
    """
    described = base / POLICY_PACK / PACK_FILE
    if not described.is_file() or _runtime(document := dict(read_mapping(described))) != "python":
        return None
    folder = base / ".tenantnet-base-pack"
    folder.mkdir()
    shutil.copyfile(base_pack.__file__, folder / "__main__.py")
    pack = described.parent / str(document.pop("main", "."))
    places = {
        "project": project.folder,
        "base": base,
        "program": program_folder(base / PROJECT_FILE),
        "pack": pack,
    }
    document["runtime"] = {"name": "python", "options": {"virtualenv": sys.prefix}}
    with (folder / PACK_FILE).open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(document, file)
    text = json.dumps({name: str(path) for name, path in places.items()})
    (folder / base_pack.PLACES).write_text(text, encoding="utf-8")
    return Pack(folder=str(folder), config=_config_at_base(project, base, config))


def _runtime(document: Mapping[Any, object]) -> object:
    runtime = document.get("runtime")
    return runtime.get("name") if isinstance(runtime, Mapping) else runtime


def _config_at_base(project: Project, base: Path, config: Path | None) -> Path | None:
    if config is None or not config.resolve().is_relative_to(project.folder.resolve()):
        return config
    former = base / config.resolve().relative_to(project.folder.resolve())
    if not former.exists():
        former.parent.mkdir(parents=True, exist_ok=True)
        former.write_text("{}", encoding="utf-8")
    return former
