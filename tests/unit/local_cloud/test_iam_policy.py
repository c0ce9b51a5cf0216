"""IAM's decision, as AWS documents the language of policies."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tenantnet.local_cloud.iam.policy import Decision, Request, decide

START = "ssm:StartSession"
HOST = "arn:aws:ec2:eu-west-1:123456789012:instance/i-70ca"
DOCUMENT = "arn:aws:ssm:eu-west-1:123456789012:document/eu1-acme-tunnel"


def decided(
    *statements: dict[str, Any],
    action: str = START,
    resource: str = HOST,
    version: str = "2012-10-17",
    **context: str,
) -> Decision:
    policy = json.dumps({"Version": version, "Statement": list(statements)})
    keys = {key.replace("__", ":"): value for key, value in context.items()}
    return decide([policy], Request(action=action, resource=resource, context=keys))


def allow(**changes: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": START, "Resource": HOST, **changes}


def test_what_nobody_allows_is_denied() -> None:
    assert decided(allow(), action="ssm:SendCommand") is Decision.IMPLICIT_DENY
    assert decided(allow(), resource=DOCUMENT) is Decision.IMPLICIT_DENY
    assert decide([], Request(action=START, resource=HOST, context={})) is Decision.IMPLICIT_DENY


def test_a_deny_outdoes_every_permission_in_whatever_order() -> None:
    deny = {"Effect": "Deny", "Action": "ssm:*", "Resource": "*"}
    assert decided(allow(), deny) is Decision.EXPLICIT_DENY
    assert decided(deny, allow()) is Decision.EXPLICIT_DENY


@pytest.mark.parametrize("action", ["ssm:StartSession", "SSM:startsession", "ssm:Start*", "ssm:?tart*", "*"])
def test_actions_have_wildcards_and_no_case(action: str) -> None:
    assert decided(allow(Action=["s3:*", action])) is Decision.ALLOWED


def test_resources_have_case_and_characters_that_mean_nothing_else() -> None:
    assert decided(allow(Resource=HOST.upper())) is Decision.IMPLICIT_DENY
    assert decided(allow(Resource=HOST.replace("i-70ca", "i.70ca"))) is Decision.IMPLICIT_DENY
    assert decided(allow(Resource="arn:aws:ec2:*:*:instance/i-????")) is Decision.ALLOWED


def test_not_action_and_not_resource_mean_all_others() -> None:
    statement = {"Effect": "Allow", "NotAction": "iam:*", "NotResource": DOCUMENT}
    assert decided(statement) is Decision.ALLOWED
    assert decided(statement, action="iam:CreateUser") is Decision.IMPLICIT_DENY
    assert decided(statement, resource=DOCUMENT) is Decision.IMPLICIT_DENY


@pytest.mark.parametrize(
    ("operator", "expected", "value", "holds"),
    [
        ("StringEquals", "a", "a", True),
        ("StringEquals", ["b", "a"], "a", True),
        ("StringEquals", "a", "A", False),
        ("StringEquals", "a", None, False),
        ("StringEqualsIfExists", "a", None, True),
        ("StringEqualsIgnoreCase", "a", "A", True),
        ("StringNotEquals", ["a", "b"], "a", False),
        ("StringNotEquals", "a", None, True),
        ("StringLike", "al*", "alice", True),
        ("StringNotLike", "al*", "alice", False),
        ("Bool", "true", "true", True),
        ("Bool", True, "true", True),
        ("Bool", "true", None, False),
        ("BoolIfExists", "true", None, True),
        ("BoolIfExists", "true", "false", False),
        ("ForAllValues:StringEquals", ["a", "b"], "a", True),
        ("ForAllValues:StringEquals", ["a", "b"], "c", False),
        ("ForAllValues:StringEquals", ["a", "b"], None, True),
        ("ArnLike", "arn:aws:iam::*:user/*", "arn:aws:iam::1:user/a", True),
        ("ArnLike", "arn:*", "arn:aws:iam::1:user/a", False),
        ("Null", "true", None, True),
        ("Null", "false", "a", True),
        ("Null", "true", "a", False),
    ],
)
def test_conditions_compare_as_documented(
    operator: str, expected: object, value: str | None, holds: bool
) -> None:
    context = {} if value is None else {"a__Key": value}
    found = decided(allow(Condition={operator: {"A:key": expected}}), **context)
    assert (found is Decision.ALLOWED) is holds


def test_all_conditions_of_a_statement_must_hold() -> None:
    condition = {"StringEquals": {"a:b": "1", "a:c": "1"}, "Null": {"a:d": "true"}}
    assert decided(allow(Condition=condition), a__b="1", a__c="1") is Decision.ALLOWED
    assert decided(allow(Condition=condition), a__b="1", a__c="2") is Decision.IMPLICIT_DENY
    assert decided(allow(Condition=condition), a__b="1", a__c="1", a__d="") is Decision.IMPLICIT_DENY


def test_a_deny_whose_condition_does_not_hold_denies_nothing() -> None:
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"a:b": "true"}}}
    assert decided(allow(), deny) is Decision.ALLOWED


def test_an_operator_that_is_not_known_is_not_passed_over() -> None:
    with pytest.raises(NotImplementedError, match="StringSounds"):
        decided(allow(Condition={"StringSounds": {"aws:userid": "a"}}), aws__userid="a")


class TestVariables:
    SESSION = "arn:aws:ssm:eu-west-1:1:session/alice-1"
    OWN = "arn:aws:ssm:*:*:session/${aws:username}-*"

    def test_are_filled_in(self) -> None:
        statement = allow(Resource=self.OWN)
        assert decided(statement, resource=self.SESSION, aws__username="alice") is Decision.ALLOWED
        assert decided(statement, resource=self.SESSION, aws__username="bob") is Decision.IMPLICIT_DENY

    def test_without_a_value_match_nothing(self) -> None:
        assert decided(allow(Resource=self.OWN), resource=self.SESSION) is Decision.IMPLICIT_DENY
        statement = allow(Resource=self.OWN.replace("username", "username, 'alice'"))
        assert decided(statement, resource=self.SESSION) is Decision.ALLOWED

    def test_are_text_in_policies_of_the_older_version(self) -> None:
        statement = allow(Resource=self.OWN)
        older = decided(statement, resource=self.SESSION, version="2008-10-17", aws__username="alice")
        assert older is Decision.IMPLICIT_DENY

    @given(st.text(alphabet="*?$[].a", min_size=1, max_size=6))
    def test_a_users_name_is_never_a_pattern(self, name: str) -> None:
        statement = allow(Resource=self.OWN)
        mine = self.SESSION.replace("alice", name)
        assert decided(statement, resource=mine, aws__username=name) is Decision.ALLOWED
        assert decided(statement, resource=self.SESSION, aws__username=name) is Decision.IMPLICIT_DENY


def test_of_several_values_all_or_any_must_fit() -> None:
    for operator, values, allowed in (
        ("ForAllValues:StringEquals", ["a", "b"], True),
        ("ForAllValues:StringEquals", ["a", "c"], False),
        ("ForAnyValue:StringEquals", ["a", "c"], True),
        ("ForAnyValue:StringEquals", ["c"], False),
        ("ForAllValues:StringNotEquals", ["c", "d"], True),
        ("ForAllValues:StringNotEquals", ["a", "c"], False),
    ):
        policy = json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": allow(Condition={operator: {"aws:TagKeys": ["a", "b"]}}),
            }
        )
        request = Request(action=START, resource=HOST, context={"aws:TagKeys": values})
        assert (decide([policy], request) is Decision.ALLOWED) is allowed, (operator, values)
    for operator, allowed in (("ForAllValues:StringEquals", True), ("ForAnyValue:StringEquals", False)):
        found = decided(allow(Condition={operator: {"aws:TagKeys": "a"}}))
        assert (found is Decision.ALLOWED) is allowed, operator


@pytest.mark.parametrize(
    ("operator", "expected", "value", "holds"),
    [
        ("NumericLessThan", "10", "9", True),
        ("NumericLessThan", "10", "10", False),
        ("NumericGreaterThanEquals", "10", "10.0", True),
        ("NumericNotEquals", "10", "9", True),
        ("NumericEquals", "10", "ten", False),
        ("DateLessThan", "2026-12-01T00:00:00Z", "2026-11-30T23:59:59+00:00", True),
        ("DateGreaterThan", "2026-12-01T00:00:00Z", "1700000000", False),
        ("IpAddress", "10.0.0.0/8", "10.1.2.3", True),
        ("NotIpAddress", "10.0.0.0/8", "10.1.2.3", False),
        ("StringNotLike", "a*", "bc", True),
        ("ArnNotLike", "arn:aws:iam::1:role/*", "arn:aws:iam::1:role/x", False),
    ],
)
def test_numbers_dates_and_addresses_compare_as_what_they_are(
    operator: str, expected: str, value: str, holds: bool
) -> None:
    found = decided(allow(Condition={operator: {"a:key": expected}}), a__key=value)
    assert (found is Decision.ALLOWED) is holds
