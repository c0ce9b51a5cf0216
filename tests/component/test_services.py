"""What is loaded of pulumi_aws: what components declare, and by its own name whatever else is asked for."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pulumi_aws as aws
import tenantnet
from tenantnet.components import services

HOME = Path(tenantnet.__file__).parent
DECLARED = re.compile(r"\baws\.([a-z0-9]+)\.(get_[a-z_]+|[A-Z]\w+)")
# Types without a module of their own: they come with what takes them.
OF_ANOTHER = re.compile(r"\w+(?:Args|ArgsDict|Result)")


def run(program: str, given: object = None) -> Any:
    """What a program prints as JSON, in a process that has not loaded anything of pulumi_aws yet."""
    head = "import json, sys\nimport pulumi_aws as aws\nfrom tenantnet.components import services\n"
    done = subprocess.run(
        [sys.executable, "-c", head + program],
        check=False,
        input=json.dumps(given),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def whole(service: Any) -> Any:
    hasattr(service, "__no_part_has_this__")
    return service


def has_file(service: str, name: str) -> bool:
    """A class's file has its words in small letters, between underscores."""
    small = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    return any((Path(place) / f"{small}.py").is_file() for place in getattr(aws, service).__path__)


def test_what_is_loaded_ahead_is_what_components_and_stacks_use() -> None:
    sources = [file for room in ("aws", "components", "stacks") for file in (HOME / room).glob("*.py")]
    used = {
        (service, name)
        for file in sources
        for service, name in DECLARED.findall(file.read_text())
        if not OF_ANOTHER.fullmatch(name)
    }
    listed = {
        (service.__name__.removeprefix("pulumi_aws."), name)
        for parts in (services.OF_TENANTS, services.OF_PLATFORMS)
        for service, names in parts.items()
        for name in names
    }
    assert listed == used


def test_a_tenant_loads_a_part_of_each_service() -> None:
    loaded = run(
        "services.load(services.OF_TENANTS)\n"
        "print(json.dumps([name for name in sys.modules if name.startswith('pulumi_aws.ec2.')]))"
    )
    assert {"pulumi_aws.ec2.vpc", "pulumi_aws.ec2.vpn_connection"} <= set(loaded)
    assert "pulumi_aws.ec2.fleet" not in loaded


EVERY_NAME = """
def found():
    return {f"{service}.{name}": getattr(getattr(aws, service), name) for service, name in names}
names = json.load(sys.stdin)
services.load({getattr(aws, service): () for service, _ in names})
apart = found()
whole = [service for service, _ in names if type(getattr(aws, service)) is type(json)]
for service, _ in names:
    hasattr(getattr(aws, service), "__no_part_has_this__")
different = [name for name, thing in found().items() if apart[name] is not thing]
print(json.dumps([different, whole]))
"""


def test_what_a_file_is_named_after_is_the_same_by_itself_as_in_the_whole() -> None:
    """Classes, and functions: of these, Python gives the place in the package to their module."""
    names = [
        (service, name)
        for service in ("ec2", "rds", "iam", "vpc", "dynamodb")
        for name in dir(whole(getattr(aws, service)))
        if has_file(service, name)
    ]
    assert {("ec2", "Vpc"), ("ec2", "get_vpc"), ("dynamodb", "get_table_item"), ("ec2", "vpc")} <= {*names}
    assert run(EVERY_NAME, names) == [[], []]


def test_a_name_that_no_service_has_is_an_attribute_error_and_the_rest_is_there() -> None:
    assert run(
        "services.load({aws.ec2: ('Vpc',)})\n"
        "print(json.dumps([hasattr(aws.ec2, 'Vpcs'), hasattr(aws.ec2, 'fleet'), aws.ec2.Fleet.__name__]))"
    ) == [False, True, "Fleet"]


def test_a_service_that_is_loaded_as_a_whole_stays_as_it_is() -> None:
    assert run(
        "aws.ec2.Ami\nbefore = dict(vars(aws.ec2))\nservices.load(services.OF_TENANTS)\n"
        "print(json.dumps(dict(vars(aws.ec2)) == before))"
    )
