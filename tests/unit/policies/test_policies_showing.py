"""No finding shows a secret: neither one that is marked, nor what is called or formed like one."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from google.protobuf import struct_pb2  # type: ignore[import-untyped]
from pulumi_policy.deserialize import SPECIAL_SECRET_SIG, SPECIAL_SIG_KEY
from tenantnet.policies.model import Finding, Stack
from tenantnet.policies.rules import POLICIES
from tenantnet.policies.showing import Confidential
from tenantnet.refusal import Rule, shown
from tenantnet.secret_forms import NOT_SHOWN, hide_secrets, hide_value

from tools.rulebook.policies import EXAMPLES
from tools.rulebook.samples import (
    OWN_TYPE,
    OWNER,
    SETTINGS,
    Resources,
    good_stack,
    resource,
    with_new,
    with_props,
)

SECRET = "hunter2Very9Long"
FORMS = [
    f"mysql://admin:{SECRET}@beta.db.example.com:3306/x",
    f"mysql://admin:{SECRET}/a@b@beta.db.example.com/x",
    f"https://{SECRET}@github.com/example/x",
    f"admin:{SECRET}@tcp(10.9.9.5:3306)/x",
    f"password={SECRET}",
    f"PASSWORD: {SECRET}",
    f"host=10.9.9.5 DB_PASSWORD={SECRET}",
    f'{{"password": "{SECRET} {SECRET}", "host": "10.9.9.5"}}',
    f'{{\\"password\\":\\"{SECRET}\\"}}',
    f'[{{"name": "DB_PASSWORD", "value": "{SECRET}"}}]',
    f"Server=10.9.9.5;Uid=admin;Pwd={SECRET};",
    f"https://notes.s3.amazonaws.com/k?X-Amz-Algorithm=A&X-Amz-Credential=b&X-Amz-Signature={SECRET}",
    f"https://notes.s3.amazonaws.com/k?AWSAccessKeyId=AK&Signature={SECRET}&Expires=1",
    f"https://hooks.slack.com/services/T/B/{SECRET}",
    f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----",
    f"-----BEGIN OPENSSH PRIVATE KEY----- {SECRET}",
    f"Authorization: Bearer {SECRET}",
    f"curl -u admin:{SECRET} https://10.9.9.5",
    f"mysql --password {SECRET} --host 10.9.9.5",
    f"<pre_shared_key>{SECRET}</pre_shared_key>",
    f"CREATE USER notes IDENTIFIED BY '{SECRET}'",
    f"tenantnet:databasePassword: {SECRET}",
    f"the token: {SECRET}",
    f"ghp_{SECRET}1234567",
    f"eyJhbGciOiJIUzI1NiJ9.{SECRET}.{SECRET}",
    f'10.9.9.5 203.0.113.1 : PSK "{SECRET}"',
    f"10.9.9.5 :PSK {SECRET}",
    f"PresharedKey = {SECRET}=\nEndpoint = 10.9.9.5",
    f"crypto isakmp key {SECRET} address 10.9.9.5",
    f"pre-shared-key local {SECRET} ! 10.9.9.5",
    f'set security ike policy x pre-shared-key ascii-text "{SECRET}" # 10.9.9.5',
    f"set remote-gw 10.9.9.5; set psksecret {SECRET}",
    f"beta.db.example.com:3306:db:admin:{SECRET}",
    f"jdbc:oracle:thin:scott/{SECRET}@10.9.9.5:1521/x",
    f"curl --user admin:{SECRET} https://10.9.9.5",
    f"https://api.telegram.org/bot123456789:AAE{SECRET}/send?c=10.9.9.5",
    f"https://events.pagerduty.com/integration/{SECRET}/enqueue?h=10.9.9.5",
    f"https://hooks.zapier.com/hooks/catch/123/{SECRET}?h=10.9.9.5",
    f"admin:$apr1${SECRET}$x 10.9.9.5",
    f"AGE-SECRET-KEY-1{SECRET}XXXXXX 10.9.9.5",
]
# What only its reader can tell: it is shown by no word.
SPEAKING = [
    *(f"mysql -h 10.9.9.5 -u admin -p{SECRET}", f"mysql -h 10.9.9.5 -p'{SECRET}' x"),
    *(f"sshpass -p {SECRET} ssh root@10.9.9.5", f"redis-cli -h 10.9.9.5 -a {SECRET}"),
    *(f"ldapsearch -h 10.9.9.5 -w {SECRET}", f"ConvertTo-SecureString '{SECRET}' -AsPlainText 10.9.9.5"),
    *(f"machine beta.db.example.com login admin password {SECRET}", f"rootpw {SECRET} 10.9.9.5"),
    *(f"ENV DB_PASSWORD {SECRET} 10.9.9.5", f"CREATE USER x WITH PASSWORD '{SECRET}'; -- 10.9.9.5"),
    f"SET PASSWORD FOR x = PASSWORD('{SECRET}') -- 10.9.9.5",
    *(f"host: 10.9.9.5\npassword: {each}\n  {SECRET}\n" for each in ("|", ">-")),
    *(
        f'{{"host":"10.9.9.5","passwords":{each}}}'
        for each in (f'{{"value":"{SECRET}"}}', f'["a","{SECRET}"]')
    ),
    f'[{{"value":"{SECRET}","name":"DB_PASSWORD"}},"10.9.9.5"]',
    f'[{{"ParameterKey":"DbPassword","ParameterValue":"{SECRET}"}},"10.9.9.5"]',
    f'{{"p\\u0061ssword":"{SECRET}","h":"10.9.9.5"}}',
    f"- name: DB_PASSWORD\n  value: {SECRET}\n- h: 10.9.9.5",
    f"define('DB_PASSWORD', '{SECRET}'); define('DB_HOST','10.9.9.5');",
    *(f'password = {each} \nh="10.9.9.5"' for each in (f'"""{SECRET}"""', f"<<EOT\n{SECRET}\nEOT")),
    *(
        f"<property {each}/><h>10.9.9.5</h>"
        for each in (f'name="password" value="{SECRET}"', f'value="{SECRET}" name="pw"')
    ),
    *(f"{name}={SECRET} 10.9.9.5" for name in ("DBPASS", "dbpwd", "pw", "passkey", "secret_id", "_auth")),
    *(
        f"{name}={SECRET} 10.9.9.5"
        for name in ("encryption_key", "Kennwort", "motdepasse", "contrase\u00f1a")
    ),
    *(f"{name}: {SECRET} 10.9.9.5" for name in ("userpass", "Passwort", "X-Auth", "masterKey")),
    f"x?q=password%3D{SECRET}&h=10.9.9.5",
    f"PuTTY-User-Key-File-2: ssh-rsa\nPrivate-Lines: 1\n{SECRET} 10.9.9.5",
]
OF_CHANCE = ["AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "0123456789abcdef" * 4]
INNOCENT = [
    "arn:aws:secretsmanager:eu-west-1:123456789012:secret:example/pulumi-AbCdEf",
    "secretArn: arn:aws:secretsmanager:eu-west-1:123456789012:secret:example/pulumi-AbCdEf",
    "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555",
    "urn:pulumi:acme::tenantnet::aws:ec2/vpc:Vpc::acme-blue",
    "git@github.com:example/x.git",
    "with the passphrase or the KMS key of its secrets: pulumi stack output --stack platform-x",
    "pulumi stack init --secrets-provider awskms://alias/x",
    "example/pulumi:3.1@sha256:" + "a" * 64,
    "no policy judges aws:secretsmanager/secret:Secret",
    "pulumi state delete 'urn:pulumi:acme::x::aws:secretsmanager/secret:Secret::key' --stack acme",
    "aws:iam/accountPasswordPolicy:AccountPasswordPolicy",
    "httpTokens: optional",
    "set tunnel2Phase1IntegrityAlgorithms to SHA2-256",
    "0123456789abcdef0123456789abcdef01234567",
]


def marked(value: object) -> dict[str, object]:
    return {SPECIAL_SIG_KEY: SPECIAL_SECRET_SIG, "value": value}


def struct_of(**props: object) -> struct_pb2.Struct:
    message = struct_pb2.Struct()
    message.update(props)
    return message


def confidential(urn: str = "", /, **props: object) -> Confidential:
    found = Confidential()
    found.learn(urn, struct_of(**props))
    return found


def findings(stack: Resources) -> Iterator[Finding]:
    """As in an update: each resource alone, before it is created, and all together."""
    everything = Stack(stack.values())
    for policy in POLICIES:
        for each in stack.values():
            yield from policy.judge_resource(each, SETTINGS) if policy.judge_resource else ()
            yield from policy.judge_update(each, everything, SETTINGS) if policy.judge_update else ()
        yield from policy.judge_stack(everything, SETTINGS) if policy.judge_stack else ()


def with_text(value: object, text: str) -> object:
    """The value with the text in each of its places."""
    match value:
        case Mapping():
            return {key: with_text(each, text) for key, each in value.items()} or {"x": text}
        case list():
            return [with_text(each, text) for each in value] or [text]
        case _:
            return text


def with_everywhere(stack: Resources, key: str, text: str) -> Resources:
    """The stack with the text in every property of one resource, and in its tags' names."""
    changed = stack[key]
    props = {path: with_text(value, text) for path, value in changed.props.items()}
    props |= {"policy": {"Resource": [text]}, "tags": {text: text, f"tenantnet:{text}": text}, text: text}
    props |= {"tagsAll": props["tags"]}
    return {**stack, key: replace(changed, props=props)}


