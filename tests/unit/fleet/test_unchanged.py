"""Stacks that are proved unchanged: what a proof follows from, and what is no proof."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pulumi.automation.events import StepEventStateMetadata
from tenantnet.engine.events import STACK_TYPE, Diagnostic, EngineLog, Operation, Status, Step, Violation
from tenantnet.engine.plugins import aws_plugin
from tenantnet.engine.states import store_of
from tenantnet.failure import Failure
from tenantnet.fleet import ground, unchanged
from tenantnet.fleet.targets import read_targets
from tenantnet.fleet.unchanged import Proofs, find_proofs
from tenantnet.settings.project import WHEELS_PACK, find_project

from tests.support.examples import examples
from tests.support.processes import a_program
from tests.support.proof_ground import install, only_packages_in
from tests.support.states import checkpoint

SETTINGS = """\
encryptionsalt: v1:salt
config:
  aws:region: eu-west-1
  tenantnet:tenant:
    platform: platform-eu1
    sessionSubnet: 172.17.1.0/24
"""
RESTING: dict[str, Any] = {"phase": "steady", "production": "blue", "move": 0}


@dataclass
class Fleet:
    """A project, its pack and its backend in a folder."""

    folder: Path
    engine: str = "v3.200.0"
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.folder / "tenants").mkdir(parents=True)
        (self.folder / "Pulumi.yaml").write_text("name: tenantnet\nstackConfigDir: tenants\nmain: .\n")
        (self.folder / "policies").mkdir()
        (self.folder / "policies" / "PulumiPolicy.yaml").write_text("runtime: python\n")
        (self.folder / "policies" / "__main__.py").write_text(WHEELS_PACK)
        self.write_state("platform-eu1", {"cell": "eu1"})
        for name in ("acme", "globex"):
            self.settings(name).write_text(SETTINGS)
            self.write_state(name, RESTING)

    @property
    def states(self) -> Path:
        return self.folder / "state" / ".pulumi" / "stacks" / "tenantnet"

    def settings(self, name: str) -> Path:
        return self.folder / "tenants" / f"Pulumi.{name}.yaml"

    def write_state(self, name: str, outputs: dict[str, Any], serial: int = 0) -> None:
        self.states.mkdir(parents=True, exist_ok=True)
        root = {"type": STACK_TYPE, "outputs": outputs}
        state = {**checkpoint(root), "serial": serial}
        (self.states / f"{name}.json").write_text(json.dumps(state))

    def proofs(self, pack: str | None = None) -> Proofs:
        store = store_of(f"file://{self.folder / 'state'}?metadata=skip")
        assert store
        return Proofs(find_project(self.folder), store, pack, lambda: self.engine, self.said.append)

    def preview(self, name: str, seen: EngineLog, meanwhile: Callable[[], object] = lambda: None) -> None:
        proofs, target = self.proofs(), read_targets(find_project(self.folder))[name]
        before = proofs.fingerprint(target)
        meanwhile()
        proofs.keep(target, before, seen)

    def proved(self) -> set[str]:
        return self.proofs().proved(read_targets(find_project(self.folder)).values())


def without_change(outputs: dict[str, Any] | None = None) -> EngineLog:
    """The log of a preview without a change. outputs: those that the program exports now."""
    old, empty, new = (
        StepEventStateMetadata("", "", "", "", "", outputs=each) for each in (RESTING, {}, outputs or RESTING)
    )
    root = partial(Step, operation=Operation.SAME, urn="urn::acme", type=STACK_TYPE, old=old)
    steps = [root(status=Status.STARTED, new=empty), root(new=new)]
    return EngineLog(steps=steps, counts=Counter({Operation.SAME: 45}))


@contextmanager
def environment_in(place: Path) -> Iterator[None]:
    """A folder of installed packages, for a program that is the project's, and an engine's plugin."""
    version, home = aws_plugin()[0], place.parent / "home"
    install(place, "pulumi_aws", version)
    a_program(home / "plugins" / f"resource-aws-v{version}" / "pulumi-resource-aws", "")
    with only_packages_in(place), patch.dict(os.environ, {"PULUMI_HOME": str(home)}):
        yield


@pytest.fixture(autouse=True)
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}/state")
    monkeypatch.setattr(unchanged, "engine_identity", lambda: "v3.200.0")
    with environment_in(tmp_path / ".venv"):
        yield tmp_path / ".venv"


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    found = Fleet(tmp_path)
    for name in ("acme", "globex"):
        found.preview(name, without_change())
    return found


def test_a_preview_without_a_change_proves_its_stack_and_no_other(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path)
    assert fleet.proved() == set()
    fleet.preview("acme", without_change())
    assert fleet.proved() == {"acme"}
    assert fleet.said == []


CHANGES: dict[str, Callable[[Fleet], object]] = {
    "the settings": lambda fleet: fleet.settings("acme").write_text(SETTINGS + "# a remark\n"),
    "the secrets": lambda fleet: fleet.settings("acme").write_text(SETTINGS.replace("salt", "other")),
    "the state": lambda fleet: fleet.write_state("acme", RESTING, serial=1),
    "no state": lambda fleet: (fleet.states / "acme.json").unlink(),
    "the settings of another": lambda fleet: fleet.settings("acme").write_text(
        SETTINGS.replace("platform-eu1", "platform-us1")
    ),
}
CHANGES_OF_ALL: dict[str, Callable[[Fleet], object]] = {
    "the platform's outputs": lambda fleet: fleet.write_state("platform-eu1", {"cell": "eu2"}),
    "the platform's absence": lambda fleet: (fleet.states / "platform-eu1.json").unlink(),
    "the project": lambda fleet: (fleet.folder / "Pulumi.yaml").write_text(
        "name: tenantnet\nstackConfigDir: tenants\nmain: .\nconfig: {'a:b': 1}\n"
    ),
    "another project's file": lambda fleet: (fleet.folder / "Pulumi.yml").write_text("name: tenantnet\n"),
    "the engine": lambda fleet: setattr(fleet, "engine", "v3.201.0"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_stack_is_not_proved(fleet: Fleet, change: str) -> None:
    assert fleet.proved() == {"acme", "globex"}
    CHANGES[change](fleet)
    assert fleet.proved() == {"globex"}


def edit(old: str, new: str) -> Callable[[Path, Path], object]:
    """A change of a settings file."""

    def change(settings_file: Path, _: Path) -> None:
        before = settings_file.read_bytes()
        settings_file.write_bytes(before.replace(old.encode(), new.encode()))
        assert settings_file.read_bytes() != before

    return change


def rewrite(old: str, new: str) -> Callable[[Path, Path], object]:
    """A change of a state."""
    return lambda _, state: edit(old, new)(state, state)


TWENTY: tuple[Callable[[Path, Path], object], ...] = (
    edit("config:", "# a remark\nconfig:"),
    edit("v1:salt", "v1:other"),
    edit("eu-west-1", "eu-west-2"),
    edit("platform-eu1", "platform-us1"),
    edit("172.17.1.0/24", "172.17.2.0/24"),
    edit("172.17.1.0/24\n", "172.17.1.0/24"),
    edit("172.17.1.0/24\n", "172.17.1.0/24\n\n"),
    edit("\n", "\r\n"),
    edit("    platform: platform-eu1\n", "    platform:  platform-eu1\n"),
    edit("    platform: platform-eu1\n", ""),
    edit("config:", "environment: [shared]\nconfig:"),
    edit("  tenantnet:tenant:", "  tenantnet:databasePassword: {secure: v1:x}\n  tenantnet:tenant:"),
    rewrite('"serial": 0', '"serial": 1'),
    rewrite('"steady"', '"replicating"'),
    rewrite('"blue"', '"green"'),
    rewrite('"move": 0', '"move": 1'),
    rewrite('"version": 3', '"version":  3'),
    lambda _, state: state.unlink(),
    lambda _, state: state.write_bytes(b""),
    lambda _, state: state.rename(state.with_suffix(".json.gz")),
)


def test_of_two_hundred_exactly_the_twenty_that_were_changed_are_not_proved(fleet: Fleet) -> None:
    names = [f"t{number:03}" for number in range(200)]
    for name in names:
        shutil.copy(fleet.settings("acme"), fleet.settings(name))
        shutil.copy(fleet.states / "acme.json", fleet.states / f"{name}.json")
    proofs, targets = fleet.proofs(), read_targets(find_project(fleet.folder))
    for name in names:
        proofs.keep(targets[name], proofs.fingerprint(targets[name]), without_change())
    assert fleet.proved() >= {*names}
    changed = names[3::10]
    for name, change in zip(changed, TWENTY, strict=True):
        change(fleet.settings(name), fleet.states / f"{name}.json")
    assert {*names} - fleet.proved() == {*changed}


@pytest.mark.parametrize("change", CHANGES_OF_ALL)
def test_what_all_stacks_follow_from_changes_all_of_them(fleet: Fleet, change: str) -> None:
    CHANGES_OF_ALL[change](fleet)
    assert fleet.proved() == set()


@pytest.mark.parametrize(
    "variable",
    [
        *("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_EC2"),
        *("PULUMI_EXPERIMENTAL", "TF_AWS_DEFAULT_TAGS_Owner"),
    ],
)
def test_a_program_that_sees_another_environment_is_another(
    fleet: Fleet, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "elsewhere")
    assert fleet.proved() == set()


@pytest.mark.parametrize("variable", ["PULUMI_CONFIG_PASSPHRASE", "PULUMI_ACCESS_TOKEN", "PULUMI_HOME"])
def test_who_sees_it_and_where_from_changes_nothing(
    fleet: Fleet, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (fleet.folder / "elsewhere").symlink_to("home")
    monkeypatch.setenv(variable, str(fleet.folder / "elsewhere"))
    assert fleet.proved() == {"acme", "globex"}


def test_an_engine_that_takes_any_plugin_that_it_finds_proves_nothing(fleet: Fleet) -> None:
    shutil.rmtree(fleet.folder / "home")
    assert "no AWS plugin" in why_nothing_is_proved(fleet)


@pytest.mark.parametrize(
    "variable",
    ["PULUMI_OPTION_CONFIG_FILE", "PULUMI_DEBUG_PROVIDERS", "PULUMI_DEBUG_LANGUAGES", "PYTHONPATH"],
)
def test_what_a_variable_leads_to_is_unseen_and_proves_nothing(
    tmp_path: Path, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "elsewhere")
    assert why_nothing_is_proved(Fleet(tmp_path), "policies") == f"{variable} may lead to what nobody sees"


def test_previews_that_look_at_aws_prove_nothing(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path)
    project = fleet.folder / "Pulumi.yaml"
    project.write_text(f"{project.read_text()}options: {{refresh: always}}\n")
    assert "options.refresh" in why_nothing_is_proved(fleet)


@pytest.mark.parametrize("name", ["packages", "plugins"])
def test_what_the_project_leads_the_engine_to_is_unseen_and_proves_nothing(tmp_path: Path, name: str) -> None:
    fleet = Fleet(tmp_path)
    project = fleet.folder / "Pulumi.yaml"
    project.write_text(f"{project.read_text()}{name}: {{analyzers: [{{name: policy-python, path: ours}}]}}\n")
    assert why_nothing_is_proved(fleet) == f"`{name}` in Pulumi.yaml may lead to what nobody sees"


def test_outputs_that_cannot_be_read_here_prove_nothing(fleet: Fleet) -> None:
    platform = fleet.states / "platform-eu1.json"
    platform.rename(platform.with_suffix(".json.zst"))
    fleet.preview("acme", without_change())
    assert (fleet.proved(), fleet.said) == (set(), [])


def test_a_platform_of_an_odd_name_is_one_that_is_not_there(fleet: Fleet) -> None:
    fleet.settings("acme").write_text(SETTINGS.replace("platform-eu1", "'a**[x'"))
    assert fleet.proved() == {"globex"}


def test_what_the_platform_changes_beside_its_outputs_changes_no_tenant(fleet: Fleet) -> None:
    fleet.write_state("platform-eu1", {"cell": "eu1"}, serial=7)
    assert fleet.proved() == {"acme", "globex"}


def test_a_change_taken_back_is_proved_as_before_until_another_preview(fleet: Fleet) -> None:
    fleet.settings("acme").write_text(SETTINGS + "# a remark\n")
    assert fleet.proved() == {"globex"}
    fleet.settings("acme").write_text(SETTINGS)
    assert fleet.proved() == {"acme", "globex"}
    fleet.settings("acme").write_text(SETTINGS + "# a remark\n")
    fleet.preview("acme", without_change())
    assert (
        len(list((fleet.folder / "state" / ".tenantnet" / "unchanged" / "tenantnet" / "acme").iterdir())) == 1
    )


UNPROVED: dict[str, EngineLog] = {
    "a change": EngineLog(counts=Counter({Operation.SAME: 44, Operation.UPDATE: 1})),
    "nothing counted": EngineLog(),
    "another output": without_change({**RESTING, "move": 1}),
    "a finding of the pack": EngineLog(
        steps=without_change().steps,
        counts=without_change().counts,
        violations=[Violation(policy="tags", level="advisory", message="")],
    ),
    "another stack that is read": EngineLog(
        steps=[
            *without_change().steps,
            Step(operation=Operation.SAME, urn="urn::shared", type="pulumi:pulumi:StackReference"),
        ],
        counts=without_change().counts,
    ),
    "a warning": EngineLog(
        steps=without_change().steps,
        counts=without_change().counts,
        diagnostics=[Diagnostic(severity="warning", message="a claim is gone")],
    ),
}


@pytest.mark.parametrize("what", UNPROVED)
def test_a_preview_that_shows_anything_proves_nothing(tmp_path: Path, what: str) -> None:
    fleet = Fleet(tmp_path)
    fleet.preview("acme", UNPROVED[what])
    assert fleet.proved() == set()


MEANWHILE: dict[str, Callable[[Fleet], object]] = {
    **CHANGES,
    **CHANGES_OF_ALL,
    "a package": lambda fleet: install(fleet.folder / ".venv", "other", "2"),
    "a project that cannot be read": lambda fleet: (fleet.folder / "Pulumi.yaml").write_text("{"),
    "a package to be edited": lambda fleet: editable(fleet.folder / ".venv"),
}


@pytest.mark.parametrize("change", MEANWHILE)
def test_what_changes_under_a_preview_is_not_proved_by_it(tmp_path: Path, change: str) -> None:
    fleet = Fleet(tmp_path)
    fleet.preview("acme", without_change(), lambda: MEANWHILE[change](fleet))
    kept = [*fleet.folder.glob(f"state/{unchanged.PROOFS}*/*/*")]
    assert (kept, fleet.said) == ([], [])


@pytest.mark.parametrize("name", ["Pulumi.yaml", "tenants/Pulumi.acme.yaml", ".venv/copied.py"])
def test_what_was_changed_and_put_back_under_a_preview_is_not_proved_by_it(tmp_path: Path, name: str) -> None:
    fleet = Fleet(tmp_path)
    (fleet.folder / ".venv" / "copied.py").touch()

    def rewritten() -> None:
        former = (fleet.folder / name).read_bytes()
        (fleet.folder / name).write_bytes(b"")
        (fleet.folder / name).write_bytes(former)

    fleet.preview("acme", without_change(), rewritten)
    assert fleet.proved() == set()


def test_a_language_host_that_has_read_former_code_proves_nothing_of_the_present(fleet: Fleet) -> None:
    """It has read all of it before the first preview of its run begins."""
    proofs = fleet.proofs()
    (fleet.folder / ".venv" / "sitecustomize.py").write_text("pass\n")
    targets = read_targets(find_project(fleet.folder))
    for name, target in targets.items():
        proofs.keep(target, proofs.fingerprint(target), without_change())
        assert fleet.proved() == set(), name


def test_a_stack_that_was_edited_after_its_run_began_is_not_proved(tmp_path: Path) -> None:
    """Its plugin is the one of its former settings."""
    fleet = Fleet(tmp_path)
    proofs, target = fleet.proofs(), read_targets(find_project(fleet.folder))["acme"]
    fleet.settings("acme").write_text(SETTINGS.replace("eu-west-1", "eu-west-2"))
    proofs.keep(target, proofs.fingerprint(target), without_change())
    assert fleet.proved() == set()


def test_a_proof_of_one_stack_proves_no_other_one(fleet: Fleet) -> None:
    """Though settings and state are alike."""
    proofs = fleet.folder / "state" / unchanged.PROOFS / "tenantnet"
    shutil.rmtree(proofs / "globex")
    shutil.copytree(proofs / "acme", proofs / "globex")
    assert fleet.proved() == {"acme"}


def why_nothing_is_proved(fleet: Fleet, pack: str | None = None) -> str:
    said = list[str]()
    assert find_proofs(find_project(fleet.folder), pack, said.append) is None
    (reason,) = said
    return reason.removeprefix("No stack can be proved unchanged: ").removesuffix(".")


def test_a_pack_of_ones_own_proves_nothing(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path)
    assert find_proofs(find_project(fleet.folder), "policies", fleet.said.append)
    assert fleet.said == []
    pack = fleet.folder / "policies"
    (pack / "limits.py").touch()
    assert "is not Tenantnet's own" in why_nothing_is_proved(fleet, "policies")
    (pack / "limits.py").unlink()
    (pack / "PulumiPolicy.yaml").write_text("runtime: python\nmain: ../ours\n")
    assert "is not Tenantnet's own" in why_nothing_is_proved(fleet, "policies")
    (pack / "PulumiPolicy.yaml").write_text("runtime: python\n")
    (pack / "__main__.py").write_text(f"{WHEELS_PACK}print(open('limits.txt').read())")
    assert "is not Tenantnet's own" in why_nothing_is_proved(fleet, "policies")
    assert "is not Tenantnet's own" in why_nothing_is_proved(fleet, "nowhere")


def editable(place: Path, name: str = "rules") -> None:
    """As `pip install --editable` leaves a package of one's own."""
    install(place, name, "1")
    origin = {"url": "file:///elsewhere/rules", "dir_info": {"editable": True}}
    (place / f"{name}-1.dist-info" / "direct_url.json").write_text(json.dumps(origin))


