"""Pulumi's own distribution, which is used where it is complete."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from tenantnet.toolchain.progress import say

LANGUAGE_HOST = "pulumi-language-python"
# Claims use error hooks. The engine has them since 3.217; in 3.243 they did not fire on a failed creation.
# https://github.com/pulumi/pulumi/issues/23344
OLDEST_ENGINE = (3, 244, 0)
VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")
ASK_LIMIT = 60  # seconds for an answer from the disk
DOWNLOAD_LIMIT = 600  # seconds for some 200 MB


def find(aws_version: str, *, may_download: bool) -> Path | None:
    """The official CLI, if it comes with its Python language host and this version of the AWS plugin.

    The plugin is downloaded where that may be tried and works; else one line says what is missing.
    """
    environment = _environment_without_own_engine()
    pulumi = shutil.which("pulumi", path=environment["PATH"])
    if pulumi is None:
        return None
    beside = Path(pulumi).resolve().with_name(LANGUAGE_HOST)
    if not beside.exists() and shutil.which(LANGUAGE_HOST, path=environment["PATH"]) is None:
        say(f"Engine: {pulumi} has no {LANGUAGE_HOST} with it, so it cannot run this project")
        return None
    if not _is_new_enough(pulumi, environment):
        return None
    if _has_plugin(pulumi, aws_version, environment):
        return Path(pulumi)
    if may_download and _download(pulumi, aws_version, environment):
        return Path(pulumi)
    say(f"Engine: {pulumi} has no AWS plugin {aws_version}, and none could be downloaded")
    return None


def _environment_without_own_engine() -> dict[str, str]:
    """The environment as it is outside of `tenantnet local env`, which puts a clone's own engine first."""
    environment = dict(os.environ)
    folders = environment.get("PATH", os.defpath).split(os.pathsep)
    environment["PATH"] = os.pathsep.join(
        one for one in folders if Path(one).parts[-2:] != (".engine", "bin")
    )
    if Path(environment.get("PULUMI_HOME", "")).parts[-2:] == (".engine", "home"):
        del environment["PULUMI_HOME"]
    return environment | {"PULUMI_SKIP_UPDATE_CHECK": "true"}


def _is_new_enough(pulumi: str, environment: dict[str, str]) -> bool:
    command = [pulumi, "version"]
    try:
        asked = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=ASK_LIMIT, check=False
        )
    except (subprocess.TimeoutExpired, OSError):
        return False
    found = VERSION.match(asked.stdout)
    if found and tuple(map(int, found.groups())) >= OLDEST_ENGINE:
        return True
    oldest = ".".join(map(str, OLDEST_ENGINE))
    say(f"Engine: {pulumi} is {asked.stdout.strip() or 'of no known version'}; {oldest} or newer is needed")
    return False


def _has_plugin(pulumi: str, version: str, environment: dict[str, str]) -> bool:
    try:
        listed = subprocess.run(
            [pulumi, "plugin", "ls", "--json"],
            env=environment,
            capture_output=True,
            timeout=ASK_LIMIT,
            check=True,
        )
        plugins = json.loads(listed.stdout or b"[]") or []
    except (subprocess.SubprocessError, OSError, ValueError):
        return False
    return any((plugin.get("name"), plugin.get("version")) == ("aws", version) for plugin in plugins)


def _download(pulumi: str, version: str, environment: dict[str, str]) -> bool:
    say(f"Engine: downloading the AWS plugin {version} for {pulumi}")
    command = [pulumi, "plugin", "install", "resource", "aws", version]
    try:
        return subprocess.run(command, env=environment, timeout=DOWNLOAD_LIMIT, check=False).returncode == 0
    except (subprocess.TimeoutExpired, OSError):
        return False
