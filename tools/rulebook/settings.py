"""A broken example of every rule about settings: documentation shows what is said to it, a test that it is.

Most are one change of a sample, which itself is all right.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tenantnet.addresses import addressing
from tenantnet.addresses.addressing import DEFAULT_RESERVED, ReservedRange
from tenantnet.refusal import Refusal, Refused, Rule, shown
from tenantnet.secret_forms import NOT_SHOWN
from tenantnet.settings import checks, rules
from tenantnet.settings.files import (
    REGION_KEY,
    RESERVED_KEY,
    ProjectDefaults,
    judge_config,
    judge_file,
)
from tenantnet.settings.loading import PASSWORD_KEY, PLATFORM_KEY, TENANT_KEY, load_platform, load_tenant
from tenantnet.settings.providers import PROVIDER, judge_provider
from tenantnet.settings.reading import parse_mapping
from tenantnet.settings.relations import check_region_of_platform

TENANT: dict[str, Any] = {
    "platform": "platform-eu1",
    "sessionSubnet": "172.17.5.0/24",
    "database": {
        "username": "acmeadmin",
        "instanceClass": "db.t4g.small",
        "storageGb": 100,
        "multiAz": False,
    },
    "networks": {
        "blue": {
            "cidr": "10.1.2.0/26",
            "pingHostType": "t4g.nano",
            "vpnConnections": [
                {
                    "companyCidr": "192.168.4.0/24",
                    "companyGatewayIp": "198.51.100.7",
                    "description": "Seattle office",
                },
                {
                    "companyCidr": "192.168.5.0/24",
                    "companyGatewayIp": "198.51.100.8",
                    "description": "Utrecht office",
                },
            ],
        },
        "green": {
            "cidr": "10.1.3.0/26",
            "vpnConnections": [
                {
                    "companyCidr": "192.168.4.0/24",
                    "companyGatewayIp": "198.51.100.7",
                    "description": "Seattle office",
                }
            ],
        },
    },
    "migration": {
        "to": "green",
        "at": "2026-12-01T02:00",
        "timezone": "Europe/Amsterdam",
        "strategy": "replica",
        "retireAfter": "24h",
    },
    "tunnelUsers": ["alice", "bob"],
    "tags": {"CostCenter": "4711"},
}

PLATFORM: dict[str, Any] = {
    "zone": {"name": "db.example.com"},
    "sessions": {"cidr": "172.17.0.0/16"},
    "services": {"cidr": "10.32.0.0/16", "tunnelHostType": "t4g.nano"},
    "runner": {
        "repository": "https://github.com/example/tenants.git",
        "host": "github",
        "connectionArn": "arn:aws:codeconnections:eu-west-1:123456789012:connection/"
        "11111111-2222-3333-4444-555555555555",
        "version": "main",
        "image": "example/pulumi-python:3.274.1",
        "backend": "s3://example-pulumi-state",
        "secretArn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:example/pulumi-AbCdEf",
        "unverified": False,
    },
}

REMOVED = object()

_DEFAULTS = ProjectDefaults(reserved=DEFAULT_RESERVED, has_region=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """given: what somebody writes, in one line. refusals: what is said to it, of `rule` alone."""

    rule: Rule
    given: str
    refusals: Sequence[Refusal]


def good_config(kind: str) -> dict[Any, Any]:
    """The `config` of a settings file with nothing wrong in it. kind: tenant or platform."""
    if kind == "platform":
        return {REGION_KEY: "eu-west-1", PLATFORM_KEY: copy.deepcopy(PLATFORM)}
    return {
        REGION_KEY: "eu-west-1",
        TENANT_KEY: copy.deepcopy(TENANT),
        PASSWORD_KEY: {"secure": "v1:abc"},
    }


def change(place: Any, path: str, value: object = REMOVED) -> None:  # noqa: ANN401 - any YAML value
    """Set what stands at a dotted path (`networks.blue.vpnConnections[0].companyCidr`), or take it out."""
    *around, last = [int(key) if key.isdigit() else key for key in re.split(r"[.\[\]]+", path) if key]
    for key in around:
        place = place[key]
    if value is REMOVED:
        del place[last]
    elif isinstance(place, list) and last == len(place):
        place.append(value)
    else:
        place[last] = value


def examples() -> list[Example]:
    """One example per rule of settings.rules, and of those of addresses.addressing that settings meet."""
    return [*_of_tenants(), *_of_platforms(), *_of_files()]


def _judged(rule: Rule, stack: str, config: dict[Any, Any], given: str) -> Example:
    return Example(rule=rule, given=given, refusals=judge_config(stack, config, _DEFAULTS)[1])


def _tenant(rule: Rule, path: str, value: object = REMOVED) -> Example:
    config = good_config("tenant")
    change(config[TENANT_KEY], path, value)
    return _judged(rule, "acme", config, _line(path, value))


def _platform(rule: Rule, path: str, value: object = REMOVED) -> Example:
    config = good_config("platform")
    change(config[PLATFORM_KEY], path, value)
    return _judged(rule, "platform-eu1", config, _line(path, value))


def _line(path: str, value: object) -> str:
    if value is REMOVED:
        return f"no {path}"
    return f"{path}: {json.dumps(value) if isinstance(value, list | dict) else shown(value)}"


def _told(rule: Rule, given: str, refuse: Callable[[], object]) -> Example:
    try:
        refuse()
    except Refused as refused:
        return Example(rule=rule, given=given, refusals=refused.refusals)
    raise AssertionError(f"{given} is not refused")


def _with_database(rule: Rule, **settings: str | int) -> Example:
    config = good_config("tenant")
    config[TENANT_KEY]["database"] |= settings
    return _judged(
        rule, "acme", config, "\n".join(_line(f"database.{key}", settings[key]) for key in settings)
    )


def _windows_that_meet() -> Example:
    windows = {"backupWindow": "03:00-04:10", "maintenanceWindow": "sun:04:00-sun:04:30"}
    return _with_database(rules.WINDOWS_APART, **windows)


def _of_storage(rule: Rule, **settings: int) -> Example:
    return _with_database(rule, storageGb=400, **settings)


def _of_tenants() -> list[Example]:
    seattle, utrecht = (f"networks.blue.vpnConnections[{index}]" for index in (0, 1))
    office = {"companyCidr": "192.168.4.0/24", "companyGatewayIp": "198.51.100.7", "description": "Again"}
    return [
        _tenant(addressing.RANGE_TEXT, "networks.blue.cidr", 10.1),
        _tenant(addressing.RANGE_NOTATION, "networks.blue.cidr", "010.1.2.0/26"),
        _tenant(addressing.RANGE_ALIGNED, "networks.blue.cidr", "10.1.2.10/26"),
        _tenant(addressing.NETWORK_SIZE, "networks.blue.cidr", "10.1.2.0/25"),
        _tenant(addressing.RANGE_PRIVATE, "networks.blue.cidr", "11.1.2.0/26"),
        _tenant(addressing.COMPANY_PRIVATE, f"{seattle}.companyCidr", "203.0.113.0/24"),
        _tenant(addressing.RANGE_RESERVED, "networks.blue.cidr", "10.42.128.64/26"),
        _tenant(addressing.COMPANY_RESERVED, f"{seattle}.companyCidr", "172.17.9.0/24"),
        _tenant(addressing.SESSION_SUBNET_SIZE, "sessionSubnet", "172.17.5.0/25"),
        _tenant(addressing.SESSION_SUBNET_INSIDE, "sessionSubnet", "172.18.5.0/24"),
        _tenant(addressing.GATEWAY_TEXT, f"{seattle}.companyGatewayIp", "vpn.example.com"),
        _tenant(addressing.GATEWAY_PUBLIC, f"{seattle}.companyGatewayIp", "100.64.0.1"),
        _tenant(rules.KEY_KNOWN, "networks.blue.vpnConections", []),
        _tenant(rules.KEY_FIXED, "database.port", 3307),
        _tenant(rules.KEY_GIVEN, f"{seattle}.description"),
        _tenant(rules.WORD_KNOWN, "migration.strategy", "snap"),
        _tenant(rules.VALUE_TYPE, "database.multiAz", "yes"),
        _tenant(rules.ENTRY_ONCE, "tunnelUsers[1]", "alice"),
        _tenant(rules.PLATFORM_NAME, "platform", "eu1"),
        _tenant(rules.PARAMETER_KNOWN, "database.parameters", {"innodb_flush_log_at_trx_commit": 0}),
        _tenant(rules.PARAMETER_VALUE, "database.parameters", {"max_allowed_packet": "64M"}),
        _tenant(rules.COLLATION_FITS, "database.parameters", {"collation_server": "latin1_swedish_ci"}),
        _tenant(rules.TAG_KEY, "tags", {"Cost;Center": "4711"}),
        _tenant(rules.TAG_KEY_FREE, "tags", {"tenantnet:tenant": "beta"}),
        _tenant(rules.TAG_KEY_ONCE, "tags", {"CostCenter": "4711", "costcenter": "4712"}),
        _tenant(rules.TAG_VALUE, "tags", {"CostCenter": 4711}),
        _tenant(rules.USERNAME, "database.username", "acme-admin"),
        _tenant(rules.USERNAME_FREE, "database.username", "select"),
        _tenant(rules.INSTANCE_CLASS, "database.instanceClass", "t4g.small"),
        _tenant(rules.STORAGE, "database.storageGb", "100GB"),
        _tenant(rules.ENGINE_VERSION, "database.engineVersion", "8.0"),
        _of_storage(rules.IOPS, iops=3000),
        _of_storage(rules.THROUGHPUT, storageThroughput=125),
        _tenant(rules.STRIPED, "database.iops", 20000),
        _of_storage(rules.THROUGHPUT_FITS, storageThroughput=4000),
        _tenant(rules.BACKUP_WINDOW, "database.backupWindow", "3:00-3:30"),
        _tenant(rules.MAINTENANCE_WINDOW, "database.maintenanceWindow", "Sunday 04:00"),
        _tenant(rules.WINDOWS_TOGETHER, "database.backupWindow", "03:00-03:30"),
        _windows_that_meet(),
        _tenant(rules.BACKUP_DAYS, "database.backupRetentionDays", 90),
        _tenant(rules.SLOTS, "networks", {}),
        _tenant(rules.PING_HOST_TYPE, "networks.blue.pingHostType", "t3.nano"),
        _tenant(rules.NETWORKS_APART, "networks.green.cidr", "10.1.2.0/26"),
        _tenant(rules.DESCRIPTION, f"{seattle}.description", ""),
        _tenant(rules.VPN_CONNECTION_ONCE, "networks.green.vpnConnections[1]", office),
        _tenant(rules.COMPANY_CIDRS_APART, f"{utrecht}.companyCidr", "192.168.0.0/16"),
        _tenant(rules.COMPANY_CIDR_OUTSIDE, f"{seattle}.companyCidr", "10.1.0.0/16"),
        _tenant(rules.MIGRATION_SLOTS, "networks.green"),
        _tenant(rules.MIGRATION_TIME, "migration.at", "2026-12-01 02:00"),
        _tenant(rules.TIMEZONE, "migration.timezone", "Amsterdam"),
        _tenant(rules.MIGRATION_TIME_EXISTS, "migration.at", "2026-03-29T02:30"),
        _tenant(rules.MIGRATION_TIME_ONCE, "migration.at", "2026-10-25T02:30"),
        _tenant(rules.RETIRE_AFTER, "migration.retireAfter", "90m"),
        _tenant(rules.LIVE_NEEDS_GTID, "migration.strategy", "live"),
        _tenant(rules.RETIRING_STAYS, "retiring", True),
        _tenant(rules.TUNNEL_USER, "tunnelUsers[0]", "arn:aws:iam::123456789012:user/alice"),
        _many_connections(),
        _many_tags(),
        _many_users(),
    ]


def _many_emails() -> Example:
    emails = [f"oncall{number}@example.com" for number in range(rules.MAX_ALARM_EMAILS + 1)]
    example = _platform(rules.ALARM_EMAILS_COUNT, "alarmEmails", emails)
    return replace(example, given=f"alarmEmails: {len(emails)} of them")


def _many_tags() -> Example:
    tags = {f"Tag{number}": "x" for number in range(rules.MAX_TAGS + 1)}
    return replace(_tenant(rules.TAGS_COUNT, "tags", tags), given=f"tags: {len(tags)} of them")


def _many_users() -> Example:
    users = [f"somebody.with.a.name.as.long.as.iam.allows-{number:020}" for number in range(20)]
    example = _tenant(rules.TUNNEL_USERS_FIT, "tunnelUsers", users)
    return replace(example, given=f"tunnelUsers: {len(users)} of 64 characters")


def _many_connections() -> Example:
    offices = [
        {
            "companyCidr": f"192.168.{n}.0/24",
            "companyGatewayIp": f"203.0.113.{n}",
            "description": f"Office {n}",
        }
        for n in range(rules.MAX_VPN_CONNECTIONS + 1)
    ]
    example = _tenant(rules.VPN_CONNECTIONS_COUNT, "networks.blue.vpnConnections", offices)
    return replace(example, given=f"networks.blue.vpnConnections: {len(offices)} of them")


def _of_platforms() -> list[Example]:
    return [
        _platform(rules.ZONE_NAME, "zone.name", "example"),
        _platform(rules.AWS_ID, "sessions.vpcId", "vpc-123"),
        _platform(rules.SERVICES_TOGETHER, "services.vpcId", "vpc-0123456789abcdef0"),
        _platform(rules.PLATFORM_RANGE_RESERVED, "sessions.cidr", "172.18.0.0/16"),
        _platform(rules.PLATFORM_RANGE_SIZE, "services.cidr", "10.32.0.0/12"),
        _ranges_apart(),
        _shared_subnets(rules.SHARED_SUBNET_INSIDE, "10.32.4.0/24"),
        _shared_subnets(rules.SHARED_SUBNETS_APART, "172.17.254.0/24", "172.17.254.128/25"),
        _shared_subnets(
            rules.SHARED_SUBNETS_COUNT, *(f"172.17.{n}.0/24" for n in range(rules.MAX_SHARED_SUBNETS + 1))
        ),
        _platform(rules.AWS_ARN, "runner.secretArn", "example/pulumi"),
        _platform(rules.ALARM_EMAIL, "alarmEmails", ["On call <oncall@example.com>"]),
        _many_emails(),
        _platform(rules.RUNNER_REPOSITORY, "runner.repository", "git@github.com:example/tenants.git"),
        _platform(rules.RUNNER_VERSION, "runner.version", "-main"),
        _platform(rules.RUNNER_IMAGE, "runner.image", "example/pulumi-python"),
        _platform(rules.RUNNER_BACKEND, "runner.backend", "file:///srv/state"),
        _platform(rules.RUNNER_CONNECTION, "runner.host", "codecommit"),
        _platform(rules.RUNNER_SECRET, "runner.secretArn"),
        Example(
            rule=rules.CELLS_APART,
            given="Pulumi.platform-eu1-b.yaml beside Pulumi.platform-eu1.yaml",
            refusals=checks.check_cell_apart("platform-eu1-b", ["platform-eu1", "platform-eu1-b"]),
        ),
    ]


def _shared_subnets(rule: Rule, *cidrs: str) -> Example:
    return _platform(rule, "sessions.sharedSubnets", list(cidrs))


def _ranges_apart() -> Example:
    raw = {**PLATFORM, "services": {"cidr": "10.96.0.0/16"}, "sessions": {"cidr": "10.96.4.0/22"}}
    reserved = [
        ReservedRange("10.96.0.0/12", purpose) for purpose in (addressing.SERVICES, addressing.SESSIONS)
    ]
    return _told(
        rules.PLATFORM_RANGES_APART,
        "services.cidr: 10.96.0.0/16, sessions.cidr: 10.96.4.0/22",
        lambda: load_platform("platform-eu1", raw, reserved=reserved),
    )


def _of_files() -> list[Example]:
    tenant = good_config("tenant")
    nothing = {REGION_KEY: "eu-west-1"}
    clear = {**tenant, PASSWORD_KEY: "in clear"}
    return [
        _judged(rules.TENANT_NAME, "Acme", tenant, "Pulumi.Acme.yaml"),
        _judged(rules.TENANT_NAME_FREE, "acme-blue", tenant, "Pulumi.acme-blue.yaml"),
        _judged(rules.REGION, "acme", {**tenant, REGION_KEY: "Ireland"}, f"{REGION_KEY}: Ireland"),
        _judged(
            rules.REGION_COMMERCIAL,
            "acme",
            {**tenant, REGION_KEY: "eusc-de-east-1"},
            f"{REGION_KEY}: eusc-de-east-1",
        ),
        _judged(rules.OWN_TAGS, "acme", {**tenant, "aws:defaultTags": {}}, "aws:defaultTags: …"),
        _judged(rules.AWS_KEY, "acme", {**tenant, "aws:endpoints": []}, "aws:endpoints: …"),
        Example(
            rule=rules.REGION_OF_PLATFORM,
            given=f"{REGION_KEY}: us-east-1, where platform-eu1 is in eu-west-1",
            refusals=check_region_of_platform("us-east-1", "platform-eu1", "eu-west-1"),
        ),
        _judged(rules.PROJECT_WIDE, "acme", {**tenant, RESERVED_KEY: []}, f"{RESERVED_KEY}: []"),
        _judged(rules.STACK_KIND, "acme", nothing, f"neither {TENANT_KEY} nor {PLATFORM_KEY}"),
        _judged(rules.PASSWORD_ENCRYPTED, "acme", clear, f"{PASSWORD_KEY}: {NOT_SHOWN}"),
        _password(rules.PASSWORD_GIVEN, f"no {PASSWORD_KEY}", None),
        _password(rules.PASSWORD, f"{PASSWORD_KEY}: {NOT_SHOWN}", "short/1"),
        _text(rules.YAML_VALID, "config: ["),
        _text(rules.YAML_ALIKE, "config: {storage: 0144}"),
        _text(rules.KEY_ONCE, "config: {a: 1, a: 2}"),
        Example(
            rule=rules.SECRETS_PROVIDER,
            given=f"{PROVIDER}: {NOT_SHOWN}",
            refusals=judge_provider("acme", {PROVIDER: "awskms://alias/a?endpoint=http://192.0.2.1"}),
        ),
        _file(rules.FILE_NAME, "acme.yaml"),
        _file(rules.FILE_READABLE, "tenants/Pulumi.nobody.yaml"),
        _told(
            addressing.RESERVED_LIST,
            f"{RESERVED_KEY}: [10.96.0.0/12]",
            lambda: addressing.reserved_ranges(["10.96.0.0/12"]),
        ),
        _told(
            addressing.FREE_RANGE_LEFT,
            "tenantnet tenant add acme, in a cell where every session subnet is taken",
            lambda: addressing.choose_free_session_subnet(["172.17.0.0/16"]),
        ),
        Example(
            rule=addressing.RANGE_BESIDE_PLATFORM,
            given="networks.blue.cidr: 10.32.0.0/26, where the platform's services network is 10.32.0.0/16",
            refusals=addressing.check_beside_platform(
                "10.32.0.0/26", "platform-eu1", {addressing.SERVICES: "10.32.0.0/16"}
            ),
        ),
        Example(
            rule=addressing.SESSION_SUBNET_OWN,
            given="sessionSubnet: 172.17.255.0/24, where the platform's settings share it",
            refusals=addressing.check_session_subnet("172.17.255.0/24", shared=["172.17.255.0/24"]),
        ),
    ]


def _password(rule: Rule, given: str, password: str | None) -> Example:
    return _told(rule, given, lambda: load_tenant("acme", TENANT, password=password))


def _text(rule: Rule, text: str) -> Example:
    return _told(rule, text, lambda: parse_mapping(text, "Pulumi.acme.yaml"))


def _file(rule: Rule, path: str) -> Example:
    return Example(rule=rule, given=path, refusals=judge_file(Path(path), _DEFAULTS).refusals)
