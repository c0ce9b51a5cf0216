"""Rules about one value. A check takes a value of any type and returns refusals; it never raises an error."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from difflib import get_close_matches
from functools import cache
from zoneinfo import available_timezones

from tenantnet.addresses import addressing
from tenantnet.addresses.addressing import ReservedRange
from tenantnet.aws import engines, instance_classes, parameters, storage, windows
from tenantnet.aws.endpoint import COMMERCIAL, REGION
from tenantnet.aws.sizes import HOST_TYPES
from tenantnet.forms import Form, because, check_form
from tenantnet.refusal import Refusal, Rule, is_visible, shown
from tenantnet.settings import rules
from tenantnet.settings.fixed import FIXED
from tenantnet.settings.mysql_words import RDS_ACCOUNTS, RESERVED_WORDS
from tenantnet.tags import TAG_VALUE_CHARACTERS

Check = Callable[[object], list[Refusal]]

_LABEL = "[a-z][a-z0-9]*(?:-[a-z0-9]+)*"
_ZONE_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# No blank at either end: what is between need not be of any alphabet.
_DESCRIPTION = Form(pattern=r"(?s:\S|\S.*\S)", longest=rules.MAX_DESCRIPTION)
_TAG = r"[\w.:/=+@-](?:[\w .:/=+@-]*[\w.:/=+@-])?"
_TAG_KEY, _TAG_VALUE = Form(pattern=_TAG, longest=128), Form(pattern=_TAG, longest=TAG_VALUE_CHARACTERS)
_MAILBOX, _LONGEST_MAILBOX = r"[a-zA-Z0-9_%+-]+(?:\.[a-zA-Z0-9_%+-]+)*", 64
_PASSWORD_UNWANTED = re.compile(r'[^!-~]|[/"@]')
_LONGEST_ARN = 800
_ARN = r"arn:aws:{service}:[a-z0-9-]+:[0-9]{{12}}:{resource}"
# An image in a registry of AWS's, with the repository that its role must be let into.
ECR_IMAGE = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/(?P<name>[^:@]+)[:@]"
)
BACKEND = (
    r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?P<path>/[a-zA-Z0-9._/-]{1,200})?"
    # Other parameters, such as endpoint, would lead to somebody else's storage.
    r"(?:\?(?:region|awssdk)=[a-z0-9-]{1,30}(?:&(?:region|awssdk)=[a-z0-9-]{1,30})?)?"
    r"|https://[a-zA-Z0-9.-]+(?::[0-9]{1,5})?/?"
)

# Of programs and commands: no settings file has one.
ACCOUNT_DIGITS = Rule(
    id="account-digits",
    rule="an AWS account's ID has 12 digits",
    reason="AWS has no account of another ID",
    remedy="aws sts get-caller-identity --query Account",
)
# JSON Schema uses the same patterns.
ACCOUNT_PATTERN = "^[0-9]{12}$"
LOCAL_TIME_PATTERN = "^20[0-9]{2}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]$"
DURATION_PATTERN = "^[1-9][0-9]{0,2}[hd]$"
_LOCAL_TIME = Form(pattern=LOCAL_TIME_PATTERN.strip("^$"), longest=16)
_BACKUP_WINDOW = Form(pattern=windows.BACKUP, longest=11)
_MAINTENANCE_WINDOW = Form(pattern=windows.MAINTENANCE, longest=19)
_DURATION = Form(pattern=DURATION_PATTERN.strip("^$"), longest=4)


def _text(rule: Rule, pattern: str, longest: int, /, *, shortest: int = 1, **facts: object) -> Check:
    """A check for text of that form. facts: those of the rule."""
    form = Form(pattern=pattern, shortest=shortest, longest=longest)
    return lambda value: check_form(rule, form, value, **facts)


def aws_id(prefix: str) -> Check:
    """A check for an EC2 id that starts with `prefix`.

    https://docs.aws.amazon.com/ec2/latest/userguide/resource-ids.html
    """
    return _text(
        rules.AWS_ID,
        rf"{prefix}-(?:[0-9a-f]{{8}}|[0-9a-f]{{17}})",
        len(prefix) + 18,
        form=f"{prefix}- and 8 or 17 of 0-9 and a-f",
        example=f"{prefix}-0123456789abcdef0",
    )


check_platform_name = _text(rules.PLATFORM_NAME, rf"platform-{_LABEL}", 29, shortest=11)
check_zone_name = _text(rules.ZONE_NAME, rf"{_ZONE_LABEL}(?:\.{_ZONE_LABEL})+", 200)
check_zone_id = _text(
    rules.AWS_ID, "Z[A-Z0-9]+", 32, shortest=2, form="Z and up to 31 of A-Z and 0-9", example="Z0123456789ABC"
)
check_account_id = _text(ACCOUNT_DIGITS, ACCOUNT_PATTERN.strip("^$"), 12)
check_service = _text(
    rules.AWS_ID,
    r"[a-z0-9.-]{1,100}\.amazonaws\.com",
    114,
    form="NAME.amazonaws.com",
    example="ec2.amazonaws.com",
)
check_tunnel_user = _text(rules.TUNNEL_USER, "[a-zA-Z0-9+=.@_-]+", 64)
_check_email = _text(
    rules.ALARM_EMAIL,
    rf"{_MAILBOX}@(?:{_ZONE_LABEL}\.)+(?:[a-z]{{2,63}}|xn--[a-z0-9-]{{0,58}}[a-z0-9])",
    254,
)
check_version = _text(rules.RUNNER_VERSION, "[a-zA-Z0-9._][a-zA-Z0-9._/-]*", 200)
check_image = _text(
    rules.RUNNER_IMAGE,
    r"[a-zA-Z0-9][a-zA-Z0-9._/-]{0,250}(?::[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}|@sha256:[0-9a-f]{64})",
    379,
)
check_backend = _text(rules.RUNNER_BACKEND, BACKEND, 400)
check_secret_arn = _text(
    rules.AWS_ARN,
    _ARN.format(service="secretsmanager", resource="secret:[a-zA-Z0-9_/+=.@-]{8,500}"),
    _LONGEST_ARN,
    form="arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-SUFFIX",
)
# Not an alias, which can come to mean another key.
check_key_arn = _text(
    rules.AWS_ARN,
    _ARN.format(service="kms", resource="key/(?:mrk-)?[0-9a-f-]{32,36}"),
    _LONGEST_ARN,
    form="arn:aws:kms:REGION:ACCOUNT:key/ID",
)
check_policy_arn = _text(
    rules.AWS_ARN,
    r"arn:aws:iam::[0-9]{12}:policy/[a-zA-Z0-9_+=,.@/-]{1,640}",
    _LONGEST_ARN,
    form="arn:aws:iam::ACCOUNT:policy/NAME",
)
check_connection_arn = _text(
    rules.AWS_ARN,
    _ARN.format(service="(?:codeconnections|codestar-connections)", resource="connection/[0-9a-f-]{36}"),
    _LONGEST_ARN,
    form="arn:aws:codeconnections:REGION:ACCOUNT:connection/ID",
)
_check_region_name = _text(rules.REGION, REGION, 60)
_check_label = _text(rules.TENANT_NAME, _LABEL, 20, shortest=2)
_check_user = _text(rules.USERNAME, "[a-zA-Z][a-zA-Z0-9_]*", 16)
_check_address = _text(rules.RUNNER_REPOSITORY, "https://[a-zA-Z0-9.-]+(?::[0-9]{1,5})?/[!-?A-~]{1,500}", 800)


def _choice(value: object, known: Collection[str], rule: Rule, /, **facts: object) -> list[Refusal]:
    if isinstance(value, str) and value in known:
        return []
    return [rule.refuse(value, hint=_hint(value, known), **facts)]


def _check_number(value: object, least: int, most: int, rule: Rule) -> list[Refusal]:
    whole = isinstance(value, int) and not isinstance(value, bool)
    good = whole and least <= value <= most  # type: ignore[operator]
    return [] if good else [rule.refuse(value, least=least, most=most)]


def _hint(word: object, known: Iterable[str]) -> str:
    """The known word most similar to `word`, as the end of a remedy; empty if none is similar."""
    close = get_close_matches(word[:80], list(known), n=1) if isinstance(word, str) else []
    return f": did you mean {close[0]}?" if close else ""


def unknown_key(key: object, path: str, known: Sequence[str]) -> Refusal:
    """The refusal of a key that is not among `known`: of one that people look for, with its reason."""
    if isinstance(key, str) and (why := FIXED.get(key)):
        return rules.KEY_FIXED.refuse(key, path, key=key, why=why)
    return rules.KEY_KNOWN.refuse(key, path, known=", ".join(known), hint=_hint(key, known))


def check_word(value: object, known: Sequence[str]) -> list[Refusal]:
    """One of few words that have a meaning."""
    return _choice(value, known, rules.WORD_KNOWN, known=", ".join(known))


def check_tenant_name(value: object) -> list[Refusal]:
    """The name of a tenant, which is the name of its stack."""
    if refusals := _check_label(value):
        return refusals
    name = str(value)
    if name == "platform" or name.startswith("platform-"):
        return [rules.TENANT_NAME_FREE.refuse(value, other="a platform")]
    tenant, _, slot = name.rpartition("-")
    if slot in ("blue", "green"):
        return [rules.TENANT_NAME_FREE.refuse(value, other=f"the {slot} network of {tenant or 'a tenant'}")]
    return []


def check_tenant_apart(name: str, raw: object) -> list[Refusal]:
    """A tenant does not have the name of its cell. raw: its settings, valid or not."""
    if isinstance(raw, Mapping) and raw.get("platform") == f"platform-{name}":
        return [rules.TENANT_NAME_FREE.refuse(name, other="its platform")]
    return []


def check_cell_apart(platform: str, platforms: Iterable[str]) -> list[Refusal]:
    """A platform's cell has no name that another one's begins with. platforms: those of the project."""
    return [
        rules.CELLS_APART.refuse(platform, other=other)
        for other in platforms
        if platform.startswith(f"{other}-") or other.startswith(f"{platform}-")
    ]


def _reserved_for(purpose: str, reserved: Sequence[ReservedRange]) -> list[str]:
    own = [entry.cidr for entry in reserved if entry.purpose == purpose]
    return own or [entry.cidr for entry in addressing.DEFAULT_RESERVED if entry.purpose == purpose]


def check_session_subnet(value: object, reserved: Sequence[ReservedRange]) -> list[Refusal]:
    """A tenant's subnet in the sessions network."""
    verdicts = [
        addressing.check_session_subnet(value, cidr) for cidr in _reserved_for(addressing.SESSIONS, reserved)
    ]
    return min(verdicts, key=len)


