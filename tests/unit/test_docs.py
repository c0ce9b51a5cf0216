"""All of the documentation: links lead somewhere, commands and settings in it are real."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from ruamel.yaml import YAML
from tenantnet.addresses.addressing import DEFAULT_RESERVED
from tenantnet.cli.main import app
from tenantnet.permissions.actions import IMPLIED
from tenantnet.settings.files import ProjectDefaults, judge_config
from typer.core import TyperGroup

from tests.support.clone import CLONE

PAGES = sorted(
    [
        *(CLONE / "docs").rglob("*.md"),
        *(CLONE / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")),
    ]
)
INIT_README = CLONE / "infra" / "scaffold" / "files" / "README.md"
ROOT = typer.main.get_group(app)
# Blocks in other languages are programs, data or output.
SHELL_BLOCK = re.compile(r"^```(?:sh)?\n(.*?)^```", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"^    (.+)$", re.MULTILINE)
YAML_BLOCK = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def name(page: Path) -> str:
    return str(page.relative_to(CLONE))


def prose(page: Path) -> str:
    """The page without its fenced blocks."""
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """As GitHub and GitLab make them of headings."""
    found = set()
    for heading in re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower().replace("`", "")
        found.add(re.sub(r"[^\w\- ]", "", plain).replace(" ", "-"))
    return found


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_to_a_file_and_heading_that_exist(page: Path) -> None:
    for link in LINK.findall(prose(page)):
        if "://" in link or link.startswith("mailto:"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{link} leads nowhere"
        if anchor:
            assert anchor in anchors(target), f"{link}: no such heading"


def commands(page: Path) -> Iterator[str]:
    """The lines of the page's shell examples, continued ones joined."""
    text = page.read_text(encoding="utf-8")
    blocks = [*SHELL_BLOCK.findall(text), "\n".join(INDENTED.findall(text))]
    for line in "\n".join(blocks).replace("\\\n", " ").splitlines():
        found = re.match(r"(?:\.venv/bin/)?(tenantnet [^#&|>$]*)", line.strip())
        if found:
            yield found[1].strip()


EXAMPLES = [(page, line) for page in PAGES for line in commands(page)]


@pytest.mark.parametrize(("page", "line"), EXAMPLES, ids=[f"{name(page)}: {line}" for page, line in EXAMPLES])
def test_every_command_is_one_with_options_that_exist(page: Path, line: str) -> None:
    command: Any = ROOT
    words = shlex.split(line)[1:]
    if "…" in words or words == ["COMMAND", "--help"]:
        return
    while isinstance(command, TyperGroup):
        assert words, f"{line}: a command is missing"
        assert words[0] in command.commands, f"{line}: there is no {words[0]}"
        command = command.commands[words.pop(0)]
    for each in command.params:
        # The files that a page names are not here.
        each.callback = None
    if "--help" not in words:
        # Raises an error for an option that does not exist, and for an argument too few or too many.
        command.make_context(command.name, list(words))


def is_settings(document: object) -> bool:
    """A whole settings file, not a part of one or of something else."""
    config = document.get("config") if isinstance(document, dict) else None
    return isinstance(config, dict) and bool({"tenantnet:tenant", "tenantnet:platform"} & config.keys())


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_settings_file_is_accepted(page: Path) -> None:
    for block in YAML_BLOCK.findall(page.read_text(encoding="utf-8")):
        document = YAML(typ="safe", pure=True).load(block)
        if is_settings(document):
            stack = "platform-eu1" if "tenantnet:platform" in document["config"] else "acme"
            defaults = ProjectDefaults(reserved=DEFAULT_RESERVED, has_region=False)
            assert judge_config(stack, document["config"], defaults)[1] == []


def test_every_page_is_in_the_index() -> None:
    index = CLONE / "docs" / "README.md"
    linked = {(index.parent / link.partition("#")[0]).resolve() for link in LINK.findall(prose(index))}
    assert set((CLONE / "docs").rglob("*.md")) - linked == {index}


TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def test_every_promise_names_a_test_that_exists() -> None:
    page = (CLONE / "docs" / "security.md").read_text(encoding="utf-8")
    named = set(TEST.findall(page))
    assert len(named) >= 30
    for file, test in sorted(named):
        source = (CLONE / file).read_text(encoding="utf-8")
        assert re.search(rf"^ *def {test}\(", source, re.MULTILINE), f"{file} has no {test}"
    promises = [line for line in page.splitlines() if line.startswith("| ") and "`tests/" in line]
    tables = page.partition("## To a tenant")[2].partition("## Not promised")[0]
    rows = re.findall(r"^\| (?!threat)[^-].*$", tables, re.MULTILINE)
    assert promises == rows, "a promise without a test"


def test_every_implied_permission_is_documented_with_its_source() -> None:
    page = (CLONE / "docs" / "permissions.md").read_text(encoding="utf-8")
    for implied in IMPLIED:
        assert f"[source]({implied.source})" in page
        assert all(f"`{action}`" in page for action in implied.actions)


# Where Pulumi's own way is what is taught: a program of one's own, the policy pack.
TEACH_PULUMI = {"docs/library.md", "docs/rules.md"}
# And where an own password needs the stack before `tenantnet up`.
MAKE_A_STACK = {"docs/transcript.md"}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_page_names_one_command_that_updates_a_stack(page: Path) -> None:
    if name(page) not in TEACH_PULUMI:
        text = page.read_text(encoding="utf-8")
        assert re.findall(r"^ *(?:[A-Z_]+=\S+ )*pulumi up\b.*", text, re.MULTILINE) == []


@pytest.mark.parametrize("page", [*PAGES, INIT_README], ids=name)
def test_a_page_names_one_command_that_makes_a_stack(page: Path) -> None:
    if name(page) not in MAKE_A_STACK:
        made = re.findall(
            r"^.*pulumi stack (?:init|select --create).*", page.read_text("utf-8"), re.MULTILINE
        )
        assert made == []


def test_what_is_printed_names_one_command_that_updates_a_stack() -> None:
    named = {
        f"{path.relative_to(CLONE)}: {line.strip()}"
        for room in ("infra", "policies", "local_cloud")
        for path in (CLONE / room).rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if "pulumi up" in line
    }
    # Of itself it says what it is the same as.
    assert {each.partition(":")[0] for each in named} == {"infra/cli/up/commands.py"}


def printed(source: str) -> Iterator[str]:
    """Every text of a module but its docstrings."""
    tree = ast.parse(source)
    docstrings = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def test_what_is_printed_names_no_page_by_a_path_that_only_a_clone_has() -> None:
    named = [
        f"{path.name}: {text}"
        for room in ("infra", "policies", "local_cloud")
        for path in (CLONE / room).rglob("*.py")
        for text in printed(path.read_text(encoding="utf-8"))
        if re.search(r"\bdocs/\w+\.md", text)
    ]
    assert named == []
