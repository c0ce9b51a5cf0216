"""What a form has to fill in, and which refusal belongs to which field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tenantnet.proposals.connections import NETWORK_NAMED
from tenantnet.refusal import Refusal
from tenantnet.vpn.along import COMPANY_ALONG

YES, NO = "yes", "no"
# The fields of refusals that name no place.
_FIELDS = {COMPANY_ALONG.id: "without", NETWORK_NAMED.id: "network"}
_LAST_WORD = re.compile(r"([A-Za-z-]+)(?:\[\d+\])?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """What is filled in. name: its key in the settings. kind: of the HTML element, or `several` for boxes.

    value: what it holds at first. options: what can be chosen, with its words.
    """

    name: str
    label: str
    hint: str = ""
    kind: str = "text"
    value: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


def by_field(fields: Sequence[Field], refusals: Iterable[Refusal]) -> Mapping[str, Sequence[Refusal]]:
    """Refusals by the name of the field that they are about; under an empty one if they are about none."""
    names = {each.name for each in fields if each.kind != "hidden"}
    found: dict[str, list[Refusal]] = {}
    for refusal in refusals:
        last = _LAST_WORD.search(refusal.path)
        head, *tail = last[1].removeprefix("--").split("-") if last else [""]
        name = _FIELDS.get(refusal.rule_id, head + "".join(map(str.capitalize, tail)))
        found.setdefault(name if name in names else "", []).append(refusal)
    return found
