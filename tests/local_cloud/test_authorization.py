"""IAM's decision on every call of a user or a role, as boto3 sees it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed
from tenantnet.local_cloud.process import LocalCloud

from tests.support.aws import send_as_it_is
from tests.support.databases import Database
from tests.support.roles import ACCOUNT, Iam, Principal, allow, document

HERE = f"eu-west-1:{ACCOUNT}"
CELL = "tenantnet:cell"
OWN = {"StringEquals": {f"aws:ResourceTag/{CELL}": "eu1"}}
ASKED = {"StringEquals": {f"aws:RequestTag/{CELL}": "eu1"}}
TAGS = [{"Key": CELL, "Value": "eu1"}]
OTHERS = [{"Key": CELL, "Value": "eu2"}]


@pytest.fixture(scope="module")
def iam(cloud: LocalCloud) -> Iam:
    return Iam(cloud)


@pytest.fixture(scope="module")
def everything(iam: Iam) -> Principal:
    """Of an administrator's client there is one, whatever else happens."""
    return iam.administrator


def denied(call: Callable[..., object], **parameters: Any) -> str:
    """AWS's sentence about a call that must be refused for want of permission."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    error = caught.value.response["Error"]
    codes = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"}
    assert error["Code"] in codes, error
    return str(error["Message"])


def deny(action: str) -> Any:
    return {"Effect": "Deny", "Action": action, "Resource": "*"}


class TestAnswers:
    """The code and the sentence of AWS, protocol by protocol."""

    @pytest.mark.parametrize(
        ("service", "operation", "parameters", "code", "status", "asked"),
        [
            ("ec2", "describe_vpcs", {}, "UnauthorizedOperation", 403, "ec2:DescribeVpcs"),
            (
                "rds",
                "describe_db_instances",
                {},
                "AccessDenied",
                403,
                f"rds:DescribeDBInstances on resource: arn:aws:rds:{HERE}:db:*",
            ),
            ("iam", "list_roles", {}, "AccessDenied", 403, "iam:ListRoles"),
            (
                "kms",
                "describe_key",
                {"KeyId": "1-2"},
                "AccessDeniedException",
                400,
                f"kms:DescribeKey on resource: arn:aws:kms:{HERE}:key/1-2",
            ),
            (
                "dynamodb",
                "get_item",
                {"TableName": "t", "Key": {"a": {"S": "b"}}},
                "AccessDeniedException",
                400,
                f"dynamodb:GetItem on resource: arn:aws:dynamodb:{HERE}:table/t",
            ),
            ("route53", "list_hosted_zones", {}, "AccessDenied", 403, "route53:ListHostedZones"),
            (
                "s3",
                "get_object",
                {"Bucket": "b", "Key": "k/l"},
                "AccessDenied",
                403,
                "s3:GetObject on resource: arn:aws:s3:::b/k/l",
            ),
            (
                "scheduler",
                "get_schedule",
                {"Name": "s"},
                "AccessDeniedException",
                403,
                f"scheduler:GetSchedule on resource: arn:aws:scheduler:{HERE}:schedule/default/s",
            ),
            (
                "sns",
                "create_topic",
                {"Name": "t"},
                "AuthorizationError",
                403,
                f"sns:CreateTopic on resource: arn:aws:sns:{HERE}:t",
            ),
            (
                "logs",
                "delete_log_group",
                {"logGroupName": "/a"},
                "AccessDeniedException",
                400,
                f"logs:DeleteLogGroup on resource: arn:aws:logs:{HERE}:log-group:/a:log-stream:",
            ),
            (
                "cloudwatch",
                "delete_alarms",
                {"AlarmNames": ["a"]},
                "AccessDenied",
                403,
                f"cloudwatch:DeleteAlarms on resource: arn:aws:cloudwatch:{HERE}:alarm:a",
            ),
            (
                "ssm",
                "get_document",
                {"Name": "d"},
                "AccessDeniedException",
                400,
                f"ssm:GetDocument on resource: arn:aws:ssm:{HERE}:document/d",
            ),
            (
                "codebuild",
                "start_build",
                {"projectName": "p"},
                "AccessDeniedException",
                400,
                f"codebuild:StartBuild on resource: arn:aws:codebuild:{HERE}:project/p",
            ),
            (
                "secretsmanager",
                "get_secret_value",
                {"SecretId": "s"},
                "AccessDeniedException",
                400,
                f"secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:{HERE}:secret:s",
            ),
        ],
    )
    def test_say_who_may_not_what_on_which_resource(
        self, iam: Iam, service: str, operation: str, parameters: Any, code: str, status: int, asked: str
    ) -> None:
        nobody = iam.role()
        with pytest.raises(ClientError) as caught:
            getattr(nobody.client(service), operation)(**parameters)
        response = caught.value.response
        action = asked.partition(" ")[0]
        said = (
            f"User: {nobody.arn} is not authorized to perform: {asked} "
            f"because no identity-based policy allows the {action} action"
        )
        if service == "ec2":
            said = f"You are not authorized to perform this operation. {said}"
        assert (response["Error"]["Code"], response["Error"]["Message"]) == (code, said)
        assert response["ResponseMetadata"]["HTTPStatusCode"] == status

    def test_everybody_may_ask_who_he_is(self, iam: Iam) -> None:
        nobody = iam.role()
        assert nobody.client("sts").get_caller_identity()["Arn"] == nobody.arn

    def test_a_signature_in_the_address_is_nobody_elses(self, iam: Iam, cloud: LocalCloud) -> None:
        rds = iam.role().client("rds")
        url = rds.generate_presigned_url("describe_db_instances", HttpMethod="GET")
        status, body = send_as_it_is(cloud, "GET", url.removeprefix(cloud.url))
        assert (status, b"rds:DescribeDBInstances" in body) == (403, True)

    def test_the_clouds_own_key_may_everything(self, everything: Principal) -> None:
        everything.client("ec2").describe_vpcs()


class TestPoliciesOfCallers:
    """Inline, managed, of groups; boundaries and sessions."""

    def test_managed_inline_and_the_groups_policies_count(self, iam: Iam, name: str) -> None:
        user = iam.user(document(allow("ec2:DescribeVpcs")), name=name)
        iam.iam.put_user_policy(
            UserName=name, PolicyName="inline", PolicyDocument=document(allow("rds:DescribeDBInstances"))
        )
        iam.iam.create_group(GroupName=name)
        iam.iam.put_group_policy(
            GroupName=name, PolicyName="g", PolicyDocument=document(allow("dynamodb:ListTables"))
        )
        iam.iam.attach_group_policy(GroupName=name, PolicyArn=iam.policy(document(allow("sns:ListTopics"))))
        user.client("ec2").describe_vpcs()
        user.client("rds").describe_db_instances()
        denied(user.client("dynamodb").list_tables)
        iam.iam.add_user_to_group(UserName=name, GroupName=name)
        user.client("dynamodb").list_tables()
        user.client("sns").list_topics()

    def test_a_deny_outdoes_every_permission(self, iam: Iam) -> None:
        role = iam.role(document(allow("*")), document(deny("ec2:DescribeVpcs")))
        said = denied(role.client("ec2").describe_vpcs)
        assert said.endswith("ec2:DescribeVpcs with an explicit deny in an identity-based policy")
        role.client("ec2").describe_subnets()

    def test_a_change_of_a_policy_counts_from_the_next_call_on(self, iam: Iam, name: str) -> None:
        role = iam.role(name=name)
        denied(role.client("ec2").describe_vpcs)
        iam.iam.put_role_policy(
            RoleName=name, PolicyName="p", PolicyDocument=document(allow("ec2:DescribeVpcs"))
        )
        role.client("ec2").describe_vpcs()
        iam.iam.delete_role_policy(RoleName=name, PolicyName="p")
        denied(role.client("ec2").describe_vpcs)

    def test_a_boundary_limits_and_grants_nothing(self, iam: Iam) -> None:
        boundary = iam.policy(document(allow(["ec2:DescribeVpcs", "ec2:DescribeSubnets"])))
        role = iam.role(document(allow(["ec2:DescribeVpcs", "rds:*"])), boundary=boundary)
        role.client("ec2").describe_vpcs()
        assert "identity-based" in denied(role.client("ec2").describe_subnets)
        assert denied(role.client("rds").describe_db_instances).endswith(
            "because no permissions boundary allows the rds:DescribeDBInstances action"
        )

    def test_a_boundary_that_is_gone_allows_nothing(self, iam: Iam) -> None:
        boundary = iam.policy(document(allow("*")))
        role = iam.role(document(allow("*")), boundary=boundary)
        iam.iam.delete_policy(PolicyArn=boundary)
        denied(role.client("ec2").describe_vpcs)

    def test_a_sessions_own_policy_limits_it(self, iam: Iam) -> None:
        role = iam.role(document(allow("*")), Policy=document(allow("ec2:DescribeVpcs")))
        role.client("ec2").describe_vpcs()
        said = denied(role.client("ec2").describe_subnets)
        assert said.endswith("because no session policy allows the ec2:DescribeSubnets action")

    def test_tags_of_the_principal_and_of_the_session_are_condition_keys(self, iam: Iam) -> None:
        condition = {"StringEquals": {"aws:PrincipalTag/team": "blue"}}
        policy = document(allow("ec2:DescribeVpcs", "*", **condition))
        iam.role(policy, tags={"team": "blue"}).client("ec2").describe_vpcs()
        denied(iam.role(policy, tags={"team": "red"}).client("ec2").describe_vpcs)
        tagged = [{"Key": "team", "Value": "blue"}]
        iam.role(policy, tags={"team": "red"}, Tags=tagged).client("ec2").describe_vpcs()
        iam.user(policy, tags={"team": "blue"}).client("ec2").describe_vpcs()


class TestPoliciesOfResources:
    """A key's policy, a role's, a bucket's, a secret's."""

    def test_a_role_is_assumed_by_whom_it_trusts(self, iam: Iam, name: str) -> None:
        caller = iam.role(document(allow("sts:AssumeRole")))
        trust = {
            "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ACCOUNT}}]
        }
        iam.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        asked = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/{name}", "RoleSessionName": "test"}
        caller.client("sts").assume_role(**asked)
        # The account's own policies decide, and this one has none.
        denied(iam.role().client("sts").assume_role, **asked)
        named = {**trust["Statement"][0], "Principal": {"AWS": "arn:aws:iam::123456789012:user/nobody"}}
        iam.iam.update_assume_role_policy(RoleName=name, PolicyDocument=document(named))
        said = denied(caller.client("sts").assume_role, **asked)
        assert said.endswith(f"sts:AssumeRole on resource: arn:aws:iam::{ACCOUNT}:role/{name}")

    def test_a_role_that_names_its_caller_needs_no_other_policy(self, iam: Iam, name: str) -> None:
        caller = iam.role(name=f"{name}-caller")
        named = {"AWS": f"arn:aws:iam::{ACCOUNT}:role/{name}-caller"}
        statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": named}
        statement["Condition"] = {"StringEquals": {"sts:ExternalId": "77"}}
        iam.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [statement]}))
        asked = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/{name}", "RoleSessionName": "test"}
        denied(caller.client("sts").assume_role, **asked)
        caller.client("sts").assume_role(**asked, ExternalId="77")

    def test_tags_for_a_session_need_their_own_permission(self, iam: Iam, name: str) -> None:
        caller = iam.role(document(allow("sts:AssumeRole")))
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ACCOUNT}}
        iam.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
        asked = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/{name}", "RoleSessionName": "test"}
        assert "sts:TagSession" in denied(caller.client("sts").assume_role, **asked, Tags=TAGS)

    def test_a_role_that_is_not_there_trusts_nobody(self, iam: Iam) -> None:
        role = f"arn:aws:iam::{ACCOUNT}:role/nobody-has-made-it"
        denied(iam.role(document(allow("*"))).client("sts").assume_role, RoleArn=role, RoleSessionName="te")

    def test_a_keys_policy_must_let_its_user_in(self, iam: Iam, everything: Principal) -> None:
        role = iam.role(document(allow("kms:*")))
        kms = everything.client("kms")
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        role.client("kms").describe_key(KeyId=key)
        nobody = {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}
        closed = document({**nobody, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/x"}})
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=closed)
        said = denied(role.client("kms").describe_key, KeyId=key)
        assert said.endswith("because no resource-based policy allows the kms:DescribeKey action")

    def test_a_key_can_let_somebody_in_who_has_no_policy(self, iam: Iam, everything: Principal) -> None:
        role = iam.role()
        key = everything.client("kms").create_key(
            Policy=document(
                {
                    **allow("kms:DescribeKey"),
                    "Principal": {"AWS": "*"},
                    "Condition": {"StringEquals": {"kms:CallerAccount": ACCOUNT}},
                }
            )
        )["KeyMetadata"]["KeyId"]
        role.client("kms").describe_key(KeyId=key)
        denied(role.client("kms").get_key_policy, KeyId=key)

    def test_a_buckets_policy_lets_in_and_keeps_out(self, iam: Iam, everything: Principal, name: str) -> None:
        everything.client("s3").create_bucket(
            Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        objects = f"arn:aws:s3:::{name}/*"
        opened = {**allow("s3:PutObject", objects), "Principal": "*"}
        closed = {**deny("s3:DeleteObject"), "Principal": "*", "Resource": objects}
        everything.client("s3").put_bucket_policy(Bucket=name, Policy=document(opened, closed))
        iam.role().client("s3").put_object(Bucket=name, Key="a", Body=b"")
        said = denied(iam.role(document(allow("s3:*"))).client("s3").delete_object, Bucket=name, Key="a")
        assert said.endswith("with an explicit deny in a resource-based policy")


class TestConditions:
    """Condition keys have the values that AWS gives them."""

    def test_tags_of_the_request_and_of_the_resource(
        self, iam: Iam, everything: Principal, name: str
    ) -> None:
        making = allow(["rds:CreateDBParameterGroup", "rds:AddTagsToResource"], "*", **ASKED)
        role = iam.role(document(making, allow("rds:DeleteDBParameterGroup", "*", **OWN)))
        rds, group = role.client("rds"), {"DBParameterGroupFamily": "mysql8.4", "Description": "d"}
        denied(rds.create_db_parameter_group, DBParameterGroupName=name, **group)
        denied(rds.create_db_parameter_group, DBParameterGroupName=name, **group, Tags=OTHERS)
        rds.create_db_parameter_group(DBParameterGroupName=name, **group, Tags=TAGS)
        everything.client("rds").create_db_parameter_group(
            DBParameterGroupName=f"{name}-2", **group, Tags=OTHERS
        )
        denied(rds.delete_db_parameter_group, DBParameterGroupName=f"{name}-2")
        rds.delete_db_parameter_group(DBParameterGroupName=name)

    def test_the_keys_of_tags(self, iam: Iam, everything: Principal) -> None:
        vpc = everything.client("ec2").create_vpc(CidrBlock="10.1.2.0/26")["Vpc"]["VpcId"]
        condition = {"ForAllValues:StringEquals": {"aws:TagKeys": ["Name", CELL]}}
        ec2 = iam.role(document(allow(["ec2:CreateTags", "ec2:DeleteTags"], "*", **condition))).client("ec2")
        ec2.create_tags(Resources=[vpc], Tags=TAGS)
        denied(ec2.create_tags, Resources=[vpc], Tags=[*TAGS, {"Key": "admin", "Value": "yes"}])
        denied(ec2.delete_tags, Resources=[vpc], Tags=[{"Key": "admin"}])

    @pytest.mark.parametrize(
        ("service", "operation", "parameters"),
        [
            ("logs", "delete_log_group", lambda name: {"logGroupName": name}),
            ("cloudwatch", "delete_alarms", lambda name: {"AlarmNames": [name]}),
            ("sns", "delete_topic", lambda name: {"TopicArn": f"arn:aws:sns:{HERE}:{name}"}),
            ("ssm", "delete_document", lambda name: {"Name": name}),
            ("dynamodb", "delete_table", lambda name: {"TableName": name}),
            ("iam", "delete_role", lambda name: {"RoleName": name}),
            ("secretsmanager", "delete_secret", lambda name: {"SecretId": name}),
        ],
    )
    def test_tags_count_in_every_service(
        self, iam: Iam, everything: Principal, name: str, service: str, operation: str, parameters: Any
    ) -> None:
        make(everything, service, f"{name}-1", TAGS)
        make(everything, service, f"{name}-2", OTHERS)
        role = iam.role(document(allow(f"{service}:*", "*", **OWN))).client(service)
        denied(getattr(role, operation), **parameters(f"{name}-2"))
        getattr(role, operation)(**parameters(f"{name}-1"))

    def test_kms_knows_a_new_keys_tags_after_a_while(self, iam: Iam) -> None:
        role = iam.role(
            document(allow(["kms:CreateKey", "kms:TagResource"]), allow("kms:EnableKeyRotation", "*", **OWN))
        )
        kms = role.client("kms")
        key = kms.create_key(Tags=[{"TagKey": CELL, "TagValue": "eu1"}])["KeyMetadata"]["KeyId"]
        denied(kms.enable_key_rotation, KeyId=key)
        retry(retry=retry_if_exception_type(ClientError), stop=stop_after_delay(30), wait=wait_fixed(0.2))(
            kms.enable_key_rotation
        )(KeyId=key)

    def test_the_boundary_that_a_role_gets_or_has(self, iam: Iam, name: str) -> None:
        right, wrong = (iam.policy(document(allow("ec2:*"))) for _ in range(2))
        condition = {"StringEquals": {"iam:PermissionsBoundary": right}}
        maker = iam.role(document(allow(["iam:CreateRole", "iam:PutRolePolicy"], "*", **condition)))
        role = {"RoleName": name, "AssumeRolePolicyDocument": document()}
        denied(maker.client("iam").create_role, **role)
        denied(maker.client("iam").create_role, **role, PermissionsBoundary=wrong)
        maker.client("iam").create_role(**role, PermissionsBoundary=right)
        inline = {"PolicyName": "p", "PolicyDocument": document(allow("*"))}
        maker.client("iam").put_role_policy(RoleName=name, **inline)
        iam.iam.create_role(RoleName=f"{name}-2", AssumeRolePolicyDocument=document())
        denied(maker.client("iam").put_role_policy, RoleName=f"{name}-2", **inline)

    def test_the_policy_that_is_attached(self, iam: Iam, name: str) -> None:
        aws = "arn:aws:iam::aws:policy/{}".format
        condition = {"ArnEquals": {"iam:PolicyARN": aws("AmazonSSMManagedInstanceCore")}}
        maker = iam.role(document(allow("iam:AttachRolePolicy", "*", **condition))).client("iam")
        iam.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document())
        denied(maker.attach_role_policy, RoleName=name, PolicyArn=aws("AdministratorAccess"))
        maker.attach_role_policy(RoleName=name, PolicyArn=aws("AmazonSSMManagedInstanceCore"))

    def test_the_records_of_a_change_in_dns(self, iam: Iam, everything: Principal, name: str) -> None:
        zone = everything.client("route53").create_hosted_zone(
            Name=f"{name}.example.com", CallerReference=name
        )
        key = "route53:ChangeResourceRecordSets"
        condition = {
            "ForAllValues:StringEquals": {f"{key}RecordTypes": ["CNAME"]},
            "ForAllValues:StringLike": {f"{key}NormalizedRecordNames": [f"*.db.{name}.example.com"]},
        }
        route53 = iam.role(document(allow(key, "*", **condition))).client("route53")

        def change(record: str, kind: str = "CNAME") -> dict[str, Any]:
            value = {"Name": record, "Type": kind, "TTL": 60, "ResourceRecords": [{"Value": "a.example.com"}]}
            changes = [{"Action": "UPSERT", "ResourceRecordSet": value}]
            return {"HostedZoneId": zone["HostedZone"]["Id"], "ChangeBatch": {"Changes": changes}}

        route53.change_resource_record_sets(**change(f"Acme.DB.{name}.example.com."))
        denied(route53.change_resource_record_sets, **change(f"www.{name}.example.com"))
        denied(route53.change_resource_record_sets, **change(f"acme.db.{name}.example.com", "TXT"))

    @pytest.mark.parametrize(
        ("key", "value", "refused"),
        [
            ("rds:DatabaseClass", "db.t4g.micro", {"DBInstanceClass": "db.t4g.large"}),
            ("rds:DatabaseEngine", "mysql", {"Engine": "postgres"}),
            ("rds:StorageEncrypted", "true", {"StorageEncrypted": False}),
            ("rds:StorageSize", "20", {"AllocatedStorage": 200}),
        ],
    )
    def test_what_a_database_is_to_be_like(
        self, iam: Iam, name: str, key: str, value: str, refused: dict[str, Any]
    ) -> None:
        rest = allow("*", f"arn:aws:rds:{HERE}:og:*")
        condition = {"StringEquals": {key: value}}
        rds = iam.role(
            document(allow(["rds:CreateDBInstance"], "*", **condition), rest, allow("iam:*"))
        ).client("rds")
        asked = {
            "DBInstanceIdentifier": name,
            "DBInstanceClass": "db.t4g.micro",
            "Engine": "mysql",
            "AllocatedStorage": 20,
            "StorageEncrypted": True,
            "MasterUsername": "admin",
            "MasterUserPassword": "Correct-Horse-7",
        }
        denied(rds.create_db_instance, **{**asked, **refused})
        rds.create_db_instance(**asked)

    def test_what_a_build_is_started_with(self, iam: Iam, everything: Principal, name: str) -> None:
        condition = {
            "Null": {"codebuild:source.buildspec": "true"},
            "ForAllValues:StringEquals": {"codebuild:environment.environmentVariables.name": ["TENANT"]},
        }
        codebuild = iam.role(document(allow("codebuild:StartBuild", "*", **condition))).client("codebuild")

        def variable(name: str) -> dict[str, Any]:
            return {"environmentVariablesOverride": [{"name": name, "value": "x", "type": "PLAINTEXT"}]}

        denied(codebuild.start_build, projectName=name, buildspecOverride="version: 0.2")
        denied(codebuild.start_build, projectName=name, **variable("PATH"))
        with pytest.raises(codebuild.exceptions.ResourceNotFoundException):
            codebuild.start_build(projectName=name, **variable("TENANT"))


def make(everything: Principal, service: str, name: str, tags: Any) -> None:
    """Something of the service with this name and these tags."""
    client, plain = everything.client(service), {each["Key"]: each["Value"] for each in tags}
    match service:
        case "logs":
            client.create_log_group(logGroupName=name, tags=plain)
        case "cloudwatch":
            alarm = {"MetricName": "m", "Namespace": "n", "Period": 60, "EvaluationPeriods": 1}
            compared = {"Threshold": 1, "ComparisonOperator": "GreaterThanThreshold", "Statistic": "Sum"}
            client.put_metric_alarm(AlarmName=name, Tags=tags, **alarm, **compared)
        case "sns":
            client.create_topic(Name=name, Tags=tags)
        case "ssm":
            content = json.dumps({"schemaVersion": "1.0", "sessionType": "Port"})
            client.create_document(Name=name, Content=content, DocumentType="Session", Tags=tags)
        case "dynamodb":
            key = {"AttributeName": "a"}
            client.create_table(
                TableName=name,
                KeySchema=[{**key, "KeyType": "HASH"}],
                AttributeDefinitions=[{**key, "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
                Tags=tags,
            )
        case "iam":
            client.create_role(RoleName=name, AssumeRolePolicyDocument=document(), Tags=tags)
        case "secretsmanager":
            client.create_secret(Name=name, SecretString="s", Tags=tags)


class TestImpliedActions:
    """What one call asks for besides its own action."""

    @pytest.mark.parametrize(
        ("service", "action"),
        [
            ("logs", "logs:TagResource"),
            ("cloudwatch", "cloudwatch:TagResource"),
            ("sns", "sns:TagResource"),
            ("ssm", "ssm:AddTagsToResource"),
            ("dynamodb", "dynamodb:TagResource"),
            ("iam", "iam:TagRole"),
            ("secretsmanager", "secretsmanager:TagResource"),
        ],
    )
    def test_tags_given_on_creation(self, iam: Iam, name: str, service: str, action: str) -> None:
        without = iam.role(document(allow(f"{service}:*"), deny(action)))
        denied(make, everything=without, service=service, name=name, tags=TAGS)
        make(iam.role(document(allow(f"{service}:*"))), service, name, TAGS)

    def test_tags_given_to_what_ec2_makes(self, iam: Iam) -> None:
        creating = {"StringEquals": {"ec2:CreateAction": "CreateVpc", **ASKED["StringEquals"]}}
        role = iam.role(
            document(allow("ec2:CreateVpc"), allow("ec2:CreateTags", f"arn:aws:ec2:{HERE}:vpc/*", **creating))
        )
        ec2, tagged = role.client("ec2"), {"ResourceType": "vpc"}
        vpc = ec2.create_vpc(CidrBlock="10.1.2.0/26", TagSpecifications=[{**tagged, "Tags": TAGS}])
        denied(ec2.create_vpc, CidrBlock="10.1.2.0/26", TagSpecifications=[{**tagged, "Tags": OTHERS}])
        denied(ec2.create_tags, Resources=[vpc["Vpc"]["VpcId"]], Tags=TAGS)

    def test_a_final_snapshot(self, iam: Iam, everything: Principal, name: str) -> None:
        everything.client("rds").create_db_instance(
            DBInstanceIdentifier=name,
            DBInstanceClass="db.t4g.micro",
            Engine="mysql",
            AllocatedStorage=20,
            MasterUsername="admin",
            MasterUserPassword="Correct-Horse-7",
        )
        Database(rds=everything.client("rds"), identifier=name).settled()
        asked = {"DBInstanceIdentifier": name, "FinalDBSnapshotIdentifier": f"{name}-final"}
        granted = ["rds:DeleteDBInstance"]
        for missing in ("rds:CreateDBSnapshot", "rds:AddTagsToResource"):
            rds = iam.role(document(allow(granted))).client("rds")
            assert missing in denied(rds.delete_db_instance, **asked)
            granted.append(missing)
        iam.role(document(allow(granted))).client("rds").delete_db_instance(**asked)

    def test_a_role_that_is_passed_to_a_service(self, iam: Iam, name: str) -> None:
        iam.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document())
        arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
        schedule = {
            "Name": name,
            "ScheduleExpression": "rate(1 day)",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {"Arn": "arn:aws:scheduler:::aws-sdk:codebuild:startBuild", "RoleArn": arn},
        }
        to = {"StringEquals": {"iam:PassedToService": "codebuild.amazonaws.com"}}
        wrong = iam.role(document(allow("scheduler:*"), allow("iam:PassRole", arn, **to))).client("scheduler")
        assert f"iam:PassRole on resource: {arn}" in denied(wrong.create_schedule, **schedule)
        to = {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}
        right = iam.role(document(allow("scheduler:*"), allow("iam:PassRole", arn, **to))).client("scheduler")
        right.create_schedule(**schedule)

    def test_an_alias_is_its_keys_too(self, iam: Iam, everything: Principal, name: str) -> None:
        kms, alias = everything.client("kms"), f"alias/{name}"
        key = kms.create_key()["KeyMetadata"]["Arn"]
        kms.create_alias(AliasName=alias, TargetKeyId=key)
        own = allow("kms:DeleteAlias", f"arn:aws:kms:{HERE}:{alias}")
        said = denied(iam.role(document(own)).client("kms").delete_alias, AliasName=alias)
        assert f"kms:DeleteAlias on resource: {key}" in said
        both = document(own, allow("kms:DeleteAlias", key))
        iam.role(both).client("kms").delete_alias(AliasName=alias)

    def test_a_ciphertext_names_its_key(self, iam: Iam, everything: Principal) -> None:
        """https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html (KeyId)"""
        kms = everything.client("kms")
        key, other = (kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2))
        secret = kms.encrypt(KeyId=key, Plaintext=b"word")["CiphertextBlob"]
        own = iam.role(document(allow("kms:Decrypt", key))).client("kms")
        assert own.decrypt(CiphertextBlob=secret)["Plaintext"] == b"word"
        foreign = iam.role(document(allow("kms:Decrypt", other))).client("kms")
        assert f"kms:Decrypt on resource: {key}" in denied(foreign.decrypt, CiphertextBlob=secret)

    def test_a_key_that_a_service_uses(self, iam: Iam, everything: Principal, name: str) -> None:
        key = everything.client("kms").create_key()["KeyMetadata"]["Arn"]
        through = {"StringEquals": {"kms:ViaService": "dynamodb.eu-west-1.amazonaws.com"}}
        table = {
            "TableName": name,
            "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
            "SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
        }
        assert "kms:" in denied(
            iam.role(document(allow("dynamodb:*"))).client("dynamodb").create_table, **table
        )
        user = iam.role(document(allow("dynamodb:*"), allow("kms:*", key, **through)))
        user.client("dynamodb").create_table(**table)
        denied(user.client("kms").describe_key, KeyId=key)
        without = iam.role(document(allow("dynamodb:*"))).client("dynamodb")
        assert "kms:Decrypt" in denied(without.get_item, TableName=name, Key={"a": {"S": "b"}})
