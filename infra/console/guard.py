"""Who is let in to the console: its own pages, in the browser of the person who started it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from hmac import compare_digest
from http import HTTPStatus
from secrets import token_urlsafe

from starlette.datastructures import MutableHeaders, QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from tenantnet.console import words
from tenantnet.console.peer import owner
from tenantnet.refusal import Refusal, Refused, Rule

HOST = "127.0.0.1"
ROOT_USER = 0

CONSOLE_USER = Rule(
    id="console-user",
    rule="the console answers programs of the person who started it",
    reason="the connection is another user's of this machine",
    remedy="start a console of your own: tenantnet console",
)
CONSOLE_ADDRESS = Rule(
    id="console-address",
    rule="the console is asked at the address that it printed, {address}",
    reason="another name of this machine may be one that a stranger chose",
    remedy="open the address that `tenantnet console` printed",
)
CONSOLE_PAGES = Rule(
    id="console-pages",
    rule="what asks the console in a browser is a page of the console itself",
    reason="the browser says that another page, or none that it names, has asked",
    remedy="open the address that `tenantnet console` printed, and use the links and buttons there",
)
CONSOLE_TOKEN = Rule(
    id="console-token",
    rule="the token in the printed address is used once",
    reason="this one was used before, or is another console's",
    remedy="go on in the browser that used it; or end the console with Ctrl-C and start it again",
)
CONSOLE_SESSION = Rule(
    id="console-session",
    rule="a page is shown in the browser that opened the printed address",
    reason="this browser has no session of this console",
    remedy="open the address that `tenantnet console` printed; if it was used, start the console again",
)
CONSOLE_FORM = Rule(
    id="console-form",
    rule="a form that is sent is one that this console has shown",
    reason="it does not have the console's own token in it",
    remedy="open the page again, and send the form that is there",
)
CONSOLE_READ_ONLY = Rule(
    id="console-read-only",
    rule="a console that was started with --read-only takes no form",
    reason="this one was",
    remedy="use the command, or start a console without --read-only",
)
READS = frozenset({"GET", "HEAD"})
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    # Not `no-referrer`: with that a browser names no origin for a form.
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}
# After a redirection the browser would still count the page that had the link as asking, and send no cookie.
WELCOME = f"""\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{words.Page.name}</title>
<meta http-equiv="refresh" content="0; url=/"></head>
<body><main><h1>{words.Page.name}</h1><p><a href="/">{words.Page.to_tenants}</a></p></main></body></html>
"""


class Guard:
    """Everything that is asked passes here first. token: for the address that is printed.

    The application finds in a request's state the token that its forms must have, `csrf`, and what a form
    that was sent contains, `form`.
    """

    def __init__(self, app: ASGIApp, *, port: int, read_only: bool = False) -> None:
        self._app, self._port, self._read_only = app, port, read_only
        self._address = f"{HOST}:{port}"
        self._origin = f"http://{self._address}"
        # Cookies are one machine's, whatever the port: two consoles must not take each other's.
        self._cookie = f"tenantnet-console-{port}"
        self._session = token_urlsafe(32)
        self._csrf = token_urlsafe(32)
        self.token: str = token_urlsafe(32)
        self._token_used = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        answer = self._answer(request) or await self._answer_form(request) or self._app
        await answer(scope, receive, send_guarded)

    def _answer(self, request: Request) -> Response | None:
        """What is said instead of a page; None if the page may be shown."""
        if refusals := list(self._of_strangers(request)):
            return _refused(*refusals)
        if request.url.path == "/" and "token" in request.query_params:
            return self._open(request.query_params["token"])
        # Ports of one machine are one site, so the cookie alone does not say which of them asks.
        if request.headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
            return _refused(CONSOLE_PAGES.refuse(request.headers["sec-fetch-site"], "Sec-Fetch-Site"))
        if not _same(request.cookies.get(self._cookie, ""), self._session):
            return _refused(CONSOLE_SESSION.refuse_secret())
        return None

    async def _answer_form(self, request: Request) -> Response | None:
        """What is said to a form that is not the console's own; None if it is, or none was sent."""
        request.state.csrf = self._csrf
        if request.method in READS:
            return None
        if self._read_only:
            return _refused(CONSOLE_READ_ONLY.refuse(request.method))
        request.state.form = form = QueryParams((await request.body()).decode(errors="replace"))
        if not _same(form.get("csrf", ""), self._csrf):
            return _refused(CONSOLE_FORM.refuse_secret("csrf"))
        return None

    def _of_strangers(self, request: Request) -> Iterator[Refusal]:
        host, origin = request.headers.getlist("host"), request.headers.getlist("origin")
        if host != [self._address]:
            yield CONSOLE_ADDRESS.refuse(", ".join(host), "Host", address=self._address)
        if origin != [self._origin] and not (request.method in READS and not origin):
            yield CONSOLE_PAGES.refuse(", ".join(origin) or None, "Origin")
        client = request.client
        whose = owner((client.host, client.port), (HOST, self._port)) if client else None
        if whose not in {os.geteuid(), ROOT_USER}:
            yield CONSOLE_USER.refuse(whose, "user ID")

    def _open(self, token: str) -> Response:
        """Begin the session."""
        if self._token_used or not _same(token, self.token):
            return _refused(CONSOLE_TOKEN.refuse_secret("token"))
        self._token_used = True
        answer = HTMLResponse(WELCOME)
        answer.set_cookie(self._cookie, self._session, httponly=True, samesite="strict")
        return answer


def _same(given: str, expected: str) -> bool:
    return compare_digest(given.encode(), expected.encode())


def _refused(*refusals: Refusal) -> Response:
    return PlainTextResponse(f"{Refused('The request', refusals)}\n", HTTPStatus.FORBIDDEN)
