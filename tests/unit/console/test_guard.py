"""Who gets nothing from a console: other names, other pages, other browsers, other users of the machine."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
from tenantnet.console import server
from tenantnet.console.guard import HEADERS
from tenantnet.failure import Failure
from tenantnet.settings.project import find_project

from tests.support.console import SCRIPTS, Console, running_console
from tests.support.small_settings import small_project

STRANGER = 65_534
# The system's: the one that runs the tests may be in a place that others may not enter.
PYTHON = "/usr/bin/python3"
CALL = """
import http.client, json, sys
port, target, headers = json.load(sys.stdin)
connection = http.client.HTTPConnection("127.0.0.1", port)
connection.request("GET", target, headers=headers)
print(connection.getresponse().status)
"""

LEAVE = """
import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as connection:
    connection.sendall(sys.stdin.read().encode())
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a platform, where there is neither an engine nor an account."""
    return small_project(tmp_path_factory.mktemp("project"))


def variables(project: Path) -> dict[str, str]:
    return {"HOME": str(project), "PATH": "/nowhere", "AWS_EC2_METADATA_DISABLED": "true"}


@pytest.fixture(scope="module")
def opened(project: Path) -> Iterator[Console]:
    """A console whose address was opened."""
    with running_console(project, variables(project)) as console:
        console.enter()
        yield console


@pytest.fixture
def fresh(project: Path) -> Iterator[Console]:
    """A console whose address nobody has opened."""
    with running_console(project, variables(project)) as console:
        yield console


def test_the_printed_address_opens_the_pages_once(fresh: Console) -> None:
    token = fresh.url.removeprefix(fresh.origin)
    assert fresh.ask(token[:-1]).status == 403
    welcome = fresh.enter()
    assert (welcome.status, "0; url=/" in welcome.text) == (200, True)
    assert fresh.ask("/").status == 200
    again = fresh.ask(token, Cookie=None)
    assert (again.status, again.headers["Set-Cookie"]) == (403, None)
    assert "used once" in again.text
    assert token.partition("=")[2] not in again.text


def test_the_cookie_is_the_browsers_alone(fresh: Console) -> None:
    attributes = {part.strip().lower() for part in fresh.enter().headers["Set-Cookie"].split(";")}
    assert {"httponly", "samesite=strict", "path=/"} <= attributes
    assert not [each for each in attributes if each.startswith(("domain", "expires", "max-age"))]


@pytest.mark.parametrize("target", ["/", "/tenants/acme", "/static/console.js", "/picture.css", "/nothing"])
@pytest.mark.parametrize("cookie", [None, "", "tenantnet-console-{port}=", "tenantnet-console-{port}=guess"])
def test_without_its_cookie_nothing_is_shown(opened: Console, target: str, cookie: str | None) -> None:
    answer = opened.ask(target, Cookie=cookie and cookie.format(port=opened.port))
    assert answer.status == 403
    assert "no session of this console" in answer.text


def test_another_name_gets_nothing(fresh: Console) -> None:
    """Such as one that a stranger's name server leads here."""
    port = fresh.port
    names = [
        "evil.example",
        f"evil.example:{port}",
        f"localhost:{port}",
        "127.0.0.1",
        f"127.0.0.1:{port}.example",
    ]
    for name in names:
        answer = fresh.ask(fresh.url.removeprefix(fresh.origin), Host=name)
        assert (answer.status, answer.headers["Set-Cookie"]) == (403, None)
    assert fresh.enter().status == 200, "no stranger has used the token up"
    assert {fresh.ask("/", Host=name).status for name in names} == {403}


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1:1", "https://127.0.0.1:{port}"],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_page_of_another_origin_gets_nothing(opened: Console, origin: str, method: str) -> None:
    answer = opened.ask("/tenants/acme/guides/vpn-1", method, Origin=origin.format(port=opened.port))
    assert answer.status == 403
    assert "page of the console itself" in answer.text


def test_a_form_of_nobody_knows_whom_gets_nothing(opened: Console) -> None:
    assert opened.ask("/tenants/acme/guides/vpn-1", "POST").status == 403
    own = opened.ask("/tenants/acme/guides/vpn-1", "POST", Origin=opened.origin)
    assert (own.status, "own token" in own.text) == (403, True), "it is of this page, which had no form"


