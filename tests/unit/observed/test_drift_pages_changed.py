"""What a page has otherwise than a stack, and an update would leave as it is."""

from __future__ import annotations

from typing import Any

import pytest
from tenantnet.aws import types
from tenantnet.engine.events import Operation
from tenantnet.observed.drift.pages import Region, _changed

METADATA = {"httpTokens": "required", "httpPutResponseHopLimit": 1}
OPENED = {"httpTokens": "optional", "httpPutResponseHopLimit": 5}


def resource(type_: str, declared: dict[str, Any], was: dict[str, Any]) -> dict[str, Any]:
    return {"type": type_, "urn": "urn::acme", "id": "1", "inputs": declared, "outputs": was}


@pytest.mark.parametrize(
    ("now", "changed"),
    [
        ({**METADATA, "httpPutResponseHopLimit": 5}, {}),
        (OPENED, {"metadataOptions": OPENED}),
    ],
)
def test_what_the_program_leaves_to_aws_in_a_block_is_no_drift(
    now: dict[str, Any], changed: dict[str, Any]
) -> None:
    """Beside what it does not leave to AWS, a refresh shows it."""
    own = resource(
        types.INSTANCE, {"metadataOptions": {"httpTokens": "required"}}, {"metadataOptions": METADATA}
    )
    assert _changed(own, {"metadataOptions": now}) == changed


@pytest.mark.parametrize(
    ("now", "most", "changed"),
    [(120, 0, {"allocatedStorage": 120}), (120, 1000, {}), (80, 1000, {"allocatedStorage": 80})],
)
def test_storage_that_may_grow_by_itself_has_grown(now: int, most: int, changed: dict[str, int]) -> None:
    """That it may is drift."""
    own = resource(types.DATABASE, {"allocatedStorage": 100}, {"allocatedStorage": 100})
    autoscaling = {"maxAllocatedStorage": most} if most else {}
    assert _changed(own, {"allocatedStorage": now, "maxAllocatedStorage": most}) == {**changed, **autoscaling}


def test_what_the_program_ignores_is_no_drift() -> None:
    """As a refresh has it."""
    declared = {"description": "the tunnel host", "cidrIpv4": "10.32.0.4/32"}
    own = {**resource(types.INGRESS_RULE, declared, declared), "ignoreChanges": ["description"]}
    found = {"description": "nobody", "cidrIpv4": "0.0.0.0/0"}
    assert _changed(own, found) == {"cidrIpv4": "0.0.0.0/0"}


@pytest.mark.parametrize(("mark", "operation"), [({}, Operation.DELETE), ({"goes": True}, Operation.SAME)])
def test_what_a_failed_replacement_has_deleted_is_no_drift(
    mark: dict[str, bool], operation: Operation
) -> None:
    """As a refresh has it: the next update makes the new one."""
    region = object.__new__(Region)
    region._found, region._unread = {}, {}
    own = resource(types.INSTANCE, {}, {"arn": "arn"})
    assert region._step({**own, **mark}).operation is operation
