"""What holds for every command, whoever adds it: an example, explained options, JSON, completion."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
import typer.testing
from tenantnet.cli.groups import GROUPS, READING, SECTIONS
from tenantnet.cli.main import app
from tenantnet.refusal import Refused
from typer.core import TyperCommand, TyperGroup

from tests.support.clone import CLONE
from tests.support.small_settings import ACME_SERVED, small_project

DOC = (CLONE / "docs" / "commands.md").read_text(encoding="utf-8")
EXIT_CODES = re.findall(r"^\| (\d+) \|", DOC.split("## Exit codes")[1].split("##")[0], re.MULTILINE)

# Commands that show something; all others write, start or print for one purpose only.
SHOWS = {
    "status",
    "show",
    "list",
    "audit",
    "topology",
    "devices",
    "doctor",
    "drift",
    "check",
    "preview",
    "review",
    "open",
    "rules",
}
# Arguments that name something of which the settings files know the names.
NAMED = {"tenant", "stack", "platform", "vpn_connection"}


def commands(group: TyperGroup, name: str) -> Iterator[tuple[str, TyperCommand]]:
    for word, command in group.commands.items():
        path = f"{name} {word}"
        if isinstance(command, TyperGroup):
            yield from commands(command, path)
        elif isinstance(command, TyperCommand):
            yield path, command


ALL = dict(commands(typer.main.get_group(app), "tenantnet"))
SHOWING = [name for name in ALL if name.rsplit(" ", 1)[-1] in SHOWS]


def test_what_shows_something_changes_nothing_and_need_not_say_so() -> None:
    assert SHOWS <= READING
    states = {}
    for words in ("claims audit platform-nowhere", "network delete nobody blue"):
        error = typer.testing.CliRunner().invoke(app, words.split()).exception
        assert isinstance(error, Refused)
        states[words.split()[1]] = error.state
    assert states == {"audit": "", "delete": "Nothing was changed."}


def test_a_command_of_a_group_that_is_looked_for_without_it_is_named_with_it() -> None:
    runner = typer.testing.CliRunner()
    told = runner.invoke(app, ["preview", "acme"]).output
    assert "There is: tenantnet fleet preview" in " ".join(told.split())
    assert "There is" not in runner.invoke(app, ["nothing"]).output


def test_the_top_help_shows_each_command_in_one_section() -> None:
    named = Counter(name for names in SECTIONS.values() for name in names)
    assert {name.split()[1]: 1 for name in ALL}.items() <= named.items()
    text = typer.testing.CliRunner().invoke(app, ["--help"]).output
    assert [f"{title}:" for title in SECTIONS] == re.findall(r"^(?!Usage|Options).*:$", text, re.MULTILINE)


@pytest.mark.parametrize("group", ["", *GROUPS])
def test_the_help_of_a_group_has_whole_sentences_about_its_commands(group: str) -> None:
    text = typer.testing.CliRunner().invoke(app, [*group.split(), "--help"]).output
    shown = " ".join(text.split())
    for name, command in ALL.items():
        if name.split()[1:-1] == group.split():
            first = " ".join((command.help or "").split("\n\n", 1)[0].split())
            assert f"{name.rsplit(' ', 1)[-1]} {first.split('. ')[0].rstrip('.')}" in shown


def options(command: TyperCommand) -> set[str]:
    """Every name of an option; those of a switch's other side too."""
    return {name for each in command.params for name in (*each.opts, *each.secondary_opts)}


def example(name: str) -> str:
    """The example at the end of the command's help."""
    command = ALL[name]
    text = "\n".join(part for part in (command.help, command.epilog) if part)
    found = re.search(r"Example: (.+)\Z", text.strip(), re.DOTALL)
    assert found, f"the help of `{name}` does not end with an example"
    return found[1]


@pytest.mark.parametrize("name", ALL)
def test_the_help_ends_with_an_example_of_the_command_itself(name: str) -> None:
    assert f"{name} " in f"{example(name)} ".replace('"', " ").replace(")", " ")


@pytest.mark.parametrize("name", ALL)
def test_an_example_has_only_options_of_its_command(name: str) -> None:
    assert set(re.findall(r"(?<= )--[a-z-]+", example(name))) <= options(ALL[name])


@pytest.mark.parametrize("name", ALL)
def test_the_help_says_what_the_command_does_before_its_example(name: str) -> None:
    first = (ALL[name].help or "").split("\n", 1)[0]
    assert re.match(r"[A-Z].*[.]?$", first)
    assert "Example" not in first


@pytest.mark.parametrize("name", ALL)
def test_every_option_and_argument_is_explained(name: str) -> None:
    unexplained = [
        each.name for each in ALL[name].params if each.name != "help" and not getattr(each, "help", None)
    ]
    assert unexplained == []


@pytest.mark.parametrize("name", SHOWING)
def test_a_command_that_shows_something_shows_it_to_programs_too(name: str) -> None:
    assert "--json" in options(ALL[name])


@pytest.mark.parametrize("name", ALL)
def test_names_of_tenants_stacks_and_connections_are_completed(name: str) -> None:
    named = [each for each in ALL[name].params if each.name in NAMED]
    assert [each.name for each in named if each._custom_shell_complete is None] == []


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("status a", ["acme"]),
        ("up platform", ["platform-eu1"]),
        ("vpn delete acme 192.168.8", ["192.168.8.0/24"]),
        ("network delete acme ", ["blue", "green"]),
        ("database resize acme --instance-class db.r8g.2", ["db.r8g.2xlarge", "db.r8g.24xlarge"]),
        ("ten", ["tenant"]),
    ],
)
def test_the_shell_completes_what_is_typed(tmp_path: Path, typed: str, offered: list[str]) -> None:
    small_project(tmp_path, acme=ACME_SERVED)
    words = f"tenantnet {typed}"
    done = subprocess.run(
        [Path(sys.executable).parent / "tenantnet"],
        cwd=tmp_path,
        env={
            **os.environ,
            "_TENANTNET_COMPLETE": "complete_bash",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split(" ")) - 1),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.split() == offered, done.stderr


def texts(file: Path) -> Iterator[str]:
    """What a module may say: its strings but for docstrings, with X for what is filled in."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    left_out = [each.value for each in ast.walk(tree) if isinstance(each, ast.Expr)]
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            left_out += node.values
            yield "".join(str(each.value) if isinstance(each, ast.Constant) else "X" for each in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in left_out:
            yield node.value


def exists(words: str) -> bool:
    """Whether a text begins with a command and has only options of it."""
    if re.match("tenantnet [a-z]+ [X{]", words):
        return True
    name = next((name for name in ALL if re.match(rf"{name}(?![\w-])", words)), None)
    return name is not None and set(re.findall(r"(?<= )--[a-z-]+", words)) <= options(ALL[name])


@pytest.mark.parametrize("folder", ["infra", "policies"])
def test_a_way_out_names_commands_and_options_that_exist(folder: str) -> None:
    said = {
        f"{file.name}: {words}": words
        for file in (CLONE / folder).rglob("*.py")
        for text in texts(file)
        for words in re.findall(r"(?<![\w./-])tenantnet [a-z]+[^`;:,)\n]*", text)
        if words != text
    }
    assert said
    assert [place for place, words in said.items() if not exists(words)] == []


def test_the_exit_codes_that_all_commands_share_are_documented() -> None:
    assert {"0", "1", "2", "130"} <= set(EXIT_CODES)
