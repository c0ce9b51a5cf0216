"""A picture in SVG: text, with a title and a description for those who do not see it, light and dark.

What a colour shows, a word shows too.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

STYLE = """\
svg { color: #1f2328; color-scheme: light dark; font: 12px sans-serif }
@media (prefers-color-scheme: dark) { svg { color: #e6edf3 } }
text { fill: currentColor }
rect { fill: currentColor; fill-opacity: .04; stroke: currentColor; stroke-opacity: .5 }
path { fill: none; stroke: currentColor; stroke-opacity: .7 }
.head { font-weight: bold }
.up { stroke: #2da44e; stroke-opacity: 1; stroke-width: 2 }
.down { stroke: #e5534b; stroke-opacity: 1; stroke-width: 2; stroke-dasharray: 5 4 }
.held { fill: #d9730d; fill-opacity: .55; stroke: none }
.other { fill-opacity: .16 }
.lag { stroke: #0969da; stroke-opacity: 1; stroke-width: 2 }
"""
# As wide as a character is on average; what is longer than its box is cut, and whole in the box's title.
CHARACTER = 7
# Not of XML's characters: https://www.w3.org/TR/xml/#charsets
_NO_CHARACTERS = re.compile("[^\\t\\n\\r\\u0020-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


class Drawing:
    """What is drawn so far. styled: False for a page that has STYLE itself."""

    def __init__(self, title: str, description: str, *, styled: bool) -> None:
        self._root = ET.Element(
            "svg",
            {"xmlns": "http://www.w3.org/2000/svg", "role": "img", "aria-labelledby": "title description"},
        )
        self.add("title", title, id="title")
        self.add("desc", description, id="description")
        if styled:
            self.add("style", STYLE)

    def add(
        self, tag: str, words: str | None = None, *, inside: ET.Element | None = None, **attributes: object
    ) -> ET.Element:
        """Add an element. words: its text; `style` is its class, and `_` stands for `-` in an attribute."""
        named = {"class" if name == "style" else name: str(value) for name, value in attributes.items()}
        given = {name.replace("_", "-"): value for name, value in named.items() if value}
        element = ET.SubElement(self._root if inside is None else inside, tag, given)
        element.text = None if words is None else _NO_CHARACTERS.sub("\N{REPLACEMENT CHARACTER}", words)
        return element

    def text(
        self,
        x: float,
        y: float,
        words: str,
        style: str = "",
        *,
        inside: ET.Element | None = None,
        **more: str,
    ) -> None:
        """Write words whose line begins at `x`."""
        self.add("text", words, inside=inside, x=x, y=y, style=style, **more)

    def document(self, width: int, height: int) -> str:
        """The whole picture."""
        self._root.set("viewBox", f"0 0 {width} {height}")
        self._root.set("width", str(width))
        ET.indent(self._root)
        return ET.tostring(self._root, encoding="unicode") + "\n"


def cut(words: str, width: float) -> str:
    """As much of the words as fits into so many pixels."""
    length = int(width // CHARACTER)
    return words if len(words) <= length else f"{words[: max(0, length - 1)]}…"
