"""A whole review: finds what has changed, previews the stacks, judges the previews."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tenantnet.engine.engine import Engine
from tenantnet.engine.plugins import SharedPlugins
from tenantnet.fleet.targets import Target, read_targets
from tenantnet.phases.kept import in_config
from tenantnet.refusal import Refused
from tenantnet.review.changed import How, Repository, Touched, touched
from tenantnet.review.judge import Case, judge
from tenantnet.review.model import Preview
from tenantnet.review.packs import Pack, pack_of_base
from tenantnet.review.previews import Previewer
from tenantnet.review.program import Program
from tenantnet.review.result import ReviewResult, StackResult
from tenantnet.review.sample import Choice, choose
from tenantnet.review.settings_before import SettingsBefore, known_now
from tenantnet.review.verdict import Verdict, worst
from tenantnet.review.workplace import workplace
from tenantnet.settings.files import FileVerdict, judge_config, read_defaults
from tenantnet.settings.loading import TENANT_KEY
from tenantnet.settings.models import PlatformSettings, TenantSettings
from tenantnet.settings.project import Project, is_platform
from tenantnet.settings.reading import read_text
from tenantnet.settings.store import SettingsFile, read_settings_file
from tenantnet.settings.tree import judge_files


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """base: a commit, by any name. every: preview all stacks that a change of the program touches.

    parallel: how many previews at a time. policy_config: the policy pack's configuration, a JSON file; if it
    is one of the project's, the base's pack has it as it was at the base.
    """

    base: str
    every: bool = False
    parallel: int = 2
    policy_config: Path | None = None


def review(
    project: Project, options: Options, *, done: Callable[[Preview], None], tell: Callable[[str], None]
) -> ReviewResult:
    """Review the change from the fork point with the base to the working tree.

    done: called with each preview. tell: prints notes meanwhile.

    Raises Refused for an unknown base, Failure if git or Pulumi does not answer.
    """
    repository = Repository(project)
    commit = repository.fork_point(options.base)
    files = repository.changes_since(commit)
    program = Program(project, files, partial(repository.text_in, commit), options.policy_config)
    folder = project.settings_folder.relative_to(project.folder).as_posix()
    change = touched(files, folder, program.is_made_of, program.is_rule)
    rules = sorted({*change.rules, *repository.pipeline_changes_since(commit)})
    with workplace(project) as place:
        stacks = _Stacks(project, repository, commit, change)
        choice = stacks.choose(every=options.every)
        for stack in stacks.removed:
            place.put_settings(stack, stacks.before.text(stack))
        cases = stacks.cases(choice)
        base = commit if cases and any(map(program.is_of_pack, files)) else None
        # A single stack cannot share a plugin.
        targets = _targets(project) if len(cases) > 1 else {}
        with (
            _packs(project, repository, base, options.policy_config) as packs,
            SharedPlugins(place.project, place.log, tell) as plugins,
        ):
            previewer = Previewer(place, plugins, targets, packs)
            results = _results(previewer, cases, options.parallel, done)
    return ReviewResult(
        base=options.base,
        commit=commit,
        verdict=worst([*([Verdict.CHANGES_RULES] if rules else []), *(each.verdict for each in results)]),
        program_files=change.program,
        rule_files=rules,
        stacks=results,
        left_out=choice.left_out,
    )


@contextmanager
def _packs(
    project: Project, repository: Repository, base: str | None, config: Path | None
) -> Iterator[Sequence[Pack]]:
    """The change's own pack, and that of `base`, the commit, unless both would say the same."""
    with tempfile.TemporaryDirectory(prefix="tenantnet-base-") as folder:
        found = None
        if base:
            repository.extract(base, Path(folder))
            found = pack_of_base(project, Path(folder), config)
        yield [Pack(config=config), *filter(None, [found])]


def _results(
    previewer: Previewer, cases: Sequence[Case], parallel: int, done: Callable[[Preview], None]
) -> list[StackResult]:
    with ThreadPoolExecutor(parallel) as pool:
        return list(pool.map(partial(_result, previewer, done), cases))


def _result(previewer: Previewer, done: Callable[[Preview], None], case: Case) -> StackResult:
    if not case.is_previewed:
        return judge(case, Preview(stack=case.stack))
    preview = previewer.preview(case)
    done(preview)
    return judge(case, preview)


def _targets(project: Project) -> dict[str, Target]:
    """The stacks that may share a plugin; none if a settings file cannot be read."""
    with suppress(Refused):
        return read_targets(project)
    return {}


class _Stacks:
    """What is known of the stacks: their settings before and after, and whether the backend has them."""

    def __init__(self, project: Project, repository: Repository, commit: str, change: Touched) -> None:
        self._project, self._change = project, change
        self.before = SettingsBefore(project, repository, commit)
        self._defaults = read_defaults(project.file)
        self._engine = Engine(project)
        self._existing = frozenset(self._engine.stacks() if change.settings or change.program else ())

    @property
    def removed(self) -> list[str]:
        """The stacks whose settings file is gone."""
        return [stack for stack, how in self._change.settings.items() if how is How.REMOVED]

    def choose(self, *, every: bool) -> Choice:
        """The stacks to preview."""
        stacks = self._project.stacks_with_settings() if self._change.program else []
        with ThreadPoolExecutor() as pool:
            groups = dict(zip(stacks, pool.map(self._group, stacks), strict=True))
        return choose(groups, self._change.settings, every=every)

    def _group(self, stack: str) -> str:
        if is_platform(stack):
            return "platform"
        if stack not in self._existing:
            return "tenant, new"
        file = self._file(stack)
        match file.config.get(TENANT_KEY) if file else None:
            # While it moves, a tenant has two networks in its settings; only then its stack is asked.
            case {"networks": dict(networks)} if len(networks) > 1:
                phase = (self._engine.outputs(stack) or {}).get("phase", "steady")
                return f"tenant, {phase}" + (" with a Test network" if phase == "steady" else "")
        return "tenant, steady"

    def _file(self, stack: str) -> SettingsFile | None:
        """The stack's settings file as it is; None if it cannot be read."""
        with suppress(Refused):
            return read_settings_file(self._project, stack)
        return None

    def cases(self, choice: Choice) -> list[Case]:
        """The chosen stacks as the change has found them and leaves them."""
        files = [self._project.settings_file(each) for each in choice.stacks if each not in self.removed]
        verdicts = {verdict.stack: verdict for verdict in judge_files(files, self._project)}
        return [self._case(stack, choice, verdicts.get(stack)) for stack in choice.stacks]

    def _case(self, stack: str, choice: Choice, verdict: FileVerdict | None) -> Case:
        """verdict: on the settings file; None if that is gone."""
        how, file = self._change.settings.get(stack), self._file(stack)
        after = verdict.settings if verdict else None
        return Case(
            stack=stack,
            settings=str(how or "unchanged"),
            region=(file.region or "") if file else "",
            text=self._text(stack) if how and stack not in self.removed else "",
            before=self._before(stack) if how else after,
            after=after,
            refusals=verdict.refusals if verdict else (),
            known_before=in_config(self.before.config(stack)) if how else {},
            known_after=known_now(verdict) if verdict else {},
            exists=stack in self._existing,
            sample_of=choice.groups.get(stack, "") if how is None else "",
        )

    def _text(self, stack: str) -> str:
        """The stack's settings file as it is; empty if it cannot be read."""
        with suppress(Refused):
            return read_text(self._project.settings_file(stack))
        return ""

    def _before(self, stack: str) -> TenantSettings | PlatformSettings | None:
        return judge_config(stack, self.before.config(stack), self._defaults)[0]
