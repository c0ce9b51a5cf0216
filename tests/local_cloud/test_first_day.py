"""What the stacks of commit 6d2caa1 did that AWS refuses: a small program for each, and this cloud's refusal.

The figures and words are theirs (git show 6d2caa1:PATH); what replaced them is tested where it is. What RDS
refuses while it does something else is in test_database_states, AWS's quotas are in test_quotas.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.permissions.documents import Role

from tests.local_cloud.conftest import Refusal
from tests.support.databases import Database
from tests.support.mysql_client import wait_for
from tests.support.network import Network
from tests.support.permissions import policies
from tests.support.roles import Iam, allow, document

PACE = 0.05
# infra/stacks/tenant.py, tunnel_host.py and session_subnet.py of that commit.
DESCRIPTIONS = (
    "acme-blue: the tenant's database",
    "the tenant's sessions",
    "local: Session Manager's endpoints",
    "Session Manager's endpoints",
)
CONNECTION = "arn:aws:codeconnections:eu-west-1:123456789012:connection/11111111-2222-3333-4444-555555555555"
TAG = {"Key": "tenantnet:cell", "Value": "local"}
# iam/deployer-2.json and deployer-3.json: what was recorded of one run, which changed nothing.
RECORDED = (
    *(f"codebuild:{verb}Project" for verb in ("Create", "Delete")),
    *(f"iam:{each}" for each in ("AddUserToGroup", "CreateGroup", "DeleteGroup")),
    *(f"scheduler:{verb}Schedule" for verb in ("Create", "Delete", "Get")),
    *(f"ssm:{verb}Document" for verb in ("Create", "Delete", "Get")),
)
CHANGES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "another time for a move": (
        "scheduler",
        "update_schedule",
        {
            "Name": "tenantnet-local-acme-migration",
            "ScheduleExpression": "at(2096-12-01T02:00:00)",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {
                "Arn": "arn:aws:scheduler:::aws-sdk:codebuild:startBuild",
                "RoleArn": "arn:aws:iam::123456789012:role/tenantnet-local-runner-schedules",
            },
        },
    ),
    "another branch for the runner": (
        "codebuild",
        "update_project",
        {"name": "tenantnet-local-runner", "sourceVersion": "stable"},
    ),
    "a name taken out of tunnelUsers": (
        "iam",
        "remove_user_from_group",
        {"GroupName": "local-acme-tunnel", "UserName": "alice"},
    ),
    "a new release's session document": (
        "ssm",
        "update_document",
        {"Name": "local-acme-tunnel", "Content": "{}", "DocumentVersion": "$LATEST"},
    ),
}


@pytest.fixture(scope="module")
def iam(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Iam]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TENANTNET_LOCAL_PACE", str(PACE))
        with LocalCloud(tmp_path_factory.mktemp("first"), real_databases=False) as running:
            yield Iam(running)


@pytest.fixture(scope="module")
def client(iam: Iam) -> Callable[[str], Any]:
    return iam.administrator.client


@pytest.fixture
def database(client: Callable[[str], Any], name: str) -> Database:
    return Database.create(client("rds"), name, Network.create(client("ec2")), DBInstanceClass="db.t4g.small")


@pytest.mark.parametrize("text", DESCRIPTIONS)
def test_no_platform_and_no_tenant_could_be_made(
    client: Callable[[str], Any], refusal: Refusal, name: str, text: str
) -> None:
    """EC2's descriptions take no apostrophe."""
    ec2 = client("ec2")
    assert refusal(ec2.create_security_group, GroupName=name, Description=text) == "InvalidParameterValue"


