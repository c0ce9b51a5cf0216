"""Tables in narrow terminals: identifiers stay whole, so that people can copy them."""

from __future__ import annotations

import pytest
from tenantnet.cli.output import print_table

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
