"""Roles and users in the local cloud, with policies of a test's own or those that the project ships."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from tenantnet.local_cloud import clients
from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.process import LocalCloud

ACCOUNT = "123456789012"
Statement = Mapping[str, Any]
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
        }
    ],
}


def allow(action: str | Sequence[str], resource: str | Sequence[str] = "*", **condition: Any) -> Statement:
    """A statement; condition: by operator."""
    found = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {**found, "Condition": condition} if condition else found


def document(*statements: Statement) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


@dataclass(frozen=True, kw_only=True)
class Principal:
    """Somebody who calls. environment: what `pulumi` and boto3 call as it with."""

    arn: str
    environment: Mapping[str, str]
    clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """A client that calls as it."""
        if service not in self.clients:
            self.clients[service] = clients.client(service, self.environment)
        return self.clients[service]


class Iam:
    """An administrator of a local cloud."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.own = environment(cloud.state_dir)
        self.administrator = Principal(arn="", environment=self.own)
        self.iam, self.sts = self.administrator.client("iam"), self.administrator.client("sts")

    def policy(self, text: str, name: str = "") -> str:
        """A managed policy; its ARN."""
        name = name or f"p-{uuid4().hex[:12]}"
        arn: str = self.iam.create_policy(PolicyName=name, PolicyDocument=text)["Policy"]["Arn"]
        return arn

    def role(
        self,
        *documents: str,
        name: str = "",
        boundary: str | None = None,
        tags: Mapping[str, str] | None = None,
        trust: Mapping[str, Any] = TRUST,
        path: str = "/",
        **session: Any,
    ) -> Principal:
        """A session of a new role with these policies. session: further parameters of AssumeRole."""
        name = name or f"r-{uuid4().hex[:12]}"
        more = {"PermissionsBoundary": boundary} if boundary else {}
        self.iam.create_role(
            RoleName=name,
            Path=path,
            AssumeRolePolicyDocument=json.dumps(trust),
            Tags=[{"Key": key, "Value": value} for key, value in (tags or {}).items()],
            **more,
        )
        for text in documents:
            self.iam.attach_role_policy(RoleName=name, PolicyArn=self.policy(text))
        return self.session(f"arn:aws:iam::{ACCOUNT}:role{path}{name}", **session)

    def session(self, role_arn: str, **session: Any) -> Principal:
        """A session of a role."""
        answer = self.sts.assume_role(RoleArn=role_arn, **{"RoleSessionName": "test", **session})
        keys = answer["Credentials"]
        return Principal(
            arn=answer["AssumedRoleUser"]["Arn"],
            environment={
                **self.own,
                "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
                "AWS_SESSION_TOKEN": keys["SessionToken"],
            },
        )

    def user(self, *documents: str, name: str = "", tags: Mapping[str, str] | None = None) -> Principal:
        """A new user with these policies."""
        name = name or f"u-{uuid4().hex[:12]}"
        user = self.iam.create_user(
            UserName=name, Tags=[{"Key": key, "Value": value} for key, value in (tags or {}).items()]
        )["User"]
        for text in documents:
            self.iam.attach_user_policy(UserName=name, PolicyArn=self.policy(text))
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        keys = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
        return Principal(arn=user["Arn"], environment={**self.own, **keys})
