"""`tenantnet console` over a tenant in the local cloud: what its pages show, by HTTP and in a browser."""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from html import unescape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Thread
from typing import Any
from zipfile import ZipFile

import boto3
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped] # it has no types
from mypy_boto3_dynamodb import DynamoDBClient
from playwright.sync_api import Page, expect, sync_playwright
from tenantnet.addresses.claims import Claim, ClaimKind
from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.phases.journal import Entry, Topic, What
from tenantnet.phases.memory import outputs_of
from tenantnet.phases.phases import Phase, State
from tenantnet.runner.journal_table import JournalTable
from tenantnet.stacks.outputs import PlatformOutputs
from tenantnet.tags import Slot, Strategy, claims_table_name
from tenantnet.tunnel.profiles import Profile, Profiles
from tenantnet.tunnel.records import KeeperState, ProcessId, Record, TunnelRecords

from tests.local_cloud.test_status_observe import make_network
from tests.local_cloud.test_vpn_commands import SEATTLE, make_connection, make_desk
from tests.support.aws import aws_client, journal_table
from tests.support.browser import browser
from tests.support.claims import WritableClaims
from tests.support.console import PAGES, PICTURE_WIDTH, PICTURES, Console, picture_name, running_console
from tests.support.desk import Desk
from tests.support.pictures import with_palette
from tests.support.processes import a_program
from tests.support.tunnels import TunnelSite
from tests.support.vpn_reading import guide_figures, xml_figures

REGION = "eu-west-1"
PLATFORM_OUTPUTS = {
    **{field.alias: "x" for field in PlatformOutputs.model_fields.values() if field.alias},
    "cell": "eu1",
    "region": REGION,
    "availabilityZones": [f"{REGION}a", f"{REGION}b"],
    "sharedSubnets": [],
    "runnerCompares": False,
    "claimsTable": claims_table_name("eu1"),
}
IDS = {"vpcId": "vpc-1", "pingHost": "10.1.2.42", "pingHostId": "i-1"}
KNOWN = {"cell": "eu1", "platform": "platform-eu1", "region": REGION, "endpoint": "acme.db.example.com"}
MOVING = {"phase": "fenced", "production": "blue", "strategy": "replica", "move": 1, "target": "green"}
OSLO = {"companyCidr": "192.168.12.0/24", "companyGatewayIp": "198.51.100.11", "description": "Oslo office"}
# Tenants between moves: globex has a Test network without a connection, hooli none. initech was moved.
NETWORKS: Mapping[str, Mapping[str, Any]] = {
    "globex": {"blue": {"cidr": "10.2.2.0/26", "vpnConnections": [OSLO]}, "green": {"cidr": "10.2.3.0/26"}},
    "hooli": {
        "blue": {"cidr": "10.2.4.0/26", "vpnConnections": [{**OSLO, "companyCidr": "192.168.16.0/24"}]}
    },
    "initech": {"blue": {"cidr": "10.2.5.0/26"}, "green": {"cidr": "10.2.6.0/26"}},
}
MOVED = State(phase=Phase.SWITCHED, production=Slot.GREEN, strategy=Strategy.REPLICA, move=1)
# A move that went well: minutes after its beginning, what happened then, and what figures are of.
MOVE: Sequence[tuple[float, What, Phase, float | None, str, Topic | None]] = (
    (0.0, What.BEGAN, Phase.REPLICATING, None, "make the replica in the other network", None),
    (9.0, What.REACHED, Phase.REPLICATING, 540.0, "", None),
    *(
        (9.5 + 3 * index, What.SEEN, Phase.REPLICATING, lag, f"the copy is {lag:.0f} s behind", Topic.LAG)
        for index, lag in enumerate((95.0, 88.0, 51.0, 22.0, 2.0, 0.0, 0.0))
    ),
    (30.0, What.BEGAN, Phase.FENCED, None, "hold back writes", None),
    (30.1, What.WRITES_STOPPED, Phase.FENCED, None, "", None),
    (30.2, What.REACHED, Phase.FENCED, 0.2, "RDS holds back writes from now on; reads go on", None),
    (30.4, What.SEEN, Phase.FENCED, 6.0, "the replica has all that the source has", Topic.LAG),
    (30.5, What.BEGAN, Phase.PROMOTED, None, "", None),
    (31.0, What.SEEN, Phase.FENCED, 6.0, "source and target hold the same data", Topic.COMPARISON),
    (31.3, What.WRITES_RESUMED, Phase.SWITCHED, None, "", None),
    (31.4, What.REACHED, Phase.SWITCHED, 24.0, "", None),
)
MOVE_BEGAN = datetime(2026, 11, 24, 1, tzinfo=UTC)
ZONE = "Europe/Amsterdam"
NIGHT = {"at": "2096-12-01T02:00", "timezone": ZONE, "strategy": "replica", "retireAfter": "24h"}
STAYS = {**NIGHT, "without": "Oslo office"}
CONNECTION = {**OSLO, "network": "green"}

