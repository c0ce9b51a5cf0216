"""The WebSocket server of all data channels, on a port of 127.0.0.1, in a thread of its own.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_StartSession.html (StreamUrl, TokenValue)
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from threading import Thread
from typing import Any, TypeVar
from urllib.parse import urlsplit

from tenantnet.local_cloud.iam.keys import Keys
from tenantnet.local_cloud.senders import foreign
from tenantnet.local_cloud.signatures import MESSAGES, Fault, Received, SignatureRefusedError
from tenantnet.local_cloud.ssm.channel import Channel, Destination, Resolve
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

LOG = logging.getLogger("tenantnet.local.ssm")
ADDRESS = "127.0.0.1"
PATH = "/v1/data-channel/"
WAIT_SECONDS = 10.0
Result = TypeVar("Result")
# Why a request may not open a session's channel, from its headers; None where it may.
Authorize = Callable[[Mapping[str, str]], str | None]


@dataclass(slots=True, kw_only=True)
class _Open:
    """What stands for a session that has not ended. token: the one that opens the channel now."""

    channel: Channel
    authorize: Authorize
    token: str


class DataChannels:
    """Serves from when it is made until it is closed. resolve: as in Forwarding."""

    def __init__(self, resolve: Resolve, keys: Keys) -> None:
        self._resolve, self._keys = resolve, keys
        self._sessions: dict[str, _Open] = {}
        self._loop = asyncio.new_event_loop()
        Thread(target=self._loop.run_forever, daemon=True, name="data-channels").start()
        self._server = self._do(self._listen())
        self.port: int = next(iter(self._server.sockets)).getsockname()[1]

    def url(self, session_id: str) -> str:
        """Where the session's channel is."""
        return f"ws://{ADDRESS}:{self.port}{PATH}{session_id}?role=publish_subscribe"

    def open(
        self,
        session_id: str,
        target: str,
        destination: Destination,
        *,
        authorize: Authorize,
        ended: Callable[[], None],
    ) -> str:
        """Let a session have a channel; the token that opens it. ended: called when the plugin ends it."""

        def end() -> None:
            del self._sessions[session_id]
            ended()

        async def make() -> str:
            channel = Channel(session_id, target, destination, self._resolve, end)
            token = secrets.token_urlsafe(64)
            self._sessions[session_id] = _Open(channel=channel, authorize=authorize, token=token)
            return token

        return self._do(make())

    def renew(self, session_id: str) -> str:
        """A token for another connection of the session; the one before it is worth nothing any more."""
        token = self._sessions[session_id].token = secrets.token_urlsafe(64)
        return token

    def is_connected(self, session_id: str) -> bool:
        session = self._sessions.get(session_id)
        return session is not None and session.channel.is_connected

    def drop(self, session_id: str, code: int | None = None) -> None:
        """Cut the session's connection, as a network does, or close it with a code, as AWS does."""
        self._do(self._sessions[session_id].channel.drop(code))

    def end(self, session_id: str, output: str = "") -> None:
        """End a session. output: why, for the person at the plugin."""
        if session := self._sessions.pop(session_id, None):
            self._do(session.channel.close(output))

    def close(self) -> None:
        """End all sessions, and serve no more."""
        for session_id in list(self._sessions):
            self.end(session_id)
        self._server.close()
        self._do(self._server.wait_closed())
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _do(self, task: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(task, self._loop).result(WAIT_SECONDS)

    async def _listen(self) -> Any:  # noqa: ANN401 - websockets' own type of server has no name for this
        return await serve(
            self._serve, ADDRESS, 0, process_request=self._check, max_size=None, ping_interval=None
        )

    def _check(self, connection: ServerConnection, request: Request) -> Response | None:
        session = self._sessions.get(_session_id(request.path))
        if session is None:
            return connection.respond(HTTPStatus.NOT_FOUND, "There is no such session.\n")
        headers = dict(request.headers.raw_items())
        if reason := self._refuse(request.path, headers) or session.authorize(headers):
            return connection.respond(HTTPStatus.FORBIDDEN, f"{reason}\n")
        return None

    def _refuse(self, target: str, headers: Mapping[str, str]) -> str | None:
        """Why nobody may come in so; a plugin before 1.2.764 does not sign, and has its token only."""
        lower = {name.lower(): value for name, value in headers.items()}
        if reason := foreign(lower, self.port):
            return reason
        try:
            self._keys.signer(Received(method="GET", target=target, headers=lower))
        except SignatureRefusedError as refused:
            return None if refused.fault is Fault.MISSING else MESSAGES[refused.fault]
        return None

    async def _serve(self, connection: ServerConnection) -> None:
        """The first message is text, and has the token."""
        session = self._sessions.get(_session_id(connection.request.path if connection.request else ""))
        try:
            opening = json.loads(await asyncio.wait_for(connection.recv(), WAIT_SECONDS))
            given = str(opening["TokenValue"])
        except (ConnectionClosed, TimeoutError, ValueError, KeyError, TypeError):
            return
        if session and secrets.compare_digest(given, session.token):
            await session.channel.serve(connection)


def _session_id(path: str) -> str:
    return urlsplit(path).path.removeprefix(PATH)
