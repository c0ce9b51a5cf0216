"""The files of Pulumi's own backends are read beside an engine that writes them."""

from __future__ import annotations

import gzip
import json
import os
import pwd
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tenantnet.engine.engine import Engine
from tenantnet.engine.states import States, Store, backend_url, store_of
from tenantnet.failure import Failure
from tenantnet.settings.project import find_project

from tests.support.states import MANIFEST, checkpoint


def test_a_folder_is_listed_while_an_engine_replaces_a_file_there(tmp_path: Path) -> None:
    """It writes a draft beside the file and renames it: what is listed may be gone when it is read."""
    state, enough = tmp_path / "acme.json", Event()
    state.write_text("{}")

    def replace_it_again_and_again() -> None:
        for number in count():
            if enough.is_set():
                return
            draft = state.with_suffix(f".json.{number}.tmp")
            draft.write_text(str(number))
            draft.replace(state)

    store = store_of(f"file://{tmp_path}")
    assert store
    engine = Thread(target=replace_it_again_and_again)
    engine.start()
    try:
        assert all("acme.json" in dict(store.versions("acme.")) for _ in range(1_000))
    finally:
        enough.set()
        engine.join()


class TestAStack:
    """Its state is read as the engine would read it, or not at all."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        (tmp_path / "Pulumi.yaml").write_text("name: tenantnet\n")
        folder = tmp_path / ".pulumi" / "stacks" / "tenantnet"
        folder.mkdir(parents=True)
        return folder

    @staticmethod
    def states(folder: Path) -> States:
        store = store_of(f"file://{folder.parents[2]}")
        assert store
        return States(store, find_project(folder.parents[2]))

    def read(self, folder: Path) -> list[str]:
        states = self.states(folder)
        return [each.type for each in states.resources("acme", str(states.version("acme")))]

    @pytest.mark.parametrize("version", [3, 4])
    @pytest.mark.parametrize("compressed", [False, True])
    def test_it_has_what_the_engine_has_written(self, folder: Path, version: int, compressed: bool) -> None:
        content = json.dumps(checkpoint({"type": "a:b:C"}, version=version)).encode()
        (folder / f"acme.json{'.gz' if compressed else ''}").write_bytes(
            gzip.compress(content) if compressed else content
        )
        assert self.read(folder) == ["a:b:C"]

    def test_a_new_one_has_nothing(self, folder: Path) -> None:
        (folder / "acme.json").write_text(json.dumps(checkpoint()))
        assert self.read(folder) == []

    @pytest.mark.parametrize(
        "said",
        [
            *(None, [], {}, {"version": 3}, checkpoint(version=5), {**checkpoint(), "version": "3"}),
            *(
                {"version": 4, "checkpoint": {"stack": "x", "v4": {}}},
                {"version": 3, "checkpoint": {"latest": None}},
            ),
            {"version": 3, "checkpoint": {"latest": {"resources": []}}},
            {"version": 4, "checkpoint": {"latest": {"manifest": MANIFEST, "items": [1]}}},
            {"version": 3, "checkpoint": {"latest": {"manifest": MANIFEST, "resources": ["type"]}}},
            *(
                checkpoint({"type": "a:b:C", each: None})
                for each in ("urn", "custom", "id", "outputs", "importID")
            ),
        ],
        ids=str,
    )
    def test_what_is_not_understood_is_not_empty(self, folder: Path, said: Any) -> None:
        (folder / "acme.json").write_text(json.dumps(said))
        with pytest.raises(Failure, match="it is no state as Pulumi writes it"):
            self.read(folder)

    @pytest.mark.parametrize(
        "content", [b"", b"x", gzip.compress(b"{}", mtime=0)[:-9], b"\x1f\x8b\x08" + b"x" * 20]
    )
    def test_a_broken_file_is_told(self, folder: Path, content: bytes) -> None:
        (folder / "acme.json.gz").write_bytes(content)
        with pytest.raises(Failure, match="Could not read the state of acme"):
            self.read(folder)

    @pytest.mark.parametrize("ending", [".json.gz", ".json.zst"])
    def test_of_two_files_none_is_taken(self, folder: Path, ending: str) -> None:
        """The engine reads the one that it has written last, and nobody else knows which that is."""
        (folder / "acme.json").write_text(json.dumps(checkpoint()))
        (folder / "globex.json").write_text(json.dumps(checkpoint()))
        (folder / f"acme{ending}").touch()
        with pytest.raises(Failure, match="it is there in 2 files"):
            self.read(folder)
        assert self.states(folder).versions().keys() == {"globex"}

    def test_a_file_that_nobody_here_unpacks_is_left_to_pulumi(self, folder: Path) -> None:
        (folder / "acme.json.zst").touch()
        assert self.states(folder).version("acme") is None
        assert self.states(folder).versions() == {}

    @pytest.mark.parametrize(
        ("meta", "legacy", "found"),
        [
            ("version: 1\n", True, {"acme"}),
            (None, False, {"acme"}),
            (None, True, set()),
            ("version: 0\n", False, set()),
            ("version: 2\n", False, set()),
        ],
    )
    def test_of_a_layout_without_projects_none_is_read(
        self, folder: Path, meta: str | None, legacy: bool, found: set[str]
    ) -> None:
        """Pulumi reads a file beside the projects' folders then."""
        (folder / "acme.json").touch()
        if meta:
            (folder.parents[1] / "meta.yaml").write_text(meta)
        if legacy:
            (folder.parent / "acme.json").touch()
        assert self.states(folder).versions().keys() == found
        assert (self.states(folder).version("acme") is not None) == bool(found)

    @pytest.mark.parametrize(("many", "listed"), [(1, "stack0."), (21, "")])
    def test_of_few_stacks_no_other_state_is_listed(self, folder: Path, many: int, listed: str) -> None:
        names, asked = [f"stack{number}" for number in range(many)], list[str]()
        store, project = store_of(f"file://{folder.parents[2]}"), find_project(folder.parents[2])
        for name in (*names, "globex"):
            (folder / f"{name}.json").touch()

        def noted(prefix: str) -> Iterator[tuple[str, str]]:
            asked.append(prefix)
            return store.versions(prefix) if store else iter(())

        found = States(cast("Store", SimpleNamespace(versions=noted)), project).versions(names)
        assert {*names} <= found.keys()
        assert asked == [".pulumi/meta.yaml", ".pulumi/stacks/", f".pulumi/stacks/tenantnet/{listed}"]