@pytest.mark.parametrize("text", FORMS)
def test_what_is_a_secret_by_its_form_is_left_out(text: str) -> None:
    assert SECRET not in hide_secrets(text)
    assert SECRET[:4] not in shown(text)
    rule = Rule(id="x", rule="{given}", reason="{given}", remedy="{given}")
    assert SECRET not in str(rule.refuse(text, given=text))


@pytest.mark.parametrize("text", [*FORMS, *SPEAKING])
def test_a_value_that_speaks_of_secrets_shows_none(text: str) -> None:
    """Not even within something else, and cut or quoted."""
    for value in (text, f"example {text}", json.dumps({"x": [text]}), f"host 10.9.9.5\n{text}\n"):
        assert SECRET[:4] not in shown(value)
    own = resource(OWN_TYPE, "notes", {"policy": f"{text} beta-blue"}, tags=OWNER.tags("notes"))
    said = [str(Confidential().words(each)) for each in findings(with_new(own)(good_stack()))]
    assert said
    assert SECRET not in "".join(said)


@pytest.mark.parametrize("text", OF_CHANCE)
def test_a_key_of_chance_is_left_out(text: str) -> None:
    assert hide_secrets(f"its key is {text}") == f"its key is {NOT_SHOWN}"


@pytest.mark.parametrize("text", INNOCENT)
def test_what_only_speaks_of_secrets_is_shown(text: str) -> None:
    assert hide_secrets(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *(each for each in INNOCENT if " " not in each),
        *("mailto:ops@example.com", "actions/checkout@v4.1.2", "Seattle office", "1.2.3.4/32, 5.6.7.8/32"),
        *("bypass the compass", "httpTokens = optional", "mysql --user acmeadmin --host 10.9.9.5"),
    ],
)
def test_a_value_that_speaks_of_none_is_shown(text: str) -> None:
    assert hide_value(text) == text


