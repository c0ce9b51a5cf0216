"""A stack's fingerprint tells each change of what its preview follows from, and no other one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random
from secrets import randbits

import pytest
from tenantnet.engine.events import STACK_TYPE
from tenantnet.engine.plugins import aws_plugin
from tenantnet.toolchain.go import HEAD_OF_PROGRAM

from tests.end_to_end.conftest import ACME
from tests.support.clone import CLONE
from tests.support.plain_yaml import plain_yaml
from tests.support.proof_ground import (
    BESIDE,
    FOLLOWED,
    OTHER,
    PLATFORM,
    TENANT,
    Change,
    Ground,
    copy_package,
    install,
)
from tests.support.states import checkpoint

# Of 30 kinds this makes more than a thousand changes.
OF_EACH_KIND = 40


def state(cell: str, **outputs: object) -> bytes:
    """As Pulumi writes it."""
    zone = {
        "type": "aws:route53/zone:Zone",
        "id": "Z1",
        "outputs": {"zoneId": "Z1", "name": "db.example.com"},
    }
    root = {"type": STACK_TYPE, "outputs": {"cell": cell, **outputs}}
    return json.dumps(checkpoint(root, zone), indent=4).encode()


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    top = tmp_path_factory.mktemp("ground")
    home, packages = {"PULUMI_HOME": str(top / "home")}, top / "packages"
    made = Ground(top / "work" / "project", top / "backend", copy_package(top / "package"), home, packages)
    made.folder.mkdir(parents=True)
    shutil.copy(CLONE / "Pulumi.yaml", made.folder)
    # As a clone has them: the program's folder beside the pack's.
    (made.folder / "infra").symlink_to(made.package)
    shutil.move(made.package / "policies", made.folder)
    (made.package / "policies").symlink_to(made.folder / "policies")
    made.settings(TENANT).parent.mkdir()
    for name, config in {TENANT: {"tenantnet:tenant": ACME}, OTHER: {}, PLATFORM: {}}.items():
        with made.settings(name).open("w") as file:
            plain_yaml().dump({"config": {"aws:region": "eu-west-1", **config}}, file)
        made.state(name).parent.mkdir(parents=True, exist_ok=True)
        made.state(name).write_bytes(state("local", phase="steady", zoneId="Z1", networks={"blue": {}}))
    program = Path(home["PULUMI_HOME"], "plugins", f"resource-aws-v{aws_plugin()[0]}", "pulumi-resource-aws")
    program.parent.mkdir(parents=True)
    program.write_bytes(Random(1).randbytes(2 * HEAD_OF_PROGRAM))  # noqa: S311
    program.chmod(0o755)
    install(packages, "library", "1")
    install(packages, "pulumi_aws", aws_plugin()[0])
    for module in (
        made.package / "ours/names.py",
        made.package / "yaml.py",
        made.folder / "shared/limits.py",
    ):
        module.parent.mkdir(exist_ok=True)
        module.write_bytes(b"NAME = 1\n")
    (made.folder / "policies" / "lib").symlink_to("../shared")
    (made.folder / "policies" / "around").symlink_to(".")
    for cell in ("eu1", "eu2"):
        cells = made.package / "ours" / "cells" / cell / "inner"
        cells.mkdir(parents=True)
        (cells / "names.py").write_text(f"NAME = '{cell}'\n")
    (made.package / "ours" / "current").symlink_to("cells/eu1")
    return made


def changes(ground: Ground, change: Change) -> Iterator[tuple[int, bool]]:
    """The seeds of many changes, each taken back before the next one, and whether the fingerprint tells."""
    before = ground.fingerprint()
    assert before is not None
    for _ in range(OF_EACH_KIND):
        seed = randbits(32)
        change(ground, Random(seed))  # noqa: S311 - no secret
        yield seed, ground.fingerprint() != before
        ground.restore()
    assert ground.fingerprint() == before


@pytest.mark.parametrize("kind", FOLLOWED)
def test_each_change_of_what_a_preview_follows_from_is_told(ground: Ground, kind: str) -> None:
    assert [seed for seed, is_told in changes(ground, FOLLOWED[kind]) if not is_told] == []


def test_a_link_that_leads_to_another_folder_of_the_program_is_told(ground: Ground) -> None:
    """Both are there beside it, so all that can be read is as it was."""
    link, before = ground.package / "ours" / "current", ground.fingerprint()
    link.unlink()
    link.symlink_to("cells/eu2")
    told = ground.fingerprint() != before
    link.unlink()
    link.symlink_to("cells/eu1")
    assert (told, ground.fingerprint()) == (True, before)


@pytest.mark.parametrize("file", ["vpn/own.py", "console/static/console.css", "shipped/own.txt"])
def test_every_file_of_the_package_counts_whoever_reads_it(ground: Ground, file: str) -> None:
    """A module that is edited may import from any room, and open any file."""
    own, before = ground.package / file, ground.fingerprint()
    ground.write(own, b"DAYS = 30\n")
    told = ground.fingerprint() != before
    ground.restore()
    assert (before is not None, told) == (True, True)


@pytest.mark.parametrize("kind", BESIDE)
def test_a_change_of_anything_else_leaves_the_stack_proved(ground: Ground, kind: str) -> None:
    assert [seed for seed, is_told in changes(ground, BESIDE[kind]) if is_told] == []
