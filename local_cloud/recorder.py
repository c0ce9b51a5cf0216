"""Writes down who called what: each different call once, with what it names, and no other parameter."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from botocore.session import get_session
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends
from moto.kms.models import kms_backends
from moto.rds.models import rds_backends
from tenantnet.local_cloud.own_api import OWN_PATHS
from tenantnet.local_cloud.recorded_names import EC2_KINDS, named_arn
from tenantnet.permissions.record import Call, CalledResource
from werkzeug.wrappers import Request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CREDENTIAL = re.compile(r"Credential=(?P<caller>[^/]+)/\d+/(?P<region>[^/]*)/(?P<service>[^/]+)/")
EC2_ID = re.compile(r"(?P<prefix>[a-z]+)-[0-9a-f]{8,}")
RPC_PATH = re.compile(r"/operation/(?P<operation>\w+)$")
KMS_KEY = re.compile(r"key/([0-9a-f-]{36})")
# Ways to write a list of tags, the key's name and the value's.
TAG_SPELLINGS = (("Key", "Value"), ("key", "value"), ("TagKey", "TagValue"))


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of a REST service. path: matches where it is called."""

    name: str
    method: str
    path: re.Pattern[str]
    query: frozenset[str]


class Recorder:
    """Stands before an application and keeps the record of one server."""

    def __init__(self, application: WSGIApplication, file: Path) -> None:
        self._application, self._file, self._lock = application, file, Lock()
        self._known: set[str] = set()
        # One record, one cloud.
        file.unlink(missing_ok=True)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        body = request.get_data()
        environ["wsgi.input"] = io.BytesIO(body)
        if call := recorded_call(request, body):
            self._write(call.to_line())
        return self._application(environ, start_response)

    def _write(self, line: str) -> None:
        with self._lock:
            if line not in self._known:
                self._known.add(line)
                with self._file.open("a", encoding="utf-8") as file:
                    file.write(line + "\n")


def recorded_call(request: Request, body: bytes) -> Call | None:
    """The request as a call; None without a signature, or where it is not one of AWS's."""
    signature = CREDENTIAL.search(request.headers.get("Authorization", ""))
    if signature is None or request.path.startswith(OWN_PATHS):
        return None
    service, region = signature["service"], signature["region"]
    operation, parameters = _operation(service, request, body)
    arns = {arn for name, value in parameters for arn in _arns(service, region, name, value)}
    return Call(
        caller=signature["caller"],
        service=service,
        operation=operation,
        resources=tuple(CalledResource(arn=arn, tags=_tags_of(arn)) for arn in sorted(arns)),
        request_tags=_request_tags(parameters),
    )


Parameters = list[tuple[str, str]]


def _operation(service: str, request: Request, body: bytes) -> tuple[str, Parameters]:
    """What is called, and its parameters by their paths, such as `Filter.1.Value.1`."""
    if target := request.headers.get("X-Amz-Target", "").rpartition(".")[2]:
        return target, _of_json(body)
    if rpc := RPC_PATH.search(request.path):
        return rpc["operation"], []
    form = parse_qsl(body.decode(errors="replace"))
    if action := dict(form).get("Action"):
        return action, form
    return _of_rest(service, request, body)


def _of_json(body: bytes) -> Parameters:
    with suppress(ValueError):
        return list(_flat("", json.loads(body or b"{}")))
    return []


def _flat(path: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _flat(f"{path}.{key}" if path else str(key), part)
    elif isinstance(value, list):
        for number, part in enumerate(value, 1):
            yield from _flat(f"{path}.{number}", part)
    elif isinstance(value, str):
        yield path, value


def _of_rest(service: str, request: Request, body: bytes) -> tuple[str, Parameters]:
    path, query = request.path.rstrip("/") or "/", set(request.args)
    # Several of S3's operations have method and path in common; the SDKs then name the one they mean.
    meant = request.args.get("x-id")
    for operation in _operations(service):
        match = operation.path.fullmatch(path)
        fits = operation.method == request.method and operation.query <= query
        if match and fits and meant in (None, operation.name):
            return operation.name, _named_in_path(service, match, body)
    return f"{request.method} {request.path}", []


def _named_in_path(service: str, match: re.Match[str], body: bytes) -> Parameters:
    named = {name: unquote(value) for name, value in match.groupdict().items()}
    if service == "s3":
        # An object's ARN is made of both; its content is not the call's.
        return [("Bucket", "/".join(named.values()))]
    if service == "route53" and "Id" in named:
        return [(match.string.split("/")[2], named["Id"])]
    return [*named.items(), *_of_json(body)]


@cache
def _operations(service: str) -> list[Operation]:
    """The service's operations, those first that ask for more."""
    model = get_session().get_service_model(service)
    found = [_rest_operation(model.operation_model(name)) for name in model.operation_names]
    return sorted(found, key=lambda each: (-len(each.query), -len(each.path.pattern)))


def _rest_operation(model: Any) -> Operation:  # noqa: ANN401 - botocore has no types
    path, _, query = model.http["requestUri"].partition("?")
    pattern = re.escape(path.rstrip("/") or "/")
    pattern = re.sub(r"\\\{(\w+)\\\+\\\}", r"(?P<\1>.+)", pattern)
    pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", pattern)
    names = frozenset(part.partition("=")[0] for part in query.split("&") if part)
    return Operation(model.name, model.http["method"], re.compile(pattern), names)


def _arns(service: str, region: str, name: str, value: str) -> Iterator[str]:
    if value.startswith("arn:aws:"):
        yield value
    elif service == "ec2":
        match = EC2_ID.fullmatch(value)
        if match and (kind := EC2_KINDS.get(match["prefix"])):
            owner = "" if kind == "image" else DEFAULT_ACCOUNT_ID
            yield f"arn:aws:ec2:{region}:{owner}:{kind}/{value}"
    elif arn := named_arn(service, region, name.partition(".")[0], _key_id(service, region, value)):
        yield arn


def _key_id(service: str, region: str, value: str) -> str:
    """IAM judges a key that goes by an alias as the key; of AWS's own keys a policy knows the alias only."""
    if service == "kms" and value.startswith("alias/") and not value.startswith("alias/aws/"):
        keys: Any = kms_backends[DEFAULT_ACCOUNT_ID][region]
        return keys.get_key_id_from_alias(value) or value
    return value


def _tags_of(arn: str) -> dict[str, str]:
    """What the resource carries now, of the services whose policies look at tags."""
    _, _, service, region, account, name = arn.split(":", 5)
    if service == "ec2":
        backend: Any = ec2_backends[DEFAULT_ACCOUNT_ID][region]
        return dict(backend.tags.get(name.partition("/")[2], {}))
    if service == "kms" and (key := KMS_KEY.fullmatch(name)):
        keys: Any = kms_backends[account][region]
        return dict(keys.tagger.get_tag_dict_for_resource(key[1]))
    if service == "rds":
        databases: Any = rds_backends[account][region]
        # What the call is about to make is not there yet.
        with suppress(Exception):
            return {tag["Key"]: tag["Value"] for tag in databases.list_tags_for_resource(arn)}
    return {}


def _request_tags(parameters: Parameters) -> dict[str, str]:
    given = dict(parameters)
    tags = {}
    for path, value in parameters:
        for key, value_name in TAG_SPELLINGS:
            stem = path.removesuffix(f".{key}")
            if stem != path and f"{stem}.{value_name}" in given and "tag" in stem.lower():
                tags[value] = given[f"{stem}.{value_name}"]
    return tags
