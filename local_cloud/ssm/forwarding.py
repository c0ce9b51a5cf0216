"""The tunnel host's end of a session: its connections to the database, one a multiplexed stream."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from ipaddress import ip_address

from tenantnet.local_cloud.ssm.multiplexing import MAX_DATA, Command, Frame, Frames

LOG = logging.getLogger("tenantnet.local.ssm")
CONNECT_SECONDS = 10.0

Resolve = Callable[[str], str | None]
Send = Callable[[bytes], Awaitable[None]]
# The end of what a stream's client has to say.
END = b""


class Forwarding:
    """All streams of a session.

    resolve: the address that a name stands for, as the tunnel host would see it; None for none.
    send: takes frames. fail: called where the destination does not take a connection.
    """

    def __init__(
        self, host: str, port: int, resolve: Resolve, send: Send, fail: Callable[[], Awaitable[None]]
    ) -> None:
        self._host, self._port, self._resolve = host, port, resolve
        self._send, self._fail = send, fail
        self._frames = Frames()
        self._streams: dict[int, asyncio.Queue[bytes]] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def feed(self, data: bytes) -> None:
        """Take bytes from the client. Raises ValueError for what is no smux of this version."""
        for frame in self._frames.feed(data):
            match frame.command:
                case Command.OPEN:
                    # Without a limit: to stop reading would stop the acknowledgements, too.
                    self._streams[frame.stream] = asyncio.Queue()
                    self._tasks[frame.stream] = asyncio.create_task(self._forward(frame.stream))
                case Command.DATA if frame.stream in self._streams:
                    self._streams[frame.stream].put_nowait(frame.data)
                case Command.END if frame.stream in self._streams:
                    self._streams[frame.stream].put_nowait(END)

    def close(self) -> None:
        """End all connections at once."""
        for task in self._tasks.values():
            task.cancel()

    async def _forward(self, stream: int) -> None:
        try:
            reader, writer = await self._connect()
        except (OSError, TimeoutError) as error:
            LOG.info("%s:%s takes no connection: %s", self._host, self._port, error)
            del self._streams[stream]
            await self._fail()
            await self._send(Frame(Command.END, stream).encode())
            return
        downwards = asyncio.create_task(self._pass_down(stream, reader))
        try:
            await self._pass_up(stream, writer)
        finally:
            del self._streams[stream], self._tasks[stream]
            downwards.cancel()
            writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        address = _loopback(self._host) or self._resolve(self._host)
        if address is None:
            raise OSError(f"no name server of the local cloud knows {self._host}")
        return await asyncio.wait_for(asyncio.open_connection(address, self._port), CONNECT_SECONDS)

    async def _pass_up(self, stream: int, writer: asyncio.StreamWriter) -> None:
        """To the database, until the client ends the stream: both directions end with it."""
        waiting = self._streams[stream]
        while data := await waiting.get():
            with suppress(ConnectionError):
                writer.write(data)
                await writer.drain()

    async def _pass_down(self, stream: int, reader: asyncio.StreamReader) -> None:
        """To the client, until the database closes the connection."""
        with suppress(ConnectionError):
            while data := await reader.read(MAX_DATA):
                await self._send(Frame(Command.DATA, stream, data).encode())
        await self._send(Frame(Command.END, stream).encode())
        if stream in self._streams:
            self._streams[stream].put_nowait(END)


def _loopback(host: str) -> str | None:
    """The host, if it is an address of this machine; nothing here reaches further."""
    with suppress(ValueError):
        return host if ip_address(host).is_loopback else None
    return None
