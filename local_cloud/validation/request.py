"""A request as AWS's model of its service describes it."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from threading import Lock
from typing import Any

from botocore.exceptions import UnknownServiceError
from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from werkzeug.exceptions import NotFound

# Services that sign by another name than the one that their models have.
MODEL_NAMES = {"monitoring": "cloudwatch", "tagging": "resourcegroupstaggingapi"}


# A service's first call compiles its routes, which CPython 3.11 cannot do in two threads at once:
# https://github.com/python/cpython/issues/106905
ROUTING = Lock()


@dataclass(frozen=True, slots=True)
class ModelledCall:
    """service: the model's name. operation: likewise. shape: of the parameters, or None where it has none."""

    service: str
    operation: str
    shape: Any
    parameters: dict[str, Any]


def modelled_call(service: str, request: Request) -> ModelledCall | None:
    """The call with its parameters by the names of the model. None where no model knows it.

    service: the name that the request is signed for.
    """
    name = MODEL_NAMES.get(service, service)
    try:
        model = get_service_model(name)
        with ROUTING:
            operation, labels = get_service_router(name).match(request)
        protocol = determine_request_protocol(model, request.content_type)
    except (UnknownServiceError, NotFound, NotImplementedError):
        return None
    return ModelledCall(
        name, operation.name, operation.input_shape, _parameters(operation, protocol, request, labels)
    )


def modelled_shape(service: str, name: str) -> Any:  # noqa: ANN401 - botocore has no types
    """A shape of a service's model."""
    return get_service_model(service).shape_for(name)


def _parameters(
    operation: OperationModel, protocol: str, request: Request, labels: dict[str, Any]
) -> dict[str, Any]:
    # Read before the form, which would consume it.
    body = request.get_data()
    if request.headers.get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    parsed: dict[str, Any] = PROTOCOL_PARSERS[protocol](operation).parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": body,
            "url_path": request.path,
            "url_params": labels,
        }
    )
    return parsed
