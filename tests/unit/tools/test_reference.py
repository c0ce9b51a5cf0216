"""docs/reference.md is what the components say, and every argument and output has a meaning there."""

from __future__ import annotations

from tests.support.clone import CLONE
from tools import reference


def test_the_document_is_up_to_date() -> None:
    document = (CLONE / "docs" / "reference.md").read_text(encoding="utf-8")
    assert document == reference.as_markdown(), "run: python -m tools.reference > docs/reference.md"


def test_every_row_says_what_it_means() -> None:
    """Each table's last column; a field without a docstring has no row at all, and fails."""
    rows = [line for line in reference.as_markdown().splitlines() if line.startswith("| `")]
    assert rows
    assert [row for row in rows if not row.rsplit(" | ", 1)[-1].strip(" |")] == []
