"""Words of others in Markdown: shown as they are, whatever characters they hold."""

from __future__ import annotations

import html
import re

# What begins emphasis, code, links, tables, formulas and strike-through, wherever it stands.
_ANYWHERE = re.compile(r"([\\`*_\[\]|~$])")
# What begins a heading, a list, a quotation or a rule at the start of a line.
_AT_START = re.compile(r"^(\d*)([-+#=.)])")
# What GitHub and GitLab make a link of, and tell people about.
_REFERENCE = re.compile(r"(@|#|!|://|www\.)(?=\w)")
_NOTHING = "<!-- -->"


def escaped(text: str) -> str:
    """One line of text that Markdown shows as it is, in a table too: no markup, no mention, no link."""
    line = html.escape(" ".join(text.split()), quote=False)
    line = _ANYWHERE.sub(r"\\\1", line)
    line = _AT_START.sub(r"\1\\\2", line)
    return _REFERENCE.sub(rf"\1{_NOTHING}", line)


def shortened(text: str, limit: int) -> str:
    """At most `limit` characters."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def fenced(text: str, language: str = "text") -> str:
    """A block of code that nothing in `text` can end."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text.strip()}\n{fence}"


def folded(title: str, body: str) -> str:
    """A part that is closed until somebody opens it. title: HTML."""
    return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>"
