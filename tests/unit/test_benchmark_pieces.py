"""A long measurement goes on where it was stopped."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.pieces import Piece, Tell, measured


class Stopped(BaseException):
    """As by Ctrl-C."""


def piece(name: str, *, measured_by: list[str], stops: bool = False) -> Piece:
    def measure(tell: Tell) -> str:
        tell("half of it", 0.5)
        if stops:
            raise Stopped
        measured_by.append(name)
        return f"text of {name}"

    return Piece(name=name, minutes=1, measure=measure)


def test_what_was_done_is_not_measured_again_and_what_was_stopped_is(tmp_path: Path) -> None:
    done: list[str] = []
    with pytest.raises(Stopped):
        measured([piece("a", measured_by=done), piece("b", measured_by=done, stops=True)], tmp_path / "kept")
    assert done == ["a"]
    text = measured([piece("a", measured_by=done), piece("b", measured_by=done)], tmp_path / "kept")
    assert done == ["a", "b"]
    assert text == "text of a\n\ntext of b"


def test_without_a_folder_all_of_it_is_measured_each_time() -> None:
    done: list[str] = []
    for _ in range(2):
        assert measured([piece("a", measured_by=done)], None) == "text of a"
    assert done == ["a", "a"]
