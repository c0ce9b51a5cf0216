"""Arguments and options that several commands have."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from tenantnet.cli.completion import complete_platform, complete_tenant
from tenantnet.refusal import Refused, Rule
from tenantnet.tags import Slot

Tenant = Annotated[
    str, typer.Argument(help="The tenant's name, which is its stack's.", autocompletion=complete_tenant)
]
PlatformStack = Annotated[
    str,
    typer.Argument(
        help="The platform's stack, such as platform-eu1.",
        autocompletion=complete_platform,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Watch = Annotated[
    bool,
    typer.Option("--watch", help="Follow changes until Ctrl-C; with --json, one line for every change."),
]
Cidr = Annotated[str | None, typer.Option(help="The network's range, a /26.")]
Auto = Annotated[bool, typer.Option("--auto", help="Choose a free range at random. This is the default.")]
Offline = Annotated[
    bool,
    typer.Option(
        "--offline",
        help="Check against the settings files here only, without AWS and Pulumi. What they do not know, "
        "the update still refuses.",
    ),
]

FILE_THERE = Rule(
    id="file-there",
    rule="a file that is to be read is there",
    reason="{file} is no file that you may read",
    remedy="name another file",
)
FOLDER_WRITABLE = Rule(
    id="folder-writable",
    rule="a folder for results is there, or can be made",
    reason="{folder} is no folder that you may write into",
    remedy="name another folder",
)


# Beside the checks of os, those of Path end in an error where a folder above may not be entered.
def to_read(option: typer.CallbackParam, file: Path | None) -> Path | None:
    """The file that an option names. Raises Refused if it cannot be read."""
    if file is None or (os.path.isfile(file) and os.access(file, os.R_OK)):  # noqa: PTH113
        return file
    raise Refused("The command", [FILE_THERE.refuse(str(file), _name_of(option), file=file)])


def to_write_into(option: typer.CallbackParam, folder: Path | None) -> Path | None:
    """The folder that an option or argument names, new or not. Raises Refused if nothing can be there.

    It says so before that takes long whose result it is for.
    """
    if folder is None:
        return None
    above = next(each for each in (folder.absolute(), *folder.absolute().parents) if os.path.lexists(each))
    if os.path.isdir(above) and os.access(above, os.W_OK | os.X_OK):  # noqa: PTH112
        return folder
    raise Refused("The command", [FOLDER_WRITABLE.refuse(str(folder), _name_of(option), folder=above)])


def _name_of(option: typer.CallbackParam) -> str:
    """As people type it; of an argument, as the help calls it."""
    return next((name for name in option.opts if name.startswith("--")), (option.name or "").upper())


PolicyConfig = Annotated[
    Path | None,
    typer.Option(
        "--policy-pack-config",
        callback=to_read,
        help="The policy pack's configuration, a JSON file.",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Without asking.")]
NetworkSlot = Annotated[Slot | None, typer.Option("--network", help="Of this network only.")]

CIDR_OR_AUTO = Rule(
    id="cidr-or-auto",
    rule="give a range or let one be chosen",
    reason="--auto chooses a range, so --cidr would be ignored",
    remedy="leave out one of --cidr and --auto",
)

Tenants = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="TENANT",
        help="Names, or patterns such as 'eu-*'. [default: all tenants]",
        autocompletion=complete_tenant,
    ),
]
OfPlatform = Annotated[
    str | None, typer.Option(help="Only the tenants of this platform.", autocompletion=complete_platform)
]


def require_one(cidr: str | None, *, auto: bool) -> None:
    """Raises Refused if a range is given and is to be chosen too."""
    if cidr is not None and auto:
        raise Refused("The command", [CIDR_OR_AUTO.refuse(cidr)])
