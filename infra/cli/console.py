"""`tenantnet console`: what the commands show, as pages in a browser."""

from __future__ import annotations

from importlib.util import find_spec
from threading import Thread
from typing import Annotated

import typer
from tenantnet.cli.project import working_project
from tenantnet.failure import Failure

PACKAGES = ("starlette", "uvicorn")


def console(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="TCP port on 127.0.0.1; 0 takes a free one.")
    ] = 0,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Only print the address; open no browser.")
    ] = False,
    read_only: Annotated[
        bool,
        typer.Option("--read-only", help="Without forms: nothing is edited, started or downloaded."),
    ] = False,
) -> None:
    """Show tenants, moves and claims in a browser, edit settings and start tunnels, until Ctrl-C.

    No stack is updated. The pages are for you alone, on this machine; the printed address opens them once.

    Example: tenantnet console --no-browser
    """
    _require_packages()
    import webbrowser

    from tenantnet.console.server import serve

    def ready(url: str) -> None:
        typer.echo(f"The console runs until Ctrl-C. Open it in the browser that you want to use:\n{url}")
        if not no_browser:
            # A browser in a terminal would wait for the page, and the server for the browser.
            Thread(target=webbrowser.open, args=(url,), daemon=True).start()

    serve(working_project(), port=port, read_only=read_only, ready=ready)


def _require_packages() -> None:
    if not all(map(find_spec, PACKAGES)):
        raise Failure(
            "The console did not start.",
            reason=f"{' or '.join(PACKAGES)} is not installed; they belong to the extra `console`",
            remedy="pip install 'tenantnet[console]', or in a clone: scripts/setup",
        )
