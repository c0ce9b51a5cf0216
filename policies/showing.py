"""A finding in the words that people see: a preview's output has them, and a review's public comment.

What is a secret by its form no refusal shows. Here goes what the program has marked as a secret, and what is
called like one. The words of rules are everybody's, whatever is secret.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from typing import Any

from google.protobuf import json_format  # type: ignore[import-untyped]
from pulumi_policy.deserialize import SPECIAL_SECRET_SIG, SPECIAL_SIG_KEY
from tenantnet.policies.model import Finding
from tenantnet.policies.own_types import OWN_TYPE_APART
from tenantnet.policies.rules import POLICIES
from tenantnet.policies.secrecy import SECRET_PROPERTIES, SHORTEST_SECRET, written
from tenantnet.refusal import Refusal
from tenantnet.secret_forms import NAMES, NOT_SHOWN, hide_secrets

# A text that ends so was cut, maybe within a secret. Fewer characters of one tell nothing.
_CUT, _FEWEST = "...", 3
# Of a longer secret messages show no more than how it begins.
_LONGEST = 2_000
_RULES = {rule.id: rule for policy in POLICIES for rule in policy.rules}
# Beside the URNs of resources.
_SETTINGS = "the stack's settings"
_CALLED = re.compile(rf"{NAMES}s?(?:string|value)?$", re.IGNORECASE)
# A name, a number or an ID in a sentence: what a finding takes from a value.
_PIECE = re.compile(r"[\w.:/@+-]*[0-9._:/@+-][\w.:/@+-]*")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


class Confidential:
    """What the programs of a preview or update have marked as secret."""

    def __init__(self) -> None:
        self._properties: dict[str, set[str]] = {}
        self._texts: dict[str, set[str]] = {}

    def learn(self, urn: str, properties: Any) -> None:  # noqa: ANN401 - a Struct of protobuf
        """Take the marks of a resource as the engine sends it; the SDK hands on values without them."""
        if SPECIAL_SECRET_SIG.encode() not in properties.SerializeToString():
            return
        for name, value in json_format.MessageToDict(properties).items():
            if found := {*_marked(value)}:
                self._properties.setdefault(urn, set()).add(name)
                self._texts.setdefault(urn, set()).update(found)

    def learn_settings(self, settings: Mapping[str, str], secret: Iterable[str]) -> None:
        """Take the stack's secret settings, by their keys: a program may use one as if it were none."""
        found = {settings[key] for key in secret if key in settings}
        for text in {*found}:
            with suppress(ValueError):
                found |= {*_marked(json.loads(text), within=True)}
        self._texts[_SETTINGS] = found

    def words(self, finding: Finding) -> Refusal:
        """The refusal, with other words instead of every secret."""
        resource, refusal = finding.resource, finding.refusal
        named = {*_called(resource.props), *_kept(finding)}
        own = {*self._texts.get(resource.urn, ()), *named}
        secrets = own | {
            text for each in self._texts.values() for text in each if len(text) >= SHORTEST_SECRET
        }
        secrets = {text[:_LONGEST] for text in secrets}
        value, path = _without(refusal.value, secrets), _without(refusal.path, secrets)
        facts = {name: _without(fact, secrets) for name, fact in refusal.facts.items()}
        root = re.split(r"[.\[]", refusal.path, maxsplit=1)[0]
        hidden = {*self._properties.get(resource.urn, ()), *resource.secret_outputs}
        # What an own type names may itself be a piece of a secret.
        is_piece = refusal.rule_id == OWN_TYPE_APART.id and _without_pieces(value, secrets) != value
        if root in hidden or value != refusal.value or refusal.value == NOT_SHOWN or is_piece:
            value, path = NOT_SHOWN, _without_pieces(path, secrets)
            facts = {name: _without_pieces(fact, secrets) for name, fact in facts.items()}
        return _RULES[refusal.rule_id].say(value, path, facts)


def _marked(value: object, within: bool = False) -> Iterator[str]:
    """Every text, name and number in what is marked."""
    match value:
        case Mapping() if value.get(SPECIAL_SIG_KEY) == SPECIAL_SECRET_SIG:
            yield from _marked(value.get("value"), within=True)
        case Mapping():
            yield from (str(key) for key in value if within)
            for each in value.values():
                yield from _marked(each, within)
        case list():
            for each in value:
                yield from _marked(each, within)
        case bool() | float() | int() | str() if within and value != "":
            yield str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _kept(finding: Finding) -> Iterator[str]:
    resource = finding.resource
    for path in (*SECRET_PROPERTIES.get(resource.type, ()), *resource.secret_outputs):
        value = resource.props.get(path)
        yield from _marked({SPECIAL_SIG_KEY: SPECIAL_SECRET_SIG, "value": value})


def _called(value: object, called: bool = False) -> Iterator[str]:
    """What stands at a name of secrets, or beside it: `{"name": "DB_PASSWORD", "value": "…"}`."""
    match value:
        case Mapping():
            name = str(value.get("name", value.get("key", "")))
            for key, each in value.items():
                beside = str(key).casefold() == "value" and _CALLED.search(name)
                yield from _called(each, called or bool(_CALLED.search(str(key)) or beside))
        case list():
            for each in value:
                yield from _called(each, called)
        case str() if called and len(value) >= SHORTEST_SECRET and not value.startswith("arn:"):
            yield value


@cache
def _forms(secret: str) -> frozenset[str]:
    """As what is shown may write it: in capitals, a part of it hidden by its form, and quoted again."""
    # A text that is read in Base64 is shown without what nobody sees, in parts.
    parts = {secret, *(each for each in _UNSEEN.split(secret) if len(each) >= SHORTEST_SECRET)}
    cased = {each for part in parts for each in (part, part.upper(), part.lower())}
    found = {form for each in cased for form in written(each)}
    found |= {hide_secrets(form) for form in found} - {NOT_SHOWN}
    return frozenset(found | {json.dumps(form)[1:-1] for form in found})


@cache
def _pattern(secret: str) -> re.Pattern[str]:
    """Of all its forms. A short one is a word of its own."""
    if len(secret) < SHORTEST_SECRET:
        return re.compile(rf"(?<![A-Za-z0-9]){re.escape(secret)}(?![A-Za-z0-9])", re.IGNORECASE)
    forms = sorted(_forms(secret), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, forms)), re.IGNORECASE)


def _without(text: str, secrets: set[str]) -> str:
    """The text without the secrets, whole or begun before a cut."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = _pattern(secret).sub(NOT_SHOWN, text)
        if _CUT in text:
            for form in {secret} if len(secret) < SHORTEST_SECRET else _forms(secret):
                text = _CUT.join(_without_begun(each, form) for each in text.split(_CUT))
    return text


def _without_begun(text: str, secret: str) -> str:
    """The text without the beginning of the secret at its end."""
    folded, start = text.casefold(), secret.casefold()
    lengths = range(min(len(start), len(folded)), _FEWEST - 1, -1)
    length = next((each for each in lengths if folded.endswith(start[:each])), 0)
    return f"{text[:-length]}{NOT_SHOWN}" if length else text


def _without_pieces(text: str, secrets: set[str]) -> str:
    """The text without names and numbers that stand in a secret."""
    folded = [secret.casefold() for secret in secrets]

    def hide(piece: re.Match[str]) -> str:
        word = piece[0].casefold().strip(".:")
        is_of_one = len(word) > _FEWEST and any(word in secret for secret in folded)
        return NOT_SHOWN if is_of_one else piece[0]

    return _PIECE.sub(hide, text)
