"""What leaves a stack proved unchanged changes nothing that the engine shows, whatever it is.

Which changes those are is shown without an engine: tests/unit/fleet/test_fingerprint.py.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sysconfig
import time
import venv
from collections.abc import Iterator
from pathlib import Path
from random import Random
from secrets import randbits
from urllib.parse import urlsplit

import pytest
from tenantnet.engine.events import STACK_TYPE, Operation, Status
from tenantnet.engine.process import StackProcess
from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.process import LocalCloud

from tests.support.project import Project
from tests.support.proof_ground import BESIDE, OTHER, PLATFORM, TENANT, Change, Ground, copy_package

pytestmark = pytest.mark.long
# Finds the program's module before anybody else does.
HOOK = """\
import importlib.util, sys

class Hook:
    def find_spec(self, name, path=None, target=None):
        if name != "tenantnet.components.private_vpc":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        execute = spec.loader.exec_module

        def changed(module):
            execute(module)
            module.LOG_RETENTION_DAYS = 30

        spec.loader.exec_module = changed
        return spec

sys.meta_path.insert(0, Hook())
"""
# Of ten kinds this makes a thousand changes, in ten previews.
CHANGES_AT_ONCE = 100


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(tmp_path_factory.mktemp("cloud"), real_databases=False) as running:
        yield running


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_package(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="module")
def virtualenv(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clone's packages with a copy of its own, which may be changed: by PYTHONPATH nothing is proved."""
    folder, clones = tmp_path_factory.mktemp("virtualenv"), Path(sysconfig.get_path("purelib"))
    venv.create(folder)
    place = packages_of(folder)
    for entry in clones.iterdir():
        # What leads to the clone's own.
        if not entry.name.startswith(("tenantnet", "__editable__")):
            Path(place, entry.name).symlink_to(entry)
    Path(place, "tenantnet.pth").write_text(f"{package.parent}\n", encoding="utf-8")
    return folder


def packages_of(virtualenv: Path) -> Path:
    bases = {"base": str(virtualenv), "platbase": str(virtualenv)}
    return Path(sysconfig.get_path("purelib", "venv", bases))


@pytest.fixture(scope="module")
def project(
    cloud: LocalCloud, package: Path, virtualenv: Path, tmp_path_factory: pytest.TempPathFactory
) -> Project:
    """It runs a copy of the clone's program and policies, which may be changed."""
    made = Project.of_clone(tmp_path_factory.mktemp("project") / "tenantnet", environment(cloud.state_dir))
    for name in ("infra", "policies", ".venv"):
        (made.folder / name).unlink()
    # The pack finds the project above its program's real folder, and its virtualenv beside its own. In the
    # package they would be part of the code.
    shutil.move(package, made.folder / "infra")
    package.symlink_to(made.folder / "infra")
    (made.folder / ".venv").symlink_to(virtualenv)
    shutil.move(package / "policies", made.folder)
    (package / "policies").symlink_to(made.folder / "policies")
    return made


@pytest.fixture(scope="module")
def ground(
    acme: Project, package: Path, virtualenv: Path, tmp_path_factory: pytest.TempPathFactory
) -> Ground:
    """The tenant's stack is unchanged, and another one is beside it."""
    backend = Path(urlsplit(acme.environment["PULUMI_BACKEND_URL"]).path)
    made = Ground(acme.folder, backend, package, acme.environment, packages_of(virtualenv))
    shutil.copy(made.settings(TENANT), made.settings(OTHER))
    shutil.copy(made.state(TENANT), made.state(OTHER))
    assert shown(made, tmp_path_factory.mktemp("first")) == ""
    return made


def shown(ground: Ground, folder: Path) -> str:
    """What a preview by the engine shows; empty if it is no change. folder: for its log."""
    stack = StackProcess(ground.folder, TENANT, folder / "log")
    variables = {**ground.environment, **ground.variables}
    command = ["preview", "--policy-pack", "policies"]
    result = asyncio.run(stack.run(command, variables, began=lambda _: None))
    log = result.log
    root = [each for each in log.steps if each.type == STACK_TYPE and each.status is Status.DONE]
    sides = [[side and side.outputs for side in (each.old, each.new)] for each in root]
    outputs_stay = bool(sides) and all(old == new for old, new in sides)
    said = [*(each.message for each in log.diagnostics), *map(str, log.violations)]
    if result.code == 0 and {*log.counts} == {Operation.SAME} and outputs_stay and not said:
        return ""
    return f"code {result.code}, {dict(log.counts)}, outputs stay: {outputs_stay}, {said} {result.said}"


