"""Settings as a change has found them, and what it would exchange of stacks that are deployed so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from tenantnet.phases.kept import Known, beside_kept, in_config, refuse_changes, with_one_network
from tenantnet.refusal import Refusal, Refused, Rule
from tenantnet.review.changed import How, Repository, touched
from tenantnet.settings.files import REGION_KEY, FileVerdict, config_of
from tenantnet.settings.loading import PLATFORM_KEY, TENANT_KEY
from tenantnet.settings.project import Project, is_platform
from tenantnet.settings.reading import parse_mapping

SETTINGS_KEPT = Rule(
    id="settings-kept",
    rule="a stack that is protected keeps its settings file",
    reason="{stack} is deployed and protected ({why}): a removed file deletes nothing of it, and without the "
    "file nobody can update it",
    remedy="put the file back. What is to go gets `retiring: true` first, a tenant by `tenantnet tenant "
    "remove {stack}`; once that is deployed, a review of the removal shows what `pulumi destroy --stack "
    "{stack}` deletes",
)


class SettingsBefore:
    """The settings files of a project at a commit."""

    def __init__(self, project: Project, repository: Repository, commit: str) -> None:
        self._project, self._repository, self._commit = project, repository, commit

    def text(self, stack: str) -> str:
        """The stack's settings file; empty if there was none."""
        path = self._project.settings_file(stack).relative_to(self._project.folder)
        return self._repository.text_in(self._commit, path) or ""

    def config(self, stack: str) -> Mapping[object, object]:
        """What was under `config` there; nothing where that could not be read."""
        with suppress(Refused):
            return config_of(parse_mapping(self.text(stack), stack))
        return {}


def known_now(verdict: FileVerdict) -> Known:
    """What a settings file says of what its stack keeps."""
    return in_config({REGION_KEY: verdict.region, TENANT_KEY: verdict.tenant})


def refuse_removal(stack: str, why: str) -> Refusal:
    """The refusal of a settings file that is gone. why: what protects its stack."""
    return SETTINGS_KEPT.refuse(f"Pulumi.{stack}.yaml removed", stack=stack, why=why)


def judge_since(
    project: Project, base: str, verdicts: Sequence[FileVerdict], *, removed: bool
) -> list[FileVerdict]:
    """The verdicts, with what each file would exchange of its stack, deployed as it was where `base` forks.

    removed: judge the files that are gone since then, too. Raises Refused for an unknown base.
    """
    repository = Repository(project)
    commit = repository.fork_point(base)
    before = SettingsBefore(project, repository, commit)
    gone = _removed(project, repository.changes_since(commit), before) if removed else ()
    return [*(_beside(in_config(before.config(each.stack)), each) for each in verdicts), *gone]


def _removed(project: Project, files: Mapping[str, How], before: SettingsBefore) -> Iterator[FileVerdict]:
    folder = project.settings_folder.relative_to(project.folder).as_posix()
    change = touched(files, folder, lambda _: False, lambda _: False)
    for stack in (stack for stack, how in change.settings.items() if how is How.REMOVED):
        config = before.config(stack)
        of_kind = config.get(PLATFORM_KEY if is_platform(stack) else TENANT_KEY)
        if not isinstance(of_kind, Mapping) or of_kind.get("retiring") is not True:
            refusal = refuse_removal(stack, "its settings had no `retiring: true`")
            yield FileVerdict(path=project.settings_file(stack), stack=stack, refusals=[refusal])


def _beside(before: Known, verdict: FileVerdict) -> FileVerdict:
    exchanged = refuse_changes(before, known_now(verdict), with_one_network(before))
    return replace(verdict, refusals=beside_kept(verdict.refusals, exchanged))
