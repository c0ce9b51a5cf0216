"""What the pack reads beside the stack, and the settings that tell it where."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping
from pathlib import Path

import pytest
import yaml
from tenantnet.failure import Failure
from tenantnet.policies import reading
from tenantnet.policies.backend import Backend
from tenantnet.policies.exports import refuse_others_networks
from tenantnet.policies.reading import PLATFORM_KEY, REGION_KEY, Reader
from tenantnet.stacks.outputs import PlatformOutputs

from tests.support import component_samples as samples
from tests.support.clone import CLONE

TENANTS = CLONE / "tenants"


@pytest.mark.parametrize(
    ("named", "default", "found"),
    [
        ("eu-west-1", None, "eu-west-1"),
        (None, "eu-west-1", "eu-west-1"),
        ("eu-west-1", "us-east-1", "eu-west-1"),
    ],
)
def test_the_region_is_that_of_a_provider_without_one(
    monkeypatch: pytest.MonkeyPatch, named: str | None, default: str | None, found: str
) -> None:
    for variable, value in (("AWS_REGION", named), ("AWS_DEFAULT_REGION", default)):
        monkeypatch.setenv(variable, value) if value else monkeypatch.delenv(variable, raising=False)
    assert Reader().region() == found


def test_a_provider_without_a_region_does_not_take_the_stacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The default provider names the stack's. One that a program declares takes the environment's."""
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    reader = Reader()
    reader.configure({REGION_KEY: "eu-west-1"})
    assert reader.region() == "us-east-1"


