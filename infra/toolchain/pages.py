"""The pages of the documentation, where guides and the console quote them."""

from __future__ import annotations

from functools import cache

from markdown_it import MarkdownIt
from tenantnet.toolchain.places import PAGES


@cache
def chapter(page: str, heading: str) -> str:
    """A chapter of a page such as `vpn.md`, as Markdown: its heading, and all up to the next one as high."""
    lines = PAGES.with_name(page).read_text(encoding="utf-8").splitlines(keepends=True)
    tokens = MarkdownIt().parse("".join(lines))
    headings = [
        (token.map[0], token.tag, tokens[place + 1].content)
        for place, token in enumerate(tokens)
        if token.type == "heading_open" and token.map
    ]
    (begin, level), *_ = [(line, tag) for line, tag, words in headings if words == heading]
    end = next((line for line, tag, _ in headings if line > begin and tag <= level), len(lines))
    return "".join(lines[begin:end]).rstrip() + "\n"