def check_sessions_cidr(value: object, reserved: Sequence[ReservedRange]) -> list[Refusal]:
    """The range of a platform's sessions network."""
    return _check_platform_range(
        value,
        addressing.SESSIONS,
        reserved,
        smallest=addressing.SESSION_SUBNET_PREFIX,
        needed="a session subnet",
    )


def check_services_cidr(value: object, reserved: Sequence[ReservedRange]) -> list[Refusal]:
    """The range of a platform's services network."""
    return _check_platform_range(
        value, addressing.SERVICES, reserved, smallest=26, needed="the tunnel host's subnet"
    )


def _check_platform_range(
    value: object, purpose: str, reserved: Sequence[ReservedRange], *, smallest: int, needed: str
) -> list[Refusal]:
    # A range in another spelling, or a public one, is not checked further.
    if refusals := addressing.check_private_cidr(value):
        return refusals
    cidr, ranges = str(value), _reserved_for(purpose, reserved)
    if not 16 <= addressing.prefix_length(cidr) <= smallest:
        refusals.append(
            rules.PLATFORM_RANGE_SIZE.refuse(value, purpose=purpose, smallest=smallest, needed=needed)
        )
    if not any(addressing.contains(around, cidr) for around in ranges):
        reserved_text = " or ".join(ranges)
        refusals.append(rules.PLATFORM_RANGE_RESERVED.refuse(value, purpose=purpose, reserved=reserved_text))
    return refusals


