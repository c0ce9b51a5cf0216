"""Statements of IAM in types that an organisation answers for: each is about what it names."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from tenantnet.policies.listing import LISTING
from tenantnet.policies.model import Unknown
from tenantnet.policies.texts import DEEPEST, document_in, is_like_a_document, readings, with_wildcards

# What a statement about any resource may allow beside LISTING: nothing of it is somebody's data or right.
_HARMLESS = {
    *("cloudwatch:PutMetricData", "ecr:GetAuthorizationToken", "kms:GenerateRandom", "route53:GetChange"),
    *("logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery"),
    *("secretsmanager:GetRandomPassword", "sts:GetCallerIdentity"),
}
_ANYWHERE = {each.casefold() for each in _HARMLESS | LISTING}
# Services that have nothing of Tenantnet's, and move no data, packets or rights of others.
_APART = {
    *("appconfig", "appsync", "bedrock", "ce", "cognito-idp", "comprehend", "execute-api", "geo", "iot"),
    *("kinesis", "mobiletargeting", "polly", "pricing", "rekognition", "ses", "sqs", "ssmmessages", "states"),
    *("textract", "transcribe", "translate", "xray"),
}
# Services whose names have slashes, which divide nothing.
_FLAT = {"iam", "logs", "pi", "scheduler", "secretsmanager"}
_WILD = re.compile(r"[*?]")
# Secrets Manager adds six characters to a name that nobody knows before.
_SECRETS_END = re.compile(r"-\?{6}$")
# What is called by IDs there: how one begins tells nothing.
_BY_ID = re.compile(
    r"(?:backup|ec2|identitystore|kms|organizations|pi|rds|rds-db|route53|sso):|ssm:(?!parameter/|document/)"
)
# Services where no kind stands before a name.
_WITHOUT_KINDS = {"s3", "sns"}
# How Tenantnet's names begin, and in some services other names than these.
_TENANTNETS = ("tenantnet-", "tenantnet/")
_BEGINNINGS: Mapping[str, Sequence[str]] = {
    **dict.fromkeys(("ecr", "lambda", "s3"), ()),
    "logs": ("/aws/codebuild/tenantnet-", "/aws/rds/", "/tenantnet/"),
    "scheduler": ("default/tenantnet-",),
    "secretsmanager": ("rds!", *_TENANTNETS),
    "ssm": ("aws-", "ssm-", *_TENANTNETS),
}
# With fewer characters before a wildcard a pattern is nobody's.
_FEWEST = 3
# A document of IAM that nobody can read, or that is written so that nobody does.
_LIKE_A_STATEMENT = re.compile(r'"(?:not)?(?:action|resource)s?"\s*:', re.IGNORECASE)
_ALLOWS = re.compile(r"(?<![a-z])effect[\"']?\s*+[:=]\s*+\[?\s*+[\"']?allow(?![a-z])", re.IGNORECASE)
# What YAML takes for names, types and forms of a value before it.
_MARKS = re.compile(r"(?<=[:=\s])[&!>|][^\s,]*+\s*+")
EVERYTHING = "*"
# How Systems Manager is told to run something on whatever there is.
_ALL_HOSTS = re.compile(r"instanceids|tag:.*|parametervalues|aws::.*", re.DOTALL)
# What is in a group nobody knows who has only its name.
_ANY_HOSTS = {"resourcegroup", "tag-key", "resource-groups:name", "resource-groups:resourcetypefilters"}
_WHATEVER_VALUE = re.compile("KEY_ONLY|STRINGNOT.*", re.IGNORECASE)
_WHATEVER_KEY = "VALUE_ONLY"
# How AWS Backup is told what to take by tags, and what not.
_TAKES, _LEAVES = ("stringequal", "stringlike"), ("stringnotequal", "stringnotlike")
# Whoever changes roles and their policies has every right in the end, whatever those are called.
_OF_RIGHTS = {"iam", "identitystore", "organizations", "sso"}
_NO_RIGHTS = re.compile(
    r"iam:(?:changepassword|passrole|(?:get|list|simulate)[a-z]*\*?|(?:create|delete)servicelinkedrole)"
)
# A cell's topic for alarms is written to and not read: it shows the names and the state of all its tenants.
_ALARMS = re.compile(r"(?<![^:])(?>[^:]*?tenantnet-)[^:]*-alarms(?![a-z0-9-])")
_WRITES, _TAGS = "sns:publish", "sts:tagsession"
_TOPICS = re.compile(r"arn:[^:]*:sns:\*:\*:\*")
# Which subnet and group a new interface is in, and who may change one that is attached, other rights say.
_NEW = {"ec2:createnetworkinterface", "ec2:deletenetworkinterface"}
_INTERFACES = re.compile(r"arn:[^:]*:ec2:[^:]*:[^:*?]+:network-interface/\*")


def reached(value: object, *, without_action: bool) -> Iterator[str]:
    """The resources that statements in it allow something on, though they do not name which, or too much.

    without_action: whether a list of resources is a statement, too, where no action stands beside it.
    """
    yield from _reached(value, 0, without_action, {})


def _reached(value: object, deep: int, without_action: bool, read: dict[str, int]) -> Iterator[str]:
    """deep: in how many texts within texts the value stands. read: as deep each text was read already."""
    match value:
        case str():
            if read.get(value, DEEPEST + 2) > deep:
                read[value] = deep
                yield from _reached_by_text(value, deep, without_action, read)
        case list():
            for each in value:
                yield from _reached(each, deep, without_action, read)
        case Mapping():
            yield from reached_by(value, without_action=without_action)
            for each in value.values():
                yield from _reached(each, deep, without_action, read)


def _reached_by_text(text: str, deep: int, without_action: bool, read: dict[str, int]) -> Iterator[str]:
    if deep > DEEPEST:
        yield EVERYTHING
        return
    is_read = False
    try:
        if is_read := is_like_a_document(text):
            yield from [*_reached(document_in(text), deep + 1, without_action, read)]
    except (ValueError, RecursionError):
        is_read = False
        if _LIKE_A_STATEMENT.search(text):
            yield EVERYTHING
    if not is_read and (_ALLOWS.search(text) or _ALLOWS.search(_MARKS.sub("", text))):
        yield EVERYTHING
    for each in readings(text, singly=not deep):
        yield from _reached(each, deep + 1, without_action, read)


def reached_by(statement: Mapping[str, object], *, without_action: bool) -> Iterator[str]:
    """The same of one statement."""
    lists = _lists(statement)
    if _is_of_all_hosts(lists) or _is_of_any_tag(lists) or (without_action and _is_of_all_others(lists)):
        yield EVERYTHING
    actions = _actions(lists, without_action=without_action)
    of_account = any(_may_be_of(each, {"ecr", "logs"}) for each in actions)
    if lists.get("effect") == ["Deny"]:
        return
    if any(principals := lists.get("principal", ())) and not of_account:
        yield from _reached_by_principals(principals, actions)
    else:
        yield from _reached_by_resources(lists, actions)


def _reached_by_resources(lists: Mapping[str, Sequence[object]], actions: Sequence[str]) -> Iterator[str]:
    harmless = all(map(_is_harmless, actions))
    if "notresource" in lists and not (harmless or _is_of_telephones(actions, lists["notresource"])):
        yield EVERYTHING
    of_iam = "effect" in lists or any(":" in each for each in actions)
    for each in lists.get("resource", ()):
        if isinstance(each, str):
            too_much = _is_too_much(actions, each) if "action" in lists or "notaction" in lists else False
            if too_much or not (harmless or is_bounded(each) or _is_new(actions, each)):
                yield each
        elif of_iam and not harmless and not isinstance(each, Unknown):
            yield EVERYTHING  # put together elsewhere


def _reached_by_principals(principals: Sequence[object], actions: Sequence[str]) -> Iterator[str]:
    """A resource's policy is about that resource; those of CloudWatch Logs and ECR may be about the account.

    But whoever may tag a session says whose tunnels it opens.
    """
    if not all(map(_is_service, principals)):
        yield from (each for each in actions if each.startswith("sts:") and is_like(_TAGS, each))


def is_like(name: str, pattern: str) -> bool:
    """Whether IAM's pattern matches it: brackets mean nothing there."""
    return len(pattern.replace("*", "")) <= len(name) and fnmatchcase(name, pattern.replace("[", "[[]"))


