"""Calls through boto3 that keep every answer."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

CLIENT_NAMES = {"tagging": "resourcegroupstaggingapi"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """code: an error's, "" without one. status: HTTP's. body: without what boto3 adds."""

    body: dict[str, Any]
    code: str = ""
    status: int = 200


@dataclass(slots=True)
class Caller:
    """Calls one cloud. answers: all that came, by operation (`ec2:CreateVpc`), in order."""

    url: str
    answers: dict[str, list[Answer]] = field(default_factory=lambda: defaultdict(list))
    _clients: dict[str, Any] = field(default_factory=dict)

    def __call__(self, operation: str, **parameters: Any) -> dict[str, Any]:  # noqa: ANN401 - of any type
        """Call it; its answer, empty where that is an error."""
        service, _, name = operation.partition(":")
        try:
            body = getattr(self._client(service), xform_name(name))(**parameters)
        except ClientError as error:
            response: Any = error.response
            status = response["ResponseMetadata"]["HTTPStatusCode"]
            self.answers[operation].append(
                Answer(body={}, code=response["Error"].get("Code", ""), status=status)
            )
            return {}
        body.pop("ResponseMetadata")
        self.answers[operation].append(Answer(body=body))
        return dict(body)

    def _client(self, service: str) -> Any:  # noqa: ANN401 - boto3's clients share no type
        if service not in self._clients:
            once = Config(retries={"total_max_attempts": 1}, parameter_validation=False)
            self._clients[service] = boto3.client(  # type: ignore[call-overload] # any service
                CLIENT_NAMES.get(service, service),
                endpoint_url=self.url,
                region_name="eu-west-1",
                aws_access_key_id="local",
                aws_secret_access_key="local",  # noqa: S106 - the local cloud's
                config=once,
            )
        return self._clients[service]
