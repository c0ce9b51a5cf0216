"""pulumi_aws, in which the components are written, beside the plugin that does what they say."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Union, get_args, get_origin

import pytest
from pulumi import _types

from tests.support.clone import CLONE
from tests.support.schema import PluginSchema, Properties, plugin_schema

NAMES: dict[str, dict[str, Any]] = json.loads((CLONE / "tools" / "aws-plugin" / "names.json").read_bytes())
DEEPEST = 4  # some types of pulumi_aws contain themselves

# What pulumi_aws accepts and the plugin may lack, most of it because the Terraform provider is older than
# pulumi_aws. What the components really set is compared apart from this: see PluginSchema.unknown_inputs.
MAY_BE_MISSING = {
    "cloudwatch/logGroup:LogGroup": "deletionProtectionEnabled",
    "cloudwatch/metricAlarm:MetricAlarm": (
        "evaluationCriteria evaluationInterval evaluationWindow warmUpConfiguration"
    ),
    "codebuild/project:Project": (
        "autoRetryLimit cache.cacheNamespace environment.dockerServer environment.hostKernel"
    ),
    "dynamodb/table:Table": "globalTableWitness restoreBackupArn warmThroughput",
    "ec2/flowLog:FlowLog": "regionalNatGatewayId tagFieldSpecifications",
    "ec2/instance:Instance": (
        "cpuOptions.nestedVirtualization forceDestroy placementGroupId "
        "primaryNetworkInterface secondaryNetworkInterfaces"
    ),
    "ec2/route:Route": "odbNetworkArn",
    "ec2/subnet:Subnet": "ipv4IpamPoolId ipv4NetmaskLength ipv6IpamPoolId ipv6NetmaskLength",
    "ec2/vpcEndpoint:VpcEndpoint": "dnsOptions.privateDnsPreference dnsOptions.privateDnsSpecifiedDomains",
    "ec2/vpnConnection:VpnConnection": " ".join(
        ["tunnelBandwidth", "vpnConcentratorId"]
        + [
            f"tunnel{number}LogOptions.cloudwatchLogOptions.{option}"
            for number in (1, 2)
            for option in ("bgpLogEnabled", "bgpLogGroupArn", "bgpLogOutputFormat")
        ]
    ),
    # Computed by AWS, and in pulumi_aws inputs by mistake.
    "ec2/vpnConnectionRoute:VpnConnectionRoute": "source state",
    "rds/instance:Instance": "warningEventCategories",
    # Lists in pulumi_aws, single objects in Terraform: no other name would make them the same.
    "route53/record:Record": (
        "aliases failoverRoutingPolicies geolocationRoutingPolicies latencyRoutingPolicies "
        "weightedRoutingPolicies"
    ),
    "route53/zone:Zone": "enableAcceleratedRecovery",
    "scheduler/schedule:Schedule": "actionAfterCompletion",
    "sns/topic:Topic": "maximumMessageSize",
}
MAY_BE_MISSING_IN_RESULTS = {
    "ec2/getInstance:getInstance": "placementGroupId",
    "ec2/getVpc:getVpc": "ipv6CidrBlockAssociations",
    "rds/getInstance:getInstance": "upgradeRolloutOrder",
    "route53/getZone:getZone": "enableAcceleratedRecovery",
}
EVERYWHERE = {"region"}  # a new way to name the region, beside the provider's


@pytest.fixture(scope="module")
def schema() -> PluginSchema:
    return plugin_schema()


def test_every_type_of_the_table_is_served(schema: PluginSchema) -> None:
    assert {*NAMES["resources"], *NAMES["functions"]} <= schema.tokens()


@pytest.mark.parametrize("token", NAMES["resources"])
def test_the_plugin_accepts_what_pulumi_accepts(schema: PluginSchema, token: str) -> None:
    may_be_missing = {*EVERYWHERE, *MAY_BE_MISSING.get(token.removeprefix("aws:"), "").split()}
    differing = dict(differences(schema, arguments_of(token), schema.inputs(token)))
    unexpected = {path: kinds for path, kinds in differing.items() if path not in may_be_missing}
    assert not unexpected, f"{token}: pulumi_aws's kind and the plugin's"


@pytest.mark.parametrize("token", NAMES["functions"])
def test_a_function_answers_what_pulumi_expects(schema: PluginSchema, token: str) -> None:
    may_be_missing = {*EVERYWHERE, *MAY_BE_MISSING_IN_RESULTS.get(token.removeprefix("aws:"), "").split()}
    _, module, name = token.split(":")
    package = "pulumi_aws" if module.startswith("index/") else f"pulumi_aws.{module.split('/')[0]}"
    result = getattr(importlib.import_module(package), f"{name[0].upper()}{name[1:]}Result")
    answered = schema.document["functions"][token]["outputs"]["properties"]
    assert set(_types.output_type_types(result)) - set(answered) <= may_be_missing


@pytest.mark.parametrize("token", NAMES["resources"])
def test_secrets_of_pulumi_are_secrets_of_the_plugin(schema: PluginSchema, token: str) -> None:
    secret = {name for name, property_ in schema.outputs(token).items() if property_.get("secret")}
    expected = {
        "aws:ec2/vpnConnection:VpnConnection": {
            *("customerGatewayConfiguration", "tunnel1PresharedKey", "tunnel2PresharedKey")
        },
        "aws:rds/instance:Instance": {"password"},
    }
    assert expected.get(token, set()) <= secret


def test_an_unknown_input_is_found_however_deep(schema: PluginSchema) -> None:
    values = {
        "ami": "ami-1",
        "tags": {"any": "key"},
        "rootBlockDevice": {"volumeSize": 8, "volumeSizes": 8},
        "ebsBlockDevices": [{"deviceName": "sda"}, {"device": "sdb"}],
        "subnetID": "subnet-1",
    }
    assert schema.unknown_inputs("aws:ec2/instance:Instance", values) == [
        *("ebsBlockDevices.device", "rootBlockDevice.volumeSizes", "subnetID")
    ]


def arguments_of(token: str) -> type:
    """The class of a resource's arguments in pulumi_aws."""
    _, module, name = token.split(":")
    arguments: type = getattr(importlib.import_module(f"pulumi_aws.{module.split('/')[0]}"), f"{name}Args")
    return arguments


