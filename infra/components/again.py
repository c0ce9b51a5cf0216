"""What AWS refuses for a while, and the provider does not try again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pulumi

LONGEST_PAUSE_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ForAWhile:
    """code: AWS's, of what is tried again. pause_seconds: before the second try; each further pause is longer
    by as much, up to half a minute. most_tries: the first one among them.
    """

    code: str
    pause_seconds: float
    most_tries: int

    async def once_more(self, error: pulumi.ErrorHookArgs) -> bool:
        """Wait, and say whether to try again."""
        tries = len(error.errors)
        if self.code not in error.errors[0] or tries >= self.most_tries:
            return False
        if tries == 1:
            # The engine says at each try that it is one, and not why.
            minutes = round(sum(map(self._pause, range(1, self.most_tries))) / 60)
            why = " ".join(error.errors[0].split())
            pulumi.log.info(
                f"{error.name}: AWS refuses this for now, so it is tried for {minutes} min: {why}"
            )
        await asyncio.sleep(self._pause(tries))
        return True

    def _pause(self, tries: int) -> float:
        return min(tries * self.pause_seconds, LONGEST_PAUSE_SECONDS)

    def tried_again(self, name: str) -> pulumi.ResourceHookBinding:
        """For a resource's options. name: the hook's, one in its stack."""
        return pulumi.ResourceHookBinding(on_error=[pulumi.ErrorHook(name, self.once_more)])
