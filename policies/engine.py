"""The engine that has started this pack: nobody else tells the pack anything.

A pack listens on loopback. There the program that it judges, and every user of the machine, can call it, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from time import monotonic

import psutil

# A look takes milliseconds. Where nothing is asked for half an hour, gRPC closes the connection, and anybody
# may have its port then.
_SECONDS = 60
_ENGINE = re.compile(r"\.?pulumi(-wrapped)?(\.exe)?")
# The pack listens at an address of IPv4.
_PEER = re.compile(r"ipv4:([0-9.]+):([0-9]+)")
_End = tuple[str, int]


def engine() -> psutil.Process | None:
    """The nearest one among the parents. Raises psutil.Error.

    None where there is none: a language host that engines share runs Tenantnet's own program alone.
    """
    return next(_engines(psutil.Process().parents()), None)


def is_of_engine(peer: str) -> bool:
    """Whether a connection to this process is the engine's. peer: as gRPC says it, `ipv4:127.0.0.1:40404`.

    Raises psutil.Error.
    """
    return _is_of_engine(peer, int(monotonic() // _SECONDS))


@cache
def _is_of_engine(peer: str, _time: int) -> bool:
    """By both ends, for at 127.0.0.2 anybody may have the port that the engine has at 127.0.0.1.

    _time: what was seen at another time counts no more.
    """
    if not (found := _PEER.fullmatch(peer)):
        return False
    end = found[1], int(found[2])
    own = psutil.Process().net_connections("tcp")
    listening = {_end(*each.laddr) for each in own if each.status == psutil.CONN_LISTEN}
    return any((end, each) in _connections(caller) for caller in _callers() for each in listening)


def _end(address: str, port: int) -> _End:
    """gRPC listens at an address of IPv4 by a socket of IPv6."""
    return address.removeprefix("::ffff:"), port


def _callers() -> Iterator[psutil.Process]:
    if (found := engine()) is not None:
        yield found
        return
    parents = psutil.Process().parents()
    yield from parents
    for parent in parents:
        with suppress(psutil.Error):
            yield from _engines(parent.children())


def _engines(processes: list[psutil.Process]) -> Iterator[psutil.Process]:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            if _ENGINE.fullmatch(process.name()):
                yield process


def _connections(process: psutil.Process) -> set[tuple[_End, _End]]:
    """Both ends of each; none of what is another user's, or has ended."""
    with suppress(psutil.Error):
        found = process.net_connections("tcp")
        return {(_end(*each.laddr), _end(*each.raddr)) for each in found if each.laddr and each.raddr}
    return set()
