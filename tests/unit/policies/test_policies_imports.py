"""What a program imports is refused before it is changed: in a preview, and in an update before its step."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
from tenantnet.aws import types as aws
from tenantnet.failure import Failure
from tenantnet.policies.backend import Backend
from tenantnet.policies.held import HELD_OWN, NOTHING_ADOPTED
from tenantnet.policies.known import ONLY_KNOWN_RESOURCES
from tenantnet.policies.model import UNKNOWN, Resource, Stack
from tenantnet.policies.reading import Reader
from tenantnet.stacks.outputs import PlatformOutputs
from tenantnet.tags import Owner

from tests.support.clone import CLONE
from tests.support.states import checkpoint, exported
from tests.unit.policies.test_policies_held import BETAS, STATES, Held, answer
from tools.rulebook.samples import (
    CELL,
    OWN_TYPE,
    OWNER,
    RUNNER,
    SETTINGS,
    good_stack,
    platform_stack,
    resource,
)

STATED = (NOTHING_ADOPTED.id, HELD_OWN.id)
GROUP = resource(aws.SECURITY_GROUP, "acme-blue-database", {"id": "sg-1"}, tags=OWNER.tags("x"))
OWN_RULE = {
    "id": "sgr-1",
    "arn": "arn:aws:ec2:eu-west-1:1:security-group-rule/sgr-1",
    "securityGroupId": "sg-1",
}
DATABASE = {"arn": "arn:aws:rds:eu-west-1:1:db:acme-blue", "dbInstanceId": "db-1", "identifier": "acme-blue"}


def rules(findings: Iterable[Any]) -> list[str]:
    return [each.refusal.rule_id for each in findings if each.refusal.rule_id in STATED]


def previewed(shown: Resource, *state: Resource, previews: bool = True) -> list[str]:
    """The rules about state and imports that a preview breaks which shows this beside the sample stack."""
    assert ONLY_KNOWN_RESOURCES.judge_stack
    settings = replace(SETTINGS, reading=Held(*state))
    stack = Stack([*good_stack().values(), shown], previews=previews)
    return rules(ONLY_KNOWN_RESOURCES.judge_stack(stack, settings))


class Updating(Held):
    """The state of a stack as an update began, and as the engine has written it since."""

    def __init__(self, before: Sequence[Resource], now: Sequence[Resource]) -> None:
        super().__init__(*before)
        self.now = now

    def held_now(self, stack: str) -> Sequence[Resource]:
        return self.now


def updated(
    asked: Resource,
    before: Sequence[Resource],
    now: Sequence[Resource],
    *others: Resource,
    own_types: Mapping[str, str] = SETTINGS.own_types,
) -> list[str]:
    """The rules that an update breaks by what the state has when the engine asks about a resource."""
    assert ONLY_KNOWN_RESOURCES.judge_update
    settings = replace(SETTINGS, reading=Updating(before, now), own_types=own_types)
    root = resource("pulumi:pulumi:Stack", "tenantnet-acme", {}, stack=asked.stack)
    return rules(ONLY_KNOWN_RESOURCES.judge_update(asked, Stack([root, *others, asked]), settings))


def own(kind: str = aws.VPC, name: str = "acme-blue", **props: Any) -> Resource:
    return resource(kind, name, props, tags=OWNER.tags("x"))


@pytest.mark.parametrize(
    "known",
    [
        {"id": "vpc-1"},
        {"vpcId": "vpc-1"},
        {"id": UNKNOWN, "arn": "arn:aws:ec2:eu-west-1:1:vpc/vpc-1"},
    ],
)
def test_an_import_is_refused_in_a_preview_by_an_id_that_is_not_the_states(known: Mapping[str, Any]) -> None:
    """Whatever the program says of it: its tags are the stack's own here."""
    shown = own(**known)
    assert previewed(shown) == ["nothing-adopted"]
    assert previewed(shown, own(id="vpc-another")) == ["nothing-adopted"]
    assert previewed(shown, own(aws.SUBNET, "acme-blue-a", id="subnet-1", vpcId="vpc-1")) == [
        "nothing-adopted"
    ]


def test_an_import_is_seen_beside_a_text_that_has_its_id() -> None:
    bait = own(id="vpc-2", description="vpc-1", name_prefix="arn:aws:ec2:eu-west-1:1:vpc/vpc-1")
    assert previewed(own(vpcId="vpc-1"), bait) == ["nothing-adopted"]


def test_what_is_new_changed_or_called_otherwise_is_no_import() -> None:
    new = own(vpcId=UNKNOWN, id=UNKNOWN, arn=UNKNOWN)
    changed = own(vpcId="vpc-1", arn="arn:aws:ec2:eu-west-1:1:vpc/vpc-1")
    assert previewed(new) == []
    assert previewed(changed, own(id="vpc-1")) == []
    assert previewed(changed, own(name="acme-formerly", id="vpc-1")) == []


