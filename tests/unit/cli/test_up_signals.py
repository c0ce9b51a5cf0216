"""What ends an update, and what does not."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from tenantnet.cli.up import update
from tenantnet.engine.update import StackUpdate
from tenantnet.settings.project import find_project

from tests.support.small_settings import small_project


def test_a_terminal_that_is_closed_ends_no_update(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = tmp_path / "pulumi"
    engine.write_text("#!/bin/sh\necho v3.999.0\n", encoding="utf-8")
    engine.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    begun = StackUpdate(find_project(small_project(tmp_path)), "acme")
    former = signal.getsignal(signal.SIGHUP)
    with update._interrupting(begun, None):
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        os.kill(os.getpid(), signal.SIGTERM)
        assert begun.command.interrupted == 1
    assert signal.getsignal(signal.SIGHUP) is former
