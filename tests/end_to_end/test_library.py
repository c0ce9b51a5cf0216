"""The components away from this project: from an installed wheel, and as a plugin for other languages."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.plugin.components import COMPONENTS
from tenantnet.toolchain.parts import YAML_LANGUAGE_HOST, build

from tests.support.clone import CLONE
from tests.support.project import Project
from tests.support.wheel import build_wheel, make_venv

PLUGIN = CLONE / "infra" / "plugin"
PROGRAM = """\
from tenantnet.components import Owner, TenantNetwork, TenantNetworkArgs

args = TenantNetworkArgs(
    owner=Owner(cell="eu1", tenant="acme", network="blue"), cidr="10.1.2.0/26",
    availability_zones=("eu-west-1a", "eu-west-1b"),
    ping_host_type="t4g.nano", ping_host_image="ami-0123456789abcdef0",
    kms_key_arn="arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555",
    flow_log_role_arn="arn:aws:iam::123456789012:role/flow-logs",
)
network = TenantNetwork("acme-blue", args)
"""
# The program, the pack and its settings as the page shows them.
PAGE = (CLONE / "docs" / "library.md").read_text(encoding="utf-8").partition("## With the policy pack")[2]
[WHOLE_PROGRAM, MAIN] = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
[RUNTIME, *_] = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
[SETTINGS] = re.findall(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
PACK = {"PulumiPolicy.yaml": RUNTIME, "__main__.py": MAIN}
YAML_PROGRAM = """\
name: of-a-test
runtime: yaml
packages:
  tenantnet: PLUGIN
resources:
  acme-blue:
    type: tenantnet:index:TenantNetwork
    properties:
      owner: {cell: eu1, tenant: acme, network: blue}
      cidr: 10.1.2.0/26
      availabilityZones: [eu-west-1a, eu-west-1b]
      pingHostImage: ami-0123456789abcdef0
      kmsKeyArn: arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555
      flowLogRoleArn: arn:aws:iam::123456789012:role/flow-logs
outputs:
  pingHost: ${acme-blue.pingHost}
"""


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """Nothing is deployed to it, so it needs no databases."""
    with LocalCloud(tmp_path_factory.mktemp("cloud"), real_databases=False) as running:
        yield running


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment that has the wheel, and the clone's own packages but not the clone."""
    place = tmp_path_factory.mktemp("library")
    make_venv(build_wheel(place), place / "venv")
    return place / "venv"


