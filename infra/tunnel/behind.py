"""Tunnels of other processes: one that keeps them open behind the foreground, and the end of any."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from threading import Thread

from tenantnet.tunnel.records import KeeperState, Record, TunnelRecords
from tenantnet.tunnel.session_manager import end_session

# As the console script has it, wherever that is installed. -P: and whatever the working directory has.
COMMAND = (sys.executable, "-P", "-c", "from tenantnet.cli.main import run; run()")
OPEN_SECONDS = 60.0
PAUSE_SECONDS = 0.1
END_SECONDS = 5.0


def start_behind(names: Sequence[str], records: TunnelRecords, *options: str) -> tuple[list[Record], str]:
    """Let another process run `tenantnet tunnel start`, and wait until it is clear how each tunnel is.

    Their records, without those that are over; and what that process said if it has ended: why none is open.
    """
    log, errors = records.open_logs(names[0])
    with log, errors:
        process = subprocess.Popen(
            [*COMMAND, "tunnel", "start", *names, *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=errors,
            start_new_session=True,
        )
        # A console lives on: without somebody who waits, the ended process would stay as a zombie.
        Thread(target=process.wait, daemon=True).start()
        _wait(process, names, records)
        errors.seek(0)
        said = errors.read().decode(errors="replace").strip()
    return [record for record in map(records.read, names) if record], said


def _wait(process: subprocess.Popen[bytes], names: Sequence[str], records: TunnelRecords) -> None:
    """Until each tunnel is open or has failed, and where none is open, until the process has said why."""
    end = time.monotonic() + OPEN_SECONDS
    states: list[KeeperState] = []
    while process.poll() is None and time.monotonic() < end:
        states = [record.state for name in names if (record := records.read(name))]
        if len(states) == len(names) and KeeperState.OPENING not in states:
            break
        time.sleep(PAUSE_SECONDS)
    if KeeperState.OPEN not in states:
        with suppress(subprocess.TimeoutExpired):
            process.wait(END_SECONDS)


def stop(records: TunnelRecords, record: Record) -> None:
    """End a tunnel of any process, with its session. Raises Failure if it does not end."""
    if record.state is not KeeperState.LOST:
        records.ask_to_stop(record.profile.name)
        record = records.read(record.profile.name) or record
    if record.state is KeeperState.LOST:
        records.clear(record)
        if record.session_id:
            end_session(record.profile, record.session_id)
