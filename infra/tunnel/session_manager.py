"""Session Manager's calls for a tunnel, and its refusals as failures."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError
from tenantnet.aws.answers import PATIENCE, aws_answers
from tenantnet.failure import Failure
from tenantnet.tunnel.profiles import Profile

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

REASON = "tenantnet tunnel"
DENIED = ("AccessDeniedException", "AccessDenied")


class FinalFailure(Failure):
    """A failure that retrying cannot change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """response: Session Manager's answer for the plugin, with the token. endpoint: of Systems Manager."""

    id: str
    endpoint: str
    response: str = field(repr=False)


def start_parameters(profile: Profile) -> dict[str, Any]:
    """The parameters of a session; the plugin gets the same."""
    return {
        "Target": profile.target,
        "DocumentName": profile.document,
        "Parameters": {name: [value] for name, value in profile.parameters.items()},
        "Reason": REASON,
    }


def start_session(profile: Profile) -> Session:
    """Start a session. Raises FinalFailure if the caller may not or the tunnel is gone, else Failure."""
    task = f"open the tunnel {profile.name}"
    with aws_answers(task, region=profile.region):
        client = _client(profile)
        try:
            answer = client.start_session(**start_parameters(profile))
        except ClientError as error:
            raise refused(profile, error) from None
    content = {key: answer[key] for key in ("SessionId", "StreamUrl", "TokenValue")}
    return Session(id=answer["SessionId"], endpoint=client.meta.endpoint_url, response=json.dumps(content))


def end_session(profile: Profile, session_id: str) -> None:
    """End a session at AWS. Raises Failure if that cannot be asked for."""
    with aws_answers(f"end the session {session_id}", region=profile.region):
        _client(profile).terminate_session(SessionId=session_id)


def _client(profile: Profile) -> SSMClient:
    # A new client each time: credentials may have been renewed.
    return boto3.Session().client("ssm", region_name=profile.region, config=PATIENCE)


def refused(profile: Profile, error: ClientError) -> Exception:
    """The failure to show; the error itself if it is clear enough."""
    code = error.response.get("Error", {}).get("Code", "")
    said = f"AWS answered {code}: {error.response.get('Error', {}).get('Message')}"
    what = f"Could not open the tunnel {profile.name}"
    share = f"`tenantnet tunnel share {profile.name}` prints for the platform team"
    again = f"add the tunnel again, with the line that {share}"
    if code in DENIED:
        name = "have your name added to `tunnelUsers` in the tenant's settings"
        policy = "the policy tunnel-user.json of `tenantnet permissions` given to you"
        remedy = f"{name}, and {policy}; `aws sts get-caller-identity` says who you are here"
        return FinalFailure(f"{what}: access denied.", reason=said, remedy=remedy)
    if code == "InvalidDocument":
        reason = f"{said} ({profile.document} in {profile.region})"
        return FinalFailure(f"{what}: tunnel not found.", reason=reason, remedy=again)
    if code == "TargetNotConnected":
        remedy = f"it may be starting: try again in a minute. If it was replaced, {again}"
        return Failure(f"{what}: the tunnel host is not connected.", reason=said, remedy=remedy)
    return error
