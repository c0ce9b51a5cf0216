"""The picture of the rooms in docs/develop.md is the one that import-linter holds the code to."""

from __future__ import annotations

import re
import tomllib

from tests.support.clone import CLONE

VOCABULARY = {"__init__", "__main__", "program", "failure", "forms", "refusal", "secret_forms", "tags"}


def _layers() -> list[str]:
    contracts = tomllib.loads((CLONE / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [rooms] = [contract for contract in contracts if contract["id"] == "rooms"]
    return list(rooms["layers"])


def test_the_picture_shows_the_contract() -> None:
    document = (CLONE / "docs" / "develop.md").read_text()
    [picture] = re.findall(r"^## Rooms.*?^```text\n(.*?)^```", document, re.MULTILINE | re.DOTALL)
    drawn = [re.split(r"\s{2,}", line)[0] for line in picture.splitlines()]
    assert drawn == _layers()


def test_no_module_is_loose_but_the_program_and_the_vocabulary() -> None:
    assert {file.stem for file in (CLONE / "infra").glob("*.py")} == VOCABULARY


def test_every_room_has_its_line() -> None:
    folders = {folder.name for folder in (CLONE / "infra").iterdir() if (folder / "__init__.py").is_file()}
    rooms = {room for line in _layers() for room in line.split(" | ")}
    assert rooms == folders | {"policies", "local_cloud", *(VOCABULARY - {"__init__", "__main__"})}
