"""The pages: each reads what a command reads, when it is asked for; forms change settings files alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from pathlib import Path
from shlex import quote

import jinja2
from jinja2.filters import do_mark_safe
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from tenantnet.console import words
from tenantnet.console.docs import page_as_html
from tenantnet.console.fields import by_field
from tenantnet.console.forms import (
    Form,
    add_connection_form,
    add_network_form,
    cancel_form,
    delete_connection_form,
    outcome,
    schedule_form,
)
from tenantnet.console.guides import as_download
from tenantnet.console.tunnels import act, own_tunnels
from tenantnet.failure import Failure
from tenantnet.fleet.drift import read_drift
from tenantnet.fleet.status import read_many, tunnel_counts
from tenantnet.fleet.targets import read_each
from tenantnet.fleet.words import WAY_BACK
from tenantnet.observed.claims import read_audit
from tenantnet.observed.drawing import STYLE
from tenantnet.observed.plot import plot
from tenantnet.observed.progress import MoveProgress
from tenantnet.observed.reachability.read import judge
from tenantnet.observed.reachability.words import not_as_intended, passing
from tenantnet.observed.status.read import read_status
from tenantnet.observed.topology.read import read_topology
from tenantnet.observed.topology.svg import svg
from tenantnet.phases.phases import DOWNTIME, ROUTES
from tenantnet.phases.starts import LEAD
from tenantnet.refusal import Refusal, Refused
from tenantnet.runner.move import Move, where_it_is
from tenantnet.settings.cells import read_cell
from tenantnet.settings.project import Project, is_platform
from tenantnet.vpn.download import make, read
from tenantnet.vpn.listing import Pending, at_aws, choose
from tenantnet.vpn.read import read_listings
from tenantnet.vpn.reader import VpnReader
from tenantnet.vpn.trouble import troubles
from tenantnet.vpn.words import GENERIC, SampleType

NO_PAGE = Failure(
    "There is no such page.",
    reason="the address is none of the console's",
    remedy="go to the tenants, and follow the links there",
)
BROKEN = Failure(
    "The page could not be made.",
    reason="the console itself has a fault",
    remedy="use the command that shows the same, and report what the terminal of the console shows",
)
FORMS: Mapping[str, Callable[[Project, str], Form]] = {
    "connections/add": add_connection_form,
    "connections/delete": delete_connection_form,
    "networks/add": add_network_form,
    "move/schedule": schedule_form,
    "move/cancel": cancel_form,
}
BROKEN_STATUS = HTTPStatus.INTERNAL_SERVER_ERROR

_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("tenantnet.console"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.globals |= {
    "DOWNTIME": DOWNTIME,
    "LEAD": LEAD,
    "quote": quote,
    "t": words,
    "tunnel_counts": tunnel_counts,
}


def _fill(text: str, **values: object) -> str:
    """A text with these values in its braces. It may have HTML in it, and they may not."""
    return do_mark_safe(text).format(**values)


_TEMPLATES.filters["fill"] = _fill


def application(project: Project, *, read_only: bool = False) -> Starlette:
    """The pages of a project, for whoever asks: see Guard. read_only: without forms."""
    tenant = "/tenants/{tenant}"
    guide = f"{tenant}/guides/{{connection}}"
    forms = [
        Route(guide, _download, methods=["POST"]),
        Route(f"{tenant}/drift", _compare, methods=["POST"]),
        Route(f"{tenant}/isolation", _check, methods=["POST"]),
        Route("/tunnels", _act_on_tunnels, methods=["POST"]),
        *(
            Route(f"{tenant}/{place}", partial(_edit, form), methods=["GET", "POST"])
            for place, form in FORMS.items()
        ),
    ]
    app = Starlette(
        routes=[
            Route("/", _tenants),
            Route("/tunnels", _tunnels),
            Route("/platforms/{platform}", _platform),
            Route("/platforms/{platform}/claims", _claims),
            Route(tenant, _tenant),
            Route(f"{tenant}/topology", _topology),
            Route(f"{tenant}/move", _move),
            Route(f"{tenant}/drift", _drift),
            Route(f"{tenant}/isolation", _isolation),
            Route(guide, _guide),
            *([] if read_only else forms),
            Route("/picture.css", _picture_style),
            Route("/pages/{page}", _docs),
            Mount("/static", StaticFiles(directory=Path(__file__).parent / "static")),
        ],
        exception_handlers=dict.fromkeys((Refused, Failure, OSError, HTTPException, Exception), _explained),
    )
    app.state.project, app.state.read_only = project, read_only
    return app


def _page(
    request: Request, template: str, shown: Mapping[str, object], status: HTTPStatus = HTTPStatus.OK
) -> HTMLResponse:
    text = _TEMPLATES.get_template(template).render(
        read_at=datetime.now(UTC),
        read_only=request.app.state.read_only,
        csrf=request.state.csrf,
        tenant=request.path_params.get("tenant"),
        **shown,
    )
    return HTMLResponse(text, status)


def _asked(request: Request, name: str) -> tuple[Project, str]:
    project: Project = request.app.state.project
    return project, str(request.path_params[name])


def _tenants(request: Request) -> Response:
    project: Project = request.app.state.project
    platforms: dict[str, list[str]] = {
        name: [] for name in project.stacks_with_settings() if is_platform(name)
    }
    targets, unread = read_each(project)
    for name, target in targets.items():
        platforms.setdefault(target.platform, []).append(name)
    return _page(request, "tenants.html.j2", {"platforms": platforms, "unread": unread})


def _platform(request: Request) -> Response:
    project, platform = _asked(request, "platform")
    cell = read_cell(project, platform)
    targets, unread = read_each(project)
    names = [name for name, target in targets.items() if target.platform == platform]
    tenants = [
        each
        for each in read_many(project, sorted([*names, *unread]))
        if each.tenant in names or (each.status and each.status.cell == cell.settings.cell)
    ]
    shown = {"region": cell.region, "tenants": tenants, "unread": unread}
    return _page(request, "platform.html.j2", {"platform": platform, **shown})


def _claims(request: Request) -> Response:
    project, platform = _asked(request, "platform")
    return _page(request, "claims.html.j2", {"platform": platform, "found": read_audit(project, platform)})


def _tenant(request: Request) -> Response:
    project, tenant = _asked(request, "tenant")
    status, listings, unread = read_listings(project, tenant)
    shown = {
        "status": status,
        "where": where_it_is(project, tenant) if status.moves else "",
        "leaving": {each.id for each in listings if each.pending is Pending.DELETE},
        "planned": [each for each in listings if each.pending is Pending.CREATE],
        "troubles": troubles(status),
        "unread": unread,
    }
    return _page(request, "tenant.html.j2", shown)


def _topology(request: Request) -> Response:
    found = read_topology(*_asked(request, "tenant"))
    return _page(request, "topology.html.j2", {"picture": svg(found, styled=False)})


def _picture_style(_request: Request) -> Response:
    return Response(STYLE, media_type="text/css")


def _docs(request: Request) -> Response:
    heading, html = page_as_html(request.path_params["page"])
    return _page(request, "docs.html.j2", {"heading": heading, "html": do_mark_safe(html)})


def _move(request: Request) -> Response:
    move = Move.of(*_asked(request, "tenant"))
    found = move.progress()
    shown = {
        "found": found,
        "in_settings": move.settings.migration is not None,
        "route": next((route for each, route in ROUTES.items() if each == found.strategy), ()),
        "picture": _picture(found),
    }
    return _page(request, "move.html.j2", shown)


def _picture(found: MoveProgress) -> str:
    """The move's plot. It grows with the time only while a run works, or clients wait: what has changed is
    replaced."""
    grows = found.held_back_since or found.at_work or not found.events
    until = datetime.now(UTC) if grows else found.events[-1].at
    return plot(found, until, styled=False)


def _drift(request: Request) -> Response:
    return _page(request, "drift.html.j2", {"findings": None, "way_back": WAY_BACK})


def _compare(request: Request) -> Response:
    findings = read_drift(*_asked(request, "tenant"))
    return _page(request, "drift.html.j2", {"findings": findings, "way_back": WAY_BACK})


def _isolation(request: Request) -> Response:
    return _page(request, "isolation.html.j2", {"pairs": None})


def _check(request: Request) -> Response:
    project, tenant = _asked(request, "tenant")
    pairs, statuses = judge(project, [tenant])
    shown = {
        "pairs": pairs,
        "faults": not_as_intended(pairs),
        "passes": passing(pairs),
        "troubles": [said for status in statuses for said in troubles(status)],
    }
    return _page(request, "isolation.html.j2", shown)


def _guide(request: Request) -> Response:
    project, tenant = _asked(request, "tenant")
    status = read_status(project, tenant)
    shown = {
        "connection": choose(tenant, at_aws(status), request.path_params["connection"], None),
        "formats": {
            **words.GUIDE_FORMATS,
            **{
                device.name: f"{device.vendor} {device.platform}, {device.software}"
                for device in VpnReader(status.region).device_types()
            },
        },
    }
    return _page(request, "guide.html.j2", shown)


def _download(request: Request) -> Response:
    project, tenant = _asked(request, "tenant")
    status, listed, _ = read_listings(project, tenant)
    reader = VpnReader(status.region)
    connection = read(reader, status, listed, request.path_params["connection"], None)
    made = make(reader, connection, request.state.form.get("format", GENERIC), SampleType.RECOMMENDED)
    return as_download(made.guide, f"{tenant}-{connection.slot}-{connection.id}")


def _tunnels(request: Request) -> Response:
    shown = own_tunnels(request.app.state.project, request.query_params)
    return _page(request, "tunnels.html.j2", {**shown, "failure": None, "said": ""})


def _act_on_tunnels(request: Request) -> Response:
    project: Project = request.app.state.project
    refusals: Sequence[Refusal] = ()
    failure, said, status = None, "", HTTPStatus.SERVICE_UNAVAILABLE
    try:
        said = act(project, request.state.form)
    except Refused as refused:
        refusals, status = refused.refusals, HTTPStatus.BAD_REQUEST
    except Failure as error:
        failure = error
    if not (said or refusals or failure):
        return RedirectResponse(request.url.path, HTTPStatus.SEE_OTHER)
    shown = own_tunnels(project, request.state.form, refusals)
    return _page(request, "tunnels.html.j2", {**shown, "failure": failure, "said": said}, status)


def _edit(of_tenant: Callable[[Project, str], Form], request: Request) -> Response:
    form = of_tenant(*_asked(request, "tenant"))
    is_sent = request.method == "POST"
    given = request.state.form if is_sent else request.query_params
    found = outcome(form, given, is_sent=is_sent)
    branch = form.branch
    refusals = by_field((*form.fields, branch), found.refusals)
    shown = {"form": form, "branch": branch, "given": given, "found": found, "refusals": refusals}
    status = HTTPStatus.BAD_REQUEST if is_sent and refusals else HTTPStatus.OK
    return _page(request, "written.html.j2" if found.is_written else "form.html.j2", shown, status)


def _explained(request: Request, error: Exception) -> Response:
    match error:
        case Refused():
            return _page(request, "refused.html.j2", {"refused": error}, HTTPStatus.BAD_REQUEST)
        case Failure():
            failure, status = error, HTTPStatus.SERVICE_UNAVAILABLE
        case HTTPException():
            failure, status = NO_PAGE, HTTPStatus(error.status_code)
        case OSError():
            failure, status = _of_system(error), BROKEN_STATUS
        case _:
            failure, status = BROKEN, BROKEN_STATUS
    return _page(request, "failed.html.j2", {"failure": failure}, status)


def _of_system(error: OSError) -> Failure:
    return Failure(
        BROKEN.what,
        reason=str(error),
        remedy="check the disk and your rights to the project's files, and try again",
    )