def check_username(value: object) -> list[Refusal]:
    """The master user's name.

    Source: MasterUsername in
    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
    """
    if refusals := _check_user(value):
        return refusals
    for owner, words in (("RDS", RDS_ACCOUNTS), ("MySQL", RESERVED_WORDS)):
        if str(value).upper() in words:
            return [rules.USERNAME_FREE.refuse(value, owner=owner)]
    return []


def check_alarm_email(value: object) -> list[Refusal]:
    """An address that a cell's alarms are sent to."""
    refusals = _check_email(value)
    length = str(value).find("@")
    if refusals or length <= _LONGEST_MAILBOX:
        return refusals
    return [because(rules.ALARM_EMAIL.refuse(value), f"has {length} characters before the @")]


def check_password(value: object) -> list[Refusal]:
    """The master user's password; no refusal shows it.

    Source: MasterUserPassword in
    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
    """
    if not isinstance(value, str):
        return [rules.PASSWORD.refuse_secret(problem="is not text")]
    problems = []
    if not rules.MIN_PASSWORD <= len(value) <= rules.MAX_PASSWORD:
        problems.append(f"has a length of {len(value)}")
    if _PASSWORD_UNWANTED.search(value):
        problems.append("has a character that is not allowed")
    return [rules.PASSWORD.refuse_secret(problem=" and ".join(problems))] if problems else []


