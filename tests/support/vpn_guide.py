"""The guide for strongSwan, as a company gets it and follows it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.support.project import Project
from tests.support.vpn_lab import Lab


def downloaded(project: Project, connection: str, folder: Path, *options: str) -> Path:
    """The files of a VPN connection of acme, as `tenantnet vpn download` writes them."""
    command = ["tenantnet", "vpn", "download", "acme", connection, "--format", "strongswan"]
    done = subprocess.run(
        [*command, "--output", folder, *options],
        cwd=project.folder,
        env=project.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def install(lab: Lab, guide: Path) -> None:
    """Do what the guide's README says, and start strongSwan anew."""
    commands = re.findall(r"^```sh\n(.*?)^```", (guide / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    lab.gateway.kill()
    lab.gateway.shell(commands[0], guide)
    lab.gateway.start()


def tunnel(guide: Path, number: int) -> str:
    """strongSwan's name of a tunnel."""
    (name,) = re.findall(rf"^  (vpn-\S+-{number}) \{{", (guide / "swanctl.conf").read_text(), re.MULTILINE)
    return str(name)
