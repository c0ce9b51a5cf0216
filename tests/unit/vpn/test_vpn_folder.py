"""A guide on disk: private, whole or not at all, never over anything else."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest
from tenantnet.failure import Failure
from tenantnet.refusal import Refused
from tenantnet.vpn.folder import write_guide

GUIDE = {"README.md": "how\n", "swanctl.conf": "secret\n"}


def tree(place: Path) -> dict[str, str]:
    """Everything under a directory but what keeps it out of git."""
    files = (path for path in place.rglob("*") if path.is_file() and path.name != ".gitignore")
    return {str(path.relative_to(place)): path.read_text() for path in files}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_directory_holds_the_guide_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    write_guide(tmp_path / "deep" / "out", GUIDE)
    assert tree(tmp_path) == {f"deep/out/{name}": text for name, text in GUIDE.items()}


def test_git_never_takes_a_guide_along(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    write_guide(tmp_path / "out", GUIDE)
    write_guide(tmp_path / "out", GUIDE, replaces=GUIDE)
    subprocess.run(["git", "add", "--all"], cwd=tmp_path, check=True)
    assert subprocess.check_output(["git", "ls-files"], cwd=tmp_path) == b""


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_directory_and_files_are_for_their_owner_alone_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    former = os.umask(umask)
    try:
        write_guide(tmp_path / "out", GUIDE)
    finally:
        os.umask(former)
    assert mode(tmp_path / "out") == 0o700
    assert {mode(path) for path in (tmp_path / "out").iterdir()} == {0o600}


def test_an_empty_directory_is_used_and_becomes_private(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir(mode=0o755)
    write_guide(tmp_path / "out", GUIDE)
    assert tree(tmp_path / "out") == GUIDE
    assert mode(tmp_path / "out") == 0o700


def test_a_directory_that_holds_anything_is_refused_and_stays(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine\n")
    with pytest.raises(Refused, match=r"it has README.md(.|\n)*--force"):
        write_guide(tmp_path, GUIDE)
    assert tree(tmp_path) == {"README.md": "mine\n"}


def test_with_force_an_earlier_download_is_replaced_as_a_whole(tmp_path: Path) -> None:
    write_guide(tmp_path / "out", {**GUIDE, "WARNING.md": "old\n"})
    write_guide(tmp_path / "out", {"README.md": "new\n"}, replaces=[*GUIDE, "WARNING.md"])
    assert tree(tmp_path) == {"out/README.md": "new\n"}


def test_with_force_a_directory_with_other_things_is_refused_by_their_names(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine\n")
    (tmp_path / "README.md").mkdir()
    with pytest.raises(Refused, match=r"it has README\.md, thesis\.tex"):
        write_guide(tmp_path, GUIDE, replaces=GUIDE)
    assert tree(tmp_path) == {"thesis.tex": "mine\n"}


def test_a_file_in_its_place_is_refused_and_stays(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine\n")
    with pytest.raises(Refused, match="is a file of that name"):
        write_guide(tmp_path / "out", GUIDE, replaces=GUIDE)
    assert tree(tmp_path) == {"out": "mine\n"}


def test_a_link_leads_to_where_the_guide_goes_and_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to("real")
    write_guide(tmp_path / "out", GUIDE)
    assert (tmp_path / "out").is_symlink()
    assert tree(tmp_path / "real") == GUIDE


def test_where_the_second_file_cannot_be_written_nothing_is(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="Nothing was changed"):
        write_guide(tmp_path / "out", {"README.md": "how\n", "no/such/folder": "x\n"})
    assert list(tmp_path.iterdir()) == []


def test_where_the_new_directory_cannot_take_its_place_the_former_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_guide(tmp_path / "out", GUIDE)
    rename = Path.rename

    def failing(self: Path, target: Path) -> Path:
        if self.name == "guide":
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(Failure, match="No space left on device"):
        write_guide(tmp_path / "out", {"README.md": "new\n"}, replaces=GUIDE)
    assert tree(tmp_path) == {f"out/{name}": text for name, text in GUIDE.items()}
