"""Previews by the real engine, with the policy pack: one stack at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from pulumi.automation import CommandError, EngineEvent
from tenantnet.engine.events import EngineLog, said_in
from tenantnet.engine.plugins import SharedPlugins
from tenantnet.failure import Failure
from tenantnet.fleet.targets import Target
from tenantnet.review.events import preview_of
from tenantnet.review.judge import Case
from tenantnet.review.model import Preview
from tenantnet.review.packs import Pack
from tenantnet.review.workplace import Workplace
from tenantnet.settings.models import TenantSettings


class Previewer:
    """The `pulumi` on the path, in the workplace.

    targets: the stacks that share plugins. packs: each judges every preview; all or none has a configuration.
    """

    def __init__(
        self,
        place: Workplace,
        plugins: SharedPlugins,
        targets: Mapping[str, Target],
        packs: Sequence[Pack],
    ) -> None:
        self._place, self._plugins, self._targets = place, plugins, targets
        self._packs = [pack.folder for pack in packs]
        self._configs = [str(pack.config.resolve()) for pack in packs if pack.config] or None

    def preview(self, case: Case) -> Preview:
        """What an update would do; of a stack whose settings are removed, what a destruction would delete."""
        started, log = time.monotonic(), EngineLog()
        errors: list[str] = []
        try:
            self._run(case, log.take)
        except CommandError as error:
            errors = [said_in(str(error))]
        # The Automation API raises RuntimeError if the engine ended without an error message.
        except (Failure, RuntimeError) as error:
            errors = [str(error)]
        preview = preview_of(case.stack, log)
        # If there are events, they have reported already what the command prints at its end.
        found = preview.errors or ([] if preview.violations else errors)
        return replace(preview, errors=found, seconds=time.monotonic() - started)

    def _run(self, case: Case, listen: Callable[[EngineEvent], object]) -> None:
        own = {"PULUMI_SKIP_UPDATE_CHECK": "true"}
        if target := self._targets.get(case.stack):
            own |= self._plugins.environment(target.provider)
        if not case.exists:
            platform = case.after.platform if isinstance(case.after, TenantSettings) else None
            own |= self._place.new_stack(case.stack, platform)
        stack = self._place.engine.stack(case.stack, own)
        if case.is_removed:
            stack.preview_destroy(on_event=listen, color="never")
        else:
            packs, configs = self._packs, self._configs
            stack.preview(on_event=listen, color="never", policy_packs=packs, policy_pack_configs=configs)
