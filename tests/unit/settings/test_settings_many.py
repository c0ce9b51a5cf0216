"""One of many settings files is judged as it is with all of them, and an ordinary file as any other."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tenantnet.settings import tree
from tenantnet.settings.alike import read_ordinary
from tenantnet.settings.files import FileVerdict, ProjectDefaults, judge_file
from tenantnet.settings.project import find_project
from tenantnet.settings.reading import parse
from tenantnet.settings.tree import judge_files

from tests.support.clone import CLONE
from tests.support.examples import examples

RANGES = [
    *("10.1.2.0/26", "10.1.2.64/26", "10.1.0.0/16", "10.9.9.0/26", "192.168.4.0/24", "192.168.0.0/16"),
    *("172.17.5.0/24", "172.17.6.0/24", "10.1.2.0/8", "010.1.2.0/26", "10.1.2.0", "nowhere", "300.1.1.0/24"),
]
RANGE = st.sampled_from(RANGES)
FORMS = ("{0}", '"{0}"', "'{0}'")
TENANT = """\
config:
  aws:region: eu-west-1
  tenantnet:tenant:
    platform: platform-eu{cell}
    sessionSubnet: {session}
    database: {{username: acmeadmin}}
    networks:
      blue:
        cidr: {network}
        vpnConnections:
          - companyCidr: {company}
            companyGatewayIp: 198.51.100.7
            description: Seattle office
"""


@st.composite
def tenants(draw: st.DrawFn) -> str:
    session, network, company = (draw(st.sampled_from(FORMS)).format(draw(RANGE)) for _ in range(3))
    return TENANT.format(cell=draw(st.integers(1, 2)), session=session, network=network, company=company)


@settings(max_examples=examples(150))
@given(files=st.lists(tenants(), min_size=2, max_size=6), escaped=st.booleans())
def test_one_file_is_judged_as_it_is_among_all(
    files: list[str], escaped: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("project")
    (folder / "tenants").mkdir()
    (folder / "Pulumi.yaml").write_text("name: tenantnet\nstackConfigDir: tenants\n")
    for cell in (1, 2):
        platform = (
            f"config: {{aws:region: eu-west-1, tenantnet:platform: {{zone: {{name: c{cell}.example}}}}}}"
        )
        (folder / "tenants" / f"Pulumi.platform-eu{cell}.yaml").write_text(platform)
    for number, text in enumerate(files):
        written = text.replace('"10.1.', '"10\\x2e1.') if escaped else text
        (folder / "tenants" / f"Pulumi.t{number}.yaml").write_text(written)
    project = find_project(folder)
    paths = [project.settings_file(stack) for stack in project.stacks_with_settings()]
    together = judge_files(paths, project)
    assert [judge_files([path], project)[0] for path in paths] == together
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tree, "FEW", 0)
        assert [judge_files([path], project)[0] for path in paths] == together


def test_of_many_files_only_those_that_matter_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tenants").mkdir()
    (tmp_path / "Pulumi.yaml").write_text("name: tenantnet\nstackConfigDir: tenants\n")
    for number in range(9):
        text = TENANT.format(
            cell=1, session=f"172.17.{number}.0/24", network=f"10.1.{number}.0/26", company="192.168.4.0/24"
        )
        (tmp_path / "tenants" / f"Pulumi.t{number}.yaml").write_text(text)
    project, judged = find_project(tmp_path), []

    def judge(path: Path, defaults: ProjectDefaults) -> FileVerdict:
        judged.append(path)
        return judge_file(path, defaults)

    monkeypatch.setattr("tenantnet.settings.tree.judge_file", judge)
    judge_files([project.settings_file("t3")], project)
    assert judged == [project.settings_file("t3")]


PIECES = st.sampled_from(
    [
        *(
            "a",
            "key",
            "aws:region",
            "y",
            "null",
            "true",
            "12",
            "1.5",
            "1e3",
            "0x1f",
            "10.1.2.0/26",
            "12:30:45",
        ),
        *("v1:a+b/c=:v1:dd==", "Seattle office (2)", '"1.2"', "'on'", '""', "a, b", "a-b", "2026-01-01", "~"),
    ]
)
LINE = st.builds(
    lambda indent, dashes, key, colon, value: f"{' ' * indent}{'- ' * dashes}{key}{colon}{value}",
    st.integers(0, 5),
    st.integers(0, 2),
    PIECES,
    st.sampled_from([":", ": ", "", " #", "  # c"]),
    st.one_of(st.just(""), PIECES),
)


@settings(max_examples=examples(1500))
@given(lines=st.lists(LINE, max_size=7))
def test_what_is_read_as_an_ordinary_text_is_what_every_reader_reads(lines: list[str]) -> None:
    text = "\n".join(["top:", *(f"  {line}" for line in lines)])
    if (ordinary := read_ordinary(text)) is not None:
        # With a mark at its start it is no ordinary text any more.
        document, refusals = parse(f"---\n{text}", "text")
        assert (repr(document), refusals) == (repr(ordinary), [])


@pytest.mark.parametrize("file", sorted(CLONE.glob("tenants/*.yaml")))
def test_the_files_that_the_commands_write_are_ordinary(file: Path) -> None:
    assert isinstance(read_ordinary(file.read_text()), dict)