def test_a_platforms_runner_came_before_its_rights(
    client: Callable[[str], Any], refusal: Refusal, name: str
) -> None:
    """infra/components/migration_runner.py: the project waited for the role alone."""
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "codebuild.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    role = client("iam").create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )["Role"]["Arn"]
    code = refusal(
        client("codebuild").create_project,
        name=name,
        serviceRole=role,
        source={
            "type": "GITHUB",
            "location": "https://github.com/example/tenants.git",
            "auth": {"type": "CODECONNECTIONS", "resource": CONNECTION},
        },
        artifacts={"type": "NO_ARTIFACTS"},
        environment={"type": "LINUX_CONTAINER", "image": "x:1", "computeType": "BUILD_GENERAL1_SMALL"},
    )
    assert code == "OAuthProviderException"


def test_the_deployer_came_to_its_own_key_before_iam_knew_the_keys_tags(iam: Iam, refusal: Refusal) -> None:
    """iam/deployer-2.json: what it may do with a key hangs on the key's tag."""
    tagged = {"StringEquals": {"aws:ResourceTag/tenantnet:cell": "local"}}
    rights = document(
        allow(["kms:CreateKey", "kms:TagResource"]), allow("kms:EnableKeyRotation", "*", **tagged)
    )
    kms = iam.role(rights).client("kms")
    tags = [{"TagKey": TAG["Key"], "TagValue": TAG["Value"]}]
    key = kms.create_key(Tags=tags)["KeyMetadata"]["KeyId"]
    assert refusal(kms.enable_key_rotation, KeyId=key) == "AccessDeniedException"
    shipped = iam.role(*policies(Role.PLATFORM_DEPLOYER)).client("kms")
    shipped.enable_key_rotation(KeyId=shipped.create_key(Tags=tags)["KeyMetadata"]["KeyId"])


def test_no_tenant_could_be_removed(iam: Iam, database: Database) -> None:
    """iam/deployer-2.json: neither rds:CreateDBSnapshot nor its tags."""
    former = ["rds:AddTagsToResource", "rds:DeleteDBInstance", "rds:ModifyDBInstance"]
    deployer = iam.role(document(allow(former, f"arn:aws:rds:*:*:db:{database.identifier}")))
    with pytest.raises(ClientError, match="rds:CreateDBSnapshot"):
        deployer.client("rds").delete_db_instance(
            DBInstanceIdentifier=database.identifier,
            FinalDBSnapshotIdentifier=f"{database.identifier}-final",
        )


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_made_could_not_be_changed(iam: Iam, change: str) -> None:
    service, operation, parameters = CHANGES[change]
    deployer = iam.role(document(allow(RECORDED)))
    with pytest.raises(ClientError, match="not authorized to perform"):
        getattr(deployer.client(service), operation)(**parameters)


def test_the_runner_could_not_decrypt_the_stacks_that_it_was_to_move(iam: Iam, refusal: Refusal) -> None:
    """infra/components/runner_permissions.py: the cell's key alone, and README has another for the stacks."""
    kms = iam.administrator.client("kms")
    of_cell, of_stacks = (kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2))
    runner = iam.role(document(allow("kms:Decrypt", of_cell))).client("kms")
    secrets = [kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"] for key in (of_cell, of_stacks)]
    assert runner.decrypt(CiphertextBlob=secrets[0])["Plaintext"] == b"x"
    assert refusal(runner.decrypt, CiphertextBlob=secrets[1]) == "AccessDeniedException"


def test_a_tenant_made_again_could_not_be_removed(database: Database, refusal: Refusal) -> None:
    """infra/tags.py: moves were numbered from 1 again, and final snapshots are named by them."""
    name = database.identifier
    final = f"{name}-10-1-2-0-final-1"
    database.rds.create_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=final)
    database.settled()
    code = refusal(
        database.rds.delete_db_instance, DBInstanceIdentifier=name, FinalDBSnapshotIdentifier=final
    )
    assert (code, database.described()["DBInstanceStatus"]) == ("DBSnapshotAlreadyExists", "available")


