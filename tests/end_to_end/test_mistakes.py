"""What a person gets wrong stops preview and up before anything is created, in words."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.end_to_end.conftest import ACME
from tests.support.project import Project


def acme_with(**blue: Any) -> dict[str, Any]:
    settings = copy.deepcopy(ACME)
    settings["networks"]["blue"].update(blue)
    return settings


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cidr": "10.42.128.64/26"}, "10.32.0.0/12"),
        ({"cidr": "10.1.2.0/25"}, "/26"),
        ({"cidrr": "10.1.2.0/26"}, "cidr"),
    ],
    ids=["reserved range", "/25", "unknown key"],
)
@pytest.mark.parametrize("command", ["preview", "up"])
def test_broken_settings_stop_before_anything_is_created(
    project: Project, change: dict[str, Any], said: str, command: str
) -> None:
    project.write_tenant("broken", acme_with(**change))
    arguments = [command, "--stack", "broken", *(["--yes", "--skip-preview"] if command == "up" else [])]
    run = project.pulumi(*arguments)
    assert run.code != 0
    assert said in run.text
    assert "Nothing was created" in run.text
    assert "Traceback" not in run.text
    assert "resource changes" not in run.text.lower()


@pytest.mark.parametrize("given", ["aws:profile=mallory", "aws:endpoints=x", "aws:defaultTags={}"])
def test_a_setting_of_the_provider_that_no_file_has_is_refused_too(project: Project, given: str) -> None:
    project.write_tenant("led-away", ACME)  # a stack of its own: Pulumi keeps what --config gives
    run = project.pulumi("preview", "--stack", "led-away", "--config", given)
    assert run.code != 0
    assert "Nothing was created" in run.text
    assert "remove it" in run.text
    assert "mallory" not in run.text


def test_a_bad_password_is_refused_without_being_shown(project: Project) -> None:
    project.write_tenant("broken", ACME, password="short/1")
    run = project.pulumi("preview", "--stack", "broken")
    assert run.code != 0
    assert "databasePassword" in run.text
    assert "short/1" not in run.text


def test_a_tenant_of_a_platform_that_is_not_deployed_is_refused(project: Project) -> None:
    project.write_tenant("early", {**ACME, "platform": "platform-nowhere"})
    run = project.pulumi("preview", "--stack", "early")
    assert run.code != 0
    assert "deploy it first: tenantnet up platform-nowhere" in run.text
    assert "Traceback" not in run.text


def test_a_local_cloud_that_is_not_there_is_reported_at_once(project: Project) -> None:
    project.write_tenant("acme", ACME)
    # Port 1 is nobody's.
    alone = Project(project.folder, {**project.environment, "AWS_ENDPOINT_URL": "http://127.0.0.1:1"})
    run = alone.pulumi("preview", "--stack", "acme")
    assert run.code != 0
    assert "tenantnet local start" in run.text
    assert "Traceback" not in run.text
