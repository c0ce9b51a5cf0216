"""Whom a request comes from, by what programs that were led here do not send."""

from __future__ import annotations

from collections.abc import Mapping

OWN_NAMES = ("127.0.0.1", "localhost", "[::1]")


def foreign(headers: Mapping[str, str], port: int) -> str | None:
    """Why a request does not come from a program that was led here; None where it may.

    headers: names in lower case. port: of the server that got the request.
    """
    host = headers.get("host", "")
    if host not in [f"{name}:{port}" for name in OWN_NAMES]:
        # Another site's name may resolve to this machine, and its pages are then of one origin with us.
        return f"its Host is {host!r}"
    for name in headers:
        if name == "origin" or name.startswith("sec-fetch-"):
            return f"a browser sent it: it has the header {name}"
    return None
