"""What AWS refuses for a while is tried again, and nothing else."""

from __future__ import annotations

import asyncio

import pulumi
import pytest
from tenantnet.components.again import ForAWhile
from tenantnet.components.migration_runner import RIGHTS_NOT_KNOWN
from tenantnet.components.tenant_database import BUSY
from tenantnet.runner.databases import LONGEST_BUSY

# Each with the provider's words.
REFUSED = {
    "https://github.com/aws/aws-cdk/issues/38504": (
        RIGHTS_NOT_KNOWN,
        "OAuthProviderException: User is not authorized to access connection arn:aws:codeconnections:...",
    ),
    "https://github.com/hashicorp/terraform-provider-aws/issues/30637": (
        BUSY,
        "updating RDS DB Instance: InvalidDBInstanceState: Database instance is not in available state.",
    ),
}


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long it was waited, without a wait."""
    found: list[float] = []

    async def sleep(seconds: float) -> None:
        found.append(seconds)

    monkeypatch.setattr("tenantnet.components.again.asyncio.sleep", sleep)
    return found


def is_tried_again(refused: ForAWhile, *errors: str) -> bool:
    """errors: the newest first."""
    args = pulumi.ErrorHookArgs(
        urn="", id="", name="", type="", failed_operation="update", errors=list(errors)
    )
    return asyncio.run(refused.once_more(args))


@pytest.mark.parametrize(("refused", "said"), REFUSED.values(), ids=REFUSED)
def test_it_is_tried_again_until_it_is_done_or_the_tries_are_over(
    pauses: list[float], refused: ForAWhile, said: str
) -> None:
    for tries in range(1, refused.most_tries):
        assert is_tried_again(refused, *[said] * tries)
    assert pauses == sorted(pauses)
    assert pauses[-1] <= 30
    assert not is_tried_again(refused, *[said] * refused.most_tries)
    assert not is_tried_again(refused, "InvalidParameterValue: no such thing", said)


def test_why_it_is_tried_again_is_said_once(pauses: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    # To whom it is told hangs on the tests that ran before: standard error, or their mock engine.
    monkeypatch.setattr(pulumi.log, "info", told.append)
    said = "updating RDS DB Instance:\n\tInvalidDBInstanceState: it is backing-up"
    for tries in (1, 2):
        assert is_tried_again(BUSY, *[said] * tries)
    (line,) = told
    assert "tried for 30 min: updating RDS DB Instance: InvalidDBInstanceState: it is backing-up" in line


def test_an_update_waits_for_rds_as_long_as_a_move_does(pauses: list[float]) -> None:
    for tries in range(1, BUSY.most_tries):
        is_tried_again(BUSY, *[BUSY.code] * tries)
    assert 0 <= sum(pauses) - LONGEST_BUSY.total_seconds() < 60
