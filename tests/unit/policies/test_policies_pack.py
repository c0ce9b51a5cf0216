"""The pack as a process, spoken to as the engine does."""

from __future__ import annotations

import json
import os
import re
import socket
import struct as binary
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2, struct_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from pulumi_policy import EnforcementLevel
from pulumi_policy import policy as sdk
from pulumi_policy.deserialize import SPECIAL_SECRET_SIG, SPECIAL_SIG_KEY, deserialize_properties
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE
from tenantnet.aws.types import VPC
from tenantnet.policies import pack as module
from tenantnet.policies.allowed import PROVIDER
from tenantnet.policies.model import UNKNOWN, Resource, Unknown
from tenantnet.policies.rules import POLICIES

from tests.support.clone import CLONE
from tests.support.states import checkpoint, exported
from tools.rulebook.samples import good_stack, platform_stack, with_props

MANDATORY, ADVISORY, DISABLED = analyzer_pb2.MANDATORY, analyzer_pb2.ADVISORY, analyzer_pb2.DISABLED
NOBODY_LISTENS = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pulumi's backend, in files; Pulumi itself exports an empty state, and does nothing else."""
    folder = tmp_path_factory.mktemp("backend")
    pulumi = folder / "pulumi"
    said = json.dumps(exported())
    pulumi.write_text(f"#!/bin/sh\n[ \"$2\" = export ] && echo '{said}'\n")
    pulumi.chmod(0o700)
    return folder


@pytest.fixture(scope="module")
def started(backend: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The pack's process, started from the program's folder as the engine starts it, and its port."""
    environment = {
        **os.environ,
        "PULUMI_BACKEND_URL": f"file://{backend}",
        "PATH": f"{backend}:{os.environ['PATH']}",
        "AWS_ENDPOINT_URL": NOBODY_LISTENS,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    process = subprocess.Popen(
        [sys.executable, "-u", str(CLONE / "policies"), "127.0.0.1:1"],
        cwd=CLONE / "infra",
        env=environment,
        stdout=subprocess.PIPE,
    )
    assert process.stdout
    yield process, int(process.stdout.readline())
    process.kill()
    process.wait()
    assert process.stdout.read() == b"", "the engine takes whatever is printed for the port"
    process.stdout.close()


@pytest.fixture
def pack(started: tuple[subprocess.Popen[bytes], int]) -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    """The pack's service, with its own configuration again at the end."""
    with grpc.insecure_channel(f"127.0.0.1:{started[1]}") as channel:
        stub = analyzer_pb2_grpc.AnalyzerStub(channel)
        yield stub
        stub.Configure(analyzer_pb2.ConfigureAnalyzerRequest())


def on_the_wire(value: object) -> Any:
    match value:
        case Unknown():
            return UNKNOWN_STRING_VALUE
        case Mapping():
            return {key: on_the_wire(each) for key, each in value.items()}
        case list():
            return [on_the_wire(each) for each in value]
        case _:
            return value


def struct(props: Mapping[str, Any]) -> struct_pb2.Struct:
    message = struct_pb2.Struct()
    message.update(on_the_wire(props))
    return message


def aws_provider() -> analyzer_pb2.AnalyzerProviderResource:
    return analyzer_pb2.AnalyzerProviderResource(
        type="pulumi:providers:aws", name="default", properties=struct({"region": "eu-west-1"})
    )


def request_of(resource: Resource) -> analyzer_pb2.AnalyzeRequest:
    return analyzer_pb2.AnalyzeRequest(
        type=resource.type,
        name=resource.name,
        urn=resource.urn,
        properties=struct(resource.props),
        provider=aws_provider(),
    )


def analyze(pack: analyzer_pb2_grpc.AnalyzerStub, resource: Resource) -> list[Any]:
    return list(pack.Analyze(request_of(resource)).diagnostics)


def analyze_stack(pack: analyzer_pb2_grpc.AnalyzerStub, *resources: Resource) -> list[Any]:
    messages = [
        analyzer_pb2.AnalyzerResource(
            type=resource.type,
            name=resource.name,
            urn=resource.urn,
            properties=struct(resource.props),
            dependencies=list(resource.depends_on),
            propertyDependencies={
                path: analyzer_pb2.AnalyzerPropertyDependencies(urns=list(urns))
                for path, urns in resource.property_depends_on.items()
            },
            provider=aws_provider(),
        )
        for resource in resources
    ]
    return list(pack.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=messages)).diagnostics)


