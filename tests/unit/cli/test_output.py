"""Tables in narrow terminals: identifiers stay whole, so that people can copy them."""

from __future__ import annotations

import pytest
from tenantnet.cli.output import print_table, say

ROWS = [
    ("blue", "vpc-135daf4f2a06fd847", "192.168.4.0/24"),
    ("green", "[vpn-c27045707a2fdeea0]", "two\nlines"),
]


@pytest.mark.parametrize("width", [20, 40, 60, 80, 200])
def test_no_cell_of_a_table_is_broken_in_two(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))
    print_table("Networks", ("Network", "Description", "Range"), ROWS)
    said = capsys.readouterr().out
    cells = [line for row in ROWS for cell in row for line in cell.splitlines()]
    assert [cell for cell in cells if cell not in said] == []
    assert len(said.splitlines()) == 5


def test_a_table_in_a_log_is_as_wide_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    long = "x" * 400
    print_table("Notes", ("Note",), [(long,)])
    assert long in capsys.readouterr().out


ODD = "x\x1b[2J\x1b]52;c;eA==\x07\x9b1m\u202ey\rz"


def test_nothing_in_a_cell_or_a_line_moves_the_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    """A tag, a tunnel's message or an error of AWS's may have been written by anybody."""
    print_table("Notes", ("Note", "Word"), [(ODD, "a\tb")])
    say(f"{ODD}\n\tas it is: é 🏢")
    said = capsys.readouterr().out
    assert "\\x1b[2J" in said
    assert said.endswith("        as it is: é 🏢\n")
    assert [each for each in said if not each.isprintable() and each != "\n"] == []
