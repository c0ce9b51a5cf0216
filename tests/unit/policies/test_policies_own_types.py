"""What an organisation's own types may name, and which types can be its own."""

from __future__ import annotations

import html
import json
import re
import time
from base64 import b64encode, encodebytes
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from typing import Any
from urllib.parse import quote

import pytest
from tenantnet import tags
from tenantnet.aws import types as aws
from tenantnet.components.alarm_topic import alarm_topic_name
from tenantnet.components.tenant_database import log_group_name, parameter_group_name
from tenantnet.failure import Failure
from tenantnet.policies.documents import SERVICES, migration_name, physical_name
from tenantnet.policies.known import ONLY_KNOWN_RESOURCES
from tenantnet.policies.model import UNKNOWN, Resource, Stack
from tenantnet.policies.own_types import may_be_own
from tenantnet.policies.pack import pack_settings
from tenantnet.policies.rules import POLICIES
from tenantnet.runner.verification import secret_name
from tenantnet.tags import (
    Owner,
    boundary_name,
    claims_table_name,
    final_snapshot_name,
    journal_table_name,
    move_snapshot_name,
    network_name,
    return_schedule_name,
    runner_document_name,
    seed_snapshot_name,
    tunnel_name,
)

from tools.rulebook.samples import (
    KEY_ARN,
    OWN_TYPE,
    OWNER,
    PLATFORM,
    SETTINGS,
    TEAMS_NETWORKS,
    TOPIC_ARN,
    Change,
    SampleReading,
    good_stack,
    judge,
    resource,
    with_new,
    with_props,
)

SHOP = "shop:index:Shop"
ROLE = "arn:aws:iam::123456789012:role/team/notes"
LOGS = "arn:aws:logs:eu-west-1:123456789012:log-group:"
INTERFACES = "arn:aws:ec2:eu-west-1:123456789012:network-interface/*"
IMAGES = "arn:aws:ecr:eu-west-1:123456789012:repository"
HIMSELF = "arn:aws:iam::123456789012:user/${aws:username}"
ALLOWS_ALL = json.dumps({"Statement": [{"Effect": "Allow", "Action": "rds:*", "Resource": "*"}]})
OWN_TYPES = replace(SETTINGS, own_types={**SETTINGS.own_types, SHOP: "groups resources of the shop"})


def found_by(*changes: Change) -> dict[str, list[str]]:
    """Per policy the ids of the rules that the changed sample stack breaks."""
    return found_in(reduce(lambda changed, change: change(changed), changes, good_stack()))


def found_in(stack: Mapping[str, Resource]) -> dict[str, list[str]]:
    found = {policy.name: [each.refusal.rule_id for each in judge(policy, stack)] for policy in POLICIES}
    return {name: rules for name, rules in found.items() if rules}


def queue(**props: Any) -> Change:
    tags = Owner(cell=OWNER.cell, tenant=OWNER.tenant).tags("acme-notes")
    return with_new(resource(OWN_TYPE, "acme-notes", props, tags=tags))


APART = {"only-known-resources": ["own-type-apart"]}


def test_a_type_of_ones_own_keeps_away_from_networks_and_databases() -> None:
    assert found_by(queue(name="notes")) == {}
    for props, origins in (
        ({"vpc": UNKNOWN}, {"vpc": [good_stack()["network"].urn]}),
        ({"policy": {"hosts": ["subnet-0123456789abcdef0"]}}, {}),
        ({"source": "acme-blue"}, {}),
    ):
        near = resource(OWN_TYPE, "acme-notes", props, tags=OWNER.tags("acme-notes"), origins=origins)
        assert found_by(with_new(near)) == APART


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:rds:eu-west-1:123456789012:db:beta-blue",
        "arn:aws:*:*:*:db:beta-blue",
        "beta.db.example.com",
        "BETA.DB.EXAMPLE.COM:3306",
        "beta-blue.abc123.eu-west-1.rds.amazonaws.com",
        "/aws/rds/instance/beta-blue/error",
        "10.9.9.5",
        "mysql://172.17.6.0/24",
        "VPC-0123456789ABCDEF0",
        "arn:aws:dynamodb:eu-west-1:123456789012:table/tenantnet-eu1-claims",
        "arn:aws:iam::123456789012:role/tenantnet-eu1-runner",
        "eu1-beta-tunnel",
        "eu1-migration-runner",
        PLATFORM.kms_key_arn,
        PLATFORM.kms_key_arn.rpartition("/")[2],
        PLATFORM.zone_id,
        "alias/tenantnet-eu1",
        "beta-blue",
        "beta-green-CPUUtilization",
        "beta-move-7",
        "beta-*",
        "/tenantnet/eu2/flow/beta-blue",
        "/tenantnet/eu1/runner",
        "tenantnet-eu2-claims",
        "arn:aws:iam::123456789012:role/tenantnet-*",
        "tenantnet-eu1-beta-migration",
        "tag:tenantnet:tenant",
        "aws:ResourceTag/tenantnet:cell",
        "s3://example-pulumi-state/.pulumi/stacks/tenantnet/beta.json",
        "arn:aws:r?s:*",
        "arn:*",
        "arn:aws:dynamodb:*:*:table/*",
        "snap-0123456789abcdef0",
        "rtbassoc-0123456789abcdef0",
        "cvpn-endpoint-0123456789abcdef0",
        "sg-0a1b2c3d",
        "10.9.9.5.",
        "::ffff:10.9.9.5",
        "10.8.0.0/14",
        "10.33.0.1",
        "10.77.3.4",
        "10.77.0.1",
        *("8.0.0.0/5", "0.0.0.0/1", "10.0.0.0/9", "10.9.9.5/8", "10.9.9.0 255.255.255.192"),
        *("10.9.9.4", "172.17.0.4", "172.17.1.1", "10.32.0.10", "ip-10-9-9-5.eu-west-1.compute.internal"),
        *("10.0.0.0-10.255.255.254", "10.8.0.0 - 10.10.0.0", "10.8.0.0 255.252.0.0", "10.8.0.0/255.252.0.0"),
        *(
            "10.8.0.0 0.3.255.255",
            "10.9.9/24",
            "10.8/14",
            "10.9.*",
            "10.9.9.*",
            "10.9.*.*",
            "::ffff:10.8.0.0/110",
        ),
        "beta-blue.abc123.rds.cn-north-1.amazonaws.com.cn",
        *(
            "arn:aws:iam::aws:policy/AdministratorAccess",
            "arn:aws:iam::aws:policy/job-function/Billing",
        ),
        "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccessAndMore",
        *("example-pulumi-state", "s3://example-pulumi-state/x", "arn:aws:s3:::example-pulumi-state/*"),
        "example-pulumi-state.s3.amazonaws.com",
        PLATFORM.sessions_vpc_id,
        PLATFORM.services_route_table_id,
        "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:be*",
        *(
            "tenantnet-eu1-beta-return",
            "tenantnet-eu9-alarms",
            "arn:aws:sns:eu-west-1:123456789012:tenantnet-*-alarms",
        ),
        *("Bucket: example-pulumi-state", "s3a://example-pulumi-state/x", "x/example-pulumi-state/y"),
        *("http://0x0a090905/", "http://168364293:3306/", "::ffff:0a09:0905", "5.9.9.10.in-addr.arpa"),
        *("tenantnet-${cell}-claims", "tenantnet-{{ cell }}-claims", "tenantnet-$CELL-claims"),
        *(
            "tenantnet-{cell}-claims",
            "tenantnet-%s-claims",
            "tenantnet-%1$s-claims",
            "tenantnet-%(c)s-claims",
        ),
        *("tenantnet-%CELL%-claims", "tenantnet-#{c}-claims", "tenantnet-`echo eu1`-claims"),
        *("tenantnet-<aws.events.rule>-claims", "tenantnet-<%= c %>-claims", "tenantnet-$!{c}-claims"),
        *("tenantnet-$input.params('c')-claims", "tenantnet-$ctx.args.c-claims", "example-${x}-state"),
        *("*-eu1-claims", "eu1-*", "tenantnet\\x2deu1\\x2dclaims", "tenantnet\\u{2d}eu1\\u{2d}claims"),
        *("\\/tenantnet\\/eu1\\/runner", "key-i-0123456789abcdef0", "build2-snap-0123456789abcdef0"),
        *("012.011.011.05", "0x0a.0x09.0x09.0x05", "10.9.2309", "mysql://10.592133:3306", "0xa090905"),
        *("ssh root@168364293", "mysql://root@10.77.3/"),
        *("168364293", "mysql://u:p@168364293:3306", "http://01202204405/", "64:ff9b::a09:905"),
        *("[::a09:905]:3306", "2002:a09:905::1", "2002:a09:900::/42", "64:ff9b::a09:900/122"),
        *("www.10-9-9-5.sslip.io", "db.0a090905.nip.io", "mysql/db:10.9.9.5:3306", "10.9.9.5/db:1.2"),
        *(
            "tenantnet/beta/verification",
            "tenantnet/beta/verification-AbCdEf",
            "see tenantnet/acme/verification",
        ),
        *(
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret:tenantnet/beta/login-AbCdEf:password::",
            "tenantnet/*",
        ),
        *(
            "/aws/rds*",
            "SOURCE logGroups(namePrefix: ['/aws/rds'])",
            "LogGroupName LIKE '/tenantnet/%'",
            "s3://",
            "s3://*",
        ),
        *("s3://ex*", "s3a://example-*/x", f"{TOPIC_ARN} tenantnet-eu9-alarms", "10.9/14", " 172.17/16 "),
        *(
            "/tenantnet/eu1/f*",
            "/tenantnet/eu1/r%",
            "arn:aws:ecr:eu-west-1:123456789012:repository/tools/runner",
        ),
        *("acme-green", "rds:acme-blue-2026-11-29-03-00", "acme-blue-10-1-2-0-final-3", "acme-move-7"),
        *("10.1.2.7", "10.1.2.0/26", "arn:aws:events:eu-west-1:123456789012:rule/notes,tenantnet-*-claims"),
        "arn:${AWS::Partition}:rds:${AWS::Region}:${AWS::AccountId}:db:x",
        "arn:${aws:PrincipalTag/p}:rds:eu-west-1:123456789012:db:x",
    ],
)
@pytest.mark.parametrize("as_name", [False, True])
def test_a_type_of_ones_own_names_nothing_of_tenants_and_cells(text: str, as_name: bool) -> None:
    policy = {text: True} if as_name else {"Resource": [text]}
    assert found_by(queue(policy=policy)) == APART