def bad_network() -> Resource:
    return with_props("network", cidrBlock="10.42.128.64/26")(good_stack())["network"]


def configure(pack: analyzer_pb2_grpc.AnalyzerStub, name: str, level: int, **settings: Any) -> None:
    config = analyzer_pb2.PolicyConfig(enforcementLevel=level, properties=struct(settings))  # type: ignore[arg-type]
    pack.Configure(analyzer_pb2.ConfigureAnalyzerRequest(policyConfig={name: config}))


def test_every_policy_is_offered_with_its_description_severity_and_way_out(
    pack: analyzer_pb2_grpc.AnalyzerStub,
) -> None:
    info = pack.GetAnalyzerInfo(empty_pb2.Empty())
    offered = {policy.name: policy for policy in info.policies}
    assert set(offered) == {policy.name for policy in POLICIES}
    for policy in POLICIES:
        assert offered[policy.name].description == policy.description
        assert offered[policy.name].remediation_steps == policy.remediation
        assert offered[policy.name].severity
        assert offered[policy.name].enforcementLevel == MANDATORY


def test_names_are_kebab_case() -> None:
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)+", policy.name) for policy in POLICIES)


def test_a_violation_names_policy_resource_value_and_remedy(pack: analyzer_pb2_grpc.AnalyzerStub) -> None:
    (diagnostic,) = analyze(pack, bad_network())
    assert diagnostic.policyName == "network-cidr-permitted"
    assert diagnostic.urn == bad_network().urn
    assert diagnostic.enforcementLevel == MANDATORY
    assert "cidrBlock: 10.42.128.64/26" in diagnostic.message
    assert "remedy:" in diagnostic.message


def test_a_message_is_read_once_for_all_policies(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Mapping[str, Any]] = []

    def counted(properties: dict[str, Any], proxy_secrets: bool = False) -> dict[str, Any]:
        read.extend([properties] if properties else [])
        return deserialize_properties(properties, proxy_secrets)

    for each in (module, sdk):
        monkeypatch.setattr(each, "deserialize_properties", counted)
    policies = [module.pack_policy(policy) for policy in POLICIES]
    service = module._Servicer("tenantnet", "0.0.1", policies, EnforcementLevel.MANDATORY)
    other = Resource(type="t", name="id", urn="urn:pulumi:s::p::t::id", props={"byteLength": 4})
    monkeypatch.setattr(module, "is_of_engine", lambda _: True)
    assert len(service.Analyze(request_of(other), SimpleNamespace(peer=str)).diagnostics) == 1
    assert read == [{"region": "eu-west-1"}, {"byteLength": 4.0}]
    service.Remediate(request_of(other), SimpleNamespace(peer=str))
    assert len(read) == 2


def hiding(value: Any) -> Any:
    """As the engine shows it to Analyze."""
    if isinstance(value, Mapping):
        return {key: hiding(each) for key, each in value.items() if not key.startswith("__")}
    return [hiding(each) for each in value] if isinstance(value, list) else value


LAMBDA, GATEWAY = "aws:lambda/function:Function", "aws:ec2/customerGateway:CustomerGateway"
CLAIMS = {"__TABLE": "tenantnet-eu1-claims"}
APART = "touches no network, host or database of Tenantnet"


