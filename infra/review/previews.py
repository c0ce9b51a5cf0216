"""Previews by the real engine, with the policy pack: one stack after the other, or several at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from pulumi.automation import CommandError, EngineEvent
from tenantnet.engine.engine import said_by
from tenantnet.engine.events import EngineLog
from tenantnet.engine.plugins import SharedPlugins
from tenantnet.failure import Failure
from tenantnet.fleet.targets import Target
from tenantnet.review.events import preview_of
from tenantnet.review.model import Preview
from tenantnet.review.workplace import Workplace

POLICY_PACK = "policies"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewOrder:
    """One preview to make. new: the stack does not exist yet. platform: of a tenant, where it is known.

    destroy: what a destruction would delete, instead of what an update would do.
    """

    stack: str
    new: bool = False
    destroy: bool = False
    platform: str | None = None


class Previewer:
    """The `pulumi` on the path, in the workplace, with the project's own policy pack.

    targets: the stacks that share plugins. policy_config: the pack's configuration, a JSON file.
    """

    def __init__(
        self,
        place: Workplace,
        plugins: SharedPlugins,
        targets: Mapping[str, Target],
        policy_config: Path | None = None,
    ) -> None:
        self._place, self._plugins, self._targets = place, plugins, targets
        self._configs = [str(policy_config.resolve())] if policy_config else None

    def preview_all(
        self, orders: Sequence[PreviewOrder], *, parallel: int, done: Callable[[Preview], None]
    ) -> list[Preview]:
        """All previews, in the order of the orders, `parallel` at a time. done: gets each as it is ready."""

        def preview(order: PreviewOrder) -> Preview:
            made = self._preview(order)
            done(made)
            return made

        with ThreadPoolExecutor(max_workers=parallel) as pool:
            return list(pool.map(preview, orders))

    def _preview(self, order: PreviewOrder) -> Preview:
        started, log = time.monotonic(), EngineLog()
        errors: list[str] = []
        try:
            self._run(order, log.take)
        except CommandError as error:
            errors = [said_by(error)]
        # The Automation API raises RuntimeError if the engine ended without an error message.
        except (Failure, RuntimeError) as error:
            errors = [str(error)]
        preview = preview_of(order.stack, log)
        # If there are events, they have reported already what the command prints at its end.
        found = preview.errors or ([] if preview.violations else errors)
        return replace(preview, errors=found, seconds=time.monotonic() - started)

    def _run(self, order: PreviewOrder, listen: Callable[[EngineEvent], object]) -> None:
        own = {"PULUMI_SKIP_UPDATE_CHECK": "true"}
        if target := self._targets.get(order.stack):
            own |= self._plugins.environment(target.provider)
        if order.new:
            own |= self._place.new_stack(order.stack, order.platform)
        stack = self._place.engine.stack(order.stack, own)
        if order.destroy:
            stack.preview_destroy(on_event=listen, color="never")
            return
        stack.preview(
            on_event=listen,
            color="never",
            policy_packs=[POLICY_PACK],
            policy_pack_configs=self._configs,
        )
