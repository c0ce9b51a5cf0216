"""The states that an RDS instance passes through, as its describer sees them."""

from __future__ import annotations

from concurrent.futures import Future

from tenantnet.local_cloud.pace import one_moment
from tenantnet.local_cloud.rds.course import Course, Step


def test_an_answer_describes_one_moment_although_a_step_ends_meanwhile() -> None:
    course, work = Course(), Future[None]()
    course.go(
        Step(status="modifying", seconds=0, work=work), Step(status="backing-up", seconds=600, applying=True)
    )
    with one_moment():
        assert course.status == "modifying"
        work.set_result(None)
        assert not course.applying
        assert course.status == "modifying"
    assert course.applying
    assert course.status == "backing-up"
