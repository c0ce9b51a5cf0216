"""Every rule of every policy is broken by its example, and by nothing in the sample stack as it is."""

from __future__ import annotations

import pytest
from tenantnet.addresses import addressing
from tenantnet.policies.model import Policy
from tenantnet.policies.rules import POLICIES
from tenantnet.secret_forms import NOT_SHOWN

from tools.rulebook.policies import EXAMPLES, Example
from tools.rulebook.samples import PASSWORD, good_stack, judge

BY_NAME = {policy.name: policy for policy in POLICIES}
CASES = [
    pytest.param(BY_NAME[name], example, id=f"{name}-{example.rule.id}")
    for name, examples in EXAMPLES.items()
    for example in examples
]


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
def test_a_stack_as_the_components_declare_it_is_permitted(policy: Policy) -> None:
    assert judge(policy, good_stack()) == []


@pytest.mark.parametrize(("policy", "example"), CASES)
def test_one_change_breaks_one_rule(policy: Policy, example: Example) -> None:
    findings = judge(policy, example.change(good_stack()))
    assert [finding.refusal.rule_id for finding in findings] == [example.rule.id]


@pytest.mark.parametrize(("policy", "example"), CASES)
def test_a_finding_says_what_where_why_and_the_way_out(policy: Policy, example: Example) -> None:
    for finding in judge(policy, example.change(good_stack())):
        refusal = finding.refusal
        assert finding.resource.urn
        assert refusal.value
        assert refusal.rule
        assert refusal.reason
        assert refusal.remedy
        assert "{" not in f"{refusal.rule}{refusal.reason}{refusal.remedy}".replace('{"', "").replace(
            "{{", ""
        )


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
def test_every_rule_of_a_policy_has_an_example(policy: Policy) -> None:
    assert {example.rule.id for example in EXAMPLES[policy.name]} == {rule.id for rule in policy.rules}


def test_a_secret_is_never_shown_by_the_policy_that_finds_it() -> None:
    for example in EXAMPLES["secrets-stay-secret"]:
        for finding in judge(BY_NAME["secrets-stay-secret"], example.change(good_stack())):
            assert finding.refusal.value == NOT_SHOWN
            assert PASSWORD not in str(finding.refusal)


def test_a_finding_reads_as_one_refusal() -> None:
    example = next(each for each in EXAMPLES["database-recoverable"] if each.rule.id == "backups-kept")
    (finding,) = judge(BY_NAME["database-recoverable"], example.change(good_stack()))
    assert str(finding.refusal) == (
        "backupRetentionPeriod: 1\n"
        "  rule:   the automated backups of a database in production are kept for 7 days at least\n"
        "  reason: a mistake that is found after a weekend must still be undone\n"
        "  remedy: set backup_retention_period=7 or more"
    )


def test_a_range_is_refused_in_the_words_of_the_settings() -> None:
    example = next(each for each in EXAMPLES["network-cidr-permitted"] if each.rule.id == "range-reserved")
    (finding,) = judge(BY_NAME["network-cidr-permitted"], example.change(good_stack()))
    assert [finding.refusal] == [
        refusal.at("cidrBlock") for refusal in addressing.check_network_cidr("10.42.128.64/26")
    ]


def test_a_network_in_a_reserved_range_is_refused_by_one_policy() -> None:
    """Its claim is a tenant's own: the network has to move, and its row with it."""
    example = next(each for each in EXAMPLES["network-cidr-permitted"] if each.rule.id == "range-reserved")
    stack = example.change(good_stack())
    assert {policy.name for policy in POLICIES if judge(policy, stack)} == {"network-cidr-permitted"}
