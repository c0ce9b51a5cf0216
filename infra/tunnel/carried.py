"""A session and the plugin that carries it, which begin and end together."""

from __future__ import annotations

from contextlib import suppress
from threading import Event, Thread

from tenantnet.failure import Failure
from tenantnet.tunnel.plugin import Plugin
from tenantnet.tunnel.profiles import Profile
from tenantnet.tunnel.session_manager import Session, end_session, start_session


class CarriedSession:
    """The constructor starts both; close() ends both."""

    def __init__(self, program: str, profile: Profile) -> None:
        """program: the plugin's path. Raises Failure as either does; then nothing is left of it."""
        self._profile = profile
        self.session: Session = start_session(profile)
        try:
            self.plugin = Plugin(program, profile, self.session)
        except BaseException:
            self._end_session()
            raise

    def wait_until_open(self, stop: Event) -> None:
        """Return once its port is open, or `stop` is set. Raises Failure; then nothing is left of it."""
        try:
            self.plugin.wait_until_open(stop)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End session and plugin."""
        self._end_session()
        self.plugin.end()

    def abandon(self) -> None:
        """End the plugin at once, so that its port is free, and the session whenever AWS can be asked."""
        self.plugin.end_now()
        Thread(target=self._end_session, daemon=True).start()

    def _end_session(self) -> None:
        # A session that cannot be ended now ends by itself when it is not used for a while.
        with suppress(Failure):
            end_session(self._profile, self.session.id)