@pytest.mark.parametrize(
    "text",
    [
        *("api-gateway", "110.9.9.5", "10.9.9", "tunnel", "eu1", "my-eu1-a-tunnel", "eu1-team-tunnel"),
        *("db-events", "acl-rules", "i-love-it", "vpc-docs", "vpn-20261129", "sg-team", "subnet-planner"),
        *(
            "macOS 10.15.7.0",
            "release 10.4.22.1",
            "10.1.2.5.6",
            "192.168.1.1",
            "my-beta-blue",
            "betamax-blue",
        ),
        *("shop-db.example.com", "adb.example.com.backup", "db.example.com.org", "arn:aws:s3:::db:", "*"),
        *("tenantnet-eu1-runner-notes", "acme-blue-notes", "beta-movement", "arn:*:s3:::notes", "acme-*"),
        *("arn:aws:s3:::beta-*/x", "arn:aws:sqs:*:*:beta-*", "arn:aws:ecr:*:123456789012:repository/beta-*"),
        "arn:aws:lambda:eu-west-1:123456789012:function:beta-*",
        *("arn:aws:s3:::eu1-*/x", "arn:aws:sqs:eu-west-1:123456789012:eu1-*", "fs-0123456789abcdef0"),
        "arn:aws:kinesis:eu-west-1:123456789012:stream/eu1-*",
        "arn:aws:elasticfilesystem:eu-west-1:123456789012:access-point/fsap-0123456789abcdef0",
        "arn:aws:logs:*:123456789012:log-group:/aws/lambda/beta-*",
        *("arn:aws:dynamodb:*:123456789012:table/beta-*", *TEAMS_NETWORKS, "http://16836429/", "0x0a0909"),
        *("0.0.0.0/0", "10.0.0.0/8", "172.17.0.1", "10.9.9.1", "release 10.32.0.10", "version 10.9.9.5"),
        *("10.*", "10.4.22/24", "10.0.0.0 - 10.255.255.255", "10.4.22.1 0.0.0.0", "1.5/10", "2026/11/29"),
        *("example-pulumi-state-notes", "my-example-pulumi-state", "arn:aws:s3:::pulumi/*"),
        *("i-deadbeef", "sg-12345678", "*blue*", "*-green", "54.0.0.0/8", "ip-110-9-9-5"),
        "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
        *("arn:aws:s3:::notes/*", "arn:aws:logs:*:*:*", "arn:aws:ssm:*:*:parameter/*", "*.log", TOPIC_ARN),
        *(
            "# Notes\n**runner** of the *jobs* and **claims**",
            "**eu1** is our cell",
            "`tunnel`",
            ".*-runner$",
        ),
        *("${{ secrets.X }}-runner", 'echo "${f}-claims"', "$STACK-runner", "{user}-journal", "%d-return"),
        *("v10.9.9.5", "example/proxysql:10.9.9.5", "rated 9.5/10 and 10.9/12", "10.32.10", "10.11"),
        *("npm install npm@10.77.3", "10.77"),
        *("2000::/3", "::/0", "2001:db8::5", "0a:90:90:5a:00:01", "10:09:05", "1764460800", "v1-2-3"),
        *("lt-0123456789abcdef0", "pl-0123456789abcdef0", "ami-0a1b2c3d4e5f60718"),
        *("build-0123456789abcdef0", "db-abcdefghijklmnopqrstuvwxyz"),
        *("arn:aws:dynamodb:*:123456789012:table/eu1-*", "arn:aws:events:*:123456789012:rule/acme-*"),
        *("acme-blue-notes", "acme-moves-7", "the databases of acme-blue"),
        *(
            "https://github.com/example/tenantnet/blob/main/README.md",
            "docker.io/tenantnet/app",
            "s3://notes/*",
            "s3://n*",
        ),
        *("/aws/rds-proxy/notes", "the secret of tenantnet", "/opt/tenantnet/bin/", "tools/runner", "1.5/10"),
        *(
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/tools/runner:3",
            "see tools/runner",
            "tools/runner:3",
        ),
        *(f"{kind}-0123456789abcdef0" for kind in ("pb", "mw", "eipalloc", "tgw")),
    ],
)
def test_a_type_of_ones_own_has_ordinary_words(text: str) -> None:
    assert found_by(queue(name=text)) == {}