# What differs each time: times of now, and ids.
SETTLE = """() => {
  for (const time of document.querySelectorAll("time")) {
    if (Date.now() - Date.parse(time.dateTime) > 86_400_000) continue;
    time.textContent = "2026-12-01 09:00:00 UTC";
    time.nextElementSibling.textContent = " (1 Dec 2026, 18:00:00, Asia/Tokyo)";
  }
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode;
    text.data = text.data.replace(/\\b(vpn|vpc|i|subnet)-[0-9a-f]{17}\\b/g, "$1-0a1b2c3d4e5f60718");
  }
}"""
# What a page of somebody else gets with the browser's own cookie: of a page, of a guide, of a picture.
TRY = """async ([origin, guide]) => {
  const how = {mode: "no-cors", credentials: "include"};
  const ask = (path, more) => fetch(origin + path, {...how, ...more}).then(() => "answer", () => "nothing");
  return [
    await ask("/tenants/acme"),
    await ask(guide, {method: "POST", body: "format=generic"}),
    await ask("/picture.css"),
  ];
}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """acme in a move, with a VPN connection to Seattle, and its console. keys: the connection's."""

    desk: Desk
    console: Console
    cloud: LocalCloud
    connection: str
    xml: str
    journal: JournalTable

    @property
    def keys(self) -> list[str]:
        return [figures["key"] for figures in xml_figures(self.xml)]

    def page(self, target: str) -> str:
        answer = self.console.ask(target.format(connection=self.connection))
        assert answer.status == 200, answer.text
        return answer.text


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    place = tmp_path_factory.mktemp("cloud")
    with LocalCloud(place, real_databases=False) as cloud, pytest.MonkeyPatch.context() as patch:
        variables = environment(cloud.state_dir)
        for name, value in variables.items():
            patch.setenv(name, value)
        patch.setattr(boto3, "DEFAULT_SESSION", None)
        ec2 = boto3.client("ec2", region_name=REGION)
        network = make_network(ec2, "acme", "blue", "10.1.2.0/26")
        ec2.create_tags(
            Resources=[network],
            Tags=[{"Key": "tenantnet:cell", "Value": "eu1"}, {"Key": "Name", "Value": "acme-blue"}],
        )
        connection = make_connection(ec2, network)
        [described] = ec2.describe_vpn_connections(VpnConnectionIds=[connection])["VpnConnections"]
        folder = tmp_path_factory.mktemp("desk") / "clone"
        desk = make_desk(folder, variables, connection)
        desk.leave_outputs("platform-eu1", PLATFORM_OUTPUTS)
        desk.leave_outputs("acme", _outputs(connection))
        for number, (tenant, networks) in enumerate(NETWORKS.items()):
            settings = {
                "platform": "platform-eu1",
                "sessionSubnet": f"172.17.{10 + number}.0/24",
                "database": {"username": "admin1"},
                "networks": networks,
            }
            desk.add_stack(tenant, {"aws:region": REGION, "tenantnet:tenant": settings}, _steady(networks))
        desk.leave_outputs("initech", {**_steady(NETWORKS["initech"]), **outputs_of(MOVED)})
        _keep_tunnels(folder / ".config" / "tenantnet")
        # The systemd of the user, who is in no session here.
        desk.variables["PATH"] = (
            f"{a_program(folder / 'bin' / 'systemctl', '').parent}:{desk.variables['PATH']}"
        )
        dynamodb = boto3.client("dynamodb", region_name=REGION)
        with _tables(dynamodb), running_console(folder, desk.variables) as console:
            console.enter()
            yield Office(
                desk=desk,
                console=console,
                cloud=cloud,
                connection=connection,
                xml=described["CustomerGatewayConfiguration"],
                journal=JournalTable(dynamodb, "eu1", "acme"),
            )


def _outputs(connection: str) -> Mapping[str, Any]:
    blue = {"cidr": "10.1.2.0/26", **IDS, "vpnConnections": [{**SEATTLE, "id": connection}]}
    return {**KNOWN, **MOVING, "networks": {"blue": blue, "green": {"cidr": "10.9.8.64/26", **IDS}}}


def _steady(networks: Mapping[str, Mapping[str, Any]], green_id: str = "vpn-2") -> Mapping[str, Any]:
    """The outputs of a tenant whose settings are deployed. green_id: of its Test network's connection."""
    ids = {"blue": "vpn-1", "green": green_id}
    deployed = {
        slot: {
            "cidr": network["cidr"],
            **IDS,
            "vpnConnections": [{**each, "id": ids[slot]} for each in network.get("vpnConnections", ())],
        }
        for slot, network in networks.items()
    }
    return {**KNOWN, "phase": "steady", "production": "blue", "networks": deployed}


