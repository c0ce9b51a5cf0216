"""What a text says, however it is written: JSON in a text, escapes, HTML, Base64, functions of templates."""

from __future__ import annotations

import html
import re
import unicodedata
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from urllib.parse import unquote

from tenantnet.policies.model import parse_json

# A text in a text in a text: whoever writes it deeper wants nobody to read it.
DEEPEST = 5
# What stands before a document and is none of it.
_BLANK = "\ufeff\u00a0 \t\r\n"
_ESCAPE = re.compile(
    r"(?<!\\)\\++(?:(?-i:u)([0-9a-f]{4})|x([0-9a-f]{2})|u\{0*([0-9a-f]{2,5})\}|(?-i:U000)([0-9a-f]{5})|(/)|([0-7]{3}))",
    re.IGNORECASE,
)
# Of blanks. Whoever undoes another escape first may read a letter there.
_BLANK_ESCAPE = re.compile(r"(?<!\\)\\++[nrtbf]")
# In a text of any kind, broken into lines or not. Whatever else such a word is says nothing when it is read.
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{11,}")
_OF_ADDRESSES = str.maketrans("-_", "+/")
_UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd]+")
_SHORTEST = 6
_NO_ASCII = re.compile(r"[^\x00-\x7f]")
# Variables of IAM and templates. Those of CloudFormation's own say this account, region and partition, and
# one of IAM's whoever asks.
_OWN_PLACE = re.compile(r"\$\{AWS::[A-Za-z]+\}|(?:(?<=:user/)|(?<=:mfa/))\$\{aws:username\}")
_VARIABLE = re.compile(
    r"[$#@%]!?\{[^{}]*\}|\{\{[^{}]*\}\}|\$\([^()]*\)|\{[^{}\"'\s]*\}|\$!?[A-Za-z_]\w*|`[^`]*`"
    r"|<[\w.-]+>|<%[^%]*%>|%\(\w+\)[a-z]|%(?:\d\$)?[sd](?![a-z0-9])|%[A-Za-z_]\w*%"
)
# Of templates that ask for a part of a variable: `$input.params('cell')`.
_PART = re.compile(r"\$!?[A-Za-z_][\w.]*(?:\([^()]*\))?")
# No character of HTML has as many digits, and Python refuses to read thousands of them.
_NUMBER = re.compile(r"&#0*([0-9]{8})[0-9]*")
# What name servers take for a dot.
_DOTS = str.maketrans({0x3002: ".", 0xFF61: "."})


def is_like_a_document(text: str) -> bool:
    """Whether it begins like JSON."""
    return text.strip(_BLANK)[:1] in ("{", "[", '"')


def document_in(text: str) -> object:
    """What a text of JSON says. Raises ValueError or RecursionError for any other."""
    return parse_json(text.strip(_BLANK))


@lru_cache(maxsize=128)  # several policies read each text, one after the other
def readings(text: str, *, singly: bool) -> Sequence[str]:
    """What else it may be read as: by a reader who undoes whatever can be undone, each one step.

    singly: by readers, too, who undo one kind alone; there is none within another reading.
    """
    seen = text
    for undo in _UNDO:
        seen = undo(seen)
    alone = [undo(text) for undo in _UNDO] if singly else []
    others = (with_wildcards(text), _PART.sub("*", text), _BLANK_ESCAPE.sub(" ", text))
    read = (seen, *alone, *others, *_unpacked(text))
    return tuple(dict.fromkeys(each for each in read if each != text))


def _escaped(found: re.Match[str]) -> str:
    *hexadecimal, slash, octal = found.groups()  # octal as Route 53 writes it
    if code := next(filter(None, hexadecimal), None):
        return chr(int(code, 16))
    return chr(int(octal, 8)) if octal else slash


def _unpacked(text: str) -> Iterator[str]:
    """What Base64 in it says, as far as it is text."""
    for written in dict.fromkeys((text, "".join(text.split()))):
        for packed in _BASE64.findall(written):
            for begin in range(4):  # a word before it may look like a part of it
                part = packed[begin:].translate(_OF_ADDRESSES)
                said = b64decode(part[: len(part) - (len(part) % 4 == 1)] + "==")
                # UTF-16 has zeros between its characters.
                for each in dict.fromkeys((said, said.replace(b"\0", b""))):
                    words = _UNREADABLE.split(each.decode(errors="replace"))
                    yield from (word for word in words if len(word) >= _SHORTEST)


def _as_seen(text: str) -> str:
    """The text in plain letters, without characters that nobody sees."""
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFKC", text).translate(_DOTS)
    return _NO_ASCII.sub(lambda each: "" if unicodedata.category(each[0]) == "Cf" else each[0], plain)


# What hides a text from whoever only looks at it.
_UNDO: Sequence[Callable[[str], str]] = (
    lambda text: _ESCAPE.sub(_escaped, text),
    unquote,
    lambda text: html.unescape(_NUMBER.sub(r"&#\1", text)),
    _as_seen,
)


def with_wildcards(text: str) -> str:
    """The text with `*` instead of variables: they may stand for anything."""
    return _VARIABLE.sub("*", _OWN_PLACE.sub("this", text))


def joined(value: Mapping[object, object]) -> Iterator[str]:
    """What `Fn::Join` of CloudFormation makes, with `*` instead of parts that are no texts."""
    match value.get("Fn::Join"):
        case [str() as between, list() as parts]:
            yield between.join(each if isinstance(each, str) else "*" for each in parts)