@pytest.mark.parametrize("recorded", [True, False])
def test_entry_points_that_no_installer_has_recorded_are_told(
    tmp_path: Path, packages: Path, recorded: bool
) -> None:
    """By them a package is imported that nobody names."""
    install(packages, "rules", "1")
    info, fleet = packages / "rules-1.dist-info", Fleet(tmp_path)
    if not recorded:
        (info / "RECORD").unlink()
    (info / "entry_points.txt").write_text("[pydantic]\nrules = rules:quiet\n")
    fleet.preview("acme", without_change())
    assert fleet.proved() == {"acme"}
    (info / "entry_points.txt").write_text("[pydantic]\nrules = rules:loud\n")
    assert fleet.proved() == set()


def test_a_package_whose_modules_are_elsewhere_proves_nothing(tmp_path: Path, packages: Path) -> None:
    fleet = Fleet(tmp_path)
    # This one's own code is looked at by itself.
    editable(packages, "tenantnet")
    assert fleet.proved() == set()
    editable(packages)
    with pytest.raises(ground.Unseen, match=r"rules-1\.dist-info is installed to be edited in place"):
        fleet.proofs()


def test_a_folder_in_which_nobody_has_recorded_anything_proves_nothing(
    tmp_path: Path, packages: Path
) -> None:
    for number in range(ground.MOST_UNRECORDED + 1):
        (packages / f"m{number}.py").touch()
    with pytest.raises(ground.Unseen, match="more than 1000 files that no package's installer has recorded"):
        Fleet(tmp_path).proofs()