@contextmanager
def _tables(dynamodb: DynamoDBClient) -> Iterator[None]:
    """A journal with a move whose writes are held back, and two claims, of which one is nobody's."""
    table = claims_table_name("eu1")
    dynamodb.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "cidr", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "cidr", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    claims = WritableClaims(dynamodb, "eu1")
    for stack, cidr in (("acme", "10.1.2.0/26"), ("gone", "10.7.7.0/26")):
        claims.claim(Claim(cidr=cidr, tenant=stack, stack=stack, kind=ClaimKind.NETWORK, slot="blue"))
    dynamodb.put_item(TableName=table, Item={"cidr": {"S": "10.8.8.0/26"}, "note": {"S": "<b>mine</b>"}})
    with journal_table(dynamodb, "eu1"):
        journal = JournalTable(dynamodb, "eu1", "acme")
        for minute, what in ((0, What.BEGAN), (5, What.WRITES_STOPPED), (6, What.REACHED)):
            journal.write(_entry(minute, what))
        moved = JournalTable(dynamodb, "eu1", "initech")
        for minutes, what, phase, seconds, note, topic in MOVE:
            moved.write(
                Entry(
                    at=MOVE_BEGAN + timedelta(minutes=minutes),
                    move=1,
                    what=what,
                    phase=phase,
                    who="ada",
                    seconds=seconds,
                    note=note,
                    topic=topic,
                )
            )
        yield


def _keep_tunnels(folder: Path) -> None:
    """A profile, and a tunnel without one that another shell keeps open: this process stands for it."""
    place = {"region": REGION, "target": "i-0a1b2c3d4e5f60718"}
    acme = {"name": "acme", "document": "eu1-acme-tunnel", "local_port": 2201, "automatic": True}
    globex = {"name": "globex", "document": "eu1-globex-tunnel", "local_port": 2202}
    Profiles(folder).put(Profile.model_validate({**place, **acme}))
    keeper = ProcessId.of(os.getpid())
    assert keeper
    profile = Profile.model_validate({**place, **globex})
    TunnelRecords(folder).write(Record(profile=profile, keeper=keeper, state=KeeperState.OPEN))


def _entry(minute: int, what: What) -> Entry:
    at = datetime(2026, 11, 24, 9, minute, tzinfo=UTC)
    return Entry(at=at, move=1, what=what, phase=Phase.FENCED, who="ada", note="a <i>note</i>")


def test_the_tenants_are_listed_with_their_platform(office: Office) -> None:
    text = office.page("/")
    assert '<a href="/tenants/acme">acme</a>' in text
    assert '<a href="/platforms/platform-eu1">' in text
    assert "acme</a></th>" in office.page("/platforms/platform-eu1")


def test_a_settings_file_that_cannot_be_read_hides_no_other_tenant(office: Office) -> None:
    file = office.desk.folder / "tenants" / "Pulumi.stark.yaml"
    file.write_text("config: [\n", encoding="utf-8")
    try:
        for target in ("/", "/platforms/platform-eu1"):
            text = office.page(target)
            assert '<a href="/tenants/acme">acme</a>' in text
            assert "tenants/Pulumi.stark.yaml: refused" in text
            assert "<dt>Remedy</dt>" in text
        listed = office.desk.tenantnet("fleet status acme stark --platform platform-eu1")
        assert (listed.code, "blue 10.1.2.0/26" in listed.out) == (1, True), listed
        assert "stark: tenants/Pulumi.stark.yaml: 1 problem" in listed.out
        assert office.console.send("/tenants/acme/drift", {}).status == 200
        of_stark = office.console.send("/tenants/stark/drift", {})
        assert (of_stark.status, "tenants/Pulumi.stark.yaml: refused" in of_stark.text) == (400, True)
    finally:
        file.unlink()


def test_a_tenants_page_shows_what_status_shows(office: Office) -> None:
    office.cloud.report_tunnel(office.connection, 1, "UP", "")
    office.cloud.report_tunnel(office.connection, 2, "DOWN", "IPSEC IS DOWN <script>")
    text = office.page("/tenants/acme")
    for words in (
        "acme.db.example.com",
        "fenced: writes are held back, or about to be",
        "<dt>Move</dt><dd>blue is Production; a move to green by replica is in phase fenced.",
        "10.1.2.42 running",
        "Migration In Progress",
        "Ready To Create",
        "Seattle office",
        office.connection,
        '<b class="up">UP</b>',
        '<b class="down">DOWN</b>',
        "IPSEC IS DOWN &lt;script&gt;",
        "Utrecht",
        "in the settings; the next update creates it",
        "<p>Seattle office (network blue): tunnel 2 is DOWN, and tunnel 1 carries everything.",
        '<a href="/pages/vpn.md#when-a-tunnel-is-down">When a tunnel is DOWN</a>.',
    ):
        assert words in text
    assert '<h2 id="when-a-tunnel-is-down">' in office.page("/pages/vpn.md")