def test_an_update_has_made_what_has_an_id_at_its_end() -> None:
    assert previewed(own(vpcId="vpc-1"), previews=False) == []


def test_what_a_program_gives_is_no_id_of_awss() -> None:
    policy = "aws:sns/topicPolicy:TopicPolicy"
    shown = resource(policy, "x", {"arn": "arn:aws:sns:eu-west-1:1:x"}, inputs=["arn"])
    assert previewed(shown) == []


BETAS_PEERING = {"acceptStatus": "active", "vpcId": "vpc-9", "peerVpcId": "vpc-8"}
WITHOUT_ARN = [
    (aws.PEERING, BETAS_PEERING, "vpcId"),
    (
        aws.ROUTE,
        {"routeTableId": "rtb-9", "destinationCidrBlock": "10.9.9.0/26", "state": "active"},
        "routeTableId",
    ),
    (aws.RECORD, {"name": "beta.db.example.com", "zoneId": "Z1", "fqdn": "beta.db.example.com"}, "name"),
]


@pytest.mark.parametrize(
    ("kind", "known", "place"), WITHOUT_ARN, ids=lambda each: str(each).split(":")[-1][:20]
)
def test_an_import_of_what_has_no_arn_is_seen_by_what_aws_alone_says_of_it(
    kind: str, known: Mapping[str, Any], place: str
) -> None:
    """What is new has nothing of the kind yet, and what is changed in place is where it was."""
    shown = resource(kind, "acme-blue", known)
    other = replace(shown, props={**known, place: "another"})
    assert "nothing-adopted" in previewed(shown, other)
    assert "nothing-adopted" in previewed(shown, replace(other, urn=f"{shown.urn}-other"))
    assert "nothing-adopted" not in previewed(shown, replace(shown, urn=f"{shown.urn}-formerly"))
    said = next(path for path in known if path in ("acceptStatus", "state", "fqdn"))
    assert "nothing-adopted" not in previewed(replace(shown, props={**known, said: UNKNOWN}), other)


def test_a_type_of_an_organisations_own_is_judged_as_imported_in_a_preview() -> None:
    shown = resource(OWN_TYPE, "queue", {"id": "https://sqs.eu-west-1.amazonaws.com/1/queue"})
    tagged = {**shown.props, "tags": OWNER.tags("queue")}
    assert previewed(replace(shown, props=tagged)) == []
    assert previewed(replace(shown, props={**tagged, "name": "beta-blue"})) == ["nothing-adopted"]
    assert previewed(replace(shown, props={**tagged, "tags": BETAS})) == ["nothing-adopted"]


RUNNERS_SECRET = {"id": RUNNER.secret_arn, "arn": RUNNER.secret_arn, "name": "example/pulumi"}


@pytest.mark.parametrize("tags", [None, {"team": "acme"}, Owner(cell=CELL).tags("x"), BETAS])
@pytest.mark.parametrize(
    ("kind", "props"),
    [
        ("aws:secretsmanager/secret:Secret", RUNNERS_SECRET),
        ("aws:secretsmanager/secretVersion:SecretVersion", {"id": f"{RUNNER.secret_arn}|1"}),
        ("aws:iam/user:User", {"id": "deployer", "name": "deployer"}),
        (OWN_TYPE, {"id": "https://sqs.eu-west-1.amazonaws.com/1/queue"}),
    ],
)
def test_an_own_type_is_imported_where_aws_has_tagged_it_as_the_stacks_alone(
    kind: str, props: Mapping[str, Any], tags: Mapping[str, str] | None
) -> None:
    """It may be the runner's secret, and nothing but a tag tells it from a team's own."""
    settings = {"own_types": {kind: "the team's own"}}
    asked = resource(kind, "own", {})
    taken = resource(kind, "own", props, tags=tags, adopted=True)
    assert updated(asked, [], [taken], **settings) == ["nothing-adopted"]
    named = resource(kind, "own", props, tags=OWNER.tags("x"), adopted=True)
    assert updated(asked, [], [named], **settings) == []


@pytest.mark.parametrize(("group", "found"), [("sg-1", []), ("sg-database00beta", ["nothing-adopted"])])
def test_a_rule_is_taken_over_in_the_stacks_own_group_alone(group: str, found: list[str]) -> None:
    shown = own(aws.INGRESS_RULE, "acme-blue-sessions", **{**OWN_RULE, "securityGroupId": group})
    assert previewed(shown, GROUP) == found
    assert updated(shown, [GROUP], [GROUP, replace(shown, adopted=True)]) == found


