"""Which files make the stacks: those that the program and its policies import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tenantnet.review.program import Program
from tenantnet.settings.project import find_project

from tests.support.clone import CLONE

OURS = [
    "Pulumi.yaml",
    "infra/__main__.py",
    "infra/components/vpn_connection.py",
    "infra/program.py",
    "infra/py.typed",
    "infra/settings/rules.py",
    "infra/stacks/tenant.py",
    "policies/PulumiPolicy.yaml",
    "policies/database.py",
    "pyproject.toml",
    "requirements.lock",
    "setup.py",
]
NOT_OURS = [
    "README.md",
    "docs/vpn.md",
    "infra/cli/main.py",
    "infra/components/not_imported.py",
    "infra/engine/engine.py",
    "infra/fleet/runner.py",
    "infra/observed/status/tenant.py",
    "infra/permissions/calls.json",
    "infra/review/review.py",
    "infra/runner/runner.py",
    "infra/vpn/templates/strongswan/swanctl.conf.j2",
    "local_cloud/server.py",
    "scripts/test",
    "tests/unit/test_docs.py",
]


def program(folder: Path, before: dict[str, str] | None = None) -> Program:
    """Of a project in which the files of `before` have changed, which were so."""
    former = before or {}
    return Program(find_project(folder), former, lambda path: former.get(str(path)))


@pytest.fixture(scope="module")
def own() -> Program:
    """Tenantnet's own."""
    return program(CLONE)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A user's project: a program that uses the library, one module of its own, and policies."""
    for name, text in {
        "Pulumi.yaml": "name: networks\nruntime: python\n",
        "__main__.py": "import tenantnet.components\nfrom office import lines as office_lines\n",
        "office/__init__.py": "",
        "office/lines.py": "",
        "office/forgotten.py": "",
        "office/data/sites.json": "{}",
        "jobs/nightly.py": "import office.forgotten\n",
        "policies/PulumiPolicy.yaml": "runtime: python\n",
        "policies/__main__.py": "from rules import tags\n",
        "policies/rules/tags.py": "",
    }.items():
        write(tmp_path, name, text)
    return tmp_path


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize("file", OURS)
def test_what_makes_the_stacks_touches_all(own: Program, file: str) -> None:
    assert own.is_made_of(file)


@pytest.mark.parametrize("file", NOT_OURS)
def test_what_makes_no_stack_touches_none(own: Program, file: str) -> None:
    assert not own.is_made_of(file)


def test_every_module_that_really_is_imported_counts(own: Program) -> None:
    code = (
        "import tenantnet.program, tenantnet.policies.rules, tenantnet.policies.pack, sys\n"
        "names = [name for name in sys.modules if name.partition('.')[0] == 'tenantnet']\n"
        "print('\\n'.join(filter(None, (getattr(sys.modules[name], '__file__', '') for name in names))))"
    )
    listed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=CLONE
    )
    files = [Path(line).resolve().relative_to(CLONE.resolve()) for line in listed.stdout.split()]
    assert len(files) > 50
    assert [str(file) for file in files if not own.is_made_of(file.as_posix())] == []


@pytest.mark.parametrize(
    "file",
    [
        "__main__.py",
        "office/__init__.py",
        "office/lines.py",
        "policies/__main__.py",
        "policies/rules/tags.py",
    ],
)
def test_a_users_own_program_is_what_it_imports(project: Path, file: str) -> None:
    assert program(project).is_made_of(file)


@pytest.mark.parametrize("file", ["office/data/sites.json", "policies/PulumiPolicy.yaml"])
def test_data_beside_its_modules_counts(project: Path, file: str) -> None:
    assert program(project).is_made_of(file)


@pytest.mark.parametrize("file", ["office/forgotten.py", "jobs/nightly.py", "jobs/list.txt", "README.md"])
def test_what_a_users_program_does_not_import_does_not_count(project: Path, file: str) -> None:
    assert not program(project).is_made_of(file)


@pytest.mark.parametrize(
    "line",
    [
        "import office.forgotten",
        "import office.forgotten as it",
        "from office import forgotten",
        "from office.forgotten import *",
        "def late():\n    from office import lines, forgotten",
        "try:\n    import office.forgotten\nexcept ImportError:\n    pass",
    ],
)
def test_a_module_counts_as_soon_as_the_program_imports_it(project: Path, line: str) -> None:
    write(project, "__main__.py", f"{line}\n")
    assert program(project).is_made_of("office/forgotten.py")


