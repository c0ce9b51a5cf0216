"""CodeBuild, completed: projects without a source of their own, projects that change, and builds that run.

https://docs.aws.amazon.com/codebuild/latest/APIReference/API_ProjectSource.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from types import SimpleNamespace
from typing import Any, ClassVar

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from moto.codebuild import urls
from moto.codebuild.exceptions import InvalidInputException, ResourceNotFoundException
from moto.codebuild.models import CodeBuildBackend, codebuild_backends
from moto.codebuild.responses import CodeBuildResponse
from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.core.utils import unix_time
from moto.iam.models import iam_backends
from tenantnet.local_cloud.builds import Build, Builds, Order
from tenantnet.local_cloud.clients import client
from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.iam.callers import PARTITION, caller_with_key, service_session
from tenantnet.local_cloud.iam.policy import Decision
from tenantnet.local_cloud.state import StateDir
from tenantnet.toolchain.places import home

# Their source comes with the build, so that there is nowhere to look for it.
WITHOUT_LOCATION = ("NO_SOURCE", "CODEPIPELINE")
# Known to CodeBuild, and not to moto.
NEWER_SOURCES = ("GITLAB", "GITLAB_SELF_MANAGED")
CHANGEABLE = (
    "artifacts",
    "cache",
    "description",
    "encryptionKey",
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
# https://docs.aws.amazon.com/codebuild/latest/userguide/sample-ecr.html
ECR_IMAGE = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com/([^:@]+)")
OF_THE_REGISTRY = "ecr:GetAuthorizationToken"
OF_THE_REPOSITORY = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
DEFAULT_TIMEOUT_MINUTES = 60
PRINCIPAL = "codebuild.amazonaws.com"
# The server that is asked is this one; where it has ended, nobody waits for its answer.
IMPATIENT = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 1})


class LocalBuilds:
    """Builds of this server's cloud. source: the folder that every build has as its source."""

    def __init__(self, state: StateDir) -> None:
        self._state = state
        self.source = home()
        self.builds = Builds()

    def start(
        self, build: Mapping[str, Any], project: Mapping[str, Any], *, account: str, region: str
    ) -> None:
        """Run what the build's metadata describe."""
        log = self._log(build, project, region)
        self.builds.start(
            Order(
                id=build["id"],
                buildspec=build["source"].get("buildspec", ""),
                folder=self.source,
                pull=lambda: _pull(build["environment"], project["serviceRole"], account),
                variables=lambda: self._variables(build, project, account, region),
                tell=log,
                limit_seconds=60.0 * build["timeoutInMinutes"],
            )
        )

    def _variables(
        self, build: Mapping[str, Any], project: Mapping[str, Any], account: str, region: str
    ) -> Mapping[str, str]:
        """As the project's role, which reads the secrets. Raises JsonRESTError where CodeBuild may not."""
        session = f"AWSCodeBuild-{build['id'].rpartition(':')[2]}"
        role = service_session(account, project["serviceRole"], PRINCIPAL, session)
        own = {**environment(self._state.path), **role}
        given = {
            each["name"]: self._value(each, own, region)
            for each in build["environment"]["environmentVariables"]
        }
        return {
            **given,
            "CODEBUILD_BUILD_ID": build["id"],
            "CODEBUILD_BUILD_ARN": build["arn"],
            "CODEBUILD_SRC_DIR": str(self.source),
            "AWS_ACCOUNT_ID": account,
            **own,
        }

    def _value(self, variable: Mapping[str, str], own: Mapping[str, str], region: str) -> str:
        """The variable's value. Raises ClientError where it is a secret or parameter that is not there."""
        match variable.get("type", "PLAINTEXT"):
            case "SECRETS_MANAGER":
                secrets = client("secretsmanager", own, region=region, config=IMPATIENT)
                answer = secrets.get_secret_value(SecretId=variable["value"])
                return str(answer["SecretString"])
            case "PARAMETER_STORE":
                ssm = client("ssm", own, region=region, config=IMPATIENT)
                answer = ssm.get_parameter(Name=variable["value"], WithDecryption=True)
                return str(answer["Parameter"]["Value"])
        return variable["value"]

    def _log(
        self, build: Mapping[str, Any], project: Mapping[str, Any], region: str
    ) -> Callable[[str], None]:
        """Where the build's lines go: a file in the state directory, and the log group that is asked for."""
        group = project.get("logsConfig", {}).get("cloudWatchLogs", {}).get("groupName")
        stream = build["id"].rpartition(":")[2]
        file = self._state.builds / f"{stream}.log"
        file.parent.mkdir(parents=True, exist_ok=True)
        own = environment(self._state.path)
        logs = client("logs", own, region=region, config=IMPATIENT) if group else None
        if logs is not None:
            # Without the group a build runs on AWS too, and nobody reads its log.
            with suppress(ClientError, BotoCoreError):
                logs.create_log_stream(logGroupName=group, logStreamName=stream)
        writing = Lock()

        def tell(line: str) -> None:
            with writing:
                with file.open("a", encoding="utf-8") as written:
                    written.write(f"{line}\n")
                if logs is not None and line:
                    event = {"timestamp": round(1000 * datetime.now(UTC).timestamp()), "message": line}
                    with suppress(ClientError, BotoCoreError):
                        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[event])

        return tell


