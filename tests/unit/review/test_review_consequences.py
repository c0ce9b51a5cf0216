"""What `tenantnet up` says before it asks: the verdict of a review."""

from __future__ import annotations

from tenantnet.engine.events import EngineLog
from tenantnet.review.consequences import consequences
from tenantnet.review.verdict import Verdict

from tests.unit.deployment.test_deployment import DATABASE, GROUP, event, state


def test_a_changed_class_takes_the_database_down_and_a_new_group_is_safe() -> None:
    resize, group = EngineLog(), EngineLog()
    resize.take(event("resourcePreEvent", "update", DATABASE, at=1))
    group.take(event("resourcePreEvent", "create", GROUP, at=1))
    assert consequences("acme", resize).verdict is Verdict.DATABASE_DOWN
    assert any("restarts" in each or "down" in each for each in consequences("acme", resize).effects)
    assert consequences("acme", group).verdict is Verdict.SAFE
    assert consequences("acme", group).changes


def test_what_aws_would_refuse_is_a_refusal_before_it_is_asked() -> None:
    log = EngineLog()
    old, new = ({**state(DATABASE, "acme-blue"), "inputs": {"allocatedStorage": size}} for size in (100, 50))
    log.take(event("resourcePreEvent", "update", DATABASE, at=1, old=old, new=new))
    assert [each.rule_id for each in consequences("acme", log).refusals] == ["storage-grows"]
