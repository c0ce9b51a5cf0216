"""Within one answer no time passes."""

from __future__ import annotations

from time import monotonic

from tenantnet.local_cloud.pace import now, one_moment
from tenantnet.local_cloud.rds.course import Course, Step


def test_a_resource_is_in_one_state_for_all_of_an_answer() -> None:
    course = Course()
    with one_moment():
        course.go(Step(status="creating", seconds=0.001))
        asked = now()
        while monotonic() <= asked + 0.001:
            pass
        assert (now(), course.status) == (asked, "creating")
    assert course.status == "available"
