"""The parts that are built from source, each once a machine: clones and projects share the cache."""

from __future__ import annotations

import hashlib
import platform
import re
from dataclasses import dataclass
from pathlib import Path

from tenantnet.toolchain import go
from tenantnet.toolchain.cache import cache, made_once
from tenantnet.toolchain.places import SOURCES
from tenantnet.toolchain.progress import run

# Go's sources, its lists of modules, and the data that a program embeds.
SOURCE_SUFFIXES = {".go", ".mod", ".sum", ".json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A Go program.

    module: its folder in SOURCES. version_of: the Go module whose version it is told to report.
    """

    title: str
    module: str
    package: str
    program: str
    version_of: str = ""
    version_variable: str = ""


PULUMI = Part(
    title="Pulumi CLI",
    module="pulumi",
    package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    program="pulumi",
    version_of="github.com/pulumi/pulumi/sdk/v3",
    # Without a version the Automation API refuses to work with the CLI.
    version_variable="github.com/pulumi/pulumi/sdk/v3/go/common/version.Version",
)
BRIDGE = Part(
    title="Bridge to Terraform providers",
    module="bridge",
    package="github.com/pulumi/pulumi-terraform-bridge/v3/dynamic",
    program="pulumi-resource-terraform-provider",
    version_of="github.com/pulumi/pulumi-terraform-bridge/v3",
    version_variable="github.com/pulumi/pulumi-terraform-bridge/v3/dynamic/version.version",
)
LANGUAGE_HOST = Part(
    title="Language host for Python", module="language_host", package=".", program="pulumi-language-python"
)
# Not part of the engine: a test tries the components in another language with it.
YAML_LANGUAGE_HOST = Part(
    title="Language host for YAML",
    module="yaml_language",
    package="github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
    program="pulumi-language-yaml",
)
AWS_PLUGIN = Part(title="AWS plugin", module="aws-plugin", package=".", program="pulumi-resource-aws")
SESSION_MANAGER_PLUGIN = Part(
    title="Session Manager plugin",
    module="session-manager-plugin",
    package="github.com/aws/session-manager-plugin/src/sessionmanagerplugin-main",
    program="session-manager-plugin",
)


def build(part: Part) -> Path:
    """The part's program in the cache, built if it is not there."""
    program = cache() / f"{part.module}-{fingerprint(part, SOURCES / part.module)}" / part.program
    return made_once(program, lambda output: _build(part, output))


def fingerprint(part: Part, module: Path) -> str:
    """Changes with everything that the built program depends on."""
    digest = hashlib.sha256(f"{part}\0{platform.system()}\0{platform.machine()}".encode())
    sources = [
        path
        for path in module.iterdir()
        if path.suffix in SOURCE_SUFFIXES and not path.name.endswith("_test.go")
    ]
    for path in sorted(sources):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def version(part: Part, module: Path) -> str:
    """The version that go.mod pins, "v3.1.2"; "" for a program of our own."""
    if not part.version_of:
        return ""
    go_mod = (module / "go.mod").read_text(encoding="utf-8")
    found = re.search(rf"\s{re.escape(part.version_of)} (v\S+)", go_mod)
    if found is None:
        raise LookupError(f"{module}/go.mod pins no {part.version_of}")
    return found[1]


def _build(part: Part, output: Path) -> None:
    module = SOURCES / part.module
    pinned = version(part, module)
    linked_in = ["-X", f"{part.version_variable}={pinned}"] if pinned else []
    run(
        f"Building {part.title} {pinned}".rstrip(),
        [
            *(go.find_or_install(), "build", "-v", "-mod=readonly", "-trimpath", "-buildvcs=false"),
            *("-ldflags", " ".join(["-s", "-w", *linked_in])),
            *("-o", output, part.package),
        ],
        cwd=module,
        environment=go.environment(),
        counted="packages",
        remedy="Check the disk space and Go's access to modules (GOPROXY); then run it again.",
    )
