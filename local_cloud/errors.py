"""Errors of AWS's APIs, in the shape that the clients of a service read."""

from __future__ import annotations

import json
from xml.sax.saxutils import escape

from werkzeug.wrappers import Request, Response

FORM = "application/x-www-form-urlencoded"


def service_of(request: Request) -> str:
    """The service of the signature; without one S3, as moto has it, or empty where an action is named."""
    credential = request.headers.get("Authorization") or request.args.get("X-Amz-Credential", "")
    parts = credential.split("/")
    if len(parts) > 4:
        return parts[3]
    names_an_action = (
        "X-Amz-Target" in request.headers or "Action" in request.args or request.mimetype == FORM
    )
    return "" if names_an_action else "s3"


def region_of(request: Request) -> str:
    """The region of the signature; the first one where it has none of its own, as IAM's."""
    credential = request.headers.get("Authorization") or request.args.get("X-Amz-Credential", "")
    parts = credential.split("/")
    return parts[2] if len(parts) > 4 else "us-east-1"


def in_xml(request: Request) -> bool:
    """Whether the service answers in XML."""
    return request.mimetype == FORM or "Action" in request.args or service_of(request) in ("route53", "s3")


def error(request: Request, code: str, message: str, status: int) -> Response:
    """The error as the answer to a request."""
    if in_xml(request):
        inner = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        match service_of(request):
            case "s3":
                text = inner
            # EC2 alone wraps its errors in a list.
            case "ec2":
                text = f"<Response><Errors>{inner}</Errors></Response>"
            case _:
                text = f"<ErrorResponse>{inner}</ErrorResponse>"
        return Response(text, status=status, mimetype="text/xml")
    text = json.dumps({"__type": code, "message": message})
    return Response(text, status=status, headers={"x-amzn-errortype": code}, mimetype="application/json")
