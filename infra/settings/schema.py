"""The JSON Schema of the settings files: editors complete keys, show what they mean and mark mistakes.

It describes shapes and types. Reserved ranges, overlaps and clock changes are
checked by `tenantnet settings check`.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from tenantnet.settings.aws_keys import PERMITTED
from tenantnet.settings.checks import ACCOUNT_PATTERN
from tenantnet.settings.loading import PASSWORD_KEY, PLATFORM_KEY, TENANT_KEY
from tenantnet.settings.models import PlatformFile, TenantFile
from tenantnet.settings.project import StackKind

JsonSchema = dict[str, Any]

_REGION: JsonSchema = {
    "type": "string",
    "description": "The AWS region of the stack.",
    "examples": ["eu-west-1"],
}
_ACCOUNTS: JsonSchema = {"type": "array", "items": {"type": "string", "pattern": ACCOUNT_PATTERN}}
_AWS: dict[str, JsonSchema] = {
    "aws:region": _REGION,
    "aws:allowedAccountIds": {**_ACCOUNTS, "description": "The AWS accounts that the stack may be in."},
    "aws:forbiddenAccountIds": {**_ACCOUNTS, "description": "The AWS accounts that it may not be in."},
    "aws:maxRetries": {"type": "integer", "description": "How often a call of AWS is tried again."},
}
_PASSWORD: JsonSchema = {
    "type": "object",
    "description": f"The database's password, encrypted: pulumi config set --secret {PASSWORD_KEY}",
    "properties": {"secure": {"type": "string", "description": "What Pulumi encrypted."}},
    "required": ["secure"],
    "additionalProperties": False,
}


_MODELS: dict[StackKind, tuple[str, type[BaseModel]]] = {
    StackKind.TENANT: (TENANT_KEY, TenantFile),
    StackKind.PLATFORM: (PLATFORM_KEY, PlatformFile),
}


def file_schema(kind: StackKind | None = None) -> JsonSchema:
    """The schema (draft 7) of a whole settings file of that kind, or of both kinds if kind is None."""
    kinds = [kind] if kind else [*StackKind]
    definitions: JsonSchema = {}
    properties: JsonSchema = {**_AWS}
    for one in kinds:
        key, model = _MODELS[one]
        schema = model.model_json_schema()
        definitions |= schema.pop("$defs", {})
        properties[key] = schema
    if StackKind.TENANT in kinds:
        properties[PASSWORD_KEY] = _PASSWORD
    keys = [_MODELS[one][0] for one in kinds]
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": f"Settings of a Tenantnet {' or '.join(kinds)} stack",
        "type": "object",
        "required": ["config"],
        "properties": {
            "config": {
                "type": "object",
                "description": "The stack's configuration, as Pulumi reads it.",
                "properties": properties,
                "propertyNames": {"not": {"pattern": rf"^aws:(?!({'|'.join(PERMITTED)})$)"}},
                "oneOf": [{"required": [key]} for key in keys],
            }
        },
        "$defs": definitions,
    }
