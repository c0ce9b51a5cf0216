"""Which sessions a cut waits for, by what a server lists."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import pytest
from tenantnet.runner.live.fence import end_sessions
from tenantnet.runner.live.session import GuardError, Session


class Server:
    """Sessions that never leave the list, as one whose client says nothing; with what it was told to end."""

    name = "acme-blue"

    def __init__(self, *users: str) -> None:
        self.listed: dict[int, dict[str, Any]] = {
            number: {"id": number, "user": user, "command": "Connect", "state": "login"}
            for number, user in enumerate(users)
        }

    def rows(self, _statement: str) -> list[dict[str, Any]]:
        return list(self.listed.values())

    def end(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self.listed[number]["command"] = "Killed"


def end_all(server: Server) -> None:
    end_sessions(cast(Session, server), frozenset(), seconds=0)


def test_a_login_that_was_ended_is_not_waited_for_however_long_its_client_says_nothing() -> None:
    server = Server("unauthenticated user", "unauthenticated user")
    end_all(server)
    assert {each["command"] for each in server.listed.values()} == {"Killed"}


def test_a_session_that_was_ended_is_waited_for_since_its_commit_may_be_under_way() -> None:
    with pytest.raises(GuardError, match=r"1 sessions .* app \(Killed, login\)"):
        end_all(Server("app", "unauthenticated user"))
