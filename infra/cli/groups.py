"""Groups of commands, which are imported when one of their commands is looked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from functools import cached_property, wraps
from importlib import import_module
from typing import Any

import typer
from tenantnet.failure import Failure
from tenantnet.refusal import Refused, short_words
from typer.core import TyperGroup

# No boxes around help: to import what draws them takes longer than all else that help needs.
PLAIN = None
# Characters of a command's first sentence, beyond what any has.
LONGEST = 1000

# The module of each group's commands, and what the group is for.
GROUPS = {
    "tenant": ("tenant.commands", "Add or remove a tenant, in its settings."),
    "network": (
        "network",
        "List, add or delete networks in a tenant's settings. Nothing changes in AWS before `tenantnet up`.",
    ),
    "database": ("database", "Show or resize a tenant's database."),
    "vpn": ("vpn.commands", "Show and edit VPN connections, and write guides for the companies' devices."),
    "tunnel": (
        "tunnel.commands",
        "Open tunnels from this machine to tenants' databases, through AWS's Session Manager.",
    ),
    "migrate": ("migrate.commands", "Move a tenant's database to its other network, and follow the move."),
    "fleet": (
        "fleet.commands",
        "Preview, update or check many tenants in parallel, with a report; resume an interrupted run.",
    ),
    "isolation": (
        "isolation",
        "Check what can reach what: offices and sessions their own tenant's database, and nothing else.",
    ),
    "claims": ("claims", "Show which tenant has which range in a cell."),
    "settings": ("settings", "Check settings files; export their JSON Schema."),
    "engine": ("engine", "Install what runs the stacks, where Pulumi's own distribution is not installed."),
    "local": ("local", "Run the local cloud: AWS on this machine, to try and to test."),
}

# How the top help is ordered: by what people come for.
SECTIONS = {
    "To begin": ("init", "engine", "doctor", "settings", "local"),
    "Tenants": ("tenant", "network", "database", "vpn", "up", "status", "topology", "console"),
    "Connections from a desk": ("open", "tunnel"),
    "Moves, and many tenants": ("migrate", "fleet"),
    "Reviews and safety": ("review", "rules", "permissions", "isolation", "claims"),
}


# Commands of these names change nothing, in whichever group: their errors need not say so.
READING = frozenset(
    {
        *("audit", "check", "devices", "doctor", "drift", "list", "open", "preview", "report", "review"),
        *("rules", "schema", "show", "status", "topology"),
    }
)


def prepared(commands: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The commands with help that has their arguments' names in capitals, as their pages do; and READING."""
    for name, command in commands.items():
        for each in command.params:
            if each.param_type_name == "argument":
                each.metavar = each.metavar or each.name.upper()
        if name in READING:
            command.callback = _reading(command.callback)
    return commands


def _reading(command: Callable[..., object]) -> Callable[..., object]:
    @wraps(command)
    def without_state(*given: Any, **more: Any) -> object:  # noqa: ANN401 - whatever typer gives
        try:
            return command(*given, **more)
        except (Failure, Refused) as error:
            error.state = "" if error.state == Refused.state else error.state
            raise

    return without_state


def write_commands(formatter: Any, title: str, commands: Mapping[str, Any]) -> None:  # noqa: ANN401 - typer's
    """A section of help with the whole first sentence about each command: half of one says little."""
    with formatter.section(title):
        formatter.write_dl([(name, each.get_short_help_str(LONGEST)) for name, each in commands.items()])


class Group(TyperGroup):
    """One of GROUPS."""

    def __init__(self, name: str) -> None:
        self._module, help_text = GROUPS[name]
        super().__init__(name=name, help=help_text, no_args_is_help=True, rich_markup_mode=PLAIN)
        # The base class has given it none.
        del self.commands

    @cached_property
    def commands(self) -> MutableMapping[str, Any]:  # type: ignore[override]
        app: typer.Typer = import_module(f"tenantnet.cli.{self._module}").app
        app.rich_markup_mode = PLAIN
        return prepared(typer.main.get_group(app).commands)

    def format_commands(self, _: Any, formatter: Any) -> None:  # noqa: ANN401 - as typer has them
        write_commands(formatter, "Commands", self.commands)


@contextmanager
def _short_errors() -> Iterator[None]:
    """What is wrong with a command line repeats what was given, whatever that is."""
    try:
        yield
    except typer.TyperException as error:
        error.message = short_words(error.message)
        raise


class Commands(TyperGroup):
    """The commands of `tenantnet` itself, then the groups."""

    @_short_errors()
    def make_context(self, *given: Any, **more: Any) -> Any:  # noqa: ANN401 - whatever typer gives
        return super().make_context(*given, **more)

    @_short_errors()
    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - whatever a command returns
        return super().invoke(ctx)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - as typer has them
        try:
            return super().resolve_command(ctx, args)
        except typer.TyperException as error:
            name = args[0]
            groups = [each for each in self.commands.values() if isinstance(each, Group)]
            if known := [f"tenantnet {each.name} {name}" for each in groups if name in each.commands]:
                error.message += f" There is: {', '.join(known)}"
            raise

    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401 - whatever typer gives
        super().__init__(**attributes)
        prepared(self.commands)
        for name in GROUPS:
            self.add_command(Group(name))

    def format_commands(self, _: Any, formatter: Any) -> None:  # noqa: ANN401 - as typer has them
        width = max(map(len, self.commands))
        for title, names in SECTIONS.items():
            there = {name.ljust(width): self.commands[name] for name in names if name in self.commands}
            write_commands(formatter, title, there)
