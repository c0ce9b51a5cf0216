"""Turns one stack's preview, and its former and new settings, into its part of the result. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from tenantnet.engine.events import Operation
from tenantnet.engine.protection import refuse_protected
from tenantnet.observed.topology.mermaid import mermaid
from tenantnet.phases.kept import STORAGE, Known, beside_kept, in_outputs, refuse_changes
from tenantnet.phases.memory import readable
from tenantnet.refusal import Refusal, Refused
from tenantnet.review.effects import effects, refused_sizes
from tenantnet.review.intentions import intentions, left_behind, phase_notes, scheduled_note
from tenantnet.review.model import Preview
from tenantnet.review.picture import planned
from tenantnet.review.result import Change, ReviewFinding, StackResult
from tenantnet.review.settings_before import refuse_removal
from tenantnet.review.verdict import Verdict, worst
from tenantnet.review.words import sentences
from tenantnet.settings.models import PlatformSettings, TenantSettings
from tenantnet.settings.places import line_of
from tenantnet.settings.project import is_platform
from tenantnet.settings.rules import SECRETS_PROVIDER


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One stack of a review.

    settings: what happened to its file: added, changed, removed or unchanged. text: the file's, where it is
    added or changed. before, after: None if there is no such file then, or it is not valid. refusals: the
    problems of the file as it is now. known_before, known_after: what it says of what a stack keeps, valid or
    not. exists: whether the backend has the stack. sample_of: its group, where it represents others.
    """

    stack: str
    settings: str
    region: str = ""
    text: str = ""
    before: TenantSettings | PlatformSettings | None = None
    after: TenantSettings | PlatformSettings | None = None
    refusals: Sequence[Refusal] = ()
    known_before: Known = field(default_factory=dict)
    known_after: Known = field(default_factory=dict)
    exists: bool = True
    sample_of: str = ""

    @property
    def is_removed(self) -> bool:
        """Whether its settings file is gone."""
        return self.settings == "removed"

    @property
    def is_previewed(self) -> bool:
        """Whether there is something to preview, and Pulumi may read the settings file for it."""
        # It would ask for a key of elsewhere, as the role that reviews, even to make a stack.
        led_away = any(each.rule_id == SECRETS_PROVIDER.id for each in self.refusals)
        return not led_away and (self.exists or not self.is_removed)


def judge(case: Case, preview: Preview) -> StackResult:
    """The stack's part of the result."""
    protected = [each.name for each in preview.resources if each.operation.removes and each.protected]
    kept_by = protected if case.is_removed else []
    findings = [*_findings(case, preview, kept_by)]
    # Refusals of the program become findings. So do the problems of the file, and that Pulumi deletes
    # nothing protected; the errors that follow from them add nothing.
    explained = kept_by or case.refusals
    errors = [] if explained else [error for error in preview.errors if not _refusals_in(error, preview)]
    # The changes of a preview that was stopped are not those of an update.
    done = replace(preview, resources=()) if preview.errors else preview
    found = effects(done)
    tenant = case.after if isinstance(case.after, TenantSettings) else None
    return StackResult(
        stack=case.stack,
        kind="platform" if is_platform(case.stack) else "tenant",
        verdict=worst([*_verdicts(findings, errors), *(effect.verdict for effect in found)]),
        settings=case.settings,
        sample_of=case.sample_of,
        phase=str(preview.outputs.get("phase", "")),
        counts=dict(Counter(each.operation for each in done.resources if each.in_aws)),
        effects=found,
        sentences=[*intentions(case.before, case.after), *([] if case.is_removed else sentences(done))],
        notes=[
            *_notes(case, preview),
            *scheduled_note(case.before, case.after),
            *phase_notes(preview.outputs),
        ],
        findings=findings,
        errors=errors,
        changes=[
            Change(operation=each.operation, type=each.type, name=each.name, properties=each.changed)
            for each in sorted(done.changes, key=lambda each: (each.operation, each.type, each.name))
        ],
        topology=mermaid(planned(tenant, preview, case.region)) if tenant else "",
        seconds=round(preview.seconds, 1),
    )


def _verdicts(findings: Sequence[ReviewFinding], errors: Sequence[str]) -> Iterator[Verdict]:
    for finding in findings:
        if finding.mandatory:
            by_settings = finding.source == "settings"
            yield Verdict.REJECTED_BY_RULE if by_settings else Verdict.REJECTED_BY_POLICY
    if errors:
        yield Verdict.NOT_PREVIEWED


def _findings(case: Case, preview: Preview, kept_by: Sequence[str]) -> Iterator[ReviewFinding]:
    refusals = [*case.refusals]
    if kept_by:
        refusals.append(refuse_removal(case.stack, ", ".join(kept_by)))
    else:
        refusals += [found for error in preview.errors for found in _refusals_in(error, preview)]
    # The program and the file refuse the same; only refusals of our own know their rule by its ID.
    found: dict[str, Refusal] = {}
    for refusal in beside_kept(refusals, _exchanged(case, preview)):
        found.setdefault(str(refusal), refusal)
    for refusal in found.values():
        yield _finding(case, refusal, source="settings")
    for refusal in left_behind(case.before, case.after, preview.outputs):
        yield _finding(case, refusal, source="settings", mandatory=False)
    for each in preview.violations:
        rule, _, reason = each.message.partition("\n")
        other = Refusal(value="", rule=rule, reason=" ".join(reason.split()), remedy="")
        for refusal in Refusal.parse(each.message) or [other]:
            about: dict[str, Any] = {"mandatory": each.mandatory, "resource": each.resource}
            yield _finding(case, refusal, source=each.policy, **about)


def _refusals_in(error: str, preview: Preview) -> list[Refusal]:
    """What the program, or the engine for the sake of a protection, has refused."""
    if Refused.is_in(error):
        return Refusal.parse(error)
    return refuse_protected(error, {each.urn: each.changed for each in preview.resources})


def _exchanged(case: Case, preview: Preview) -> list[Refusal]:
    """What the change would exchange of the deployed stack, which knows best what that has."""
    remembered = {path: value for path, value in in_outputs(preview.outputs).items() if value is not None}
    if not preview.outputs:
        return []
    before = {**case.known_before, **remembered}
    if not preview.errors:
        before.pop(STORAGE, None)
    exchanged = refuse_changes(before, case.known_after, readable(preview.outputs))
    return [*exchanged, *refused_sizes(preview)]


def _finding(case: Case, refusal: Refusal, **about: Any) -> ReviewFinding:  # noqa: ANN401 - its other fields
    line = line_of(case.text, refusal) if case.text else 0
    given = {name: value for name, value in asdict(refusal).items() if name != "facts"}
    return ReviewFinding(**given, line=line, **about)


def _notes(case: Case, preview: Preview) -> Iterator[str]:
    if not case.is_removed:
        return
    deleted = [each for each in preview.changes if each.operation is Operation.DELETE]
    if not deleted:
        yield "its settings are removed, and its stack has no resources: nothing is left to delete"
    elif not any(each.protected for each in deleted):
        yield (
            f"merging deletes nothing by itself: `pulumi destroy --stack {case.stack}` does, and deletes "
            f"{len(deleted)} resources; afterwards `pulumi stack rm {case.stack}` forgets the stack"
        )