def _pull(image: Mapping[str, Any], role: str, account: str) -> None:
    """Raises AWS's AccessDeniedException where an image of a registry is pulled as a role that may not.

    image: the build's environment. An image of anywhere else is pulled as nobody; none is pulled here.
    """
    found = ECR_IMAGE.match(image["image"])
    if found is None or image.get("imagePullCredentialsType") != "SERVICE_ROLE":
        return
    session = service_session(account, role, PRINCIPAL, "image")
    caller = caller_with_key(account, session["AWS_ACCESS_KEY_ID"])
    if caller is None:
        raise JsonRESTError("UnrecognizedClientException", "The session has ended.")
    owner, region, name = found.groups()
    caller.require(OF_THE_REGISTRY, "*")
    for action in OF_THE_REPOSITORY:
        caller.require(action, f"arn:aws:ecr:{region}:{owner}:repository/{name}")


class CompletedCodeBuildResponse(CodeBuildResponse):
    """All calls."""

    def create_project(self) -> ActionResult:
        source = self._get_param("source")
        self._check_connection(source.get("auth") or {})
        accepted = dict(source)
        if source["type"] in WITHOUT_LOCATION:
            # moto insists on one.
            accepted["location"] = "none"
        if source["type"] in NEWER_SOURCES:
            accepted["type"] = "GITHUB"
        body = json.loads(self.body)
        self.body = json.dumps({**body, "source": accepted})
        result = super().create_project()
        answer: Any = result.result
        answer["project"] |= {"source": source, **_given(body, ("encryptionKey",))}
        return result

    def _check_connection(self, auth: Mapping[str, str]) -> None:
        """CodeBuild tries a connection at once, as the role. https://github.com/aws/aws-cdk/issues/38504"""
        if auth.get("type") != "CODECONNECTIONS":
            return
        account, connection = self.current_account, auth["resource"]
        session = service_session(account, self._get_param("serviceRole"), PRINCIPAL, "connection")
        caller = caller_with_key(account, session["AWS_ACCESS_KEY_ID"])
        action = f"{connection.split(':')[2]}:UseConnection"
        iam: Any = iam_backends[account][PARTITION]
        known = iam.is_spread(self._get_param("serviceRole").rpartition("/")[2])
        if not known or caller is None or caller.judge(action, connection).decision is not Decision.ALLOWED:
            message = f"User is not authorized to access connection {connection}"
            raise JsonRESTError("OAuthProviderException", message)

    def update_project(self) -> ActionResult:
        name = self._get_param("name")
        projects = self.codebuild_backend.codebuild_projects
        if name not in projects:
            raise ResourceNotFoundException(f"Project cannot be found: {name}")
        changes = {key: value for key in CHANGEABLE if (value := self._get_param(key)) is not None}
        projects[name].project_metadata.update(changes, lastModifiedDate=unix_time())
        return ActionResult({"project": projects[name].project_metadata})

    def start_build(self) -> ActionResult:
        backend: Any = self.codebuild_backend
        token = self._get_param("idempotencyToken")
        if token and (known := backend.started.get(token)):
            return ActionResult({"build": known})
        result: Any = super().start_build()
        build = result.result["build"]
        backend.begin(build, json.loads(self.body))
        if token:
            backend.started[token] = build
        return ActionResult({"build": build})

    def batch_get_builds(self) -> ActionResult:
        ids = self._get_param("ids")
        if any(":" not in build_id for build_id in ids):
            raise InvalidInputException("Invalid build ID provided")
        found = self.codebuild_backend.batch_get_builds(ids)
        known = {build["id"] for build in found}
        return ActionResult({"builds": found, "buildsNotFound": [each for each in ids if each not in known]})


