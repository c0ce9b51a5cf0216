"""What shows that a session's way to AWS is dead: clocks, addresses, and the kernel's own keep-alive."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest
from tenantnet.tunnel.child_sockets import unread
from tenantnet.tunnel.watch import CUT_OFF, MOVED, SLEPT, STUCK, Watch


class Address(NamedTuple):
    ip: str
    port: int


class Connection(NamedTuple):
    laddr: Address
    raddr: Address = Address("127.0.0.2", 443)
    fd: int = -1


CONNECTED, ELSEWHERE = Connection(Address("127.0.0.1", 40000)), Connection(Address("192.0.2.7", 40000))


@dataclass
class Machine:
    """A plugin as it is seen, and the machine's clocks."""

    pid: int = field(default_factory=os.getpid)
    seen: Sequence[Any] | None = (CONNECTED,)
    awake: float = 1000.0
    asleep: float = 1.8e9
    unread: bytes = b""

    def connections(self) -> Any:
        return self.seen

    def watch(self) -> Watch:
        plugin: Any = self
        return Watch(plugin, awake=lambda: self.awake, wall=lambda: self.asleep + self.awake)


class TestAWatch:
    def test_has_nothing_to_say_of_a_connection_that_stays(self) -> None:
        machine = Machine()
        watch = machine.watch()
        for _ in range(100):
            machine.awake += 0.2
            assert (watch.look(), watch.is_resuming) == ("", False)

    def test_lets_the_plugin_resume_and_then_gives_it_up(self) -> None:
        machine = Machine()
        watch = machine.watch()
        watch.look()
        machine.seen = ()
        machine.awake += 0.9
        assert (watch.look(), watch.is_resuming) == ("", False)
        machine.awake += 6.0
        assert (watch.look(), watch.is_resuming) == ("", True)
        machine.awake += 0.2
        assert watch.look() == CUT_OFF

    def test_counts_from_anew_after_a_resume(self) -> None:
        machine = Machine(seen=())
        watch = machine.watch()
        machine.awake += 6.0
        machine.seen = (CONNECTED,)
        assert (watch.look(), watch.is_resuming) == ("", False)
        machine.seen = ()
        machine.awake += 6.0
        assert watch.look() == ""

    def test_gives_up_nothing_where_the_system_does_not_tell(self) -> None:
        machine = Machine(seen=None)
        watch = machine.watch()
        machine.awake += 60
        assert (watch.look(), watch.is_resuming) == ("", False)

    def test_gives_up_a_plugin_that_passes_nothing_on(self) -> None:
        machine = Machine(unread=b"a query")
        watch = machine.watch()
        watch.look()
        machine.awake += 3.9
        assert watch.look() == ""
        machine.awake += 0.2
        assert watch.look() == STUCK

    def test_gives_up_a_plugin_that_passes_nothing_on_of_what_clients_go_on_sending(self) -> None:
        machine = Machine(unread=b"a query")
        watch = machine.watch()
        watch.look()
        for _ in range(19):
            machine.awake += 0.2
            machine.unread += b", and another"
            assert watch.look() == ""
        machine.awake += 0.4
        assert watch.look() == STUCK

    def test_leaves_a_plugin_alone_that_is_busy_or_has_nothing_to_do(self) -> None:
        busy, idle = Machine(), Machine()
        for machine in (busy, idle):
            watch = machine.watch()
            for number in range(100):
                machine.awake += 0.2
                busy.unread = b"part %d" % number
                assert watch.look() == ""

    @pytest.mark.parametrize(("seconds", "said"), [(5, ""), (31, SLEPT), (8 * 3600, SLEPT)])
    def test_does_not_trust_a_connection_after_sleep(self, seconds: float, said: str) -> None:
        machine = Machine()
        watch = machine.watch()
        watch.look()
        machine.asleep += seconds
        assert watch.look() == said

    def test_does_not_trust_a_connection_from_an_address_that_is_gone(self) -> None:
        assert Machine(seen=(ELSEWHERE,)).watch().look() == MOVED

    def test_leaves_both_to_the_kernel_where_that_ends_silent_connections(self) -> None:
        with (
            socket.create_server(("127.0.0.1", 0)) as server,
            socket.create_connection(server.getsockname()) as own,
        ):
            machine = Machine(seen=[ELSEWHERE._replace(fd=own.fileno())])
            watch = machine.watch()
            machine.asleep += 3600
            assert watch.look() == ""
            assert own.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 8000


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_what_a_process_has_not_read_is_seen_and_stays_there() -> None:
    near, far = socket.socketpair()
    with near, far:
        assert unread(os.getpid(), far.fileno()) == b""
        near.send(b"hello")
        assert unread(os.getpid(), far.fileno()) == b"hello"
        assert far.recv(5) == b"hello"
        assert unread(os.getpid(), far.fileno()) == b""
    assert unread(os.getpid(), 10_000) == b""


# A parent and its plugin on a machine of their own, whose network then swallows everything.
SILENCED = """
import os, socket, subprocess, sys, time
from tenantnet.tunnel.child_sockets import end_when_silent
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
server = socket.create_server(("127.0.0.1", 0))
said, say = os.pipe()
plugin = os.fork()
if plugin == 0:
    with socket.create_connection(server.getsockname()) as own:
        os.write(say, str(own.fileno()).encode())
        try:
            own.recv(1)
        except TimeoutError:
            sys.exit(7)
    sys.exit(0)
accepted, _ = server.accept()
assert end_when_silent(plugin, int(os.read(said, 9)), seconds=1)
subprocess.run(["ip", "link", "set", "lo", "down"], check=True)
print(os.waitstatus_to_exitcode(os.waitpid(plugin, 0)[1]))
"""


@pytest.mark.skipif(not shutil.which("unshare"), reason="only Linux has namespaces")
def test_a_connection_that_nobody_answers_on_is_ended_by_the_kernel_though_nothing_is_sent() -> None:
    done = subprocess.run(
        ["unshare", "--map-root-user", "--net", sys.executable, "-c", SILENCED],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    if "unshare" in done.stderr:
        pytest.skip("this machine makes no namespaces")
    assert done.stdout.split()[-1:] == ["7"], done.stdout + done.stderr
