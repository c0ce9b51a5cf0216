"""Which stacks to preview if the program has changed and every stack is touched. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """stacks: to be previewed, in order. groups: what each of a sample represents, such as `tenant, steady`.

    left_out: touched and not previewed.
    """

    stacks: tuple[str, ...]
    groups: Mapping[str, str]
    left_out: tuple[str, ...]


def choose(groups: Mapping[str, str], wanted: Collection[str], *, every: bool) -> Choice:
    """The stacks to preview.

    groups: what each stack is an example of, if the program has changed; one of each group is needed then.
    wanted: those whose settings have changed. every: take all of them.
    """
    sample: dict[str, str] = {}
    # First those that are previewed in any case.
    for stack in sorted(groups, key=lambda stack: (stack not in wanted, stack)):
        if groups[stack] not in sample.values():
            sample[stack] = groups[stack]
    chosen = {*wanted, *(groups if every else sample)}
    return Choice(
        stacks=tuple(sorted(chosen)),
        groups={} if every else sample,
        left_out=tuple(sorted(set(groups) - chosen)),
    )
