"""The policy on secrets: passwords and pre-shared keys are encrypted where they are used, and nowhere else.

A policy sees secret values in clear and cannot distinguish them from plain ones; so it asks which properties
the state encrypts, and looks for the values everywhere else. (Python has a module named secrets.)
"""

from __future__ import annotations

import html
import json
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from urllib.parse import quote, quote_plus

from tenantnet.aws.types import DATABASE, VPN_CONNECTION
from tenantnet.policies.model import Finding, PackSettings, Policy, Resource, Severity, Stack
from tenantnet.refusal import Rule

SECRET_PROPERTIES = {
    DATABASE: ("password",),
    VPN_CONNECTION: ("tunnel1PresharedKey", "tunnel2PresharedKey", "customerGatewayConfiguration"),
}
# Shorter texts would be found by chance; the shortest password and key that AWS takes have 8 characters.
SHORTEST_SECRET = 8

STATE_ENCRYPTS = Rule(
    id="state-encrypts",
    rule="the state keeps {property} encrypted",
    reason="everybody who may read the state would see it",
    remedy="declare it with pulumi_aws's own class, or name {property} in additional_secret_outputs",
)
NOWHERE_ELSE = Rule(
    id="secret-nowhere-else",
    rule="{secret} appears nowhere else, not even as a secret",
    reason="outputs, tags, names and documents are shown, logged and handed on",
    remedy="remove it; what needs the secret gets it from the person or service that holds it",
)


def _judge_resource(resource: Resource, _: PackSettings) -> Iterator[Finding]:
    for path in SECRET_PROPERTIES.get(resource.type, ()):
        if path not in resource.secret_outputs:
            yield resource.refuse_secret(STATE_ENCRYPTS, path, property=path)


def _judge_stack(stack: Stack, _: PackSettings) -> Iterator[Finding]:
    yield from _judge_texts(stack, stack.resources)


def _judge_update(resource: Resource, stack: Stack, _: PackSettings) -> Iterator[Finding]:
    """What is written into AWS stays there, though the update is refused in the end."""
    yield from _judge_texts(stack, [resource])


def _judge_texts(stack: Stack, resources: Sequence[Resource]) -> Iterator[Finding]:
    secrets = {form: name for secret, name in _secrets(stack) for form in written(secret)}
    for resource in resources:
        kept = SECRET_PROPERTIES.get(resource.type, ())
        for path, text in chain([("", resource.name)], _texts(resource.props, "")):
            if path in kept:
                continue
            for name in dict.fromkeys(name for secret, name in secrets.items() if secret in text):
                # A name in the path may be a secret itself.
                shown = "" if any(secret in path for secret in secrets) else path
                yield resource.refuse_secret(NOWHERE_ELSE, shown, secret=name)


def _secrets(stack: Stack) -> Iterator[tuple[str, str]]:
    """Every secret that is known, and what it is: `password of acme-blue`."""
    for resource in stack.of_type(*SECRET_PROPERTIES):
        for path in SECRET_PROPERTIES[resource.type]:
            value = resource.props.get(path)
            if isinstance(value, str) and len(value) >= SHORTEST_SECRET:
                yield value, f"{path} of {resource.name}"


def written(secret: str) -> set[str]:
    """The secret as it stands in a text, in JSON, HTML and addresses, and within anything in Base64."""
    urls = {quote(secret, safe=safe) for safe in ("", "/")} | {quote_plus(secret)}
    json_forms = {json.dumps(secret, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
    in_html = {html.escape(secret, quote=quoted) for quoted in (True, False)}
    return {secret, *urls, *json_forms, *in_html, *_base64(secret)}


def _base64(secret: str) -> Iterator[str]:
    """The characters that the secret alone decides, after any number of bytes."""
    content = secret.encode()
    for before in range(3):
        encoded = b64encode(bytes(before) + content).decode()
        whole = encoded[(before * 8 + 5) // 6 : (before + len(content)) * 8 // 6]
        yield from (whole, whole.replace("+", "-").replace("/", "_"))


def _texts(value: object, path: str) -> Iterator[tuple[str, str]]:
    """Every text and number within a value, names too, and where it is: `tags.Name`, `records[0]`."""
    if isinstance(value, str | int | float):
        yield path, str(value)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield path, str(key)
            yield from _texts(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts(inner, f"{path}[{index}]")


SECRETS_STAY_SECRET = Policy(
    name="secrets-stay-secret",
    description="Passwords and pre-shared keys are encrypted in the state and appear nowhere else.",
    severity=Severity.CRITICAL,
    remediation="Remove the value, and change it: it has been shown.",
    rules=(STATE_ENCRYPTS, NOWHERE_ELSE),
    judge_resource=_judge_resource,
    judge_stack=_judge_stack,
    judge_update=_judge_update,
)

POLICIES = (SECRETS_STAY_SECRET,)
