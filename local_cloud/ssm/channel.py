"""One session's data channel, as the SSM agent on the tunnel host serves it.

What is sent is numbered, acknowledged and, where no acknowledgement comes, sent again: a session outlives
the connection that it is carried by.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from tenantnet.local_cloud.ssm.forwarding import Forwarding
from tenantnet.local_cloud.ssm.messages import (
    PIECE,
    Flag,
    Kind,
    MalformedError,
    Message,
    Payload,
    channel_closed,
    flag,
    handshake_complete,
    handshake_request,
)
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

LOG = logging.getLogger("tenantnet.local.ssm")
# From 3.0.196 on the plugin multiplexes, from 3.1.1511 on without messages to keep the connection alive.
AGENT_VERSION = "3.3.3270.0"
RESEND_SECONDS = 0.5
# The plugin notes a message as waiting for its acknowledgement only after sending it: an answer that comes
# sooner than any over a network would miss that note, and the message would be sent again and again.
ACKNOWLEDGE_SECONDS = 0.005
# Between the end of the handshake and its streams' beginning any message ends the plugin's reading, silently:
# its port is open and nothing is carried. What may come twice waits until that is past.
AGAIN_SECONDS = 2.0
HANDSHAKE_MESSAGES = 2
# Output that may be under way: where the plugin does not keep up, neither is more read from the database.
WINDOW = 256

Resolve = Callable[[str], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where a session leads, as its document says. local_port: on the caller's machine; 0 for any."""

    host: str
    port: int
    local_port: int

    def properties(self) -> dict[str, str]:
        """As the plugin takes them."""
        return {
            "type": "LocalPortForwarding",
            "portNumber": str(self.port),
            "localPortNumber": str(self.local_port),
        }


class Channel:
    """From the session's start to its end, over as many connections as that takes.

    ended: called once, when the plugin ends the session. All of it runs in one event loop.
    """

    def __init__(
        self,
        session_id: str,
        target: str,
        destination: Destination,
        resolve: Resolve,
        ended: Callable[[], None],
    ) -> None:
        self._session_id, self._target, self._destination = session_id, target, destination
        self._ended = ended
        self._connection: ServerConnection | None = None
        self._sequence, self._expected = 0, 0
        self._early: dict[int, Message] = {}
        self._unacknowledged: dict[int, bytes] = {}
        self._acknowledging: set[asyncio.Task[None]] = set()
        self._room, self._order = asyncio.Semaphore(WINDOW), asyncio.Lock()
        self._forwarding = Forwarding(
            destination.host, destination.port, resolve, self._send_data, self._fail
        )

    @property
    def is_connected(self) -> bool:
        return self._connection is not None

    async def serve(self, connection: ServerConnection) -> None:
        """Carry the session over a connection, until it or the session ends. It replaces one before it."""
        await self.drop()
        self._connection = connection
        resending = asyncio.create_task(self._resend())
        try:
            if self._sequence == 0:
                request = handshake_request(AGENT_VERSION, self._destination.properties())
                await self._send(Payload.HANDSHAKE_REQUEST, request)
            async for data in connection:
                if isinstance(data, bytes):
                    await self._receive(Message.decode(data))
        except (ConnectionClosed, MalformedError) as error:
            LOG.info("session %s: the connection ended: %s", self._session_id, error)
        finally:
            resending.cancel()
            if self._connection is connection:
                self._connection = None

    async def drop(self, code: int | None = None) -> None:
        """Cut the connection, as a network does, or close it with a code; the session waits for another."""
        connection, self._connection = self._connection, None
        if connection and code:
            await connection.close(code)
        elif connection:
            connection.transport.abort()

    async def close(self, output: str = "") -> None:
        """End the session, and tell the plugin. output: why, for people."""
        self._forwarding.close()
        connection, self._connection = self._connection, None
        if connection:
            with suppress(ConnectionClosed):
                await connection.send(channel_closed(self._session_id, self._target, output).encode())
            await connection.close()

    async def _receive(self, message: Message) -> None:
        if message.kind == Kind.ACKNOWLEDGE:
            if self._unacknowledged.pop(message.acknowledged_sequence(), None) is not None:
                self._room.release()
        elif message.kind == Kind.INPUT:
            task = asyncio.create_task(self._acknowledge(message, self._is_late(message)))
            self._acknowledging.add(task)
            task.add_done_callback(self._acknowledging.discard)
            if message.sequence >= self._expected:
                self._early[message.sequence] = message
            while (following := self._early.pop(self._expected, None)) is not None:
                self._expected += 1
                await self._handle(following)

    def _is_late(self, message: Message) -> bool:
        """Whether it is the plugin's part in the handshake again."""
        return message.payload_type == Payload.HANDSHAKE_RESPONSE and message.sequence < self._expected

    async def _acknowledge(self, message: Message, late: bool) -> None:
        await asyncio.sleep(AGAIN_SECONDS if late else ACKNOWLEDGE_SECONDS)
        await self._write(message.acknowledgement().encode())

    async def _handle(self, message: Message) -> None:
        match message.payload_type:
            case Payload.HANDSHAKE_RESPONSE:
                self._check_handshake(message.payload)
                await asyncio.gather(*self._acknowledging)
                await self._send(Payload.HANDSHAKE_COMPLETE, handshake_complete())
            case Payload.DATA:
                self._forwarding.feed(message.payload)
            case Payload.FLAG if message.payload == flag(Flag.TERMINATE_SESSION):
                self._ended()
                await self.close()

    def _check_handshake(self, payload: bytes) -> None:
        try:
            errors = json.loads(payload).get("Errors")
        except ValueError as error:
            raise MalformedError(str(error)) from None
        if errors:
            raise MalformedError(f"the plugin refuses the session: {errors}")

    async def _send_data(self, data: bytes) -> None:
        """Send a frame; nothing comes between its pieces."""
        async with self._order:
            for start in range(0, len(data), PIECE):
                await self._send(Payload.DATA, data[start : start + PIECE])

    async def _fail(self) -> None:
        """Tell the plugin that the destination did not take a connection."""
        await self._send(Payload.FLAG, flag(Flag.CONNECT_TO_PORT_ERROR))

    async def _send(self, payload_type: Payload, payload: bytes) -> None:
        await self._room.acquire()
        message = Message(
            kind=Kind.OUTPUT, payload=payload, payload_type=payload_type, sequence=self._sequence
        )
        self._sequence += 1
        data = self._unacknowledged[message.sequence] = message.encode()
        await self._write(data)

    async def _write(self, data: bytes) -> None:
        if self._connection:
            with suppress(ConnectionClosed):
                await self._connection.send(data)

    async def _resend(self) -> None:
        """Send again what was not acknowledged for a while; the plugin drops what comes too early."""
        while True:
            waiting = set(self._unacknowledged)
            handshake = any(sequence < HANDSHAKE_MESSAGES for sequence in waiting)
            await asyncio.sleep(AGAIN_SECONDS if handshake else RESEND_SECONDS)
            for sequence in sorted(waiting & set(self._unacknowledged)):
                if data := self._unacknowledged.get(sequence):
                    await self._write(data)
