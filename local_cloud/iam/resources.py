"""What stands behind an ARN: its tags, its own policy, the key that encrypts it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.codebuild.models import codebuild_backends
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.logs.models import logs_backends
from moto.rds.models import rds_backends
from moto.s3.models import s3_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.sns.models import sns_backends
from moto.ssm.models import ssm_backends
from tenantnet.local_cloud.iam.naming import key_id


def tags_of(arn: str) -> dict[str, str]:
    """What the resource carries now."""
    if arn == "*":
        return {}
    _, _, service, region, _, name = arn.split(":", 5)
    # What the call is about to make is not there yet.
    with suppress(Exception):
        return _pairs(TAGS[service](region, name, arn))
    return {}


def _backend(backends: Any, region: str) -> Any:  # noqa: ANN401 - each service has its own type
    return backends[DEFAULT_ACCOUNT_ID][region]


def _tags_of_iam(_region: str, _name: str, arn: str) -> Any:  # noqa: ANN401 - as moto keeps them
    iam: Any = iam_backends[DEFAULT_ACCOUNT_ID]["aws"]
    there = {**iam.roles, **iam.instance_profiles, **iam.managed_policies}
    return next(each for each in there.values() if each.arn == arn).tags


def _tags_of_logs(region: str, name: str, _arn: str) -> Any:  # noqa: ANN401 - likewise
    group = name.removeprefix("log-group:").partition(":")[0]
    return _backend(logs_backends, region).list_tags_log_group(group)


def _tags_of_ssm(region: str, name: str, _arn: str) -> Any:  # noqa: ANN401 - likewise
    kind, _, name = name.partition("/")
    return _backend(ssm_backends, region).list_tags_for_resource(kind.capitalize(), name)


def _tags_of_builds(region: str, name: str, _arn: str) -> Any:  # noqa: ANN401 - likewise
    projects = _backend(codebuild_backends, region).codebuild_projects
    return projects[name.partition("/")[2]].project_metadata["tags"]


# By service; each is given the region, what is behind it in the ARN, and the ARN.
TAGS: Mapping[str, Callable[[str, str, str], Any]] = {
    "cloudwatch": lambda region, _, arn: _backend(cloudwatch_backends, region).list_tags_for_resource(arn),
    "codebuild": _tags_of_builds,
    "dynamodb": lambda region, _, arn: _backend(dynamodb_backends, region).list_tags_of_resource(arn),
    "ec2": lambda region, name, _: _backend(ec2_backends, region).tags[name.partition("/")[2]],
    "iam": _tags_of_iam,
    "kms": lambda region, name, _: _backend(kms_backends, region).known_tags(name.partition("/")[2]),
    "logs": _tags_of_logs,
    "rds": lambda region, _, arn: _backend(rds_backends, region).list_tags_for_resource(arn),
    "secretsmanager": lambda region, _, arn: _backend(secretsmanager_backends, region).secrets[arn].tags,
    "sns": lambda region, _, arn: _backend(sns_backends, region).list_tags_for_resource(arn),
    "ssm": _tags_of_ssm,
}


def _pairs(tags: Any) -> dict[str, str]:  # noqa: ANN401 - moto keeps them in three ways
    if isinstance(tags, Mapping):
        return {key: value["Value"] if isinstance(value, Mapping) else value for key, value in tags.items()}
    named = [{key.lower(): value for key, value in each.items()} for each in tags or ()]
    return {str(each["key"]): str(each["value"]) for each in named}


def policy_of(arn: str) -> tuple[str | None, bool]:
    """The resource's own policy, and whether nobody gets in whom it does not mention."""
    _, _, service, region, _, name = arn.split(":", 5)
    with suppress(Exception):
        match service:
            case "kms":
                return _backend(kms_backends, region).keys[name.removeprefix("key/")].policy, True
            case "iam" if name.startswith("role/"):
                return iam_backends[DEFAULT_ACCOUNT_ID]["aws"].get_role_by_arn(
                    arn
                ).assume_role_policy_document, True
            case "s3":
                bucket = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[name.partition("/")[0]]
                return (bucket.policy.decode() if bucket.policy else None), False
            case "secretsmanager":
                return _backend(secretsmanager_backends, region).secrets[arn].policy, False
    return None, False


def key_of(arn: str) -> str | None:
    """The customer's key that encrypts a table or a secret."""
    _, _, service, region, _, name = arn.split(":", 5)
    with suppress(Exception):
        key = None
        if service == "dynamodb":
            table = _backend(dynamodb_backends, region).tables[name.split("/")[1]]
            key = (table.sse_specification or {}).get("KMSMasterKeyId")
        if service == "secretsmanager":
            key = _backend(secretsmanager_backends, region).secrets[arn].kms_key_id
        if key:
            return (
                key
                if key.startswith("arn:")
                else f"arn:aws:kms:{region}:{DEFAULT_ACCOUNT_ID}:key/{key_id(region, key)}"
            )
    return None


def roles_of_profiles(arns: Iterable[str]) -> Iterator[str]:
    """The roles in instance profiles."""
    iam: Any = iam_backends[DEFAULT_ACCOUNT_ID]["aws"]
    for profile in [*iam.instance_profiles.values()]:
        if profile.arn in arns:
            yield from (role.arn for role in profile.roles)


def service_linked_role_is_missing(region: str) -> bool:
    """Whether RDS has yet to make its role: with the account's first database."""
    return not _backend(rds_backends, region).databases
