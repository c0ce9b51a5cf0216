"""A page of another site in a real browser, and that site, also as it is after its name was rebound."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

from tests.support.debian import install

# Names of what the packages of Debian and others put on the PATH.
PROGRAMS = ("chromium-headless-shell", "chromium", "google-chrome")
PACKAGES = ("chromium-headless-shell",)
# Loopback too, and not where the local cloud listens: the site can have the cloud's port.
SITE_ADDRESS = "127.0.0.2"
LIMIT_SECONDS = 60


def browser() -> str | None:
    """A Chromium, installed where there is none; None where it cannot be."""
    if not any(map(shutil.which, PROGRAMS)):
        install(PACKAGES)
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


class Site:
    """evil.example and every other name, with one page, whose script reports what its requests came to.

    What is asked of it besides is asked of the local cloud at its port, unchanged: that is what the browser's
    requests come to once the site's name resolves to 127.0.0.1.
    """

    def __init__(self, port: int, script: str) -> None:
        self.port, self.reports = port, Queue[Mapping[str, Any]]()
        self.page = f"<!doctype html><script type=module>{script}</script>".encode()
        self._server = ThreadingHTTPServer((SITE_ADDRESS, port), type("Own", (Handler,), {"site": self}))

    @contextmanager
    def serving(self) -> Iterator[Site]:
        Thread(target=self._server.serve_forever, daemon=True).start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()

    def visit(self, program: str, host: str, profile: Path) -> Mapping[str, Any]:
        """What the page reports to whoever opens it under a host name."""
        command = [
            *(program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
            *("--no-first-run", "--disable-background-networking", f"--user-data-dir={profile}"),
            *("--remote-debugging-port=0", f"--host-resolver-rules=MAP *.example {SITE_ADDRESS}"),
            f"http://{host}:{self.port}/page",
        ]
        quiet = subprocess.DEVNULL
        with subprocess.Popen(command, stdout=quiet, stderr=quiet, start_new_session=True) as process:
            try:
                return self.reports.get(timeout=LIMIT_SECONDS)
            finally:
                # Chromium's own children outlive their parent.
                os.killpg(process.pid, signal.SIGKILL)


class Handler(BaseHTTPRequestHandler):
    """Answers one request to the site. site: set in a class of each site's own."""

    site: Site

    def do_GET(self) -> None:
        if self.path == "/page":
            self._answer(200, self.site.page, "text/html")
        else:
            self._pass_on()

    def do_POST(self) -> None:
        if self.path == "/report":
            self.site.reports.put(json.loads(self._body()))
            self._answer(204, b"", "text/plain")
        else:
            self._pass_on()

    def do_PUT(self) -> None:
        self._pass_on()

    def do_OPTIONS(self) -> None:
        self._pass_on()

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))

    def _pass_on(self) -> None:
        cloud = HTTPConnection("127.0.0.1", self.site.port)
        cloud.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            cloud.putheader(name, value)
        cloud.endheaders(self._body())
        answer = cloud.getresponse()
        self._answer(answer.status, answer.read(), answer.headers.get_content_type())

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Nothing: the test looks at the reports."""
