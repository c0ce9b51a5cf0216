"""The rule book: every policy and every rule in words, with an example of its error.

    python -m tools.rulebook > docs/rules.md

The examples are not written down but run: what they show is what a person gets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import chain
from pkgutil import walk_packages
from types import ModuleType

import tenantnet
from tenantnet.policies.model import Policy
from tenantnet.policies.rules import POLICIES
from tenantnet.refusal import Rule

from tools.rulebook.policies import EXAMPLES
from tools.rulebook.samples import good_stack, judge
from tools.rulebook.settings import examples as settings_examples

# Parts that have no rules, or whose rules are in the examples of the policies.
WITHOUT_RULES = (
    "tenantnet.__main__",
    "tenantnet.language_host",
    "tenantnet.local_cloud",
    "tenantnet.components",
    "tenantnet.policies",
)
# The chapter of each part's rules, the nearest counts; of all others it is the commands'.
SOURCES = {
    "tenantnet.addresses": "settings",
    "tenantnet.settings": "settings",
    "tenantnet.settings.cells": "commands",
    "tenantnet.settings.edit": "commands",
    "tenantnet.settings.project": "commands",
    "tenantnet.settings.resize": "commands",
    "tenantnet.settings.store": "commands",
    "tenantnet.phases": "moves",
}

INTRODUCTION = """\
# Rules

<!-- Generated: python -m tools.rulebook > docs/rules.md -->

Whatever a person can get wrong is refused early, with the value, the rule, its reason and the way out.
The same rule has the same words wherever it is broken: in a settings file (`tenantnet settings check`,
`pulumi preview`), in a program that goes round the settings (the policy pack), on the command line. All
that is wrong is said at once.

The errors below are what the examples get. Where an error depends on what is deployed, its words are
given, with `<names>` of what is filled in.
"""

POLICIES_INTRODUCTION = """\
## Policies

    pulumi preview --policy-pack policies
    pulumi up --policy-pack policies

The pack judges what a program declares, whoever wrote it. A resource is judged before it is created; what
lies between resources (which table a route is in, whose claim a range has) is judged at the end of
the preview. What a policy judges must be known in the preview: a value that only deployment makes known
is refused, or it comes from the right resource of the stack and is judged again in the update, before
what uses it is created.

The pack denies by default. `policies/allowed.py` lists every type that a component makes with every
property that it sets; any other is refused, and so is a document that differs in one word. What belongs to
a cell is compared with its platform's outputs, which the pack reads with `pulumi stack output`, and with the
claims and VPN connections of its other tenants, which it reads from AWS. Where it cannot read them, it
refuses the preview.

Every policy is mandatory. An organisation sets levels and settings of its own in a file:

    pulumi preview --policy-pack policies --policy-pack-config policies.json

```json
{
  "tags-present": {"enforcementLevel": "advisory", "requiredTags": ["Name", "tenantnet:cell", "cost-centre"]},
  "database-recoverable": {"minimumBackupDays": 14},
  "only-known-resources": {"ownTypes": [{"type": "aws:sqs/queue:Queue", "reason": "the team's work queue"}]}
}
```

A type of your own is not judged, but it must not name a network, a host or a database of Tenantnet.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A rule in the book. judged_by: names of the policies that have it; `settings`, `moves`, `commands`.

    given: what somebody writes, in one line; empty where that needs no saying. error: what is said then.
    """

    rule: Rule
    judged_by: Sequence[str]
    given: str
    error: str


def entries() -> list[Entry]:
    """Every rule, once. The example is the settings' where they have it, else the first policy's."""
    judged_by: dict[str, list[str]] = {}
    examples: dict[str, Entry] = {}
    for source, entry in chain(_of_settings(), _of_policies(), _of_words()):
        sources = judged_by.setdefault(entry.rule.id, [])
        if source not in sources:
            sources.append(source)
        examples.setdefault(entry.rule.id, entry)
    return [
        Entry(rule=each.rule, judged_by=judged_by[rule_id], given=each.given, error=each.error)
        for rule_id, each in examples.items()
    ]


def _of_settings() -> Iterator[tuple[str, Entry]]:
    for example in settings_examples():
        error = next(refusal for refusal in example.refusals if refusal.rule_id == example.rule.id)
        yield "settings", Entry(rule=example.rule, judged_by=(), given=example.given, error=str(error))


def _of_policies() -> Iterator[tuple[str, Entry]]:
    for policy in POLICIES:
        for example in EXAMPLES[policy.name]:
            (finding,) = judge(policy, example.change(good_stack()))
            given = f"{finding.resource.type} {finding.resource.name}"
            error = str(finding.refusal)
            yield policy.name, Entry(rule=example.rule, judged_by=(), given=given, error=error)


def rules_in(module: ModuleType) -> list[Rule]:
    """The rules that a module has names for."""
    return [value for value in vars(module).values() if isinstance(value, Rule)]


def _of_words() -> Iterator[tuple[str, Entry]]:
    """The words of all rules; entries that have an example come first and stay."""
    for module in walk_packages(tenantnet.__path__, "tenantnet."):
        if module.name.startswith(WITHOUT_RULES):
            continue
        nearest = max((part for part in SOURCES if module.name.startswith(part)), key=len, default="")
        for rule in rules_in(import_module(module.name)):
            words = f"  rule:   {rule.rule}\n  reason: {rule.reason}\n  remedy: {rule.remedy}"
            error = re.sub(r"{(\w+)}", r"<\1>", words)
            yield SOURCES.get(nearest, "commands"), Entry(rule=rule, judged_by=(), given="", error=error)


def as_markdown() -> str:
    """The text of docs/rules.md."""
    book = entries()
    parts = [INTRODUCTION, POLICIES_INTRODUCTION, _policies_table()]
    parts += [_policy(policy) for policy in POLICIES]
    for title, chosen in _chapters(book).items():
        parts.append(f"## {title}\n")
        parts += [_entry(entry) for entry in chosen]
    return "\n".join(parts)


def _chapters(book: Iterable[Entry]) -> Mapping[str, Sequence[Entry]]:
    chapters: dict[str, list[Entry]] = {
        "Errors of settings and addresses": [],
        "Errors of programs that go round the settings": [],
        "Errors of moves": [],
        "Errors of commands": [],
    }
    settings, programs, moves, commands = chapters.values()
    for entry in book:
        if "settings" in entry.judged_by:
            settings.append(entry)
        elif "moves" in entry.judged_by:
            moves.append(entry)
        elif "commands" in entry.judged_by:
            commands.append(entry)
        else:
            programs.append(entry)
    return chapters


def _policies_table() -> str:
    rows = [
        f"| [{policy.name}](#{policy.name}) | {policy.severity} | {policy.description} |"
        for policy in POLICIES
    ]
    return "\n".join(["| policy | severity | what holds |", "|---|---|---|", *rows, ""])


def _policy(policy: Policy) -> str:
    lines = [f"### {policy.name}", "", policy.description, "", f"The way out: {policy.remediation}", ""]
    for name, schema in policy.schema.items():
        lines += [f"Setting `{name}`: {schema['description']}", ""]
    links = [f"[{rule.id}](#{rule.id})" for rule in policy.rules]
    return "\n".join([*lines, f"Rules: {', '.join(links)}.", ""])


def _entry(entry: Entry) -> str:
    lines = [f"### {entry.rule.id}", "", f"Judged by: {', '.join(entry.judged_by)}.", ""]
    if entry.given:
        lines += [f"`{entry.given}`", ""]
    return "\n".join([*lines, "```text", entry.error, "```", ""])
