"""Statements of IAM in types that an organisation answers for: each is about what it names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from tenantnet.policies.listing import LISTING
from tenantnet.policies.model import Unknown
from tenantnet.policies.texts import DEEPEST, document_in, is_like_a_document, readings, with_wildcards

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
_WILD = re.compile(r"[*?]")
# Secrets Manager adds six characters to a name that nobody knows before.
_SECRETS_END = re.compile(r"-\?{6}$")
# What Tenantnet's are called in services where all others are somebody else's, as they begin.
_BEGINNINGS: Mapping[str, Sequence[str]] = {
    **dict.fromkeys(("ecr", "lambda", "s3"), ()),
    "codebuild": ("project/tenantnet-", "build/tenantnet-", "report-group/tenantnet-"),
    "dynamodb": ("table/tenantnet-",),
    "logs": ("log-group:/aws/rds/", "log-group:/tenantnet/"),
    "scheduler": ("schedule/default/tenantnet-",),
    "sns": ("tenantnet-",),
}
# Services where nothing of Tenantnet's has a name, but the bucket with the state.
WITHOUT_NAMES = _APART | {service for service, beginnings in _BEGINNINGS.items() if not beginnings}
# With fewer characters before a wildcard a pattern is nobody's.
_FEWEST = 3
# A document of IAM that nobody can read, or that is written so that nobody does.
_LIKE_A_STATEMENT = re.compile(r'"(?:not)?(?:action|resource)s?"\s*:', re.IGNORECASE)
_ALLOWS = re.compile(r"(?<![a-z])effect[\"']?\s*[:=]\s*\[?\s*[\"']?allow(?![a-z])", re.IGNORECASE)
EVERYTHING = "*"
# How Systems Manager is told to run something on whatever there is.
_ALL_HOSTS = re.compile(r"instanceids|tag:.*|parametervalues|aws::.*", re.DOTALL)
# What is in a group nobody knows who has only its name.
_ANY_HOSTS = {"resourcegroup", "tag-key", "resource-groups:name", "resource-groups:resourcetypefilters"}
_WHATEVER_VALUE = "KEY_ONLY"
# Whoever changes roles and their policies has every right in the end, whatever those are called.
_OF_RIGHTS = {"iam", "identitystore", "organizations", "sso"}
_NO_RIGHTS = re.compile(r"iam:(?:passrole|(?:get|list|simulate)[a-z]*\*?|(?:create|delete)servicelinkedrole)")
# A cell's topic for alarms is written to and not read: it shows the names and the state of all its tenants.
_ALARMS = re.compile(r"tenantnet-[^:]*-alarms(?![a-z0-9-])")
_WRITES = "sns:publish"


def reached(value: object, *, without_action: bool, deep: int = 0) -> Iterator[str]:
    """The resources that statements in it allow something on, though they do not name which, or too much.

    without_action: whether a list of resources is a statement, too, where no action stands beside it. deep:
    in how many texts within texts the value stands.
    """
    match value:
        case str():
            yield from _reached_by_text(value, without_action, deep)
        case list():
            for each in value:
                yield from reached(each, without_action=without_action, deep=deep)
        case Mapping():
            yield from reached_by(value, without_action=without_action)
            for each in value.values():
                yield from reached(each, without_action=without_action, deep=deep)


def _reached_by_text(text: str, without_action: bool, deep: int) -> Iterator[str]:
    if deep > DEEPEST:
        yield EVERYTHING
        return
    is_read = False
    try:
        if is_read := is_like_a_document(text):
            yield from [*reached(document_in(text), without_action=without_action, deep=deep + 1)]
    except (ValueError, RecursionError):
        is_read = False
        if _LIKE_A_STATEMENT.search(text):
            yield EVERYTHING
    if not is_read and _ALLOWS.search(text):
        yield EVERYTHING
    for each in readings(text):
        yield from _reached_by_text(each, without_action, deep + 1)


def reached_by(statement: Mapping[str, object], *, without_action: bool) -> Iterator[str]:
    """The same of one statement."""
    lists = _lists(statement)
    if _is_of_all_hosts(lists) or (without_action and _is_of_all_others(lists)):
        yield EVERYTHING
    if any(lists.get("principal", ())) or lists.get("effect") == ["Deny"]:
        return  # a resource's policy is about that resource
    actions = _actions(lists, without_action=without_action)
    harmless = all(map(_is_harmless, actions))
    if "notresource" in lists and not harmless:
        yield EVERYTHING
    of_iam = "effect" in lists or any(":" in each for each in actions)
    for each in lists.get("resource", ()):
        if isinstance(each, str):
            too_much = _is_too_much(actions, each) if "action" in lists or "notaction" in lists else False
            if too_much or not (harmless or is_bounded(each)):
                yield each
        elif of_iam and not harmless and not isinstance(each, Unknown):
            yield EVERYTHING  # put together elsewhere


def _is_of_all_hosts(lists: Mapping[str, Sequence[object]]) -> bool:
    keys = {str(each).casefold() for each in lists.get("key", ())}
    everything = EVERYTHING in lists.get("value", ())
    of_any = bool(keys & _ANY_HOSTS) or (bool(keys) and _WHATEVER_VALUE in lists.get("type", ()))
    return of_any or (everything and any(map(_ALL_HOSTS.fullmatch, keys)))


def _is_of_all_others(lists: Mapping[str, Sequence[object]]) -> bool:
    """How AWS Backup is told to take whatever is not tagged so."""
    without = [each for path in ("stringnotequal", "stringnotlike") for each in lists.get(path, ())]
    named = "stringequal" in lists or "stringlike" in lists
    return not named and any(isinstance(each, Mapping) and "key" in each for each in without)


def _actions(lists: Mapping[str, Sequence[object]], *, without_action: bool) -> Sequence[str]:
    """What the statement is of; everything where that is put together elsewhere."""
    given = [each for each in lists.get("action", ()) if not isinstance(each, Unknown)]
    if "notaction" in lists or ("action" not in lists and without_action):
        return [EVERYTHING]
    if "effect" in lists and not (lists.get("action") and all(isinstance(each, str) for each in given)):
        return [EVERYTHING] if "action" in lists else []
    return [with_wildcards(each).strip().casefold() for each in given if isinstance(each, str)]


def _lists(statement: Mapping[str, object]) -> Mapping[str, Sequence[object]]:
    """What stands at each key: IAM takes keys in capitals or not, and SDKs write them in plural."""
    lists: dict[str, list[object]] = {}
    for key, value in statement.items():
        name = str(key).casefold().replace("_", "").removesuffix("s")
        lists.setdefault(name, []).extend(_flat(value))
    return lists


def _flat(value: object) -> Iterator[object]:
    if isinstance(value, list):
        for each in value:
            yield from _flat(each)
    elif value is not None:
        yield value


def _is_harmless(action: str) -> bool:
    service, of_iam, _ = action.partition(":")
    if not of_iam and action.strip("*?"):
        return True  # another language's: IAM's have a service, or are about all of them
    return service in _APART or action in _ANYWHERE


def _is_too_much(actions: Sequence[str], resource: str) -> bool:
    """Whether one of the actions gives rights, or reads alarms, though the resource is named."""
    service, name = [*with_wildcards(resource).strip().casefold().split(":", 5), *[""] * 5][2:6:3]
    if service in _OF_RIGHTS:
        return any(_may_be_of(each, _OF_RIGHTS) and not _NO_RIGHTS.fullmatch(each) for each in actions)
    of_alarms = service == "sns" and _ALARMS.search(name)
    return bool(of_alarms) and any(_may_be_of(each, {"sns"}) and each != _WRITES for each in actions)


def _may_be_of(action: str, services: Collection[str]) -> bool:
    service = action.partition(":")[0]
    return service in services or _WILD.search(service) is not None


def is_bounded(resource: str) -> bool:
    """Whether it names its service, its account and the first part of what is there: or what is apart."""
    text = with_wildcards(resource).strip().casefold()
    wild = _WILD.search(text)
    if wild is None:
        return True
    if not text.startswith("arn:"):
        return not "arn:".startswith(text[: wild.start()])
    _, _, service, _, account, rest, *_ = [*text.split(":", 5), *[EVERYTHING] * 5]
    if service in _APART:
        return True
    if _WILD.search(service) or _WILD.search(account):
        return False
    return not _WILD.search(_first(service, account, rest)) or _is_called_otherwise(service, rest)


def _is_called_otherwise(service: str, rest: str) -> bool:
    """Whether what it is called begins like nothing of Tenantnet's."""
    if service not in _BEGINNINGS:
        return False
    known = _WILD.split(rest, maxsplit=1)[0]
    begun = re.split(r"[:/]", known)[-1]
    others = [each for each in _BEGINNINGS[service] if each.startswith(known) or known.startswith(each)]
    return len(begun) >= _FEWEST and not others


def _first(service: str, account: str, rest: str) -> str:
    """The kind and the first part of the name: `table/notes` of `table/notes/index/*`."""
    if service == "s3" and not account:
        return rest.partition("/")[0]
    kind, divided, name = re.match(r"/*([^:/]*)([:/]?)(.*)", rest, re.DOTALL).groups()  # type: ignore[union-attr]
    if not divided:
        return rest
    part = (_SECRETS_END.sub("", name) if service == "secretsmanager" else name).partition(":")[0]
    return kind + (part if service in _FLAT else part.partition("/")[0])
