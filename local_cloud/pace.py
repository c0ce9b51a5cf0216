"""How long things take here that take their time at AWS: one setting for all of them.

`TENANTNET_LOCAL_PACE` is how many seconds one of AWS's takes: with 1 all is as slow as at AWS. Orders stay.
`TENANTNET_LOCAL_LAG` is for how many seconds EC2's describes and callers' rights lag behind.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic

PACE = float(os.environ.get("TENANTNET_LOCAL_PACE", "0.01"))
LAG_SECONDS = float(os.environ.get("TENANTNET_LOCAL_LAG", "0"))
_MOMENT: ContextVar[float | None] = ContextVar("moment", default=None)


def here(seconds: float) -> float:
    """What takes so many seconds at AWS takes so many here."""
    return seconds * PACE


def now() -> float:
    """Now, in seconds of `time.monotonic()`; within one answer always the same moment."""
    moment = _MOMENT.get()
    return monotonic() if moment is None else moment


@contextmanager
def one_moment() -> Iterator[None]:
    """An answer shows one state of a resource, though it reads that state for each of its members."""
    token = _MOMENT.set(monotonic())
    try:
        yield
    finally:
        _MOMENT.reset(token)
