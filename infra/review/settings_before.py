"""Settings as a change has found them, and what it would exchange of stacks that are deployed so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from tenantnet.phases.kept import Known, in_config, refuse_changes, with_one_network
from tenantnet.refusal import Refused
from tenantnet.review.changed import Repository
from tenantnet.settings.files import REGION_KEY, FileVerdict, config_of
from tenantnet.settings.loading import TENANT_KEY
from tenantnet.settings.project import Project
from tenantnet.settings.reading import parse_mapping


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


def judge_since(project: Project, base: str, verdicts: Sequence[FileVerdict]) -> list[FileVerdict]:
    """The verdicts, with what each file would exchange of its stack, deployed as it was where `base` forks.

    Raises Refused for an unknown base.
    """
    repository = Repository(project)
    before = SettingsBefore(project, repository, repository.fork_point(base))
    return [_beside(in_config(before.config(verdict.stack)), verdict) for verdict in verdicts]


def _beside(before: Known, verdict: FileVerdict) -> FileVerdict:
    exchanged = refuse_changes(before, known_now(verdict), with_one_network(before))
    return replace(verdict, refusals=[*verdict.refusals, *exchanged])
