"""What the AWS plugin in use accepts and gives, asked of the plugin itself."""

from __future__ import annotations

import functools
import importlib.metadata
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import grpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from tests.support.clone import CLONE

SCHEMA_LIMIT = 400 << 20  # bytes; the official plugin's has some 50 MB
READY_LIMIT = 120  # seconds

Properties = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class PluginSchema:
    """A plugin's schema, as Pulumi defines the format. Property names are Pulumi's: `cidrBlock`."""

    document: Mapping[str, Any]

    def tokens(self) -> set[str]:
        """The types of all resources and functions: `aws:ec2/vpc:Vpc`, `aws:ec2/getVpc:getVpc`."""
        return {*self.document["resources"], *self.document["functions"]}

    def inputs(self, token: str) -> Properties:
        """What a resource accepts. Raises KeyError where there is no such resource."""
        properties: Properties = self.document["resources"][token]["inputProperties"]
        return properties

    def outputs(self, token: str) -> Properties:
        """What a resource gives. Raises KeyError where there is no such resource."""
        properties: Properties = self.document["resources"][token]["properties"]
        return properties

    def unknown_inputs(self, token: str, values: Mapping[str, Any]) -> list[str]:
        """The inputs that a resource does not accept, dotted: `rootBlockDevice.volumeSizes`.

        values: what a program sets, nested as it sets it; maps with keys of one's own (tags) are passed over.
        """
        return sorted(set(self._unknown(self.inputs(token), values, "")))

    def members(self, property_: Mapping[str, Any]) -> Properties | None:
        """The properties of an object, or of a list's objects; None for everything else."""
        if property_.get("type") == "array":
            return self.members(property_["items"])
        if "$ref" not in property_:
            return None
        name = unquote(property_["$ref"].removeprefix("#/types/"))
        properties: Properties | None = self.document["types"].get(name, {}).get("properties")
        return properties

    def _unknown(self, known: Properties, values: Mapping[str, Any], path: str) -> Iterator[str]:
        for name, value in values.items():
            if name not in known:
                yield f"{path}{name}"
                continue
            members = self.members(known[name])
            for one in value if isinstance(value, list) else [value]:
                if members is not None and isinstance(one, Mapping):
                    yield from self._unknown(members, one, f"{path}{name}.")


@functools.cache
def plugin_schema() -> PluginSchema:
    """The schema of the plugin that the engine will use; it takes a few seconds the first time."""
    with subprocess.Popen([plugin()], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            channel = grpc.insecure_channel(
                f"127.0.0.1:{process.stdout.readline().strip()}",
                options=[("grpc.max_receive_message_length", SCHEMA_LIMIT)],
            )
            request = provider_pb2.GetSchemaRequest(version=0)
            stub = provider_pb2_grpc.ResourceProviderStub(channel)
            return PluginSchema(json.loads(stub.GetSchema(request, timeout=READY_LIMIT).schema))
        finally:
            process.terminate()


def plugin() -> Path:
    """The AWS plugin of the installed pulumi_aws: in the clone's own engine, else in Pulumi's home."""
    version = importlib.metadata.version("pulumi-aws")
    homes = [CLONE / ".engine" / "home", Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")]
    candidates = [home / "plugins" / f"resource-aws-v{version}" / "pulumi-resource-aws" for home in homes]
    found = next((path for path in candidates if path.exists()), None)
    if found is None:
        raise FileNotFoundError(f"no AWS plugin {version} in {homes}: run scripts/setup")
    return found