def test_a_destroyed_platform_made_its_tenants_snapshots_unreadable(
    client: Callable[[str], Any], name: str, refusal: Refusal
) -> None:
    """infra/components/platform_key.py: the key left with its stack."""
    kms, rds = client("kms"), client("rds")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    database = Database.create(rds, name, Network.create(client("ec2")), StorageEncrypted=True, KmsKeyId=key)
    rds.create_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=name)
    database.settled()
    kms.schedule_key_deletion(KeyId=key)
    code = refusal(
        rds.restore_db_instance_from_db_snapshot,
        DBInstanceIdentifier=f"{name}-again",
        DBSnapshotIdentifier=name,
        DBSubnetGroupName=name,
    )
    assert code == "KMSKeyNotAccessibleFault"


def test_nobody_could_have_tunnels_to_eleven_tenants(
    client: Callable[[str], Any], name: str, refusal: Refusal
) -> None:
    """infra/components/tunnel_access.py: a group for each tenant."""
    iam = client("iam")
    iam.create_user(UserName=name)
    groups = [f"{name}-{number}" for number in range(11)]
    for group in groups:
        iam.create_group(GroupName=group)
    for group in (*groups[:10], groups[0]):
        iam.add_user_to_group(GroupName=group, UserName=name)
    assert refusal(iam.add_user_to_group, GroupName=groups[10], UserName=name) == "LimitExceeded"


def test_a_cell_began_in_a_local_zone(client: Callable[[str], Any], refusal: Refusal) -> None:
    """infra/stacks/lookups.py: the first two zones that are available.

    AWS makes a subnet there, and refuses the t4g and the database in it; this cloud refuses the subnet.
    """
    ec2 = client("ec2")
    available = [{"Name": "state", "Values": ["available"]}]
    zones = ec2.describe_availability_zones(Filters=available)["AvailabilityZones"]
    vpc = ec2.create_vpc(CidrBlock="172.17.0.0/16")["Vpc"]["VpcId"]
    first = {
        "VpcId": vpc,
        "CidrBlock": "172.17.5.0/24",
        "AvailabilityZone": min(z["ZoneName"] for z in zones),
    }
    assert refusal(ec2.create_subnet, **first) == "InvalidParameterValue"


def test_a_replica_was_not_protected_and_kept_one_days_backups(database: Database) -> None:
    """infra/components/tenant_database.py: deletion_protection; infra/migration/databases.py: promote."""
    replica = database.replica(DeletionProtection=True)
    assert not replica.described()["DeletionProtection"]
    database.rds.promote_read_replica(DBInstanceIdentifier=replica.identifier)
    wait_for(lambda: replica.described()["BackupRetentionPeriod"] == 1)


def test_the_switched_update_met_a_database_that_rds_had_begun_to_modify(
    database: Database, refusal: Refusal
) -> None:
    """The parameter group through the API, and the master password in the update a moment later."""
    group = f"{database.identifier}-group"
    database.rds.create_db_parameter_group(
        DBParameterGroupName=group, DBParameterGroupFamily="mysql8.4", Description="a tenant's"
    )
    database.change(DBParameterGroupName=group)
    database.rds.reboot_db_instance(DBInstanceIdentifier=database.identifier)
    database.settled()
    database.rds.modify_db_parameter_group(
        DBParameterGroupName=group,
        Parameters=[{"ParameterName": "read_only", "ParameterValue": "1", "ApplyMethod": "immediate"}],
    )
    wait_for(lambda: database.described()["DBInstanceStatus"] == "modifying")
    code = refusal(database.modify, MasterUserPassword="Another-Horse-8", ApplyImmediately=True)
    assert code == "InvalidDBInstanceState"


def test_storage_could_not_grow_across_400_gib(database: Database, refusal: Refusal) -> None:
    """The provider sent the former IOPS with the new size, since nothing said others."""
    code = refusal(database.modify, AllocatedStorage=500, Iops=3000, ApplyImmediately=True)
    assert code == "InvalidParameterCombination"
