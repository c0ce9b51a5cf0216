"""Settings files that are refused: tables of what is changed in a good file and what must be said then."""

from __future__ import annotations

import copy
import re
from collections import Counter
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

FOLDER = Path(__file__).parent
REMOVED = "(removed)"

PROJECT: dict[str, Any] = {"name": "tenantnet", "runtime": "python", "stackConfigDir": "tenants"}

TENANT: dict[str, Any] = {
    "platform": "platform-eu1",
    "sessionSubnet": "172.17.5.0/24",
    "database": {
        "username": "acmeadmin",
        "instanceClass": "db.t4g.small",
        "storageGb": 100,
        "multiAz": False,
    },
    "networks": {
        "blue": {
            "cidr": "10.1.2.0/26",
            "pingHostType": "t4g.nano",
            "vpnConnections": [
                {
                    "companyCidr": "192.168.4.0/24",
                    "companyGatewayIp": "198.51.100.7",
                    "description": "Seattle office",
                },
                {
                    "companyCidr": "192.168.5.0/24",
                    "companyGatewayIp": "198.51.100.8",
                    "description": "Utrecht office",
                },
            ],
        },
        "green": {
            "cidr": "10.1.3.0/26",
            "vpnConnections": [
                {
                    "companyCidr": "192.168.4.0/24",
                    "companyGatewayIp": "198.51.100.7",
                    "description": "Seattle office",
                }
            ],
        },
    },
    "migration": {
        "to": "green",
        "at": "2026-12-01T02:00",
        "timezone": "Europe/Amsterdam",
        "strategy": "replica",
        "retireAfter": "24h",
    },
    "tunnelUsers": ["alice", "bob"],
}

PLATFORM: dict[str, Any] = {
    "zone": {"name": "db.example.com"},
    "sessions": {"cidr": "172.17.0.0/16"},
    "services": {"cidr": "10.32.0.0/16", "tunnelHostType": "t4g.nano"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenFile:
    """One file, and every refusal that it must get: `path rule`. project: its Pulumi.yaml."""

    id: str
    name: str
    text: str
    project: str
    refused: Counter[str]

    def write(self, folder: Path) -> Path:
        """Write the file and its project into an empty folder; gives the file."""
        (folder / "Pulumi.yaml").write_text(self.project, encoding="utf-8")
        path = folder / "tenants" / self.name
        path.parent.mkdir()
        path.write_text(self.text, encoding="utf-8")
        return path


def good_file(kind: str) -> dict[str, Any]:
    """A whole settings file with nothing wrong in it. kind: tenant or platform."""
    if kind == "platform":
        config = {"aws:region": "eu-west-1", "tenantnet:platform": copy.deepcopy(PLATFORM)}
    else:
        config = {
            "aws:region": "eu-west-1",
            "tenantnet:tenant": copy.deepcopy(TENANT),
            "tenantnet:databasePassword": {"secure": "v1:abc"},
        }
    return {"config": config, "encryptionsalt": "v1:abc"}


def broken_files() -> list[BrokenFile]:
    """All cases of the tables."""
    changed = [_changed(kind, *case) for kind in ("tenant", "platform") for case in _table(kind)]
    return changed + [_written(**case) for case in _table("file")]


def as_yaml(document: object) -> str:
    """A document as YAML text."""
    text, yaml = StringIO(), YAML(typ="safe", pure=True)
    yaml.allow_unicode = True
    yaml.dump(document, text)
    return text.getvalue()


def _table(name: str) -> list[Any]:
    return list(YAML(typ="safe", pure=True).load(FOLDER / f"{name}.yaml"))


def _written(text: str, refused: list[str], name: str = "Pulumi.acme.yaml") -> BrokenFile:
    id_ = f"{text.encode('unicode_escape').decode()[:40]} {' '.join(refused)}"
    return BrokenFile(id=id_, name=name, text=text, project=as_yaml(PROJECT), refused=Counter(refused))


def _changed(kind: str, changes: dict[Any, Any], *refused: str) -> BrokenFile:
    document, project = good_file(kind), copy.deepcopy(PROJECT)
    stack = "platform-eu1" if kind == "platform" else "acme"
    for path, value in changes.items():
        if path == "(stack)":
            stack = value
        elif path == "(project)":
            project["config"] = {"tenantnet:reservedRanges": {"value": value}}
        else:
            _set(document, f"tenantnet:{kind}", path, value)
    return BrokenFile(
        id=f"{kind} {changes!r:.60} {', '.join(refused):.60}".encode("unicode_escape").decode(),
        name=f"Pulumi.{stack}.yaml",
        text=as_yaml(document),
        project=as_yaml(project),
        refused=Counter(refused),
    )


def _set(document: dict[str, Any], settings: str, path: Any, value: object) -> None:
    if isinstance(path, str) and path.startswith("/"):
        place: Any = document
        keys: list[Any] = path.strip("/").split("/")
    else:
        place = document["config"][settings]
        keys = _keys(path) if isinstance(path, str) else [path]
    *around, last = keys
    for key in around:
        place = place[key]
    if value == REMOVED:
        del place[last]
    elif isinstance(place, list) and last == len(place):
        place.append(value)
    else:
        place[last] = value


def _keys(path: str) -> list[Any]:
    return [int(part) if part.isdigit() else part for part in re.split(r"[.\[\]]+", path) if part]
