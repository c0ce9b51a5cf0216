"""What stands before everything that the server does: only its user's own programs come in.

Builds run commands, so whoever may call may do what the user may. Another user of the machine has no secret.
A page in the user's browser has none either, and is refused for what browsers send before that matters.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING

from tenantnet.local_cloud.errors import error, in_xml, service_of
from tenantnet.local_cloud.iam.keys import Keys
from tenantnet.local_cloud.own_api import OWN_PATHS
from tenantnet.local_cloud.senders import foreign
from tenantnet.local_cloud.signatures import MESSAGES, Fault, Received, SignatureRefusedError
from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LOG = logging.getLogger("tenantnet.local")
# Where the ID of the key is that signed a request, in its WSGI environment.
SIGNER = "tenantnet.signer"
QUERY_CODES = {
    Fault.MISSING: ("MissingAuthenticationToken", HTTPStatus.FORBIDDEN),
    Fault.INCOMPLETE: ("IncompleteSignature", HTTPStatus.BAD_REQUEST),
    Fault.UNKNOWN_KEY: ("InvalidClientTokenId", HTTPStatus.FORBIDDEN),
    Fault.MISMATCH: ("SignatureDoesNotMatch", HTTPStatus.FORBIDDEN),
    Fault.EXPIRED: ("SignatureDoesNotMatch", HTTPStatus.FORBIDDEN),
    Fault.TOKEN_EXPIRED: ("ExpiredToken", HTTPStatus.FORBIDDEN),
}
EC2_CODES = {
    **QUERY_CODES,
    Fault.UNKNOWN_KEY: ("AuthFailure", HTTPStatus.UNAUTHORIZED),
    Fault.MISMATCH: ("AuthFailure", HTTPStatus.UNAUTHORIZED),
    Fault.EXPIRED: ("RequestExpired", HTTPStatus.BAD_REQUEST),
    Fault.TOKEN_EXPIRED: ("RequestExpired", HTTPStatus.BAD_REQUEST),
}
S3_CODES = {
    Fault.MISSING: ("AccessDenied", HTTPStatus.FORBIDDEN),
    Fault.INCOMPLETE: ("AuthorizationHeaderMalformed", HTTPStatus.BAD_REQUEST),
    Fault.UNKNOWN_KEY: ("InvalidAccessKeyId", HTTPStatus.FORBIDDEN),
    Fault.MISMATCH: ("SignatureDoesNotMatch", HTTPStatus.FORBIDDEN),
    Fault.EXPIRED: ("RequestTimeTooSkewed", HTTPStatus.FORBIDDEN),
    Fault.TOKEN_EXPIRED: ("ExpiredToken", HTTPStatus.BAD_REQUEST),
}
JSON_CODES = {
    Fault.MISSING: ("MissingAuthenticationTokenException", HTTPStatus.BAD_REQUEST),
    Fault.INCOMPLETE: ("IncompleteSignatureException", HTTPStatus.BAD_REQUEST),
    Fault.UNKNOWN_KEY: ("UnrecognizedClientException", HTTPStatus.BAD_REQUEST),
    Fault.MISMATCH: ("InvalidSignatureException", HTTPStatus.BAD_REQUEST),
    Fault.EXPIRED: ("InvalidSignatureException", HTTPStatus.BAD_REQUEST),
    Fault.TOKEN_EXPIRED: ("ExpiredTokenException", HTTPStatus.BAD_REQUEST),
}


class Gate:
    """Stands before an application; lets in what a key of this cloud has signed."""

    def __init__(self, application: WSGIApplication, keys: Keys, port: int) -> None:
        self._application, self._keys, self._port = application, keys, port

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        headers = {name.lower(): value for name, value in request.headers.items()}
        if reason := foreign(headers, self._port):
            LOG.warning("a request was refused: %s", reason)
            message = f"The local cloud answers its user's programs only; of this request, {reason}.\n"
            return Response(message, HTTPStatus.FORBIDDEN)(environ, start_response)
        body = request.get_data()
        environ["wsgi.input"] = io.BytesIO(body)
        target = environ["REQUEST_URI"]
        received = Received(method=request.method, target=target, headers=headers, body=body)
        try:
            key_id = self._keys.signer(received)
        except SignatureRefusedError as refused:
            LOG.warning("a request was refused: its signature is %s", refused.fault.name)
            return _refusal(request, refused.fault)(environ, start_response)
        if request.path.startswith(OWN_PATHS) and not self._keys.is_own(key_id):
            message = "Users and roles of the cloud may not do that."
            return error(request, "AccessDenied", message, HTTPStatus.FORBIDDEN)(environ, start_response)
        environ[SIGNER] = key_id
        return self._application(environ, _without_cors(start_response))


def _refusal(request: Request, fault: Fault) -> Response:
    code, status = _codes(request)[fault]
    return error(request, code, MESSAGES[fault], status)


def _codes(request: Request) -> Mapping[Fault, tuple[str, HTTPStatus]]:
    match service_of(request):
        case "ec2":
            return EC2_CODES
        case "s3":
            return S3_CODES
    return QUERY_CODES if in_xml(request) else JSON_CODES


def _without_cors(start_response: StartResponse) -> StartResponse:
    """No page of another site may read an answer, whatever moto permits."""

    def start(
        status: str, headers: list[tuple[str, str]], info: OptExcInfo | None = None
    ) -> Callable[[bytes], object]:
        kept = [each for each in headers if not each[0].lower().startswith("access-control-")]
        return start_response(status, kept, info)

    return start
