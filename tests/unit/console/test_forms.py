"""Forms of the console where there is neither an engine nor an account: what they show, write and refuse."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from starlette.datastructures import QueryParams
from tenantnet.console.forms import schedule_form
from tenantnet.settings.models import TenantSettings
from tenantnet.tags import Strategy

from tests.support.console import SCRIPTS, Console, running_console
from tests.support.desk import Desk
from tests.support.small_settings import ACME_SERVED as TENANT

OSLO = "/tenants/acme/connections/delete?network=blue&company=192.168.4.0%2F24"
FORMS = ("connections/add", "connections/delete", "networks/add", "move/schedule", "move/cancel")


@pytest.fixture
def desk(project: Desk) -> Desk:
    """The project with a tenant of two companies, as if nobody had edited it."""
    project.settings("acme").unlink(missing_ok=True)
    project.settings("acme").write_text(TENANT)
    return project


def test_the_difference_is_shown_first_and_written_then(console: Console, desk: Desk) -> None:
    shown = console.ask(OSLO)
    assert shown.status == 200
    removed = "-          - {companyCidr: 192.168.4.0/24, companyGatewayIp: 198.51.100.7, description: Oslo}"
    assert f'<span class="down">{removed}</span>' in shown.text
    assert "+++ tenants/Pulumi.acme.yaml" in shown.text
    assert "&lt;b&gt;Bergen" in shown.text
    assert desk.settings("acme").read_text() == TENANT
    written = console.send(OSLO, {"do": "write"})
    assert (written.status, "tenantnet up acme" in written.text) == (200, True)
    assert desk.settings("acme").read_text() == TENANT.replace(f"{removed[1:]}\n", "")


def test_what_a_form_writes_is_what_the_command_writes(console: Console, desk: Desk) -> None:
    console.send(OSLO, {"do": "write"})
    by_form = desk.settings("acme").read_text()
    desk.settings("acme").write_text(TENANT)
    assert desk.tenantnet("vpn delete acme 192.168.4.0/24").code == 0
    assert desk.settings("acme").read_text() == by_form


def test_what_was_not_shown_is_not_written(console: Console, desk: Desk) -> None:
    hidden = console.hidden(console.ask(OSLO))
    edited = TENANT.replace("10.1.2.0", "10.1.3.0")
    desk.settings("acme").write_text(edited)
    answer = console.ask(OSLO, "POST", {**hidden, "do": "write"}, Origin=console.origin)
    assert "Nothing was written" in answer.text
    assert desk.settings("acme").read_text() == edited
    again = {**hidden, **console.hidden(answer), "do": "write"}
    assert "was written" in console.ask(OSLO, "POST", again, Origin=console.origin).text
    assert "10.1.3.0" in desk.settings("acme").read_text()


def test_writing_twice_writes_once(console: Console, desk: Desk) -> None:
    form = {**console.hidden(console.ask(OSLO)), "do": "write"}
    console.ask(OSLO, "POST", form, Origin=console.origin)
    written = desk.settings("acme").read_text()
    again = console.ask(OSLO, "POST", form, Origin=console.origin)
    assert (again.status, "no VPN connection of acme" in again.text) == (400, True)
    assert desk.settings("acme").read_text() == written


def test_another_change_than_the_one_that_was_shown_is_not_written(console: Console, desk: Desk) -> None:
    answer = console.send(OSLO, {"company": "192.168.8.0/24", "do": "write"})
    assert "Nothing was written" in answer.text
    assert desk.settings("acme").read_text() == TENANT


@pytest.mark.usefixtures("desk")
def test_no_form_has_a_script_or_a_style_in_itself(console: Console) -> None:
    for target in (OSLO, "/tenants/acme/connections/add"):
        text = console.ask(target).text
        assert "<form" in text
        assert "<style" not in text
        assert "style=" not in text
        assert re.findall("<script.*", text) == SCRIPTS


@pytest.mark.parametrize("token", [None, "", "guess"])
@pytest.mark.parametrize("form", [*FORMS, "guides/vpn-1"])
def test_a_form_without_the_consoles_token_is_refused(
    console: Console, desk: Desk, form: str, token: str | None
) -> None:
    sent = {"do": "write"} if token is None else {"do": "write", "csrf": token}
    answer = console.ask(f"/tenants/acme/{form}", "POST", sent, Origin=console.origin)
    assert (answer.status, "own token" in answer.text) == (403, True)
    assert desk.settings("acme").read_text() == TENANT


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example"])
def test_a_form_of_another_page_is_refused_even_with_the_token(
    console: Console, desk: Desk, origin: str | None
) -> None:
    answer = console.send(OSLO, {"do": "write"}, Origin=origin)
    assert (answer.status, "page of the console itself" in answer.text) == (403, True)
    assert desk.settings("acme").read_text() == TENANT


def test_another_consoles_token_is_refused(console: Console, desk: Desk) -> None:
    hidden = console.hidden(console.ask(OSLO))
    with running_console(desk.folder, desk.variables) as other:
        other.enter()
        assert other.ask(OSLO, "POST", {**hidden, "do": "write"}, Origin=other.origin).status == 403
    assert desk.settings("acme").read_text() == TENANT


def test_a_read_only_console_has_no_form_and_takes_none(desk: Desk) -> None:
    with running_console(desk.folder, desk.variables, "--read-only") as console:
        console.enter()
        for form in FORMS:
            page = console.ask(f"/tenants/acme/{form}")
            assert (page.status, "<form" in page.text) == (404, False)
        answer = console.ask(OSLO, "POST", {"do": "write"}, Origin=console.origin)
        assert (answer.status, "--read-only" in answer.text) == (403, True)
        assert "Schedule a move" not in console.ask("/tenants/acme").text
    assert desk.settings("acme").read_text() == TENANT


def test_a_file_that_may_not_be_written_is_left(console: Console, desk: Desk) -> None:
    desk.settings("acme").chmod(0o444)
    answer = console.send(OSLO, {"do": "write"})
    assert (answer.status, "chmod u+w" in answer.text) == (400, True)
    assert desk.settings("acme").read_text() == TENANT


def test_an_invalid_file_is_said_before_anything_is_filled_in(console: Console, desk: Desk) -> None:
    desk.settings("acme").write_text(TENANT.replace("172.17.5.0/24", "172.17.5.0/25"))
    answer = console.ask("/tenants/acme/connections/add")
    assert (answer.status, "sessionSubnet" in answer.text, "<form" in answer.text) == (400, True, False)


@pytest.mark.usefixtures("desk")
def test_a_network_that_is_none_is_refused_at_its_field_with_what_was_typed(console: Console) -> None:
    typed = {"network": "red", "description": '"Åre"', "companyCidr": "10.0.0.0/8", "companyGatewayIp": "x"}
    answer = console.send("/tenants/acme/connections/add", typed)
    assert answer.status == 400
    about = answer.text.partition('<div id="network-about">')[2].partition('id="description"')[0]
    assert "blue, green" in about
    kept = {html.unescape(value) for value in re.findall(r' value="([^"]*)"', answer.text)}
    assert {'"Åre"', "10.0.0.0/8", "x"} <= kept


def test_a_move_goes_as_the_command_would_choose_unless_somebody_says_how(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Strategy | None] = []
    monkeypatch.setattr(
        "tenantnet.console.forms.schedule_move", lambda *_, strategy, **__: asked.append(strategy)
    )
    settings = TenantSettings.model_construct(networks={})
    monkeypatch.setattr("tenantnet.console.forms.read_tenant", lambda *_: (None, settings))
    nowhere: Any = None
    form = schedule_form(nowhere, "acme")
    (strategy,) = [field for field in form.fields if field.name == "strategy"]
    assert next(iter(strategy.options)) == strategy.value
    for given in (strategy.value, "snapshot"):
        form.proposed(QueryParams({"strategy": given}))
    assert asked == [None, Strategy.SNAPSHOT]