def test_a_moves_page_shows_phases_plot_and_journal(office: Office) -> None:
    text = office.page("/tenants/acme/move")
    for words in (
        "blue is Production; a move to green by replica is in phase fenced.",
        '<li aria-current="step"><b>fenced</b> (now)',
        "to green, by replica, step 2 of 6",
        "writes held back: 2026-11-24 09:05:00 UTC to ",
        'class="held"',
        "<dt>The gap by its parts</dt>\n<dd>step to fenced 60.00 s</dd>",
        "a &lt;i&gt;note&lt;/i&gt;",
        '<time datetime="2026-11-24T09:05:00+00:00">2026-11-24 09:05:00 UTC</time>',
    ):
        assert words in text


def test_the_topology_is_the_drawing_with_its_style_beside_it(office: Office) -> None:
    text = office.page("/tenants/acme/topology")
    assert "Seattle office" in text
    assert "<svg" in text
    assert "<style" not in text
    assert "stroke" in office.page("/picture.css")


def test_the_claims_are_listed_with_what_is_wrong_with_them(office: Office) -> None:
    text = office.page("/platforms/platform-eu1/claims")
    for words in ("10.1.2.0/26", "10.7.7.0/26", "stack gone", "10.9.8.64/26", "row gone", "&lt;b&gt;mine"):
        assert words in text


def test_drift_is_looked_for_when_it_is_asked_for(office: Office) -> None:
    assert "difference" not in office.page("/tenants/acme/drift")
    answer = office.console.send("/tenants/acme/drift", {})
    assert answer.status == 200, answer.text
    assert re.search(
        "vpc vpc-[0-9a-f]+ has the tenant&#39;s tags, and the stack does not have it", answer.text
    )
    nobody = office.console.send("/tenants/nobody/drift", {})
    assert (nobody.status, "there is no tenant nobody" in nobody.text) == (400, True)


@pytest.mark.usefixtures("network")
def test_isolation_is_checked_when_it_is_asked_for_as_the_command_does(office: Office) -> None:
    assert "pairs of places are" not in office.page("/tenants/acme/isolation")
    answer = office.console.send("/tenants/acme/isolation", {})
    assert answer.status == 200, answer.text
    text, found = unescape(answer.text), json.loads(office.desk.tenantnet("isolation check acme --json").out)
    faults = found["faults"]
    assert f"{len(faults)} of {found['pairs']} pairs of places are not as intended." in text
    for each in (*faults, *found["passes"]):
        assert f"<td>{each['from']}</td><td>{each['to']}</td>" in text
    where = {place for each in faults for finding in each["findings"] for place in finding["where"]}
    assert where
    assert all(place in text for place in where)
    nobody = office.console.send("/tenants/nobody/isolation", {})
    assert (nobody.status, "there is no tenant nobody" in nobody.text) == (400, True)


def test_a_network_that_lost_its_tag_is_an_error_of_the_check_and_no_verdict(
    office: Office, network: str
) -> None:
    ec2, tag = boto3.client("ec2", region_name=REGION), {"Key": "tenantnet:cell", "Value": "eu1"}
    ec2.delete_tags(Resources=[network], Tags=[tag])  # type: ignore[list-item]
    try:
        done = office.desk.tenantnet("isolation check acme")
        answer = office.console.send("/tenants/acme/isolation", {})
    finally:
        ec2.create_tags(Resources=[network], Tags=[tag])  # type: ignore[list-item]
    needed = f"AWS describes no {network} with tenantnet:cell=eu1, tenantnet:tenant=acme"
    assert (done.code, done.out, needed in done.err) == (1, "", True), done.err
    assert (answer.status, needed in unescape(answer.text)) == (503, True), answer.text
    assert "pairs of places are" not in answer.text


def test_a_guide_is_downloaded_as_ec2_describes_the_connection(office: Office) -> None:
    target = f"/tenants/acme/guides/{office.connection}"
    form = office.page(target)
    assert 'value="cisco-systems-inc-' in form
    answer = office.console.send(target, {"format": "generic"})
    assert answer.status == 200, answer.text
    assert answer.headers["Content-Disposition"].startswith("attachment; ")
    assert answer.headers["Cache-Control"] == "no-store"
    assert guide_figures(answer.text) == xml_figures(office.xml)
    packed = office.console.send(target, {"format": "strongswan"})
    with ZipFile(BytesIO(packed.content)) as archive:
        [settings] = [name for name in archive.namelist() if name.endswith("/swanctl.conf")]
        assert all(key in archive.read(settings).decode() for key in office.keys)


