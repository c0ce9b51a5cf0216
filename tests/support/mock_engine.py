"""Pulumi's mock engine: remembers what a program registers and answers as AWS would."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks, set_mocks
from pulumi.runtime.proto.resource_pb2 import RegisterResourceRequest
from tenantnet.addresses.claims import Claim, ClaimKind
from tenantnet.phases.journal import LEASE


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A resource as the engine saw it; inputs in the provider's spelling (camelCase).

    adopted: the id of what is there already and is taken over.
    """

    type: str
    name: str
    inputs: dict[str, Any]
    custom: bool
    adopted: str | None = None


ANSWERS: dict[str, dict[str, Any]] = {
    "aws:ec2/getSubnet:getSubnet": {"cidrBlock": "10.32.7.0/24"},
    "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": "123456789012"},
    "aws:ssm/getParameter:getParameter": {"insecureValue": "ami-12345678"},
}


class RecordingEngine(Mocks):
    """Every resource gets an id and an ARN made of its name; the few functions in use get plain answers."""

    # As provider 5.100 and 6.x say it.
    no_instance = "reading RDS DB Instance (acme-blue): couldn't find resource"

    def __init__(
        self,
        outputs_of_stacks: dict[str, dict[str, Any]] | None = None,
        *,
        databases_stand: bool = True,
        outcome: Mapping[str, str] | None = None,
        lease: Mapping[str, Any] | None = None,
    ) -> None:
        self.registered: list[Registered] = []
        self.requests: dict[tuple[str, str], RegisterResourceRequest] = {}
        self.databases_stand, self.outcome, self.lease = databases_stand, outcome, lease
        self._outputs = outputs_of_stacks or {}

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        self.registered.append(
            Registered(
                type=args.typ,
                name=args.name,
                inputs=dict(args.inputs),
                custom=bool(args.custom),
                adopted=args.resource_id or None,
            )
        )
        answers = {
            "arn": f"arn:aws:mock:eu-west-1:123456789012:{args.name}",
            "address": f"{args.name}.mock.eu-west-1.rds.amazonaws.com",
            "fqdn": args.inputs.get("name"),
            "privateIp": args.inputs.get("privateIp", "10.32.0.10"),
            "zoneId": f"Z{args.name}",
            "keyId": f"key-{args.name}",
        }
        return f"id-{args.name}", {**answers, **args.inputs}

    def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        match args.token:
            case token if token in ANSWERS:
                answer: dict[str, Any] = ANSWERS[token]
            case "aws:index/getAvailabilityZones:getAvailabilityZones":
                zones = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
                # Opted in to: it sorts first, and only a filter leaves it out.
                local = [] if args.args.get("filters") else ["eu-west-1-own-1a"]
                answer = {"names": [*local, *zones]}
            case "aws:dynamodb/getTableItem:getTableItem":
                key = json.loads(args.args["key"])
                if key.get("at") == {"S": LEASE}:
                    return _item(self.lease)
                outcome = {name: {"S": value} for name, value in (self.outcome or {}).items()}
                return self._row(key["cidr"]["S"]) if "cidr" in key else _item(outcome)
            case "aws:rds/getInstance:getInstance" if not self.databases_stand:
                return {}, [("", self.no_instance)]
            case "aws:rds/getInstance:getInstance":
                answer = {"address": "standing.mock.eu-west-1.rds.amazonaws.com"}
            case "pulumi:pulumi:readStackOutputs":
                answer = {"outputs": self._outputs.get(args.args["name"].rsplit("/", 1)[-1], {})}
            case other:
                raise AssertionError(f"the program asked for {other}, which no test answers")
        return answer, []

    def _row(self, cidr: str) -> tuple[dict[Any, Any], list[tuple[str, str]]]:
        """The row of a range that one of the stacks has by its outputs."""
        for stack, outputs in self._outputs.items():
            ranges = {network["cidr"] for network in outputs.get("networks", {}).values()}
            if cidr in ranges | {outputs.get("sessionSubnet")}:
                claim = Claim(cidr=cidr, tenant=stack, stack=stack, kind=ClaimKind.NETWORK)
                return {"item": claim.item_json()}, []
        return _item(None)

    def of_type(self, token: str) -> list[Registered]:
        return [resource for resource in self.registered if resource.type == token]

    def one(self, token: str, name: str) -> Registered:
        found = [resource for resource in self.of_type(token) if resource.name == name]
        assert len(found) == 1, f"{token} {name}: {sorted(r.name for r in self.of_type(token))}"
        return found[0]


def _item(item: Mapping[str, Any] | None) -> tuple[dict[Any, Any], list[tuple[str, str]]]:
    if not item:
        return {}, [("", "reading DynamoDB Table Item: empty result")]
    return {"item": json.dumps(item)}, []


class RecordingMonitor(MockMonitor):
    """Keeps the requests too: they have the options of a resource, which no mock is told."""

    mocks: RecordingEngine

    def RegisterResource(self, request: RegisterResourceRequest) -> Any:  # noqa: N802 - as the SDK calls it
        self.mocks.requests[request.type, request.name] = request
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]


def run_program(
    declare: Callable[[], object],
    outputs_of_stacks: dict[str, dict[str, Any]] | None = None,
    stack: str = "acme",
    *,
    databases_stand: bool = True,
    outcome: Mapping[str, str] | None = None,
    lease: Mapping[str, Any] | None = None,
) -> RecordingEngine:
    """Run `declare` on the mock engine to the end and give back what was registered."""
    asyncio.set_event_loop(asyncio.new_event_loop())
    engine = RecordingEngine(outputs_of_stacks, databases_stand=databases_stand, outcome=outcome, lease=lease)
    set_mocks(engine, project="tenantnet", stack=stack, preview=False, monitor=RecordingMonitor(engine))

    def program() -> None:
        declare()

    # The decorator waits for every registration, and raises what the program raised.
    pulumi.runtime.test(program)()  # type: ignore[no-untyped-call]
    return engine
