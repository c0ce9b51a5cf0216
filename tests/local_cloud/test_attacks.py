"""From each role that the project ships, each way to more rights or another cell, tenant, zone is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tenantnet.aws.session_documents import tenant_document
from tenantnet.components.migration_runner import AS_DECLARED
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.permissions.documents import EXAMPLE_KEY, Role
from tenantnet.permissions.scopes import PolicyPlace
from tenantnet.tags import tunnel_user_tags

from tests.local_cloud.test_authorization import denied
from tests.support.permissions import PLACE, policies
from tests.support.roles import ACCOUNT, TRUST, Iam, Principal, allow, document

HERE = f"eu-west-1:{ACCOUNT}"
ARN = f"arn:aws:iam::{ACCOUNT}:"
BOUNDARY = PLACE.boundary
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
OWN, OTHER = "local", "other"
ALL = document(allow("*"))
DATABASE = {
    "DBInstanceClass": "db.t4g.micro",
    "Engine": "mysql",
    "AllocatedStorage": 20,
    "MasterUsername": "admin",
    "MasterUserPassword": "Correct-Horse-7",
}
ALARM = {
    "MetricName": "m",
    "Namespace": "n",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1,
    "ComparisonOperator": "GreaterThanThreshold",
    "Statistic": "Sum",
}


def tags(cell: str, **more: str) -> list[dict[str, str]]:
    given = {"tenantnet:cell": cell, **{f"tenantnet:{key}": value for key, value in more.items()}}
    return [{"Key": key, "Value": value} for key, value in given.items()]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A cloud of its own, where KMS has known all keys' tags for long."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TENANTNET_LOCAL_PACE", "0")
        with LocalCloud(tmp_path_factory.mktemp("attacked"), real_databases=False) as running:
            yield running


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What a cell has."""

    key: str
    vpc: str
    host: str
    zone: str


@dataclass(frozen=True, kw_only=True)
class World:
    """An account with two cells, and a session of each role of the first."""

    iam: Iam
    own: Cell
    other: Cell
    roles: Mapping[str, Principal]

    def __getitem__(self, role: str) -> Callable[[str], Any]:
        return self.roles[role].client