def test_an_unknown_format_is_refused_on_a_page(office: Office) -> None:
    target = f"/tenants/acme/guides/{office.connection}"
    answer = office.console.send(target, {"format": "cisco"})
    assert (answer.status, "did you mean cisco-systems-inc-" in answer.text) == (400, True)
    assert "attachment" not in str(answer.headers)


@pytest.mark.parametrize(
    ("form", "filled", "said"),
    [
        (
            "globex/connections/add",
            {
                "network": "green",
                "companyCidr": "8.8.8.0/24",
                "companyGatewayIp": "10.0.0.1",
                "description": "",
            },
            {"companyCidr": "10.0.0.0/8", "companyGatewayIp": "public", "description": "characters"},
        ),
        ("globex/connections/add", {**CONNECTION, "companyCidr": "10.2.3.0/26"}, {"companyCidr": "overlap"}),
        ("hooli/networks/add", {"cidr": "10.1.2.0/26"}, {"cidr": "acme"}),
        ("globex/networks/add", {"cidr": "10.2.9.0/26"}, {"": "globex has green already"}),
        (
            "globex/move/schedule",
            {**NIGHT, "at": "", "timezone": "Amsterdam", "retireAfter": "5m"},
            {
                "at": "YYYY-MM-DDTHH:MM",
                "timezone": "did you mean Europe/Amsterdam",
                "retireAfter": "30d",
                "without": "it has no connection to green",
            },
        ),
        ("globex/move/schedule", {**STAYS, "at": "2020-12-01T02:00"}, {"at": "in the future"}),
        ("globex/move/schedule", {**STAYS, "at": "2096-03-25T02:30"}, {"at": "forward"}),
        ("globex/move/schedule", {**STAYS, "at": "2096-10-28T02:30"}, {"at": "twice"}),
        ("globex/move/schedule", {**NIGHT, "strategy": "luck"}, {"strategy": "replica, snapshot"}),
        ("globex/move/schedule", {**NIGHT, "without": "Paris"}, {"without": "blue has Oslo office"}),
        ("acme/move/schedule", NIGHT, {"": "has begun"}),
        ("globex/move/cancel", {}, {"": "no `migration`"}),
    ],
)
def test_a_form_says_what_is_wrong_at_the_field_and_keeps_what_was_typed(
    office: Office, form: str, filled: Mapping[str, str], said: Mapping[str, str]
) -> None:
    console, settings = office.console, office.desk.settings(form.partition("/")[0])
    before = settings.read_text()
    token = console.hidden(console.ask("/tenants/globex/connections/add"))
    answer = console.ask(
        f"/tenants/{form}", "POST", {**token, **filled, "do": "write"}, Origin=console.origin
    )
    assert answer.status == 400, answer.text
    at_top, _, fields = answer.text.partition("<form")
    for field, words in said.items():
        at_field = fields.partition(f'<div id="{field}-about">')[2].partition("aria-describedby")[0]
        for each in (words, "<dt>Rule</dt>", "<dt>Reason</dt>", "<dt>Remedy</dt>"):
            assert each in unescape(at_field if field else at_top)
    typed = {unescape(value) for value in re.findall(r' value="([^"]*)"', fields)}
    assert {*filled.values()} - {"luck", "Paris"} <= typed
    assert settings.read_text() == before


def test_what_is_in_the_way_of_a_move_is_said_before_anything_is_typed(office: Office) -> None:
    at_top, _, fields = office.page("/tenants/globex/move/schedule").partition("<form")
    assert "Rule" not in at_top
    assert "Oslo office (192.168.12.0/24) would lose the database" in fields
    assert "hooli has no network green" in office.page("/tenants/hooli/move/schedule").partition("<form")[0]


def test_a_new_network_has_a_free_range_and_a_connection_for_each_company(office: Office) -> None:
    target = "/tenants/hooli/networks/add"
    offered = re.findall(r'name="cidr" value="([^"]+)"', office.page(target))[0]
    typed = {"cidr": offered, "vpnConnections": "yes"}
    shown = office.console.send(target, typed)
    assert ">+      green:</span>\n" in shown.text
    assert "companyCidr: 192.168.16.0/24</span>" in shown.text
    form = {**office.console.hidden(shown), **typed, "do": "write"}
    written = office.console.ask(target, "POST", form, Origin=office.console.origin)
    assert "tenantnet up hooli" in written.text
    listed = office.desk.tenantnet("network list hooli --json").out
    assert (offered in listed, listed.count('"vpnConnections": 1')) == (True, 2)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "AWS did not answer"),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "there are no usable AWS credentials"),
        ({"PULUMI_BACKEND_URL": "file:///nowhere"}, "Could not read the outputs of acme"),
    ],
)
def test_what_is_missing_is_said_on_the_page(office: Office, changed: Mapping[str, str], words: str) -> None:
    with running_console(office.desk.folder, {**office.desk.variables, **changed}) as console:
        console.enter()
        answer = console.ask("/tenants/acme")
    assert (answer.status, words in answer.text, "<dt>Remedy</dt>" in answer.text) == (503, True, True)
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("target", [*PAGES, "/picture.css", "/static/console.js", "/static/htmx.min.js"])
def test_no_page_has_a_secret(office: Office, target: str) -> None:
    text = office.console.ask(target.format(connection=office.connection)).text
    for secret in (*office.keys, office.console.headers["Cookie"].partition("=")[2]):
        assert secret not in text


