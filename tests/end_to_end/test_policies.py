"""The pack in real previews: each policy stops the program that breaks it, and lets the shipped stacks pass.

Nothing is deployed. All previews use one local cloud, two at a time, each in a project of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from shutil import copytree, rmtree

import pytest
from tenantnet.addresses.claims import Claim, ClaimKind
from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.policies.rules import POLICIES
from tenantnet.tags import Owner, claims_table_name

from tests.support.aws import aws_client
from tests.support.broken_programs.breach import (
    BETAS_COMPANY,
    BREACH,
    OUTPUTS_VARIABLE,
    TAKEN,
    TAKEN_VARIABLE,
)
from tests.support.broken_programs.cases import BETAS_NETWORK, BROKEN, PHASES
from tests.support.broken_programs.program import CASE_VARIABLE, PASSWORD
from tests.support.clone import CLONE
from tests.support.made_platform import made_platform
from tests.support.plain_yaml import plain_yaml
from tests.support.project import Project, Run

PROGRAM = "from tests.support.broken_programs.program import main\n\nmain()\n"
PLATFORM, MADE_UP_CELL = "platform", "made-up cell"
BETAS_TAGS = Owner(cell="local", tenant="beta").tags("another")
PACK = ("--policy-pack", str(CLONE / "policies"))
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

    def run(self, case: str, *arguments: str, command: Sequence[str] = ("preview",)) -> Run:
        stack = "platform-local" if case == PLATFORM else "acme"
        with self.project(case) as project:
            return project.pulumi(*command, "--stack", stack, *PACK, *arguments)

    @contextmanager
    def project(self, case: str) -> Iterator[Project]:
        """One of the projects, whose program is the case's meanwhile."""
        project = self._free.get()
        try:
            project.environment[CASE_VARIABLE] = case
            yield project
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
    connect_betas_company(cloud)
    return name


def connect_betas_company(cloud: LocalCloud) -> None:
    """A VPN connection of tenant beta, as its stack would have made it."""
    ec2 = aws_client(cloud, "ec2")
    tags = Owner(cell="local", tenant="beta").tags("x")
    device = ec2.create_customer_gateway(Type="ipsec.1", IpAddress="198.51.100.99", BgpAsn=65000)
    connection = ec2.create_vpn_connection(
        Type="ipsec.1",
        CustomerGatewayId=device["CustomerGateway"]["CustomerGatewayId"],
        VpnGatewayId=ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"],
        Options={"StaticRoutesOnly": True},
        TagSpecifications=[
            {
                "ResourceType": "vpn-connection",
                "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
            }
        ],
    )["VpnConnection"]["VpnConnectionId"]
    ec2.create_vpn_connection_route(VpnConnectionId=connection, DestinationCidrBlock=BETAS_COMPANY)


def betas_other_network(cloud: LocalCloud) -> str:
    """A network of tenant beta in a range that nobody has claimed; its ID."""
    tags = [{"Key": key, "Value": value} for key, value in BETAS_TAGS.items()]
    made = aws_client(cloud, "ec2").create_vpc(
        CidrBlock=TAKEN, TagSpecifications=[{"ResourceType": "vpc", "Tags": tags}]
    )
    return str(made["Vpc"]["VpcId"])


def deployed_platform(project: Project, outputs: Mapping[str, object]) -> None:
    """Give the project's platform stack its outputs, as if it had been deployed."""
    stack, kind = "platform-local", "pulumi:pulumi:Stack"
    urn = f"urn:pulumi:{stack}::of-a-test::{kind}::of-a-test-{stack}"
    exported = json.loads(project.pulumi("stack", "export", "--stack", stack).check().text)
    root = {"urn": urn, "custom": False, "type": kind, "outputs": outputs}
    exported["deployment"]["resources"] = [root]
    file = project.folder / "platform.json"
    file.write_text(json.dumps(exported), encoding="utf-8")
    project.pulumi("stack", "import", "--stack", stack, "--file", str(file)).check()


