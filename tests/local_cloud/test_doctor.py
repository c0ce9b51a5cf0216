"""`tenantnet doctor`, run as people run it: each lack is prepared in the cloud or on the machine."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tenantnet.local_cloud import clients
from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.faults import Effect, Fault
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.permissions.documents import Role

from tests.local_cloud.test_tenant_commands import tenant
from tests.support.databases import Database, wanted
from tests.support.desk import Desk, Done
from tests.support.network import Network
from tests.support.permissions import PLACE, policies
from tests.support.roles import Iam, Principal
from tests.support.small_settings import PROJECT

PLATFORM = "platform-local"
ZONE = "db.example.com"
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:passphrase-AbCdEf"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/99999999-8888-7777-6666-555555555555"
IMAGE = f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/tenantnet-runner@sha256:{'0123456789abcdef' * 4}"
RUNNER = {
    "repository": "https://github.com/example/tenants.git",
    "host": "github",
    "image": IMAGE,
    "backend": "s3://example-pulumi-state",
    "secretsKeyArn": KEY,
}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A cloud in which KMS has known all keys for long."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TENANTNET_LOCAL_PACE", "0")
        patch.setenv("TENANTNET_LOCAL_QUOTAS", "aws")
        with LocalCloud(tmp_path_factory.mktemp("cloud"), real_databases=False) as running:
            yield running


@pytest.fixture(scope="module")
def iam(own: LocalCloud) -> Iam:
    return Iam(own)


@pytest.fixture(scope="module")
def deployer(iam: Iam) -> Principal:
    """With what is shipped for who deploys platforms and for who runs the doctor."""
    iam.policy(policies(Role.BOUNDARY)[0], PLACE.boundary.rpartition("/")[2])
    return iam.role(*policies(Role.PLATFORM_DEPLOYER), *policies(Role.DOCTOR))


Examine = Callable[..., Done]


class Surgery:
    """A clone with a platform and a tenant, and whoever examines."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.platform: dict[str, Any] = {"zone": {"name": ZONE}}
        self.document: dict[str, Any] = {}
        self.of_tenant: dict[str, Any] = {}
        self.region = "eu-west-1"
        self.tenant = tenant("172.17.5.0/24", "10.1.2.0/26")
        self.tenant["tenantnet:tenant"]["platform"] = PLATFORM

    def run(self, *options: str, by: Principal | None = None, **variables: str | None) -> Done:
        settings = {"aws:region": self.region, "tenantnet:platform": self.platform}
        self.desk.settings(PLATFORM).write_text(json.dumps({**self.document, "config": settings}))
        of_tenant = {**self.of_tenant, "config": {**self.tenant, "aws:region": self.region}}
        self.desk.settings("acme").write_text(json.dumps(of_tenant))
        keys = {key: value for key, value in by.environment.items() if key.startswith("AWS_")} if by else {}
        return self.desk.tenantnet(["doctor", PLATFORM, *options], **{**keys, **variables})

    def findings(self, about: str, **asked: Any) -> list[Mapping[str, str]]:
        """What is said about one thing, by its name or its first word, worst first."""
        done = self.run("--json", **asked)
        assert done.out, done.err
        found = [
            each for each in json.loads(done.out) if about in (each["about"], each["about"].partition(" ")[0])
        ]
        assert done.code == (1 if any(each["state"] == "fault" for each in json.loads(done.out)) else 0)
        return sorted(found, key=lambda each: ["fault", "warning", "ok"].index(each["state"]))

    def check(self, about: str, state: str, words: str, **asked: Any) -> None:
        """That the worst that is said about a thing is this, with a way out."""
        worst = self.findings(about, **asked)[0]
        assert (worst["state"], words in worst["found"]) == (state, True), worst
        assert bool(worst["remedy"]) == (state != "ok")


@pytest.fixture
def surgery(own: LocalCloud, tmp_path: Path) -> Surgery:
    (tmp_path / "tenants").mkdir()
    (tmp_path / "state").mkdir()
    (tmp_path / "Pulumi.yaml").write_text(PROJECT)
    engine = {name: os.environ[name] for name in ("PULUMI_HOME",) if name in os.environ}
    return Surgery(Desk(tmp_path, {**environment(own.state_dir), **engine}))


def client(own: LocalCloud, service: str) -> Any:
    return Iam(own).administrator.client(service)


