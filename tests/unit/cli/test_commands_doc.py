"""docs/commands.md says what the commands do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import chain

import pytest
import typer
from tenantnet.addresses.claims import Claim, ClaimFinding, ClaimKind
from tenantnet.cli.claims import doubtful_as_json
from tenantnet.cli.main import app
from tenantnet.observed.progress import MoveProgress
from tenantnet.observed.status.tenant import TenantStatus
from tenantnet.tunnel.connecting import Connecting
from typer.core import TyperGroup

from tests.support.clone import CLONE

DOC = (CLONE / "docs" / "commands.md").read_text()
DOCUMENTS = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", DOC, re.DOTALL)]
STATUS, PROGRESS, AUDIT, CONNECTING = (
    next(each for each in DOCUMENTS if key in each)
    for key in ("networks", "downtimeSeconds", "doubtful", "ways")
)


def options_by_command(group: TyperGroup, name: str) -> Iterator[tuple[str, set[str]]]:
    for word, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from options_by_command(command, f"{name} {word}")
        else:
            options = ((*each.opts, *each.secondary_opts) for each in command.params)
            yield f"{name} {word}", set(chain.from_iterable(options))


ROOT = typer.main.get_group(app)
ALL = dict(options_by_command(ROOT, "tenantnet"))


@pytest.mark.parametrize("command", list(ALL))
def test_each_command_is_in_the_table(command: str) -> None:
    group, _, last = command.rpartition(" ")
    assert re.search(rf"^\| `{group} .*`?\b{last}\b", DOC, re.MULTILINE)


def test_each_example_is_a_command_with_options_that_exist() -> None:
    examples = re.findall(r"^    (tenantnet .*)$", DOC, re.MULTILINE)
    assert examples
    for example in examples:
        command = next(name for name in ALL if example.startswith(f"{name} "))
        assert set(re.findall(r"--[a-z-]+", example)) <= ALL[command], example


def test_the_status_document_is_one_that_the_command_could_print() -> None:
    status = TenantStatus.model_validate(STATUS)
    assert status.model_dump(mode="json", by_alias=True) == STATUS


def test_the_progress_document_is_one_that_the_command_could_print() -> None:
    assert MoveProgress.model_validate(PROGRESS).model_dump(mode="json", by_alias=True) == PROGRESS


def test_the_connecting_document_is_one_that_the_command_could_print() -> None:
    assert Connecting.model_validate(CONNECTING).model_dump(mode="json", by_alias=True) == CONNECTING


def test_the_audit_document_is_one_that_the_command_could_print() -> None:
    claim = Claim(cidr="10.7.7.0/26", tenant="acme", stack="acme", kind=ClaimKind.NETWORK, slot="green")
    (doubtful,) = AUDIT["doubtful"]
    assert doubtful_as_json(claim, ClaimFinding.NOT_IN_SETTINGS) == doubtful