@pytest.mark.parametrize(
    ("kind", "props", "said"),
    [
        (PROVIDER, {"region": "eu-west-1", "__internal": {}}, None),
        (PROVIDER, {"__internal": {"pluginChecksums": {"linux-amd64": "00"}}}, None),
        (PROVIDER, {"__internal": {"envVarMappings": {"BRANCH": "AWS_REGION"}}}, "by env_var_mappings"),
        (PROVIDER, {"__internal": {"pluginDownloadURL": "https://evil.example"}}, "another program"),
        (GATEWAY, {"__x": 1}, "CustomerGateway has no __x"),
        (LAMBDA, {"timeout": 3, "__defaults": ["timeout"]}, None),
        (LAMBDA, CLAIMS, APART),
        (LAMBDA, {"environment": {"variables": {"__defaults": [*CLAIMS.values()]}}}, APART),
        (LAMBDA, {"environment": {"variables": CLAIMS}}, APART),
        (LAMBDA, {"environment": {SPECIAL_SIG_KEY: SPECIAL_SECRET_SIG, "value": CLAIMS}}, APART),
        (LAMBDA, {"layers": [{"a": 1}, {"__defaults": [], **CLAIMS}]}, APART),
    ],
)
def test_what_the_engine_hides_from_analyze_is_judged(
    pack: analyzer_pb2_grpc.AnalyzerStub, kind: str, props: dict[str, Any], said: str | None
) -> None:
    """Just before, it shows all of it to a pack that might change the resource."""
    configure(pack, "only-known-resources", MANDATORY, ownTypes=[{"type": LAMBDA, "reason": "of the team"}])
    whole = Resource(type=kind, name="new", urn=f"urn:pulumi:acme::p::{kind}::new", props=props)
    shown = replace(whole, props=hiding(props))
    before = [each.message for each in analyze(pack, shown)]
    pack.Remediate(request_of(whole))
    added = [each.message for each in analyze(pack, shown) if each.message not in before]
    assert [said in each for each in added if said] == ([True] if said else []), added
    assert [each.message for each in analyze(pack, shown)] == before


# What the program that is judged could say to the pack, with the code that it gets.
CALLS = """
import grpc, sys
from pulumi.runtime.proto import analyzer_pb2 as messages, analyzer_pb2_grpc
pack = analyzer_pb2_grpc.AnalyzerStub(grpc.insecure_channel(f"127.0.0.1:{sys.argv[1]}"))
for call, request in {
    "Configure": messages.ConfigureAnalyzerRequest(),
    "ConfigureStack": messages.AnalyzerStackConfigureRequest(dry_run=True),
    "Remediate": messages.AnalyzeRequest(),
    "Analyze": messages.AnalyzeRequest(),
    "AnalyzeStack": messages.AnalyzeStackRequest(),
}.items():
    try:
        getattr(pack, call)(request)
    except grpc.RpcError as error:
        print(call, error.code().name)
    else:
        print(call)
"""


def test_a_process_that_has_not_started_the_pack_tells_it_nothing(
    started: tuple[subprocess.Popen[bytes], int],
) -> None:
    said = subprocess.run(
        [sys.executable, "-c", CALLS, str(started[1])], capture_output=True, text=True, check=True
    ).stdout
    calls = ["Configure", "ConfigureStack", "Remediate", "Analyze", "AnalyzeStack"]
    assert said.splitlines() == [f"{each} PERMISSION_DENIED" for each in calls]


# Listens as the pack does, and says whether a port is the engine's: now, and a minute later.
LISTENS = """
import socket, sys, time
from tenantnet.policies import engine
here = socket.create_server(("127.0.0.1", 0))
print(here.getsockname()[1], flush=True)
for ahead in (0, 60):
    now = time.monotonic() + ahead
    engine.monotonic = lambda: now
    print(engine.is_of_engine(sys.stdin.readline().strip()), flush=True)
"""
CONNECTS = """
import socket, sys
with socket.socket() as calling:
    calling.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    calling.bind((sys.argv[1], int(sys.argv[2])))
    calling.connect(("127.0.0.1", int(sys.argv[3])))
    print("connected", flush=True)
    sys.stdin.read()
"""


def test_a_port_that_was_the_engines_may_be_anybodys_later() -> None:
    """Where no engine is among its parents, these may call the pack: here the test itself."""
    with python(LISTENS) as pack:
        listening = int(said(pack))
        with socket.create_connection(("127.0.0.1", listening)) as calling:
            port = calling.getsockname()[1]
            # Closed without a word, so that the port is free at once.
            calling.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, binary.pack("ii", 1, 0))
            assert said(pack, f"ipv4:127.0.0.1:{port}") == "True"
        with python(CONNECTS, "127.0.0.1", str(port), str(listening)) as other:
            assert said(other) == "connected"
            assert said(pack, f"ipv4:127.0.0.1:{port}") == "False"


def test_the_engines_port_at_another_address_is_not_the_engines() -> None:
    with python(LISTENS) as pack:
        listening = int(said(pack))
        with socket.create_connection(("127.0.0.1", listening)) as calling:
            port = calling.getsockname()[1]
            with python(CONNECTS, "127.0.0.2", str(port), str(listening)) as other:
                assert said(other) == "connected"
                assert said(pack, f"ipv4:127.0.0.2:{port}") == "False"
            assert said(pack, f"ipv4:127.0.0.1:{port}") == "True"