def check_instance_class(value: object) -> list[Refusal]:
    """The RDS instance class."""
    families = ", ".join(f"db.{family}" for family in instance_classes.FAMILIES)
    return _choice(
        value, instance_classes.offered(), rules.INSTANCE_CLASS, offered=f"{families}, each with its sizes"
    )


def check_storage(value: object) -> list[Refusal]:
    """The database's storage in GiB.

    Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html (gp3 for MySQL)
    """
    return _check_number(value, rules.MIN_STORAGE_GB, rules.MAX_STORAGE_GB, rules.STORAGE)


def check_engine_version(value: object) -> list[Refusal]:
    """The major version of MySQL."""
    if isinstance(value, str) and value in engines.FAMILIES:
        return []
    return [
        rules.ENGINE_VERSION.refuse(value, known=", ".join(engines.FAMILIES), usual=engines.DEFAULT_VERSION)
    ]


def check_iops(value: object, storage_gb: int = storage.STRIPED_GIB) -> list[Refusal]:
    """The IOPS of a database of that size."""
    return _check_number(value, *storage.IOPS, rules.IOPS) or _check_striped(value, storage_gb)


def check_throughput(
    value: object, storage_gb: int = storage.STRIPED_GIB, iops: int = storage.IOPS[1]
) -> list[Refusal]:
    """The MiB/s of a database of that size, which has so many IOPS."""
    refusals = _check_number(value, *storage.THROUGHPUT_MIB, rules.THROUGHPUT)
    if refusals := refusals or _check_striped(value, storage_gb):
        return refusals
    carried, needed = iops // storage.IOPS_PER_MIB, int(str(value)) * storage.IOPS_PER_MIB
    if iops >= needed:
        return []
    return [rules.THROUGHPUT_FITS.refuse(value, iops=iops, carried=carried, needed=needed)]


