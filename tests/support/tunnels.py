"""What tunnels stand on, as the stacks declare it: a tunnel host, tenants' documents and groups, users."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
from mypy_boto3_iam import IAMClient
from mypy_boto3_ssm import SSMClient
from tenantnet.aws.session_documents import tenant_document
from tenantnet.components.tunnel_access import tunnel_policy
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.tags import tunnel_name

from tests.support.network import Network

ACCOUNT, REGION = "123456789012", "eu-west-1"
CELL = "eu1"
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
        (host,) = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, SubnetId=subnet)["Instances"]
        return cls(cloud=cloud, iam=client("iam"), ssm=client("ssm"), target=host["InstanceId"])

    def add_tenant(self, tenant: str, host_name: str) -> str:
        """Document, group and policy as the tenant's stack has them; the document's name."""
        name = tunnel_name(CELL, tenant)
        self.ssm.create_document(Name=name, DocumentType="Session", Content=tenant_document(host_name))
        self.iam.create_group(GroupName=name, Path="/tenantnet/")
        policy = tunnel_policy(REGION, ACCOUNT, self.target, name)
        self.iam.put_group_policy(GroupName=name, PolicyName=name, PolicyDocument=policy)
        return name

    def add_user(self, name: str, *groups: str) -> User:
        self.iam.create_user(UserName=name)
        for group in groups:
            self.iam.add_user_to_group(GroupName=group, UserName=name)
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        return User(
            cloud=self.cloud, name=name, access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"]
        )
