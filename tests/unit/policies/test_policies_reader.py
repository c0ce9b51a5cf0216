"""What the pack reads beside the stack, and the settings that tell it where."""

from __future__ import annotations

from pathlib import Path

import pytest
from tenantnet.failure import Failure
from tenantnet.policies.reading import Reader


@pytest.mark.parametrize(
    ("named", "default", "found"),
    [
        ("eu-west-1", None, "eu-west-1"),
        (None, "eu-west-1", "eu-west-1"),
        ("eu-west-1", "us-east-1", "eu-west-1"),
    ],
)
def test_the_region_is_that_of_a_provider_without_one(
    monkeypatch: pytest.MonkeyPatch, named: str | None, default: str | None, found: str
) -> None:
    for variable, value in (("AWS_REGION", named), ("AWS_DEFAULT_REGION", default)):
        monkeypatch.setenv(variable, value) if value else monkeypatch.delenv(variable, raising=False)
    assert Reader().region() == found


def test_without_a_region_nothing_is_compared(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(Failure, match="Could not tell the region"):
        Reader().region()