def _check_striped(value: object, storage_gb: int) -> list[Refusal]:
    return [] if storage_gb >= storage.STRIPED_GIB else [rules.STRIPED.refuse(value)]


def check_backup_days(value: object) -> list[Refusal]:
    """For how many days automated backups are kept.

    Source: BackupRetentionPeriod in
    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
    """
    return _check_number(value, rules.MIN_BACKUP_DAYS, rules.MAX_BACKUP_DAYS, rules.BACKUP_DAYS)


def check_backup_window(value: object) -> list[Refusal]:
    """When RDS takes the daily backup."""
    return _check_window(rules.BACKUP_WINDOW, _BACKUP_WINDOW, value)


def check_maintenance_window(value: object) -> list[Refusal]:
    """When RDS brings minor versions and patches."""
    refusals = _check_window(rules.MAINTENANCE_WINDOW, _MAINTENANCE_WINDOW, value)
    if refusals or windows.minutes(str(value)) < windows.DAY:
        return refusals
    return [because(rules.MAINTENANCE_WINDOW.refuse(value), "is a day or longer")]


def _check_window(rule: Rule, form: Form, value: object) -> list[Refusal]:
    refusals = check_form(rule, form, value)
    if refusals or windows.minutes(str(value)) >= windows.SHORTEST:
        return refusals
    return [because(rule.refuse(value), f"has {windows.minutes(str(value))} minutes")]


def check_windows(backup: str | None, maintenance: str | None) -> list[Refusal]:
    """The two windows together, each accepted before; None for one that is not set."""
    given = {"backupWindow": backup, "maintenanceWindow": maintenance}
    if backup and maintenance:
        apart = windows.are_apart(backup, maintenance)
        return [] if apart else [rules.WINDOWS_APART.refuse(maintenance, backup=backup)]
    missing = [name for name, window in given.items() if not window]
    if len(missing) != 1:
        return []
    ((name, window),) = ((name, window) for name, window in given.items() if window)
    return [rules.WINDOWS_TOGETHER.refuse(window, missing=missing[0], given=name)]


def wrong_type(value: object, expected: str, path: str = "") -> Refusal:
    """The refusal of what is of another type than `expected`."""
    found = "no value" if value is None else shown(value)
    return rules.VALUE_TYPE.refuse(value, path, expected=expected, found=found)


def check_parameters(value: object) -> list[Refusal]:
    """The database's own parameters of MySQL, by their names."""
    if not isinstance(value, Mapping):
        return [wrong_type(value, "a mapping")]
    found = []
    for name, given in value.items():
        if name not in parameters.NAMES:
            known, hint = ", ".join(parameters.NAMES), _hint(name, parameters.NAMES)
            found.append(rules.PARAMETER_KNOWN.refuse(name, shown(name), known=known, hint=hint))
        elif not parameters.takes(name, given):
            refused = rules.PARAMETER_VALUE.refuse(given, name, name=name, values=parameters.values(name))
            odd = parameters.unknown_modes(given) if name == "sql_mode" else []
            found.append(because(refused, f"has {shown(','.join(odd))}") if odd else refused)
    return found or _check_collation(value)


def _check_collation(value: Mapping[object, object]) -> list[Refusal]:
    """The collation beside the character set, both accepted before."""
    collation, usual = value.get("collation_server"), parameters.USUAL_CHARACTER_SET
    if collation is None:
        return []
    own, given = parameters.character_set_of(str(collation)), value.get("character_set_server", usual)
    facts = {"own": own, "given": given, "whose": "" if "character_set_server" in value else " as by default"}
    return [] if own == given else [rules.COLLATION_FITS.refuse(collation, "collation_server", **facts)]


def check_tags(value: object) -> list[Refusal]:
    """The tags that a tenant's resources have beside Tenantnet's."""
    return _tags(value, rules.MAX_TAGS, "a resource of AWS has 50 tags at most")