@pytest.mark.parametrize(
    "line", ["from . import forgotten", "from .forgotten import x", "from ..office import forgotten"]
)
def test_relative_imports_are_followed(project: Path, line: str) -> None:
    write(project, "office/lines.py", f"{line}\n")
    assert program(project).is_made_of("office/forgotten.py")


def test_a_module_that_was_removed_counts_where_it_was_imported(project: Path) -> None:
    (project / "office" / "lines.py").unlink()
    found = program(project, {"office/lines.py": "import office.forgotten\n"})
    assert found.is_made_of("office/lines.py")
    assert found.is_made_of("office/forgotten.py")


def test_a_module_whose_import_was_taken_out_counts(project: Path) -> None:
    assert program(project, {"__main__.py": "import office.forgotten\n"}).is_made_of("office/forgotten.py")


def test_a_program_that_cannot_be_parsed_is_what_it_was(project: Path) -> None:
    write(project, "office/lines.py", "import (\n")
    found = program(project, {"office/lines.py": "import office.forgotten\n"})
    assert found.is_made_of("office/forgotten.py")


def test_a_folder_may_be_imported_under_another_name(project: Path) -> None:
    write(project, "Pulumi.yaml", "name: networks\nruntime: python\nmain: infra\n")
    write(project, "infra/__main__.py", "from networks.sites import berlin\n")
    write(project, "infra/sites/berlin.py", "")
    assert program(project).is_made_of("infra/sites/berlin.py")


def test_a_program_may_be_a_file(project: Path) -> None:
    write(project, "Pulumi.yaml", "name: networks\nruntime: python\nmain: start/here.py\n")
    write(project, "start/here.py", "import beside\n")
    write(project, "start/beside.py", "")
    assert program(project).is_made_of("start/beside.py")
    assert not program(project).is_made_of("office/lines.py")


def test_of_a_program_in_another_language_everything_counts(project: Path) -> None:
    write(project, "Pulumi.yaml", "name: networks\nruntime: nodejs\nmain: app\n")
    write(project, "app/index.ts", "")
    assert program(project).is_made_of("app/index.ts")
    assert program(project).is_made_of("policies/rules/tags.py")
    assert not program(project).is_made_of("docs/vpn.md")


@pytest.mark.parametrize(
    "file",
    [
        ".github/workflows/review.yaml",
        ".gitattributes",
        "docs/.gitattributes",
        ".gitlab-ci.yml",
        "CODEOWNERS",
        "docs/CODEOWNERS",
        ".venv",
        ".venv/lib/python3.11/site-packages/zz.pth",
        ".engine/bin/pulumi",
        "Pulumi.json",
        "Pulumi.yaml",
        "Pulumi.yml",
        "iam/reviewer.json",
        "infra/sitecustomize.py",
        "usercustomize.py",
        "infra/addresses/holders.py",
        "infra/aws/session_documents.py",
        "infra/components/runner_permissions.py",
        "infra/cli/review.py",
        "infra/cli/up/update.py",
        "infra/engine/events.py",
        "infra/fleet/runs.py",
        "infra/language_host/run.py",
        "infra/toolchain/own_engine.py",
        "infra/permissions/calls.json",
        "infra/refusal.py",
        "infra/review/verdict.py",
        "infra/settings/rules.py",
        "policies",
        "policies/PulumiPolicy.yaml",
        "policies/database.py",
        "policies/new.py",
        "pyproject.toml",
        "requirements.lock",
        "scripts/setup",
        "infra/review/request_comment.py",
    ],
)
def test_what_judges_is_a_rule(own: Program, file: str) -> None:
    assert own.is_rule(file)


@pytest.mark.parametrize(
    "file",
    [
        "README.md",
        "docs/rules.md",
        "infra/cli/main.py",
        "infra/components/tenant_database.py",
        "infra/stacks/tenant.py",
        "infra/vpn/templates/strongswan/swanctl.conf.j2",
        "tests/unit/test_docs.py",
    ],
)
def test_what_only_is_judged_is_no_rule(own: Program, file: str) -> None:
    assert not own.is_rule(file)


@pytest.mark.parametrize(
    "file", ["infra/components/tenant_database.py", "policies/database.py", "infra/tags.py"]
)
def test_the_pack_is_all_that_it_imports(own: Program, file: str) -> None:
    assert own.is_of_pack(file)