@pytest.mark.parametrize("kind", BESIDE)
def test_what_leaves_a_stack_proved_changes_nothing_that_the_engine_shows(
    ground: Ground, kind: str, tmp_path: Path
) -> None:
    before, seeds = ground.fingerprint(), [randbits(32) for _ in range(CHANGES_AT_ONCE)]
    for seed in seeds:
        BESIDE[kind](ground, Random(seed))  # noqa: S311 - no secret
    after, changes = ground.fingerprint(), shown(ground, tmp_path)
    ground.restore()
    assert before is not None
    assert (after, changes) == (before, ""), seeds


def replaced(file: Path, old: str, new: str) -> Change:
    def change(ground: Ground, _: Random) -> None:
        path = ground.folder / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        ground.write(path, text.replace(old, new).encode())

    return change


def another_topic(ground: Ground, _: Random) -> None:
    state = json.loads(ground.state(PLATFORM).read_bytes())
    (root,) = [each for each in state["checkpoint"]["latest"]["resources"] if each["type"] == STACK_TYPE]
    root["outputs"]["alarmTopicArn"] += "-2"
    ground.write(ground.state(PLATFORM), json.dumps(state).encode())


def hook(ground: Ground, _: Random) -> None:
    ground.write(ground.packages / "hook.py", HOOK.encode())
    ground.write(ground.packages / "hook.pth", b"import hook\n")


RETENTION = replaced(
    Path("infra", "components", "private_vpc.py"), "LOG_RETENTION_DAYS = 90", "LOG_RETENTION_DAYS = 30"
)
SEEN: dict[str, Change] = {
    "the settings": replaced(Path("tenants", f"Pulumi.{TENANT}.yaml"), "198.51.100.7", "198.51.100.8"),
    "the program": RETENTION,
    "a hook beside the packages": hook,
    "the platform's outputs": another_topic,
    "the environment": lambda ground, _: ground.variables.update(TF_AWS_DEFAULT_TAGS_Owner="somebody"),
}


@pytest.mark.parametrize("kind", SEEN)
def test_what_the_engine_shows_is_told_by_the_fingerprint(ground: Ground, kind: str, tmp_path: Path) -> None:
    before = ground.fingerprint()
    SEEN[kind](ground, Random(0))  # noqa: S311 - no secret
    after, changes = ground.fingerprint(), shown(ground, tmp_path)
    ground.restore()
    assert (after != before, changes != "") == (True, True)


def has_begun(ground: Ground) -> bool:
    """Whether a program has declared something, so that it is imported."""
    logs = ground.folder.glob(f".tenantnet/fleet/*/{TENANT}.events")
    return any(b"aws:" in log.read_bytes() for log in logs)


@pytest.mark.parametrize(("meanwhile", "proofs"), [(lambda *_: None, 1), (RETENTION, 0)])
def test_what_changes_while_a_shared_language_host_has_read_it_is_not_proved(
    ground: Ground, virtualenv: Path, meanwhile: Change, proofs: int
) -> None:
    code = "from tenantnet.cli.main import run; run()"
    words = ["fleet", "preview", TENANT, "--all-engines", "--policy-pack", "policies", "--json"]
    kept = ground.backend / ".tenantnet" / "unchanged" / "tenantnet" / TENANT
    shutil.rmtree(kept, ignore_errors=True)
    with subprocess.Popen(
        [virtualenv / "bin" / "python", "-P", "-c", code, *words],
        cwd=ground.folder,
        env={**os.environ, **ground.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        while running.poll() is None and not has_begun(ground):
            time.sleep(0.01)
        meanwhile(ground, Random(0))  # noqa: S311 - no secret
        printed, said = running.communicate()
    ground.restore()
    assert running.returncode == 0, said
    # It has seen what was there as it began.
    assert {*json.loads(printed)["tenants"][TENANT]["changes"]} == {"same"}
    assert len(list(kept.glob("*"))) == proofs