@pytest.mark.parametrize("platform", [False, True])
@pytest.mark.parametrize("tags", [OWNER.tags("x"), BETAS, Owner(cell=CELL).tags("x"), None])
def test_an_import_is_refused_in_an_update_before_it_is_changed(
    tags: Mapping[str, str] | None, platform: bool
) -> None:
    """Whatever AWS says of it, too."""
    stack = f"platform-{CELL}" if platform else "acme"
    [asked] = [
        each for each in (platform_stack() if platform else good_stack()).values() if each.type == aws.VPC
    ][:1]
    taken = resource(aws.VPC, asked.name, {"id": "vpc-1"}, tags=tags, stack=stack, adopted=True)
    assert updated(asked, [], [taken]) == ["nothing-adopted"]
    assert updated(asked, [], []) == []


def test_an_import_in_place_of_what_the_stack_has_is_refused() -> None:
    asked, had = own(aws.DATABASE, **DATABASE), own(aws.DATABASE, **{**DATABASE, "id": "db-1"})
    taken = replace(had, props={**had.props, "id": "db-beta", "identifier": "beta-blue"}, adopted=True)
    assert updated(asked, [had], [had, taken]) == ["nothing-adopted"]


def test_what_is_imported_beside_what_the_engine_asks_about_is_refused_at_once() -> None:
    other = replace(own(aws.SUBNET, "acme-blue-a", id="subnet-1"), adopted=True)
    assert updated(own(), [], [other]) == ["nothing-adopted"]


def test_what_the_update_itself_has_made_is_no_import() -> None:
    made = own(aws.SUBNET, "acme-blue-a", id="subnet-1")
    assert updated(own(), [], [made], made) == []


def test_what_a_state_migration_has_changed_is_judged_before_anything_is_done_with_it() -> None:
    """AWS is called by the identifier in the state; the engine lets no migration change the ID."""
    had = own(aws.DATABASE, **{**DATABASE, "id": "db-1"})
    migrated = replace(had, props={**had.props, "identifier": "beta-blue"})
    assert updated(own(), [had], [migrated]) == ["held-own"]
    assert updated(own(), [had], [replace(had, props={**had.props, "backupWindow": "03:00-04:00"})]) == []