def cell_of(iam: Iam, cell: str, zone: str) -> Cell:
    """What an administrator makes of a cell, as its stacks would."""
    client, given = iam.administrator.client, tags(cell)
    key = client("kms").create_key(
        Tags=[{"TagKey": each["Key"], "TagValue": each["Value"]} for each in given]
    )["KeyMetadata"]["KeyId"]
    client("kms").create_alias(AliasName=f"alias/tenantnet-{cell}", TargetKeyId=key)
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.1.2.0/26", TagSpecifications=[{"ResourceType": "vpc", "Tags": given}])[
        "Vpc"
    ]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.2.0/28")["Subnet"]["SubnetId"]
    image = client("ssm").get_parameter(
        Name="/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
    )["Parameter"]["Value"]
    host = ec2.run_instances(
        ImageId=image,
        InstanceType="t4g.nano",
        SubnetId=subnet,
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[{"ResourceType": "instance", "Tags": tags(cell, part="tunnel-host")}],
    )["Instances"][0]["InstanceId"]
    rds, name = client("rds"), f"{cell}acme"
    rds.create_db_instance(DBInstanceIdentifier=f"{name}-blue", **DATABASE, Tags=given)
    rds.create_db_snapshot(
        DBInstanceIdentifier=f"{name}-blue", DBSnapshotIdentifier=f"{name}-blue-final-1", Tags=given
    )
    client("logs").create_log_group(
        logGroupName=f"/aws/rds/instance/{name}-blue/error",
        tags={each["Key"]: each["Value"] for each in given},
    )
    client("cloudwatch").put_metric_alarm(AlarmName=f"{name}-blue-cpu", **ALARM, Tags=given)
    client("sns").create_topic(Name=f"tenantnet-{cell}-alarms", Tags=given)
    client("dynamodb").create_table(
        TableName=f"tenantnet-{cell}-claims",
        KeySchema=[{"AttributeName": "cidr", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "cidr", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=given,
    )
    client("secretsmanager").create_secret(
        Name=f"tenantnet/{name}/verification", SecretString="s", Tags=given
    )
    for tenant, users in (("acme", ["alice"]), ("globex", ["bob"])):
        client("ssm").create_document(
            Name=f"{cell}-{tenant}-tunnel",
            Content=tenant_document(f"{tenant}.{zone}"),
            DocumentType="Session",
            DocumentFormat="JSON",
            Tags=[
                *given,
                *({"Key": key, "Value": value} for key, value in tunnel_user_tags(users).items()),
            ],
        )
    made = client("route53").create_hosted_zone(Name=zone, CallerReference=zone)["HostedZone"]["Id"]
    return Cell(key=key, vpc=vpc, host=host, zone=made.rpartition("/")[2])


@pytest.fixture(scope="module")
def world(cloud: LocalCloud) -> World:
    iam = Iam(cloud)
    iam.policy(policies(Role.BOUNDARY)[0], f"tenantnet-{OWN}-boundary")
    iam.role(ALL, name="admin")
    open_to_all = {"Service": ["codebuild.amazonaws.com", "ec2.amazonaws.com", "scheduler.amazonaws.com"]}
    trust = {"Statement": [{"Effect": "Allow", "Principal": open_to_all, "Action": "sts:AssumeRole"}]}
    iam.iam.create_role(RoleName="admin-of-services", AssumeRolePolicyDocument=json.dumps(trust))
    iam.iam.attach_role_policy(RoleName="admin-of-services", PolicyArn=ADMINISTRATOR)
    iam.iam.create_role(RoleName=f"tenantnet-{OWN}-unlimited", AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.iam.create_role(RoleName=f"tenantnet-{OTHER}-runner", AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.iam.create_group(GroupName="anybody")
    iam.administrator.client("s3").create_bucket(
        Bucket="another", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    iam.administrator.client("secretsmanager").create_secret(Name="payroll", SecretString="s")
    own, other = cell_of(iam, OWN, "db.example.com"), cell_of(iam, OTHER, "db.example.org")
    place: PolicyPlace = replace(PLACE, zone_id=own.zone)
    roles = {
        str(role): iam.role(
            *(text.replace(EXAMPLE_KEY, own.key) for text in policies(role, place)),
            name=f"shipped-{role}",
            Tags=[{"Key": "tenantnet:tunnel-user", "Value": "alice"}],
        )
        for role in Role
        if role is not Role.BOUNDARY
    }
    alice = iam.user(*policies(Role.TUNNEL_USER, place), name="alice")
    # What a platform deployer can make for itself at most.
    puppet = iam.role(ALL, name=f"tenantnet-{OWN}-puppet", boundary=BOUNDARY)
    everybody = {**roles, "puppet": puppet, "alice": alice}
    return World(iam=iam, own=own, other=other, roles=everybody)


Attack = Callable[[Callable[[str], Any], World], object]
EVERYBODY = (*(str(role) for role in Role if role is not Role.BOUNDARY), "puppet", "alice")


def zone_change(zone: str, record: str) -> dict[str, Any]:
    value = {"Name": record, "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": "evil.example.net"}]}
    changes = [{"Action": "UPSERT", "ResourceRecordSet": value}]
    return {"HostedZoneId": zone, "ChangeBatch": {"Changes": changes}}


def new_schedule(role: str, target: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Name": f"tenantnet-{OWN}-acme-migration",
        "ScheduleExpression": "rate(1 day)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {
            "Arn": "arn:aws:scheduler:::aws-sdk:codebuild:startBuild",
            "RoleArn": f"{ARN}role/{role}",
            "Input": json.dumps(target),
        },
    }


def instance_with(profile: str, world: World) -> dict[str, Any]:
    return {
        "ImageId": "ami-12345678",
        "MinCount": 1,
        "MaxCount": 1,
        "IamInstanceProfile": {"Name": profile},
        "TagSpecifications": [{"ResourceType": "instance", "Tags": tags(OWN)}],
    }


PUT = {"PolicyName": "p", "PolicyDocument": ALL}
NEW_ROLE = {"RoleName": f"tenantnet-{OWN}-new", "AssumeRolePolicyDocument": json.dumps(TRUST)}
PROJECT = {
    "name": f"tenantnet-{OWN}-new",
    "source": {"type": "NO_SOURCE", "buildspec": "version: 0.2"},
    "artifacts": {"type": "NO_ARTIFACTS"},
    "environment": {
        "type": "LINUX_CONTAINER",
        "image": "aws/codebuild/x:1",
        "computeType": "BUILD_GENERAL1_SMALL",
    },
    "tags": [{"key": "tenantnet:cell", "value": OWN}],
}
OF_OTHER = f"{OTHER}acme-blue"
# Nobody may do any of these.
MORE_RIGHTS: Mapping[str, Attack] = {
    "a role without the boundary": lambda to, _: to("iam").create_role(**NEW_ROLE),
    "a role with another boundary": lambda to, _: to("iam").create_role(
        **NEW_ROLE, PermissionsBoundary=ADMINISTRATOR
    ),
    "a policy for a role without the boundary": lambda to, _: to("iam").put_role_policy(
        RoleName=f"tenantnet-{OWN}-unlimited", **PUT
    ),
    "AWS's administrator for a role": lambda to, _: to("iam").attach_role_policy(
        RoleName=f"tenantnet-{OWN}-puppet", PolicyArn=ADMINISTRATOR
    ),
    "the trust of a role without the boundary": lambda to, _: to("iam").update_assume_role_policy(
        RoleName=f"tenantnet-{OWN}-unlimited", PolicyDocument=json.dumps(TRUST)
    ),
    "the boundary taken away": lambda to, _: to("iam").delete_role_permissions_boundary(
        RoleName=f"tenantnet-{OWN}-puppet"
    ),
    "another boundary given": lambda to, _: to("iam").put_role_permissions_boundary(
        RoleName=f"tenantnet-{OWN}-puppet", PermissionsBoundary=ADMINISTRATOR
    ),
    "the boundary rewritten": lambda to, _: to("iam").create_policy_version(
        PolicyArn=BOUNDARY, PolicyDocument=ALL, SetAsDefault=True
    ),
    "the boundary deleted": lambda to, _: to("iam").delete_policy(PolicyArn=BOUNDARY),
    "a policy of one's own": lambda to, _: to("iam").create_policy(PolicyName="p", PolicyDocument=ALL),
    "a policy for a user": lambda to, _: to("iam").put_user_policy(UserName="alice", **PUT),
    "AWS's administrator for a user": lambda to, _: to("iam").attach_user_policy(
        UserName="alice", PolicyArn=ADMINISTRATOR
    ),
    "a policy for a group": lambda to, _: to("iam").put_group_policy(GroupName="anybody", **PUT),
    "a group of a tunnel": lambda to, _: to("iam").create_group(
        GroupName=f"{OWN}-acme-tunnel", Path="/tenantnet/"
    ),
    "a user in a group": lambda to, _: to("iam").add_user_to_group(GroupName="anybody", UserName="alice"),
    "a key of a user": lambda to, _: to("iam").create_access_key(UserName="alice"),
    "a new user": lambda to, _: to("iam").create_user(UserName="mallory"),
    "a policy for the own role": lambda to, _: to("iam").put_role_policy(
        RoleName=f"shipped-{Role.PLATFORM_DEPLOYER}", **PUT
    ),
    "the administrator assumed": lambda to, _: to("sts").assume_role(
        RoleArn=f"{ARN}role/admin", RoleSessionName="mallory"
    ),
    "the administrator for a build": lambda to, _: to("codebuild").create_project(
        **PROJECT, serviceRole=f"{ARN}role/admin-of-services"
    ),
    "the administrator for a schedule": lambda to, _: to("scheduler").create_schedule(
        **new_schedule("admin-of-services", {})
    ),
    "the administrator in an instance": lambda to, _: to("iam").add_role_to_instance_profile(
        InstanceProfileName=f"tenantnet-{OWN}-tunnel-host", RoleName="admin-of-services"
    ),
    "the runner's role for a schedule": lambda to, _: to("scheduler").create_schedule(
        **new_schedule(f"tenantnet-{OWN}-runner", {})
    ),
    "somebody's secret": lambda to, _: to("secretsmanager").get_secret_value(SecretId="payroll"),
    "somebody's bucket": lambda to, _: to("s3").get_object(Bucket="another", Key="k"),
    "the own cell's tags on another's network": lambda to, world: to("ec2").create_tags(
        Resources=[world.other.vpc], Tags=tags(OWN)
    ),
}
ANOTHER_CELL: Mapping[str, Attack] = {
    "its database deleted": lambda to, _: to("rds").delete_db_instance(
        DBInstanceIdentifier=OF_OTHER, SkipFinalSnapshot=True
    ),
    "its database changed": lambda to, _: to("rds").modify_db_instance(
        DBInstanceIdentifier=OF_OTHER, MasterUserPassword="Correct-Horse-8"
    ),
    "its database taken over": lambda to, _: to("rds").add_tags_to_resource(
        ResourceName=f"arn:aws:rds:{HERE}:db:{OF_OTHER}", Tags=tags(OWN)
    ),
    "its database copied": lambda to, _: to("rds").create_db_instance_read_replica(
        DBInstanceIdentifier=f"{OWN}copy-blue", SourceDBInstanceIdentifier=OF_OTHER, Tags=tags(OWN)
    ),
    "its database in a snapshot": lambda to, _: to("rds").create_db_snapshot(
        DBInstanceIdentifier=OF_OTHER, DBSnapshotIdentifier="x-move-1"
    ),
    "its snapshot taken over": lambda to, _: to("rds").add_tags_to_resource(
        ResourceName=f"arn:aws:rds:{HERE}:snapshot:{OF_OTHER}-final-1", Tags=tags(OWN)
    ),
    "its snapshot deleted": lambda to, _: to("rds").delete_db_snapshot(
        DBSnapshotIdentifier=f"{OF_OTHER}-final-1"
    ),
    "its snapshot restored": lambda to, _: to("rds").restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier=f"{OWN}copy-blue", DBSnapshotIdentifier=f"{OF_OTHER}-final-1", Tags=tags(OWN)
    ),
    "its network deleted": lambda to, world: to("ec2").delete_vpc(VpcId=world.other.vpc),
    "a subnet in its network": lambda to, world: to("ec2").create_subnet(
        VpcId=world.other.vpc,
        CidrBlock="10.1.2.16/28",
        TagSpecifications=[{"ResourceType": "subnet", "Tags": tags(OWN)}],
    ),
    "its host ended": lambda to, world: to("ec2").terminate_instances(InstanceIds=[world.other.host]),
    "its key deleted": lambda to, world: to("kms").schedule_key_deletion(KeyId=world.other.key),
    "its key's policy": lambda to, world: to("kms").put_key_policy(
        KeyId=world.other.key, PolicyName="default", Policy=ALL
    ),
    "its key taken over": lambda to, world: to("kms").tag_resource(
        KeyId=world.other.key, Tags=[{"TagKey": "tenantnet:cell", "TagValue": OWN}]
    ),
    "its key's name": lambda to, _: to("kms").delete_alias(AliasName=f"alias/tenantnet-{OTHER}"),
    "its key used": lambda to, world: to("kms").encrypt(KeyId=world.other.key, Plaintext=b"x"),
    "its key granted": lambda to, world: to("kms").create_grant(
        KeyId=world.other.key, GranteePrincipal=f"{ARN}user/alice", Operations=["Decrypt"]
    ),
    "its log deleted": lambda to, _: to("logs").delete_log_group(
        logGroupName=f"/aws/rds/instance/{OF_OTHER}/error"
    ),
    "its log taken over": lambda to, _: to("logs").tag_resource(
        resourceArn=f"arn:aws:logs:{HERE}:log-group:/aws/rds/instance/{OF_OTHER}/error",
        tags={"tenantnet:cell": OWN},
    ),
    "its alarm deleted": lambda to, _: to("cloudwatch").delete_alarms(AlarmNames=[f"{OF_OTHER}-cpu"]),
    "its alarm overwritten": lambda to, _: to("cloudwatch").put_metric_alarm(
        AlarmName=f"{OF_OTHER}-cpu", **ALARM, Tags=tags(OWN)
    ),
    "its topic deleted": lambda to, _: to("sns").delete_topic(
        TopicArn=f"arn:aws:sns:{HERE}:tenantnet-{OTHER}-alarms"
    ),
    "its claims read": lambda to, _: to("dynamodb").get_item(
        TableName=f"tenantnet-{OTHER}-claims", Key={"cidr": {"S": "10.1.2.0/26"}}
    ),
    "its claims changed": lambda to, _: to("dynamodb").put_item(
        TableName=f"tenantnet-{OTHER}-claims", Item={"cidr": {"S": "10.1.2.0/26"}}
    ),
    "its table deleted": lambda to, _: to("dynamodb").delete_table(TableName=f"tenantnet-{OTHER}-claims"),
    "its schedules": lambda to, _: to("scheduler").delete_schedule(Name=f"tenantnet-{OTHER}-acme-migration"),
    "its runner started": lambda to, _: to("codebuild").start_build(projectName=f"tenantnet-{OTHER}-runner"),
    "its runner's role changed": lambda to, _: to("iam").put_role_policy(
        RoleName=f"tenantnet-{OTHER}-runner", **PUT
    ),
    "its tunnel's document": lambda to, _: to("ssm").update_document(
        Name=f"{OTHER}-acme-tunnel", Content=tenant_document("evil.example.net"), DocumentVersion="$LATEST"
    ),
    "its tunnel's users": lambda to, _: to("ssm").add_tags_to_resource(
        ResourceType="Document",
        ResourceId=f"{OTHER}-acme-tunnel",
        Tags=[{"Key": "tenantnet:tunnel-users", "Value": "/alice/"}],
    ),
    "its tunnel opened": lambda to, world: to("ssm").start_session(
        Target=world.other.host, DocumentName=f"{OTHER}-acme-tunnel"
    ),
    "its verification login": lambda to, _: to("secretsmanager").get_secret_value(
        SecretId=f"tenantnet/{OTHER}acme/verification"
    ),
    "its endpoints": lambda to, world: to("route53").change_resource_record_sets(
        **zone_change(world.other.zone, "acme.db.example.org")
    ),
    "its zone deleted": lambda to, world: to("route53").delete_hosted_zone(Id=world.other.zone),
    "its zone's comment": lambda to, world: to("route53").update_hosted_zone_comment(
        Id=world.other.zone, Comment="x"
    ),
}


def may(world: World, attack: Attack) -> list[str]:
    """Who was not refused."""
    found = []
    for who in EVERYBODY:
        try:
            denied(lambda who=who: attack(world[who], world))
        except (AssertionError, pytest.fail.Exception) as failed:
            found.append(f"{who}: {failed}")
    return found


@pytest.mark.parametrize("attack", MORE_RIGHTS.values(), ids=MORE_RIGHTS)
def test_no_role_gets_more_rights(world: World, attack: Attack) -> None:
    assert may(world, attack) == []


@pytest.mark.parametrize("attack", ANOTHER_CELL.values(), ids=ANOTHER_CELL)
def test_no_role_reaches_another_cell(world: World, attack: Attack) -> None:
    assert may(world, attack) == []


def test_whoever_writes_a_schedule_chooses_the_tenant_and_nothing_else(world: World, name: str) -> None:
    statement = allow("codebuild:StartBuild", f"arn:aws:codebuild:{HERE}:project/*", **AS_DECLARED)
    codebuild = world.iam.role(document(statement)).client("codebuild")
    for override in (
        {"buildspecOverride": "version: 0.2"},
        {"sourceLocationOverride": "https://github.com/mallory/x.git", "sourceTypeOverride": "GITHUB"},
        {"imageOverride": "mallory/x:1"},
        {"serviceRoleOverride": f"{ARN}role/admin-of-services"},
        {"environmentVariablesOverride": [{"name": "BASH_ENV", "value": "x", "type": "PLAINTEXT"}]},
    ):
        denied(codebuild.start_build, projectName=name, **override)
    tenant = [{"name": "TENANT", "value": "acme", "type": "PLAINTEXT"}]
    with pytest.raises(codebuild.exceptions.ResourceNotFoundException):
        codebuild.start_build(projectName=name, environmentVariablesOverride=tenant)


class TestTunnels:
    """Whom a tenant's document names opens this tenant's tunnel; ten tenants are no limit."""

    @pytest.mark.parametrize("who", ["alice", Role.TUNNEL_USER])
    def test_the_own_tenants_tunnel_opens(self, world: World, who: str) -> None:
        started = world[who]("ssm").start_session(Target=world.own.host, DocumentName=f"{OWN}-acme-tunnel")
        world[who]("ssm").terminate_session(SessionId=started["SessionId"])

    @pytest.mark.parametrize("who", ["alice", Role.TUNNEL_USER])
    def test_no_other_tenants(self, world: World, who: str) -> None:
        ssm = world[who]("ssm")
        denied(ssm.start_session, Target=world.own.host, DocumentName=f"{OWN}-globex-tunnel")
        denied(ssm.start_session, Target=world.own.host)
        denied(ssm.start_session, Target=world.other.host, DocumentName=f"{OWN}-acme-tunnel")
        named = [{"Key": "tenantnet:tunnel-users", "Value": "/bob/alice/"}]
        denied(
            ssm.add_tags_to_resource,
            ResourceType="Document",
            ResourceId=f"{OWN}-globex-tunnel",
            Tags=named,
        )

    def test_nobodys_session_but_ones_own(self, world: World) -> None:
        ssm = world["alice"]("ssm")
        session = ssm.start_session(Target=world.own.host, DocumentName=f"{OWN}-acme-tunnel")["SessionId"]
        denied(world[Role.TUNNEL_USER]("ssm").terminate_session, SessionId=session)
        ssm.terminate_session(SessionId=session)

    def test_a_name_that_is_in_another_is_another(self, world: World) -> None:
        for name in ("ali", "lice", "alice.smith"):
            user = world.iam.user(*policies(Role.TUNNEL_USER), name=name)
            denied(
                user.client("ssm").start_session,
                Target=world.own.host,
                DocumentName=f"{OWN}-acme-tunnel",
            )

    def test_somebody_may_have_twelve_tenants(self, world: World) -> None:
        made = world.iam.administrator.client("ssm")
        for number in range(12):
            made.create_document(
                Name=f"{OWN}-many{number}-tunnel",
                Content=tenant_document(f"many{number}.db.example.com"),
                DocumentType="Session",
                Tags=[*tags(OWN), {"Key": "tenantnet:tunnel-users", "Value": "/bob/alice/"}],
            )
            ssm = world["alice"]("ssm")
            started = ssm.start_session(Target=world.own.host, DocumentName=f"{OWN}-many{number}-tunnel")
            ssm.terminate_session(SessionId=started["SessionId"])


class TestOwnCell:
    """What the roles are for is allowed: these refusals are none of everything."""

    def test_the_tenant_deployer_restarts_a_database(self, world: World) -> None:
        rds = world[Role.TENANT_DEPLOYER]("rds")
        rds.reboot_db_instance(DBInstanceIdentifier=f"{OWN}acme-blue")

    def test_the_tenant_deployer_removes_a_database_that_leaves_its_final_snapshot(
        self, world: World
    ) -> None:
        """DeleteDBInstance asks for rds:CreateDBSnapshot then, and for the right to tag what that makes."""
        name = f"{OWN}globex-blue"
        made = world.iam.administrator.client("rds")
        made.create_db_instance(
            DBInstanceIdentifier=name, **DATABASE, CopyTagsToSnapshot=True, Tags=tags(OWN)
        )
        rds = world[Role.TENANT_DEPLOYER]("rds")
        rds.delete_db_instance(DBInstanceIdentifier=name, FinalDBSnapshotIdentifier=f"{name}-final-1")

    def test_the_tenant_deployer_leads_an_endpoint(self, world: World) -> None:
        change = zone_change(world.own.zone, "acme.db.example.com")
        world[Role.TENANT_DEPLOYER]("route53").change_resource_record_sets(**change)

    def test_the_tenant_deployer_says_who_may_open_a_tunnel(self, world: World) -> None:
        world[Role.TENANT_DEPLOYER]("ssm").add_tags_to_resource(
            ResourceType="Document",
            ResourceId=f"{OWN}-globex-tunnel",
            Tags=[{"Key": "tenantnet:tunnel-users", "Value": "/bob/"}],
        )

    def test_the_platform_deployer_makes_a_role_with_the_boundary(self, world: World) -> None:
        iam = world[Role.PLATFORM_DEPLOYER]("iam")
        iam.create_role(**NEW_ROLE, PermissionsBoundary=BOUNDARY)
        iam.put_role_policy(RoleName=NEW_ROLE["RoleName"], **PUT)
        iam.delete_role_policy(RoleName=NEW_ROLE["RoleName"], PolicyName="p")
        iam.delete_role(RoleName=NEW_ROLE["RoleName"])

    def test_the_runner_takes_a_snapshot(self, world: World) -> None:
        rds = world[Role.MIGRATION_RUNNER]("rds")
        rds.create_db_snapshot(
            DBInstanceIdentifier=f"{OWN}acme-blue", DBSnapshotIdentifier=f"{OWN}acme-move-1"
        )

    def test_the_reviewer_reads(self, world: World) -> None:
        world[Role.REVIEWER]("rds").describe_db_instances()
        with pytest.raises(ClientError, match="not authorized"):
            world[Role.REVIEWER]("rds").delete_db_instance(DBInstanceIdentifier=f"{OWN}acme-blue")
