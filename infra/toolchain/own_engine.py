"""The engine made of parts built here: Pulumi's CLI, and an AWS plugin over Terraform's AWS provider."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
from pathlib import Path

from tenantnet.failure import Failure
from tenantnet.toolchain import parts, terraform_provider
from tenantnet.toolchain.cache import cache, link, made_once, prepare
from tenantnet.toolchain.go import digest_of_program
from tenantnet.toolchain.places import PROGRAM_RUNNER, home, python
from tenantnet.toolchain.progress import run, say

# Downloaded where no supported one is on the machine: the one that all of this was tried with.
PROVIDER_VERSION = "5.100.0"


def place() -> Path:
    """Its folder in the clone, or in the project of a wheel's user."""
    return home() / ".engine"


def install(aws_version: str) -> None:
    """Build what is missing, and lay the engine out as Pulumi expects it."""
    if platform.system() != "Linux":
        raise Failure(
            "Engine: it cannot be built here",
            reason=f"its AWS plugin ends with the engine by means of Linux, and this is {platform.system()}",
            remedy="Install Pulumi, and have `pulumi` and `pulumi-language-python` on the PATH.",
        )
    needed = (parts.PULUMI, parts.LANGUAGE_HOST, parts.BRIDGE, parts.AWS_PLUGIN)
    pulumi, host, bridge, plugin = (parts.build(part) for part in needed)
    provider = _provider(bridge)
    engine = place()
    # The language host finds this by its own place: see tools/language_host/main.go.
    link(Path(os.path.relpath(PROGRAM_RUNNER, engine)), engine / PROGRAM_RUNNER.name)
    _share(pulumi, engine / "bin" / pulumi.name)
    link(host, engine / "bin" / host.name)
    plugins = engine / "home" / "plugins" / f"resource-aws-v{aws_version}"
    # What the plugin expects beside itself: see tools/aws-plugin/main.go.
    link(plugin, plugins / plugin.name)
    link(bridge, plugins / bridge.name)
    link(provider, plugins / "hashicorp-aws")
    stand_in = plugins / "terraform-provider-aws"
    link(Path(plugin.name), stand_in)
    for former in plugins.glob("hashicorp-aws-*.schema"):
        former.unlink()
    link(keep_schema(stand_in, plugin, provider), plugins / schema_name(provider))
    say(f"Pulumi and its AWS plugin, which works by {provider.name}, are built into {engine}.")
    say('It comes onto the path of a shell by: eval "$(tenantnet local env)"')


def remove() -> None:
    """Take the own engine away, so that nothing finds it any more."""
    if place().exists():
        shutil.rmtree(place())


def is_there() -> bool:
    """Whether there is an own engine."""
    return (place() / "bin" / parts.PULUMI.program).exists()


def schema_name(provider: Path) -> str:
    """The name under which the plugin looks for what this provider says: see tools/aws-plugin/standin.go."""
    return f"hashicorp-aws-{digest_of_program(provider)[:12]}.schema"


def keep_schema(stand_in: Path, plugin: Path, provider: Path) -> Path:
    """What the provider says of the types that the plugin serves.

    stand_in: the plugin, by the name under which it stands in for the provider beside it.
    """
    made_of = f"{plugin}\0{schema_name(provider)}"
    folder = cache() / f"aws-schema-{hashlib.sha256(made_of.encode()).hexdigest()[:12]}"
    return made_once(
        folder / "schema",
        lambda output: run(
            "Schema of Terraform's AWS provider",
            [stand_in, "keep-schema", output],
            remedy=f"Check the provider, {provider}; then run it again.",
        ),
    )


def _provider(bridge: Path) -> Path:
    downloaded = cache() / "terraform-providers"
    folders = [*terraform_provider.directories(os.environ, Path.home()), downloaded]
    target = terraform_provider.target()
    found = terraform_provider.newest(folders, target)
    if found is None:
        searched = "".join(f"\n    {folder}" for folder in folders)
        run(
            f"Terraform's AWS provider {PROVIDER_VERSION}",
            [python(), "-m", "tenantnet.toolchain.download_provider", bridge, PROVIDER_VERSION],
            environment=os.environ | {"PULUMI_DYNAMIC_TF_PLUGIN_CACHE_DIR": str(downloaded)},
            remedy=f"Check the network; or put the provider for {target} into one of these directories, as "
            f"Terraform expects it there (HOST/hashicorp/aws/VERSION/{target}/):{searched}",
        )
        found = terraform_provider.newest([downloaded], target)
    if found is None:
        raise Failure(
            "Terraform's AWS provider: none is there after its download",
            reason=f"nothing in {downloaded} is for {target} and of a supported version",
            remedy=f"Remove {downloaded} and run it again.",
        )
    if found.suffix == ".zip":
        return terraform_provider.unpack(found, cache() / "terraform-providers" / found.stem)
    return found


def _share(source: Path, target: Path) -> None:
    """Put a file in place without a link that could be followed back.

    Pulumi looks for the language host beside its own program, all links resolved, and warns about any other.
    """
    if target.exists() and source.stat().st_mtime_ns == target.stat().st_mtime_ns:
        return
    new = prepare(target)
    try:
        new.hardlink_to(source)
    except OSError:  # another file system
        shutil.copy2(source, new)
    new.replace(target)
