"""What a class's memory means for MySQL."""

from __future__ import annotations

import pytest
from tenantnet.aws.instance_classes import max_connections


@pytest.mark.parametrize(("instance_class", "seen"), [("db.t4g.micro", range(60, 67))])
def test_the_connections_of_a_class_are_those_that_rds_leaves_room_for(
    instance_class: str, seen: range
) -> None:
    """max_connections is DBInstanceClassMemory/12582880, and RDS keeps a part of the class's memory.

    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html#RDS_Limits.MaxConnections
    """
    assert max_connections(instance_class) in seen