@pytest.fixture(scope="module")
def window(office: Office) -> Iterator[Page]:
    """A browser of somebody in Tokyo who likes it dark, with the session of the console."""
    program = browser()
    if program is None:
        pytest.skip("there is no Chromium, and none can be installed")
    name, _, value = office.console.headers["Cookie"].partition("=")
    # A page asks Pulumi and AWS, beside other tests.
    expect.set_options(timeout=60_000)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        context = chromium.new_context(timezone_id="Asia/Tokyo", locale="en-GB", color_scheme="dark")
        context.add_cookies([{"name": name, "value": value, "url": office.console.origin}])
        yield context.new_page()
        chromium.close()


@pytest.mark.parametrize("colours", ["dark", "light"])
@pytest.mark.parametrize("target", PAGES)
def test_axe_finds_nothing_and_the_page_fits_a_telephone(
    office: Office, window: Page, target: str, colours: Any
) -> None:
    """Its picture is for the docs: they get it where TENANTNET_WRITE_PICTURES is set."""
    window.emulate_media(color_scheme=colours)
    faults: list[str] = []
    window.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    window.set_viewport_size({"width": 320, "height": 640})
    window.goto(office.console.origin + target.format(connection=office.connection))
    assert window.evaluate("document.scrollingElement.scrollWidth") <= 320
    assert Axe().run(window).response["violations"] == []
    assert [each for each in faults if "status of 400" not in each] == []
    if name := picture_name(target, colours):
        window.set_viewport_size({"width": PICTURE_WIDTH, "height": 400})
        window.evaluate(SETTLE)
        taken = window.screenshot(full_page=True)
        if os.environ.get("TENANTNET_WRITE_PICTURES"):
            (PICTURES / f"{name}.png").write_bytes(with_palette(taken))


@pytest.mark.usefixtures("network")
def test_axe_finds_nothing_in_what_isolation_has_found(office: Office, window: Page) -> None:
    window.set_viewport_size({"width": 320, "height": 640})
    window.goto(f"{office.console.origin}/tenants/acme/isolation")
    window.get_by_role("button", name="Check at AWS").click()
    expect(window.get_by_role("status")).to_contain_text(
        "pairs of places are not as intended.", timeout=60_000
    )
    # The text is there before the style sheet is.
    window.wait_for_load_state()
    assert window.evaluate("document.scrollingElement.scrollWidth") <= 320
    assert Axe().run(window).response["violations"] == []


def test_times_have_the_readers_zone_beside_utc(office: Office, window: Page) -> None:
    window.goto(f"{office.console.origin}/tenants/acme/move")
    cell = window.locator("#figures tbody tr").nth(1).locator("td").first
    assert cell.inner_text() == "2026-11-24 09:05:00 UTC (24 Nov 2026, 18:05:00, Asia/Tokyo)"


def test_a_move_is_followed_without_loading_the_page(office: Office, window: Page) -> None:
    window.goto(f"{office.console.origin}/tenants/acme/move")
    window.evaluate("window.untouched = true")
    office.journal.write(_entry(7, What.WRITES_RESUMED))
    window.get_by_text("120.0 s", exact=True).wait_for(timeout=60_000)
    assert window.evaluate("window.untouched")


def test_the_tunnels_of_vpn_connections_are_followed_without_loading_the_page(
    office: Office, window: Page
) -> None:
    office.cloud.report_tunnel(office.connection, 2, "DOWN", "IPSEC IS DOWN")
    window.goto(f"{office.console.origin}/tenants/acme")
    window.evaluate("window.untouched = true")
    window.get_by_role("link", name="Guide for Seattle office, blue").focus()
    office.cloud.report_tunnel(office.connection, 2, "UP", "2 BGP ROUTES")
    window.get_by_text("2 BGP ROUTES").wait_for(timeout=60_000)
    expect(window.get_by_role("link", name="Guide for Seattle office, blue")).to_be_focused()
    assert window.evaluate("window.untouched")


