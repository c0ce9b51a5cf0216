"""Keeps several tunnels open in one process, until the last of them has ended."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from threading import Event, Thread
from types import FrameType

from tenantnet.refusal import Refused, Rule
from tenantnet.tunnel.keeper import Keeper, Show
from tenantnet.tunnel.local_port import LOCAL_PORT_ONCE
from tenantnet.tunnel.profiles import Profile, with_port
from tenantnet.tunnel.records import KeeperState, ProcessId, TunnelRecords

ENDING_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
LOOK_SECONDS = 0.2

TUNNEL_ONCE = Rule(
    id="tunnel-once",
    rule="a tunnel runs once",
    reason="it runs already, at localhost:{port} (process {pid})",
    remedy="use that one, or stop it first: tenantnet tunnel stop {name}",
)


def check_startable(profiles: Sequence[Profile], records: TunnelRecords) -> None:
    """Raises Refused for a tunnel that runs already, or a port that two of them would have."""
    refusals = []
    for index, profile in enumerate(profiles):
        record = records.read(profile.name)
        if record and record.state is not KeeperState.LOST:
            facts = {"port": record.profile.local_port, "pid": record.keeper.pid, "name": profile.name}
            refusals.append(TUNNEL_ONCE.refuse(profile.name, **facts))
        if other := with_port(profiles[:index], profile.local_port):
            refusals.append(LOCAL_PORT_ONCE.refuse(profile.local_port, profile.name, other=other))
    if refusals:
        raise Refused("The tunnels", refusals)


def keep_open(
    profiles: Sequence[Profile], records: TunnelRecords, show: Show, *, keep_trying: bool = False
) -> list[Keeper]:
    """Keep tunnels open until each was stopped or failed, or a signal ends all.

    The keepers as they are at the end, with their failures. To be called in the main thread, which alone is
    told of signals. keep_trying: a tunnel that does not open at first is tried again, as later ones are.
    """
    me = ProcessId.of(os.getpid())
    assert me is not None  # noqa: S101 - it runs
    for profile in profiles:
        if lost := records.read(profile.name):
            records.clear(lost)
    stops = [Event() for _ in profiles]
    keepers = [
        Keeper(profile, me, records, show, stop, keep_trying=keep_trying)
        for profile, stop in zip(profiles, stops, strict=True)
    ]
    _set_on_signals(stops)
    threads = [Thread(target=keeper.run, name=keeper.record.profile.name) for keeper in keepers]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        for keeper, thread, stop in zip(keepers, threads, stops, strict=True):
            thread.join(LOOK_SECONDS)
            _heed(keeper, records, stop, has_ended=not thread.is_alive())
    for keeper in keepers:
        records.remove(keeper.record.profile.name)
    return keepers


def _heed(keeper: Keeper, records: TunnelRecords, stop: Event, *, has_ended: bool) -> None:
    """Stop the tunnel if it was asked to end. A failed one stays visible until then."""
    name = keeper.record.profile.name
    if records.is_stop_asked(name):
        stop.set()
    if has_ended and (keeper.failure is None or stop.is_set()):
        records.remove(name)


def _set_on_signals(stops: Sequence[Event]) -> None:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        for each in stops:
            each.set()

    for number in ENDING_SIGNALS:
        signal.signal(number, stop)
