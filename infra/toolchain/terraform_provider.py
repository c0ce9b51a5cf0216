"""Terraform's AWS provider: where Terraform itself would find one, else downloaded."""

from __future__ import annotations

import os
import platform
import re
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

Version = tuple[int, ...]

# From the oldest that has every property in use to the next one that may rename some.
OLDEST, TOO_NEW = (5, 80), (7,)
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
EXTRA_DIRECTORY = Path("/opt/tf-plugins")


def target() -> str:
    """This machine in Terraform's words: linux_amd64."""
    return f"{platform.system().lower()}_{ARCHITECTURES.get(platform.machine(), platform.machine())}"


def directories(environment: Mapping[str, str], home: Path) -> list[Path]:
    """Where Terraform looks for providers: mirrors and caches from its settings, then the usual places."""
    settings_file = Path(environment.get("TF_CLI_CONFIG_FILE") or str(home / ".terraformrc"))
    settings = settings_file.read_text(encoding="utf-8") if settings_file.is_file() else ""
    named: list[str] = re.findall(r"filesystem_mirror\s*\{[^}]*?\bpath\s*=\s*\"([^\"]+)\"", settings)
    named += re.findall(r"^\s*plugin_cache_dir\s*=\s*\"([^\"]+)\"", settings, re.MULTILINE)
    if "TF_PLUGIN_CACHE_DIR" in environment:
        named.append(environment["TF_PLUGIN_CACHE_DIR"])
    data_home = environment.get("XDG_DATA_HOME") or str(home / ".local" / "share")
    data_dirs = (environment.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(os.pathsep)
    usual = [home / ".terraform.d" / "plugins"]
    usual += [Path(data) / "terraform" / "plugins" for data in [data_home, *data_dirs]]
    named_paths = [Path(path.replace("$HOME", str(home))).expanduser() for path in named]
    return [*named_paths, *usual, EXTRA_DIRECTORY]


def newest(folders: Iterable[Path], target: str) -> Path | None:
    """The newest supported provider for this machine, as a program or as the archive that holds it."""
    found: dict[Path, Version] = {}
    for folder in folders:
        for program in folder.glob(f"*/hashicorp/aws/*/{target}/terraform-provider-aws*"):
            found[program] = _version(program.parts[-3])
        for archive in folder.glob(f"*/hashicorp/aws/terraform-provider-aws_*_{target}.zip"):
            found[archive] = _version(archive.name.split("_")[1])
    supported = {path: version for path, version in found.items() if OLDEST <= version < TOO_NEW}
    return max(supported, key=lambda path: supported[path], default=None)


def unpack(archive: Path, into: Path) -> Path:
    """The program out of Terraform's archive."""
    with zipfile.ZipFile(archive) as content:
        name = next(name for name in content.namelist() if name.startswith("terraform-provider-aws"))
        program = Path(content.extract(name, into))
    program.chmod(0o755)
    return program


def _version(text: str) -> Version:
    """(5, 100, 0); () for what is no release, such as a beta."""
    return tuple(int(number) for number in text.split(".")) if re.fullmatch(r"\d+(\.\d+)*", text) else ()
