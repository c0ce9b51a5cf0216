"""The policies judge addresses as everything else does: held against tests.support.oracle."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tenantnet.policies.model import Policy
from tenantnet.policies.rules import POLICIES

from tests.support import oracle
from tools.rulebook.samples import SETTINGS, good_stack, with_props

BY_NAME = {policy.name: policy for policy in POLICIES}


@pytest.mark.parametrize(
    ("policy", "key", "path", "permitted"),
    [
        ("network-cidr-permitted", "network", "cidrBlock", oracle.is_permitted_network),
        ("company-cidr-permitted", "vpn-route", "destinationCidrBlock", oracle.is_permitted_company),
        ("company-gateway-public", "customer-gateway", "ipAddress", oracle.is_permitted_gateway),
    ],
)
def test_a_policy_permits_an_address_just_where_the_second_computation_does(
    policy: str, key: str, path: str, permitted: Callable[[object], bool]
) -> None:
    judge_resource = BY_NAME[policy].judge_resource
    assert judge_resource
    good = good_stack()
    differing = [
        case
        for case in oracle.cases(10_000)
        if permitted(case) != (not list(judge_resource(with_props(key, **{path: case})(good)[key], SETTINGS)))
    ]
    assert differing == []


def test_every_policy_has_a_judgment() -> None:
    def judges(policy: Policy) -> bool:
        return bool(policy.judge_resource or policy.judge_stack)

    assert all(judges(policy) for policy in POLICIES)
