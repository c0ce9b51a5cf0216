"""The result of a review: the content of result.json, and the source of the comment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import ConfigDict, Field
from tenantnet.engine.events import Operation
from tenantnet.review.model import Effect
from tenantnet.review.verdict import Verdict
from tenantnet.stacks.outputs import Model


class Result(Model):
    """Keys in camelCase."""

    model_config = ConfigDict(serialize_by_alias=True)


class ReviewFinding(Result):
    """Why a change is rejected.

    source: `settings`, or the policy's name. mandatory: whether it stops updates. resource: its name, where
    there is one. path: the place in the settings, or the resource's property. rule_id: empty where it is not
    known. line: of the settings file that the change adds or changes; 0 where there is none.
    """

    source: str
    mandatory: bool = True
    resource: str = ""
    path: str = ""
    value: str
    rule: str
    reason: str
    remedy: str
    rule_id: str = ""
    line: Annotated[int, Field(ge=0, le=10_000_000)] = 0


class Change(Result):
    """A resource that changes. properties: names of those that differ, where it is updated or replaced."""

    operation: Operation
    type: str
    name: str
    properties: Sequence[str] = ()


class StackResult(Result):
    """One stack's preview.

    kind: `tenant` or `platform`. settings: what happened to its settings file: added, changed, removed or
    unchanged. sample_of: the group that it represents, where only a sample is previewed. counts: how many
    resources of AWS, by operation. sentences: the changes in plain words. errors: why there is
    no complete preview. topology: Mermaid, empty for a platform or where the settings are not valid.
    """

    stack: str
    kind: str
    verdict: Verdict
    settings: Annotated[str, Field(pattern=r"^(added|changed|removed|unchanged)$")]
    sample_of: str = ""
    phase: str = ""
    counts: Mapping[Operation, int] = {}
    effects: Sequence[Effect] = ()
    sentences: Sequence[str] = ()
    notes: Sequence[str] = ()
    findings: Sequence[ReviewFinding] = ()
    errors: Sequence[str] = ()
    changes: Sequence[Change] = ()
    topology: str = ""
    seconds: float = 0.0

    @property
    def summary(self) -> tuple[str, int]:
        """The most important change in one sentence, and how many more there are."""
        rejected = [
            f"{each.path}: {each.rule}".removeprefix(": ") for each in self.findings if each.mandatory
        ]
        noticed = [effect.text for effect in self.effects if effect.verdict is not Verdict.SAFE]
        others = [effect.text for effect in self.effects if effect.verdict is Verdict.SAFE]
        told = [*rejected, *self.errors, *noticed, *self.sentences, *others] or self.notes
        said = [line for each in told if (line := " ".join(each.split()))]
        return (said[0], len(said) - 1) if said else ("changes nothing", 0)


class ReviewResult(Result):
    """A whole review. base: as it was named; commit: the one that the change is compared with.

    program_files: files that make every stack. rule_files: files that judge changes, or review them.
    left_out: touched stacks that were not previewed.
    """

    schema_version: int = 1
    base: str
    commit: Annotated[str, Field(pattern=r"^[0-9a-f]+$")]
    verdict: Verdict
    program_files: Sequence[str] = ()
    rule_files: Sequence[str] = ()
    stacks: Sequence[StackResult] = ()
    left_out: Sequence[str] = ()

    @property
    def tally(self) -> dict[Verdict, int]:
        """How many stacks have each verdict, the worst first."""
        counted = Counter(stack.verdict for stack in self.stacks)
        return {verdict: counted[verdict] for verdict in reversed(Verdict) if counted[verdict]}


def exit_code(verdict: Verdict, fail_on: Verdict) -> int:
    """0 if the verdict is less severe than `fail_on`; else the verdict's own."""
    return 0 if verdict.severity < fail_on.severity else verdict.code
