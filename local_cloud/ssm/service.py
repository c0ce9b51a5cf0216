"""Session Manager's calls, each only for whom IAM allows it.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_StartSession.html
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, ClassVar

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.ssm import urls
from moto.ssm.exceptions import SSMException
from moto.ssm.models import SimpleSystemManagerBackend, ssm_backends
from moto.ssm.responses import SimpleSystemManagerResponse
from tenantnet.local_cloud.iam.callers import Caller, access_key_of, caller_of, sentence
from tenantnet.local_cloud.iam.conditions import of_resource
from tenantnet.local_cloud.iam.policy import Decision
from tenantnet.local_cloud.iam.resources import tags_of
from tenantnet.local_cloud.ssm.agent import is_online
from tenantnet.local_cloud.ssm.channels import DataChannels
from tenantnet.local_cloud.ssm.documents import DEFAULT_DOCUMENT, destination_of, document_arn

START, DOCUMENT_CHECK = "ssm:StartSession", "ssm:SessionDocumentAccessCheck"
SESSION_OF, SESSION_TO = (f"ssm:resourceTag/aws:ssmmessages:{key}" for key in ("session-id", "target-id"))
FILTERS = ("Owner", "Target", "SessionId", "Status")


@dataclass(slots=True, kw_only=True)
class Session:
    """user_id: IAM's, of who started it. ended: None while it can be resumed."""

    id: str
    arn: str
    target: str
    document: str
    owner: str
    user_id: str
    reason: str
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    ended: datetime | None = None

    def tags(self) -> Mapping[str, str]:
        """Session Manager's own, as keys of conditions."""
        return {SESSION_OF: self.user_id, SESSION_TO: self.target}

    def end(self) -> None:
        self.ended = datetime.now(UTC)


class CompletedSsmBackend(SimpleSystemManagerBackend):
    """One region's Systems Manager. channels: of the server; without them a session is an answer only."""

    channels: ClassVar[DataChannels | None] = None

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.sessions: dict[str, Session] = {}

    @property
    def _url_module(self) -> SimpleNamespace:
        """What moto looks for in `urls.py` beside the backend's module."""
        paths = dict.fromkeys(urls.url_paths, CompletedSsmResponse.dispatch)
        return SimpleNamespace(url_bases=urls.url_bases, url_paths=paths)

    def get_document(
        self, name: str, document_version: str, version_name: str, document_format: str
    ) -> dict[str, Any]:
        """The document with the time of its version."""
        found = super().get_document(name, document_version, version_name, document_format)
        version = self._get_documents(name).find(document_version, version_name)
        return {**found, "CreatedDate": version.created_date.timestamp()}

    def reset(self) -> None:
        """Forget everything; whoever is in a session is thrown out."""
        for session in self.sessions.values():
            self.end(session)
        super().reset()

    def session_arn(self, session_id: str) -> str:
        return f"arn:aws:ssm:{self.region_name}:{self.account_id}:session/{session_id}"

    def start(
        self, caller: Caller, target: str, document: str, parameters: Mapping[str, Sequence[str]], reason: str
    ) -> tuple[Session, str, str]:
        """A new session, the URL of its channel and the token that opens it."""
        destination = destination_of(self, document, parameters)
        if not is_online(self.account_id, self.region_name, target):
            raise SSMException("TargetNotConnected", f"{target} is not connected.")
        identifier = f"{caller.name}-{secrets.token_hex(9)[1:]}"
        session = Session(
            id=identifier,
            arn=self.session_arn(identifier),
            target=target,
            document=document,
            owner=caller.arn,
            user_id=caller.user_id,
            reason=reason,
        )
        self.sessions[identifier] = session
        if self.channels is None:
            return session, f"wss://ssmmessages.{self.region_name}.amazonaws.com/{identifier}", ""

        def authorize(headers: Mapping[str, str]) -> str | None:
            return self._refuse_channel(session, headers)

        token = self.channels.open(identifier, target, destination, authorize=authorize, ended=session.end)
        return session, self.channels.url(identifier), token

    def running(self, session_id: str) -> Session:
        """A session that has not ended. Raises AWS's DoesNotExistException."""
        session = self.sessions.get(session_id)
        if session is None or session.ended:
            raise SSMException("DoesNotExistException", f"Session {session_id} does not exist.")
        return session

    def end(self, session: Session, output: str = "") -> None:
        """End a session, if it has not ended."""
        if not session.ended:
            session.end()
            if self.channels:
                self.channels.end(session.id, output)

    def status(self, session: Session) -> str:
        """AWS's word."""
        if session.ended:
            return "Terminated"
        connected = self.channels and self.channels.is_connected(session.id)
        return "Connected" if connected else "Disconnected"

    def _refuse_channel(self, session: Session, headers: Mapping[str, str]) -> str | None:
        """Why the channel is not opened for a signed request; plugins before 1.2.764 do not sign theirs."""
        if access_key_of(headers) is None:
            return None
        try:
            caller = caller_of(self.account_id, headers)
            caller.require("ssmmessages:OpenDataChannel", session.arn, session.tags())
        except JsonRESTError as error:
            return str(error.message)
        return None


