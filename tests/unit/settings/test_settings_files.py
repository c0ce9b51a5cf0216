"""Settings files as they are written: whole, judged, and nothing else in them touched."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from tenantnet.failure import Failure
from tenantnet.refusal import Refused
from tenantnet.settings.cells import read_cell, read_ranges
from tenantnet.settings.files import judge_file, read_defaults
from tenantnet.settings.project import Project, find_project, project_of_program
from tenantnet.settings.rules import MAX_FILE_BYTES
from tenantnet.settings.store import (
    create_settings_file,
    read_settings_file,
    read_tenant,
    replace_settings_file,
    settings_here,
    tenants_in_tree,
    tenants_of,
    unknown_stack,
)

from tests.support.small_settings import ACME

PROJECT = "name: tenantnet\nruntime: python\nmain: infra\nstackConfigDir: tenants\n"
PLATFORM = """\
config:
  aws:region: eu-west-1
  tenantnet:platform: {zone: {name: db.example.com}}
"""
WRONG = ACME.replace("10.1.2.0/26", "10.1.2.0/25")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "Pulumi.yaml").write_text(PROJECT)
    (tmp_path / "tenants").mkdir()
    return find_project(tmp_path)


@pytest.fixture
def acme(project: Project) -> Path:
    path = project.settings_file("acme")
    path.write_text(ACME)
    return path


def left_behind(project: Project) -> list[str]:
    return sorted(entry.name for entry in project.settings_folder.iterdir())


def test_a_project_is_found_from_a_folder_inside_it(project: Project) -> None:
    assert find_project(project.settings_folder) == project


@pytest.mark.parametrize(
    ("said", "folder"),
    [
        ("stackConfigDir: tenants", "tenants"),
        ("stackConfigDir: /tenants", "tenants"),
        ("stackConfigDir: linked/../tenants", "tenants"),
        ("config: tenants", "tenants"),
        ("config: {aws:region: eu-west-1}", "."),
        ("main: infra", "."),
    ],
)
def test_the_settings_are_in_the_folder_that_pulumi_reads(tmp_path: Path, said: str, folder: str) -> None:
    """Pulumi goes up by names, and its former name for the folder is `config`."""
    (tmp_path / "linked").symlink_to("/")
    (tmp_path / "Pulumi.yaml").write_text(f"name: tenantnet\nruntime: python\n{said}\n")
    assert find_project(tmp_path).settings_folder == tmp_path / folder


def test_a_pipe_is_a_project_file_to_pulumi_and_none_that_is_read(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text(PROJECT.replace("main: infra\n", ""))
    assert project_of_program(tmp_path, tmp_path).folder == tmp_path
    os.mkfifo(tmp_path / "Pulumi.json")
    with pytest.raises(Refused, match="no regular file"):
        project_of_program(tmp_path, tmp_path)


def test_settings_are_where_the_engine_has_them_also_if_their_folder_begins_with_a_slash(
    tmp_path: Path,
) -> None:
    """As `pulumi config set` of 3.274 writes them."""
    (tmp_path / "Pulumi.yaml").write_text(PROJECT.replace(" tenants", " /tenants"))
    assert find_project(tmp_path).settings_file("acme") == tmp_path / "tenants" / "Pulumi.acme.yaml"


@pytest.mark.parametrize("stack", ["a;id", "$(id)", "`id`", "--help", "-x", "a b", "a\nb", "\u202ea", "a'"])
def test_a_name_that_no_stack_can_have_is_a_wrong_name_of_a_file_and_in_no_command(
    project: Project, stack: str
) -> None:
    text = "config:\n  tenantnet:databasePassword: in clear\n"
    verdict = judge_file(project.settings_file(stack), read_defaults(project.file), text)
    assert [each.rule_id for each in verdict.refusals] == ["file-name"]
    assert stack not in verdict.refusals[0].remedy


def test_without_a_project_the_refusal_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="neither this folder nor one above it"):
        find_project(tmp_path)


def test_a_new_file_is_whole_and_readable_for_all(project: Project) -> None:
    path = create_settings_file(project, "acme", ACME)
    assert path.read_text() == ACME
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert left_behind(project) == ["Pulumi.acme.yaml"]


def test_a_new_file_never_takes_the_place_of_another(project: Project, acme: Path) -> None:
    with pytest.raises(Refused, match=r"there is a settings file Pulumi\.acme\.yaml already"):
        create_settings_file(project, "acme", ACME.replace("10.1.2.0", "10.1.3.0"))
    assert acme.read_text() == ACME


def test_what_is_not_right_is_not_written_at_all(project: Project) -> None:
    with pytest.raises(Refused, match=r"networks\.blue\.cidr"):
        create_settings_file(project, "acme", WRONG)
    assert left_behind(project) == []


def test_a_file_is_replaced_with_its_mode_kept(project: Project, acme: Path) -> None:
    acme.chmod(0o640)
    replace_settings_file(project, read_settings_file(project, "acme"), ACME + "# checked\n")
    assert acme.read_text() == ACME + "# checked\n"
    assert stat.S_IMODE(acme.stat().st_mode) == 0o640
    assert left_behind(project) == ["Pulumi.acme.yaml"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_is_replaced_with_its_owner_and_group_kept(project: Project, acme: Path) -> None:
    os.chown(acme, 65_534, 65_533)
    replace_settings_file(project, read_settings_file(project, "acme"), ACME + "# checked\n")
    assert acme.read_text() == ACME + "# checked\n"
    assert (acme.stat().st_uid, acme.stat().st_gid) == (65_534, 65_533)


def test_a_replacement_that_is_not_right_leaves_the_file_as_it_was(project: Project, acme: Path) -> None:
    with pytest.raises(Refused, match=r"networks\.blue\.cidr"):
        replace_settings_file(project, read_settings_file(project, "acme"), WRONG)
    assert acme.read_text() == ACME
    assert left_behind(project) == ["Pulumi.acme.yaml"]


def test_a_file_that_was_changed_meanwhile_is_left_as_it_was_changed(project: Project, acme: Path) -> None:
    read = read_settings_file(project, "acme")
    acme.write_text(ACME + "# by somebody else\n")
    with pytest.raises(Failure, match="changed by somebody else meanwhile"):
        replace_settings_file(project, read, ACME + "# checked\n")
    assert acme.read_text() == ACME + "# by somebody else\n"


def test_what_an_editor_saves_while_the_disk_takes_the_new_text_stays(
    project: Project, acme: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flush = os.fsync

    def saved_meanwhile(descriptor: int) -> None:
        flush(descriptor)
        acme.write_text(ACME + "# by an editor\n")

    monkeypatch.setattr(os, "fsync", saved_meanwhile)
    with pytest.raises(Failure, match="changed by somebody else meanwhile"):
        replace_settings_file(project, read_settings_file(project, "acme"), ACME + "# checked\n")
    assert acme.read_text() == ACME + "# by an editor\n"
    assert left_behind(project) == ["Pulumi.acme.yaml"]


def test_no_edit_makes_a_file_larger_than_any_command_reads(project: Project, acme: Path) -> None:
    full = f"{ACME}#{'x' * (MAX_FILE_BYTES - len(ACME) - 2)}\n"
    acme.write_text(full)
    with pytest.raises(Refused, match="more than 1,000,000 bytes"):
        replace_settings_file(project, read_settings_file(project, "acme"), f"# one more\n{full}")
    assert acme.read_text() == full
    replace_settings_file(project, read_settings_file(project, "acme"), full.replace("xx\n", "xy\n"))


def test_a_file_that_is_a_link_stays_one(project: Project, acme: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "shared"
    elsewhere.mkdir()
    target = acme.rename(elsewhere / "Pulumi.acme.yaml")
    acme.symlink_to(target)
    replace_settings_file(project, read_settings_file(project, "acme"), ACME + "# checked\n")
    assert acme.is_symlink()
    assert target.read_text() == ACME + "# checked\n"


@pytest.fixture
def read_only(project: Project) -> Iterator[None]:
    project.settings_folder.chmod(0o555)
    yield
    project.settings_folder.chmod(0o755)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
@pytest.mark.usefixtures("read_only")
def test_a_folder_that_cannot_be_written_is_a_failure_in_words(project: Project) -> None:
    with pytest.raises(Failure, match="Permission denied"):
        create_settings_file(project, "acme", ACME)


def test_a_folder_that_is_gone_is_a_failure_in_words(project: Project) -> None:
    project.settings_folder.rmdir()
    with pytest.raises(Failure, match=r"Could not write the settings of acme(.|\n)*No such file"):
        create_settings_file(project, "acme", ACME)


def test_an_unknown_tenant_is_refused_with_the_nearest_names(project: Project, acme: Path) -> None:
    with pytest.raises(Refused, match="did you mean acme"):
        read_settings_file(project, "akme")


def test_an_unknown_stack_with_settings_comes_with_the_command_that_deploys_it(
    project: Project, acme: Path
) -> None:
    error = unknown_stack(project, "acme", ["platform-eu1"], kind="tenant", where="in this Pulumi backend")
    assert error.refusals[0].remedy == "it has settings: deploy it by tenantnet up acme --create"


@pytest.mark.parametrize(
    ("text", "problem"), [("config:\n\tx: y\n", "a tab is there"), ("config: {}\n", "region")]
)
def test_an_unknown_stack_with_a_broken_file_comes_with_what_is_wrong_in_it(
    project: Project, acme: Path, text: str, problem: str
) -> None:
    acme.write_text(text)
    with pytest.raises(Refused, match=problem) as refused:
        unknown_stack(project, "acme", [], kind="tenant", where="in this Pulumi backend")
    assert "--create" not in str(refused.value)


def test_a_tenant_without_a_stack_is_among_the_nearest_names(project: Project, acme: Path) -> None:
    error = unknown_stack(project, "akme", [], kind="tenant", where="in this Pulumi backend")
    assert error.refusals[0].remedy == "did you mean acme?"


def test_names_that_are_not_near_are_all_told(project: Project, acme: Path) -> None:
    error = unknown_stack(project, "zeta", ["globex", "platform-eu1"], kind="tenant", where="anywhere")
    assert error.refusals[0].remedy == "the tenants are acme, globex"


def test_a_platform_is_no_tenant(project: Project) -> None:
    with pytest.raises(Refused, match="no tenant platform-eu1"):
        read_tenant(project, "platform-eu1")


def test_the_working_trees_tenants_are_the_platforms_own(project: Project, acme: Path) -> None:
    other = ACME.replace("platform-eu1", "platform-us1")
    project.settings_file("beta").write_text(other)
    project.settings_file("platform-eu1").write_text("config: {tenantnet:platform: {}}\n")
    tenants, unread = tenants_in_tree(project, ["platform-eu1"])
    assert ([*tenants], unread) == (["acme"], {})


def test_a_file_that_cannot_be_read_hides_no_other_and_no_range_is_given_away_beside_it(
    project: Project, acme: Path
) -> None:
    project.settings_file("platform-eu1").write_text(PLATFORM)
    cell = read_cell(project, "platform-eu1")
    assert read_ranges(project, cell, None)
    project.settings_file("beta").write_text("config: [\n")
    found, unread = tenants_of(project, "platform-eu1")
    assert ([each.name for each in found], [*unread]) == (["acme"], ["beta"])
    with pytest.raises(Refused, match=r"Pulumi\.beta\.yaml") as refused:
        read_ranges(project, cell, None)
    assert "the ones of this file would count as free" in refused.value.refusals[0].reason


def test_of_one_tenant_it_is_known_whether_there_is_no_file_or_one_that_cannot_be_read(
    project: Project, acme: Path
) -> None:
    settings, unread = settings_here(project, "acme")
    assert (settings is not None, unread) == (True, {})
    assert settings_here(project, "nobody") == (None, {})
    acme.write_bytes(b"config: \xff\n")
    settings, unread = settings_here(project, "acme")
    assert (settings, [*unread]) == (None, ["acme"])
    assert "not UTF-8" in str(unread["acme"])


@pytest.mark.parametrize("text", ["", "config:\n", "config: {}\n", "config: {tenantnet:tenant: 5}\n"])
def test_a_file_that_is_only_begun_claims_nothing(project: Project, text: str) -> None:
    project.settings_file("beta").write_text(text or "{}\n")
    assert tenants_in_tree(project, ["platform-eu1"]) == ({}, {})


def test_the_region_of_the_file_goes_before_the_projects(project: Project, acme: Path) -> None:
    project.file.write_text(PROJECT + "config:\n  aws:region: us-east-1\n")
    project.settings_file("beta").write_text("config: {tenantnet:tenant: {}}\n")
    assert read_settings_file(project, "acme").region == "eu-west-1"
    assert read_settings_file(project, "beta").region == "us-east-1"