class CompletedCodeBuildBackend(CodeBuildBackend):
    """One region's CodeBuild. running: the builds of the server; without one, builds are moto's answers only.

    started: the builds by the tokens that keep a call that is made again from starting another one.
    """

    running: ClassVar[LocalBuilds | None] = None

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.started: dict[str, dict[str, Any]] = {}

    @property
    def _url_module(self) -> SimpleNamespace:
        """What moto looks for in `urls.py` beside the backend's module."""
        paths = dict.fromkeys(urls.url_paths, CompletedCodeBuildResponse.dispatch)
        return SimpleNamespace(url_bases=urls.url_bases, url_paths=paths)

    def delete_project(self, project_name: str) -> None:
        """Named by its name or its ARN; one that does not exist is no error."""
        super().delete_project(project_name.rsplit(":project/", 1)[-1])

    def begin(self, build: dict[str, Any], request: Mapping[str, Any]) -> None:
        """Complete a new build's metadata by its project and by what the request has overridden; run it."""
        project = self.codebuild_projects[build["projectName"]].project_metadata
        variables = {each["name"]: each for each in project["environment"].get("environmentVariables", [])}
        variables |= {each["name"]: each for each in request.get("environmentVariablesOverride", [])}
        build["environment"] = {**project["environment"], "environmentVariables": [*variables.values()]}
        build["source"] = {**project["source"]}
        if "buildspecOverride" in request:
            build["source"]["buildspec"] = request["buildspecOverride"]
        build["sourceVersion"] = request.get("sourceVersion") or project.get("sourceVersion") or ""
        build["timeoutInMinutes"] = (
            request.get("timeoutInMinutesOverride")
            or project.get("timeoutInMinutes")
            or DEFAULT_TIMEOUT_MINUTES
        )
        if self.running is not None:
            self.running.start(build, project, account=self.account_id, region=self.region_name)
            self._show(build)

    def batch_get_builds(self, ids: list[str]) -> list[dict[str, Any]]:
        if self.running is None:
            return super().batch_get_builds(ids)
        found = [build for history in self.build_metadata_history.values() for build in history]
        return [self._show(build) for build in found if build["id"] in ids]

    def stop_build(self, build_id: str) -> dict[str, Any] | None:
        started = self._find(build_id)
        if started is None:
            return super().stop_build(build_id)
        started.stop()
        return self.batch_get_builds([build_id])[0]

    def reset(self) -> None:
        if self.running is not None:
            self.running.builds.stop()
        super().reset()

    def _find(self, build_id: str) -> Build | None:
        return self.running.builds.find(build_id) if self.running else None

    def _show(self, build: dict[str, Any]) -> dict[str, Any]:
        """The metadata with what has become of the build."""
        if (running := self._find(build["id"])) is not None:
            build |= {
                "buildStatus": str(running.status),
                "currentPhase": running.current_phase,
                "buildComplete": running.ended is not None,
                "phases": [_in_seconds(phase) for phase in [*running.phases]],
            }
            if running.ended is not None:
                build["endTime"] = running.ended.timestamp()
        return build


def _in_seconds(phase: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value.timestamp() if isinstance(value, datetime) else value for key, value in phase.items()}


def _given(body: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: body[key] for key in keys if key in body}


def register_codebuild() -> None:
    """Let moto make completed backends from now on."""
    codebuild_backends.backend = CompletedCodeBuildBackend


def serve_builds(state: StateDir) -> LocalBuilds:
    """Let builds really run, until they are stopped."""
    CompletedCodeBuildBackend.running = LocalBuilds(state)
    return CompletedCodeBuildBackend.running


def set_source(folder: Path) -> None:
    """The folder that builds have as their source from now on."""
    if CompletedCodeBuildBackend.running is not None:
        CompletedCodeBuildBackend.running.source = folder
