"""The pack in real previews: each policy stops the program that breaks it, and lets the shipped stacks pass.

Nothing is deployed. All previews use one local cloud, two at a time, each in a project of its own.
"""

from __future__ import annotations

import json
import re
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from queue import Queue

import pytest
from tenantnet.addresses.claims import Claim, ClaimKind
from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.policies.rules import POLICIES
from tenantnet.tags import claims_table_name

from tests.support.aws import aws_client
from tests.support.broken_programs.cases import BETAS_NETWORK, BROKEN, PHASES
from tests.support.broken_programs.program import CASE_VARIABLE, PASSWORD
from tests.support.clone import CLONE
from tests.support.project import Project, Run

PROGRAM = "from tests.support.broken_programs.program import main\n\nmain()\n"
PLATFORM, UNREADABLE_CLAIMS = "platform", "unreadable claims"
AT_A_TIME = 2
VIOLATION = re.compile(r"\[(mandatory|advisory)\].*?([a-z]+(?:-[a-z]+)+)  \((\S+): (\S+)\)")


class Previews:
    """Runs previews with the pack on projects that each take one at a time."""

    def __init__(self, projects: list[Project]) -> None:
        self._free: Queue[Project] = Queue()
        for project in projects:
            self._free.put(project)
        self._pool = ThreadPoolExecutor(len(projects))
        self._started: dict[str, Future[Run]] = {}

    def start(self, case: str) -> None:
        if case not in self._started:
            self._started[case] = self._pool.submit(self.run, case)

    def of(self, case: str) -> Run:
        self.start(case)
        return self._started[case].result()

    def run(self, case: str, *arguments: str) -> Run:
        project = self._free.get()
        try:
            project.environment[CASE_VARIABLE] = case
            stack = "platform-local" if case == PLATFORM else "acme"
            pack = str(CLONE / "policies")
            return project.pulumi("preview", "--stack", stack, "--policy-pack", pack, *arguments)
        finally:
            self._free.put(project)


@pytest.fixture(scope="module")
def claims(cloud: LocalCloud) -> str:
    """The cell's claims table, in which tenant beta holds one range; its name."""
    name = claims_table_name("local")
    dynamodb = aws_client(cloud, "dynamodb")
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "cidr", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "cidr", "AttributeType": "S"}],
    )
    beta = Claim(cidr=BETAS_NETWORK, tenant="beta", stack="beta", kind=ClaimKind.NETWORK, slot="blue")
    dynamodb.put_item(TableName=name, Item=beta.item())
    return name


@pytest.fixture(scope="module")
def previews(
    cloud: LocalCloud, claims: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Previews:
    """Previews, with those that the selected tests ask for started already."""
    assert claims
    projects = []
    for number in range(AT_A_TIME):
        folder = tmp_path_factory.mktemp(f"project{number}")
        backend = tmp_path_factory.mktemp(f"backend{number}")
        variables = {"PULUMI_BACKEND_URL": f"file://{backend}", "PYTHONPATH": str(CLONE)}
        project = Project.of_program(folder, {**environment(cloud.state_dir), **variables}, PROGRAM)
        for stack in ("acme", "platform-local"):
            project.pulumi("stack", "init", stack).check()
        projects.append(project)
    previews = Previews(projects)
    for item in request.session.items:
        if isinstance(item, pytest.Function) and item.module is request.module and hasattr(item, "callspec"):
            previews.start(str(item.callspec.params["case"]))
    return previews


def violations(run: Run) -> list[tuple[str, ...]]:
    """What the preview reports: level, policy, type and name of the resource."""
    return VIOLATION.findall(run.text)


def test_every_policy_has_a_program_that_breaks_it() -> None:
    assert set(BROKEN) == {policy.name for policy in POLICIES}


@pytest.mark.parametrize("case", BROKEN)
def test_a_program_that_breaks_a_policy_is_stopped_by_that_policy_alone(
    previews: Previews, case: str
) -> None:
    run = previews.of(case)
    assert run.code != 0, run.text
    assert {(level, policy) for level, policy, *_ in violations(run)} == {("mandatory", case)}, run.text
    assert {name for *_, name in violations(run)} == {BROKEN[case].resource}, run.text
    said = " ".join(run.text.split())
    assert BROKEN[case].value in said, run.text
    assert f"remedy: {BROKEN[case].remedy}" in said, run.text
    assert PASSWORD not in run.text


@pytest.mark.parametrize("case", [PLATFORM, *PHASES])
def test_the_shipped_stacks_pass_every_policy_in_every_phase(previews: Previews, case: str) -> None:
    run = previews.of(case)
    assert run.code == 0, run.text
    assert violations(run) == [], run.text


@pytest.mark.parametrize("case", [UNREADABLE_CLAIMS])
def test_claims_that_cannot_be_read_stop_nobody_but_are_mentioned(previews: Previews, case: str) -> None:
    run = previews.of(case)
    assert run.code == 0, run.text
    assert [each[:2] for each in violations(run)] == [("advisory", "network-cidr-unclaimed")], run.text
    assert "Could not read the claim on 10.1.2.0/26 in tenantnet-nowhere-claims" in run.text


def test_an_organisation_can_make_a_policy_advisory(previews: Previews, tmp_path: Path) -> None:
    config = tmp_path / "policies.json"
    config.write_text(json.dumps({"company-gateway-public": "advisory"}), encoding="utf-8")
    run = previews.run("company-gateway-public", "--policy-pack-config", str(config))
    assert run.code == 0, run.text
    assert {each[:2] for each in violations(run)} == {("advisory", "company-gateway-public")}, run.text
