"""What tunnels stand on, as the stacks declare it: a tunnel host, tenants' documents, users."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import boto3
from mypy_boto3_iam import IAMClient
from mypy_boto3_ssm import SSMClient
from tenantnet.aws.session_documents import tenant_document
from tenantnet.components.tunnel_access import tunnel_statements
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.tags import (
    TUNNEL_USER_TAGS,
    Owner,
    Part,
    tunnel_name,
    tunnel_user_tags,
    tunnel_users,
)

from tests.support.network import Network

ACCOUNT, REGION = "123456789012", "eu-west-1"
CELL = "eu1"
POLICY = json.dumps({"Version": "2012-10-17", "Statement": tunnel_statements(REGION, ACCOUNT, CELL)})
Clients = Callable[[str], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An IAM user with keys of their own."""

    cloud: LocalCloud
    name: str
    access_key: str
    secret_key: str

    @property
    def ssm(self) -> SSMClient:
        session = boto3.Session(self.access_key, self.secret_key, region_name=REGION)
        return session.client("ssm", endpoint_url=self.cloud.url)


@dataclass(frozen=True, slots=True, kw_only=True)
class TunnelSite:
    """A cell's tunnel host, and whoever may lead tunnels through it."""

    cloud: LocalCloud
    iam: IAMClient
    ssm: SSMClient
    target: str

    @classmethod
    def create(cls, cloud: LocalCloud, client: Clients) -> TunnelSite:
        ec2 = client("ec2")
        subnet = Network.create(ec2).subnet_ids[0]
        image = ec2.describe_images()["Images"][0]["ImageId"]
        tags = Owner(cell=CELL).tags(f"{CELL}-tunnel-host", part=Part.TUNNEL_HOST)
        (host,) = ec2.run_instances(
            ImageId=image,
            MinCount=1,
            MaxCount=1,
            SubnetId=subnet,
            TagSpecifications=[{"ResourceType": "instance", "Tags": listed(tags)}],
        )["Instances"]
        ec2.get_waiter("instance_running").wait(InstanceIds=[host["InstanceId"]], WaiterConfig={"Delay": 1})
        return cls(cloud=cloud, iam=client("iam"), ssm=client("ssm"), target=host["InstanceId"])

    def add_tenant(self, tenant: str, host_name: str) -> str:
        """The document as the tenant's stack has it, for nobody yet; its name."""
        name = tunnel_name(CELL, tenant)
        tags = listed(Owner(cell=CELL, tenant=tenant).tags(name))
        content = tenant_document(host_name)
        self.ssm.create_document(Name=name, DocumentType="Session", Content=content, Tags=tags)
        return name

    def let(self, document: str, *users: str) -> None:
        """Let these people, and nobody else, open the tunnel, as an update of the tenant's stack does."""
        named: dict[str, Any] = {"ResourceType": "Document", "ResourceId": document}
        self.ssm.remove_tags_from_resource(**named, TagKeys=[*TUNNEL_USER_TAGS])
        if tags := tunnel_user_tags(users):
            self.ssm.add_tags_to_resource(**named, Tags=listed(tags))

    def users(self, document: str) -> set[str]:
        """Who may open the tunnel."""
        tags = self.ssm.list_tags_for_resource(ResourceType="Document", ResourceId=document)["TagList"]
        return tunnel_users({each["Key"]: each["Value"] for each in tags})

    def add_user(self, name: str, *documents: str) -> User:
        """Somebody with the policy of tunnels, whom the documents name."""
        self.iam.create_user(UserName=name)
        self.iam.attach_user_policy(UserName=name, PolicyArn=self.policy(POLICY))
        for document in documents:
            self.let(document, name, *self.users(document))
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        return User(
            cloud=self.cloud, name=name, access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"]
        )

    def policy(self, text: str) -> str:
        """A managed policy; its ARN."""
        name = f"tunnel-users-{uuid4().hex[:8]}"
        return self.iam.create_policy(PolicyName=name, PolicyDocument=text)["Policy"]["Arn"]


def listed(tags: Mapping[str, str]) -> list[Any]:
    """Tags as AWS's calls have them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
