"""How programs run under the engine, whichever language host it has."""

from __future__ import annotations

from pathlib import Path

import pytest
from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.process import LocalCloud

from tests.support.project import Project, Run

TWICE = """\
import pulumi
import counted
counted.count += 1
pulumi.export("count", counted.count)
"""

ONE_BAD_RESOURCE = """\
import pulumi_aws as aws
vpc = aws.ec2.Vpc("bad", cidr_block="10.1.2.0/99")
for number in range(9):
    aws.ec2.Subnet(f"subnet-{number}", vpc_id=vpc.id, cidr_block=f"10.1.2.{16 * number}/28")
"""


def ran(cloud: LocalCloud, folder: Path, program: str) -> tuple[Project, Run]:
    """A project with this program, and its first `up`, previewed first."""
    variables = environment(cloud.state_dir) | {"PULUMI_BACKEND_URL": f"file://{folder}"}
    project = Project.of_program(folder, variables, program)
    project.pulumi("stack", "init", "dev").check()
    return project, project.pulumi("up", "--yes", "--stack", "dev")


def test_what_a_program_prints_is_shown(cloud: LocalCloud, tmp_path: Path) -> None:
    _, run = ran(cloud, tmp_path, "import sys\nprint('to output')\nprint('to error', file=sys.stderr)\n")
    run.check()
    assert "to output" in run.text
    assert "to error" in run.text


def test_a_refusal_is_shown_in_its_own_words_alone(cloud: LocalCloud, tmp_path: Path) -> None:
    _, run = ran(cloud, tmp_path, "import pulumi\nraise pulumi.RunError('no such range\\n  rule: a /26')\n")
    assert run.code != 0
    assert "no such range\n      rule: a /26" in run.text
    assert "Traceback" not in run.text
    assert ".py" not in run.text


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("raise ValueError('an odd value')\n", "ValueError: an odd value"),
        ("import pulumi\npulumi.Output.from_input(0).apply(lambda x: 1 / x)\n", "ZeroDivisionError"),
        ("no python\n", "SyntaxError"),
    ],
    ids=["when it runs", "when an output resolves", "before it runs"],
)
def test_a_mistake_in_a_program_is_shown_with_its_line(
    cloud: LocalCloud, tmp_path: Path, program: str, said: str
) -> None:
    _, run = ran(cloud, tmp_path, program)
    assert run.code != 0
    assert said in run.text
    assert "__main__.py" in run.text
    assert program.splitlines()[-1] in run.text


def test_a_program_may_end_itself_well(cloud: LocalCloud, tmp_path: Path) -> None:
    _, run = ran(cloud, tmp_path, "import sys\nsys.exit()\n")
    run.check()


def test_a_program_that_ends_itself_badly_fails(cloud: LocalCloud, tmp_path: Path) -> None:
    _, run = ran(cloud, tmp_path, "import sys\nsys.exit(3)\n")
    assert run.code != 0


def test_an_update_starts_afresh_after_its_preview(cloud: LocalCloud, tmp_path: Path) -> None:
    (tmp_path / "counted.py").write_text("count = 0\n", encoding="utf-8")
    project, run = ran(cloud, tmp_path, TWICE)
    run.check()
    assert project.outputs("dev") == {"count": 1}


def test_a_resource_that_fails_is_the_only_error(cloud: LocalCloud, tmp_path: Path) -> None:
    _, run = ran(cloud, tmp_path, ONE_BAD_RESOURCE)
    assert run.code != 0
    assert "10.1.2.0/99" in run.text
    assert "Resource monitor" not in run.text
    assert "Traceback" not in run.text


def test_an_unknown_virtual_environment_is_named(cloud: LocalCloud, tmp_path: Path) -> None:
    project, _ = ran(cloud, tmp_path, "")
    settings = tmp_path / "Pulumi.yaml"
    settings.write_text(settings.read_text("utf-8").replace(".venv", "elsewhere"), encoding="utf-8")
    run = project.pulumi("preview", "--stack", "dev")
    assert run.code != 0
    assert str(tmp_path / "elsewhere") in run.text


def test_debug_messages_are_shown_to_who_asks_for_them(cloud: LocalCloud, tmp_path: Path) -> None:
    project, run = ran(cloud, tmp_path, "import pulumi\npulumi.log.debug('a small step')\n")
    preview = ("preview", "--stack", "dev")
    assert "a small step" not in run.check().text
    assert "a small step" in project.pulumi(*preview, "--debug").check().text
    project.pulumi(*preview, "--logtostderr", "--logflow", "-v=3").check()