@pytest.fixture(scope="module")
def previews(
    cloud: LocalCloud, claims: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Previews:
    """Previews, with those that the selected tests ask for started already."""
    assert claims
    projects, outputs = [], made_platform(lambda service: aws_client(cloud, service))
    taken = betas_other_network(cloud)
    for number in range(AT_A_TIME):
        folder = tmp_path_factory.mktemp(f"project{number}")
        backend = tmp_path_factory.mktemp(f"backend{number}")
        variables = {
            "PULUMI_BACKEND_URL": f"file://{backend}",
            "PYTHONPATH": str(CLONE),
            OUTPUTS_VARIABLE: json.dumps(outputs),
            TAKEN_VARIABLE: taken,
        }
        project = Project.of_program(folder, {**environment(cloud.state_dir), **variables}, PROGRAM)
        for stack in ("acme", "platform-local"):
            project.pulumi("stack", "init", stack).check()
        deployed_platform(project, outputs)
        projects.append(project)
    previews = Previews(projects)
    for item in request.session.items:
        if (
            isinstance(item, pytest.Function)
            and item.module is request.module
            and "case" in item.fixturenames
        ):
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


@pytest.mark.parametrize("case", [MADE_UP_CELL])
def test_a_cell_that_nobody_has_deployed_is_refused(previews: Previews, case: str) -> None:
    run = previews.of(case)
    assert run.code != 0, run.text
    assert {level for level, *_ in violations(run)} == {"mandatory"}, run.text
    assert "the outputs of platform-nowhere cannot be read" in " ".join(run.text.split())


IMPORTS_NOTHING = "a program declares what its stack has; it imports and reads rules that a move has opened"

# What each step of the breach is refused for.
STEPS = {
    "n": "a tenant's network lies in no company range of another tenant",
    "p": "peerVpcId of VpcPeeringConnection names a Vpc of this stack tagged network or the platform's",
    "t": "routeTableId of Route names a RouteTable of this stack",
    "r": "a company range overlaps no range that another tenant",
}


@pytest.mark.parametrize("case", [BREACH, *(f"{BREACH}{step}" for step in (*STEPS, "nptr"))])
def test_each_step_into_another_tenants_network_is_refused(previews: Previews, case: str) -> None:
    run, steps = previews.of(case), case.removeprefix(BREACH)
    assert (run.code != 0) == bool(steps), run.text
    said = " ".join(run.text.split())
    assert [step for step, words in STEPS.items() if words in said] == [*steps], run.text
    assert {level for level, *_ in violations(run)} <= {"mandatory"}, run.text


@pytest.mark.parametrize("case", [f"{BREACH}snptr"])
def test_what_a_program_says_over_its_resources_hides_no_step(previews: Previews, case: str) -> None:
    """Any program can register outputs of any resource."""
    run = previews.of(case)
    assert run.code != 0, run.text
    said = {name for *_, policy, _, name in violations(run) if policy == "only-known-resources"}
    assert said == {"network", "claim", "peering", "out", "back", "company"}, run.text
    assert "is not that which the program gives it" in " ".join(run.text.split()), run.text


def test_what_a_program_says_over_its_network_stops_that_update_and_the_next(
    previews: Previews, cloud: LocalCloud
) -> None:
    """Its row would otherwise go first: no policy would see that the network is in its range."""
    with previews.project(f"{BREACH}w") as project:
        for case, command in ((f"{BREACH}w", "up"), (f"{BREACH}c", "preview"), (f"{BREACH}c", "up")):
            project.environment[CASE_VARIABLE] = case
            options = ("--yes", "--skip-preview") if command == "up" else ()
            run = project.pulumi(command, *options, "--stack", "acme", *PACK)
            assert run.code != 0, run.text
            assert "cidrBlock of Vpc network is not that which the program gives it" in " ".join(
                run.text.split()
            )
        assert "10.1.2.0/26" in rows_of_acme(cloud)
        project.destroy("acme").check()


def test_an_organisation_can_make_a_policy_advisory(previews: Previews, tmp_path: Path) -> None:
    config = tmp_path / "policies.json"
    config.write_text(json.dumps({"company-gateway-public": "advisory"}), encoding="utf-8")
    run = previews.run("company-gateway-public", "--policy-pack-config", str(config))
    assert run.code == 0, run.text
    assert {each[:2] for each in violations(run)} == {("advisory", "company-gateway-public")}, run.text


@pytest.mark.parametrize("case", [f"{BREACH}i", f"{BREACH}ki"])
def test_an_import_of_another_tenants_network_is_refused_in_the_preview(
    previews: Previews, case: str
) -> None:
    """Whatever the program says to the pack before."""
    run = previews.of(case)
    assert run.code != 0, run.text
    assert {(level, policy) for level, policy, *_ in violations(run)} == {
        ("mandatory", "only-known-resources")
    }, run.text
    assert IMPORTS_NOTHING in " ".join(run.text.split()), run.text


def test_an_import_that_no_preview_was_shown_stops_the_update_before_aws_is_changed(
    previews: Previews, cloud: LocalCloud
) -> None:
    """The state has it then, and every update stops, until it is taken out."""
    with previews.project(f"{BREACH}ih") as project:
        stack = ("--stack", "acme")
        project.pulumi("preview", *stack, *PACK).check()
        run = project.pulumi("up", "--yes", "--skip-preview", *stack, *PACK)
        assert run.code != 0, run.text
        said = " ".join(run.text.split())
        assert IMPORTS_NOTHING in said, run.text
        [vpc] = aws_client(cloud, "ec2").describe_vpcs(Filters=[{"Name": "cidr", "Values": [TAKEN]}])["Vpcs"]
        assert {each["Key"]: each["Value"] for each in vpc["Tags"]} == BETAS_TAGS
        stopped = project.pulumi("preview", *stack, *PACK)
        assert stopped.code != 0, stopped.text
        assert "An import has brought it in here" in " ".join(stopped.text.split())
        [urn] = set(re.findall(r"pulumi state delete '(\S+)'", said))
        project.pulumi("state", "delete", urn, *stack, "--yes").check()
        project.pulumi("preview", *stack, *PACK).check()


def test_a_folder_that_may_be_of_two_projects_is_refused(previews: Previews) -> None:
    """The engine takes Pulumi.json, with the state of its project."""
    with previews.project(BREACH) as project:
        other = project.folder / "Pulumi.json"
        other.write_text(json.dumps(plain_yaml().load(project.folder / "Pulumi.yaml")), encoding="utf-8")
        run = project.pulumi("preview", "--stack", "acme", *PACK)
        other.unlink()
    assert run.code != 0, run.text
    assert f"Pulumi takes {other}, or may take it" in " ".join(run.text.split()), run.text


@pytest.mark.parametrize("main", ["../elsewhere", "linked"])
def test_a_program_in_the_folder_of_another_project_of_that_name_is_refused(
    previews: Previews, main: str
) -> None:
    """That one says another backend, and no reserved ranges."""
    with previews.project(f"{BREACH}o") as project:
        real, elsewhere = project.folder / "Pulumi.yaml", project.folder.parent / "elsewhere"
        text, link = real.read_text(encoding="utf-8"), project.folder / "linked"
        copytree(project.folder, elsewhere, symlinks=True)
        link.symlink_to(elsewhere, target_is_directory=True)
        real.write_text(f"{text}main: {main}\n", encoding="utf-8")
        run = project.pulumi("preview", "--stack", "acme", *PACK)
        real.write_text(text, encoding="utf-8")
        link.unlink()
        rmtree(elsewhere)
    assert run.code != 0, run.text
    assert f"Pulumi takes {real}, or may take it" in " ".join(run.text.split()), run.text


RESERVED = """config:
  tenantnet:reservedRanges:
    value:
      - cidr: 10.1.0.0/16
        purpose: data centre
"""


def test_a_program_takes_no_reserved_range_away(previews: Previews) -> None:
    with previews.project(f"{BREACH}y") as project:
        file = project.folder / "Pulumi.yaml"
        text = file.read_text(encoding="utf-8")
        file.write_text(f"{text}{RESERVED}", encoding="utf-8")
        run = project.pulumi("preview", "--stack", "acme", *PACK)
        assert file.read_text(encoding="utf-8") == text
    assert run.code != 0, run.text
    assert {each[:2] for each in violations(run)} == {("mandatory", "network-cidr-permitted")}, run.text


def test_a_provider_without_a_region_is_where_the_environment_says(previews: Previews) -> None:
    """It does not take the one in the stack's settings."""
    with previews.project(f"{BREACH}d") as project:
        project.pulumi("config", "set", "aws:region", "eu-west-1", "--stack", "acme").check()
        here = project.environment["AWS_REGION"]
        for region in ("us-east-1", here):
            project.environment["AWS_REGION"] = region
            run = project.pulumi("preview", "--stack", "acme", *PACK)
            assert (run.code == 0) == (region == here), run.text
            found = {("only-known-resources", "device")} if region != here else set()
            assert {(each[1], each[3]) for each in violations(run)} == found, run.text
        project.pulumi("config", "rm", "aws:region", "--stack", "acme").check()


def test_a_component_takes_no_networks_place_in_the_state(previews: Previews, cloud: LocalCloud) -> None:
    """AWS would keep it, and another tenant get its range."""
    with previews.project(f"{BREACH}o") as project:
        project.up("acme").check()
        project.environment[CASE_VARIABLE] = f"{BREACH}a"
        run = project.pulumi("up", "--yes", "--skip-preview", "--stack", "acme", *PACK)
        assert run.code != 0, run.text
        assert ("mandatory", "only-known-resources") in {each[:2] for each in violations(run)}, run.text
        assert "what takes the place of a resource in the state is of its type" in " ".join(run.text.split())
        project.destroy("acme").check()
    own = [{"Name": "cidr", "Values": ["10.1.2.0/26"]}]
    assert aws_client(cloud, "ec2").describe_vpcs(Filters=own)["Vpcs"] == []


def rows_of_acme(cloud: LocalCloud) -> list[str]:
    rows = aws_client(cloud, "dynamodb").scan(TableName=claims_table_name("local"))["Items"]
    return [row["cidr"]["S"] for row in rows if row["tenant"]["S"] == "acme"]


def test_a_row_does_not_go_before_the_network_in_its_range(previews: Previews, cloud: LocalCloud) -> None:
    """The provider would write the new row and delete the former, whatever comes of the network."""
    with previews.project(f"{BREACH}o") as project:
        project.up("acme").check()
        project.environment[CASE_VARIABLE] = f"{BREACH}c"
        for command in (("preview",), ("up", "--yes", "--skip-preview")):
            run = project.pulumi(*command, "--stack", "acme", *PACK)
            assert run.code != 0, run.text
            assert "a row of claims stays for as long as the stack has a network" in " ".join(
                run.text.split()
            )
        assert "10.1.2.0/26" in rows_of_acme(cloud)
        project.destroy("acme").check()
    assert "10.1.2.0/26" not in rows_of_acme(cloud)


@pytest.mark.parametrize("case", [f"{BREACH}v"])
def test_a_component_that_is_called_as_a_network_is_none(previews: Previews, case: str) -> None:
    """The engine says of neither whether it is one."""
    run = previews.of(case)
    assert run.code != 0, run.text
    assert {each[1:] for each in violations(run)} == {("only-known-resources", "aws:ec2:Vpc", "called")}, (
        run.text
    )
    assert "called is a component: AWS has no such Vpc" in " ".join(run.text.split()), run.text


@pytest.mark.parametrize("case", [f"{BREACH}e"])
def test_what_the_engine_keeps_of_a_provider_is_judged(previews: Previews, case: str) -> None:
    """It shows that to no policy that is asked for findings."""
    run = previews.of(case)
    assert run.code != 0, run.text
    assert {each[1:] for each in violations(run)} == {
        ("only-known-resources", "pulumi:providers:aws", "renamed")
    }, run.text
    assert "by env_var_mappings any variable" in " ".join(run.text.split()), run.text


def test_what_is_hidden_from_the_preview_stops_the_update_before_it_is_created(
    previews: Previews, cloud: LocalCloud
) -> None:
    """The last test: it leaves the network behind."""
    hidden = f"{BREACH}h"
    assert previews.run(hidden).code == 0
    run = previews.run(hidden, command=("up", "--yes", "--skip-preview"))
    assert run.code != 0, run.text
    assert "routeTableId of RouteTableAssociation names a RouteTable of this stack" in " ".join(
        run.text.split()
    )
    [vpc] = aws_client(cloud, "ec2").describe_vpcs(Filters=[{"Name": "cidr", "Values": ["10.1.2.0/26"]}])[
        "Vpcs"
    ]
    own = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
    tables = aws_client(cloud, "ec2").describe_route_tables(Filters=own)["RouteTables"]
    assert [
        each["SubnetId"] for table in tables for each in table["Associations"] if "SubnetId" in each
    ] == []
