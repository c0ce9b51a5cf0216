"""Which engine is on the path, told without starting it where that is sure."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tenantnet.engine.version import SMALLEST_ENGINE, engine_identity
from tenantnet.failure import Failure

from tests.support.processes import a_program

ID = b"YYMQqKDNhcKWQP7_SvGv/0dLwWVpvUHSXk7Q1W1-8/Uy6vOWu0NfvYJQDvTbXc/5mNy6ZTRbVfGDp0yU3ZC"
OF_ELF = b"\x7fELF" + bytes(60) + b"\x04\0\0\0\x53\0\0\0\x04\0\0\0Go\0\0" + ID
OF_OTHERS = b"\xcf\xfa\xed\xfe" + bytes(60) + b'\xff Go build ID: "' + ID + b'"\n \xff'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


def put(file: Path, content: bytes, size: int = SMALLEST_ENGINE) -> None:
    """A program that cannot be started: whoever tries that fails."""
    file.write_bytes(content)
    os.truncate(file, size)
    file.chmod(0o755)


@pytest.mark.parametrize("content", [OF_ELF, OF_OTHERS])
def test_a_program_that_go_has_built_is_told_by_its_digest(folder: Path, content: bytes) -> None:
    put(folder / "pulumi", content)
    first = engine_identity()
    put(folder / "pulumi", content, SMALLEST_ENGINE + 1)
    longer = engine_identity()
    put(folder / "pulumi", content.replace(ID, ID[::-1]))
    assert len({first, longer, engine_identity()}) == 3
    put(folder / "pulumi", content)
    assert engine_identity() == first


def test_a_link_is_what_it_leads_to(folder: Path) -> None:
    (folder / "there").mkdir()
    put(folder / "there" / "pulumi", OF_ELF)
    (folder / "pulumi").symlink_to("there/pulumi")
    first = engine_identity()
    put(folder / "there" / "pulumi", OF_ELF, SMALLEST_ENGINE + 1)
    assert engine_identity() != first


@pytest.mark.parametrize("name", ["pulumi", "manager-of-versions"])
def test_what_may_run_another_program_is_asked_for_its_version(folder: Path, name: str) -> None:
    a_program(folder / "there" / name, "cat $(dirname $0)/version")
    (folder / "version").write_text("v3.200.0\n")
    (folder / "pulumi").symlink_to(f"there/{name}")
    assert engine_identity().startswith("v3.200.0 ")
    (folder / "version").write_text("v3.201.0\n")
    assert engine_identity().startswith("v3.201.0 ")


def test_a_script_in_the_place_of_the_engine_is_told_by_its_text(folder: Path) -> None:
    """It may have the same engine refresh each stack."""
    a_program(folder / "pulumi", "echo v3.200.0")
    first = engine_identity()
    a_program(folder / "pulumi", "export PULUMI_OPTION_REFRESH=true\necho v3.200.0")
    assert engine_identity() != first


@pytest.mark.parametrize(
    ("name", "content", "size"),
    [
        ("pulumi", b"\x7fELF", SMALLEST_ENGINE),
        ("manager", OF_ELF, SMALLEST_ENGINE),
        ("pulumi", OF_ELF, SMALLEST_ENGINE - 1),
    ],
)
def test_no_program_is_told_by_a_digest_that_says_nothing_of_it(
    folder: Path, name: str, content: bytes, size: int
) -> None:
    """One without the digest of all of it, one of several names, and one that may start another."""
    (folder / "there").mkdir()
    put(folder / "there" / name, content, size)
    (folder / "pulumi").symlink_to(f"there/{name}")
    with pytest.raises(Failure, match="pulumi version"):
        engine_identity()


def test_no_engine_is_a_failure(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(Failure, match="no `pulumi` is on the path"):
        engine_identity()