@pytest.mark.parametrize(
    ("named", "folder"),
    [
        ("file:///srv/state?no_tmp_dir=true", "/srv/state"),
        ("file://./state", "{project}/state"),
        ("file://../state", "{parent}/state"),
        ("file://tenants/../state", "{project}/state"),
        ("file://linked/../state", "{project}/state"),
        ("file://./a#/../b", "{project}/b"),
        ("file://./a/%2e%2e/b", "{project}/b"),
        ("file://linked/%2e%2E/state", "{project}/state"),
        ("file://linked/..%2fstate", "{project}/state"),
        ("file://./state%ff", "{project}/state\udcff"),
        ("file://state/of/all", "{project}/state/of/all"),
        ("file://~", "{home}"),
        ("file://~/the%20state", "{home}/the state"),
        ("file://~-state", "{home}/state"),
    ],
)
def test_a_folder_is_where_pulumi_finds_it(
    named: str, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As Pulumi does, whatever HOME says.
    home, project = pwd.getpwuid(os.getuid()).pw_dir, tmp_path / "project"
    (project / "tenants").mkdir(parents=True)
    (tmp_path / "elsewhere" / "deep").mkdir(parents=True)
    (project / "linked").symlink_to(tmp_path / "elsewhere" / "deep")
    (project / "Pulumi.yaml").write_text("name: tenantnet\n")
    (tmp_path / "pulumi").write_text("#!/bin/sh\necho v3.999.0\n")
    (tmp_path / "pulumi").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PULUMI_BACKEND_URL", named)
    # The command runs in a folder of the project, and has Pulumi run in the project's own.
    monkeypatch.chdir(project / "tenants")
    found = find_project(Path.cwd())
    expected = Path(folder.format(home=home, project=project, parent=tmp_path))
    store: Any = store_of(backend_url(found))
    assert store._folder == Engine(found).file_backend() == expected
    assert backend_url(found).endswith("?no_tmp_dir=true") is ("?" in named)