@pytest.mark.parametrize("site", ["same-site", "cross-site"])
def test_what_another_page_shows_in_itself_it_does_not_get(opened: Console, site: str) -> None:
    """A page at another port of this machine is of the same site, so the browser sends the cookie."""
    assert opened.ask("/", Sec_Fetch_Site=site).status == 403
    assert opened.ask("/", Sec_Fetch_Site="same-origin").status == 200


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("forwarded", [{}, {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "http"}])
def test_another_user_of_the_machine_gets_nothing_even_with_the_cookie(
    opened: Console, forwarded: dict[str, str]
) -> None:
    asked = json.dumps([opened.port, "/", {**opened.headers, **forwarded}])
    for user, status in ((0, "200"), (STRANGER, "403")):
        done = subprocess.run(
            [PYTHON, "-c", CALL], input=asked, user=user, cwd="/", capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == status


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_who_has_gone_before_the_request_is_read_gets_nothing(fresh: Console) -> None:
    """A socket that its program has closed is listed as root's; what it asks for would still be done."""
    token = fresh.url.removeprefix(fresh.origin)
    request = f"GET {token} HTTP/1.1\r\nHost: 127.0.0.1:{fresh.port}\r\n\r\n"
    fresh.process.send_signal(signal.SIGSTOP)
    subprocess.run(
        [PYTHON, "-c", LEAVE, str(fresh.port)], input=request, user=STRANGER, cwd="/", text=True, check=True
    )
    fresh.process.send_signal(signal.SIGCONT)
    assert fresh.ask(token).status == 200, "no stranger has used the token up"


@pytest.mark.parametrize("target", ["/", "/nothing", "/tenants/acme", "/static/console.css"])
@pytest.mark.parametrize("cookie", ["own", "none"])
def test_every_answer_has_the_headers_that_keep_it_here(opened: Console, target: str, cookie: str) -> None:
    answer = opened.ask(target) if cookie == "own" else opened.ask(target, Cookie=None)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "unsafe" not in HEADERS["content-security-policy"]


def test_no_page_has_a_script_or_a_style_in_itself(opened: Console) -> None:
    for target in ("/", "/tenants/acme", "/nothing"):
        text = opened.ask(target).text
        assert "<style" not in text
        assert "style=" not in text
        assert " on" not in [word[:3] for word in text.split("=")]
        assert re.findall("<script.*", text) == SCRIPTS


@pytest.mark.parametrize(
    ("target", "status", "words"),
    [
        ("/tenants/acme", 503, ("Could not ask Pulumi.", "no `pulumi` on the path", "scripts/setup")),
        ("/tenants/acme/move", 400, ("acme", "there is no tenant acme", "there is no tenant yet")),
        ("/platforms/platform-eu1/claims", 503, ("Could not ask Pulumi.",)),
        ("/platforms/platform-eu2", 400, ("did you mean platform-eu1?",)),
        ("/tenants/A%00b", 400, ("there is no tenant",)),
        (f"/tenants/{'a' * 300}", 400, ("there is no tenant",)),
        ("/tenants/%3Cscript%3E", 400, ("&lt;script&gt;",)),
        ("/tenants", 404, ("There is no such page.",)),
        ("/static/../guard.py", 404, ("There is no such page.",)),
    ],
)
def test_what_cannot_be_shown_is_a_page_that_says_why(
    opened: Console, target: str, status: int, words: tuple[str, ...]
) -> None:
    answer = opened.ask(target)
    assert answer.status == status
    for word in (*words, "Remedy"):
        assert word in answer.text
    assert "Traceback" not in answer.text


def test_a_system_that_does_not_say_who_asks_has_no_console(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as macOS: whatever asked would meet a page that says nothing."""
    monkeypatch.setattr(server, "CONNECTIONS", tmp_path / "tcp")
    with pytest.raises(Failure, match="does not say whose program asks"):
        server.serve(find_project(project), port=0, read_only=True, ready=print)


def test_a_port_that_is_taken_is_said(opened: Console, project: Path) -> None:
    done = subprocess.run(
        [*opened.process.args, "--port", str(opened.port)],  # type: ignore[misc]
        cwd=project,
        env=variables(project),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "Address already in use" in done.stderr
    assert "--port 0" in done.stderr


def test_it_listens_on_loopback_only_and_ends_with_ctrl_c(fresh: Console) -> None:
    tables = [Path("/proc/net", table).read_text().splitlines()[1:] for table in ("tcp", "tcp6")]
    places = [line.split()[1] for line in chain.from_iterable(tables)]
    port = f"{fresh.port:04X}"
    assert [place for place in places if place.endswith(f":{port}")] == [f"0100007F:{port}"]
    fresh.process.send_signal(signal.SIGINT)
    assert fresh.process.wait(timeout=30) == 0
    assert fresh.process.stdout
    assert fresh.process.stdout.read() == ""