@pytest.mark.parametrize(
    "value",
    [
        json.dumps({"Bucket": "x", "Host": "beta.db.example.com"}).replace(".", "\\u002e"),
        json.dumps(json.dumps({"TableName": "tenantnet-eu1-claims"})).replace("-", "\\\\u002d"),
        "https://proxy.example.org/?to=beta%2Edb%2Eexample%2Ecom",
        "&#92;beta&#37;2Dblue",
        b64encode(b"x\\beta%2Dblue yyyy").decode(),
        *("tenantnet\\U0000002deu1\\U0000002dclaims", "tenantnet\\055eu1\\055claims"),
        "beta&#46;db&#46;example&#46;com",
        "beta\uff0edb\uff0eexample\uff0ecom",
        "beta\u3002db\u3002example\u3002com",
        "beta\u00ad.db.exam\u200bple.com",
        b64encode(b"#!/bin/sh\nmysql -h beta.db.example.com\n").decode(),
        encodebytes(b"#!/bin/sh\n" + 20 * b"echo\n" + b"mysql -h beta.db.example.com\n").decode(),
        b64encode(b"# \x1b[0m\nmysql -h beta.db.example.com\0").decode(),
        b64encode("# caf\xe9\nmysql -h beta.db.example.com".encode("latin1")).decode(),
        b64encode("mysql -h beta.db.example.com".encode("utf-16")).decode(),
        b64encode(b"beta-blue").decode(),
        f"echo {b64encode(b'mysql -h beta.db.example.com ').decode().rstrip('=')} | base64 -d | sh",
        f"data:;base64,/{b64encode(b'mysql -h beta.db.example.com').decode()}",
        f"#cloud-config\nx:\n- encoding: b64\n  content: {b64encode(b'h beta.db.example.com').decode()}\n",
        {"Fn::Join": ["-", ["tenantnet", {"Ref": "Cell"}, "claims"]]},
        json.dumps({"Fn::Join": [".", ["beta", "db", "example", "com"]]}),
        {"Fn::Sub": ["tenantnet-${c}-claims", {"c": "eu1"}]},
        {"TableName.$": "States.Format('tenantnet-{}-claims','eu1')"},
    ],
)
def test_a_text_is_read_in_every_way_that_somebody_reads_it(value: object) -> None:
    assert found_by(queue(policy=value)) == APART


# What a search begins with, or goes on with: repeated, a careless one reads the rest again from each of them.
REPEATED = [
    *(
        "1.",
        "1.1.1.1.",
        "a",
        "a.",
        "a-",
        "a/",
        "a@",
        "*",
        "a*",
        "?*",
        "-*",
        ".*",
        "_",
        " ",
        "1 ",
        "\\",
        "\\u",
        "\\x2",
    ),
    *(
        "%",
        "%4",
        "&",
        "&#",
        "&#1",
        "{",
        "{{",
        "{a",
        "{a}",
        "${",
        "${a",
        "$(",
        "$a(",
        "`",
        "<",
        "<%",
        "<a",
        "%(a",
        "%a",
    ),
    *(
        "arn:",
        "arn:*",
        "arn:a:",
        "arn:a:b:*",
        "arn:aws:sns:a:1:tenantnet-",
        "secret:*",
        "db-",
        "db-a",
        "i-0",
        "vpc-",
    ),
    *(
        "tenantnet-",
        "*tenantnet-",
        "*tenantnet-a-alarms-",
        "/tenantnet/",
        "alias/tenantnet-",
        "rtbassoc-0",
        ".rds.a",
    ),
    *(
        "beta-",
        "beta-blue-",
        "acme-blue-2026-",
        ".db.example.com",
        "db.example.com-",
        "10.9.9.5 - ",
        "10-9-9-5.",
    ),
    *("//", "//a@", "//1.", "@1.", "0x1.", "0x", "a/a:1.", "=a/", ":1.", "a:", "::", "10.9.9.", "0a090905."),
    *(
        "effect:",
        "effect: & ",
        "effect:&",
        ":&",
        "effect:&effect:",
        '"action"',
        "[",
        "[[",
        '{"a":',
        '"',
        "'",
        "QUFB",
    ),
    *("QUFB ", "\u00e9", "\u200b", "\n", "\t1", "5.9.9.10.in-addr.arpa"),
]


