"""Statements of IAM in types that an organisation answers for: each is about what it names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from tenantnet.policies.listing import LISTING
from tenantnet.policies.model import parse_json

# What a statement about any resource may allow beside LISTING: nothing of it is somebody's data or right.
_HARMLESS = {
    *("cloudwatch:PutMetricData", "ecr:GetAuthorizationToken", "kms:GenerateRandom", "route53:GetChange"),
    *("secretsmanager:GetRandomPassword", "sts:GetCallerIdentity"),
}
_ANYWHERE = {each.casefold() for each in _HARMLESS | LISTING}
# Services that have nothing of Tenantnet's, and move no data, packets or rights of others.
_APART = {
    *("appconfig", "appsync", "bedrock", "cognito-idp", "comprehend", "execute-api", "geo", "iot"),
    *("kinesis", "mobiletargeting", "polly", "rekognition", "ses", "sqs", "states", "textract"),
    *("transcribe", "translate", "xray"),
}
# Services whose names have slashes, which divide nothing.
_FLAT = {"iam", "logs", "scheduler", "secretsmanager"}
_WILD = re.compile(r"[*?]|\$\{")
# Secrets Manager adds six characters to a name that nobody knows before.
_SECRETS_END = re.compile(r"-\?{6}$")
# A document of IAM that nobody can read, or that is written so that nobody does.
_LIKE_A_STATEMENT = re.compile(r'"(?:not)?(?:action|resource)s?"\s*:|\\u00[0-9a-f]{2}', re.IGNORECASE)
EVERYTHING = "*"
# How Systems Manager is told to run something everywhere.
_ALL_HOSTS = {"InstanceIds", EVERYTHING}


def reached(value: object, *, without_action: bool) -> Iterator[str]:
    """The resources that statements in it allow something on, though they do not name which.

    without_action: whether a list of resources is a statement, too, where no action stands beside it.
    """
    match value:
        case str() if value.lstrip()[:1] in ("{", "["):
            try:
                yield from [*reached(parse_json(value), without_action=without_action)]
            except (ValueError, RecursionError):
                if _LIKE_A_STATEMENT.search(value):
                    yield EVERYTHING
        case list():
            for each in value:
                yield from reached(each, without_action=without_action)
        case Mapping():
            yield from reached_by(value, without_action=without_action)
            for each in value.values():
                yield from reached(each, without_action=without_action)


def reached_by(statement: Mapping[str, object], *, without_action: bool) -> Iterator[str]:
    """The same of one statement."""
    lists = _lists(statement)
    if _ALL_HOSTS.issubset(map(str, [*lists.get("key", ()), *lists.get("value", ())])):
        yield EVERYTHING
    if lists.get("principal") or lists.get("effect") == ["Deny"]:
        return  # a resource's policy is about that resource
    any_action = "notaction" in lists or ("action" not in lists and without_action)
    actions = [EVERYTHING] if any_action else lists.get("action", ())
    if all(_is_harmless(each) for each in actions if isinstance(each, str)):
        return
    if "notresource" in lists:
        yield EVERYTHING
    for each in lists.get("resource", ()):
        if isinstance(each, str) and not is_bounded(each):
            yield each
        elif isinstance(each, Mapping) and "effect" in lists:
            yield EVERYTHING  # put together elsewhere


def _lists(statement: Mapping[str, object]) -> Mapping[str, Sequence[object]]:
    """What stands at each key: IAM takes keys in capitals or not, and SDKs write them in plural."""
    lists: dict[str, list[object]] = {}
    for key, value in statement.items():
        lists.setdefault(str(key).casefold().removesuffix("s"), []).extend(_flat(value))
    return lists


def _flat(value: object) -> Iterator[object]:
    if isinstance(value, list):
        for each in value:
            yield from _flat(each)
    elif value is not None:
        yield value


def _is_harmless(action: str) -> bool:
    service, of_iam, _ = action.casefold().partition(":")
    if not of_iam and action.strip("*?"):
        return True  # another language's: IAM's have a service, or are about all of them
    return service in _APART or action.casefold() in _ANYWHERE


def is_bounded(resource: str) -> bool:
    """Whether it names its service, its account and the first part of what is there: or what is apart."""
    text = resource.strip().casefold()
    wild = _WILD.search(text)
    if wild is None:
        return True
    if not text.startswith("arn:"):
        return not "arn:".startswith(text[: wild.start()])
    _, _, service, _, account, rest, *_ = [*text.split(":", 5), *[EVERYTHING] * 5]
    if service in _APART:
        return True
    return not any(map(_WILD.search, (service, account, _first(service, account, rest))))


def _first(service: str, account: str, rest: str) -> str:
    """The kind and the first part of the name: `table/notes` of `table/notes/index/*`."""
    if service == "s3" and not account:
        return rest.partition("/")[0]
    kind, divided, name = re.match(r"/*([^:/]*)([:/]?)(.*)", rest, re.DOTALL).groups()  # type: ignore[union-attr]
    if not divided:
        return rest
    part = (_SECRETS_END.sub("", name) if service == "secretsmanager" else name).partition(":")[0]
    return kind + (part if service in _FLAT else part.partition("/")[0])