def test_a_part_that_is_as_before_is_left_as_it_is(office: Office, window: Page) -> None:
    """With what is selected in it, and how far it is scrolled."""
    target = f"{office.console.origin}/tenants/initech/move"
    window.goto(target)
    window.evaluate("window.before = document.querySelector('#figures')")
    with window.expect_response(target, timeout=60_000) as answered:
        pass
    asked = answered.value.request.all_headers()
    assert (asked["sec-fetch-site"], asked["hx-request"]) == ("same-origin", "true")
    with window.expect_response(target, timeout=60_000):
        pass
    assert window.evaluate("window.before.isConnected")
    expect(window.locator("#figures .zone").first).to_contain_text("Asia/Tokyo")


def test_a_page_that_is_not_refreshed_any_more_says_so_until_it_is(office: Office, window: Page) -> None:
    target = f"{office.console.origin}/tenants/initech/move"
    window.goto(target)
    notice = window.get_by_text("This page is not refreshed any more.")
    expect(notice).to_be_hidden()
    for failing in (lambda route: route.abort(), lambda route: route.fulfill(status=503)):
        window.route(target, failing)
        expect(notice).to_be_visible()
        assert Axe().run(window).response["violations"] == []
        window.unroute(target)
        expect(notice).to_be_hidden()


def test_a_guide_takes_three_clicks_from_the_tenants(office: Office, window: Page, tmp_path: Path) -> None:
    window.goto(office.console.origin)
    window.get_by_role("link", name="acme", exact=True).click()
    window.get_by_role("link", name="Guide for Seattle office, blue").click()
    with window.expect_download() as begun:
        window.get_by_role("button", name="Download the guide").click()
    begun.value.save_as(tmp_path / "guide.md")
    assert begun.value.suggested_filename == f"acme-blue-{office.connection}-guide.md"
    assert guide_figures((tmp_path / "guide.md").read_text()) == xml_figures(office.xml)


def test_connection_guide_and_move_take_no_command_and_twelve_clicks(
    office: Office, window: Page, tmp_path: Path
) -> None:
    """The first field has the focus, and the keyboard leads on from field to field."""
    clicks = 0

    def click(role: Any, name: str) -> None:
        nonlocal clicks
        window.get_by_role(role, name=name, exact=True).click()
        clicks += 1

    window.goto(office.console.origin)
    click("link", "globex")
    click("link", "Add a VPN connection")
    expect(window.get_by_label("Network", exact=True)).to_be_focused()
    for typed in ("green", OSLO["description"], OSLO["companyCidr"], OSLO["companyGatewayIp"]):
        window.keyboard.type(typed)
        window.keyboard.press("Tab")
    click("button", "Show the difference")
    click("button", "Write it to tenants/Pulumi.globex.yaml")
    _deploy_green(office)
    click("link", "globex")
    click("link", "Guide for Oslo office, green")
    with window.expect_download() as begun:
        click("button", "Download the guide")
    begun.value.save_as(tmp_path / "guide.md")
    assert OSLO["companyGatewayIp"] in (tmp_path / "guide.md").read_text()
    click("link", "Schedule a move")
    expect(window.get_by_label("Time zone")).to_have_value("Asia/Tokyo")
    click("textbox", "Date and time at which writes are held back")
    window.get_by_label("Date and time").fill("2096-12-01T02:00")
    click("button", "Show the difference")
    main = window.locator("main")
    expect(main).to_contain_text("2096-11-30 17:00:00 UTC (1 Dec 2096, 02:00:00, Asia/Tokyo)")
    expect(main).to_contain_text("minutes of downtime")
    assert Axe().run(window).response["violations"] == []
    click("button", "Write it to tenants/Pulumi.globex.yaml")
    expect(main).to_contain_text("tenantnet up globex")
    assert "at: 2096-12-01T02:00\n" in office.desk.settings("globex").read_text()
    assert clicks <= 12


def _deploy_green(office: Office) -> None:
    """As the pipeline does it, with a device at the company that comes up."""
    ec2 = boto3.client("ec2", region_name=REGION)
    vpc = make_network(ec2, "globex", "green", "10.2.3.0/26")
    connection = make_connection(ec2, vpc, "globex", "green", OSLO)
    office.cloud.report_tunnel(connection, 1, "UP", "")
    green = {**NETWORKS["globex"]["green"], "vpnConnections": [OSLO]}
    office.desk.leave_outputs("globex", _steady({**NETWORKS["globex"], "green": green}, connection))


@pytest.fixture(scope="module")
def site(office: Office) -> TunnelSite:
    """A tunnel host and two networks, which the platform's outputs name, and acme's document."""
    site = TunnelSite.create(office.cloud, partial(aws_client, office.cloud))
    site.add_tenant("acme", "acme.db.example.com")
    ec2 = boto3.client("ec2", region_name=REGION)
    [host] = ec2.describe_instances(InstanceIds=[site.target])["Reservations"][0]["Instances"]
    there = {
        "tunnelHostId": site.target,
        "servicesVpcId": host["VpcId"],
        "sessionsVpcId": ec2.create_vpc(CidrBlock="172.17.0.0/16")["Vpc"]["VpcId"],
    }
    office.desk.leave_outputs("platform-eu1", {**PLATFORM_OUTPUTS, **there})
    return site


