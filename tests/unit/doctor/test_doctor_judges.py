"""What the doctor says of what it is shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError
from tenantnet.doctor.account import judge_clock, judge_denied
from tenantnet.doctor.examination import tried
from tenantnet.doctor.finding import Finding, Planned, State
from tenantnet.doctor.machine import judge_engine
from tenantnet.doctor.names import judge_delegation
from tenantnet.doctor.quotas import QUOTAS, judge_quota
from tenantnet.doctor.region import judge_offer, judge_zones
from tenantnet.doctor.runner import judge_image
from tenantnet.doctor.secrets import judge_secret, shown_backend
from tenantnet.settings.providers import key_of, region_of

from tests.support.permissions import PLACE

OWN = ["ns-1.awsdns-01.org", "ns-2.awsdns-02.com"]


@pytest.mark.parametrize(
    ("said", "state"),
    [("v3.244.0", "ok"), ("v3.243.9", "fault"), ("v4.0.0", "ok"), ("3.300.1-dev", "ok"), ("what?", "fault")],
)
def test_an_engine_is_as_new_as_error_hooks(said: str, state: str) -> None:
    assert judge_engine(said).state == state


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/tenantnet-runner@sha256:{'0' * 64}", ""),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/tenantnet-runner:1", "may be other code"),
        ("example/pulumi-python:3.274.1", "Docker Hub"),
        (f"example/pulumi-python@sha256:{'0' * 64}", "Docker Hub"),
        ("aws/codebuild/standard:7.0", "CodeBuild's own"),
    ],
)
def test_an_image_is_what_was_built_and_can_be_pulled_at_night(image: str, words: str) -> None:
    found = judge_image(image)
    assert (found.state, bool(found.remedy)) == (("warning", True) if words else ("ok", False))
    assert words in found.found


@pytest.mark.parametrize(
    ("boundary", "name", "cell", "state"),
    [
        (None, "pulumi", None, "ok"),
        (PLACE.boundary, "pulumi", None, "fault"),
        (PLACE.boundary, "pulumi", PLACE.cell, "ok"),
        (PLACE.boundary, "tenantnet/pulumi", None, "ok"),
        (PLACE.boundary, "tenantnet/pulumi", "eu0", "fault"),
        ("arn:aws:iam::123456789012:policy/own", "pulumi", None, "ok"),
    ],
)
def test_a_secret_is_one_that_the_boundary_lets_the_runner_read(
    boundary: str | None, name: str, cell: str | None, state: str
) -> None:
    tags = [{"Key": "tenantnet:cell", "Value": cell}] if cell else []
    found = judge_secret(PLACE.cell, boundary, {"Name": name, "Tags": tags})
    assert (found.state, name in found.found, bool(found.remedy)) == (state, True, state != "ok")


@pytest.mark.parametrize(
    ("ahead", "state"), [(0, "ok"), (59, "ok"), (-61, "warning"), (241, "fault"), (-9000, "fault")]
)
def test_a_clock_is_off_before_aws_refuses_it(ahead: float, state: str) -> None:
    assert judge_clock(ahead).state == state


def zone(name: str, state: str = "available", kind: str = "availability-zone") -> Mapping[str, Any]:
    return {"ZoneName": name, "State": state, "ZoneType": kind}


class TestZones:
    def test_of_a_region_are_two(self) -> None:
        found = judge_zones([zone("b"), zone("a"), zone("c")])
        assert (found.state, found.found) == (State.OK, "a, b")

    def test_are_none_of_the_local_ones(self) -> None:
        found = judge_zones([zone("a-lon-1a", kind="local-zone"), zone("b")])
        assert (found.state, "1 of 1" in found.found) == (State.FAULT, True)

    def test_that_are_impaired_are_named(self) -> None:
        found = judge_zones([zone("a", "impaired"), zone("b"), zone("c")])
        assert (found.state, found.found.startswith("b, c; not a")) == (State.WARNING, True)

    def test_of_a_deployed_cell_are_those_that_it_keeps(self) -> None:
        described = [zone("a"), zone("b"), zone("c"), zone("d", "impaired")]
        assert judge_zones(described, ["b", "c"]).found == "b, c"
        found = judge_zones(described, ["c", "d"])
        assert (found.state, found.found.endswith(": d")) == (State.WARNING, True)


def test_an_offer_is_needed_in_both_zones() -> None:
    assert judge_offer("host", ["a", "b"], {"a", "b", "c"}, "x").state is State.OK
    lacking = judge_offer("host", ["a", "b"], {"a"}, "pingHostType")
    assert (lacking.state, "b" in lacking.found, "pingHostType" in lacking.remedy) == (
        State.FAULT,
        True,
        True,
    )


@pytest.mark.parametrize(
    ("used", "needed", "state"),
    [
        *((4, 0, "ok"), (5, 0, "warning"), (9, 0, "warning")),
        *((1, 3, "ok"), (2, 3, "warning"), (3, 3, "fault"), (5, 1, "fault")),
    ],
)
def test_a_quota_that_is_full_stops_only_what_is_not_deployed(used: int, needed: int, state: str) -> None:
    found = judge_quota(QUOTAS[0], 5, used, needed)
    assert (found.state, "--quota-code L-F678F1CE" in found.remedy) == (state, state != "ok")


class TestADelegation:
    def test_leads_to_the_zones_own_servers_in_any_order_and_case(self) -> None:
        assert judge_delegation("x.org", OWN, [each.upper() for each in reversed(OWN)]).state is State.OK

    @pytest.mark.parametrize("told", [[], [OWN[0]], [*OWN, "ns.old.example"]])
    def test_that_leads_elsewhere_is_a_fault(self, told: list[str]) -> None:
        found = judge_delegation("x.org", OWN, told)
        assert (found.state, all(each in found.remedy for each in OWN)) == (State.FAULT, True)

    def test_that_nobody_answers_for_is_not_known(self) -> None:
        assert judge_delegation("x.org", OWN, None).state is State.WARNING


def test_denied_actions_are_named_and_the_rest_counted() -> None:
    found = judge_denied("permissions", [f"ec2:Call{number}" for number in range(8)])
    assert (found.state, "and 2 more" in found.found) == (State.FAULT, True)


@pytest.mark.parametrize(
    ("provider", "key"),
    [
        ("awskms://alias/name?region=eu-west-1", "alias/name"),
        ("awskms:///alias/name?region=eu-west-1", "alias/name"),
        (
            "awskms://1234abcd-12ab-34cd-56ef-1234567890ab?region=eu-west-1",
            "1234abcd-12ab-34cd-56ef-1234567890ab",
        ),
        (
            "awskms:///arn:aws:kms:eu-west-1:123456789012:key/1234?region=eu-west-1",
            "arn:aws:kms:eu-west-1:123456789012:key/1234",
        ),
    ],
)
def test_a_secrets_provider_names_its_key(provider: str, key: str) -> None:
    assert key_of(provider) == key


@pytest.mark.parametrize(
    ("provider", "region"),
    [
        ("awskms://alias/name?region=us-east-1&context_a=b", "us-east-1"),
        ("awskms:///arn:aws:kms:us-east-1:123456789012:key/1234", "us-east-1"),
        ("awskms:///arn:aws-cn:kms:cn-north-1:123456789012:alias/x?awssdk=v2", "cn-north-1"),
        ("awskms://alias/name", None),
        ("awskms://arn", None),
    ],
)
def test_a_secrets_provider_names_its_keys_region(provider: str, region: str | None) -> None:
    assert region_of(provider) == region


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgres://user:s3cret@host:5432/state", "postgres://host:5432/state"),
        ("postgres://user:s3@cret@host/state?password=s3cret", "postgres://host/state"),
        ("s3://bucket/folder?region=eu-west-1", "s3://bucket/folder"),
        ("https://[s3cret", "an address that is none"),
    ],
)
def test_a_backend_is_shown_without_its_password(url: str, shown: str) -> None:
    assert shown_backend(url) == shown


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("AccessDeniedException", "warning"),
        ("ThrottlingException", "warning"),
        ("RequestLimitExceeded", "warning"),
        ("InvalidParameterCombination", "fault"),
    ],
)
def test_what_aws_does_not_tell_now_is_no_fault(code: str, state: str) -> None:
    def refused(_: Planned) -> Iterator[Finding]:
        yield Finding(about="quotas", found="5 of 9 used")
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "GetServiceQuota")

    found = list(tried("quotas", refused, cast("Planned", SimpleNamespace(region="eu-west-1"))))
    assert [each.state for each in found] == ["ok", state]