@pytest.mark.parametrize("key", [*good_stack(), "own"])
def test_no_rule_shows_a_secret_that_its_form_tells(key: str) -> None:
    own = resource(OWN_TYPE, "notes", {"name": "x"}, tags=OWNER.tags("notes"))
    stack = {**good_stack(), "own": own}
    number = [*stack].index(key)
    for form in [FORMS[(number + each * 9) % len(FORMS)] for each in range(3)]:
        for found in findings(with_everywhere(stack, key, form)):
            said = str(Confidential().words(found))
            assert SECRET not in said


@pytest.mark.parametrize("before", [0, 62, 75])
@pytest.mark.parametrize("key", [*good_stack(), "own"])
def test_no_rule_shows_what_is_marked_as_a_secret(key: str, before: int) -> None:
    """Not even its beginning, where the end of a long value is cut."""
    secret = "Correct horse, 10.9.9.5 & vpc-0123456789abcdef0"
    own = resource(OWN_TYPE, "notes", {"name": "x"}, tags=OWNER.tags("notes"))
    text = "x" * before + secret
    stack = with_everywhere({**good_stack(), "own": own}, key, text)
    hidden = confidential(stack[key].urn, **{path: marked(text) for path in stack[key].props})
    for found in findings(stack):
        if found.resource.urn == stack[key].urn:
            said = str(hidden.words(found)).casefold()
            assert not [each for each in ("correct", "horse", "vpc-0123", "10.9.9.5") if each in said]


