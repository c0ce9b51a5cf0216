"""Whose settings are read for a run over some tenants."""

from __future__ import annotations

from pathlib import Path

import pytest
from tenantnet.fleet.targets import select_targets
from tenantnet.refusal import Refused
from tenantnet.settings.project import Project, find_project

SETTINGS = """\
config:
  aws:region: {region}
  tenantnet:tenant: {{platform: {platform}}}
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Of four tenants, hooli's file is no YAML."""
    (tmp_path / "Pulumi.yaml").write_text("name: tenantnet\nruntime: python\n")
    for name, platform in {"acme": "eu1", "globex": "us1", "initech": "us1"}.items():
        text = SETTINGS.format(region=f"{platform[:2]}-west-1", platform=f"platform-{platform}")
        (tmp_path / f"Pulumi.{name}.yaml").write_text(text)
    (tmp_path / "Pulumi.hooli.yaml").write_text("config: [")
    (tmp_path / "Pulumi.platform-eu1.yaml").write_text("config: {}\n")
    return find_project(tmp_path)


def test_a_file_of_nobody_who_is_chosen_is_not_read(project: Project) -> None:
    found = select_targets(project, ["acme", "ini*"], platform=None)
    assert [(each.name, each.platform, each.region) for each in found.values()] == [
        ("acme", "platform-eu1", "eu-west-1"),
        ("initech", "platform-us1", "us-west-1"),
    ]


def test_one_of_those_who_are_chosen_is(project: Project) -> None:
    with pytest.raises(Refused, match=r"Pulumi\.hooli\.yaml"):
        select_targets(project, ["acme", "hooli"], platform=None)


def test_whose_tenants_are_a_platforms_is_in_every_file(project: Project) -> None:
    with pytest.raises(Refused, match=r"Pulumi\.hooli\.yaml"):
        select_targets(project, [], platform="platform-us1")
    project.settings_file("hooli").unlink()
    assert [*select_targets(project, [], platform="platform-us1")] == ["globex", "initech"]