@pytest.mark.parametrize("text", ["a" * 64_000 + " ?", f"arn:aws:iam::1:role/{'ab*/' * 16_000}", *REPEATED])
def test_a_long_text_is_read_once_and_not_again_from_each_of_its_characters(text: str) -> None:
    whole = text * max(1, 40_000 // len(text))
    statement = {
        "Effect": "Allow",
        "Action": ["iam:x", whole],
        "Resource": [whole, f"arn:aws:sns:a:1:{whole}"],
    }
    began = time.process_time()
    found_by(queue(policy=statement, rest=[f"arn:{whole}:x", f"effect:{whole}!"]))
    assert time.process_time() - began < 10


@pytest.mark.parametrize("text", [f"&#{'1' * 5_000};", f"&#{'0' * 5_000}46;", f"&#x{'1' * 5_000};"])
def test_a_number_of_any_length_is_read(text: str) -> None:
    assert found_by(queue(policy=text)) == {}
    assert set(found_by(queue(policy=f"beta{text}db.example.com"))) == set(APART)


def test_an_id_is_the_teams_if_its_stack_has_made_what_has_it() -> None:
    interface, foreign = "eni-0123456789abcdef0", "eni-0fedcba9876543210"
    kind = "aws:ec2/networkInterface:NetworkInterface"
    made = resource(kind, "notes", {"id": interface})
    read = replace(resource(kind, "imported", {"id": foreign}), adopted=True)
    elsewhere = resource("random:index/pet:Pet", "pet", {"id": foreign})
    unlisted = resource("aws:ec2/eip:Eip", "eip", {"id": foreign})

    class Held(SampleReading):
        def held_now(self, stack: str) -> Sequence[Resource]:
            return [made, read, elsewhere, unlisted]

    listed = dict.fromkeys((OWN_TYPE, kind, "random:index/pet:Pet"), "a reason of ten letters")
    settings = replace(SETTINGS, own_types=listed, reading=Held())
    judged = ONLY_KNOWN_RESOURCES.judge_resource
    assert judged
    assert not [*judged(resource(OWN_TYPE, "q", {"policy": interface}), settings)]
    assert [*judged(resource(OWN_TYPE, "q", {"policy": foreign}), settings)]
    assert [*judged(resource(OWN_TYPE, "q", {"policy": interface}), OWN_TYPES)]


def test_what_aws_calls_the_teams_own_cluster_is_the_teams() -> None:
    cluster = {
        "id": "notes",
        "arn": "arn:aws:rds:eu-west-1:123456789012:cluster:notes",
        "endpoint": "notes.cluster-abc123.eu-west-1.rds.amazonaws.com",
        "description": "arn:aws:rds:eu-west-1:123456789012:cluster:told",
    }
    kind = "aws:rds/cluster:Cluster"
    made = resource(kind, "notes", cluster)

    class Held(SampleReading):
        def held_now(self, stack: str) -> Sequence[Resource]:
            return [made]

    listed = dict.fromkeys((OWN_TYPE, kind), "a reason of ten letters")
    settings = replace(SETTINGS, own_types=listed, reading=Held())

    def refused(own: Resource) -> bool:
        judges = ONLY_KNOWN_RESOURCES
        assert judges.judge_resource
        assert judges.judge_update
        stack = Stack([*good_stack().values(), own])
        return bool([*judges.judge_resource(own, settings), *judges.judge_update(own, stack, settings)])

    def naming(text: str) -> Resource:
        return resource(OWN_TYPE, "q", {"policy": {"host": text}}, tags=OWNER.tags("q"))

    host, arn = cluster["endpoint"], cluster["arn"]
    for text in (f"mysql -h {host} # {arn}", f"mysql://u@{host}:3306/notes", f"{host}."):
        assert not refused(naming(text)), text
    for other in ("beta-blue", "beta.db.example.com", "x.abc123.eu-west-1.rds.amazonaws.com"):
        assert refused(naming(f"{host} {other}")), other
    for longer in (f"x.{host}", f"x{host}", f"{host}.x.rds.amazonaws.com", f"{arn}-2", f"{arn}/x", f"{arn}*"):
        assert refused(naming(longer)), longer
    assert refused(naming(cluster["description"]))
    assert refused(replace(made, props={"description": arn}))


@pytest.mark.parametrize(
    "made",
    [
        "a",
        "-",
        ":",
        "1",
        "tenantnet",
        "claims",
        "beta",
        "db",
        "rds",
        "arn:aws:rds",
        "10.9.9.5",
        "i-0",
        "secret:",
    ],
)
def test_what_a_program_has_called_otherwise_hides_nothing(made: str) -> None:
    kind = "aws:cloudwatch/eventRule:EventRule"

    class Held(SampleReading):
        def held_now(self, stack: str) -> Sequence[Resource]:
            return [resource(kind, "rule", dict.fromkeys(("id", "arn", "endpoint", "address"), made))]

    listed = dict.fromkeys((OWN_TYPE, kind), "a reason of ten letters")
    settings = replace(SETTINGS, own_types=listed, reading=Held())
    assert ONLY_KNOWN_RESOURCES.judge_resource
    assert ONLY_KNOWN_RESOURCES.judge_update
    for names in NAMES.values():
        for name in (*names, "arn:aws:rds:eu-west-1:123456789012:db:beta-blue", "i-0123456789abcdef0"):
            own = resource(OWN_TYPE, "q", {"policy": name}, tags=OWNER.tags("q"))
            stack = Stack([*good_stack().values(), own])
            judged = ONLY_KNOWN_RESOURCES.judge_resource(own, settings)
            assert [*judged, *ONLY_KNOWN_RESOURCES.judge_update(own, stack, settings)], name


@pytest.mark.parametrize(
    ("kind", "apart"),
    [
        ("aws:ecr/repositoryPolicy:RepositoryPolicy", True),
        ("aws-native:kms:ReplicaKey", True),
        ("aws:ecs/service:Service", False),
    ],
)
@pytest.mark.parametrize("name", ["tools/runner", "66666666-7777-8888-9999-000000000000"])
def test_a_runners_image_and_key_are_not_the_teams(kind: str, apart: bool, name: str) -> None:
    settings = replace(SETTINGS, own_types={kind: "a reason of ten letters"})
    own = replace(resource(kind, "notes", {"of": name}, tags=OWNER.tags("notes")), custom=True)
    assert ONLY_KNOWN_RESOURCES.judge_stack
    found = [*ONLY_KNOWN_RESOURCES.judge_stack(Stack([*good_stack().values(), own]), settings)]
    assert [each.refusal.rule_id for each in found] == ["own-type-apart"] * apart


def test_where_nobody_can_tell_what_the_stack_has_made_no_id_is_the_teams() -> None:
    class Silent(SampleReading):
        def held_now(self, stack: str) -> Sequence[Resource]:
            raise Failure("Could not tell.", reason="no answer", remedy="ask again")

    own = resource(OWN_TYPE, "q", {"policy": "eni-0123456789abcdef0"})
    assert ONLY_KNOWN_RESOURCES.judge_resource
    assert [*ONLY_KNOWN_RESOURCES.judge_resource(own, replace(SETTINGS, reading=Silent()))]


def test_a_network_that_is_not_the_teams_own_is_refused_and_so_is_one_that_nobody_knows() -> None:
    for text in ("vpc-0123456789abcdef0", "subnet-0a1b2c3d", f"{TEAMS_NETWORKS[1]},sg-0123456789abcdef0"):
        assert found_by(queue(subnets=[text])) == APART


def test_a_preview_asks_about_the_networks_of_all_own_types_at_once() -> None:
    class Counting(SampleReading):
        def untagged(self, ids: Collection[str], region: str | None) -> Mapping[str, str]:
            asked.add(frozenset(ids))
            return super().untagged(ids, region)

    asked: set[frozenset[str]] = set()
    own = [
        resource(OWN_TYPE, f"notes-{number}", {"subnets": [each]}, tags=OWNER.tags("notes"))
        for number, each in enumerate(TEAMS_NETWORKS)
    ]
    stack = Stack([*good_stack().values(), *own], previews=True)
    assert ONLY_KNOWN_RESOURCES.judge_stack
    assert not [*ONLY_KNOWN_RESOURCES.judge_stack(stack, replace(SETTINGS, reading=Counting()))]
    assert asked == {frozenset(TEAMS_NETWORKS)}


def test_whose_a_network_is_can_be_read_or_it_is_refused() -> None:
    class Silent(SampleReading):
        def untagged(self, ids: Collection[str], region: str | None) -> Mapping[str, str]:
            raise Failure("Could not tell.", reason="no answer", remedy="ask again")

    stack = queue(subnets=[TEAMS_NETWORKS[1]])(good_stack())
    settings = replace(SETTINGS, reading=Silent())
    assert ONLY_KNOWN_RESOURCES.judge_stack
    found = [*ONLY_KNOWN_RESOURCES.judge_stack(Stack(stack.values()), settings)]
    assert [each.refusal.rule_id for each in found] == ["platform-read"]


def test_the_network_of_a_cell_is_not_the_teams_though_it_has_no_tags() -> None:
    class Untagged(SampleReading):
        def untagged(self, ids: Collection[str], region: str | None) -> Mapping[str, str]:
            return dict.fromkeys(ids, PLATFORM.sessions_vpc_id)

    stack = queue(subnets=[TEAMS_NETWORKS[1]])(good_stack())
    settings = replace(SETTINGS, reading=Untagged())
    assert ONLY_KNOWN_RESOURCES.judge_stack
    found = [*ONLY_KNOWN_RESOURCES.judge_stack(Stack(stack.values()), settings)]
    assert [each.refusal.rule_id for each in found] == ["own-type-apart"]


@pytest.mark.parametrize(
    ("kind", "apart"), [("aws:backup/selection:Selection", True), ("aws:sqs/queue:Queue", False)]
)
def test_the_tenants_own_database_is_not_led_out_by_a_pattern_either(kind: str, apart: bool) -> None:
    settings = replace(SETTINGS, own_types={kind: "a reason of ten letters"})
    like = {"conditions": [{"stringLikes": [{"key": "aws:ResourceTag/Name", "value": "acme-*"}]}]}
    stack = Stack([*good_stack().values(), resource(kind, "notes", like, tags=OWNER.tags("notes"))])
    assert ONLY_KNOWN_RESOURCES.judge_stack
    found = [each.refusal.rule_id for each in ONLY_KNOWN_RESOURCES.judge_stack(stack, settings)]
    assert found == ["own-type-apart"] * apart


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("aws-native:sns:Subscription", APART),
        ("aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration", APART),
        ("aws:cloudwatch/compositeAlarm:CompositeAlarm", {}),
    ],
)
def test_the_cells_alarms_are_sent_and_not_read(kind: str, found: object) -> None:
    settings = replace(SETTINGS, own_types={kind: "a reason of ten letters"})
    own = replace(resource(kind, "notes", {"topic": TOPIC_ARN}, tags=OWNER.tags("notes")), custom=True)
    assert ONLY_KNOWN_RESOURCES.judge_stack
    stack = Stack([*good_stack().values(), own])
    judged = [each.refusal.rule_id for each in ONLY_KNOWN_RESOURCES.judge_stack(stack, settings)]
    assert judged == (["own-type-apart"] if found else [])


