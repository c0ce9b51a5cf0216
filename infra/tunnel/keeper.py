"""Keeps a tunnel open: starts a session, and another one whenever one ends, until it is stopped."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from threading import Event

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    sleep_using_event,
    stop_when_event_set,
    wait_random_exponential,
)
from tenantnet.failure import Failure
from tenantnet.tunnel.carried import CarriedSession
from tenantnet.tunnel.local_port import require_free
from tenantnet.tunnel.plugin import Plugin, find_plugin
from tenantnet.tunnel.profiles import Profile
from tenantnet.tunnel.records import KeeperState, ProcessId, Record, TunnelRecords
from tenantnet.tunnel.session_manager import FinalFailure
from tenantnet.tunnel.watch import Watch

LOOK_SECONDS = 0.2
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 1.0, 10.0
RESUMING = "the connection broke, and the plugin tries to resume the session"

Show = Callable[[Record], None]


class Keeper:
    """One tunnel. run() is its whole life; `stop` ends it from another thread.

    keeper: this process. show: called with every change of state. keep_trying: from the start, too.
    """

    def __init__(
        self,
        profile: Profile,
        keeper: ProcessId,
        records: TunnelRecords,
        show: Show,
        stop: Event,
        *,
        keep_trying: bool = False,
    ) -> None:
        self.record = Record(profile=profile, keeper=keeper)
        self._records, self._show, self._stop = records, show, stop
        self._begin = self._open_again if keep_trying else self._open
        self._carried: CarriedSession | None = None
        self.failure: Failure | None = None

    def run(self) -> None:
        """Open the tunnel and keep it open. If it cannot, `failure` says why, and nothing is left running."""
        try:
            self._say(KeeperState.OPENING)
            self._begin()
            while self._carried and not self._stop.is_set():
                if reason := self._carry(self._carried.plugin):
                    self._say(KeeperState.RECONNECTING, reason)
                    self._carried.abandon()
                    self._carried = None
                    self._open_again()
        except Failure as failure:
            self.failure = failure
            with suppress(Failure):
                self._say(KeeperState.FAILED, f"{failure.what} {failure.reason}: {failure.remedy}")
        finally:
            self._close()

    def _open(self) -> None:
        """Start a session and its plugin. Raises Failure; then nothing is left of them."""
        profile = self.record.profile
        program = find_plugin()
        require_free(profile.name, profile.local_port)
        carried = CarriedSession(program, profile)
        self.record = self.record.model_copy(
            update={"session_id": carried.session.id, "plugin": carried.plugin.id}
        )
        carried.wait_until_open(self._stop)
        self._carried = carried

    def _open_again(self) -> None:
        """Retry with growing pauses. Raises FinalFailure if retrying cannot help."""

        def say(state: RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome else None
            if isinstance(error, Failure):
                self._say(self.record.state, error.reason)

        waiting = wait_random_exponential(multiplier=FIRST_WAIT_SECONDS, max=LONGEST_WAIT_SECONDS)
        Retrying(
            retry=retry_if_exception(
                lambda error: isinstance(error, Failure) and not isinstance(error, FinalFailure)
            ),
            wait=waiting,
            sleep=sleep_using_event(self._stop),
            stop=stop_when_event_set(self._stop),
            before_sleep=say,
            # Told to stop between two attempts: that is no failure.
            retry_error_callback=lambda _: None,
        )(self._open)

    def _carry(self, plugin: Plugin) -> str:
        """Wait until the session has to be replaced; why, in words. Empty if the tunnel has to end."""
        watch = Watch(plugin)
        self._say(KeeperState.OPEN)
        while not self._stop.wait(LOOK_SECONDS):
            if plugin.has_ended:
                return f"the session ended: {plugin.last_words}"
            if reason := watch.look():
                return reason
            if watch.is_resuming is (self.record.state is KeeperState.OPEN):
                if watch.is_resuming:
                    self._say(KeeperState.RECONNECTING, RESUMING)
                else:
                    self._say(KeeperState.OPEN)
        return ""

    def _close(self) -> None:
        """End session and plugin, where there are any."""
        if self._carried:
            self._carried.close()
            self._carried = None

    def _say(self, state: KeeperState, detail: str = "") -> None:
        now = datetime.now(UTC)
        since = self.record.since if state is self.record.state else now
        self.record = self.record.model_copy(update={"state": state, "detail": detail, "since": since})
        self._records.write(self.record)
        self._show(self.record)
