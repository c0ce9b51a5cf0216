"""What the program asks of the engine that runs it."""

from __future__ import annotations

import pulumi
import pytest
from tenantnet.failure import Failure
from tenantnet.program import require_engine


def test_an_engine_that_is_too_old_is_refused_with_the_one_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def too_old(wanted: str) -> None:
        raise RuntimeError(f"Pulumi CLI version 3.200.0 does not satisfy the version range {wanted}")

    # No engine here is too old: the oldest that setup builds is the oldest that works.
    monkeypatch.setattr(pulumi, "require_pulumi_version", too_old)
    with pytest.raises(Failure) as caught:
        require_engine()
    assert ">=3.244.0" in str(caught.value)
    assert "install 3.244.0 or newer" in str(caught.value)
