"""Which settings of the AWS provider a stack may have, and why no others: docs/fixed.md is their page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tenantnet.refusal import Refusal, shown
from tenantnet.settings import rules

NAMESPACE = "aws:"
TAGS = "defaultTags"
# Which place is meant, which accounts, and how patient the provider is: none leads or opens anything.
PERMITTED = ("region", "allowedAccountIds", "forbiddenAccountIds", "maxRetries")

ELSEWHERE = "it leads Pulumi's calls, passwords included, to another address, and Tenantnet's still to AWS"
ACTOR = "it changes who acts for Pulumi alone: claims would be read in one account and written in another"
UNCHECKED = "it drops a check: without it, somebody else could answer for AWS, or for another account"
IGNORED = "tags decide whose a resource is and what a role may do, so none is hidden from the policies"
UNKNOWN = "no rule of Tenantnet knows what it does to the provider's calls"
TWICE = "Pulumi reads it as a second spelling of a key: the file could have both, and differ"

_KEYS = "set AWS_PROFILE, or AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN"
_ROLE = "set AWS_PROFILE to a profile with role_arn in ~/.aws/config"
_PROXY = "set HTTPS_PROXY and NO_PROXY in the environment, for one that you trust with every secret"
_FIPS = "set AWS_USE_FIPS_ENDPOINT or AWS_USE_DUALSTACK_ENDPOINT"
_METADATA = "on an EC2 instance, set what aws configure export-credentials prints"

REFUSED: Mapping[str, tuple[str, str]] = {
    "endpoints": (ELSEWHERE, "a local cloud is named by AWS_ENDPOINT_URL"),
    "ec2MetadataServiceEndpoint": (ELSEWHERE, _METADATA),
    "ec2MetadataServiceEndpointMode": (ELSEWHERE, _METADATA),
    "httpProxy": (ELSEWHERE, _PROXY),
    "httpsProxy": (ELSEWHERE, _PROXY),
    "noProxy": (ELSEWHERE, _PROXY),
    "s3UsePathStyle": (ELSEWHERE, ""),
    "s3UsEast1RegionalEndpoint": (ELSEWHERE, ""),
    "stsRegion": (ELSEWHERE, ""),
    "useDualstackEndpoint": (ELSEWHERE, _FIPS),
    "useFipsEndpoint": (ELSEWHERE, _FIPS),
    "accessKey": (ACTOR, _KEYS),
    "secretKey": (ACTOR, _KEYS),
    "token": (ACTOR, _KEYS),
    "profile": (ACTOR, "set AWS_PROFILE in the environment"),
    "assumeRole": (ACTOR, _ROLE),
    "assumeRoles": (ACTOR, _ROLE),
    "assumeRoleWithWebIdentity": (ACTOR, "set AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE"),
    "sharedConfigFiles": (ACTOR, "set AWS_CONFIG_FILE in the environment"),
    "sharedCredentialsFiles": (ACTOR, "set AWS_SHARED_CREDENTIALS_FILE in the environment"),
    "skipMetadataApiCheck": (ACTOR, _METADATA),
    "customCaBundle": (UNCHECKED, "set AWS_CA_BUNDLE in the environment"),
    "insecure": (UNCHECKED, ""),
    "skipCredentialsValidation": (UNCHECKED, ""),
    "skipRegionValidation": (UNCHECKED, ""),
    "skipRequestingAccountId": (UNCHECKED, ""),
    "ignoreTags": (IGNORED, ""),
    "tagPolicyCompliance": (UNKNOWN, "set TF_AWS_TAG_POLICY_COMPLIANCE in the environment"),
    "retryMode": (UNKNOWN, "set AWS_RETRY_MODE in the environment"),
    "tokenBucketRateLimiterCapacity": (UNKNOWN, ""),
    "userAgents": (UNKNOWN, ""),
}


def judge_aws_keys(config: Iterable[object]) -> Iterator[Refusal]:
    """The refusals of a configuration's keys for the AWS provider. Values are not shown: some are secret."""
    for key in config:
        if isinstance(key, str) and key.startswith(NAMESPACE):
            name = key.removeprefix(NAMESPACE)
            if name == TAGS:
                yield rules.OWN_TAGS.refuse(key, key)
            elif name not in PERMITTED:
                yield _refuse(key, name)


def judge_given() -> list[Refusal]:
    """The refusals of the running program's keys, also of what `--config` and Pulumi ESC set in no file."""
    # Commands that check files need no Pulumi.
    from pulumi.runtime.config import CONFIG, get_config_env  # noqa: PLC0415

    given: dict[str, object] = {**get_config_env(), **CONFIG.get()}
    return [*judge_aws_keys(given)]


def _refuse(key: str, name: str) -> Refusal:
    why, way = REFUSED.get(name, (UNKNOWN, ""))
    if ":" in name:  # aws:config:region, which Pulumi still reads as aws:region
        why, way = TWICE, f"write {NAMESPACE}{name.rpartition(':')[2]}"
    permitted = ", ".join(NAMESPACE + each for each in PERMITTED)
    remedy = f"remove it; {way}" if way else "remove it"
    return rules.AWS_KEY.refuse(key, shown(key), permitted=permitted, why=why, remedy=remedy)