def test_a_run_with_the_pack_says_of_what_that_does_not_ask_again(fleet: Fleet) -> None:
    proofs, targets = fleet.proofs("policies"), read_targets(find_project(fleet.folder))
    assert proofs.proved(targets.values()) == set()
    proofs.keep(targets["acme"], proofs.fingerprint(targets["acme"]), without_change())
    assert fleet.said == []
    assert proofs.proved(targets.values()) == {"acme"}
    (said,) = fleet.said
    assert "does not ask AWS again about what is proved unchanged (1 of 2)" in said


@pytest.mark.parametrize(
    "outputs",
    [
        {**RESTING, "phase": "fenced", "strategy": "replica", "target": "green", "move": 1},
        {**RESTING, "runnerStart": {"purpose": "move"}},
        {"phase": "nonsense"},
        {},
    ],
)
def test_a_stack_for_which_the_time_of_day_counts_is_not_proved(
    tmp_path: Path, outputs: dict[str, Any]
) -> None:
    fleet = Fleet(tmp_path)
    fleet.write_state("acme", outputs)
    fleet.preview("acme", without_change())
    assert fleet.proved() == set()


def test_a_scheduled_move_is_not_proved(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path)
    fleet.settings("acme").write_text(SETTINGS + "    migration: {to: green, at: 2027-01-01T02:00}\n")
    fleet.preview("acme", without_change())
    assert fleet.proved() == set()


