"""AWS plugins that run before a stack needs them, each shared by all stacks with the same settings.

The engine attaches to a plugin whose port PULUMI_DEBUG_PROVIDERS names, instead of starting one of its own
for every operation of every stack: loading a provider is most of what a preview takes.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

PROGRAM = "pulumi-resource-aws"
# In the folder of a plugin made by scripts/setup, over Terraform's provider.
OF_OWN_MAKE = "hashicorp-aws"
START_LIMIT_SECONDS = 60
STOP_LIMIT_SECONDS = 10


class Plugins:
    """The plugins in use.

    log: the file for what they print. tell: says why there is none to share, once. environment: that of the
    engines that attach.
    """

    def __init__(
        self, log: Path, tell: Callable[[str], None], environment: Mapping[str, str] = os.environ
    ) -> None:
        self._log, self._environment = log, environment
        self._program = _shareable(environment, tell)
        self._running: dict[str, asyncio.Task[_Plugin]] = {}

    async def environment(self, settings: str) -> Mapping[str, str]:
        """What makes an engine attach to the plugin for stacks with these settings; started where none runs.

        settings: any text that is the same for stacks whose provider is configured the same way. Empty where
        no plugin can be shared: each engine starts its own then.
        """
        if self._program is None:
            return {}
        task = self._running.get(settings)
        if task is None or (task.done() and not task.result().runs):
            task = self._running[settings] = asyncio.create_task(
                _start(self._program, self._log, self._environment)
            )
        plugin = await asyncio.shield(task)
        if not plugin.runs:
            return {}
        others = self._environment.get("PULUMI_DEBUG_PROVIDERS")
        return {"PULUMI_DEBUG_PROVIDERS": ",".join(filter(None, [f"aws:{plugin.port}", others]))}

    async def close(self) -> None:
        """End them all; what still uses one keeps it."""
        for task in self._running.values():
            await (await task).end()


class _Plugin:
    """port: where it serves; 0 where it ended before it did."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self._process, self.port = process, port

    @property
    def runs(self) -> bool:
        return self.port > 0 and self._process.returncode is None

    async def end(self) -> None:
        if self._process.stdin:
            # One of our own make ends by itself once its standard input has, and the last engine.
            self._process.stdin.close()
        with suppress(ProcessLookupError):
            self._process.terminate()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), STOP_LIMIT_SECONDS)
            return
        self._process.kill()
        await self._process.wait()


async def _start(program: Path, log: Path, environment: Mapping[str, str]) -> _Plugin:
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            program,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=output,
            # A Ctrl-C is for the fleet alone: updates under way still need their plugin.
            start_new_session=True,
            env={**environment, "TENANTNET_SHARED_PLUGIN": "1"},
        )
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    try:
        line = await asyncio.wait_for(process.stdout.readline(), START_LIMIT_SECONDS)
    except TimeoutError:
        line = b""
    if not line.strip().isdigit():
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        return _Plugin(process, 0)
    return _Plugin(process, int(line))


def _shareable(environment: Mapping[str, str], tell: Callable[[str], None]) -> Path | None:
    """The plugin that pulumi_aws asks for, where it is installed and serves more than one stack."""
    home = Path(environment.get("PULUMI_HOME") or Path.home() / ".pulumi")
    wanted = version("pulumi_aws")
    folder = home / "plugins" / f"resource-aws-v{wanted}"
    program = folder / PROGRAM
    if not os.access(program, os.X_OK):
        tell(
            f"There is no AWS plugin {wanted} in {home} yet, so every stack starts its own. To share one: "
            f"pulumi plugin install resource aws {wanted}"
        )
        return None
    if environment.get("AWS_CA_BUNDLE") and not (folder / OF_OWN_MAKE).exists():
        # Its provider refuses to be configured again: "unable to add custom RootCAs".
        tell("With AWS_CA_BUNDLE an AWS plugin serves one stack only, so every stack starts its own.")
        return None
    return program
