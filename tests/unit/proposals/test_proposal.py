"""A change of a settings file before it is written."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from tenantnet.failure import Failure
from tenantnet.proposals.connections import connection_edit
from tenantnet.proposals.proposal import Proposal
from tenantnet.refusal import Refused
from tenantnet.settings.edit import TENANT, set_scalar
from tenantnet.settings.project import Project, find_project
from tenantnet.settings.store import read_settings_file
from tenantnet.tags import Slot

from tests.support.small_settings import ACME, small_project

OSLO = {"companyCidr": "192.168.4.0/24", "companyGatewayIp": "198.51.100.7", "description": "Oslo"}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return find_project(small_project(tmp_path, acme=ACME))


def proposed(project: Project, subnet: str = "172.17.6.0/24") -> Proposal:
    edit = partial(set_scalar, path=TENANT, key="sessionSubnet", value=subnet)
    file = read_settings_file(project, "acme")
    return Proposal.of(project, file, "another subnet", (f"set sessionSubnet: {subnet}", edit))


def test_the_difference_is_of_the_lines_that_change(project: Project) -> None:
    lines = proposed(project).difference.splitlines()
    assert lines[:2] == ["--- tenants/Pulumi.acme.yaml", "+++ tenants/Pulumi.acme.yaml"]
    changed = [line for line in lines[2:] if line[0] in "+-"]
    assert changed == ["-    sessionSubnet: 172.17.5.0/24", "+    sessionSubnet: 172.17.6.0/24"]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_several_edits_are_one_change_in_the_files_own_line_ends(project: Project, ending: str) -> None:
    path = project.settings_file("acme")
    path.write_bytes(ACME.replace("\n", ending).encode())
    edits = [connection_edit(Slot.BLUE, {**OSLO, "companyCidr": f"192.168.{n}.0/24"}) for n in (4, 8)]
    proposal = Proposal.of(project, read_settings_file(project, "acme"), "two", *edits)
    assert [line[0] for line in proposal.difference.split("\n")[3:]].count("+") == 1
    proposal.settings()
    proposal.write()
    assert path.read_bytes().count(ending.encode()) == ACME.count("\n")
    assert path.read_bytes().count(b"companyCidr") == 2


def test_what_the_text_would_break_is_refused_and_nothing_is_written(project: Project) -> None:
    proposal = proposed(project, "172.17.6.0/25")
    for attempt in (proposal.settings, proposal.write):
        with pytest.raises(Refused, match=r"172\.17\.6\.0/25"):
            attempt()
    assert project.settings_file("acme").read_text() == ACME


def test_the_fingerprint_is_of_the_file_and_of_the_change(project: Project) -> None:
    first = proposed(project)
    assert proposed(project).fingerprint == first.fingerprint
    assert proposed(project, "172.17.7.0/24").fingerprint != first.fingerprint
    project.settings_file("acme").write_text(f"# A comment.\n{ACME}")
    assert proposed(project).fingerprint != first.fingerprint


def test_a_file_that_was_changed_meanwhile_is_left(project: Project) -> None:
    proposal = proposed(project)
    edited = f"# A comment.\n{ACME}"
    project.settings_file("acme").write_text(edited)
    with pytest.raises(Failure, match="changed by somebody else"):
        proposal.write()
    assert project.settings_file("acme").read_text() == edited