def _is_service(principal: object) -> bool:
    match principal:
        case {"type": "Service"} | {"Type": "Service"}:
            return True
        case Mapping():
            return [str(each).casefold() for each in principal] == ["service"]
    return False


def _is_of_all_hosts(lists: Mapping[str, Sequence[object]]) -> bool:
    keys = {str(each).casefold() for path in ("key", "conditionkey") for each in lists.get(path, ())}
    kinds = [str(each) for path in ("type", "conditiontype") for each in lists.get(path, ())]
    everything = EVERYTHING in lists.get("value", ())
    of_any = bool(keys & _ANY_HOSTS) or (bool(keys) and any(map(_WHATEVER_VALUE.fullmatch, kinds)))
    of_any = of_any or _WHATEVER_KEY in kinds
    return of_any or (everything and any(map(_ALL_HOSTS.fullmatch, keys)))


def _is_of_any_tag(lists: Mapping[str, Sequence[object]]) -> bool:
    """How a group is told to have whatever is of a kind, or has a tag of any value."""
    given = [each for path, value in lists.items() if path.endswith("tagfilter") for each in value]
    filters = [_lists(each) for each in given if isinstance(each, Mapping)]
    any_value = any("key" in each and not each.get("value") for each in filters)
    return any_value or ("resourcetypefilter" in lists and not given)


