"""Which properties of AWS's types have a value by programs alone."""

from __future__ import annotations

import pytest
from tenantnet.aws import types
from tenantnet.aws.properties import only_by_programs


@pytest.mark.parametrize(
    ("type_", "some", "others"),
    [
        (types.ALARM, {"actionsEnabled", "tags"}, {"evaluateLowSampleCountPercentiles", "arn", "tagsAll"}),
        (types.DATABASE, {"maxAllocatedStorage", "password"}, {"backupWindow", "iops", "status"}),
        (types.INSTANCE, {"sourceDestCheck"}, {"disableApiTermination", "iamInstanceProfile"}),
        (types.VPN_CONNECTION, {"tunnel1ReplayWindowSize"}, {"tunnel1PresharedKey"}),
        (types.DOCUMENT, {"versionName"}, {"hash", "status"}),
        ("aws:ec2/formerly:Formerly", set(), {"tags"}),
        ("aws:formerly/vpc:Vpc", set(), {"tags"}),
    ],
)
def test_what_aws_chooses_is_told_from_what_only_a_program_sets(
    type_: str, some: set[str], others: set[str]
) -> None:
    found = only_by_programs(type_)
    assert some <= found
    assert not others & found
