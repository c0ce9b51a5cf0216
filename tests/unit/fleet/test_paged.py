"""Which tenants' drift is read by pages."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tenantnet.cli.fleet.run import Asked
from tenantnet.engine.states import BACKEND_FILE, States, Store, store_of
from tenantnet.fleet.paged import FEW, _at_rest, read_states
from tenantnet.fleet.record import FleetOperation
from tenantnet.observed.drift.state import PROVIDER
from tenantnet.settings.project import find_project

from tests.support.states import checkpoint

RESOURCES: list[dict[str, Any]] = [
    {"type": "pulumi:pulumi:Stack", "urn": "urn::stack"},
    {
        "type": PROVIDER,
        "urn": "urn::aws",
        "id": "1",
        "inputs": {
            "region": "eu-west-1",
            "skipRegionValidation": "true",
            "version": "7.51.1",
            "__internal": {},
        },
    },
    {
        "type": "aws:ec2/vpc:Vpc",
        "urn": "urn::vpc",
        "id": "vpc-1",
        "provider": "urn::aws::1",
        "ignoreChanges": ["tags"],
        "pendingReplacement": True,
        "inputs": {"cidrBlock": "10.1.2.0/26"},
        "outputs": {
            **{"cidrBlock": "10.1.2.0/26", "arn": "arn:aws:ec2:::vpc", "ownerId": "1"},
            "instanceTenancy": "default",
        },
    },
]


@pytest.mark.parametrize(
    ("operation", "tenants", "asked", "by_pages"),
    [
        (FleetOperation.DRIFT, FEW + 1, None, True),
        (FleetOperation.DRIFT, FEW, None, False),
        (FleetOperation.DRIFT, 1, True, True),
        (FleetOperation.DRIFT, 1000, False, False),
        (FleetOperation.PREVIEW, 1000, None, False),
    ],
)
def test_many_tenants_are_read_by_pages_unless_asked_otherwise(
    operation: FleetOperation, tenants: int, asked: bool | None, by_pages: bool
) -> None:
    options = Asked([], None, None, None, None, None, resume=False, pages=asked)
    assert options.by_pages(operation, tenants) is by_pages


def test_of_each_state_that_can_be_read_what_is_compared_is_kept(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: tenantnet\n")
    stacks = tmp_path / ".pulumi" / "stacks" / "tenantnet"
    stacks.mkdir(parents=True)
    state = json.dumps(checkpoint(*RESOURCES)).encode()
    (stacks / "acme.json").write_bytes(state)
    (stacks / "globex.json.gz").write_bytes(gzip.compress(state))
    (stacks / "hooli.json").write_bytes(b'{"checkpoint": []}')
    (stacks / "initech.json").write_bytes(state)
    lock = tmp_path / ".pulumi" / "locks" / "organization" / "tenantnet" / "initech" / "1.json"
    lock.parent.mkdir(parents=True)
    lock.write_text("{}")
    store = store_of(f"file://{tmp_path}")
    assert store
    states = States(store, find_project(tmp_path))
    (stacks / "wayne.json").write_bytes(state.replace(b'"skipRegionValidation"', b'"profile"'))
    found = read_states(states, ["acme", "globex", "hooli", "initech", "umbrella", "wayne"])
    outputs = {"cidrBlock": "10.1.2.0/26", "arn": "arn:aws:ec2:::vpc", "instanceTenancy": "default"}
    kept = {key: RESOURCES[2][key] for key in ("type", "urn", "id", "inputs", "ignoreChanges")}
    kept |= {"outputs": outputs, "goes": True}
    assert {name: stack[1:] for name, stack in found.items()} == {
        name: ("eu-west-1", [kept]) for name in ("acme", "globex")
    }


@dataclass
class Meanwhile:
    """A backend in which something happens behind the first list of stacks or locks."""

    store: Store
    happens: Callable[[], None]
    has_happened: bool = False

    def versions(self, prefix: str) -> Iterator[tuple[str, str]]:
        yield from self.store.versions(prefix)
        if prefix != BACKEND_FILE and not self.has_happened:
            self.has_happened = True
            self.happens()

    def read(self, name: str) -> bytes:
        return self.store.read(name)

    def write(self, name: str, content: bytes = b"") -> None:
        self.store.write(name, content)

    def remove(self, name: str) -> None:
        self.store.remove(name)


def test_a_stack_whose_update_ends_between_two_looks_is_not_at_rest_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: tenantnet\n")
    state, lock = ".pulumi/stacks/tenantnet/acme.json", ".pulumi/locks/organization/tenantnet/acme/1.json"
    store = store_of(f"file://{tmp_path}")
    assert store
    for name in (BACKEND_FILE, state, lock):
        store.write(name, b"version: 1")

    def end() -> None:
        store.write(state, b"{}")
        store.remove(lock)

    assert _at_rest(States(Meanwhile(store, end), find_project(tmp_path)), ["acme"]) == {}
