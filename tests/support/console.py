"""`tenantnet console` as people run it, and what a browser would ask of it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from tests.support.clone import CLONE
from tests.support.desk import TENANTNET
from tests.support.processes import Begun

PICTURES = CLONE / "docs" / "images" / "console"
# The picture of a move is as wide.
PICTURE_WIDTH = 1040
# Each page, with the name of its picture in the docs; empty for one without.
PAGES: Mapping[str, str] = {
    "/": "tenants",
    "/tunnels": "tunnels",
    "/platforms/platform-eu1": "platform",
    "/platforms/platform-eu1/claims": "claims",
    "/tenants/acme": "tenant",
    "/pages/vpn.md": "",
    "/tenants/acme/move": "",
    "/tenants/initech/move": "move",
    "/tenants/acme/topology": "topology",
    "/tenants/acme/guides/{connection}": "guide",
    "/tenants/nobody": "",
    "/tenants/acme/drift": "drift",
    "/tenants/acme/isolation": "isolation",
    "/tenants/globex/connections/add": "form",
    "/tenants/globex/connections/delete?network=blue&company=192.168.12.0%2F24": "difference",
    "/tenants/hooli/networks/add": "",
    "/tenants/globex/move/schedule": "schedule",
    "/tenants/globex/move/cancel": "",
}
# A page's only ones, each a file of the console.
SCRIPTS = [f'<script src="/static/{name}" defer></script>' for name in ("htmx.min.js", "console.js")]
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


def picture_name(target: str, colours: str) -> str:
    """The name of a page's picture in these colours; empty where there is none. One page is shown in both."""
    name = PAGES[target]
    return name if colours == "light" else "tenant-dark" if name == "tenant" else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the console answers."""

    status: int
    headers: HTTPMessage
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode()


@dataclass(slots=True, kw_only=True)
class Console:
    """A console that runs. url: the one that it printed, with the token. headers: sent with each request."""

    url: str
    process: Begun[str]
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 0

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def enter(self) -> Answer:
        """Open the printed address, and keep the cookie."""
        answer = self.ask(self.url.removeprefix(self.origin))
        self.headers["Cookie"] = answer.headers["Set-Cookie"].partition(";")[0]
        return answer

    def send(self, target: str, form: Mapping[str, str | Sequence[str]], **headers: str | None) -> Answer:
        """Fill in the form at `target` and send it, as a browser does: with what is hidden in it."""
        hidden = self.hidden(self.ask(target))
        return self.ask(target, "POST", {**hidden, **form}, **{"Origin": self.origin, **headers})

    @staticmethod
    def hidden(page: Answer) -> dict[str, str]:
        """What the page's form sends without being seen, such as the token."""
        return dict(HIDDEN.findall(page.text))

    def ask(
        self,
        target: str,
        method: str = "GET",
        form: Mapping[str, str | Sequence[str]] | None = None,
        **headers: str | None,
    ) -> Answer:
        """headers: in place of the console's own, by names such as `Sec_Fetch_Site`; None leaves one out."""
        changed = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"Host": f"127.0.0.1:{self.port}", **self.headers, **changed}
        connection = HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.putrequest(method, target, skip_host=True)
            body = urlencode(form, doseq=True).encode() if form is not None else b""
            for name, value in sent.items():
                if value is not None:
                    connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            return Answer(status=response.status, headers=response.headers, content=response.read())
        finally:
            connection.close()


@contextmanager
def running_console(folder: Path, variables: Mapping[str, str], *options: str) -> Iterator[Console]:
    """A console of the project in `folder`; it is ended with the block."""
    with Begun(
        [TENANTNET, "console", "--no-browser", *options],
        cwd=folder,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout
        lines = [process.stdout.readline(), process.stdout.readline()]
        assert "?token=" in lines[-1], lines
        yield Console(url=lines[-1].strip(), process=process)
        process.kill()
