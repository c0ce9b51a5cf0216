"""The local cloud's database and name server as hosts of the lab: with an address there, and no wire between.

A socket belongs to the network that it was made in, whichever process uses it. So this process listens in the
lab and speaks to the local cloud on the machine's loopback.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import dns.flags
import dns.message
import dns.query
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from tests.support.vpn_lab import Host, Lab, run

MYSQL, DNS = 3306, 53
# An ordinary client: the system looks the name up, the certificate is judged, TLS or nothing.
CLIENT = """\
import ssl, sys
import pymysql
host, user, authority, exact, *statements = sys.argv[1:]
tls = ssl.create_default_context(cafile=authority)
tls.check_hostname = exact == "exact"
login = {"host": host, "port": 3306, "user": user, "password": sys.stdin.read(), "autocommit": True}
with pymysql.connect(**login, connect_timeout=10, read_timeout=30, ssl=tls) as connection:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        print(cursor.fetchall(), cursor.connection._sock.version())
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """The company's MySQL client, in the office. authority: the certificates that it trusts."""

    lab: Lab
    authority: Path
    user: str
    password: str

    def asks(self, host: str, *statements: str, exact: bool = False) -> subprocess.CompletedProcess[str]:
        """Run statements on the server at `host`. exact: its certificate must be for that very name."""
        arguments = [host, self.user, str(self.authority), "exact" if exact else "any", *statements]
        return run(
            self.lab.office.inside(sys.executable, "-c", CLIENT, *arguments),
            check=False,
            given=self.password,
        )


def socket_in(host: Host, kind: socket.SocketKind, address: tuple[str, int]) -> socket.socket:
    """A socket of this process that is bound in a host's network. Raises OSError where it cannot be."""
    libc = ctypes.CDLL(None, use_errno=True)
    here = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{host.namespace}", os.O_RDONLY)
    try:
        if libc.setns(there, 0):
            raise OSError(ctypes.get_errno(), f"cannot enter {host.namespace}")
        made = socket.socket(socket.AF_INET, kind)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        return made
    finally:
        # Only this thread was there.
        libc.setns(here, 0)
        os.close(there)
        os.close(here)


@contextmanager
def database_at(lab: Lab, address: str, server: str) -> Iterator[None]:
    """Within it, `address` in the tenant's network is the database on loopback address `server`."""
    lab.vpc.ip(f"address add {address}/32 dev lo")
    with ExitStack() as stack:
        stack.callback(lab.vpc.ip, f"address delete {address}/32 dev lo")
        listener = stack.enter_context(socket_in(lab.vpc, socket.SOCK_STREAM, (address, MYSQL)))
        listener.listen()
        stack.callback(_wake, listener)
        Thread(target=_accept, args=(listener, server), daemon=True).start()
        yield


def _wake(waiting: socket.socket) -> None:
    """End what waits on the socket in another thread: a close would not."""
    with suppress(OSError):
        # Without a peer there is nothing to shut down, and yet it wakes who waits.
        waiting.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, server: str) -> None:
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            other = socket.create_connection((server, MYSQL))
            for source, target in ((client, other), (other, client)):
                Thread(target=_carry, args=(source, target), daemon=True).start()


def _carry(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while received := source.recv(65_536):
            target.sendall(received)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextmanager
def names_at(lab: Lab, address: str, port: int, database: str) -> Iterator[None]:
    """Within it, the company's gateway answers DNS as the local cloud's name server on `port` does.

    A database's loopback address is told as `database`, its address in the tenant's network.
    """
    private = Path("/etc/netns") / lab.office.namespace
    with ExitStack() as stack:
        private.mkdir(parents=True)
        stack.callback(shutil.rmtree, private)
        # `ip netns exec` puts it in the place of the machine's own.
        (private / "resolv.conf").write_text(f"nameserver {address}\noptions timeout:2 attempts:2\n")
        relay = stack.enter_context(socket_in(lab.gateway.host, socket.SOCK_DGRAM, (address, DNS)))
        stack.callback(_wake, relay)
        Thread(target=_answer, args=(relay, port, database), daemon=True).start()
        yield


def _answer(relay: socket.socket, port: int, database: str) -> None:
    with suppress(OSError):
        while True:
            wire, asker = relay.recvfrom(4096)
            if not wire:
                return
            answer = dns.query.udp(dns.message.from_wire(wire), "127.0.0.1", port=port, timeout=5)
            answer.answer = [_seen_from_the_company(rrset, database) for rrset in answer.answer]
            relay.sendto(answer.to_wire(), asker)


def _seen_from_the_company(rrset: dns.rrset.RRset, database: str) -> dns.rrset.RRset:
    if rrset.rdtype != dns.rdatatype.A:
        return rrset
    return dns.rrset.from_text(rrset.name, rrset.ttl, dns.rdataclass.IN, dns.rdatatype.A, database)