def test_every_rule_that_shows_a_value_hides_it_where_it_is_marked() -> None:
    """The examples of the rule book, each with what its finding names marked as a secret."""
    for examples in EXAMPLES.values():
        for example in examples:
            for found in findings(example.change(good_stack())):
                value = found.resource.props.get(found.refusal.path)
                if isinstance(value, str) and len(value) > 3:
                    hidden = confidential(found.resource.urn, **{found.refusal.path: marked(value)})
                    assert hidden.words(found).value == NOT_SHOWN


@pytest.mark.parametrize(
    "props",
    [
        {"environment": {"variables": {"DB_PASSWORD": f"10.9.9.5{SECRET}", "host": "10.9.9.5"}}},
        {
            "environment": [
                {"name": "API_TOKEN", "value": f"10.9.9.5 {SECRET}"},
                {"name": "x", "value": "10.9.9.5"},
            ]
        },
        {"secretString": f"10.9.9.5 {SECRET}"},
    ],
)
def test_what_is_called_a_secret_is_not_shown(props: dict[str, Any]) -> None:
    own = resource(OWN_TYPE, "notes", props, tags=OWNER.tags("notes"))
    said = [str(Confidential().words(each)) for each in findings(with_new(own)(good_stack()))]
    assert said
    assert SECRET not in "".join(said)


def shows(text: str) -> Finding:
    """A finding whose value is all of a text."""
    changed = with_props("ping-host", userData=text)(good_stack())
    return next(each for each in findings(changed) if each.refusal.path == "userData")


def test_a_secret_of_one_resource_is_hidden_in_the_findings_of_another() -> None:
    hidden = confidential("urn of another", dump=marked({"users": [{"login": "horse-9.10.11"}, 12345678]}))
    for text in ("beta-blue horse-9.10.11", "beta-blue 12345678", "beta-blue HORSE-9.10.11"):
        assert hidden.words(shows(text)).value == NOT_SHOWN


@pytest.mark.parametrize("setting", ["horse-9.10.11", json.dumps({"users": [{"login": "horse-9.10.11"}]})])
def test_a_secret_setting_that_a_program_uses_in_clear_is_hidden(setting: str) -> None:
    hidden = Confidential()
    hidden.learn_settings({"notes:login": setting, "notes:open": "beta-blue"}, ["notes:login", "notes:none"])
    assert hidden.words(shows("beta-blue horse-9.10.11")).value == NOT_SHOWN


def test_a_short_secret_is_hidden_as_a_word_where_it_is_marked() -> None:
    found = shows("beta-blue s3cr 123s3cr45")
    assert "s3cr 1" in confidential("urn of another", pin=marked("s3cr")).words(found).value
    assert confidential(found.resource.urn, pin=marked("s3cr")).words(found).value == NOT_SHOWN


