"""EC2 as the local cloud serves it: moto's with everything in this package."""

from __future__ import annotations

from types import SimpleNamespace

from moto.ec2 import urls
from moto.ec2.models import ec2_backends

from infra.local.ec2.customer_gateways import CustomerGatewayBackend, CustomerGatewayResponse
from infra.local.ec2.instances import InstanceResponse
from infra.local.ec2.route_propagation import RoutePropagationBackend, RoutePropagationResponse
from infra.local.ec2.vpc_peerings import VpcPeeringBackend
from infra.local.ec2.vpn_connections import VpnConnectionResponse
from infra.local.ec2.vpn_gateways import VpnGatewayBackend


class CompletedEc2Response(
    VpnConnectionResponse, RoutePropagationResponse, CustomerGatewayResponse, InstanceResponse
):
    """All calls."""


class CompletedEc2Backend(
    RoutePropagationBackend, CustomerGatewayBackend, VpnGatewayBackend, VpcPeeringBackend
):
    """One region's EC2."""

    @property
    def _url_module(self) -> SimpleNamespace:
        """What moto looks for in `urls.py` beside the backend's module."""
        paths = dict.fromkeys(urls.url_paths, CompletedEc2Response.dispatch)
        return SimpleNamespace(url_bases=urls.url_bases, url_paths=paths)


def register_ec2() -> None:
    """Let moto make completed backends from now on."""
    ec2_backends.backend = CompletedEc2Backend
