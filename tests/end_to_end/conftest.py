"""The stacks that end-to-end tests share: one local cloud, one cell, one tenant, deployed once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.process import LocalCloud

from tests.support.order import longest_first
from tests.support.project import Project
from tests.support.vpn_machine import why_not

ACME: dict[str, Any] = {
    "platform": "platform-local",
    "sessionSubnet": "172.17.5.0/24",
    "database": {"username": "acmeadmin"},
    "networks": {
        "blue": {
            "cidr": "10.1.2.0/26",
            "vpnConnections": [
                {
                    "companyCidr": "192.168.4.0/24",
                    "companyGatewayIp": "198.51.100.7",
                    "description": "Seattle office",
                }
            ],
        }
    },
}


@pytest.fixture(scope="session")
def lab_machine() -> None:
    """Skips where the machine allows no lab, before anything is deployed for it."""
    if reason := why_not():
        pytest.skip(f"VPN LAB SKIPPED, nothing of strongSwan was proved here: {reason}")


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A local cloud of this module's own."""
    with LocalCloud(tmp_path_factory.mktemp("cloud")) as running:
        yield running


@pytest.fixture(scope="module")
def project(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose stacks live in this module's local cloud."""
    return Project.of_clone(tmp_path_factory.mktemp("project") / "tenantnet", environment(cloud.state_dir))


@pytest.fixture(scope="module")
def cell(project: Project) -> Project:
    """The project with its platform cell deployed."""
    project.write_platform("platform-local")
    project.up("platform-local").check()
    return project


@pytest.fixture(scope="module")
def acme(cell: Project) -> Project:
    """The project with cell and tenant acme deployed."""
    cell.write_tenant("acme", ACME)
    cell.up("acme").check()
    return cell


@pytest.fixture(scope="module")
def aws(cloud: LocalCloud) -> Iterator[boto3.Session]:
    """A boto3 session that asks this module's local cloud."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(cloud.state_dir).items():
            if name.startswith("AWS_"):
                patch.setenv(name, value)
        yield boto3.Session()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    longest_first(items)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests have measured: the values that they recorded as property `measured`."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "measured":
                terminalreporter.write_line(f"MEASURED {value}")
