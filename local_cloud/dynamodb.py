"""DynamoDB, completed: what a call reads, judges and writes is one step, whoever else calls at the same time.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ConditionExpressions.html
moto looks at a condition first and writes then: of two calls at once both could find it met.
"""

from __future__ import annotations

from threading import Lock
from time import time
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from moto.core.common_types import TYPE_RESPONSE
from moto.dynamodb import models, urls
from moto.dynamodb.exceptions import MockValidationException, ResourceInUseException
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.table import Table as MotoTable
from moto.dynamodb.responses import DynamoHandler
from tenantnet.local_cloud.pace import here, now

# moto's words are others. https://github.com/nubo-db/dynoxide/issues/46
PROTECTED = (
    "Resource cannot be deleted as it is currently protected against deletion. "
    "Disable deletion protection first."
)
# By public recordings, for a table without indexes.
CREATE_SECONDS = 8.0
# That it takes a while is recorded, not how long.
DELETE_SECONDS = 8.0


class Table(MotoTable):
    """A table that is being made for a while."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on as they are
        super().__init__(*args, **kwargs)
        self._made_at = now() + here(CREATE_SECONDS)
        self.deleting = False
        self._id, self._paid_per_request_since = str(uuid4()), time()

    def describe(self, base_key: str = "TableDescription") -> dict[str, Any]:
        described = super().describe(base_key)
        if billing := described[base_key].get("BillingModeSummary"):
            billing.setdefault("LastUpdateToPayPerRequestDateTime", self._paid_per_request_since)
        if now() >= self._made_at or base_key == "TableDescription":
            described[base_key]["TableId"] = self._id
        if self.deleting or now() < self._made_at:
            described[base_key]["TableStatus"] = "DELETING" if self.deleting else "CREATING"
            if base_key == "TableDescription" and (warm := described[base_key].get("WarmThroughput")):
                described[base_key]["WarmThroughput"] = {**warm, "Status": "UPDATING"}
        return described


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

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._leaving: dict[str, tuple[Table, float]] = {}

    @property
    def _url_module(self) -> SimpleNamespace:
        """What moto looks for in `urls.py` beside the backend's module."""
        paths = dict.fromkeys(urls.url_paths, CompletedDynamoDBHandler.dispatch)
        return SimpleNamespace(url_bases=urls.url_bases, url_paths=paths)

    def create_table(self, name: str, *args: Any, **kwargs: Any) -> MotoTable:  # noqa: ANN401 - passed on
        """Create a table; the name of one that is being deleted is not free yet."""
        if self._being_deleted(name):
            raise ResourceInUseException(
                f"Attempt to change a resource which is still in use: Table is being deleted: {name}"
            )
        return super().create_table(name, *args, **kwargs)

    def describe_table(self, name: str) -> dict[str, Any]:
        """What there is, also while it is being deleted."""
        leaving = self._being_deleted(name)
        return leaving.describe(base_key="Table") if leaving else super().describe_table(name)

    def delete_table(self, name: str) -> MotoTable:
        """Delete the table, which takes a while; to ask for it again meanwhile is no error."""
        if leaving := self._being_deleted(name):
            return leaving
        if self.get_table(name).deletion_protection_enabled:
            raise MockValidationException(PROTECTED)
        table = super().delete_table(name)
        if isinstance(table, Table):
            table.deleting = True
            self._leaving[table.name] = (table, now() + here(DELETE_SECONDS))
        return table

    def _being_deleted(self, name: str) -> Table | None:
        table, end = self._leaving.get(name, (None, 0.0))
        return table if now() < end else None


def register_dynamodb() -> None:
    """Let moto make completed backends and tables from now on."""
    dynamodb_backends.backend = CompletedDynamoDBBackend
    replaced: Any = models
    replaced.Table = Table
