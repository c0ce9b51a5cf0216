"""Session documents: what a session of one is, with the caller's parameters filled in.

https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-schema.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from moto.core.exceptions import ServiceException
from moto.ssm.exceptions import InvalidDocument
from moto.ssm.models import SimpleSystemManagerBackend
from tenantnet.local_cloud.ssm.channel import Destination

# What a session is of that names no document: a shell.
DEFAULT_DOCUMENT = "SSM-SessionManagerRunShell"
PARAMETER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
PORT = {
    "type": "String",
    "allowedPattern": r"^([0-9]{1,4}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])$",
}
# AWS's own, which whoever may name it leads to any host that the target reaches.
TO_REMOTE_HOST = {
    "schemaVersion": "1.0",
    "sessionType": "Port",
    "parameters": {
        "host": {"type": "String", "allowedPattern": r"^[^,$^&\(\)!;'\"<>`{}\[\]\|#=]{3,}$"},
        "portNumber": {**PORT, "default": "80"},
        "localPortNumber": {**PORT, "default": "0"},
    },
    "properties": {
        "type": "LocalPortForwarding",
        "host": "{{ host }}",
        "portNumber": "{{ portNumber }}",
        "localPortNumber": "{{ localPortNumber }}",
    },
}
SHELL = {"schemaVersion": "1.0", "sessionType": "Standard_Stream", "inputs": {}}
AWS_DOCUMENTS: Mapping[str, Mapping[str, Any]] = {
    "AWS-StartPortForwardingSessionToRemoteHost": TO_REMOTE_HOST,
    DEFAULT_DOCUMENT: SHELL,
}


class InvalidParameters(ServiceException):
    """A parameter that the document does not have, or not so."""

    code = "InvalidParameters"


def document_arn(name: str, region: str, account_id: str) -> str:
    """AWS's own documents belong to no account."""
    owner = "" if name.startswith("AWS-") else account_id
    return f"arn:aws:ssm:{region}:{owner}:document/{name}"


def destination_of(
    backend: SimpleSystemManagerBackend, name: str, parameters: Mapping[str, Sequence[str]]
) -> Destination:
    """Where a session of the document leads.

    Raises AWS's InvalidDocument where there is none of that name for sessions, InvalidParameters, and
    NotImplementedError for a shell, which the local cloud does not have.
    """
    content = _content(backend, name)
    if content.get("sessionType") != "Port":
        raise NotImplementedError(f"sessions of type {content.get('sessionType')}")
    values = _values(content.get("parameters", {}), parameters)
    filled = {
        key: PARAMETER.sub(lambda found: values[found[1]], str(value))
        for key, value in content["properties"].items()
    }
    # Without a host a session leads to the target itself.
    return Destination(
        host=filled.get("host", "localhost"),
        port=int(filled["portNumber"]),
        local_port=int(filled.get("localPortNumber", 0)),
    )


def _content(backend: SimpleSystemManagerBackend, name: str) -> Mapping[str, Any]:
    if (aws := AWS_DOCUMENTS.get(name)) is not None:
        return aws
    # A document of another account is named by its ARN.
    document = backend._get_documents(name.rpartition("document/")[2]).get_default_version()
    if document.document_type != "Session":
        raise InvalidDocument(f"Document with name {name} is not a session document.")
    content: Mapping[str, Any] = document.content_json
    return content


def _values(declared: Mapping[str, Any], given: Mapping[str, Sequence[str]]) -> Mapping[str, str]:
    if unknown := sorted(set(given) - set(declared)):
        raise InvalidParameters(f"Parameters {unknown} are not defined in the document.")
    values = {}
    for name, parameter in declared.items():
        value = given[name][0] if given.get(name) else parameter.get("default")
        if value is None:
            raise InvalidParameters(f"Parameter {name} is required.")
        if not re.fullmatch(parameter.get("allowedPattern", ".*"), str(value)):
            raise InvalidParameters(f"Parameter {name} does not match {parameter['allowedPattern']}.")
        values[name] = str(value)
    return values
