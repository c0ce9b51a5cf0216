"""AWS's Signature Version 4, verified: whose key a request names, and whether its secret has signed it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from urllib.parse import parse_qs, quote, unquote

from botocore.utils import normalize_url_path

ALGORITHM = "AWS4-HMAC-SHA256"
TERMINATOR = "aws4_request"
UNRESERVED = "-_.~"
CLOCKS_DIFFER_AT_MOST = timedelta(minutes=15)
PRESIGNED_AT_MOST_SECONDS = 604_800
# What S3's clients declare instead of a hash of the body; a body in chunks has signatures of its own.
UNHASHED = re.compile(r"UNSIGNED-PAYLOAD|STREAMING-[A-Z0-9-]+")
FIELD = re.compile(r"(Credential|SignedHeaders|Signature)=([^,\s]+)")


class Fault(Enum):
    """What is wrong with a request's signature."""

    MISSING = auto()
    INCOMPLETE = auto()
    UNKNOWN_KEY = auto()
    MISMATCH = auto()
    EXPIRED = auto()
    TOKEN_EXPIRED = auto()


MESSAGES = {
    Fault.MISSING: "Request is missing Authentication Token",
    Fault.INCOMPLETE: "The request signature does not conform to AWS standards.",
    Fault.UNKNOWN_KEY: "The security token included in the request is invalid.",
    Fault.MISMATCH: "The request signature we calculated does not match the signature you provided. "
    'Check your AWS Secret Access Key and signing method: eval "$(tenantnet local env)"',
    Fault.EXPIRED: "Signature expired: the request's time and the time here differ by too much.",
    Fault.TOKEN_EXPIRED: "The security token included in the request is expired",
}


class SignatureRefusedError(Exception):
    """A request that its key's owner has not signed."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A request as it came. target: path and query, still encoded. headers: names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = field(default=b"", repr=False)

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """time: as YYYYMMDD'T'HHMMSS'Z'. seconds: how long it is valid; None where the header carries it."""

    key_id: str
    day: str
    region: str
    service: str
    signed: Sequence[str]
    value: str
    time: str
    token: str | None
    seconds: int | None

    @property
    def scope(self) -> str:
        return f"{self.day}/{self.region}/{self.service}/{TERMINATOR}"


def signature_of(received: Received) -> Signature:
    """The signature in the Authorization header or in the query. Raises SignatureRefusedError."""
    header = received.headers.get("authorization")
    given = {name: values[0] for name, values in parse_qs(received.query).items()}
    if header is None and "X-Amz-Signature" not in given:
        raise SignatureRefusedError(Fault.MISSING)
    try:
        if header is None:
            fields = {name: given[f"X-Amz-{name}"] for name in ("Credential", "SignedHeaders", "Signature")}
            algorithm, time, token = (
                given["X-Amz-Algorithm"],
                given["X-Amz-Date"],
                given.get("X-Amz-Security-Token"),
            )
            seconds = int(given["X-Amz-Expires"])
        else:
            algorithm, fields = header.partition(" ")[0], dict(FIELD.findall(header))
            time, token = received.headers["x-amz-date"], received.headers.get("x-amz-security-token")
            seconds = None
        key_id, day, region, service, end = fields["Credential"].rsplit("/", 4)
        signed, value = fields["SignedHeaders"].split(";"), fields["Signature"]
    except (KeyError, ValueError):
        raise SignatureRefusedError(Fault.INCOMPLETE) from None
    if (algorithm, end) != (ALGORITHM, TERMINATOR) or "host" not in signed or not time.startswith(day):
        raise SignatureRefusedError(Fault.INCOMPLETE)
    return Signature(
        key_id=key_id,
        day=day,
        region=region,
        service=service,
        signed=signed,
        value=value,
        time=time,
        token=token,
        seconds=seconds,
    )


def verify(received: Received, signature: Signature, secret: str, now: datetime) -> None:
    """Raises SignatureRefusedError unless the secret has made the signature, and lately."""
    canonical = "\n".join(_canonical(received, signature)).encode("latin-1", "replace")
    to_sign = "\n".join((ALGORITHM, signature.time, signature.scope, hashlib.sha256(canonical).hexdigest()))
    key = f"AWS4{secret}".encode()
    for part in (*signature.scope.split("/"), to_sign):
        key = hmac.digest(key, part.encode(), "sha256")
    if not hmac.compare_digest(key.hex().encode(), signature.value.encode()):
        raise SignatureRefusedError(Fault.MISMATCH)
    _check_time(signature, now)


def _check_time(signature: Signature, now: datetime) -> None:
    try:
        made = datetime.strptime(signature.time, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise SignatureRefusedError(Fault.INCOMPLETE) from None
    valid = CLOCKS_DIFFER_AT_MOST
    if signature.seconds is not None:
        if not 0 < signature.seconds <= PRESIGNED_AT_MOST_SECONDS:
            raise SignatureRefusedError(Fault.INCOMPLETE)
        valid = timedelta(seconds=signature.seconds)
    if not made - CLOCKS_DIFFER_AT_MOST <= now <= made + valid:
        raise SignatureRefusedError(Fault.EXPIRED)


def _canonical(received: Received, signature: Signature) -> Iterator[str]:
    """The lines of the canonical request."""
    yield received.method
    yield _canonical_path(received.path or "/", signature.service)
    yield _canonical_query(received.query)
    for name in signature.signed:
        yield f"{name}:{' '.join(received.headers.get(name, '').split())}"
    yield ""
    yield ";".join(signature.signed)
    yield _payload(received, signature)


def _canonical_path(path: str, service: str) -> str:
    # S3 alone takes the path as it was sent: a key may have dots and empty parts.
    if service == "s3":
        return quote(unquote(path), safe=f"/{UNRESERVED}")
    return quote(normalize_url_path(path), safe=f"/{UNRESERVED}")


def _canonical_query(query: str) -> str:
    pairs = (part.partition("=")[::2] for part in query.split("&") if part)
    again = sorted(
        (quote(unquote(name), safe=UNRESERVED), quote(unquote(value), safe=UNRESERVED))
        for name, value in pairs
    )
    return "&".join(f"{name}={value}" for name, value in again if name != "X-Amz-Signature")


def _payload(received: Received, signature: Signature) -> str:
    """The hash of what came, whatever hash was declared."""
    if signature.service == "s3":
        declared = received.headers.get("x-amz-content-sha256", "")
        if UNHASHED.fullmatch(declared):
            return declared
        if signature.seconds is not None and not declared:
            return "UNSIGNED-PAYLOAD"
    return hashlib.sha256(received.body).hexdigest()
