"""The endpoint that AWS_ENDPOINT_URL names, where that is on this machine."""

from __future__ import annotations

import os
import socket
from ipaddress import ip_address
from urllib.parse import urlsplit

# The name of a region, of any partition, such as `eu-west-1`.
REGION = r"[a-z]{2,5}(-[a-z]+)+-[0-9]{1,2}"
# One of AWS's commercial partition: the names of the others have a word more, or begin with cn or eusc.
COMMERCIAL = r"(?!cn-)[a-z]{2}-[a-z]+-[0-9]{1,2}"


def local_endpoint() -> str | None:
    """The endpoint, if it is on this machine."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
    host = urlsplit(endpoint).hostname or ""
    try:
        return endpoint if ip_address(host).is_loopback else None
    except ValueError:
        return endpoint if host == "localhost" else None


def local_endpoint_problem() -> str | None:
    """Why the endpoint on this machine cannot be reached; None if it can, or is none."""
    endpoint = local_endpoint()
    if endpoint is None:
        return None
    try:
        address = urlsplit(endpoint)
        socket.create_connection((address.hostname, address.port or 80), timeout=5).close()
    except (OSError, ValueError) as problem:
        return str(problem)
    return None
