"""One AWS plugin for all updates of a run: loading it for each was a third of a move's gap."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import psutil
from tenantnet.engine.plugins import PROVIDERS, shareable_aws, with_port
from tenantnet.engine.served import Served, serve


class AwsPlugin:
    """Runs from the first update that needs it to the end of the run; anew where it has ended before."""

    def __init__(self) -> None:
        self._loop = asyncio.Runner()
        self._served: Served | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._loop:
            if self._served is not None:
                # Interrupted, an engine finishes what it has begun, and loses that without the plugin.
                psutil.wait_procs(_engines())
                self._loop.run(self._served.end())

    def environment(self) -> Mapping[str, str]:
        """What makes an engine attach to it. Nothing where it cannot be shared: the engine starts its own."""
        # Where the engine has yet to install it, the next update finds it.
        program = shareable_aws(os.environ, lambda _why_not: None)
        return self._loop.run(self._attach(program)) if program else {}

    async def _attach(self, program: Path) -> Mapping[str, str]:
        # Between two updates the loop stands still: only now does it see that the plugin has ended.
        await asyncio.sleep(0)
        if self._served is None or not self._served.runs:
            # What goes wrong in it, the engine says.
            self._served = await serve([program], Path(os.devnull), os.environ)
        if not self._served.runs:
            return {}
        return {PROVIDERS: with_port(os.environ, PROVIDERS, f"aws:{self._served.port}")}


def _engines() -> list[psutil.Process]:
    """Those that this process has started. To ask one that ends meanwhile would raise: it is left out."""
    running = psutil.process_iter(["name", "ppid"])
    return [each for each in running if each.info == {"name": "pulumi", "ppid": os.getpid()}]
