"""Secrets Manager, completed: what is not there is answered with HTTP status 400, as AWS was recorded to.

A secret that is scheduled for deletion keeps its name until then.
https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_delete-secret.html
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from moto.secretsmanager import models, urls
from moto.secretsmanager.exceptions import (
    InvalidRequestException,
    SecretHasNoValueException,
    SecretNotFoundException,
)
from moto.secretsmanager.models import SecretsManagerBackend, secretsmanager_backends

# https://github.com/redpanda-data/console/issues/1835
NAME_SCHEDULED = (
    "You can't create this secret because a secret with this name is already scheduled for deletion."
)
SCHEDULED = "You can't perform this operation on the secret because it was marked for deletion."


class NotFound(SecretNotFoundException):
    """No such secret."""

    def __init__(self) -> None:
        super().__init__()
        self.code = 400


class NoValue(SecretHasNoValueException):
    """No value at that stage."""

    def __init__(self, *args: Any) -> None:  # noqa: ANN401 - passed on as they are
        super().__init__(*args)
        self.code = 400


class CompletedSecretsBackend(SecretsManagerBackend):
    """One region's secrets."""

    @property
    def _url_module(self) -> SimpleNamespace:
        """What moto looks for in `urls.py` beside the backend's module."""
        return SimpleNamespace(url_bases=urls.url_bases, url_paths=urls.url_paths)

    def create_secret(self, name: str, *args: Any, **kwargs: Any) -> str:  # noqa: ANN401 - passed on
        self._require_kept(name, NAME_SCHEDULED)
        return super().create_secret(name, *args, **kwargs)

    def put_secret_value(self, secret_id: str, *args: Any, **kwargs: Any) -> str:  # noqa: ANN401 - passed on
        self._require_kept(secret_id, SCHEDULED)
        return super().put_secret_value(secret_id, *args, **kwargs)

    def get_secret_value(self, secret_id: str, *args: Any, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401
        self._require_kept(secret_id, SCHEDULED)
        return super().get_secret_value(secret_id, *args, **kwargs)

    def _require_kept(self, secret_id: str, words: str) -> None:
        secret = self.secrets.get(secret_id)
        if secret is not None and secret.is_deleted():
            raise InvalidRequestException(words)


def register_secrets() -> None:
    """Let moto make completed backends and raise these from now on."""
    replaced: Any = models
    replaced.SecretNotFoundException = NotFound
    replaced.SecretHasNoValueException = NoValue
    secretsmanager_backends.backend = CompletedSecretsBackend