def test_a_stack_whose_values_come_from_elsewhere_is_not_proved(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path)
    fleet.settings("acme").write_text(f"environment: [production]\n{SETTINGS}")
    fleet.preview("acme", without_change())
    assert fleet.proved() == set()


def test_previews_go_on_where_proofs_cannot_be_kept(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path)
    (fleet.folder / "state" / ".tenantnet").write_text("in the way")
    fleet.preview("acme", without_change())
    [said] = fleet.said
    assert "in the way" not in said
    assert "no stack is proved unchanged" in said


def test_a_state_that_is_none_is_said(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path)
    (fleet.states / "platform-eu1.json").write_text("{")
    assert fleet.proved() == set()
    assert "Could not read the state of platform-eu1" in fleet.said[0]


def test_a_backend_whose_files_nobody_sees_has_no_store() -> None:
    assert store_of("https://api.example.com") is None
    assert store_of("") is None


@pytest.mark.parametrize(
    "url",
    [
        *(
            "file:///srv/state?prefix=inner/",
            "file:///srv/state?key=x",
            "FILE:///srv/state",
            "file:/srv/state",
        ),
        *("s3://state?prefix=inner/", "s3://state?role=arn:aws:iam::123456789012:role/x", "s3://state?x;y=1"),
        "s3://state?endpoint=http://127.0.0.1:1&endpoint=http://127.0.0.1:2",
    ],
)
def test_an_address_that_may_lead_to_other_files_has_no_store(url: str) -> None:
    """Pulumi itself is asked then."""
    assert store_of(url) is None


