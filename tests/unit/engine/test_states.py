"""The files of Pulumi's own backends are read beside an engine that writes them."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from threading import Event, Thread

from tenantnet.engine.states import store_of


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
