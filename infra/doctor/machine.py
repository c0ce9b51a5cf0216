"""The machine: the engine, its AWS plugin, and Session Manager's plugin."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator

from tenantnet.doctor.finding import Finding, Planned, State
from tenantnet.engine.plugins import aws_plugin
from tenantnet.engine.version import engine_version
from tenantnet.toolchain.official_engine import OLDEST_ENGINE

VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")


def engine(_: Planned) -> Iterator[Finding]:
    """Whether there is a `pulumi`, and one that is new enough."""
    yield judge_engine(engine_version())


def judge_engine(said: str) -> Finding:
    """said: what `pulumi version` prints."""
    about, oldest = "Pulumi", ".".join(map(str, OLDEST_ENGINE))
    found = VERSION.match(said)
    if found is None:
        remedy = f"install {oldest} or newer"
        return Finding(about=about, state=State.FAULT, found=f"`pulumi version` says: {said}", remedy=remedy)
    if tuple(map(int, found.groups())) < OLDEST_ENGINE:
        found_old = f"{said} has no error hooks that work, by which claims say who holds a range"
        return Finding(about=about, state=State.FAULT, found=found_old, remedy=f"install {oldest} or newer")
    return Finding(about=about, found=said)


def plugins(_: Planned) -> Iterator[Finding]:
    """Whether the AWS plugin and Session Manager's are installed."""
    wanted, program = aws_plugin()
    if program:
        yield Finding(about="AWS plugin", found=wanted)
    else:
        yield Finding(
            about="AWS plugin",
            state=State.WARNING,
            found=f"{wanted} is not installed; the first preview downloads it",
            remedy=f"pulumi plugin install resource aws {wanted}",
        )
    if path := shutil.which("session-manager-plugin"):
        yield Finding(about="tunnels", found=path)
    else:
        yield Finding(
            about="tunnels",
            state=State.WARNING,
            found="no session-manager-plugin is on the path: no tunnel opens, and no move compares data",
            remedy="install AWS's Session Manager plugin",
        )


def settings(planned: Planned) -> Iterator[Finding]:
    """Settings files that cannot be read: of what their tenants lack nothing is said."""
    for refused in planned.unread.values():
        for each in refused.refusals:
            found = f"{refused.subject}, {each.value}: {each.reason}"
            yield Finding(about="settings", state=State.FAULT, found=found, remedy=each.remedy)