@pytest.mark.parametrize(
    "secret",
    [
        "Horse${abc}Battery",
        "Horse%41Battery",
        "Horse&amp;Battery",
        "Horse\\u0041Battery",
        "Horse\u00adBattery",
    ],
)
def test_what_a_text_is_read_as_is_not_shown(secret: str) -> None:
    hidden = confidential("urn of another", key=marked(secret))
    for text in (
        f"{secret}/aws/rds/x",
        quote(quote(f"{secret} beta-blue")),
        b64encode(f"{secret} 10.9.9.5".encode()).decode(),
    ):
        own = resource(OWN_TYPE, "notes", {"policy": [text]}, tags=OWNER.tags("notes"))
        said = [str(hidden.words(each)) for each in findings(with_new(own)(good_stack()))]
        assert said
        assert not [each for each in said if "horse" in each.casefold() or "battery" in each.casefold()]


def test_many_secrets_and_long_ones_cost_little() -> None:
    hidden = confidential("urn of another", many=marked([f"secret number {each}" for each in range(1_000)]))
    hidden.learn("urn of a third", struct_of(key=marked("Correct horse " * 10_000)))
    found, began = shows("Correct horse " * 20), time.process_time()
    for _ in range(20):
        assert "horse" not in str(hidden.words(found)).casefold()
    assert time.process_time() - began < 10


def test_a_path_of_any_length_costs_little() -> None:
    began = time.process_time()
    shows("x").refusal.at("password: x aws:a/b:" * 2_000)
    assert time.process_time() - began < 2


def test_what_is_no_secret_is_shown_as_before() -> None:
    own = resource(OWN_TYPE, "notes", {"policy": "beta-blue"}, tags=OWNER.tags("notes"))
    for found in findings(with_new(own)(good_stack())):
        assert confidential("urn of another", key=marked("Correct-Horse-7")).words(found) == found.refusal


# What is hidden of it by its form, what JSON writes otherwise, and what capitals are written otherwise.
TWICE = [
    "mysql://u:pw12345@beta.db.example.com/orderly-horse-staple",
    "password=abc12345 orderly-horse-staple beta.db.example.com",
    *("P\xe4ssw\xf6rd-orderly-horse 10.9.9.5", "orderly\thorse\nline2 beta-blue", 'orderly"horse beta-blue'),
    *("orderly\x07horse beta-blue", "orderly\x7fhorse beta-blue", "orderly\u200bhorse beta-blue"),
]


@pytest.mark.parametrize("secret", TWICE)
@pytest.mark.parametrize("own", [False, True])
def test_a_marked_secret_is_hidden_however_it_is_written_again(secret: str, own: bool) -> None:
    encoded = b64encode(f"x {secret}".encode()).decode()
    for text in (secret, f"pre {secret}", json.dumps({"a": secret}), secret.upper(), quote(secret), encoded):
        notes = resource(OWN_TYPE, "notes", {"policy": text}, tags=OWNER.tags("notes"))
        hidden = confidential(notes.urn if own else "urn of another", login=marked(secret))
        for found in (*findings(with_new(notes)(good_stack())), shows(text)):
            if found.resource.urn != notes.urn and own:
                continue
            said = str(hidden.words(found)).casefold()
            assert "horse" not in said
            assert "orderly" not in said


def test_a_secret_hides_no_word_of_a_rule() -> None:
    own = resource(OWN_TYPE, "notes", {"policy": "beta-blue"}, tags=OWNER.tags("notes"))
    said = next(findings(with_new(own)(good_stack())))
    for word in ("database", "Tenantnet", "organisation", "reference"):
        told = confidential("urn of another", name=marked(word)).words(said)
        assert (told.rule, told.remedy) == (said.refusal.rule, said.refusal.remedy)
    assert "beta-blue" not in str(confidential("urn of another", name=marked("beta-blue")).words(said))
