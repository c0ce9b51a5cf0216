"""The fleet's plugins, which run before a preview needs them, for previews in threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from tenantnet.engine.plugins import Plugins
from tenantnet.fleet.targets import Target
from tenantnet.settings.project import Project

EnvironmentOf = Callable[[str], Mapping[str, str]]


@contextmanager
def shared_plugins(
    project: Project, targets: Mapping[str, Target], log: Path, tell: Callable[[str], None]
) -> Iterator[EnvironmentOf]:
    """What makes an engine attach to the plugins of a stack; empty where it starts its own.

    targets: the stacks that may share. log: the file for what plugins print.
    tell: says which is not shared and why.
    """
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="plugins", daemon=True)
    thread.start()
    plugins = Plugins(project, log, tell)

    def environment_of(stack: str) -> Mapping[str, str]:
        target = targets.get(stack)
        if target is None:
            return {}
        return asyncio.run_coroutine_threadsafe(plugins.environment(target.provider), loop).result()

    try:
        yield environment_of
    finally:
        asyncio.run_coroutine_threadsafe(plugins.close(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
