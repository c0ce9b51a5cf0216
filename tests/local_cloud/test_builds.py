"""CodeBuild projects without a source of their own."""

from __future__ import annotations

from typing import Any

import pytest
from mypy_boto3_codebuild import CodeBuildClient

from tests.local_cloud.conftest import Refusal


@pytest.fixture
def codebuild(client: Any) -> CodeBuildClient:
    made: CodeBuildClient = client("codebuild")
    return made


def project(name: str) -> Any:
    return {
        "name": name,
        "source": {"type": "NO_SOURCE", "buildspec": "version: 0.2"},
        "artifacts": {"type": "NO_ARTIFACTS"},
        "environment": {
            "type": "ARM_CONTAINER",
            "image": "aws/codebuild/amazonlinux2-aarch64-standard:3.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        "serviceRole": "arn:aws:iam::123456789012:role/runner",
    }


def test_a_project_without_a_source_needs_no_location(codebuild: CodeBuildClient, name: str) -> None:
    created = codebuild.create_project(**project(name))["project"]
    assert created["source"] == {"type": "NO_SOURCE", "buildspec": "version: 0.2"}
    assert codebuild.batch_get_projects(names=[name])["projects"][0]["source"] == created["source"]


def test_a_project_changes_what_is_named_and_keeps_the_rest(codebuild: CodeBuildClient, name: str) -> None:
    codebuild.create_project(**project(name))
    codebuild.update_project(name=name, source={"type": "NO_SOURCE", "buildspec": "version: 0.1"})
    read = codebuild.batch_get_projects(names=[name])["projects"][0]
    assert read["source"]["buildspec"] == "version: 0.1"
    assert read["environment"]["type"] == "ARM_CONTAINER"


def test_an_unknown_project_does_not_change(codebuild: CodeBuildClient, refusal: Refusal, name: str) -> None:
    assert refusal(codebuild.update_project, name=name) == "ResourceNotFoundException"
