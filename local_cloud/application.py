"""The WSGI application: the server's own paths under /_local, all else moto's with a log line a request."""

from __future__ import annotations

import io
import logging
import sys
import traceback
from collections import OrderedDict
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from functools import partial
from http import HTTPStatus
from threading import RLock
from time import perf_counter
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.request import Request as MotoRequest
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from tenantnet.local_cloud.errors import error, region_of, service_of
from tenantnet.local_cloud.faults import Effect, Fault, Faults, drop, has_gone
from tenantnet.local_cloud.gate import SIGNER
from tenantnet.local_cloud.iam.callers import caller_with_key
from tenantnet.local_cloud.iam.enforcement import Denied, denied
from tenantnet.local_cloud.iam.keys import Keys
from tenantnet.local_cloud.own_api import OWN_PATHS, OwnApi
from tenantnet.local_cloud.pace import one_moment
from tenantnet.local_cloud.recorder import Recorder
from tenantnet.local_cloud.state import ServerRecord, StateDir
from tenantnet.local_cloud.validation.check import refusal
from tenantnet.local_cloud.validation.request import ModelledCall, modelled_call
from tenantnet.permissions.record import Call
from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LOG = logging.getLogger("tenantnet.local")
# The SDKs try 500, 502, 503 and 504 again, for minutes; what fails here would fail each time.
FAILED = 501
KEPT_ANSWERS = 500
# Their calls wait: for servers, hosts or builds, which may call in their turn.
WAITING = ("rds", "ssm", "codebuild")


class Handler(MotoRequestHandler):
    """Serves one connection; the application writes the log, which knows what was called."""

    # Headers and body are two writes: with Nagle's algorithm the second waits 40 ms for the first's receipt.
    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


class Application:
    """Answers every request to the server."""

    def __init__(self, state: StateDir, record: ServerRecord, keys: Keys, recorder: Recorder | None) -> None:
        """recorder: where calls are recorded."""
        logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(message)s")
        self._faults, self._keys, self._recorder = Faults(), keys, recorder
        self._own = OwnApi(state, record, self._faults)
        self._moto = DomainDispatcherApplication(create_backend_app)
        # What moto lists must not change before it is written: it reads a dictionary as it writes the answer.
        self._turn = RLock()
        # An SDK sends a call once more whose answer it did not get; done twice, most calls would fail.
        self._done: OrderedDict[tuple[str, str, str], Response] = OrderedDict()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        if request.path.startswith(OWN_PATHS):
            return self._own(environ, start_response)
        body = request.get_data()
        environ["wsgi.input"] = io.BytesIO(body)
        call = _called(request, body)
        began = perf_counter()

        def answer(
            status: str, headers: list[tuple[str, str]], info: OptExcInfo | None = None
        ) -> Callable[[bytes], object]:
            LOG.info("%s %s %.0f ms", call, status[:3], 1000 * (perf_counter() - began))
            return start_response(status, headers, info)

        if fault := self._faults.strike(call, request, body):
            return self._astray(fault, request, call)(environ, answer)
        return self._answer_once(call, request)(environ, answer)

    def _answer_once(self, call: str, request: Request) -> Response:
        """What the call is answered; where its caller sends it again and it was done, the same again."""
        invocation = request.headers.get("amz-sdk-invocation-id", "")
        again = request.environ[SIGNER], call, invocation
        if known := self._done.get(again):
            LOG.info("%s was done already", call)
            return known
        response = Response.from_app(partial(self._answer, call), request.environ, buffered=True)
        if invocation and response.status_code < HTTPStatus.BAD_REQUEST:
            self._done[again] = response
            if len(self._done) > KEPT_ANSWERS:
                self._done.popitem(last=False)
        return response

    def _astray(self, fault: Fault, request: Request, call: str) -> Response:
        """What a call gets that meets a fault. Raises ConnectionAbortedError where it gets nothing."""
        serve = partial(Response.from_app, partial(self._answer, call), request.environ, buffered=True)
        done = serve() if fault.done else None
        match fault.effect:
            case Effect.ERROR:
                return error(request, fault.code, fault.message, fault.status)
            case Effect.DROP:
                drop(request)
            case Effect.HOLD:
                self._faults.hold(fault)
                if done is None and has_gone(request):
                    # It never reached the cloud: whoever sent it ended before it was let go.
                    drop(request)
        return done or serve()

    def _answer(self, call: str, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """What moto answers, or that it does not."""
        request = Request(environ)
        try:
            with self._turn:
                refused = self._refused(request, environ)
            if refused:
                return refused(environ, start_response)
            with nullcontext() if service_of(request) in WAITING else self._turn, one_moment():
                answered: Iterable[bytes] = self._moto(environ, start_response)
        except NotImplementedError:
            return error(request, "NotImplemented", f"The local cloud does not know {call}", FAILED)(
                environ, start_response
            )
        except Exception as broken:
            # Where it broke, but not the message: it may quote the request, and with it a password.
            frames = "".join(traceback.format_tb(broken.__traceback__))
            LOG.error("%s broke with %s\n%s", call, type(broken).__name__, frames)
            message = f"The local cloud broke on {call} with {type(broken).__name__}; its log says where"
            return error(request, "InternalFailure", message, FAILED)(environ, start_response)
        return answered

    def _refused(self, request: Request, environ: WSGIEnvironment) -> Response | None:
        """What AWS's front answers to who may not call, and to values of the wrong form."""
        call = modelled_call(service_of(request), MotoRequest(environ))
        environ["wsgi.input"].seek(0)
        self._record(request, call)
        if refused := self._denied(request, call):
            return error(request, refused.code, refused.message, refused.status)
        if call and (wrong := refusal(call)):
            return error(request, wrong.code, wrong.message, HTTPStatus.BAD_REQUEST)
        return None

    def _record(self, request: Request, call: ModelledCall | None) -> None:
        if self._recorder and call:
            caller = request.environ[SIGNER]
            self._recorder.write(Call(caller=caller, service=call.service, operation=call.operation))

    def _denied(self, request: Request, call: ModelledCall | None) -> Denied | None:
        """What IAM answers a user or a role that may not; the cloud's own key may everything."""
        key = request.environ[SIGNER]
        if self._keys.is_own(key):
            return None
        caller = caller_with_key(DEFAULT_ACCOUNT_ID, key)
        if caller is None or call is None:
            return Denied("AccessDenied", "Access Denied", HTTPStatus.FORBIDDEN)
        return denied(call, caller, region_of(request))


def _called(request: Request, body: bytes) -> str:
    """What is called, as `ec2 CreateVpc` or `route53 GET /2013-04-01/hostedzone`; never its parameters."""
    action = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
    if not action and request.mimetype == "application/x-www-form-urlencoded":
        action = parse_qs(body.decode(errors="replace")).get("Action", [""])[0]
    return f"{service_of(request)} {action or f'{request.method} {request.path}'}"
