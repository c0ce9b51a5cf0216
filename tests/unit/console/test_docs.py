"""The pages of the docs in the console, for whoever has nothing else: what a tenant's page leads to."""

from __future__ import annotations

import re

import pytest
from tenantnet.console.docs import page_as_html

from tests.support.clone import CLONE
from tests.support.console import Console

NAMES = sorted(file.name for file in (CLONE / "docs").glob("*.md"))


def test_a_page_is_shown_as_a_page_and_a_link_leads_to_its_chapter(console: Console) -> None:
    answer = console.ask("/pages/vpn.md")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "<h1>VPN connections</h1>" in answer.text
    assert '<h2 id="when-a-tunnel-is-down">When a tunnel is DOWN</h2>' in answer.text
    assert "<td><code>AUTHENTICATION_FAILED</code></td>" in answer.text
    assert "|---|" not in answer.text
    assert console.ask("/pages/vpn.md", Cookie=None).status != 200


@pytest.mark.parametrize("name", ["no.md", "README", "..%2FREADME.md", "..%2FPulumi.yaml"])
def test_what_is_no_page_of_the_docs_is_not_shown(console: Console, name: str) -> None:
    assert console.ask(f"/pages/{name}").status == 404


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_no_style_of_its_own_and_every_link_leads_to_a_chapter_that_is_there(name: str) -> None:
    _, html = page_as_html(name)
    assert not any(words in html for words in ("<img", "style=", "<th></th>"))
    for target in re.findall(r'href="([^"]+)"', html):
        if "://" not in target:
            page, _, anchor = target.partition("#")
            assert not anchor or f'id="{anchor}"' in page_as_html(page or name)[1], target