class CompletedSsmResponse(SimpleSystemManagerResponse):
    """All calls."""

    @property
    def _backend(self) -> CompletedSsmBackend:
        backend = self.ssm_backend
        assert isinstance(backend, CompletedSsmBackend)  # noqa: S101 - registered
        return backend

    def _caller(self) -> Caller:
        return caller_of(self.current_account, self.headers)

    def start_session(self) -> ActionResult:
        backend, caller = self._backend, self._caller()
        target, document = self._get_param("Target"), self._get_param("DocumentName")
        self._require_start(caller, target, document)
        session, url, token = backend.start(
            caller,
            target,
            document or DEFAULT_DOCUMENT,
            self._get_param("Parameters") or {},
            self._get_param("Reason") or "",
        )
        return ActionResult({"SessionId": session.id, "TokenValue": token, "StreamUrl": url})

    def _require_start(self, caller: Caller, target: str, document: str | None) -> None:
        """The target must be allowed, and the document where it is named or the policy has it checked.

        https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-sessiondocumentaccesscheck.html
        """
        document_resource = document_arn(document or DEFAULT_DOCUMENT, self.region, self.current_account)
        checked = {DOCUMENT_CHECK: "true"}
        on_document = caller.judge(START, document_resource, {**_about(document_resource), **checked})
        if on_document.decision is not Decision.ALLOWED:
            checked = {DOCUMENT_CHECK: "false"}
        instance = f"arn:aws:ec2:{self.region}:{self.current_account}:instance/{target}"
        caller.require(START, instance, {**_about(instance), **checked})
        if on_document.decision is Decision.EXPLICIT_DENY or (
            document and checked[DOCUMENT_CHECK] == "false"
        ):
            message = sentence(caller, START, document_resource, on_document)
            raise JsonRESTError("AccessDeniedException", message)

    def resume_session(self) -> ActionResult:
        backend = self._backend
        self._own_session("ssm:ResumeSession")
        session = backend.running(self._get_param("SessionId"))
        if backend.channels is None:
            return ActionResult({"SessionId": session.id, "TokenValue": "", "StreamUrl": ""})
        token, url = backend.channels.renew(session.id), backend.channels.url(session.id)
        return ActionResult({"SessionId": session.id, "TokenValue": token, "StreamUrl": url})

    def terminate_session(self) -> ActionResult:
        """To end what has ended is no error."""
        if session := self._own_session("ssm:TerminateSession"):
            self._backend.end(session)
        return ActionResult({"SessionId": self._get_param("SessionId")})

    def _own_session(self, action: str) -> Session | None:
        """The session that the request names, which the caller may act on; None for none."""
        session_id = self._get_param("SessionId")
        session = self._backend.sessions.get(session_id)
        tags = session.tags() if session else {}
        self._caller().require(action, self._backend.session_arn(session_id), tags)
        return session

    def describe_sessions(self) -> ActionResult:
        backend = self._backend
        active = self._get_param("State") == "Active"
        filters = {each["key"]: each["value"] for each in self._get_param("Filters") or []}
        described = [
            _described(session, backend.status(session))
            for session in reversed(backend.sessions.values())
            if (session.ended is None) is active
        ]
        for key, value in filters.items():
            if key not in FILTERS:
                raise SSMException("InvalidFilterKey", f"The filter key {key} is not known.")
            described = [each for each in described if each[key] == value]
        return ActionResult({"Sessions": described})


def _about(arn: str) -> dict[str, str]:
    return of_resource(START, arn, tags_of(arn))


def _described(session: Session, status: str) -> dict[str, Any]:
    return {
        "SessionId": session.id,
        "Target": session.target,
        "Status": status,
        "StartDate": session.started,
        "EndDate": session.ended,
        "DocumentName": session.document,
        "Owner": session.owner,
        "Reason": session.reason,
    }


def register_ssm() -> None:
    """Let moto make completed backends from now on."""
    ssm_backends.backend = CompletedSsmBackend
