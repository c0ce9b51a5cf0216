"""Turns boto3's errors into failures that say what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own, no relative of the built-in one
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
)
from tenantnet.aws.endpoint import local_endpoint, local_endpoint_problem
from tenantnet.failure import Failure

# A user waits for these calls, so an address that does not answer is reported within half a minute.
PATIENCE = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 2})
# Of many calls some are slowed down (`SlowDown`, `Throttling`), and work a few seconds later.
MANY_CALLS = PATIENCE.merge(
    Config(max_pool_connections=32, retries={"mode": "standard", "total_max_attempts": 8})
)

# The first status in HTTP that says that a request was right, and its server not. `SlowDown` has it, too.
SERVER_ERRORS = 500


@contextmanager
def aws_answers(task: str, *, region: str) -> Iterator[None]:
    """Turn errors of boto3 in the block into a Failure of `task`, such as "read acme's networks"."""
    what = f"Could not {task}."
    try:
        yield
    except (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError, ProfileNotFound) as error:
        raise Failure(
            what,
            reason=f"there are no usable AWS credentials: {error}",
            remedy="sign in (such as `aws sso login`), or for the local cloud: "
            'eval "$(tenantnet local env)", and try again',
        ) from None
    except ClientError as error:
        raise _refused_by_aws(what, error) from None
    except (ConnectionError, HTTPClientError) as error:
        raise Failure(
            what,
            reason=f"AWS did not answer: {error}. That says nothing about the resources.",
            remedy=_reach(region),
        ) from None
    except (BotoCoreError, ValueError) as error:
        raise Failure(what, reason=str(error), remedy="check the AWS configuration and try again") from None


def check_local_endpoint(region: str) -> None:
    """Raises Failure if the environment names an endpoint on this machine and nothing listens there.

    The provider would retry for half a minute and then report less.
    """
    if problem := local_endpoint_problem():
        raise Failure("Could not reach the local cloud.", reason=problem, remedy=_reach(region))


def _refused_by_aws(what: str, error: ClientError) -> Failure:
    answer = error.response.get("Error", {})
    code, status = answer.get("Code", ""), error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    allowed = "check that the credentials in use belong to the right account, are valid and allow the call "
    later = "AWS is slow, or slows this account down: wait some minutes, and try again"
    return Failure(
        what,
        reason=f"AWS answered {code}: {answer.get('Message')}",
        remedy=later if status >= SERVER_ERRORS or "Throttl" in code else allowed + error.operation_name,
    )


def _reach(region: str) -> str:
    endpoint = local_endpoint()
    if endpoint is None:
        return f"check the network and that {region} is a region of AWS, and try again"
    if local_endpoint_problem():
        return (
            f"AWS_ENDPOINT_URL names the local cloud ({endpoint}) and nothing listens there: "
            'tenantnet local start, then eval "$(tenantnet local env)"'
        )
    return (
        f"the local cloud ({endpoint}) runs, and gave no answer in time: try again when this machine "
        "has less to do; server.log in its state directory says what it has answered"
    )