def _python(venv: Path, folder: Path, program: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [venv / "bin" / "python", "-c", program],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture
def elsewhere(cloud: LocalCloud, installed: Path, tmp_path: Path) -> Project:
    """A project of ten lines in a folder that was empty."""
    (tmp_path / "Pulumi.yaml").write_text(
        f"name: elsewhere\nruntime: {{name: python, options: {{virtualenv: {installed}}}}}\n",
        encoding="utf-8",
    )
    (tmp_path / "__main__.py").write_text(PROGRAM, encoding="utf-8")
    project = Project(tmp_path, environment(cloud.state_dir))
    project.pulumi("stack", "init", "dev").check()
    return project


def test_a_ten_line_program_previews_a_network_with_the_wheel_alone(elsewhere: Project) -> None:
    assert len(PROGRAM.splitlines()) == 10
    created = {(step.type, step.name) for step in elsewhere.steps("dev") if step.operation == "create"}
    assert ("tenantnet:index:TenantNetwork", "acme-blue") in created
    assert ("aws:ec2/instance:Instance", "acme-blue-ping-host") in created


@pytest.fixture
def beside_a_platform(cloud: LocalCloud, installed: Path, tmp_path: Path) -> Project:
    """A team's program and pack in a folder of their own, in the project of a platform that is deployed."""
    local = environment(cloud.state_dir)
    platform = Project.of_clone(tmp_path / "clone", local)
    platform.write_platform("platform-local")
    platform.up("platform-local").check()
    (tmp_path / "venv").symlink_to(installed)
    for name, text in {**PACK, "Pulumi.yaml": "name: tenantnet\n" + RUNTIME}.items():
        place = tmp_path / ("program" if name == "Pulumi.yaml" else "pack") / name
        place.parent.mkdir(exist_ok=True)
        place.write_text(text, encoding="utf-8")
    (tmp_path / "program" / "__main__.py").write_text(WHOLE_PROGRAM, encoding="utf-8")
    project = Project(tmp_path / "program", local)
    project.pulumi("stack", "init", "acme").check()
    return project


def test_a_teams_own_program_passes_the_pack_in_preview_and_update(
    beside_a_platform: Project, tmp_path: Path
) -> None:
    project, settings = beside_a_platform, tmp_path / "pack.json"
    with_pack = ("--stack", "acme", "--policy-pack", str(tmp_path / "pack"))
    refused = project.pulumi("preview", *with_pack)
    assert refused.code != 0
    assert "no policy judges shop:index:Shop" in " ".join(refused.text.split()), refused.text
    blamed = {line.rpartition("(")[2] for line in refused.text.splitlines() if "[mandatory]" in line}
    assert blamed == {"shop:index:Shop: shop)"}, refused.text
    settings.write_text(SETTINGS, encoding="utf-8")
    allowed = (*with_pack, "--policy-pack-config", str(settings))
    project.pulumi("preview", *allowed).check()
    project.pulumi("up", "--yes", "--skip-preview", *allowed).check()
    assert project.steps("acme") == []


def test_the_wheel_brings_types_templates_and_the_policy_pack(installed: Path, tmp_path: Path) -> None:
    folder = Path(_python(installed, tmp_path, "import tenantnet; print(tenantnet.__path__[0])"))
    assert folder.is_relative_to(installed)
    brought = [
        "py.typed",
        "plugin/PulumiPlugin.yaml",
        "vpn/templates/generic/guide.md.j2",
        "policies/PulumiPolicy.yaml",
    ]
    assert [name for name in brought if not (folder / name).is_file()] == []


def test_every_module_of_the_wheel_can_be_imported(installed: Path, tmp_path: Path) -> None:
    program = (
        "import importlib, pkgutil, tenantnet\n"
        "for module in pkgutil.walk_packages(tenantnet.__path__, 'tenantnet.'):\n"
        "    if not module.name.endswith('__main__'):\n"
        "        importlib.import_module(module.name)\n"
    )
    assert _python(installed, tmp_path, program) == ""


@pytest.fixture(scope="module")
def schema(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The plugin's schema, as the engine has it from the plugin."""
    done = subprocess.run(
        ["pulumi", "package", "get-schema", PLUGIN],
        cwd=tmp_path_factory.mktemp("schema"),
        env={**os.environ, **environment(cloud.state_dir)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_other_languages_see_every_component_of_the_plugin(schema: dict[str, Any]) -> None:
    assert set(schema["resources"]) == {f"tenantnet:index:{each.__name__}" for each in COMPONENTS}


def test_other_languages_see_what_every_property_means(schema: dict[str, Any]) -> None:
    silent = [
        f"{token}.{name}"
        for token, definition in {**schema["resources"], **schema["types"]}.items()
        for kind in ("inputProperties", "properties")
        for name, described in definition.get(kind, {}).items()
        if not described.get("description")
    ]
    assert silent == []


def test_other_languages_need_not_give_what_has_a_default(schema: dict[str, Any]) -> None:
    network = schema["resources"]["tenantnet:index:TenantNetwork"]
    assert set(network["inputProperties"]) - set(network["requiredInputs"]) == {"pingHostType"}


@pytest.mark.long
def test_a_yaml_program_previews_a_network_by_the_plugin(cloud: LocalCloud, tmp_path: Path) -> None:
    languages = tmp_path / "languages"
    languages.mkdir()
    (languages / YAML_LANGUAGE_HOST.program).symlink_to(build(YAML_LANGUAGE_HOST))
    local = environment(cloud.state_dir)
    project = Project(tmp_path, {**local, "PATH": f"{local['PATH']}{os.pathsep}{languages}"})
    (tmp_path / "Pulumi.yaml").write_text(YAML_PROGRAM.replace("PLUGIN", str(PLUGIN)), encoding="utf-8")
    project.pulumi("stack", "init", "dev").check()
    created = {(step.type, step.name) for step in project.steps("dev") if step.operation == "create"}
    assert ("aws:ec2/vpnGateway:VpnGateway", "acme-blue") in created
