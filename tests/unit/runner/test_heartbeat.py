"""What a run says while one thing takes long."""

from __future__ import annotations

from datetime import timedelta

from tenantnet.runner.heartbeat import Heartbeat

from tests.support.processes import wait_until


def test_a_run_that_is_silent_for_long_says_ever_more_seldom_what_it_is_still_at() -> None:
    said: list[str] = []
    beat = Heartbeat(said.append, silence=timedelta(seconds=0.2))
    with beat.kept():
        beat.tell("replicating: create the replica")
        wait_until(lambda: len(said) >= 3)
        beat.tell("replicating: reached")
    assert said[0] == "replicating: create the replica"
    assert said[1].startswith("still at it, for 0:00:0")
    assert said[1].endswith(": replicating: create the replica")
    again = len(said)
    beat.tell("the end")
    assert said[again:] == ["the end"], "behind its block nothing beats"


def test_what_has_ended_is_not_what_a_run_is_still_at() -> None:
    said: list[str] = []
    beat = Heartbeat(said.append, silence=timedelta(seconds=0.2))
    with beat.kept():
        beat.tell("replicating: seen after 0.3 s: nothing is in the way")
        beat.at("replicating: create the replica")
        wait_until(lambda: len(said) >= 2)
    assert said[1].endswith(": replicating: create the replica")
