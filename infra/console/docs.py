"""A page of the documentation, as HTML that leads to no page that is not here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from http import HTTPStatus

from markdown_it import MarkdownIt
from markdown_it.token import Token
from starlette.exceptions import HTTPException
from tenantnet.toolchain.places import PAGES

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


def page_as_html(name: str) -> tuple[str, str]:
    """Title and content of a page such as `vpn.md`. Raises HTTPException where there is none."""
    if name not in _names():
        raise HTTPException(HTTPStatus.NOT_FOUND)
    tokens = _MARKDOWN.parse(PAGES.with_name(name).read_text(encoding="utf-8"))
    # The first three are the title.
    shown = [*_with_places(tokens[3:])]
    return tokens[1].content, str(_MARKDOWN.renderer.render(shown, _MARKDOWN.options, {}))


def _names() -> set[str]:
    return {file.name for file in PAGES.parent.glob("*.md")}


def _with_places(tokens: Sequence[Token]) -> Iterator[Token]:
    """The tokens, with headings that links lead to, and tables that keys move where they are too wide."""
    names = _names()
    for place, token in enumerate(tokens):
        # An alignment is a style, which the console's pages have in a file alone.
        token.attrs.pop("style", None)
        match token.type:
            case "heading_open":
                token.attrSet("id", _anchor(tokens[place + 1]))
            case "th_open" if not tokens[place + 1].content:
                # What a screen reader announces as a heading has a text.
                token.tag = tokens[place + 2].tag = "td"
            case "inline":
                token.children = [*_leading(token.children or [], names)]
        if token.type == "table_open":
            yield Token("html_block", "", 0, content='<div class="scroll" tabindex="0">')
        yield token
        if token.type == "table_close":
            yield Token("html_block", "", 0, content="</div>")


def _anchor(heading: Token) -> str:
    """As GitHub makes it, which the pages' links go by."""
    text = "".join(child.content for child in heading.children or []).lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def _leading(inline: Sequence[Token], names: set[str]) -> Iterator[Token]:
    """Without pictures, and without links to what is none of the pages; their words stay."""
    leads = True
    for token in inline:
        if token.type == "link_open":
            target = str(token.attrGet("href"))
            leads = "://" in target or target.partition("#")[0] in {"", *names}
        if token.type != "image" and (leads or token.type not in ("link_open", "link_close")):
            yield token
