"""`tenantnet review` over real previews: the comment for every kind of change, word by word."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from tenantnet.addresses.claims import Claim, ClaimKind
from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.review.comment import MARKER
from tenantnet.tags import claims_table_name

from tests.end_to_end.conftest import ACME
from tests.support.clone import CLONE
from tests.support.comment_host import comment_host
from tests.support.project import PASSWORD
from tests.support.review_project import Reviewed, ReviewProject
from tests.support.workflow import run_scripts

SEATTLE = ACME["networks"]["blue"]["vpnConnections"][0]
BERLIN = {
    "companyCidr": "192.168.8.0/24",
    "companyGatewayIp": "198.51.100.8",
    "description": "Berlin | @office <b>",
}
BLUE = ACME["networks"]["blue"]["cidr"]
SAFE, TUNNEL_DOWN, DATABASE_DOWN, DESTROYS_DATA, BY_RULE, BY_POLICY, CHANGES_RULES = 0, 3, 4, 5, 6, 7, 9
UNPROTECTS = 10
COMPONENT, POLICY = "infra/components/tenant_database.py", "policies/database.py"
ISOLATED = '"publicly_accessible": False'
FOLDER = "stackConfigDir: tenants\n"
RESERVED = f"""{FOLDER}config:
  tenantnet:reservedRanges:
    value:
      - {{cidr: 10.200.0.0/16, purpose: data centre Utrecht}}
"""


def network(cidr: str, *connections: dict[str, str]) -> dict[str, Any]:
    return {"cidr": cidr, "vpnConnections": list(connections)}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A local cloud without MySQL servers: nobody connects to the databases here."""
    with LocalCloud(tmp_path_factory.mktemp("cloud"), real_databases=False) as running:
        yield running