def program(folder: Path, name: str, text: str) -> str:
    """A search path on which `name` is a script of a test's own, and nothing else of ours."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


class TestWithoutALack:
    def test_nothing_is_missed_by_the_shipped_role(self, surgery: Surgery, deployer: Principal) -> None:
        done = surgery.run("--json", by=deployer)
        assert [each for each in json.loads(done.out) if each["state"] == "fault"] == []
        # Who may not look is only warned: its policy has every call that the doctor makes.
        assert "not authorized" not in done.out
        assert done.code == 0

    def test_a_person_reads_a_table_and_what_to_do(self, surgery: Surgery) -> None:
        shown = surgery.run()
        assert shown.code == 0
        assert f"What {PLATFORM} needs" in shown.out
        assert "identity: use a role with the policies of tenantnet permissions" in shown.out


class TestTheMachine:
    def test_lacks_pulumi(self, surgery: Surgery, tmp_path: Path) -> None:
        path = program(tmp_path / "bin", "nothing", "")
        surgery.check("Pulumi", "fault", "no `pulumi`", PATH=path)

    def test_has_a_pulumi_without_error_hooks(self, surgery: Surgery, tmp_path: Path) -> None:
        path = program(tmp_path / "bin", "pulumi", "echo v3.200.0")
        surgery.check("Pulumi", "fault", "v3.200.0 has no error hooks", PATH=path)

    def test_lacks_the_aws_plugin(self, surgery: Surgery, tmp_path: Path) -> None:
        surgery.check("AWS plugin", "warning", "is not installed", PULUMI_HOME=str(tmp_path / "empty"))

    def test_lacks_session_managers_plugin(self, surgery: Surgery, tmp_path: Path) -> None:
        path = program(tmp_path / "bin", "pulumi", "echo v3.220.0")
        surgery.check("tunnels", "warning", "no session-manager-plugin", PATH=path)


class TestTheAccount:
    def test_knows_no_such_key(self, surgery: Surgery) -> None:
        surgery.check("identity", "fault", "", AWS_ACCESS_KEY_ID="AKIAIOSFODNN7EXAMPLE")

    def test_does_not_answer(self, surgery: Surgery) -> None:
        surgery.check("identity", "fault", "did not answer", AWS_ENDPOINT_URL="http://127.0.0.1:9")

    def test_is_used_by_its_root_user(self, surgery: Surgery) -> None:
        surgery.check("identity", "warning", "root user")

    def test_lets_the_caller_do_too_little(self, surgery: Surgery, iam: Iam) -> None:
        first, *_ = policies(Role.PLATFORM_DEPLOYER)
        caller = iam.role(first, *policies(Role.DOCTOR))
        surgery.check("permissions", "fault", "denied: ", by=caller)

    def test_has_a_boundary_that_takes_too_much(self, surgery: Surgery, iam: Iam) -> None:
        limit = iam.policy(policies(Role.DOCTOR)[0])
        caller = iam.role(*policies(Role.PLATFORM_DEPLOYER), *policies(Role.DOCTOR), boundary=limit)
        surgery.check("permissions", "fault", "denied: ", by=caller)

    def test_is_used_by_a_role_with_a_path(self, surgery: Surgery, iam: Iam) -> None:
        caller = iam.role(
            *policies(Role.PLATFORM_DEPLOYER), *policies(Role.DOCTOR), path="/aws-reserved/sso.amazonaws.com/"
        )
        surgery.check("permissions", "ok", "all that the role's policies give", by=caller)

    def test_does_not_let_the_caller_ask(self, surgery: Surgery, iam: Iam) -> None:
        caller = iam.role(*policies(Role.PLATFORM_DEPLOYER))
        surgery.check("permissions", "warning", "iam:SimulatePrincipalPolicy", by=caller)


class TestTheRegion:
    def test_is_not_enabled_in_the_account(self, surgery: Surgery) -> None:
        surgery.region = "eu-south-2"
        surgery.check("region", "fault", "the account has not enabled eu-south-2")

    def test_has_no_such_class(self, surgery: Surgery, own: LocalCloud) -> None:
        own.fail(
            Fault(
                call="rds DescribeOrderableDBInstanceOptions",
                effect=Effect.ERROR,
                code="InvalidParameterCombination",
                message="No such class here",
            )
        )
        try:
            surgery.check("MySQL", "fault", "No such class here")
        finally:
            own.clear_faults()

    def test_is_full_of_networks(self, surgery: Surgery, own: LocalCloud) -> None:
        ec2 = client(own, "ec2")
        made = [
            ec2.create_vpc(CidrBlock=f"10.9.{number}.0/26")["Vpc"]["VpcId"]
            for number in range(2 - len(ec2.describe_vpcs()["Vpcs"]))
        ]
        surgery.check("VPCs", "warning", "no room for another tenant, or for a move")
        made.append(ec2.create_vpc(CidrBlock="10.9.8.0/26")["Vpc"]["VpcId"])
        surgery.check("VPCs", "fault", "3 of 5 used, and 3 needed by what is not deployed yet")
        client(own, "service-quotas").request_service_quota_increase(
            ServiceCode="vpc", QuotaCode="L-F678F1CE", DesiredValue=100
        )
        surgery.check("VPCs", "ok", "of 100 used")
        for vpc in made:
            ec2.delete_vpc(VpcId=vpc)

    def test_has_no_room_for_the_backups_of_another_deleted_database(
        self, surgery: Surgery, own: LocalCloud
    ) -> None:
        """As many as it may have databases: 40. At that limit no move and no removal comes to its end."""
        rds, network = client(own, "rds"), Network.create(client(own, "ec2"))
        database = Database.create(rds, "kept", network)
        for n in range(40):
            if n:
                rds.create_db_instance(**wanted("kept"))
            rds.delete_db_instance(
                DBInstanceIdentifier="kept", SkipFinalSnapshot=True, DeleteAutomatedBackups=False
            )
        surgery.check("Retained automated backups", "warning", "40 of 40 used")
        rds.create_db_instance(**wanted("kept"))
        with pytest.raises(rds.exceptions.DBInstanceAutomatedBackupQuotaExceededFault, match="same as your"):
            rds.delete_db_instance(
                DBInstanceIdentifier="kept", SkipFinalSnapshot=True, DeleteAutomatedBackups=False
            )
        for each in rds.describe_db_instance_automated_backups()["DBInstanceAutomatedBackups"]:
            if each["Status"] == "retained":
                rds.delete_db_instance_automated_backup(DbiResourceId=each["DbiResourceId"])
        surgery.check("Retained automated backups", "ok", "0 of 40 used")
        database.delete()


class TestTheZone:
    def test_is_not_there(self, surgery: Surgery) -> None:
        surgery.platform["zone"]["zoneId"] = "Z0123456789ABCDEFGHIJ"
        surgery.check("zone", "fault", "no zone Z0123456789ABCDEFGHIJ")

    def test_has_another_name(self, surgery: Surgery, own: LocalCloud) -> None:
        made = client(own, "route53").create_hosted_zone(Name="other.example.com", CallerReference="1")
        surgery.platform["zone"]["zoneId"] = made["HostedZone"]["Id"].rpartition("/")[2]
        surgery.check("zone", "fault", "is other.example.com")

    def test_is_there_and_not_named_by_its_id(self, surgery: Surgery, own: LocalCloud) -> None:
        surgery.platform["zone"]["name"] = "there.example.com"
        client(own, "route53").create_hosted_zone(Name="there.example.com", CallerReference="2")
        surgery.check("zone", "warning", "makes another one")

    def test_is_the_platforms_own(self, surgery: Surgery, own: LocalCloud) -> None:
        route53 = client(own, "route53")
        made = route53.create_hosted_zone(Name=ZONE, CallerReference="5")["HostedZone"]["Id"]
        surgery.desk.add_stack(PLATFORM, {"aws:region": "eu-west-1"}, {"zoneId": made.rpartition("/")[2]})
        surgery.check("zone", "ok", f"{ZONE} is delegated to")
        route53.delete_hosted_zone(Id=made)
        surgery.check("zone", "fault", "no zone Z")

    def test_is_private(self, surgery: Surgery, own: LocalCloud) -> None:
        vpc = client(own, "ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
        made = client(own, "route53").create_hosted_zone(
            Name="inside.example.com",
            CallerReference="4",
            VPC={"VPCRegion": "eu-west-1", "VPCId": vpc},
            HostedZoneConfig={"PrivateZone": True},
        )
        surgery.platform["zone"] = {"name": "inside.example.com"}
        surgery.check("zone", "ok", "will be made")
        surgery.platform["zone"]["zoneId"] = made["HostedZone"]["Id"].rpartition("/")[2]
        surgery.check("zone", "fault", "is private")

    def test_is_delegated_to(self, surgery: Surgery, own: LocalCloud) -> None:
        made = client(own, "route53").create_hosted_zone(Name="led.example.com", CallerReference="3")
        surgery.platform["zone"] = {
            "name": "led.example.com",
            "zoneId": made["HostedZone"]["Id"].rpartition("/")[2],
        }
        surgery.check("zone", "ok", "led.example.com is delegated to")


class TestSecrets:
    def test_have_a_passphrase_that_nobody_set(self, surgery: Surgery) -> None:
        surgery.document = {"encryptionsalt": "v1:x"}
        unset = dict.fromkeys(("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"))
        surgery.check(f"secrets of {PLATFORM}", "fault", "which the environment has not", **unset)

    def test_have_a_key_that_is_not_there(self, surgery: Surgery) -> None:
        surgery.document = {"secretsprovider": "awskms://alias/nobody?region=eu-west-1"}
        surgery.check(f"secrets of {PLATFORM}", "fault", "there is no key alias/nobody")

    def test_have_a_passphrase_in_a_file_that_is_gone(self, surgery: Surgery, tmp_path: Path) -> None:
        surgery.document = {"encryptionsalt": "v1:x"}
        gone = {"PULUMI_CONFIG_PASSPHRASE": None, "PULUMI_CONFIG_PASSPHRASE_FILE": str(tmp_path / "gone")}
        surgery.check(f"secrets of {PLATFORM}", "fault", "which cannot be read", **gone)

    def test_have_a_key_in_another_region(self, surgery: Surgery, own: LocalCloud) -> None:
        kms = clients.client("kms", environment(own.state_dir), region="us-east-1")
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        surgery.document = {"secretsprovider": f"awskms:///{key}?region=us-east-1"}
        surgery.check(f"secrets of {PLATFORM}", "ok", key)

    def test_have_a_key_that_is_disabled(self, surgery: Surgery, own: LocalCloud) -> None:
        kms = client(own, "kms")
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        surgery.document = {"secretsprovider": f"awskms:///{key}?region=eu-west-1"}
        surgery.check(f"secrets of {PLATFORM}", "ok", key)
        kms.disable_key(KeyId=key)
        surgery.check(f"secrets of {PLATFORM}", "fault", "Disabled")


class TestTheState:
    def test_is_in_a_folder_that_is_gone(self, surgery: Surgery, tmp_path: Path) -> None:
        surgery.check("state", "fault", "is not there", PULUMI_BACKEND_URL=f"file://{tmp_path}/gone")

    def test_is_in_a_bucket_that_keeps_no_former_versions(self, surgery: Surgery, own: LocalCloud) -> None:
        s3, endpoint = client(own, "s3"), surgery.desk.variables["AWS_ENDPOINT_URL"].removeprefix("http://")
        s3.create_bucket(Bucket="states", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        there = f"s3://states?region=eu-west-1&endpoint={endpoint}&disableSSL=true&s3ForcePathStyle=true"
        surgery.check("state", "warning", "keeps no former versions", PULUMI_BACKEND_URL=there)
        s3.put_bucket_versioning(Bucket="states", VersioningConfiguration={"Status": "Enabled"})
        surgery.check("state", "ok", "s3://states has 0 stacks", PULUMI_BACKEND_URL=there)

    def test_has_secrets_of_a_tenant_that_the_runner_may_not_decrypt(
        self, surgery: Surgery, own: LocalCloud
    ) -> None:
        key = client(own, "kms").create_key()["KeyMetadata"]["KeyId"]
        surgery.platform["runner"] = RUNNER
        surgery.of_tenant = {"secretsprovider": f"awskms:///{key}?region=eu-west-1"}
        found = [each["found"] for each in surgery.findings("runner")]
        assert f"the secrets of acme are encrypted by {key}, which it may not use" in found

    def test_is_elsewhere_than_the_runner_looks(self, surgery: Surgery) -> None:
        surgery.platform["runner"] = RUNNER
        surgery.check("runner", "fault", "it looks for the stacks in s3://example-pulumi-state")

    def test_has_a_passphrase_that_the_runner_does_not_find(self, surgery: Surgery) -> None:
        surgery.platform["runner"] = {**RUNNER, "backend": "s3://example", "secretArn": SECRET}
        found = [each["found"] for each in surgery.findings("runner")]
        assert f"there is no secret {SECRET}" in found

    def test_has_a_passphrase_that_a_boundary_keeps_from_the_runner(
        self, surgery: Surgery, own: LocalCloud
    ) -> None:
        secrets = client(own, "secretsmanager")
        arn = secrets.create_secret(Name="passphrase-of-pulumi", SecretString="p")["ARN"]
        surgery.platform["runner"] = {**RUNNER, "secretArn": arn}
        surgery.platform["permissionsBoundaryArn"] = PLACE.boundary
        kept = "its role's boundary keeps it from the secret passphrase-of-pulumi"
        assert kept in [each["found"] for each in surgery.findings("runner")]
        secrets.tag_resource(SecretId=arn, Tags=[{"Key": "tenantnet:cell", "Value": "local"}])
        assert kept not in [each["found"] for each in surgery.findings("runner")]


class TestTheCommand:
    def test_refuses_a_role_that_it_does_not_know(self, surgery: Surgery) -> None:
        done = surgery.run("--role", "king")
        assert (done.code, "platform-deployer" in done.err) == (2, True)

    def test_is_not_stopped_by_a_tenant_of_another_platform(self, surgery: Surgery) -> None:
        other = {"config": {"tenantnet:tenant": {"platform": "platform-other", "networks": 7}}}
        surgery.desk.settings("globex").write_text(json.dumps(other))
        done = surgery.run()
        assert (done.code, done.err) == (0, "")

    def test_refuses_a_platform_without_settings(self, surgery: Surgery) -> None:
        done = surgery.desk.tenantnet("doctor platform-nowhere")
        assert (done.code, "platform-nowhere" in done.err) == (2, True)