class TestTheState:
    """What the state has now is read where the engine writes it."""

    @pytest.fixture
    def backend(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.chdir(CLONE / "infra")
        monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}")
        answer(exported(self.entry("of-pulumi")), tmp_path, monkeypatch)
        return self.file(tmp_path)

    @staticmethod
    def file(backend: Path) -> Path:
        folder = backend / ".pulumi" / "stacks" / "tenantnet"
        folder.mkdir(parents=True)
        return folder / "acme.json"

    @staticmethod
    def entry(name: str, **more: Any) -> dict[str, Any]:
        return {
            "urn": f"urn:pulumi:acme::t::a:b:C::{name}",
            "custom": True,
            "type": "a:b:C",
            "id": "1",
            **more,
        }

    @staticmethod
    def write(file: Path, *resources: Mapping[str, Any]) -> None:
        file.write_text(json.dumps(checkpoint(*resources)))

    def test_it_is_read_again_whenever_it_has_changed(self, backend: Path) -> None:
        reader = Reader()
        self.write(backend, self.entry("first"))
        assert [each.name for each in reader.held_now("acme")] == ["first"]
        self.write(backend, self.entry("first"), self.entry("second", importID="1"))
        assert [(each.name, each.adopted) for each in reader.held_now("acme")] == [
            ("first", False),
            ("second", True),
        ]
        assert reader.held_now("acme") is reader.held_now("acme")

    def test_a_new_stack_has_nothing(self, backend: Path) -> None:
        self.write(backend)
        assert Reader().held_now("acme") == []

    def test_pulumi_is_asked_where_the_files_are_not_to_be_seen(
        self, backend: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert not backend.exists()
        assert [each.name for each in Reader().held_now("acme")] == ["of-pulumi"]
        monkeypatch.setenv("PULUMI_BACKEND_URL", "https://api.pulumi.com")
        self.write(backend, self.entry("elsewhere"))
        assert [each.name for each in Reader().held_now("acme")] == ["of-pulumi"]

    def test_outputs_are_read_there_too_and_pulumi_is_asked_where_it_has_none(self, backend: Path) -> None:
        """The file is one that the engine has written."""
        platform, pulumi_says = "platform-local", {"version", "deployment"}
        assert Backend.find().outputs(platform).keys() == pulumi_says
        self.write(backend.with_name(f"{platform}.json"), self.entry("first"))
        assert Backend.find().outputs(platform).keys() == pulumi_says
        copy(STATES / "steady" / f"{platform}.json", backend.parent)
        read = PlatformOutputs.read(platform, Backend.find().outputs(platform))
        assert (read.cell, read.claims_table) == ("local", "tenantnet-local-claims")

    @pytest.mark.parametrize(
        ("real", "innocent", "program"),
        [
            ("Pulumi.json", "Pulumi.yaml", "."),
            ("Pulumi.yaml", "Pulumi.yml", "."),
            ("Pulumi.yaml", "sub/Pulumi.yaml", "sub"),
            ("Pulumi.yaml", "../elsewhere/Pulumi.yaml", "linked"),
        ],
    )
    def test_a_project_that_the_engine_may_not_have_taken_has_none(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, real: str, innocent: str, program: str
    ) -> None:
        """The engine prefers Pulumi.json, and starts from the folder where somebody calls it."""
        root = tmp_path / "project"
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        (root / "sub").mkdir(parents=True)
        (root / "linked").symlink_to(elsewhere, target_is_directory=True)
        settings = {"name": "tenantnet", "runtime": "python", "main": program}
        (root / real).write_text(json.dumps(settings))
        (root / innocent).write_text(json.dumps({"name": "innocent", "runtime": "python"}))
        monkeypatch.chdir(root / program)
        reader = Reader()
        reader.configure({}, "organization/tenantnet")
        with pytest.raises(Failure, match="Could not read where the state is"):
            reader.held("acme")

    @pytest.mark.parametrize(
        ("called_in", "real", "main"),
        [
            ("root", "root/Pulumi.yaml", "../elsewhere"),
            ("root/sub", "root/Pulumi.yaml", "linked"),
            ("root", "root/Pulumi.yaml", "{elsewhere}"),
            ("elsewhere/sub", "elsewhere/sub/Pulumi.json", ".."),
            ("elsewhere/sub", "", ""),
        ],
    )
    def test_a_project_is_none_that_pulumi_was_not_called_in(
        self, tmp_path: Path, called_in: str, real: str, main: str
    ) -> None:
        """It is called alike, has the program in its folder, and names an innocent backend."""
        elsewhere = tmp_path / "elsewhere"
        for folder in ("root/sub", "elsewhere/sub"):
            (tmp_path / folder).mkdir(parents=True)
        (tmp_path / "root" / "linked").symlink_to(elsewhere, target_is_directory=True)
        settings = {"name": "tenantnet", "runtime": "python", "backend": {"url": "file://state"}}
        (elsewhere / "Pulumi.yaml").write_text(json.dumps(settings))
        if real:
            settings = {
                **settings,
                "main": main.format(elsewhere=elsewhere),
                "backend": {"url": "file:///real"},
            }
            (tmp_path / real).write_text(json.dumps(settings))
        pulumi = tmp_path / "pulumi"
        pulumi.write_text(f'#!/bin/sh\n(cd {elsewhere} && exec "$@")\nexit $?\n')
        pulumi.chmod(0o700)
        call = "print(Backend.find('organization/tenantnet').url)"
        find = f"from tenantnet.policies.backend import Backend; {call}"
        environment = {name: value for name, value in os.environ.items() if name != "PULUMI_BACKEND_URL"}
        said = subprocess.run(
            [pulumi, sys.executable, "-c", find],
            cwd=tmp_path / called_in,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        ).stdout
        # Pulumi has a relative place begin where it is called.
        place = f"file://{tmp_path / called_in / 'state'}\n"
        assert (f"Pulumi takes {tmp_path / real}" in said) if real else said == place

    @pytest.mark.parametrize("logged_in", [False, True])
    def test_it_is_where_it_was_before_the_program_began(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logged_in: bool
    ) -> None:
        """A program may write another backend, or another project, to be compared with an innocent state."""
        project = tmp_path / "Pulumi.yaml"

        def use(backend: Path, name: str) -> None:
            home = tmp_path / "home"
            home.mkdir(exist_ok=True)
            (home / "credentials.json").write_text(json.dumps({"current": f"file://{backend}"}))
            url = "" if logged_in else f"backend:\n  url: file://{backend}\n"
            project.write_text(f"name: {name}\nruntime: python\n{url}")

        monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
        monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
        monkeypatch.chdir(tmp_path)
        self.write(self.file(tmp_path / "real"), self.entry("imported", importID="1"))
        self.write(self.file(tmp_path / "innocent"))
        use(tmp_path / "real", "tenantnet")
        said = tmp_path / "said.txt"
        script = f'#!/bin/sh\necho "$PULUMI_BACKEND_URL $*" > {said}\necho {{}}\n'
        (tmp_path / "pulumi").write_text(script)
        (tmp_path / "pulumi").chmod(0o700)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        reader = Reader()
        reader.configure({}, "organization/tenantnet")
        use(tmp_path / "innocent", "another")
        assert [each.name for each in reader.held("acme")] == ["imported"]
        assert [each.name for each in reader.held_now("acme")] == ["imported"]
        with pytest.raises(Failure):
            reader.platform("eu1")
        asked = f"file://{tmp_path}/real stack output --stack organization/tenantnet/platform-eu1 --json"
        assert said.read_text().startswith(asked)
