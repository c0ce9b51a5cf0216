"""What a text says, however it is written: JSON in a text, escapes, HTML, Base64, functions of templates."""

from __future__ import annotations

import html
import re
import unicodedata
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import suppress
from urllib.parse import unquote

from tenantnet.policies.model import parse_json

# A text in a text in a text: whoever writes it deeper wants nobody to read it.
DEEPEST = 5
# What stands before a document and is none of it.
_BLANK = "\ufeff\u00a0 \t\r\n"
_ESCAPE = re.compile(r"\\+u([0-9a-f]{4})", re.IGNORECASE)
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/_-]{4}){4,}(?:[A-Za-z0-9+/_-]{2}==|[A-Za-z0-9+/_-]{3}=)?")
# Variables of IAM and templates. Those of CloudFormation's own say this account, region and partition.
_OWN_PLACE = re.compile(r"\$\{AWS::[A-Za-z]+\}")
_VARIABLE = re.compile(r"\$\{[^{}]*\}|\{\{[^{}]*\}\}|\$\([^()]*\)|\{\}|\$[A-Za-z_]\w*")
# What name servers take for a dot.
_DOTS = str.maketrans({0x3002: ".", 0xFF61: "."})


def is_like_a_document(text: str) -> bool:
    """Whether it begins like JSON."""
    return text.strip(_BLANK)[:1] in ("{", "[", '"')


def document_in(text: str) -> object:
    """What a text of JSON says. Raises ValueError or RecursionError for any other."""
    return parse_json(text.strip(_BLANK))


def readings(text: str) -> Iterator[str]:
    """What else it may be read as, each one step: no two readers need to take the same one."""
    plain = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
    read = (plain, unquote(text), html.unescape(text), _as_seen(text), with_wildcards(text))
    yield from dict.fromkeys(each for each in read if each != text)
    packed = "".join(text.split())
    if _BASE64.fullmatch(packed):
        with suppress(ValueError):
            said = b64decode(packed, altchars=b"-_" if set(packed) & {"-", "_"} else None).decode()
            if said.replace("\n", "").replace("\r", "").replace("\t", "").isprintable():
                yield said


def _as_seen(text: str) -> str:
    """The text in plain letters, without characters that nobody sees."""
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFKC", text).translate(_DOTS)
    return "".join(each for each in plain if unicodedata.category(each) != "Cf")


def with_wildcards(text: str) -> str:
    """The text with `*` instead of variables: they may stand for anything."""
    return _VARIABLE.sub("*", _OWN_PLACE.sub("this", text)) if "$" in text or "{" in text else text


def joined(value: Mapping[object, object]) -> Iterator[str]:
    """What `Fn::Join` of CloudFormation makes, with `*` instead of parts that are no texts."""
    match value.get("Fn::Join"):
        case [str() as between, list() as parts]:
            yield between.join(each if isinstance(each, str) else "*" for each in parts)
