"""How an update is seen: in a log, in a terminal, by programs."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console
from tenantnet.aws import types
from tenantnet.cli.up.view import JsonView, LineView, LiveView, View, about
from tenantnet.deployment.plan import Plan
from tenantnet.deployment.progress import Progress
from tenantnet.review.consequences import Consequences
from tenantnet.review.verdict import Verdict

from tests.unit.deployment.test_deployment import DATABASE, GROUP, RECORD, event, planned, state, urn

VPC = "aws:ec2/vpc:Vpc"
MEANS = Consequences(
    verdict=Verdict.DATABASE_DOWN, effects=["acme restarts"], changes=["changes database acme: class a → b"]
)


def plan() -> Plan:
    return planned(
        ("create", GROUP, "acme-blue"),
        ("update", DATABASE, "acme-blue"),
        ("create", RECORD, "acme"),
        waits={urn(RECORD, "acme"): [urn(DATABASE)]},
    )


def play(shown: View) -> None:
    """An update of which the first two resources are done."""
    progress = Progress(plan=plan())
    with shown.updating("acme", progress):
        for each in (
            event("resourcePreEvent", "create", GROUP, at=100),
            event("resOutputsEvent", "create", GROUP, at=101),
            event("resourcePreEvent", "update", DATABASE, at=101),
            event("resOutputsEvent", "update", DATABASE, at=200),
        ):
            shown.tick(progress.take(each))
    shown.end("acme", progress, 108)


def test_a_log_says_what_takes_long_as_it_begins_and_everything_as_it_ends(
    capsys: pytest.CaptureFixture[str],
) -> None:
    play(LineView())
    assert capsys.readouterr().out.splitlines() == [
        "Updating acme.",
        "[1/3] created rds SubnetGroup acme-blue (1 s)",
        "update rds Instance acme-blue: waits until RDS has changed it and reports `available` again "
        "(typically 15 min at AWS)",
        "[2/3] updated rds Instance acme-blue (1 min 39 s)",
        "acme is up to date: 1 created, 1 updated in 1 min 48 s.",
    ]


def test_programs_get_a_document_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    JsonView().made("acme", "the stack acme", "Pulumi.acme.yaml")
    JsonView().plan("acme", plan(), None, MEANS)
    play(JsonView())
    made, *documents = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert made == {"event": "made", "stack": "acme", "what": "the stack acme", "file": "Pulumi.acme.yaml"}
    assert [each["event"] for each in documents] == ["plan", "started", "done", "started", "done", "end"]
    assert documents[0]["changes"][1] == {
        "operation": "update",
        "type": DATABASE,
        "name": "acme-blue",
        "properties": ["instanceClass"],
    }
    assert (documents[0]["verdict"], documents[0]["effects"]) == ("database-down", ["acme restarts"])
    assert documents[-1]["changes"] == {"created": 1, "updated": 1}


def test_a_terminal_shows_what_runs_how_long_that_takes_and_what_comes_next() -> None:
    shown, progress = LiveView(), Progress(plan=plan())
    with shown.updating("acme", progress):
        progress.take(event("resourcePreEvent", "update", DATABASE, at=int(time.time()) - 65))
        screen = Console(width=160, record=True, file=StringIO())
        screen.print(shown._drawn())
        text = screen.export_text()
    assert "0 of 3 done" in text
    assert "of about 15 min" in text
    assert "until RDS has changed it" in text
    assert "then route53 Record acme" in text


def test_many_new_resources_are_told_by_their_kinds(capsys: pytest.CaptureFixture[str]) -> None:
    many = planned(*(("create", VPC, f"n{number}") for number in range(20)), ("delete", RECORD, "acme"))
    LineView().plan("acme", many, 108, MEANS)
    text = capsys.readouterr().out
    assert "acme: 20 to create, 1 to delete" in text
    assert re.search(r"Name, or how many\s+What differs", text)
    assert "n7" not in text
    assert "The stack's last update took 1 min 48 s." in text
    assert text.endswith(
        "This update: takes the database down\n- acme restarts\n- changes database acme: class a → b\n"
    )


def test_of_what_is_new_nothing_differs(capsys: pytest.CaptureFixture[str]) -> None:
    event_of_nothing = replace(planned(("create", VPC, "acme-blue")).changes[0], properties=())
    LineView().plan("acme", replace(plan(), changes=(event_of_nothing,)), None, MEANS)
    text = capsys.readouterr().out
    assert re.search(r"Resource\s+Name *$", text, re.MULTILINE)
    assert "differs" not in text


@pytest.mark.parametrize(
    ("stack", "endpoint", "retiring", "said"),
    [
        (
            "acme",
            "acme.db.example.com",
            False,
            "The database is at acme.db.example.com. Next: tenantnet open acme\n",
        ),
        ("acme", "acme.db.example.com", True, "Next: pulumi destroy --stack acme\n"),
        ("acme", None, False, ""),
        (
            "platform-eu1",
            None,
            False,
            "Next: tenantnet tenant add NAME --platform platform-eu1 --username NAME\n",
        ),
        ("platform-eu1", None, True, "Next: pulumi destroy --stack platform-eu1\n"),
    ],
)
def test_the_end_names_the_next_step(
    capsys: pytest.CaptureFixture[str], stack: str, endpoint: str | None, retiring: bool, said: str
) -> None:
    LineView().next_steps(stack, endpoint, retiring)
    assert capsys.readouterr().out == said


def test_a_platforms_end_names_tenants_that_have_settings_and_no_stack(
    capsys: pytest.CaptureFixture[str],
) -> None:
    LineView().next_steps("platform-eu1", None, retiring=False, waiting=["acme"])
    assert capsys.readouterr().out == "Next: tenantnet up acme --create\n"


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ({VPC: "acme-blue", types.DATABASE: "acme-blue"}, " Next: tenantnet open acme"),
        (
            {VPC: "acme-green"},
            "\nNetwork green is for a move: tenantnet migrate schedule acme --at TIME --timezone ZONE",
        ),
        ({types.ALARM: "acme-blue-CPUUtilization"}, " Next: tenantnet open acme"),
    ],
)
def test_a_network_without_a_database_leads_to_a_move(
    capsys: pytest.CaptureFixture[str], made: dict[str, str], said: str
) -> None:
    shown, progress = LineView(), Progress(plan=planned(*(("create", *each) for each in made.items())))
    with shown.updating("acme", progress):
        for kind, name in made.items():
            progress.take(event("resourcePreEvent", "create", kind, name, at=100))
            progress.take(event("resOutputsEvent", "create", kind, name, at=101))
    capsys.readouterr()
    shown.next_steps("acme", "acme.db.example.com", retiring=False)
    assert capsys.readouterr().out == f"The database is at acme.db.example.com.{said}\n"


@pytest.mark.parametrize(
    ("operation", "said"),
    [("create", True), ("create-replacement", True), ("update", False), ("delete", False)],
)
@pytest.mark.parametrize("with_network", [True, False])
def test_a_new_vpn_connection_comes_with_the_command_for_its_guide(
    capsys: pytest.CaptureFixture[str], operation: str, said: bool, with_network: bool
) -> None:
    vpn, shown = "aws:ec2/vpnConnection:VpnConnection", LineView()
    made = [(operation, vpn, "acme-blue-1"), (operation, vpn, "acme-blue-2")]
    made += [("create", VPC, "acme-blue")] if with_network else []
    progress = Progress(plan=planned(*made))
    with shown.updating("acme", progress):
        for does, kind, name in made:
            office = {
                **state(kind, name),
                "inputs": {"tags": {"tenantnet:description": f"Office {name[-1]}"}},
            }
            progress.take(event("resourcePreEvent", does, kind, name, at=100, new=office))
            progress.take(event("resOutputsEvent", does, kind, name, at=101, new=office))
    shown.next_steps("acme", "acme.db.example.com", retiring=False)
    told = capsys.readouterr().out
    for number in (1, 2):
        assert (
            f"  tenantnet vpn download acme 'Office {number}' --network blue --output DIR\n" in told
        ) is said
    assert ("a guide from before, if there was one, is of no use" in told) is (said and not with_network)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(45, "about 45 s"), (60, "about 1 min"), (138, "about 2 min"), (666, "about 11 min")],
)
def test_an_estimate_is_no_more_exact_than_it_is(seconds: int, said: str) -> None:
    assert about(seconds) == said


def test_an_update_without_changes_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    LineView().plan("acme", planned(), None, MEANS)
    assert capsys.readouterr().out == "acme: no resource changes.\n"