@pytest.mark.parametrize("file", ["infra/stacks/tenant.py", "infra/cli/main.py", "README.md"])
def test_the_pack_is_no_more_than_it_imports(own: Program, file: str) -> None:
    assert not own.is_of_pack(file)


@pytest.mark.parametrize(
    "file", ["requirements.txt", "requirements/dev.txt", "uv.lock", "Pulumi.yaml", "policies/rules/tags.py"]
)
def test_in_a_users_project_pins_and_pack_are_rules(project: Path, file: str) -> None:
    assert program(project).is_rule(file)


@pytest.mark.parametrize("file", ["__main__.py", "office/lines.py", "office/data/sites.json"])
def test_a_users_program_is_no_rule(project: Path, file: str) -> None:
    assert not program(project).is_rule(file)


def test_what_the_pack_imports_is_a_rule_unless_it_always_declared(project: Path) -> None:
    write(project, "policies/__main__.py", "from office import lines\n")
    assert program(project).is_rule("office/lines.py")
    write(project, "office/lines.py", "import pulumi_aws\n")
    assert not program(project).is_rule("office/lines.py")
    # A rule does not cease to be one by an import.
    assert program(project, {"office/lines.py": "LIMIT = 3\n"}).is_rule("office/lines.py")


def test_the_packs_configuration_is_a_rule(project: Path) -> None:
    write(project, "ours/pack.json", "{}")
    config = project / "ours" / "pack.json"
    assert Program(find_project(project), (), lambda _: None, config).is_rule("ours/pack.json")
    assert not program(project).is_rule("ours/pack.json")


@pytest.mark.parametrize(
    ("file", "says", "place"),
    [
        (
            "Pulumi.yaml",
            "plugins: {languages: [{name: python, path: ./host}]}",
            "host/pulumi-language-python",
        ),
        ("Pulumi.yaml", "plugins: {analyzers: [{name: x, path: host}]}", "host/deep/pulumi-analyzer-x"),
        ("Pulumi.yaml", "plugins: {providers: [{name: aws, path: ../p/host}]}", "host/pulumi-resource-aws"),
        ("Pulumi.yaml", "packages: {tenantnet: ./host}", "host/PulumiPlugin.yaml"),
        ("Pulumi.yaml", "packages: {tenantnet: {source: ./host, version: '1'}}", "host/__main__.py"),
        ("Pulumi.yaml", "backend: {url: 'file://./host'}", "host/.pulumi/stacks/networks/acme.json"),
        ("Pulumi.yaml", "backend: {url: 'file://.'}", ".pulumi/stacks/networks/acme.json"),
        ("Pulumi.yaml", "plugins: {providers: [{name: aws, path: .}]}", "pulumi-resource-aws"),
        ("Pulumi.yaml", "runtime: {name: python, options: {virtualenv: host}}", "host/lib/x.py"),
        ("Pulumi.yaml", "runtime: {name: python, options: {toolchain: uv}}", "uv.toml"),
        (
            "policies/PulumiPolicy.yaml",
            "runtime: {name: python, options: {virtualenv: ../host}}",
            "host/x.py",
        ),
        ("policies/PulumiPolicy.yaml", "{runtime: python, main: ../host}", "host/__main__.py"),
    ],
)
def test_what_the_engine_judges_with_is_a_rule(tmp_path: Path, file: str, says: str, place: str) -> None:
    """That it is named at all is a change of a rule; what is there may change later."""
    folder = tmp_path / "p"
    write(folder, "Pulumi.yaml", "name: networks\n")
    write(folder, "policies/PulumiPolicy.yaml", "runtime: python\n")
    assert program(folder).is_rule(file)
    assert not program(folder).is_rule("host/README.md")
    write(folder, file, says if says.startswith("{") else f"name: networks\n{says}\n")
    assert program(folder).is_rule(place)
    assert not program(folder).is_rule("office/host/x.py")
    assert not program(folder).is_rule("aws/x.py")


@pytest.mark.parametrize("file", ["Pulumi.json", "Pulumi.yml"])
def test_another_project_file_makes_every_stack_and_has_the_bases_pack_judge_too(
    own: Program, file: str
) -> None:
    """The engine prefers Pulumi.json to Pulumi.yaml."""
    assert own.is_made_of(file)
    assert own.is_of_pack(file)
    assert own.is_of_pack(".venv/lib/python3.11/site-packages/zz.pth")