@pytest.fixture(scope="module")
def repository(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> ReviewProject:
    """A cell with tenant acme in production and tenant initech on its way out, deployed and committed."""
    folder = tmp_path_factory.mktemp("project") / "tenantnet"
    project = ReviewProject.with_program(folder, environment(cloud.state_dir))
    project.write_platform("platform-local")
    project.up("platform-local").check()
    project.write_tenant("acme", ACME)
    leaving = {
        "sessionSubnet": "172.17.6.0/24",
        "networks": {"blue": network("10.1.3.0/26")},
        "retiring": True,
    }
    project.write_tenant("initech", {**ACME, **leaving})
    with ThreadPoolExecutor() as pool:
        for run in pool.map(project.up, ["acme", "initech"]):
            run.check()
    project.commit()
    return project


def findings(reviewed: Reviewed) -> list[dict[str, Any]]:
    """Why one stack is rejected."""
    (stack,) = reviewed.result["stacks"]
    found: list[dict[str, Any]] = stack["findings"]
    return found


@pytest.fixture
def change(repository: ReviewProject) -> Iterator[ReviewProject]:
    """The project, for a change that is undone after the test."""
    with repository.changed():
        yield repository


def backend_of(cloud: LocalCloud) -> str:
    """A fingerprint of everything in the Pulumi backend."""
    files = sorted(path for path in cloud.state.pulumi.rglob("*") if path.is_file())
    return hashlib.sha256(b"".join(str(path).encode() + path.read_bytes() for path in files)).hexdigest()


def test_a_new_tenant_is_previewed_without_a_stack_and_leaves_none_behind(
    change: ReviewProject, cloud: LocalCloud, tmp_path: Path
) -> None:
    before = backend_of(cloud)
    change.add_tenant(
        "globex",
        like="acme",
        sessionSubnet="172.17.7.0/24",
        networks={"blue": network("10.1.4.0/26", SEATTLE)},
        tunnelUsers=["alice"],
    )
    settings = change.settings_file("globex").read_bytes()
    reviewed = change.review(output=tmp_path)
    reviewed.check_comment("new-tenant")
    assert reviewed.code == SAFE
    assert backend_of(cloud) == before
    assert change.settings_file("globex").read_bytes() == settings


def test_a_vpn_connection_is_added(change: ReviewProject, tmp_path: Path) -> None:
    change.edit("acme", networks={"blue": network(BLUE, SEATTLE, BERLIN)})
    reviewed = change.review(output=tmp_path)
    reviewed.check_comment("vpn-connection-added")
    assert reviewed.code == SAFE


def test_a_vpn_connection_is_removed(change: ReviewProject, tmp_path: Path) -> None:
    change.edit("acme", networks={"blue": network(BLUE)})
    # The mildest verdict that fails is the caller's choice.
    reviewed = change.review("--fail-on", "database-down", output=tmp_path)
    reviewed.check_comment("vpn-connection-removed")
    assert reviewed.code == SAFE


def test_a_database_is_resized(change: ReviewProject, tmp_path: Path) -> None:
    change.edit("acme", database={"username": "acmeadmin", "instanceClass": "db.m7g.large", "storageGb": 200})
    reviewed = change.review(output=tmp_path)
    reviewed.check_comment("database-resized")
    assert reviewed.code == DATABASE_DOWN


def test_a_database_is_kept_otherwise(change: ReviewProject, tmp_path: Path) -> None:
    kept = {
        "backupRetentionDays": 7,
        "backupWindow": "03:00-03:30",
        "maintenanceWindow": "sun:04:00-sun:04:30",
    }
    storage = {"storageGb": 500, "iops": 20_000, "storageThroughput": 1_000}
    change.edit("acme", database={"username": "acmeadmin", "engineVersion": "8.4", **storage, **kept})
    reviewed = change.review(output=tmp_path)
    reviewed.check_comment("database-kept-otherwise")
    assert reviewed.code == UNPROTECTS


def test_a_reserved_range_is_rejected(change: ReviewProject, tmp_path: Path) -> None:
    change.add_tenant(
        "globex", like="acme", sessionSubnet="172.17.7.0/24", networks={"blue": network("10.33.4.0/26")}
    )
    reviewed = change.review(output=tmp_path)
    reviewed.check_comment("reserved-range")
    assert reviewed.code == BY_RULE


def test_tags_alone_change_no_other_property(change: ReviewProject, tmp_path: Path) -> None:
    """The provider names volumes of the ping host and rules of the network ACL, too."""
    change.edit("acme", tags={"CostCenter": "4711"})
    reviewed = change.review(output=tmp_path)
    (stack,) = reviewed.result["stacks"]
    assert reviewed.code == SAFE
    assert {name for each in stack["changes"] for name in each["properties"]} == {"tags", "tagsAll"}
    assert not [each for each in stack["sentences"] if "ping-host" in each]
    # A shell gets no escapes, and no picture.
    assert "## Tenantnet review: 🟢 safe\n" in reviewed.output
    assert not any(markup in reviewed.output for markup in ("<!--", "<details>", "mermaid", "\\"))


def test_what_a_deployed_tenant_cannot_take_is_rejected_together_and_by_an_update(
    change: ReviewProject, tmp_path: Path
) -> None:
    other = {**ACME["database"], "username": "other", "storageGb": 50}
    change.edit("acme", database=other)
    reviewed = change.review(output=tmp_path)
    assert (reviewed.code, [each["ruleId"] for each in findings(reviewed)]) == (
        BY_RULE,
        ["username-kept", "storage-grows"],
    )
    assert "`protect`" not in reviewed.everything
    run = change.up("acme")
    assert run.code != 0
    assert "put acmeadmin back" in " ".join(run.text.split())
    # Beside a mistake that stops the program before it reads the stack.
    office = {**SEATTLE, "companyCidr": "172.17.9.0/24"}
    change.edit("acme", networks={"blue": network(BLUE, office)})
    assert [each["ruleId"] for each in findings(change.review(output=tmp_path))] == [
        "company-reserved",
        "username-kept",
        "storage-grows",
    ]


def test_a_smaller_database_is_rejected_by_its_preview(change: ReviewProject, tmp_path: Path) -> None:
    change.edit("acme", database={**ACME["database"], "storageGb": 50})
    (finding,) = findings(change.review(output=tmp_path))
    assert (finding["ruleId"], finding["value"], finding["line"] > 0) == ("storage-grows", "50", True)
    assert "give 110 GiB or more" in finding["remedy"]


def test_a_replacement_that_the_engine_refuses_is_told_without_its_advice(
    change: ReviewProject, tmp_path: Path
) -> None:
    change.rewrite(COMPONENT, '"storage_encrypted": True', '"storage_encrypted": False')
    reviewed = change.review(output=tmp_path)
    assert reviewed.code == BY_POLICY
    (acme,) = (each for each in reviewed.result["stacks"] if each["stack"] == "acme")
    (kept,) = (each for each in acme["findings"] if each["ruleId"] == "protected-kept")
    assert (kept["value"], kept["reason"].partition(", and")[0]) == (
        "acme-blue",
        "this update would replace acme-blue, because of storageEncrypted",
    )
    assert acme["errors"] == []
    assert "`protect`" not in reviewed.everything


def test_another_password_and_a_renumbered_office_are_noticed(change: ReviewProject, tmp_path: Path) -> None:
    change.edit("acme", networks={"blue": network(BLUE, {**SEATTLE, "companyCidr": "192.168.77.0/24"})})
    renumbered = change.review(output=tmp_path)
    assert renumbered.code == TUNNEL_DOWN
    assert "its new guide (tenantnet vpn download)" in renumbered.output
    (stack,) = renumbered.result["stacks"]
    listed = [each["operation"] for each in stack["changes"]]
    assert {each: listed.count(each) for each in ("create", "delete")} == {
        each: stack["counts"][each] for each in ("create", "delete")
    }
    change.write_tenant("acme", ACME, password=f"{PASSWORD}-2")
    assert change.review(output=tmp_path).code == DATABASE_DOWN


def test_a_range_that_somebody_else_has_claimed_is_rejected(
    change: ReviewProject, aws: boto3.Session, tmp_path: Path
) -> None:
    # By a stack that has no settings file here: only the claims table knows of it.
    claim = Claim(cidr="10.1.9.0/26", tenant="hooli", stack="hooli", kind=ClaimKind.NETWORK, slot="blue")
    aws.client("dynamodb").put_item(TableName=claims_table_name("local"), Item=dict(claim.item()))
    change.add_tenant(
        "globex", like="acme", sessionSubnet="172.17.7.0/24", networks={"blue": network(claim.cidr)}
    )
    reviewed = change.review(output=tmp_path)
    reviewed.check_comment("claimed-range")
    assert reviewed.code == BY_RULE


def test_a_migration_is_scheduled(change: ReviewProject, tmp_path: Path) -> None:
    change.edit(
        "acme",
        networks={"blue": network(BLUE, SEATTLE), "green": network("10.1.5.0/26", SEATTLE)},
        migration={"to": "green", "at": "2031-03-05T02:00", "timezone": "Europe/Amsterdam"},
    )
    reviewed = change.review(output=tmp_path)
    reviewed.check_comment("migration-scheduled")
    assert reviewed.code == SAFE


def test_the_settings_of_a_tenant_on_its_way_out_are_removed(change: ReviewProject, tmp_path: Path) -> None:
    change.settings_file("initech").unlink()
    reviewed = change.review(output=tmp_path)
    reviewed.check_comment("destroy")
    assert reviewed.code == DESTROYS_DATA


def test_a_tenant_that_is_to_leave_loses_its_protection(change: ReviewProject, tmp_path: Path) -> None:
    change.edit("acme", retiring=True)
    reviewed = change.review(output=tmp_path)
    assert reviewed.code == UNPROTECTS
    assert "acme-blue is no longer protected (deletionProtection, protect)" in reviewed.comment


def test_a_platform_with_tenants_may_not_leave(change: ReviewProject, tmp_path: Path) -> None:
    change.write_platform("platform-local", retiring=True)
    reviewed = change.review(output=tmp_path)
    assert reviewed.code == BY_RULE
    assert "a platform is removed after all that use its claims table" in " ".join(reviewed.comment.split())


def test_the_settings_of_a_protected_tenant_are_not_to_be_removed(
    change: ReviewProject, tmp_path: Path
) -> None:
    change.settings_file("acme").unlink()
    reviewed = change.review(output=tmp_path)
    reviewed.check_comment("destroy-protected")
    assert reviewed.code == BY_RULE


def test_a_policy_rejects(change: ReviewProject, tmp_path: Path) -> None:
    change.edit("acme", tunnelUsers=["alice"])
    config = tmp_path / "policies.json"
    config.write_text(json.dumps({"database-recoverable": {"minimumBackupDays": 30}}), encoding="utf-8")
    reviewed = change.review("--policy-pack-config", str(config), output=tmp_path)
    reviewed.check_comment("rejected-by-policy")
    assert reviewed.code == BY_POLICY


def test_a_change_of_code_is_previewed_on_one_stack_of_each_kind_and_phase(
    change: ReviewProject, tmp_path: Path
) -> None:
    for number in range(10, 18):
        change.add_tenant(
            f"globex-{number}",
            like="acme",
            sessionSubnet=f"172.17.{number}.0/24",
            networks={"blue": network(f"10.2.{number}.0/26")},
        )
    # Their files are part of the base: the change is the code alone.
    change.commit()
    keep_backups_longer(change)
    reviewed = change.review(output=tmp_path)
    change.git("reset", "--quiet", "--hard", "HEAD~1")
    reviewed.check_comment("code-change-sample")
    assert reviewed.code == SAFE


def keep_backups_longer(project: ReviewProject) -> None:
    """Change the program, for every tenant."""
    project.rewrite(COMPONENT, "=args.backup_retention_days", "=21")


def test_a_change_that_weakens_a_policy_is_judged_by_the_policy_before_it(
    change: ReviewProject, tmp_path: Path
) -> None:
    weaken_a_policy(change)
    change.rewrite(COMPONENT, ISOLATED, ISOLATED.replace("False", "True"))
    reviewed = change.review(output=tmp_path)
    acme = next(each for each in reviewed.result["stacks"] if each["stack"] == "acme")
    assert (reviewed.code, acme["verdict"]) == (BY_POLICY, "rejected-by-policy")
    assert {each["source"] for each in acme["findings"]} == {"database-private"}
    assert f"This change changes the rules**: {POLICY}" in reviewed.comment.replace("\\", "")
    assert "publiclyAccessible false → true" in reviewed.comment


def test_a_weaker_policy_alone_is_no_safe_change(change: ReviewProject, tmp_path: Path) -> None:
    weaken_a_policy(change)
    reviewed = change.review(output=tmp_path)
    assert (reviewed.code, reviewed.result["verdict"]) == (CHANGES_RULES, "changes-rules")
    assert {each["verdict"] for each in reviewed.result["stacks"]} == {"safe"}


@pytest.mark.parametrize("name", ["iam/reviewer.json", ".github/workflows/review.yaml", "tools/new.py"])
def test_a_change_of_roles_or_pipelines_is_no_safe_change_though_it_touches_no_stack(
    name: str, change: ReviewProject, tmp_path: Path
) -> None:
    (change.folder / name).parent.mkdir(parents=True, exist_ok=True)
    (change.folder / name).write_text("", encoding="utf-8")
    reviewed = change.review(output=tmp_path)
    assert (reviewed.code, reviewed.result["stacks"]) == (CHANGES_RULES, [])
    assert reviewed.result["ruleFiles"] == [name]


def weaken_a_policy(project: ReviewProject) -> None:
    project.rewrite(
        POLICY, 'get("publiclyAccessible", False) is not False', 'get("publiclyAccessible") == "never"'
    )


def test_a_reserved_range_that_a_change_gives_up_still_is_reserved_in_its_review(
    change: ReviewProject, tmp_path: Path
) -> None:
    change.rewrite("Pulumi.yaml", FOLDER, RESERVED)
    change.commit()
    change.rewrite("Pulumi.yaml", RESERVED, FOLDER)
    change.add_tenant(
        "globex", like="acme", sessionSubnet="172.17.7.0/24", networks={"blue": network("10.200.4.0/26")}
    )
    reviewed = change.review(output=tmp_path)
    change.git("reset", "--quiet", "--hard", "HEAD~1")
    globex = next(each for each in reviewed.result["stacks"] if each["stack"] == "globex")
    assert globex["verdict"] == "rejected-by-policy"
    assert "10.200.0.0/16" in json.dumps(globex["findings"])
    assert reviewed.result["ruleFiles"] == ["Pulumi.yaml"]


def test_no_secret_leaves_the_review(change: ReviewProject, aws: boto3.Session, tmp_path: Path) -> None:
    change.edit("acme", networks={"blue": network(BLUE, {**SEATTLE, "companyGatewayIp": "198.51.100.9"})})
    change.settings_file("initech").unlink()
    told = change.review(output=tmp_path).everything
    tunnels = [
        tunnel
        for connection in aws.client("ec2").describe_vpn_connections()["VpnConnections"]
        for tunnel in connection["Options"]["TunnelOptions"]
    ]
    secrets = [PASSWORD, *(tunnel["PreSharedKey"] for tunnel in tunnels)]
    assert len(secrets) > 2
    for secret in secrets:
        assert secret not in told


# Writes what the program of a change may see of a job's environment.
CURIOUS = """
import json, os, pathlib
pathlib.Path(os.environ["SEEN"]).write_text(json.dumps(dict(os.environ)))
"""


def test_the_workflows_halves_preview_without_a_token_and_comment_without_the_changes_code(
    change: ReviewProject, tmp_path: Path
) -> None:
    merge(change)
    job, seen = change.folder.parent, tmp_path / "seen.json"
    (job / "change").symlink_to(change.folder)
    identity = {
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "identity",
        "ACTIONS_ID_TOKEN_REQUEST_URL": "http://127.0.0.1",
    }
    with comment_host() as host:
        preview = run_scripts(
            "review",
            "preview",
            folder=job,
            environment={**change.environment, **identity, "SEEN": str(seen)},
            scratch=tmp_path,
            install=lambda: (job / "base" / ".venv").symlink_to(CLONE / ".venv"),
        )
        host.left = (job / "review" / "result.json").read_bytes()
        comment = run_scripts(
            "review-comment",
            "comment",
            folder=CLONE,
            environment={"PATH": os.environ["PATH"], "NO_PROXY": "*", **host.github(tmp_path)},
            scratch=tmp_path,
            install=lambda: None,
        )
    change.git("worktree", "remove", "--force", str(job / "base"))
    change.git("reset", "--quiet", "--hard", "HEAD^1")
    assert preview == {"Base": 0, "Settings": 0, "Review": 0, "Verdict": TUNNEL_DOWN}
    assert comment == {"Comment": 0}
    (own,) = host.own()
    assert own.startswith(f"{MARKER}\n\n## Tenantnet review: 🟠 takes a tunnel down\n")
    known = json.loads(seen.read_text(encoding="utf-8"))
    assert "PULUMI_CONFIG_PASSPHRASE" in known
    assert [name for name in known if "TOKEN" in name] == []


def merge(project: ReviewProject) -> None:
    """Make HEAD the merge of a change that takes a connection away and looks around."""
    project.git("checkout", "--quiet", "-b", "change")
    project.edit("acme", networks={"blue": network(BLUE)})
    program = project.folder / "infra" / "__main__.py"
    program.write_text(f"{program.read_text(encoding='utf-8')}{CURIOUS}", encoding="utf-8")
    project.git("commit", "--quiet", "--all", "--message", "change")
    project.git("checkout", "--quiet", "main")
    project.git("merge", "--quiet", "--no-ff", "--message", "merge", "change")


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_change_of_code_over_ten_deployed_tenants_is_told_once(
    change: ReviewProject, tmp_path: Path
) -> None:
    names = [f"globex-{number}" for number in range(10, 20)]
    for number, name in enumerate(names, 10):
        settings = {
            **ACME,
            "sessionSubnet": f"172.17.{number}.0/24",
            "networks": {"blue": network(f"10.2.{number}.0/26")},
        }
        change.write_tenant(name, settings)
    with ThreadPoolExecutor(max_workers=5) as pool:
        for run in pool.map(change.up, names):
            run.check()
    review_the_code_over_all_but(change, tmp_path, "acme", "initech")


def review_the_code_over_all_but(change: ReviewProject, output: Path, *others: str) -> None:
    """Review the change of code alone; those that the comment is not about have no settings meanwhile."""
    for name in others:
        change.settings_file(name).unlink(missing_ok=True)
    change.commit()
    keep_backups_longer(change)
    reviewed = change.review("--all", output=output)
    change.git("reset", "--quiet", "--hard", "HEAD~1")
    reviewed.check_comment("code-change-over-ten-tenants")
    assert reviewed.code == SAFE
