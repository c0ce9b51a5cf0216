"""boto3 clients of a local cloud."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config


def client(
    service: str, own: Mapping[str, str], *, region: str | None = None, config: Config | None = None
) -> Any:  # noqa: ANN401 - any service's
    """own: the cloud's environment, with the keys of whoever calls."""
    return boto3.client(  # type: ignore[call-overload] # any service
        service,
        endpoint_url=own["AWS_ENDPOINT_URL"],
        region_name=region or own["AWS_REGION"],
        aws_access_key_id=own["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=own["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=own.get("AWS_SESSION_TOKEN"),
        config=config,
    )
