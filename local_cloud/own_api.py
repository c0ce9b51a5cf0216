"""What the server answers besides AWS's APIs: who it is, what it holds, and events that no call can cause."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from moto.cloudwatch.models import cloudwatch_backends
from moto.ec2.models import ec2_backends
from moto.moto_api._internal.models import moto_api_backend
from moto.rds.models import rds_backends
from tenantnet.local_cloud.codebuild import set_source
from tenantnet.local_cloud.ec2.vpn_connections import VpnConnection
from tenantnet.local_cloud.ec2.vpn_tunnels import TelemetryStatus, Tunnel
from tenantnet.local_cloud.faults import Fault, Faults
from tenantnet.local_cloud.ssm.service import CompletedSsmBackend
from tenantnet.local_cloud.state import ServerRecord, StateDir
from werkzeug.exceptions import BadRequest, HTTPException, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

OWN_PATHS = "/_local/"
TUNNEL = "/_local/vpn-connections/<connection_id>/tunnels/<int:number>"
ROUTES = Map(
    [
        Rule("/_local/status", endpoint="status", methods=["GET"]),
        Rule("/_local/reset", endpoint="reset", methods=["POST"]),
        Rule("/_local/faults", endpoint="struck", methods=["GET"]),
        Rule("/_local/faults", endpoint="add_fault", methods=["POST"]),
        Rule("/_local/faults", endpoint="clear_faults", methods=["DELETE"]),
        Rule("/_local/source", endpoint="set_source", methods=["PUT"]),
        Rule(f"{TUNNEL}/telemetry", endpoint="set_telemetry", methods=["PUT"]),
        Rule(f"{TUNNEL}/maintenance", endpoint="set_maintenance", methods=["PUT"]),
        Rule("/_local/sessions/<session_id>/drop", endpoint="drop_session", methods=["POST"]),
    ]
)


class OwnApi:
    """A small JSON API for `tenantnet local` and for tests."""

    def __init__(self, state: StateDir, record: ServerRecord, faults: Faults) -> None:
        self._state, self._record, self._faults = state, record, faults

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            endpoint, arguments = ROUTES.bind_to_environ(environ).match()
            method: Callable[..., Any] = getattr(self, endpoint)
            answer, status = method(_body(environ), **arguments), 200
        except HTTPException as error:
            answer, status = {"message": error.description}, error.code or 400
        return Response(json.dumps(answer), status=status, mimetype="application/json")(
            environ, start_response
        )

    def status(self, _body: None) -> dict[str, Any]:
        """The cloud's id and how many of the things that a tenant is made of it holds, over all regions."""
        # iter_backends() forgets which service's backends they are.
        ec2: list[Any] = [backend for _, _, backend in ec2_backends.iter_backends()]
        rds: list[Any] = [backend for _, _, backend in rds_backends.iter_backends()]
        return {
            "id": self._record.id,
            "vpcs": sum(not vpc.is_default for backend in ec2 for vpc in backend.vpcs.values()),
            "databases": sum(len(backend.databases) for backend in rds),
            "vpnConnections": sum(
                not connection.deleted for backend in ec2 for connection in backend.vpn_connections.values()
            ),
        }

    def reset(self, _body: None) -> dict[str, str]:
        """Forget everything; the new cloud's id."""
        moto_api_backend.reset()
        self._record = replace(self._record, id=uuid4().hex)
        self._state.write_record(self._record)
        return {"id": self._record.id}

    def struck(self, _body: None) -> dict[str, Any]:
        """The calls that each fault has struck so far, in the order in which the faults were added."""
        return {"struck": self._faults.struck()}

    def add_fault(self, body: object) -> dict[str, str]:
        """Let calls fail from now on: the fields of a `Fault`."""
        try:
            self._faults.add(Fault.from_json(body))
        except ValueError as error:
            raise BadRequest(str(error)) from None
        return {}

    def clear_faults(self, _body: None) -> dict[str, str]:
        """Let no call fail any more, and let go those that are held back."""
        self._faults.clear()
        return {}

    def set_source(self, body: dict[str, str]) -> dict[str, str]:
        """Let builds have another folder of this machine as their source: {"folder": PATH}."""
        try:
            folder = Path(body["folder"])
        except (TypeError, KeyError):
            raise BadRequest('the body is {"folder": PATH}') from None
        set_source(folder)
        return {"folder": str(folder)}

    def set_telemetry(self, body: dict[str, str], connection_id: str, number: int) -> dict[str, str]:
        """Let a tunnel be UP or DOWN, as if the customer's device did it: {"status": "UP", "message": ""}.

        CloudWatch gets the connection's state at once, not once in five minutes.
        """
        account, region, connection = _connection(connection_id)
        tunnel = _tunnel(connection, number)
        try:
            status = TelemetryStatus(body["status"])
        except (TypeError, KeyError, ValueError):
            raise BadRequest('the body is {"status": "UP" or "DOWN", "message": TEXT}') from None
        tunnel.report(status, body.get("message", ""))
        up = [each.status is TelemetryStatus.UP for each in connection.tunnels]
        state = {
            "MetricName": "TunnelState",
            "Dimensions": [{"Name": "VpnId", "Value": connection_id}],
            "Timestamp": datetime.now(UTC).replace(tzinfo=None),
            "Value": sum(up) / len(up),
            "Unit": "None",
        }
        cloudwatch_backends[account][region].put_metric_data("AWS/VPN", [state])
        return {"status": status}

    def set_maintenance(self, body: dict[str, str], connection_id: str, number: int) -> dict[str, str]:
        """Let maintenance of a tunnel's endpoint be pending, until AWS does it: {"due": ISO 8601}."""
        tunnel = _tunnel(_connection(connection_id)[2], number)
        try:
            tunnel.maintenance_due = datetime.fromisoformat(body["due"])
        except (TypeError, KeyError, ValueError):
            raise BadRequest('the body is {"due": ISO 8601 TIME}') from None
        return {"due": body["due"]}

    def drop_session(self, body: dict[str, int] | None, session_id: str) -> dict[str, str]:
        """Cut the connection that carries a Session Manager session, as a network does.

        {"code": 1000} closes it with that code of WebSockets instead, as AWS does after an hour.
        """
        channels = CompletedSsmBackend.channels
        if channels is None or not channels.is_connected(session_id):
            raise NotFound(f"nobody is connected to a session {session_id}")
        channels.drop(session_id, (body or {}).get("code"))
        return {"id": session_id}


def _connection(connection_id: str) -> tuple[str, str, VpnConnection]:
    """A VPN connection, with its account and region."""
    for account, region, backend in ec2_backends.iter_backends():
        completed: Any = backend
        if connection_id in completed.vpn_connections:
            return account, region, completed.vpn_connections[connection_id]
    raise NotFound(f"there is no VPN connection {connection_id}")


def _tunnel(connection: VpnConnection, number: int) -> Tunnel:
    if 1 <= number <= len(connection.tunnels):
        return connection.tunnels[number - 1]
    raise NotFound(f"{connection.id} has no tunnel {number}")


def _body(environ: WSGIEnvironment) -> object:
    text = Request(environ).get_data(as_text=True)
    try:
        return json.loads(text or "null")
    except ValueError:
        raise BadRequest("the body is not JSON") from None