def _is_of_all_others(lists: Mapping[str, Sequence[object]]) -> bool:
    """How AWS Backup is told to take whatever is not tagged so, or is tagged with anything."""
    given = [(path, each) for path in (*_TAKES, *_LEAVES) for each in lists.get(path, ())]
    conditions = [(path, _lists(each)) for path, each in given if isinstance(each, Mapping)]
    by_tag = [each for each in conditions if {"key", "conditionkey"} & each[1].keys()]
    return bool(by_tag) and not any(itertools.starmap(_says_which, by_tag))


def _says_which(path: str, condition: Mapping[str, Sequence[object]]) -> bool:
    values = [str(each) for key in ("value", "conditionvalue") for each in condition.get(key, ())]
    if path == "stringlike":
        values = [each for each in values if len(_WILD.split(each, maxsplit=1)[0]) >= _FEWEST]
    return path in _TAKES and any(values)


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


def _is_of_telephones(actions: Sequence[str], without: Sequence[object]) -> bool:
    """How SNS is told to send to telephones and to no topic."""
    return actions == [_WRITES] and any(_TOPICS.fullmatch(str(each).casefold()) for each in without)


def _is_new(actions: Sequence[str], resource: str) -> bool:
    """Whether it is what the actions make, for which AWS has no name before."""
    made = all(each in _NEW or _is_harmless(each) for each in actions)
    return made and _INTERFACES.fullmatch(with_wildcards(resource).strip().casefold()) is not None


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
    known = _WILD.split(rest, maxsplit=1)[0]
    _, *names = re.split(r"[:/]", known, maxsplit=1 if service in _FLAT else 0)
    if service in _WITHOUT_KINDS and not names:
        names = [known]
    if _BY_ID.match(f"{service}:{known}") or not names:
        return False
    others = _BEGINNINGS.get(service, _TENANTNETS)
    is_one = any(each.startswith(names[-1]) or names[-1].startswith(each) for each in others)
    return len(names[-1]) >= _FEWEST and not is_one


def _first(service: str, account: str, rest: str) -> str:
    """The kind and the first part of the name: `table/notes` of `table/notes/index/*`."""
    if service == "s3" and not account:
        return rest.partition("/")[0]
    kind, divided, name = re.match(r"/*([^:/]*)([:/]?)(.*)", rest, re.DOTALL).groups()  # type: ignore[union-attr]
    if not divided:
        return rest
    part = (_SECRETS_END.sub("", name) if service == "secretsmanager" else name).partition(":")[0]
    return kind + (part if service in _FLAT else part.partition("/")[0])
