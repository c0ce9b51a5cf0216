"""CodeBuild, completed: projects without a source of their own, and projects that change.

https://docs.aws.amazon.com/codebuild/latest/APIReference/API_ProjectSource.html
"""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from moto.codebuild import urls
from moto.codebuild.exceptions import ResourceNotFoundException
from moto.codebuild.models import CodeBuildBackend, codebuild_backends
from moto.codebuild.responses import CodeBuildResponse
from moto.core.responses import ActionResult
from moto.core.utils import unix_time

# Their source comes with the build, so that there is nowhere to look for it.
WITHOUT_LOCATION = ("NO_SOURCE", "CODEPIPELINE")
CHANGEABLE = (
    "artifacts",
    "cache",
    "description",
    "environment",
    "logsConfig",
    "queuedTimeoutInMinutes",
    "serviceRole",
    "source",
    "sourceVersion",
    "tags",
    "timeoutInMinutes",
    "vpcConfig",
)


class CompletedCodeBuildResponse(CodeBuildResponse):
    """All calls."""

    def create_project(self) -> ActionResult:
        source = self._get_param("source")
        if source["type"] in WITHOUT_LOCATION:
            # moto insists on one.
            self.body = json.dumps({**json.loads(self.body), "source": {**source, "location": "none"}})
        result = super().create_project()
        answer: Any = result.result
        answer["project"]["source"] = source
        return result

    def update_project(self) -> ActionResult:
        name = self._get_param("name")
        projects = self.codebuild_backend.codebuild_projects
        if name not in projects:
            raise ResourceNotFoundException(f"Project cannot be found: {name}")
        changes = {key: value for key in CHANGEABLE if (value := self._get_param(key)) is not None}
        projects[name].project_metadata.update(changes, lastModifiedDate=unix_time())
        return ActionResult({"project": projects[name].project_metadata})


class CompletedCodeBuildBackend(CodeBuildBackend):
    """One region's CodeBuild."""

    @property
    def _url_module(self) -> SimpleNamespace:
        """What moto looks for in `urls.py` beside the backend's module."""
        paths = dict.fromkeys(urls.url_paths, CompletedCodeBuildResponse.dispatch)
        return SimpleNamespace(url_bases=urls.url_bases, url_paths=paths)


def register_codebuild() -> None:
    """Let moto make completed backends from now on."""
    codebuild_backends.backend = CompletedCodeBuildBackend
