"""What a preview means, in the words of a review, for whoever is about to agree to the update. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tenantnet.engine.events import EngineLog
from tenantnet.refusal import Refusal
from tenantnet.review.effects import effects, refused_sizes
from tenantnet.review.events import preview_of
from tenantnet.review.verdict import Verdict, worst
from tenantnet.review.words import sentences


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequences:
    """effects: what people will notice, the worst first. changes: in sentences, with values.

    refusals: of what AWS would not do, before it is asked.
    """

    verdict: Verdict
    effects: Sequence[str]
    changes: Sequence[str]
    refusals: Sequence[Refusal] = ()


def consequences(stack: str, log: EngineLog) -> Consequences:
    """The consequences of the update that the engine has previewed."""
    preview = preview_of(stack, log)
    found = effects(preview)
    return Consequences(
        verdict=worst(effect.verdict for effect in found),
        effects=[effect.text for effect in found],
        changes=sentences(preview),
        refusals=refused_sizes(preview),
    )
