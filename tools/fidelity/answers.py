"""Calls through boto3 that keep every answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError
from tenantnet.local_cloud import clients

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

    environment: Mapping[str, str]
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
            name = CLIENT_NAMES.get(service, service)
            self._clients[service] = clients.client(name, self.environment, config=once)
        return self._clients[service]
