"""Reads YAML files without checking settings. Every command imports it first, so it imports no models."""

from __future__ import annotations

import os
import re
import stat
import warnings
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError
from tenantnet.refusal import Refusal, Refused, is_visible
from tenantnet.settings import rules
from tenantnet.settings.alike import check_alike, read_ordinary

BYTE_ORDER_MARK = "\ufeff"
# Facts of FILE_READABLE.
TOO_LARGE = {
    "problem": f"it has more than {rules.MAX_FILE_BYTES:,} bytes",
    "remedy": "take out what is no setting",
}
_NOT_THERE = "check the path; a settings file is tenants/Pulumi.<stack>.yaml"
_NOT_OURS = "make it a file that you may read"
_QUOTED = re.compile(r"(['\"]).{2,}\1")
# Neither wait for the other end of a pipe nor take a terminal. Windows has neither, and text files besides.
_OPEN = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOCTTY", "O_BINARY"))
# What ruamel.yaml lets through besides its own errors, for tags and values that it cannot follow.
_YAML_ERRORS = (YAMLError, LookupError, ValueError, TypeError, ArithmeticError, RecursionError)


def read_mapping(path: Path) -> Mapping[object, object]:
    """A file that holds one YAML mapping. Raises Refused with line and column if it does not."""
    text = read_text(path)
    with suppress(*_YAML_ERRORS):
        document, refusals = _read(text.removeprefix(BYTE_ORDER_MARK))
        # Of a thousand files that nobody refuses, finding the names takes as long as reading them.
        if isinstance(document, Mapping) and not refusals:
            return document
    return parse_mapping(text, called(path))


def parse_mapping(text: str, name: str) -> Mapping[object, object]:
    """A text that is one YAML mapping, and the same one for every reader of YAML.

    Raises Refused, with the text's name, if it is not.
    """
    document, refusals = parse(text, name)
    if refusals:
        raise Refused(name, refusals)
    return document


def parse(text: str, name: str) -> tuple[Mapping[object, object], list[Refusal]]:
    """The mapping in a text, and the places that other readers of YAML read differently.

    Raises Refused, with the text's name, if it is not one YAML mapping.
    """
    try:
        document, refusals = _read(text.removeprefix(BYTE_ORDER_MARK))
    except _YAML_ERRORS as error:
        raise Refused(name, [_yaml_refusal(error)]) from None
    if isinstance(document, Mapping):
        return document, refusals
    problem = f"it describes {'nothing' if document is None else 'no mapping'}"
    raise Refused(name, [rules.YAML_VALID.refuse(document, problem=problem, way="write a stack's settings")])


# A command needs Pulumi.yaml and a settings file in several places, and each takes milliseconds.
@lru_cache(maxsize=16)
def _read(text: str) -> tuple[object, list[Refusal]]:
    """What the text describes, and the places that other readers read differently."""
    if (ordinary := read_ordinary(text)) is not None:
        return ordinary, []
    with warnings.catch_warnings(action="ignore"):
        yaml = YAML(typ="safe", pure=True)
        node = yaml.compose(text)
        document = None if node is None else yaml.constructor.construct_document(node)
    return document, check_alike(text, node) if isinstance(document, Mapping) else []


def read_text(path: Path) -> str:
    """The text of a file as it is, byte order mark and line ends included. Raises Refused if it has none."""
    value = str(path)
    try:
        content = _read_bytes(path)
        if len(content) <= rules.MAX_FILE_BYTES:
            return content.decode()
        facts = TOO_LARGE
    except OSError as error:
        remedy = _NOT_THERE if isinstance(error, FileNotFoundError) else _NOT_OURS
        facts = {"problem": f"{error.strerror}".lower(), "remedy": remedy}
    except UnicodeDecodeError as error:
        before = content.count(b"\n", 0, error.start)
        value = f"line {before + 1}"
        facts = {"problem": f"{value} has a byte that is not UTF-8", "remedy": "save it as UTF-8"}
    raise Refused(called(path), [rules.FILE_READABLE.refuse(value, **facts)])


def _read_bytes(path: Path) -> bytes:
    """Raises OSError, also for what is no regular file: a named pipe or a terminal may never answer."""
    with os.fdopen(os.open(path, _OPEN), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(0, "it is no regular file")
        return file.read(rules.MAX_FILE_BYTES + 1)


def _yaml_refusal(error: Exception) -> Refusal:
    """Where the reader stopped and why; without the text there, which may be a password."""
    mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
    place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "the file"
    if isinstance(error, DuplicateKeyError):
        return rules.KEY_ONCE.refuse(place, place=place)
    match error:
        case RecursionError():
            problem = "it is nested too deeply"
        case ReaderError():
            problem = f"its character {error.position + 1} is one that YAML does not allow"
        case MarkedYAMLError():
            said = str(error.problem)
            tab = "a tab is there, and YAML has blanks" if r"'\t'" in said else ""
            problem = tab or f"YAML's reader says: {_QUOTED.sub('...', said)}"
        case _:
            problem = "a value does not have the form of its tag or type"
    return rules.YAML_VALID.refuse(place, problem=problem, way="correct it at that place")


def called(path: Path) -> str:
    """The path, relative to the working directory if the file is below it."""
    here = Path.cwd()
    name = str(path.relative_to(here) if path.is_relative_to(here) else path)
    return name if is_visible(name) else ascii(name)
