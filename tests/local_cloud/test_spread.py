"""What was just made is not known everywhere yet: IAM to other services, changes to all name servers."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tenantnet.local_cloud.process import LocalCloud

from tests.support.roles import Iam

CONNECTION = "arn:aws:codeconnections:eu-west-1:123456789012:connection/11111111-2222-3333-4444-555555555555"
PACE = 0.05
# How long AWS takes, by its documentation; see the constants of the local cloud.
IAM_SECONDS, DNS_SECONDS = 10.0, 60.0


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Any]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TENANTNET_LOCAL_PACE", str(PACE))
        with LocalCloud(tmp_path_factory.mktemp("slow"), real_databases=False) as running:
            yield Iam(running).administrator.client


def role(iam: Any, name: str, service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return str(iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"])


def first_success(call: Callable[[], object], code: str) -> float:
    """Seconds until a call is no longer refused with this code."""
    began = time.monotonic()
    while time.monotonic() < began + 30:
        try:
            call()
        except ClientError as error:
            if error.response["Error"]["Code"] != code:
                raise
            time.sleep(0.02)
        else:
            return time.monotonic() - began
    raise AssertionError("it is refused for ever")


def test_codebuild_refuses_a_connection_until_it_knows_the_roles_rights(slow: Callable[[str], Any]) -> None:
    """https://github.com/aws/aws-cdk/issues/38504."""
    iam, codebuild = slow("iam"), slow("codebuild")
    arn = role(iam, "builder", "codebuild.amazonaws.com")
    use = {"Effect": "Allow", "Action": "codeconnections:UseConnection", "Resource": CONNECTION}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [use]})
    iam.put_role_policy(RoleName="builder", PolicyName="builder", PolicyDocument=policy)

    def create() -> None:
        codebuild.create_project(
            name="runner",
            serviceRole=arn,
            source={
                "type": "GITHUB",
                "location": "https://github.com/example/tenants.git",
                "auth": {"type": "CODECONNECTIONS", "resource": CONNECTION},
            },
            artifacts={"type": "NO_ARTIFACTS"},
            environment={
                "type": "LINUX_CONTAINER",
                "image": "example/runner:1",
                "computeType": "BUILD_GENERAL1_SMALL",
            },
        )

    assert first_success(create, "OAuthProviderException") >= IAM_SECONDS * PACE * 0.5


def test_ec2_refuses_a_profile_until_it_knows_it(slow: Callable[[str], Any]) -> None:
    """As the provider expects it: it tries "Invalid IAM Instance Profile" again for two minutes."""
    iam, ec2 = slow("iam"), slow("ec2")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    role(iam, "host", "ec2.amazonaws.com")
    iam.create_instance_profile(InstanceProfileName="host")
    iam.add_role_to_instance_profile(InstanceProfileName="host", RoleName="host")

    def run() -> None:
        ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, IamInstanceProfile={"Name": "host"})

    assert first_success(run, "InvalidParameterValue") >= IAM_SECONDS * PACE * 0.5


def test_a_change_in_dns_is_pending_for_a_minute_of_awss(slow: Callable[[str], Any]) -> None:
    route53 = slow("route53")
    began = time.monotonic()
    change = route53.create_hosted_zone(Name="late.example.com", CallerReference="late")["ChangeInfo"]
    assert change["Status"] == "PENDING"
    while route53.get_change(Id=change["Id"])["ChangeInfo"]["Status"] == "PENDING":
        assert time.monotonic() < began + 30
        time.sleep(0.05)
    assert time.monotonic() - began >= DNS_SECONDS * PACE * 0.9
