"""What `tenantnet local status` shows a person."""

from __future__ import annotations

import pytest
from tenantnet.cli.local import _print


def test_a_local_clouds_status_is_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    _print({"running": True, "nameServer": "127.0.0.1:53", "vpcs": 0, "stacks": []})
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(maxsplit=1) for line in lines if "name server" not in line] == [
        ["running", "yes"],
        ["vpcs", "0"],
        ["stacks", "none"],
    ]
    assert lines[1] == "name server  127.0.0.1:53"
