"""What the engine says where an update would replace or delete what is protected, as a refusal. Pure.

Its own words advise to take the protection off, which is the one way to lose the data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from tenantnet.engine.events import EngineLog, name_in
from tenantnet.engine.existing import UNKNOWN, ways_out
from tenantnet.refusal import Refusal, Rule

# step_generator.go and step.go in https://github.com/pulumi/pulumi/tree/master/pkg/resource/deploy
_REFUSED = re.compile(
    r'unable to (?P<verb>replace|delete) resource "(?P<urn>[^"]+)"[^`]*?currently marked for protection'
    r'|resource "(?P<deleted>[^"]+)" cannot be deleted\s+because it is protected'
)

PROTECTED = Rule(
    id="protected-kept",
    rule="what holds data is neither replaced nor deleted while it is protected",
    reason="this update would {verb} {name}{because}, and what it holds would be gone",
    remedy="take back the change that leads to it; do not take the protection off instead. A tenant that "
    "leaves gets `retiring: true` first",
)


def refuse_protected(message: str, changed: Mapping[str, Sequence[str]]) -> list[Refusal]:
    """The refusals in an error of the engine; none in any other. changed: what differs, by URN."""
    return [
        PROTECTED.refuse(
            name_in(urn),
            verb=found["verb"] or "delete",
            name=name_in(urn),
            because=f", because of {', '.join(changed[urn])}" if changed.get(urn) else "",
        )
        for found in _REFUSED.finditer(message)
        for urn in (found["urn"] or found["deleted"],)
    ]


def errors_in_our_words(log: EngineLog) -> list[str]:
    """The engine's errors, without its advice where it keeps a protection, with ours where AWS is ahead."""
    changed = {step.urn: step.properties for step in log.steps}
    said = [
        "\n".join(map(str, refuse_protected(error.message, changed))) or error.message for error in log.errors
    ]
    ways = ways_out(log)
    return [*said, *([UNKNOWN, *ways] if ways else [])]