def check_platform_tags(value: object) -> list[Refusal]:
    """The tags that a platform's resources have beside Tenantnet's."""
    return _tags(value, rules.MAX_PLATFORM_TAGS, "a zone of Route 53 has 10 tags at most")


def _tags(value: object, most: int, limit: str) -> list[Refusal]:
    if not isinstance(value, Mapping):
        return [wrong_type(value, "a mapping")]
    found, seen = [], dict[str, object]()
    if len(value) > most:
        found.append(rules.TAGS_COUNT.refuse(f"{len(value)} tags", most=most, limit=limit))
    for key, text in value.items():
        folded = str(key).casefold()
        if folded == "name" or folded.startswith(("aws:", "tenantnet:")):
            found.append(rules.TAG_KEY_FREE.refuse(key, shown(key)))
        elif folded in seen:
            found.append(rules.TAG_KEY_ONCE.refuse(key, shown(key), other=shown(seen[folded])))
        found += check_form(rules.TAG_KEY, _TAG_KEY, key, shown(key))
        found += check_form(rules.TAG_VALUE, _TAG_VALUE, text, shown(key))
        seen[folded] = key
    return found


def check_host_type(value: object) -> list[Refusal]:
    """The EC2 type of a ping host or tunnel host."""
    return _choice(value, HOST_TYPES, rules.PING_HOST_TYPE, offered=", ".join(HOST_TYPES))


def check_description(value: object) -> list[Refusal]:
    """The description of a VPN connection."""
    refusals = check_form(rules.DESCRIPTION, _DESCRIPTION, value)
    if refusals or is_visible(text := str(value)):
        return refusals
    unseen = next(each for at, each in enumerate(text) if not is_visible(text[: at + 1]))
    return [because(rules.DESCRIPTION.refuse(value), f"has {shown(unseen)}, which nobody sees")]


def check_local_time(value: object) -> list[Refusal]:
    """A local date and time to the minute; whether it exists in a zone is a rule over both."""
    if refusals := check_form(rules.MIGRATION_TIME, _LOCAL_TIME, value):
        return refusals
    try:
        datetime.fromisoformat(str(value))
    except ValueError:
        return [because(rules.MIGRATION_TIME.refuse(value), "is on no day of the calendar")]
    return []


@cache
def _timezones() -> frozenset[str]:
    # Zones of the operating system, which AWS does not know.
    return frozenset(available_timezones() - {"localtime", "Factory"})


def check_timezone(value: object) -> list[Refusal]:
    """A name of the IANA time zone database."""
    if isinstance(value, str) and value in _timezones():
        return []
    # An abbreviation is like others that are hours away.
    places = [zone for zone in _timezones() if "/" in zone]
    return [rules.TIMEZONE.refuse(value, hint=_hint(value, places))]


def check_duration(value: object) -> list[Refusal]:
    """How long the former network waits."""
    if refusals := check_form(rules.RETIRE_AFTER, _DURATION, value):
        return refusals
    if duration(str(value)) > timedelta(days=30):
        return [because(rules.RETIRE_AFTER.refuse(value), "is longer")]
    return []


def duration(text: str) -> timedelta:
    """`24h` or `3d`, checked before, as a duration."""
    number, unit = int(text[:-1]), text[-1]
    return timedelta(hours=number) if unit == "h" else timedelta(days=number)


def check_region(value: object) -> list[Refusal]:
    """The region of a stack."""
    if refusals := _check_region_name(value):
        return refusals
    return [] if re.fullmatch(COMMERCIAL, str(value)) else [rules.REGION_COMMERCIAL.refuse(value)]


def check_repository(value: object) -> list[Refusal]:
    """The address of the repository with the settings and the program."""
    if isinstance(value, str) and "@" in value:
        # The text before it may be a password.
        return [because(rules.RUNNER_REPOSITORY.refuse_secret(), "has @, and a password may be before it")]
    return _check_address(value)
