"""Text from outside in Markdown, escaped so that it is shown as it is."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from tenantnet.refusal import seen

# Characters that begin emphasis, code, links, tables, formulas and strike-through, anywhere.
_ANYWHERE = re.compile(r"([\\`*_\[\]|~$])")
# A heading or a list at the start of a line, or a rule or an underline on a line of its own.
_AT_START = re.compile(r"^(\d*)([.)]|[-+]|#{1,6})(?= |$)|^()([-=]+)(?= *$)")
# What GitHub and GitLab turn into a link or a mention: people, issues, commits, milestones, epics, addresses,
# labels and what else GitLab finds behind a sign that Markdown takes as escaped; into an addition or a
# deletion; and into a picture.
_REFERENCE = re.compile(
    r"(@|#|!|%|&amp;|://|www\.|mailto:|xmpp:)(?=\w)"
    r"|(\b(?:GH|GL)-)(?=\d)|(\\[~$*\[])(?=[\w\"])"
    r"|([{\[])(?=[+-])|(:)(?=[\w+\\-]+:)"
    r"|(\b(?=[0-9a-f]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{3})(?=[0-9a-f]{4,37}\b)",
    re.IGNORECASE,
)
_NOTHING = "<!-- -->"
# What `as_read` turns into what is seen of it: code stays, emphasis of our own goes.
_MARKUP = re.compile(r"\\(?P<mark>.)|(?P<code>`[^`\n]+`)|<!--.*?-->|&(?P<entity>amp|lt|gt);|\*\*")
_FENCED = re.compile(
    r"^(?P<fence>`{3,})(?P<language>\w*)\n(?P<code>.*?)\n(?P=fence)$", re.MULTILINE | re.DOTALL
)
_PICTURE = re.compile(
    r"^<details><summary>.*</summary>\n\n(`{3,})mermaid\n(?:.*\n)*?\1\n\n</details>\n*", re.MULTILINE
)
_FOLD = re.compile(r"^<details><summary>(?P<title>.*)</summary>$|^</details>\n*", re.MULTILINE)


def escaped(text: str) -> str:
    """One line of text that Markdown shows as it is, in a table too: no markup, no mention, no link."""
    line = html.escape(_seen(" ".join(text.split())), quote=False)
    line = _ANYWHERE.sub(r"\\\1", line)
    line = _AT_START.sub(lambda found: f"{found[1] or ''}\\{found[2] or found[4]}", line)
    return _REFERENCE.sub(rf"\g<0>{_NOTHING}", line)


def _seen(text: str) -> str:
    """What people see of it: controls, what turns the text that follows and what has no form are replaced."""
    return seen(text, lambda _: "\N{REPLACEMENT CHARACTER}")


def worded(text: str) -> str:
    """Like `escaped`, but text between backticks is code, as in our own sentences."""
    parts = re.split(r"`([^`]+)`", text)
    return "".join(
        f"`{_seen(' '.join(part.split()))}`" if place % 2 else _between(part)
        for place, part in enumerate(parts)
    )


def _between(text: str) -> str:
    """Escaped, with the blanks around it."""
    before, after = (" " if side else "" for side in (text[:1].isspace(), text[-1:].isspace()))
    return f"{before}{escaped(text)}{after}" if text.strip() else text[:1]


def shortened(text: str, limit: int) -> str:
    """At most `limit` characters."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def fenced(text: str, language: str = "text") -> str:
    """A block of code that nothing in `text` can end, and of which no line is a command."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    lines = (_seen(line) for line in text.strip().expandtabs().splitlines())
    # GitLab's quick actions and bots find `/approve` at the start of a line in some blocks of code, too.
    shown = "\n".join(f" {line}" if line.startswith("/") else line for line in lines)
    return f"{fence}{language}\n{shown}\n{fence}"


def fitting(texts: Sequence[str], room: int) -> list[str]:
    """The first of the texts that have at most `room` characters together, with two between."""
    found, used = list[str](), 0
    for text in texts:
        used += len(text) + 2
        if used > room:
            break
        found.append(text)
    return found


def listed(names: Sequence[str], room: int) -> str:
    """Names, escaped, with commas between; those that do not fit are counted."""
    found = fitting([*map(escaped, names)], room)
    more = len(names) - len(found)
    return f"{', '.join(found)} and {more} more" if more else ", ".join(found)


def items(lines: Sequence[str], room: int) -> str:
    """A list of lines that are Markdown already; those that do not fit are counted."""
    found = fitting(lines, room)
    more = [f"and {len(lines) - len(found)} more"] if len(lines) > len(found) else []
    return "\n".join(f"- {line}" for line in [*found, *more])


def folded(title: str, body: str) -> str:
    """A collapsed section. title: HTML."""
    return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>"


def as_read(comment: str) -> str:
    """A comment in our Markdown as a terminal shows it: without escapes, emphasis, folds and pictures."""
    text, found, place = _PICTURE.sub("", comment), [], 0
    for block in _FENCED.finditer(text):
        found += [_seen_in(text[place : block.start()]), block["code"]]
        place = block.end()
    return "".join([*found, _seen_in(text[place:])]).lstrip("\n")


def _seen_in(text: str) -> str:
    unfolded = _FOLD.sub(lambda fold: f"{fold['title']}:" if fold["title"] else "", text)
    notes = re.sub(r"^- _(.*)_$", r"- \1", unfolded, flags=re.MULTILINE)
    return _MARKUP.sub(
        lambda part: (
            part["mark"] or part["code"] or html.unescape(f"&{part['entity']};" if part["entity"] else "")
        ),
        notes,
    )
