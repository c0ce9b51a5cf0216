"""Service Quotas, and what IAM says of somebody's permissions without a call being made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tenantnet.doctor.quotas import QUOTAS
from tenantnet.local_cloud.process import LocalCloud

from tests.local_cloud.conftest import Refusal
from tests.support.roles import Iam, allow, document

SNAPSHOTS = {"ServiceCode": "rds", "QuotaCode": "L-272F1212"}


@pytest.fixture(scope="session")
def quotas(client: Callable[[str], Any]) -> Any:
    return client("service-quotas")


@pytest.mark.parametrize("quota", QUOTAS, ids=lambda quota: str(quota.name))
def test_what_the_doctor_asks_for_has_awss_name(quotas: Any, quota: Any) -> None:
    found = quotas.get_service_quota(ServiceCode=quota.service, QuotaCode=quota.code)["Quota"]
    assert found["QuotaName"] == quota.name


def test_an_increase_holds_and_is_one(quotas: Any, refusal: Refusal) -> None:
    assert quotas.get_service_quota(**SNAPSHOTS)["Quota"]["Value"] == 100
    assert refusal(quotas.request_service_quota_increase, **SNAPSHOTS, DesiredValue=100.0) == (
        "IllegalArgumentException"
    )
    quotas.request_service_quota_increase(**SNAPSHOTS, DesiredValue=250.0)
    assert quotas.get_service_quota(**SNAPSHOTS)["Quota"]["Value"] == 250


def test_an_unknown_quota_is_not_there(quotas: Any, refusal: Refusal) -> None:
    code = refusal(quotas.get_service_quota, ServiceCode="rds", QuotaCode="L-00000000")
    assert code == "NoSuchResourceException"


class TestASimulation:
    def test_is_of_policies_groups_boundary_and_context(self, cloud: LocalCloud) -> None:
        iam = Iam(cloud)
        limit = iam.policy(document(allow(["ec2:*", "s3:*"])))
        allowed = allow(["ec2:StopInstances", "rds:*"], StringEquals={"aws:ResourceTag/cell": "one"})
        caller = iam.role(document(allowed), boundary=limit)
        role = caller.arn.replace(":sts:", ":iam:").replace("assumed-role", "role").rpartition("/")[0]

        def decisions(**asked: Any) -> list[str]:
            answer = iam.iam.simulate_principal_policy(
                PolicySourceArn=role,
                ActionNames=["ec2:StopInstances", "rds:DeleteDBInstance", "s3:GetObject"],
                **asked,
            )
            return [each["EvalDecision"] for each in answer["EvaluationResults"]]

        given = {"ContextKeyName": "aws:ResourceTag/cell", "ContextKeyType": "string"}
        assert decisions() == ["implicitDeny"] * 3
        assert decisions(ContextEntries=[{**given, "ContextKeyValues": ["one"]}]) == [
            "allowed",
            "implicitDeny",
            "implicitDeny",
        ]

    def test_of_nobody_is_refused(self, cloud: LocalCloud, refusal: Refusal) -> None:
        simulate = Iam(cloud).iam.simulate_principal_policy
        nobody = "arn:aws:iam::123456789012:role/nobody"
        assert refusal(simulate, PolicySourceArn=nobody, ActionNames=["ec2:*"]) == "NoSuchEntity"
