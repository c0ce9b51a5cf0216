"""Secrets Manager, completed: what is not there is answered with HTTP status 400, as AWS was recorded to."""

from __future__ import annotations

from typing import Any

from moto.secretsmanager import models
from moto.secretsmanager.exceptions import SecretHasNoValueException, SecretNotFoundException


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


def register_secrets() -> None:
    """Let moto raise these from now on."""
    replaced: Any = models
    replaced.SecretNotFoundException = NotFound
    replaced.SecretHasNoValueException = NoValue
