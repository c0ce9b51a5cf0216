"""Which stacks to preview if the program has changed and every stack is touched. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """stacks: to be previewed, in order. groups: what each of a sample represents, such as `tenant, steady`.

    left_out: touched and not previewed.
    """

    stacks: tuple[str, ...]
    groups: Mapping[str, str]
    left_out: tuple[str, ...]


def choose(groups: Mapping[str, str], wanted: Collection[str], *, program: bool, every: bool) -> Choice:
    """The stacks to preview.

    groups: what each stack is an example of. wanted: those whose settings have changed. program: whether the
    program has, so that one of each group is needed. every: take all of them.
    """
    sample = _one_of_each(groups, wanted) if program else {}
    chosen = {*wanted, *(groups if program and every else sample)}
    touched = set(groups) if program else set(wanted)
    return Choice(
        stacks=tuple(sorted(chosen)),
        groups={} if every else sample,
        left_out=tuple(sorted(touched - chosen)),
    )


def _one_of_each(groups: Mapping[str, str], wanted: Iterable[str]) -> dict[str, str]:
    """One stack of every group; one that is previewed in any case, where there is one."""
    first_choice = [*sorted(set(wanted) & set(groups)), *sorted(groups)]
    found: dict[str, str] = {}
    for stack in first_choice:
        found.setdefault(groups[stack], stack)
    return {stack: group for group, stack in found.items()}