def test_an_own_company_may_be_named_and_another_may_not() -> None:
    assert found_by(queue(name="192.168.4.9")) == {}
    assert found_by(queue(name="10.77.0.9")) == APART


@pytest.mark.parametrize(
    ("statement", "apart"),
    [
        ({"Effect": "Allow", "Action": "rds:*", "Resource": "*"}, True),
        ({"Effect": "Allow", "NotAction": "iam:*", "Resource": ["*"]}, True),
        ({"effect": "Allow", "actions": ["xray:*", "*"], "resources": ["*"]}, True),
        ({"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::notes"}, True),
        ({"Effect": "Allow", "Action": "*", "Resource": [["*"]]}, True),
        ({"Effect": "Allow", "Action": "*", "Resource": "**"}, True),
        ({"Effect": "Allow", "Action": "*", "Resource": "a*"}, True),
        ({"Effect": "Allow", "Action": "*", "Resource": {"Fn::Sub": "*"}}, True),
        ({"Effect": "Allow", "Action": "*", "Resource": "*", "NotPrincipal": "*"}, True),
        ({"Effect": "Deny", "effect": "Allow", "Action": "*", "Resource": "*"}, True),
        ({"Effect": "Allow", "Action": "*", "Resource": "*", "Principals": []}, True),
        ({"Resources": ["*"], "Name": "all backups"}, True),
        ({"key": "InstanceIds", "values": ["*"]}, True),
        ({"key": "tag:Name", "values": ["eu1-tunnel-host"]}, True),
        ({"key": "Access-Control-Allow-Origin", "value": "*"}, False),
        ({"Effect": "Allow", "Action": "sso:*", "Resource": "*"}, True),
        ({"Effect": "Allow", "Action": "a-service-of-2031:*", "Resource": "*"}, True),
        ({"Effect": "Allow", "Action": "x*:*", "Resource": "*"}, True),
        ({"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"}, True),
        ({"Effect": "Allow", "Action": "ec2:DescribeVpnConnections", "Resource": "*"}, True),
        ({"Effect": "Allow", "Action": "ec2:CreateNetworkInterface", "Resource": "*"}, True),
        ({"Effect": "Allow", "Action": "ec2:DescribeNetworkInterfaces", "Resource": "*"}, False),
        ({"Effect": "Allow", "Action": ["KMS:listAliases", "sts:GetCallerIdentity"], "Resource": "*"}, False),
        ({"Effect": "Allow", "Action": "cloudwatch:PutMetricData", "Resource": "*"}, False),
        ({"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"}, False),
        ({"Effect": "Allow", "Action": ["sqs:*", "xray:*"], "Resource": "*"}, False),
        ({"Effect": "Deny", "Action": "*", "Resource": "*"}, False),
        ({"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}, False),
        ({"action": {"type": "block"}, "resource": "*"}, False),
        ({"action": "read", "resource": "notes/*"}, False),
        ({"actions": ["read", "write"], "resources": ["*"]}, False),
        ({"actions": ["read", "?*"], "resources": ["*"]}, True),
        ({"not_actions": ["iam:*"], "resources": ["*"]}, True),
        ({"actions": ["rds:*"], "not_resources": ["arn:aws:s3:::notes"]}, True),
        ({"Effect": "Allow", "Action": {"Fn::Sub": "rds:*"}, "Resource": "*"}, True),
        ({"Effect": "Allow", "Action": "${action}", "Resource": "*"}, True),
        ({"Action": "rds:*", "Resource": {"Fn::Join": ["", ["*"]]}}, True),
        ({"Effect": "Allow", "Principal": {}, "Action": "rds:*", "Resource": "*"}, True),
        ({"Effect": "Allow", "Action": "iam:AttachRolePolicy", "Resource": ROLE}, True),
        ({"Effect": "Allow", "Action": ["sts:AssumeRole", "iam:*"], "Resource": ROLE}, True),
        ({"Effect": "Allow", "NotAction": "s3:*", "Resource": ROLE}, True),
        ({"Effect": "Allow", "Action": "i?m:*", "Resource": ROLE}, True),
        (
            {"Effect": "Allow", "Action": ["iam:PassRole", "iam:Get*", "sts:AssumeRole"], "Resource": ROLE},
            False,
        ),
        ({"Effect": "Allow", "Action": "sns:*", "Resource": TOPIC_ARN}, True),
        ({"Effect": "Allow", "Action": "SNS:Subscribe", "Resource": TOPIC_ARN}, True),
        ({"Effect": "Allow", "Action": "sns:Publish", "Resource": TOPIC_ARN}, False),
        ({"key": "tag:Name", "values": ["*"]}, True),
        ({"key": "tag-key", "values": ["Name"]}, True),
        ({"key": "resource-groups:ResourceTypeFilters", "values": ["AWS::EC2::Instance"]}, True),
        ({"key": "resource-groups:Name", "values": ["all-hosts"]}, True),
        ({"key": "ResourceGroup", "values": ["all-hosts"]}, True),
        ({"key": "ParameterValues", "values": ["*"]}, True),
        ({"key": "AWS::EC2::Instance", "values": ["*"]}, True),
        ({"key": "Name", "type": "KEY_ONLY"}, True),
        ({"value": "tunnel-host", "type": "VALUE_ONLY"}, True),
        ({"key": "team", "value": "notes", "type": "KEY_AND_VALUE"}, False),
        ({"key": "tag:team", "values": ["notes"]}, False),
        ({"stringNotEquals": [{"key": "aws:ResourceTag/x", "value": "y"}]}, True),
        ({"stringEquals": [{"key": "aws:ResourceTag/x", "value": "y"}]}, False),
        ({"Condition": {"StringNotEquals": {"aws:ResourceTag/x": "y"}}}, False),
        ({"stringLikes": [{"key": "aws:ResourceTag/Name", "value": "*-blue"}]}, True),
        ({"stringLikes": [{"key": "aws:ResourceTag/team", "value": "notes*"}]}, False),
        ({"stringEquals": [], "stringNotLikes": [{"key": "aws:ResourceTag/x", "value": "y"}]}, True),
        ({"StringLike": [{"ConditionKey": "aws:ResourceTag/x", "ConditionValue": "?*"}]}, True),
        ({"StringEquals": [{"ConditionKey": "aws:ResourceTag/x", "ConditionValue": "y"}]}, False),
        ({"conditionType": "STRINGNOTEQUALS", "conditionKey": "x", "conditionValue": "y"}, True),
        ({"ResourceTypeFilters": ["AWS::EC2::Instance"], "TagFilters": [{"Key": "Name"}]}, True),
        ({"ResourceTypeFilters": ["AWS::EC2::Instance"], "TagFilters": [{"Key": "x", "Values": []}]}, True),
        ({"ResourceTypeFilters": ["AWS::EC2::Instance"]}, True),
        ({"ResourceTypeFilters": ["AWS::S3::Bucket"], "TagFilters": [{"Key": "x", "Values": ["y"]}]}, False),
        ({"applicationSource": {"tagFilters": [{"key": "Name", "values": []}]}}, True),
        ({"Effect": "Allow", "Principal": "*", "Action": "logs:PutLogEvents", "Resource": "*"}, True),
        ({"Effect": "Allow", "Principal": "*", "Action": "l?gs:PutLogEvents", "Resource": "*"}, True),
        ({"Effect": "Allow", "Principal": "*", "NotAction": "s3:*", "Resource": "*"}, True),
        (
            {
                "Effect": "Allow",
                "Principal": "*",
                "Action": "logs:PutLogEvents",
                "Resource": f"{LOGS}/notes:*",
            },
            False,
        ),
        ({"Effect": "Allow", "Action": ["ssmmessages:*", "ce:*", "pricing:*"], "Resource": "*"}, False),
        ({"Effect": "Allow", "Action": ["eks:ListClusters", "lambda:ListLayers"], "Resource": "*"}, False),
        ({"Effect": "Allow", "Action": "lambda:ListFunctions", "Resource": "*"}, True),
        ({"Effect": "Allow", "Action": "autoscaling:DescribeLaunchConfigurations", "Resource": "*"}, True),
        ({"Effect": "Allow", "Action": "logs:CreateLogDelivery", "Resource": "*"}, False),
        ({"Effect": "Allow", "Action": "logs:PutResourcePolicy", "Resource": "*"}, True),
        ({"Effect": "Allow", "Action": "sns:Publish", "NotResource": "arn:aws:sns:*:*:*"}, False),
        ({"Effect": "Allow", "Action": "sns:*", "NotResource": "arn:aws:sns:*:*:*"}, True),
        ({"Effect": "Allow", "Action": "sns:Publish", "NotResource": "arn:aws:s3:::notes"}, True),
        ({"Effect": "Allow", "Action": "ec2:CreateNetworkInterface", "Resource": INTERFACES}, False),
        ({"Effect": "Allow", "Action": "ec2:AttachNetworkInterface", "Resource": INTERFACES}, True),
        ({"Effect": "Allow", "Action": "iam:ListMFADevices", "Resource": HIMSELF}, False),
        ({"Effect": "Allow", "Action": "iam:CreateAccessKey", "Resource": HIMSELF}, True),
        ({"Effect": "Allow", "Action": "iam:ChangePassword", "Resource": HIMSELF}, False),
        (
            {"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": ["sts:AssumeRole", "sts:TagSession"]},
            True,
        ),
        ({"Effect": "Allow", "Principal": "*", "Action": "sts:*"}, True),
        (
            {"Effect": "Allow", "Principal": "*", "Action": "ecr:ReplicateImage", "Resource": f"{IMAGES}/*"},
            True,
        ),
        (
            {
                "Effect": "Allow",
                "Principal": "*",
                "Action": "ecr:ReplicateImage",
                "Resource": f"{IMAGES}/notes/*",
            },
            False,
        ),
        ({"Effect": "Allow", "Principal": "*", "Action": ["ecr:BatchGetImage"]}, False),
        (
            {
                "effect": "Allow",
                "principals": [{"type": "AWS", "identifiers": [ROLE]}],
                "actions": ["sts:Tag*"],
            },
            True,
        ),
        (
            {
                "Effect": "Allow",
                "Principal": {"Service": "pods.eks.amazonaws.com"},
                "Action": "sts:TagSession",
            },
            False,
        ),
        ({"principals": [{"type": "Service", "identifiers": ["x"]}], "actions": ["sts:*"]}, False),
        ({"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": ["sts:AssumeRole"]}, False),
    ],
)
@pytest.mark.parametrize("as_text", [False, True])
def test_no_statement_gives_rights_to_every_resource(
    statement: dict[str, object], apart: bool, as_text: bool
) -> None:
    policy = {"Statement": [statement]}
    found = found_by(queue(policy=json.dumps(policy) if as_text else policy))
    assert found == (APART if apart else {})


@pytest.mark.parametrize(
    "text",
    [
        '{"Statement": [{"Action": "*", "Action": "*", "Resource": "*"}]}',
        '{"Version": "1", "Version": "2", "Statement": [{"Action": "rds:*", "Resource": "*"}]}',
        '{"Statement": [{"Effect": "Deny", "Effect": "Allow", "Action": "*", "Resource": "*"}]}',
        '{"Statement": [{"\\u0041ction": "*", "\\u0041ction": "*"}]}',
        '{"Statement": [{"Action": "*", "Resource": "*"}]',
        "[" * 100_000 + '{"Action": "*"}',
        "Statement:\n- Effect: Allow\n  Action: rds:*\n  Resource: '*'\n",
        "Effect: &a Allow\nAction: rds:*\n",
        "Statement: [{Effect: !!str Allow, Action: 'rds:*'}]",
        "Effect: >-\n  Allow\nAction: rds:*\n",
        "policy: " + ALLOWS_ALL,
        json.dumps(json.dumps(json.dumps(ALLOWS_ALL))),
        "\ufeff" + ALLOWS_ALL,
        quote(ALLOWS_ALL),
        quote(quote(quote(quote(quote(quote(ALLOWS_ALL)))))),
        b64encode(ALLOWS_ALL.encode()).decode(),
        ALLOWS_ALL.replace("A", "\\u0041"),
        html.escape(ALLOWS_ALL),
    ],
)
def test_a_document_that_nobody_can_read_is_about_everything(text: str) -> None:
    assert found_by(queue(policy=text)) == APART


MIXED = "<p>caf&eacute; ${name} \\u00e9 %20 $a.b \u00e9\u200b \\x41 {x} %s</p>"


@pytest.mark.parametrize(
    "text", [MIXED, "[a link](of Markdown)", "{name}", "{{ resource }}", "[section]", "{"]
)
def test_what_only_begins_like_a_document_is_none(text: str) -> None:
    assert found_by(queue(policy=text)) == {}


@pytest.mark.parametrize(
    "rest",
    [
        *(
            "secretsmanager:eu-west-1:123456789012:secret:*",
            "secretsmanager:*:123456789012:secret:e*",
        ),
        *("secretsmanager:eu-west-1:123456789012:secret:example/*", "s3:::*", "s3:::*/*", "s3:::n*/x"),
        *("logs:*:*:*", "logs:eu-west-1:123456789012:log-group:*", "logs:*:123456789012:log-group:/aws/*"),
        *("sns:eu-west-1:123456789012:*", "sns:eu-west-1:123456789012:t*", "lambda:eu-west-1:*:function:a"),
        *("dynamodb:eu-west-1:123456789012:table/te*", "dynamodb:eu-west-1:123456789012:t*/notes"),
        *("iam::123456789012:role/t*", "iam::123456789012:role/team/*", "ec2:*:123456789012:subnet/s*"),
        *("kms:eu-west-1:123456789012:key/1*", "kms:eu-west-1:123456789012:key/${aws:PrincipalTag/key}"),
        *("scheduler:eu-west-1:123456789012:schedule/default/*", "route53:::hostedzone/Z*"),
        *("cloudwatch:eu-west-1:123456789012:alarm:*", "rds-db:eu-west-1:123456789012:dbuser:*/*"),
        *("ssm:eu-west-1:123456789012:parameter/*", "ssm:eu-west-1:123456789012:*", "events:*:*:*"),
        *("backup:*:*:recovery-point:*", "a-service-of-2031:*:*:*", "s3:*", "*"),
        *("dynamodb:*:123456789012:table/tenant*", "dynamodb:*:123456789012:table/tenantnet-eu1-c*"),
        *("sns:eu-west-1:123456789012:ten*", "logs:*:123456789012:log-group:/aws/rds*", "s3:::example-*"),
        *("iam::123456789012:role/team/notes", "iam::123456789012:user/${aws:username}", "iam::aws:policy/x"),
        *("lambda:eu-west-1:*:function:beta-*", "codebuild:eu-west-1:123456789012:project/ten*"),
        *("secretsmanager:*:123456789012:secret*", "secretsmanager:*:123456789012:secret:rds!db*"),
        *("secretsmanager:*:123456789012:secret:exam*", "ssm:eu-west-1:123456789012:document/eu1-*"),
        *(
            "ssm:*:123456789012:document/AWS-*",
            "ssm:*:123456789012:session/notes*",
            "kms:*:123456789012:alias/n*",
        ),
        *("cloudwatch:*:123456789012:alarm:bet*", "cloudwatch:*:123456789012:alarm:acme-blue-CPU*"),
        *(
            "logs:*:123456789012:log*",
            "logs:*:123456789012:log-group:/tenant*",
            "dynamodb:*:123456789012:tab*",
        ),
        *("scheduler:*:123456789012:schedule/defa*", "backup:*:123456789012:recovery-point:notes*"),
        *("ec2:*:123456789012:instance/i-0*", "a-service-of-2031:*:123456789012:thing/tenantnet-*"),
        *("s3:eu-west-1:123456789012:accesspoint/*", "lambda:*:123456789012:func*"),
        *(
            "secretsmanager:*:123456789012:secret:ten*",
            "secretsmanager:*:123456789012:secret:tenantnet/beta/*",
        ),
        *("secretsmanager:*:123456789012:secret:tenantnet/beta/verification-??????",),
        *(
            "pi:*:123456789012:metrics/rds/*",
            "pi:*:123456789012:metrics/rds/db-*",
            "pi:*:*:perf-reports/rds/*",
        ),
    ],
)
def test_a_statement_names_service_account_and_the_first_part_of_its_resources(rest: str) -> None:
    for arn in (f"arn:aws:{rest}", f"ARN:aws-cn:{rest}"):
        statement = {"Effect": "Allow", "Action": "*", "Resource": ["arn:aws:s3:::notes/*", arn]}
        assert found_by(queue(policy={"Statement": [statement]})) == APART


# Whatever has a name of Tenantnet's in AWS, by the service and kind of an ARN, as its own function writes it.
NAMES: Mapping[str, Sequence[str]] = {
    "dynamodb:eu-west-1:123456789012:table/": [claims_table_name("eu1"), journal_table_name("eu1")],
    "secretsmanager:eu-west-1:123456789012:secret:": [secret_name("beta")],
    "iam::123456789012:role/": [physical_name("eu1", purpose) for purpose in SERVICES],
    "iam::123456789012:policy/": [boundary_name("eu1")],
    "ssm:eu-west-1:123456789012:document/": [tunnel_name("eu1", "beta"), runner_document_name("eu1")],
    "scheduler:eu-west-1:123456789012:schedule/default/": [
        *(migration_name("eu1", "beta"), return_schedule_name("eu1", "beta")),
    ],
    "sns:eu-west-1:123456789012:": [alarm_topic_name("eu2")],
    "codebuild:eu-west-1:123456789012:project/": [physical_name("eu1", "runner")],
    "rds:eu-west-1:123456789012:db:": [network_name("beta", "blue")],
    "rds:eu-west-1:123456789012:pg:": [parameter_group_name(network_name("beta", "blue"), "8.4")],
    "rds:eu-west-1:123456789012:snapshot:": [
        *(move_snapshot_name("beta", 1), seed_snapshot_name("beta", 1)),
        final_snapshot_name("beta", "blue", "10.9.9.0/26", 1),
    ],
    "logs:eu-west-1:123456789012:log-group:": [log_group_name(network_name("beta", "blue"), "error")],
}


def test_whatever_tenantnet_gives_a_name_is_in_the_table() -> None:
    """Here its functions have their own names, and are used in the table alone."""
    functions = {name for name in vars(tags) if name.endswith("_name")}
    assert functions <= globals().keys()


@pytest.mark.parametrize(("kind", "name"), [(kind, each) for kind, names in NAMES.items() for each in names])
def test_a_name_of_tenantnets_is_found_in_full_and_by_how_it_begins(kind: str, name: str) -> None:
    for text in (name, f"arn:aws:{kind}{name}"):
        assert set(found_by(queue(name=text))) == set(APART), text
    for begun in (name[:3], name.partition("-")[0], name[:-1], re.split("[-/]", name)[0]):
        statement = {"Effect": "Allow", "Action": "*", "Resource": f"arn:aws:{kind}{begun}*"}
        assert set(found_by(queue(policy={"Statement": [statement]}))) == set(APART), begun


@pytest.mark.parametrize(
    "rest",
    [
        *("s3:::notes/*", "s3:::notes", "s3:eu-west-1:123456789012:accesspoint/notes/object/*"),
        *("logs:*:123456789012:log-group:/aws/lambda/notes:*", "sqs:*:*:*", "bedrock:*::foundation-model/*"),
        *("dynamodb:*:123456789012:table/notes/index/*", "lambda:eu-west-1:123456789012:function:notes:*"),
        *(
            "secretsmanager:eu-west-1:123456789012:secret:notes/db-??????",
            "secretsmanager:eu-west-1:${AWS::AccountId}:secret:notes/db-??????",
        ),
        *("s3:::beta-*/x", "s3:::acme-*", "lambda:eu-west-1:123456789012:function:beta-*"),
        *("dynamodb:*:123456789012:table/beta-*", "logs:*:123456789012:log-group:/aws/lambda/beta-*"),
        *("sns:eu-west-1:123456789012:beta-*", "ecr:eu-west-1:123456789012:repository/beta-*"),
        *("apigateway:eu-west-1::/restapis/abc123/*", "ssm:eu-west-1:123456789012:parameter/notes/*"),
        *("events:*:123456789012:rule/notes-*", "cloudwatch:*:123456789012:alarm:notes-*"),
        *("ecs:*:123456789012:service/notes-*/*", "firehose:*:123456789012:deliverystream/notes-*"),
        *("ssm:*:123456789012:parameter/notes*", "ssm:*:123456789012:document/notes-*"),
        *("secretsmanager:*:123456789012:secret:notes/*", "secretsmanager:*:123456789012:secret:notes-db-*"),
        *("logs:*:123456789012:log-group:/aws/lambda/*", "logs:*:123456789012:log-group:/ecs/*:*"),
        *("dynamodb:*:123456789012:table/eu1-*", "logs:*:123456789012:log-group:/aws/lambda/eu1-*"),
    ],
)
def test_a_statement_is_about_what_the_team_has(rest: str) -> None:
    statement = {"Effect": "Allow", "Action": "*", "Resource": f"arn:aws:{rest}"}
    assert found_by(queue(policy=json.dumps({"Statement": statement}))) == {}


@pytest.mark.parametrize(
    "text",
    [
        *("beta.db.example.com", "tenantnet-eu1-claims", KEY_ARN, "eu1-beta-tunnel", "db.example.com"),
        *("arn:aws:iam::123456789012:role/tenantnet-eu1-runner", "vpc-0123456789abcdef0", "10.9.9.5"),
    ],
)
@pytest.mark.parametrize("name", ["notes", "platform-evil", "platform-eu1"])
def test_a_stack_of_no_cell_or_of_a_platform_names_nothing_of_a_cell_either(name: str, text: str) -> None:
    root = resource("pulumi:pulumi:Stack", "stack", {}, stack=name)
    own = resource(OWN_TYPE, "notes", {"policy": text}, stack=name)
    assert found_in({"stack": root, "notes": own})["only-known-resources"] == ["own-type-apart"]
    innocent = resource(OWN_TYPE, "notes", {"policy": "notes"}, stack=name)
    assert "only-known-resources" not in found_in({"stack": root, "notes": innocent})


@pytest.mark.parametrize(
    "text", ["beta.db.example.com", "10.9.9.5", "vpc-0123456789abcdef0", "eu1-beta-tunnel"]
)
def test_what_a_preview_did_not_know_is_refused_before_it_is_created(text: str) -> None:
    own = resource(OWN_TYPE, "notes", {"policy": text}, tags=OWNER.tags("notes"))
    policy = ONLY_KNOWN_RESOURCES
    assert policy.judge_resource
    assert policy.judge_update
    stack = Stack([*good_stack().values(), own])
    found = [*policy.judge_resource(own, SETTINGS), *policy.judge_update(own, stack, SETTINGS)]
    assert [each.refusal.rule_id for each in found] == ["own-type-apart"]


@pytest.mark.parametrize(
    "outputs",
    [
        {"vpcId": "vpc-0123456789abcdef0", "endpoint": "acme.db.example.com", "database": "acme-blue"},
        {"tunnel": "eu1-acme-tunnel", "zone": "db.example.com", "key": KEY_ARN, "cidr": "10.1.2.0/26"},
    ],
)
def test_a_component_of_ones_own_says_what_it_has_made(outputs: dict[str, str]) -> None:
    """It has nothing in AWS but its children, and they are judged."""
    stack = with_new(resource(SHOP, "shop", outputs))(good_stack())
    stack = with_props("network", id="vpc-0123456789abcdef0")(stack)
    policy = ONLY_KNOWN_RESOURCES
    assert policy.judge_resource
    assert policy.judge_stack
    assert not [*policy.judge_resource(stack[f"new {SHOP} shop"], OWN_TYPES)]
    assert not [*policy.judge_stack(Stack(stack.values()), OWN_TYPES)]


@pytest.mark.parametrize(
    ("tag", "found"),
    [
        ("tenantnet:team", []),
        ("TenantNet:Tenant", ["tag-known"]),
        ("tenantnet:tunnel-user", ["tag-known"]),
        ("tenantnet:tenant ", ["tag-known"]),
        *(("tenantnet:tunnel-users", ["tag-known"]), ("tenantnet:part", ["tag-known"])),
        *(("tenantnet:tunnel-users-2", ["tag-known"]), ("tenantnet:lifecycle", ["tag-known"])),
    ],
)
def test_a_type_of_ones_own_has_tags_that_nobody_reads(tag: str, found: Collection[str]) -> None:
    own = resource(OWN_TYPE, "q", {"name": "q"}, tags={**OWNER.tags("q"), tag: "x"})
    assert found_by(with_new(own)) == ({"tags-present": found} if found else {})


@pytest.mark.parametrize(
    ("props", "found"),
    [
        ({"tags": [{"key": "tenantnet:tunnel-users", "value": ":eve:"}]}, ["tag-known"]),
        ({"tags": [{"Key": "tenantnet:part", "Value": "tunnel-host"}]}, ["tag-known"]),
        ({"tags": [{"key": "tenantnet:tenant", "value": "beta"}]}, ["tag-known"]),
        ({"tags": [{"key": "tenantnet:tenant", "value": "acme"}, {"key": "team", "value": "x"}]}, []),
        (
            {"tagSpecifications": [{"resourceType": "instance", "tags": {"tenantnet:part": "tunnel-host"}}]},
            ["tag-known"],
        ),
        ({"tagSpecifications": [{"resourceType": "instance", "tags": {"tenantnet:cell": "eu1"}}]}, []),
    ],
)
def test_the_tags_of_a_type_of_ones_own_are_read_in_lists_too(
    props: dict[str, Any], found: Collection[str]
) -> None:
    own = resource(OWN_TYPE, "q", {**props, "tagsAll": OWNER.tags("q")})
    assert found_by(with_new(own)) == ({"tags-present": found} if found else {})


@pytest.mark.parametrize(
    "kind",
    [
        *(aws.ROUTE, aws.VPC, aws.DATABASE, "pulumi:providers:aws", "pulumi:pulumi:StackReference"),
        *("pulumi:providers:command", "command:local:Command", "pulumi-python:dynamic:Resource"),
        *(
            "pulumi-nodejs:dynamic/shop:Thing",
            "aws:cloudformation/stack:Stack",
            "aws-native:cloudformation:Stack",
        ),
        *("aws:cloudcontrol/resource:Resource", "aws-native:index:ExtensionResource"),
        *("aws:serverlessrepository/cloudFormationStack:CloudFormationStack", "ansible:index:Playbook"),
        *("aws:servicecatalog/product:Product", "aws-native:servicecatalog:CloudFormationProvisionedProduct"),
        *("aws:cfg/conformancePack:ConformancePack", "aws:ssm/quicksetupConfigurationManager:Quicksetup"),
        *("aws:cloudwatch/logAccountPolicy:LogAccountPolicy", "aws:oam/link:Link", "aws-native:oam:Link"),
        *("aws-native:ec2:Route", "aws-native:ec2:VPCPeeringConnection", "aws-native:rds:DBInstance"),
        *("aws-native:ssm:Document", "aws-native:route53:RecordSet", "awscc:index/ec2Route:Ec2Route"),
        *("awscc:ec2/route:Route", "awscc:index/cloudformationStack:CloudformationStack"),
        "aws:observabilityadmin/centralizationRuleForOrganization:CentralizationRuleForOrganization",
        *(
            "aws-native:observabilityadmin:TelemetryRule",
            "awscc:index/observabilityadminTelemetryRule:TelemetryRule",
        ),
        *(
            *(
                "awscc:index/logsAccountPolicy:LogsAccountPolicy",
                "awscc:index/cloudwatchInsightRule:CloudwatchInsightRule",
            ),
            "aws:cloudwatch/contributorInsightRule:ContributorInsightRule",
            "aws-native:cloudwatch:InsightRule",
        ),
    ],
)
def test_nobody_answers_for_tenantnets_types_nor_for_what_makes_anything(kind: str) -> None:
    assert not may_be_own(kind)
    listed = {"ownTypes": [{"type": kind, "reason": "a reason of ten letters"}]}
    assert pack_settings(listed, ONLY_KNOWN_RESOURCES).own_types == {}
    settings = replace(SETTINGS, own_types={kind: "a reason of ten letters"})
    assert ONLY_KNOWN_RESOURCES.judge_resource
    other = resource(kind, "other", {"strange": True})
    assert [*ONLY_KNOWN_RESOURCES.judge_resource(other, settings)]


def test_the_provider_of_an_own_type_comes_with_it_and_names_nothing_either() -> None:
    settings = replace(SETTINGS, own_types={"mysql:index/user:User": "logins of the team's tools"})
    policy = ONLY_KNOWN_RESOURCES
    assert policy.judge_stack
    assert policy.judge_resource

    def found(kind: str, **props: str) -> list[str]:
        provider = resource(kind, "default", props)
        assert policy.judge_resource
        assert policy.judge_stack
        stack = Stack([*good_stack().values(), provider])
        judged = [*policy.judge_resource(provider, settings), *policy.judge_stack(stack, settings)]
        return sorted({each.refusal.rule_id for each in judged})

    assert found("pulumi:providers:mysql", endpoint="tools.example.com") == []
    assert found("pulumi:providers:mysql", endpoint="beta.db.example.com") == ["own-type-apart"]
    assert found("pulumi:providers:random") == ["type-known"]