@pytest.mark.parametrize(
    ("url", "prefix"),
    [
        ("s3://state", ""),
        ("s3://state/a", "a/"),
        ("s3://state/a//?region=eu-west-1", "a//"),
        ("s3://state//a%20b", "a b/"),
    ],
)
def test_a_bucket_is_read_where_pulumi_has_its_files(url: str, prefix: str) -> None:
    store = cast("Any", store_of(url))
    assert (store._bucket, store._prefix) == ("state", prefix)


@pytest.mark.parametrize("url", ["file://[", "s3://[bucket"])
def test_an_address_that_is_no_url_is_a_failure(url: str) -> None:
    with pytest.raises(Failure, match="no URL"):
        store_of(url)


@settings(max_examples=examples(25))
@given(data=st.data())
def test_no_byte_of_what_a_preview_follows_from_can_change_unseen(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    top = tmp_path_factory.mktemp("fleet")
    with environment_in(top / "packages"):
        change_a_byte(Fleet(top / "project"), top / "packages" / "copied.py", data)


def change_a_byte(fleet: Fleet, module: Path, data: st.DataObject) -> None:
    module.write_text("NAME = 1\n")
    fleet.preview("acme", without_change())
    file = data.draw(
        st.sampled_from(
            [
                fleet.settings("acme"),
                fleet.states / "acme.json",
                module,
            ]
        )
    )
    content = bytearray(file.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 127))
    targets = [read_targets(find_project(fleet.folder))["acme"]]
    file.write_bytes(content)
    assert fleet.proofs().proved(targets) == set()


def test_a_folder_that_cannot_be_read_is_a_failure(tmp_path: Path) -> None:
    store = store_of(f"file://{tmp_path}")
    assert store
    with pytest.raises(Failure, match="Could not read"):
        store.read("nothing")