def python(script: str, *args: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def said(process: subprocess.Popen[str], asked: str | None = None) -> str:
    assert process.stdin
    assert process.stdout
    if asked:
        print(asked, file=process.stdin, flush=True)
    return process.stdout.readline().strip()


def test_the_providers_classes_are_loaded_for_whoever_takes_one() -> None:
    script = f"""
import pulumi_policy, runpy, sys
pulumi_policy.PolicyPack = lambda **_: None
runpy.run_path({str(CLONE / "policies" / "__main__.py")!r}, run_name="__main__")
print([each for each in sys.modules if each.startswith("pulumi_aws")])
from tenantnet.components import tenant_network
print(tenant_network.aws.ec2.Vpc.__name__)
import pulumi_aws.kms
print(pulumi_aws.kms.Key.__name__)
"""
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == ["['pulumi_aws']", "Vpc", "Key"]


@pytest.mark.parametrize("within", ["its own", "its provider's"])
def test_a_value_that_the_program_has_marked_as_secret_is_not_in_the_engines_output(
    pack: analyzer_pb2_grpc.AnalyzerStub, within: str
) -> None:
    secret = {SPECIAL_SIG_KEY: SPECIAL_SECRET_SIG, "value": "10.42.128.64/26"}
    own = {"cidrBlock": secret} if within == "its own" else {}
    network = bad_network()
    request = analyzer_pb2.AnalyzeRequest(
        type=network.type,
        name=network.name,
        urn=network.urn,
        properties=struct({**network.props, **own}),
        provider=analyzer_pb2.AnalyzerProviderResource(
            type="pulumi:providers:aws", name="default", urn="urn", properties=struct({"token": secret})
        ),
    )
    [found] = pack.Analyze(request).diagnostics
    assert "\ncidrBlock: (not shown)\n" in found.message
    assert "10.42.128.64/26" not in found.message


def test_what_cannot_be_read_is_a_mandatory_finding_and_never_advisory(
    pack: analyzer_pb2_grpc.AnalyzerStub,
) -> None:
    found = analyze_stack(pack, *good_stack().values())
    assert {each.enforcementLevel for each in found} == {MANDATORY}
    assert {each.policyName for each in found} >= {"only-known-resources", "network-cidr-unclaimed"}
    assert all("the outputs of platform-eu1 cannot be read" in each.message for each in found)


def test_an_update_asks_whose_the_ids_are_that_a_preview_did_not_know(
    pack: analyzer_pb2_grpc.AnalyzerStub,
) -> None:
    hidden = with_props("session-route", routeTableId="rtb-00000000000beta")(good_stack())["session-route"]
    analyze(pack, good_stack()["network"])  # the stack's cell
    assert analyze(pack, hidden) == []
    pack.ConfigureStack(analyzer_pb2.AnalyzerStackConfigureRequest(stack="acme", dry_run=False))
    found = analyze(pack, hidden)
    pack.ConfigureStack(analyzer_pb2.AnalyzerStackConfigureRequest(stack="acme", dry_run=True))
    assert {each.policyName for each in found} == {"only-known-resources", "session-isolation"}
    assert {each.enforcementLevel for each in found} == {MANDATORY}
    assert all("platform-eu1 cannot be read" in each.message for each in found)


def imports_in(found: Sequence[Any]) -> list[str]:
    return [each.urn for each in found if "import_" in each.message and each.enforcementLevel == MANDATORY]


def test_a_preview_is_refused_that_shows_an_id_which_the_state_does_not_have(
    pack: analyzer_pb2_grpc.AnalyzerStub,
) -> None:
    [network, *_] = [each for each in platform_stack().values() if each.type == VPC]
    new, imported = (replace(network, props={**network.props, "id": each}) for each in (UNKNOWN, "vpc-1"))
    analyze(pack, network)
    assert imports_in(analyze_stack(pack, new)) == []
    assert imports_in(analyze_stack(pack, imported)) == [network.urn]


def test_an_update_is_refused_once_the_engine_has_written_an_import_into_the_state(
    pack: analyzer_pb2_grpc.AnalyzerStub, backend: Path
) -> None:
    network = good_stack()["network"]
    file = backend / ".pulumi" / "stacks" / "tenantnet" / "acme.json"
    file.parent.mkdir(parents=True)
    entry = {"urn": network.urn, "type": network.type, "custom": True, "id": "vpc-1", "importID": "vpc-1"}
    pack.ConfigureStack(analyzer_pb2.AnalyzerStackConfigureRequest(stack="acme", dry_run=False))
    try:
        for resources, refused in (([], []), ([entry], [network.urn])):
            file.write_text(json.dumps(checkpoint(*resources)))
            assert imports_in(analyze(pack, network)) == refused
    finally:
        file.unlink()
        pack.ConfigureStack(analyzer_pb2.AnalyzerStackConfigureRequest(stack="acme", dry_run=True))


@pytest.mark.parametrize("level", [ADVISORY, MANDATORY])
def test_a_policys_level_is_the_organisations_to_set(
    pack: analyzer_pb2_grpc.AnalyzerStub, level: int
) -> None:
    configure(pack, "network-cidr-permitted", level)
    assert [each.enforcementLevel for each in analyze(pack, bad_network())] == [level]


def test_a_policy_can_be_disabled(pack: analyzer_pb2_grpc.AnalyzerStub) -> None:
    configure(pack, "network-cidr-permitted", DISABLED)
    assert analyze(pack, bad_network()) == []


def test_an_organisation_reserves_its_own_ranges(pack: analyzer_pb2_grpc.AnalyzerStub) -> None:
    own = [{"cidr": "10.1.0.0/16", "purpose": "data centre"}]
    configure(pack, "network-cidr-permitted", MANDATORY, reservedRanges=own)
    (diagnostic,) = analyze(pack, good_stack()["network"])
    assert "10.1.0.0/16, which is reserved for data centre" in diagnostic.message


def test_reserved_ranges_that_are_not_right_are_refused_and_not_passed_over(
    pack: analyzer_pb2_grpc.AnalyzerStub,
) -> None:
    configure(pack, "network-cidr-permitted", MANDATORY, reservedRanges=[{"cidr": "10.1.0.0/33"}])
    (diagnostic,) = analyze(pack, good_stack()["network"])
    assert diagnostic.enforcementLevel == MANDATORY
    assert "reservedRanges" in diagnostic.message


def test_an_organisation_keeps_backups_longer(pack: analyzer_pb2_grpc.AnalyzerStub) -> None:
    configure(pack, "database-recoverable", MANDATORY, minimumBackupDays=30)
    messages = [
        each.message
        for each in analyze(pack, good_stack()["database"])
        if each.policyName == "database-recoverable" and "backupRetentionPeriod" in each.message
    ]
    assert len(messages) == 1
    assert "30 days" in messages[0]


def test_an_organisation_requires_its_own_tags(pack: analyzer_pb2_grpc.AnalyzerStub) -> None:
    configure(pack, "tags-present", MANDATORY, requiredTags=["cost-centre"])
    found = analyze_stack(pack, good_stack()["customer-gateway"])
    [diagnostic] = [each for each in found if each.policyName == "tags-present"]
    assert "cost-centre" in diagnostic.message


def test_an_organisation_answers_for_types_of_its_own(pack: analyzer_pb2_grpc.AnalyzerStub) -> None:
    other = Resource(type="random:index/randomId:RandomId", name="id", urn="urn:pulumi:s::p::t::id", props={})
    (diagnostic,) = analyze(pack, other)
    assert "random:index/randomId:RandomId" in diagnostic.message
    own = [{"type": other.type, "reason": "names of our buckets"}]
    configure(pack, "only-known-resources", MANDATORY, ownTypes=own)
    assert analyze(pack, other) == []


def test_the_pack_keeps_what_a_program_gave_and_who_makes_it() -> None:
    """Of what is ignored the engine has shown what was there before."""
    given = Resource(
        type=VPC, name="x", urn="urn:pulumi:acme::t::t::x", props={"cidrBlock": "10.1.2.0/26", "a": 1}
    )
    request = request_of(replace(given, props={**given.props, "cidrBlock": "10.9.9.0/26"}))
    request.options.ignoreChanges.append("a")
    assert module._resource(request).maker == PROVIDER
    assert module._given(module._resource(request)) == {"cidrBlock": "10.9.9.0/26"}
