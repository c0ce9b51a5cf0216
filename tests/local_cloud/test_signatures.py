"""Signatures: every call carries one, made with the secret of a key that this cloud has given."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.credentials import Credentials
from tenantnet.local_cloud import clients
from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.process import LocalCloud

from tests.local_cloud.conftest import Refusal
from tests.support.aws import aws_client, send, send_as_it_is, signed

Clients = Callable[[str], Any]
ONCE = Config(retries={"total_max_attempts": 1})
ANONYMOUS = ONCE.merge(Config(signature_version=UNSIGNED))
# A call of each protocol, and the codes for no signature, an unknown key, and a wrong secret.
CALLS = [
    ("ec2", "describe_vpcs", "MissingAuthenticationToken", "AuthFailure", "AuthFailure"),
    ("s3", "list_buckets", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"),
    *(
        (*call, "MissingAuthenticationToken", "InvalidClientTokenId", "SignatureDoesNotMatch")
        for call in (("rds", "describe_db_instances"), ("iam", "list_users"), ("sts", "get_caller_identity"))
    ),
    *(
        (
            *call,
            "MissingAuthenticationTokenException",
            "UnrecognizedClientException",
            "InvalidSignatureException",
        )
        for call in (
            ("dynamodb", "list_tables"),
            ("codebuild", "list_projects"),
            ("kms", "list_keys"),
        )
    ),
]


@pytest.mark.parametrize(("service", "call", "missing", "unknown", "wrong"), CALLS)
def test_a_call_without_a_good_signature_gets_awss_own_error(
    cloud: LocalCloud, service: str, call: str, missing: str, unknown: str, wrong: str, refusal: Refusal
) -> None:
    own = environment(cloud.state_dir)
    for changes, config, code in (
        ({}, ANONYMOUS, missing),
        ({"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"}, ONCE, unknown),
        ({"AWS_SECRET_ACCESS_KEY": "local"}, ONCE, wrong),
    ):
        client = clients.client(service, {**own, **changes}, config=config)
        assert refusal(getattr(client, call)) == code, changes
    getattr(aws_client(cloud, service), call)()


@pytest.mark.parametrize(
    ("service", "call", "code"),
    [
        ("route53", "list_hosted_zones", "SignatureDoesNotMatch"),
        ("scheduler", "list_schedules", "InvalidSignatureException"),
    ],
)
def test_a_path_without_a_good_signature_does_too(
    cloud: LocalCloud, service: str, call: str, code: str, refusal: Refusal
) -> None:
    own = {**environment(cloud.state_dir), "AWS_SECRET_ACCESS_KEY": "local"}
    assert refusal(getattr(clients.client(service, own, config=ONCE), call)) == code


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/_local/status"),
        ("POST", "/_local/reset"),
        ("PUT", "/_local/source"),
        ("GET", "/moto-api/data.json"),
        ("POST", "/moto-api/reset"),
        ("OPTIONS", "/"),
        ("GET", "/latest/meta-data/"),
    ],
)
def test_its_own_paths_ask_for_a_signature_too(cloud: LocalCloud, method: str, path: str) -> None:
    before = cloud.status()
    assert send_as_it_is(cloud, method, path)[0] in (400, 403)
    assert cloud.status() == before


def test_users_of_the_cloud_have_no_say_over_it(cloud: LocalCloud, client: Clients, name: str) -> None:
    client("iam").create_user(UserName=name)
    key = client("iam").create_access_key(UserName=name)["AccessKey"]
    credentials = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    headers = signed(credentials, "local", "POST", f"{cloud.url}/_local/reset")
    status, answer = send_as_it_is(cloud, "POST", "/_local/reset", headers=headers)
    assert (status, json.loads(answer)["__type"]) == (403, "AccessDenied")


class TestKeysThatTheCloudGives:
    @pytest.fixture
    def user(self, cloud: LocalCloud, client: Clients, name: str) -> dict[str, str]:
        """The environment of an IAM user."""
        client("iam").create_user(UserName=name)
        key = client("iam").create_access_key(UserName=name)["AccessKey"]
        return {
            **environment(cloud.state_dir),
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        }

    def test_sign_with_their_own_secret(
        self, user: dict[str, str], cloud: LocalCloud, refusal: Refusal, name: str
    ) -> None:
        assert name in clients.client("sts", user).get_caller_identity()["Arn"]
        own = environment(cloud.state_dir)["AWS_SECRET_ACCESS_KEY"]
        other = clients.client("sts", {**user, "AWS_SECRET_ACCESS_KEY": own})
        assert refusal(other.get_caller_identity) == "SignatureDoesNotMatch"

    def test_do_no_more_once_inactive_or_deleted(
        self, user: dict[str, str], client: Clients, refusal: Refusal, name: str
    ) -> None:
        key = {"UserName": name, "AccessKeyId": user["AWS_ACCESS_KEY_ID"]}
        client("iam").update_access_key(**key, Status="Inactive")
        sts = clients.client("sts", user)
        assert refusal(sts.get_caller_identity) == "InvalidClientTokenId"
        client("iam").update_access_key(**key, Status="Active")
        sts.get_caller_identity()
        client("iam").delete_access_key(**key)
        assert refusal(sts.get_caller_identity) == "InvalidClientTokenId"

    def test_of_a_role_need_its_sessions_token(
        self, cloud: LocalCloud, client: Clients, refusal: Refusal, name: str
    ) -> None:
        client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")
        role = f"arn:aws:iam::123456789012:role/{name}"
        given = client("sts").assume_role(RoleArn=role, RoleSessionName="eve")["Credentials"]
        key, secret = given["AccessKeyId"], given["SecretAccessKey"]

        def sts(secret: str, token: str | None) -> Any:
            return boto3.client("sts", "eu-west-1", None, True, None, cloud.url, key, secret, token)

        assert "assumed-role" in sts(secret, given["SessionToken"]).get_caller_identity()["Arn"]
        for token in (None, "other"):
            assert refusal(sts(secret, token).get_caller_identity) == "InvalidClientTokenId"
        wrong = sts("local", given["SessionToken"])
        assert refusal(wrong.get_caller_identity) == "SignatureDoesNotMatch"


class TestAPresignedAddress:
    def get(self, url: str) -> int:
        parts = urlsplit(url)
        connection = HTTPConnection(parts.netloc)
        connection.request("GET", f"{parts.path}?{parts.query}")
        return connection.getresponse().status

    def test_is_good_as_it_was_signed(self, client: Clients, name: str) -> None:
        s3 = client("s3")
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        s3.put_object(Bucket=name, Key="a b/ä+", Body=b"x")
        for place in ({"Bucket": name, "Key": "a b/ä+"},):
            config = Config(signature_version="s3v4")
            url = client("s3", config).generate_presigned_url("get_object", Params=place)  # type: ignore[call-arg]
            assert self.get(url) == 200
            assert self.get(url.replace("a%20b", "other")) == 403
            assert self.get(url.replace("X-Amz-Expires=3600", "X-Amz-Expires=7200")) == 403

    def test_is_good_for_other_services_too(self, client: Clients) -> None:
        url = client("sts").generate_presigned_url("get_caller_identity", HttpMethod="GET")
        assert self.get(url) != 403
        assert self.get(f"{url[:-1]}{'1' if url[-1] == '0' else '0'}") == 403


@pytest.mark.parametrize(
    "key", ["plain", "a b+c", "~-_.!*'()", "ä/日本", "a//b", "a/../b", "%41", "q?x=1&y=2"]
)
def test_what_sdks_sign_is_what_is_verified(client: Clients, name: str, key: str) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket=name, Key=key, Body=b"content", Metadata={"some": "  two   blanks "})
    listed = s3.list_objects_v2(Bucket=name, Prefix=key[:1])
    assert listed["KeyCount"] == 1


def test_what_was_signed_cannot_be_changed(cloud: LocalCloud) -> None:
    own = Credentials("local", cloud.running_server().secret)
    body = "Action=DescribeVpcs&Version=2016-11-15"
    form = {"Content-Type": "application/x-www-form-urlencoded", "X-Amz-Target": "a"}
    headers = signed(own, "ec2", "POST", f"{cloud.url}/?a=1", body, form)
    assert send_as_it_is(cloud, "POST", "/?a=1", body, headers)[0] == 200
    for method, target, sent, changes in (
        ("PUT", "/?a=1", body, {}),
        ("POST", "/?a=2", body, {}),
        ("POST", "/b?a=1", body, {}),
        ("POST", "/?a=1", body.replace("Vpcs", "Subnets"), {}),
        ("POST", "/?a=1", body, {"X-Amz-Target": "b"}),
        ("POST", "/?a=1", body, {"Authorization": headers["Authorization"].replace("/ec2/", "/iam/")}),
    ):
        status, _ = send_as_it_is(cloud, method, target, sent, {**headers, **changes})
        assert status in (401, 403), (method, target, changes)


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Basic bG9jYWw6bG9jYWw=",
        "AWS local:signature",
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=local, SignedHeaders=host, Signature=0",
        "AWS4-HMAC-SHA256 Credential=local/20260101/x/ec2/aws4_request, SignedHeaders=host, Signature=é",
        "AWS4-ECDSA-P256-SHA256 Credential=local/20260101/ec2/aws4_request, SignedHeaders=host, Signature=0",
    ],
)
def test_no_other_kind_of_signature_lets_in(cloud: LocalCloud, authorization: str) -> None:
    headers = {"X-Amz-Date": "20260101T000000Z", "Authorization": authorization.encode().decode("latin-1")}
    assert send_as_it_is(cloud, "POST", "/", "Action=DescribeVpcs", headers)[0] in (400, 401, 403)


HOSTS = ["evil.example:{}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil.example:{}", "x@127.0.0.1:{}", ""]
PAGES = [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "none"}]


@pytest.mark.parametrize(
    "headers", [*({"Host": host} for host in HOSTS), *PAGES, {"Origin": "http://127.0.0.1:{}"}]
)
def test_even_signed_nothing_is_done_for_a_page(cloud: LocalCloud, headers: dict[str, str]) -> None:
    port = cloud.running_server().port
    given = {name: value.format(port) for name, value in headers.items()}
    before = cloud.status()
    assert send(cloud, "POST", "/_local/reset", "null", given)[0] == 403
    assert cloud.status() == before


@pytest.mark.parametrize("host", ["localhost:{}", "127.0.0.1:{}"])
def test_its_own_names_are_good(cloud: LocalCloud, host: str) -> None:
    port = cloud.running_server().port
    assert send(cloud, "GET", "/_local/status", headers={"Host": host.format(port)})[0] == 200


def test_no_page_may_read_an_answer(cloud: LocalCloud) -> None:
    for method, path in (
        ("GET", "/"),
        ("OPTIONS", "/"),
        ("GET", "/moto-api/data.json"),
        ("GET", "/_local/status"),
    ):
        own = Credentials("local", cloud.running_server().secret)
        connection = HTTPConnection("127.0.0.1", cloud.running_server().port)
        connection.request(method, path, headers=dict(signed(own, "s3", method, f"{cloud.url}{path}")))
        answer = connection.getresponse()
        assert answer.status != 403, "the gate let it through: what answers is what a page would read"
        assert [name for name, _ in answer.getheaders() if name.lower().startswith("access-control")] == []
