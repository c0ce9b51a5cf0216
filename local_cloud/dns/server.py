"""The name server: UDP and TCP, on one port of 127.0.0.1."""

from __future__ import annotations

import logging
import struct
from collections.abc import Callable
from contextlib import suppress
from socketserver import BaseRequestHandler, StreamRequestHandler, ThreadingTCPServer, ThreadingUDPServer
from threading import Thread

import dns.exception
import dns.flags
import dns.message
import dns.rcode
from tenantnet.local_cloud.dns.answers import Zones, answer

LOG = logging.getLogger("tenantnet.local.dns")
ADDRESS = "127.0.0.1"
# What a client takes over UDP that does not say how much.
PLAIN_UDP_BYTES = 512
TCP_PATIENCE_SECONDS = 10.0
TRIES = 20

Respond = Callable[[bytes, int], bytes | None]


class NameServer:
    """Answers from when it is made until it is closed.

    zones: called for every question, so that a change is answered at once.
    """

    def __init__(self, zones: Zones) -> None:
        self._tcp, self._udp = _listeners(self._respond)
        self._zones = zones
        self.port: int = self._tcp.server_address[1]
        for server in (self._tcp, self._udp):
            Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    def close(self) -> None:
        for server in (self._tcp, self._udp):
            server.shutdown()
            server.server_close()

    def _respond(self, wire: bytes, limit: int) -> bytes | None:
        """The answer to a message; None for what is no question at all."""
        try:
            query = dns.message.from_wire(wire)
        except dns.exception.DNSException:
            return _format_error(wire)
        if query.flags & dns.flags.QR:
            return None
        try:
            response = answer(query, self._zones())
        except Exception:
            LOG.exception("a question broke the name server")
            response = dns.message.make_response(query)
            response.set_rcode(dns.rcode.SERVFAIL)
        size = max(limit, query.payload if query.edns >= 0 else 0)
        return response.to_wire(max_size=size, prefer_truncation=True)


def _format_error(wire: bytes) -> bytes | None:
    if len(wire) < 12:
        return None
    response = dns.message.Message(id=int.from_bytes(wire[:2]))
    response.flags |= dns.flags.QR
    response.set_rcode(dns.rcode.FORMERR)
    return response.to_wire()


def _listeners(respond: Respond) -> tuple[ThreadingTCPServer, ThreadingUDPServer]:
    """Both on the same port, which the kernel chooses."""
    for attempt in range(1, TRIES + 1):
        tcp = _Tcp((ADDRESS, 0), _tcp_handler(respond))
        try:
            return tcp, _Udp((ADDRESS, tcp.server_address[1]), _udp_handler(respond))
        except OSError:
            tcp.server_close()
            if attempt == TRIES:
                raise
    raise AssertionError("unreachable")


def _udp_handler(respond: Respond) -> type[BaseRequestHandler]:
    class Udp(BaseRequestHandler):
        def handle(self) -> None:
            wire, socket = self.request
            if response := respond(wire, PLAIN_UDP_BYTES):
                socket.sendto(response, self.client_address)

    return Udp


def _tcp_handler(respond: Respond) -> type[BaseRequestHandler]:
    class Tcp(StreamRequestHandler):
        timeout = TCP_PATIENCE_SECONDS

        def handle(self) -> None:
            with suppress(OSError):
                while len(length := self.rfile.read(2)) == 2:
                    response = respond(self.rfile.read(*struct.unpack("!H", length)), 65_535)
                    if response is None:
                        return
                    self.wfile.write(struct.pack("!H", len(response)) + response)

    return Tcp


class _Tcp(ThreadingTCPServer):
    daemon_threads = True
    # Its threads wait for clients that may never come back.
    block_on_close = False


class _Udp(ThreadingUDPServer):
    daemon_threads = True
    block_on_close = False