def test_without_a_region_nothing_is_compared(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(Failure, match="Could not tell the region"):
        Reader().region()


def test_tags_are_asked_once_in_the_region_of_the_stacks_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment need not name one, and what is gone has no tags however long one waits."""
    for variable in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(variable, raising=False)
    asked: list[tuple[object, str]] = []

    def read_tags(ids: object, region: str) -> dict[str, dict[str, str]]:
        asked.append((ids, region))
        return {}

    monkeypatch.setattr(reading, "read_tags", read_tags)
    reader = Reader()
    reader.configure({"aws:region": "eu-central-1"})
    assert reader.tags_now(["pcx-1", "pcx-2"], None) == {}
    assert reader.tags_now(["pcx-1"], "us-east-1") == {}
    assert asked == [(["pcx-1", "pcx-2"], "eu-central-1"), (["pcx-1"], "us-east-1")]


def reader_of(settings: object) -> Reader:
    reader = Reader()
    reader.configure({PLATFORM_KEY: json.dumps(settings)})
    return reader


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({"services": ["vpc-1"]}, "services"),
        ({"services": {"vpcId": ["vpc-1"]}}, "services.vpcId"),
        ({"sessions": {"subnetId": 5}}, "sessions.subnetId"),
        ({"zone": "Z1"}, "zone"),
        ({"claimsPlatform": 5}, "claimsPlatform"),
        ({"claimsPlatform": "eu1"}, "claimsPlatform"),
        ({"claimsPlatform": "PLATFORM-eu1"}, "claimsPlatform"),
        ({"runner": 5}, "runner"),
        ({"permissionsBoundaryArn": {}}, "permissionsBoundaryArn"),
        ({"retiring": "no"}, "retiring"),
        (None, "all of it"),
        (["services"], "all of it"),
    ],
)
def test_settings_that_are_no_platforms_are_a_finding_and_no_crash(settings: object, place: str) -> None:
    with pytest.raises(Failure) as failure:
        reader_of(settings).existing("local", "eu-west-1")
    assert failure.value.reason.endswith(f"see {place}")


def test_what_the_settings_leave_empty_is_not_set() -> None:
    reader = reader_of(dict.fromkeys(("services", "sessions", "zone", "runner", "claimsPlatform")))
    assert not reader.existing("local", "eu-west-1")
    assert (reader.runner(), reader.claims_platform(), reader.retiring()) == (None, None, False)


def test_which_secrets_are_the_runners_the_projects_settings_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:example/pulumi-AbCdEf"
    settings = (TENANTS / "Pulumi.platform-local.yaml").read_text()
    runner = {"repository": "https://github.com/example/tenants.git", "host": "github"}
    runner |= {"image": "example/pulumi:3.274.1", "backend": "s3://example-pulumi-state", "secretArn": secret}
    (tmp_path / "Pulumi.yaml").write_text("name: tenantnet\nruntime: python\n")
    monkeypatch.setattr(Backend, "platforms", lambda _: ["platform-local"])
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Failure, match="Could not tell which secrets are the runners'"):
        Reader().secrets()
    assert Reader().of_runners() == ()
    file = tmp_path / "Pulumi.platform-local.yaml"
    file.write_text(settings)
    assert Reader().secrets() == set()
    document = yaml.safe_load(settings)
    document["config"]["tenantnet:platform"]["runner"] = runner
    file.write_text(yaml.safe_dump(document))
    assert Reader().secrets() == {secret}
    assert reader_of({"runner": {**runner, "secretArn": f"{secret}2"}}).secrets() == {secret, f"{secret}2"}
    assert Reader().of_runners() == set()
    image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/tools/runner"
    for form in (f"{image}:3.274.1", f"{image}@sha256:{'a' * 64}"):
        assert reader_of({"runner": {**runner, "image": form}}).of_runners() == {"tools/runner"}
    key = {"secretsKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/66666666-7777-8888-9999-00000000000a"}
    assert reader_of({"runner": {**runner, **key}}).of_runners() == {"66666666-7777-8888-9999-00000000000a"}


def test_what_the_projects_files_say_is_what_they_said_before_the_program_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program may take a reserved range away, or the runner out of a platform's settings, or write them."""
    secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:example/pulumi-AbCdEf"
    document = yaml.safe_load((TENANTS / "Pulumi.platform-local.yaml").read_text())
    runner = {"repository": "https://github.com/example/tenants.git", "host": "github"}
    runner |= {"image": "example/pulumi:3.274.1", "backend": "s3://example-pulumi-state", "secretArn": secret}
    without = yaml.safe_dump(document)
    document["config"]["tenantnet:platform"]["runner"] = runner
    project, platform = tmp_path / "Pulumi.yaml", tmp_path / "Pulumi.platform-local.yaml"
    project.write_text(
        "name: tenantnet\nruntime: python\nconfig:\n  tenantnet:reservedRanges:\n"
        "    value:\n      - cidr: 10.96.0.0/12\n        purpose: data centre\n"
    )
    platform.write_text(yaml.safe_dump(document))
    monkeypatch.setattr(Backend, "platforms", lambda _: ["platform-local", "platform-late"])
    monkeypatch.chdir(tmp_path)
    reader = Reader()
    reader.configure({})
    project.write_text("name: tenantnet\nruntime: python\n")
    platform.write_text(without)
    assert "10.96.0.0/12" in [each.cidr for each in reader.reserved()]
    (tmp_path / "Pulumi.platform-late.yaml").write_text(without)
    with pytest.raises(Failure, match="Could not tell which secrets are the runners'"):
        reader.secrets()
    monkeypatch.setattr(Backend, "platforms", lambda _: ["platform-local"])
    reader = Reader()
    platform.write_text(yaml.safe_dump(document))
    reader.configure({})
    platform.write_text(without)
    assert reader.secrets() == {secret}


@pytest.mark.parametrize(
    ("url", "bucket"),
    [("s3://state/cells?region=eu-west-1", "state"), ("https://api.pulumi.com", ""), ("file:///home/me", "")],
)
def test_where_the_state_is_pulumi_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, bucket: str
) -> None:
    answer = json.dumps({"user": "me", "url": url})
    (tmp_path / "pulumi").write_text(f"#!/bin/sh\n[ \"$1\" = whoami ] && cat <<'END'\n{answer}\nEND\n")
    (tmp_path / "pulumi").chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.chdir(CLONE / "infra")
    assert Reader().bucket() == bucket


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("cell", "eu1"),
        ("claimsTable", "eu1"),
        ("claimsTable", "eu1-claims"),
        ("claimsTable", "tenantnet-eu1"),
        ("kmsKeyArn", "arn:aws:kms:eu-west-1:999999999999:key/1"),
        ("region", "us-east-1"),
        ("accountId", "999999999999"),
        ("alarmTopicArn", "arn:aws:sns:eu-west-1:123456789012:tenantnet-eu1-alarms"),
        ("flowLogRoleArn", "arn:aws:iam::123456789012:role/tenantnet-eu1-flow-logs"),
        ("runnerProject", "tenantnet-eu1-runner"),
        ("runnerScheduleRoleArn", "arn:aws:iam::123456789012:role/admin"),
        ("tunnelHostAddress", "10.0.0.0/8"),
        ("tunnelHostAddress", "203.0.113.1"),
        ("sessionsVpcId", "arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-5e55"),
        ("sessionsVpcId", "VPC-5E55"),
        ("servicesVpcId", "vpc-5e4f "),
        ("servicesVpcId", "vpc-*"),
        ("servicesRouteTableId", "vpc-5e4f"),
        ("tunnelHostId", "mi-0123"),
        ("imageId", "resolve:ssm:/mine"),
        ("availabilityZones", ["us-east-1a", "us-east-1b"]),
        ("sessionsCidr", "0.0.0.0/0"),
        ("servicesCidr", "10.32.0.0"),
        ("sharedSubnets", ["0.0.0.0/0"]),
        ("sharedSubnets", ["10.9.9.0/26"]),
    ],
)
def test_a_platform_exports_what_follows_from_its_name_and_place(path: str, value: object) -> None:
    outputs = PlatformOutputs.model_validate({**samples.PLATFORM_OUTPUTS, path: value})
    with pytest.raises(Failure, match=r"of platform-local is .*, and a platform of that name has"):
        refuse_others_networks("platform-local", outputs)


def test_whose_a_network_is_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Collection[str]] = []

    def read(ids: Collection[str], region: str) -> Mapping[str, str]:
        asked.append(ids)
        return dict.fromkeys({*ids} - {"sg-c"}, "vpc-a")

    monkeypatch.setattr(reading, "read_untagged", read)
    reader = Reader()
    assert reader.untagged([], None) == {}
    assert reader.untagged(["vpc-a", "sg-b"], "eu-west-1") == {"vpc-a": "vpc-a", "sg-b": "vpc-a"}
    for _ in range(2):
        assert reader.untagged(["vpc-a", "sg-c"], "eu-west-1") == {"vpc-a": "vpc-a"}
    assert asked == [["sg-b", "vpc-a"], ["sg-c"], ["sg-c"]]
    reader.untagged([f"sg-{number}" for number in range(250)], "eu-west-1")
    assert [len(each) for each in asked[3:]] == [100, 100, 50]
