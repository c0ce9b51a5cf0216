"""What a tenant's page leads to where a tunnel is down: the page of the docs, for whoever has the console."""

from __future__ import annotations

from tests.support.clone import CLONE
from tests.support.console import Console


def test_it_is_the_docs_own_as_text(console: Console) -> None:
    answer = console.ask("/vpn.md")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert answer.text == (CLONE / "docs" / "vpn.md").read_text(encoding="utf-8")
    assert console.ask("/vpn.md", Cookie=None).status != 200
