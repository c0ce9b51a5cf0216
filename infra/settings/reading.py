"""Reads YAML files without checking settings. Every command imports it first, so it imports no models."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError
from tenantnet.refusal import Refusal, Refused
from tenantnet.settings import rules

_QUOTED = re.compile(r"(['\"]).{2,}\1")
# What ruamel.yaml lets through besides its own errors, for tags and values that it cannot follow.
_YAML_ERRORS = (YAMLError, LookupError, ValueError, TypeError, ArithmeticError, RecursionError)


def read_mapping(path: Path) -> Mapping[object, object]:
    """A file that holds one YAML mapping. Raises Refused with line and column if it does not."""
    return parse_mapping(_read_text(path), called(path))


def parse_mapping(text: str, name: str) -> Mapping[object, object]:
    """A text that is one YAML mapping. Raises Refused, with the text's name, if it is not."""
    try:
        with warnings.catch_warnings(action="ignore"):
            document = YAML(typ="safe", pure=True).load(text)
    except _YAML_ERRORS as error:
        raise Refused(name, [_yaml_refusal(error)]) from None
    if isinstance(document, Mapping):
        return document
    problem = f"it describes {'nothing' if document is None else 'no mapping'}"
    raise Refused(name, [rules.YAML_VALID.refuse(document, problem=problem)])


def _read_text(path: Path) -> str:
    try:
        content = path.read_bytes()
        if len(content) <= rules.MAX_FILE_BYTES:
            return content.decode("utf-8-sig")
        problem = f"it has {len(content)} bytes"
    except OSError as error:
        problem = f"{error.strerror}".lower()
    except UnicodeDecodeError as error:
        problem = f"byte {error.start} is not UTF-8"
    raise Refused(called(path), [rules.FILE_READABLE.refuse(str(path), problem=problem)])


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
            problem = f"the reader says of that place: {_QUOTED.sub('...', str(error.problem))}"
        case _:
            problem = "a value does not have the form of its tag or type"
    return rules.YAML_VALID.refuse(place, problem=problem)


def called(path: Path) -> str:
    """The path, relative to the working directory if the file is below it."""
    here = Path.cwd()
    name = str(path.relative_to(here) if path.is_relative_to(here) else path)
    return name if name.isprintable() else ascii(name)
