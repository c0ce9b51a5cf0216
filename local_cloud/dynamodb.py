"""DynamoDB, completed: what a call reads, judges and writes is one step, whoever else calls at the same time.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ConditionExpressions.html
moto looks at a condition first and writes then: of two calls at once both could find it met.
"""

from __future__ import annotations

from threading import Lock
from types import SimpleNamespace

from moto.core.common_types import TYPE_RESPONSE
from moto.dynamodb import urls
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.responses import DynamoHandler


class CompletedDynamoDBHandler(DynamoHandler):
    """All calls, one after another: none takes longer than its items."""

    _turn = Lock()

    def call_action(self) -> TYPE_RESPONSE:
        """Answer the call while no other is answered."""
        with self._turn:
            answer: TYPE_RESPONSE = super().call_action()  # untyped there: a decorator hides the type
        return answer


class CompletedDynamoDBBackend(DynamoDBBackend):
    """One region's DynamoDB."""

    @property
    def _url_module(self) -> SimpleNamespace:
        """What moto looks for in `urls.py` beside the backend's module."""
        paths = dict.fromkeys(urls.url_paths, CompletedDynamoDBHandler.dispatch)
        return SimpleNamespace(url_bases=urls.url_bases, url_paths=paths)


def register_dynamodb() -> None:
    """Let moto make completed backends from now on."""
    dynamodb_backends.backend = CompletedDynamoDBBackend
