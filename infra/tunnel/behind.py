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


def start_behind(names: Sequence[str], records: TunnelRecords, *options: str) -> list[Record]:
    """Let another process run `tenantnet tunnel start`; those that are open once it is clear how each is.

    What that process says, such as why one did not open, is in the log of the first name.
    """
    with records.open_log(names[0]) as log:
        process = subprocess.Popen(
            [*COMMAND, "tunnel", "start", *names, *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    # A console lives on: without somebody who waits, the ended process would stay as a zombie.
    Thread(target=process.wait, daemon=True).start()
    end = time.monotonic() + OPEN_SECONDS
    while process.poll() is None and time.monotonic() < end:
        states = [record.state for name in names if (record := records.read(name))]
        if len(states) == len(names) and KeeperState.OPENING not in states:
            break
        time.sleep(PAUSE_SECONDS)
    opened = [record for record in map(records.read, names) if record and record.state is KeeperState.OPEN]
    if not opened:
        # It ends now, and says why.
        with suppress(subprocess.TimeoutExpired):
            process.wait(END_SECONDS)
    return opened


def stop(records: TunnelRecords, record: Record) -> None:
    """End a tunnel of any process, with its session. Raises Failure if it does not end."""
    if record.state is not KeeperState.LOST:
        records.ask_to_stop(record.profile.name)
        record = records.read(record.profile.name) or record
    if record.state is KeeperState.LOST:
        records.clear(record)
        if record.session_id:
            end_session(record.profile, record.session_id)