@pytest.fixture
def network(office: Office, site: TunnelSite) -> Iterator[str]:
    """The VPC of acme's only network, by AWS and, for as long as a test runs, by its stack."""
    ec2 = boto3.client("ec2", region_name=REGION)
    named: Any = [{"Name": "tag:Name", "Values": ["acme-blue"]}]
    [vpc] = [each["VpcId"] for each in ec2.describe_vpcs(Filters=named)["Vpcs"]]
    outputs = _outputs(office.connection)
    blue = {**outputs["networks"]["blue"], "vpcId": vpc}
    office.desk.leave_outputs("acme", {**outputs, "networks": {"blue": blue}})
    yield vpc
    office.desk.leave_outputs("acme", outputs)


@pytest.fixture
def tunnels(office: Office) -> Profiles:
    """The profiles of whoever runs the console."""
    return Profiles(office.desk.folder / ".config" / "tenantnet")


@pytest.mark.usefixtures("site")
def test_a_tunnel_is_added_started_and_stopped_without_a_command(
    office: Office, window: Page, tunnels: Profiles
) -> None:
    window.goto(office.console.origin)
    window.get_by_role("link", name="Tunnels").click()
    window.get_by_label("Tenant").select_option("acme")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    window.get_by_label("Port on this machine").fill(str(port))
    window.get_by_role("button", name="Add the tunnel").click()
    row = window.get_by_role("row", name=f"acme localhost:{port}")
    row.get_by_role("button", name="Start").press("Enter")
    expect(row).to_contain_text("Open since")
    assert Axe().run(window).response["violations"] == []
    assert f"localhost:{port}" in office.desk.tenantnet("tunnel status").out, "for every shell"
    socket.create_connection(("127.0.0.1", port)).close()
    row.get_by_role("button", name="Stop").click()
    expect(row).to_contain_text("does not run")
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    row.get_by_role("button", name="Connect automatically").click()
    window.get_by_role("button", name="Start those that connect automatically").click()
    expect(row).to_contain_text("Open since")
    row.get_by_role("button", name="Stop").click()
    expect(row).to_contain_text("does not run")
    assert tunnels.all()["acme"].automatic
    window.get_by_role("button", name="Connect automatically at login").click()
    expect(window.get_by_text("Those that connect automatically open at every login.")).to_be_visible()
    assert Axe().run(window).response["violations"] == []
    window.get_by_role("button", name="Open none at login").click()
    expect(window.get_by_text("No tunnels open at login.")).to_be_visible()


def test_the_page_says_why_a_tunnel_does_not_open(
    office: Office, tunnels: Profiles, site: TunnelSite
) -> None:
    def said(console: Console, document: str, port: int) -> str:
        place = {"region": REGION, "document": document, "target": site.target, "local_port": port}
        tunnels.put(Profile.model_validate({"name": "acme", **place}))
        answer = console.send("/tunnels", {"do": "start", "tunnel": "acme"})
        assert answer.status == 503, answer.text
        assert "Open since" not in answer.text
        assert "remedy" in answer.text.lower()
        return answer.text

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        text = said(office.console, "eu1-acme-tunnel", port)
    assert f"Could not open the tunnel acme: while binding to localhost:{port}" in text
    assert f"(pid {os.getpid()})" in text
    assert "tunnel acme: tunnel not found" in said(office.console, "eu1-acme-tunnel-of-old", port)
    bob = site.add_user("bob")
    keys = {"AWS_ACCESS_KEY_ID": bob.access_key, "AWS_SECRET_ACCESS_KEY": bob.secret_key}
    with running_console(office.desk.folder, {**office.desk.variables, **keys}) as console:
        console.enter()
        text = said(console, "eu1-acme-tunnel", port)
    assert "tunnel acme: access denied" in text
    assert "`tunnelUsers` in the tenant&#39;s settings" in text


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2"])
def test_a_page_of_another_origin_gets_nothing_though_the_browser_has_the_session(
    office: Office, window: Page, tmp_path: Path, address: str
) -> None:
    (tmp_path / "index.html").write_text("<!doctype html>")
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer((address, 0), handler) as stranger:
        Thread(target=stranger.serve_forever, daemon=True).start()
        window.goto(f"http://{address}:{stranger.server_port}/")
        guide = f"/tenants/acme/guides/{office.connection}"
        assert window.evaluate(TRY, [office.console.origin, guide]) == ["nothing"] * 3
        stranger.shutdown()
