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
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import dns.exception
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
LOGIN = """\
import ssl, sys
import pymysql
host, user, authority, exact, *statements = sys.argv[1:]
tls = ssl.create_default_context(cafile=authority)
tls.check_hostname = exact == "exact"
login = {"host": host, "port": 3306, "user": user, "password": sys.stdin.read(), "autocommit": True}
login["ssl"] = tls
"""
CLIENT = f"""\
{LOGIN}
with pymysql.connect(**login, connect_timeout=10, read_timeout=30) as connection:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        print(cursor.fetchall(), cursor.connection._sock.version())
"""


# One that goes on after every error, and looks the name up anew for each connection.
WRITER = f"""\
{LOGIN}
import time
number = 0
while True:
    try:
        with pymysql.connect(**login, connect_timeout=5, read_timeout=5, write_timeout=5) as connection:
            with connection.cursor() as cursor:
                while True:
                    number += 1
                    cursor.execute(statements[0], (number,))
                    print(time.monotonic(), number, flush=True)
                    time.sleep(0.05)
    except (pymysql.MySQLError, OSError):
        time.sleep(0.1)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """The company's MySQL clients, in the office. authority: the certificates that they trust."""

    lab: Lab
    authority: Path
    user: str
    password: str

    def asks(self, host: str, *statements: str, exact: bool = False) -> subprocess.CompletedProcess[str]:
        """Run statements on the server at `host`. exact: its certificate must be for that very name."""
        command = self._command(CLIENT, host, "exact" if exact else "any", *statements)
        return run(command, check=False, given=self.password)

    @contextmanager
    def writing(self, host: str, statement: str, log: Path) -> Iterator[None]:
        """Within it, a client runs the statement with one number after the other; see `written`."""
        with log.open("wb") as output:
            process = subprocess.Popen(
                self._command(WRITER, host, "any", statement), stdin=subprocess.PIPE, stdout=output
            )
            try:
                assert process.stdin
                process.stdin.write(self.password.encode())
                process.stdin.close()
                yield
            finally:
                process.kill()
                process.wait()

    def _command(self, script: str, host: str, *arguments: str) -> list[str]:
        known = [host, self.user, str(self.authority), *arguments]
        return self.lab.office.inside(sys.executable, "-c", script, *known)


def written(log: Path) -> dict[int, float]:
    """What a client that was writing had acknowledged: when each number was, in seconds of one clock."""
    # A line may have been cut by the end of the client.
    lines = [line.split() for line in log.read_text().splitlines()[:-1]]
    return {int(number): float(at) for at, number in lines}


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
def database_at(lab: Lab, address: str, server: Callable[[], str]) -> Iterator[None]:
    """Within it, `address` in the tenant's network is the database on a loopback address.

    server: says which for each connection, or raises OSError while there is none.
    """
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


def _accept(listener: socket.socket, server: Callable[[], str]) -> None:
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            try:
                other = socket.create_connection((server(), MYSQL), timeout=5)
                other.settimeout(None)
            except OSError:
                client.close()
                continue
            for source, target in ((client, other), (other, client)):
                Thread(target=_carry, args=(source, target), daemon=True).start()


def _carry(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while received := source.recv(65_536):
            target.sendall(received)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextmanager
def names_at(lab: Lab, address: str, port: int, databases: Mapping[str, str]) -> Iterator[None]:
    """Within it, the company's gateway answers DNS as the local cloud's name server on `port` does.

    databases: what it says in place of a loopback address, by the identifiers of RDS: the databases'
    addresses in the tenant's networks.
    """
    private = Path("/etc/netns") / lab.office.namespace
    with ExitStack() as stack:
        private.mkdir(parents=True)
        stack.callback(shutil.rmtree, private)
        # `ip netns exec` puts it in the place of the machine's own.
        (private / "resolv.conf").write_text(f"nameserver {address}\noptions timeout:2 attempts:2\n")
        relay = stack.enter_context(socket_in(lab.gateway.host, socket.SOCK_DGRAM, (address, DNS)))
        stack.callback(_wake, relay)
        Thread(target=_answer, args=(relay, port, databases), daemon=True).start()
        yield


def _answer(relay: socket.socket, port: int, databases: Mapping[str, str]) -> None:
    with suppress(OSError):
        while True:
            wire, asker = relay.recvfrom(4096)
            if not wire:
                return
            # Who asked asks again where the name server was too slow.
            with suppress(dns.exception.Timeout):
                answer = dns.query.udp(dns.message.from_wire(wire), "127.0.0.1", port=port, timeout=5)
                answer.answer = [_seen_from_the_company(rrset, databases) for rrset in answer.answer]
                relay.sendto(answer.to_wire(), asker)


def _seen_from_the_company(rrset: dns.rrset.RRset, databases: Mapping[str, str]) -> dns.rrset.RRset:
    if rrset.rdtype != dns.rdatatype.A:
        return rrset
    address = databases[rrset.name.labels[0].decode()]
    return dns.rrset.from_text(rrset.name, rrset.ttl, dns.rdataclass.IN, dns.rdatatype.A, address)