def differences(
    schema: PluginSchema, arguments: type, accepted: Properties, path: str = ""
) -> Iterator[tuple[str, tuple[str, str]]]:
    """Each input, dotted, that is missing on the plugin's side or of another kind there, with both kinds."""
    for name, type_ in _types.input_type_types(arguments).items():
        ours, inner = kind_in_python(type_)
        property_ = accepted.get(name)
        theirs = kind_in_schema(property_) if property_ is not None else "missing"
        if ours != theirs:
            yield f"{path}{name}", (ours, theirs)
        elif inner is not None and property_ is not None and path.count(".") < DEEPEST:
            members = schema.members(property_)
            yield from differences(schema, inner, members or {}, f"{path}{name}.")


def kind_in_python(type_: Any) -> tuple[str, type | None]:
    """The JSON kind of a Python type, and the arguments class inside it, if there is one."""
    origin = get_origin(type_)
    if origin is Union:  # a string or an enumeration, a string or a document: the string is what counts
        return ("string" if str in get_args(type_) else "unknown"), None
    if origin is list or origin is Sequence:
        return "array", kind_in_python(get_args(type_)[0])[1]
    if origin is dict or origin is Mapping:
        return "object", None
    if _types.is_input_type(type_):
        return "object", type_
    return {str: "string", bool: "boolean", int: "number", float: "number"}[type_], None


def kind_in_schema(property_: Any) -> str:
    kind = "object" if "$ref" in property_ else property_["type"]
    return "number" if kind == "integer" else str(kind)
