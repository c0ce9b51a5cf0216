"""Drift of a thousand tenants by pages: how long it takes, and how many calls of AWS.

    python -m benchmarks.drift [--tenants 1000]

Prints Markdown. One tenant is deployed in a local cloud. Its state, and what the cloud answers about it, are
then copied with other ids and names, in cells of 60 tenants, and are answered in pages of AWS's sizes. So
what this machine does is measured: it reads, parses and compares.
"""

from __future__ import annotations

import io
import json
import os
import re
import resource
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import local
from typing import Annotated, Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import boto3
import psutil
import typer
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.model import OperationModel, StructureShape
from tenantnet.engine.states import store_of
from tenantnet.fleet.paged import drift_by_pages
from tenantnet.fleet.record import FleetOperation, RunRecords
from tenantnet.fleet.runs import Limits, begin_run
from tenantnet.fleet.targets import read_targets
from tenantnet.observed import deployed
from tenantnet.observed.drift.described import PAGES
from tenantnet.settings.project import find_project

from benchmarks.backends import TENANTS_OF_A_CELL
from benchmarks.ground import deployed_cell
from tests.end_to_end.conftest import ACME
from tests.support.project import Project

TENANT = "acme"
ID = re.compile(r"(?<![0-9a-z-])(?:[a-z]{1,8}-[0-9a-f]{17}|db-[0-9A-Z]{26})(?![0-9A-Za-z])")
KEYS = {
    *(page.by.key for page in PAGES.values()),
    *(kind.described_by.key for kind in vars(deployed).values() if hasattr(kind, "described_by")),
}
# What AWS gives to those who ask for no size; DynamoDB gives 1 MB, in which a cell's claims are.
DEFAULTS = {"rds": 100, "cloudwatch": 50, "logs": 50, "route53": 300, "dynamodb": 10000, "ec2": 10000}
SIZES, TOKENS = ("MaxResults", "MaxRecords", "limit"), ("NextToken", "Marker", "nextToken")
PLACES = ("HostedZoneId", "TableName")
# One of a record's list, such as a route.
INNERMOST = re.compile("<item>(?:(?!<item>).)*?</item>", re.DOTALL)


@dataclass
class Listing:
    """What is answered to a call: a tenant's records, a cell's own, and all of them, as text.

    shared: the cell's, each with something of each tenant's. records: of one cell, and of all under None.
    """

    shape: StructureShape
    service: str
    envelope: str
    tenants: list[str] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    shared: list[str] = field(default_factory=list)
    records: dict[int | None, list[str]] = field(default_factory=dict)

    def page(self, params: Mapping[str, Any], cell: int | None) -> str:
        """The answer with the records that these parameters ask for."""
        records = self.records.get(cell, [])
        size = next((int(params[name]) for name in SIZES if name in params), DEFAULTS[self.service])
        start = next((int(params[name]) for name in TOKENS if name in params), 0)
        name = next((each for each in TOKENS if each in self.shape.members), "")
        more = str(start + size) if start + size < len(records) else ""
        return self.filled(records[start : start + size], name, more)

    def filled(self, records: list[str], name: str, token: str) -> str:
        """The envelope with some records, and a token for the rest."""
        if self.envelope.startswith("{"):
            rest = f', "{name}": "{token}"' if token else ""
            return self.envelope.replace("\0", ", ".join(records)).replace("\1", rest)
        tag = self.shape.members[name].serialization.get("name", name) if token else ""
        rest = f"<{tag}>{token}</{tag}>" if token else ""
        return self.envelope.replace("\0", "".join(records)).replace("\1", rest)


class Copies:
    """Answers about one tenant, copied. state: the tenant's."""

    def __init__(self, state: str, tenants: int) -> None:
        resources = json.loads(state)["checkpoint"]["latest"]["resources"]
        inputs = [each.get("inputs", {}) for each in resources if each["type"].startswith("aws:")]
        self._tenants, self._listings, self._asked = tenants, dict[str, Listing](), local()
        self._known = {*ID.findall(json.dumps([each.get("id") for each in resources]))}
        # What each cell has one of.
        places = {
            each[key] for each in inputs for key in ("zoneId", "tableName", "routeTableId") if key in each
        }
        self._places = places - self._known
        ranges = r"10\.1\.2\.0/26|172\.17\.5\.0/24"
        words = "|".join([ID.pattern, rf"\b{TENANT}\b", ranges, *map(re.escape, self._places)])
        self._words, self.bytes = re.compile(words), 0

    def text(self, text: str, number: int) -> str:
        """With the ids and names of a copy."""

        def other(found: re.Match[str]) -> str:
            word = found[0]
            if word == TENANT:
                return f"a{number:03x}"
            if "/" in word:
                return f"11.{number >> 8}.{number & 255}.{'0/26' if word.endswith('26') else '64/26'}"
            if word in self._places:
                return f"{word[:-3]}{number // TENANTS_OF_A_CELL:03}"
            return f"{word[:-4]}{number:04x}" if word in self._known else word

        return self._words.sub(other, text)

    def ask(self, params: Mapping[str, Any], **_: object) -> None:
        """Note with what parameters the next request of this thread is made."""
        self._asked.params = dict(params)

    def keep(self, operation_model: OperationModel, response_dict: Mapping[str, Any], **_: object) -> None:
        """Keep what the cloud has answered."""
        shape, body = operation_model.output_shape, response_dict["body"].decode()
        service = operation_model.service_model.service_name
        key = next((name for name in KEYS if shape and name in shape.members), None)
        if shape is None or key is None:
            return
        if body.startswith("{"):
            records = [json.dumps(each) for each in json.loads(body)[key]]
            listing = Listing(shape, service, f'{{"{key}": [\0]\1}}')
        else:
            root = ElementTree.fromstring(re.sub(r' xmlns="[^"]*"', "", body))  # noqa: S314 - of our cloud
            name = shape.members[key].serialization.get("name", key)
            (place,) = root.iter(name)
            records = [ElementTree.tostring(each, "unicode") for each in place]
            place[:], place.text, place.tail = [], "\0", "\1"
            listing = Listing(shape, service, ElementTree.tostring(root, "unicode"))
        for each in records:
            if any(place in each for place in self._places):
                listing.shared.append(each)
            else:
                (listing.cells if self.text(each, 0) == each else listing.tenants).append(each)
        self._listings[self._name(operation_model.name)] = listing

    def grow(self) -> None:
        """Make the records of all tenants, and what each cell has beside them."""
        for listing in self._listings.values():
            whole = listing.records[None] = list[str]()
            for number in range(self._tenants):
                own = [self.text(each, number) for each in listing.tenants]
                whole += own
                listing.records.setdefault(number // TENANTS_OF_A_CELL, []).extend(own)
            for first in range(0, self._tenants, TENANTS_OF_A_CELL):
                whole += listing.cells
                whole += [self._of_cell(each, first) for each in listing.shared]

    def _of_cell(self, record: str, first: int) -> str:
        """A record with what each of a cell's tenants has in it. first: of the tenants."""
        numbers = range(first, min(first + TENANTS_OF_A_CELL, self._tenants))

        def each(found: re.Match[str]) -> str:
            return "".join(dict.fromkeys(self.text(found[0], number) for number in numbers))

        return self.text(INNERMOST.sub(each, record), first)

    def answer(self, request: AWSPreparedRequest, event_name: str, **_: object) -> AWSResponse | None:
        """In place of the cloud's."""
        listing = self._listings.get(self._name(call := event_name.rpartition(".")[2]))
        if listing is None:
            if call == "GetCallerIdentity":
                return None
            sys.exit(f"nothing was kept of {call} {self._asked.params}")
        place = next((self._asked.params[key] for key in PLACES if key in self._asked.params), None)
        content = listing.page(self._asked.params, None if place is None else int(place[-3:])).encode()
        self.bytes += len(content)
        raw: Any = io.BytesIO(content)
        raw.stream = lambda: iter([raw.getvalue()])
        return AWSResponse(request.url, 200, HTTPHeaders.from_dict({"Content-Type": "text/xml"}), raw)

    def _name(self, call: str) -> str:
        """A call with its filters, of which there are several for some."""
        return f"{call} {self._asked.params.get('Filters')}"


def drift(project: Project, url: str, names: list[str]) -> list[str]:
    """What is said. Nobody has changed anything."""
    place, store, said = find_project(project.folder), store_of(url), list[str]()
    record = begin_run(RunRecords(place), FleetOperation.DRIFT, names, Limits(), pages=True)
    if store:
        drift_by_pages(place, store, record, read_targets(place), said.append)
    if left := record.left():
        sys.exit(f"not read by pages: {', '.join(left[:5])}")
    if found := [sentence for each in record.tenants.values() for sentence in each.findings]:
        sys.exit("\n".join([f"{len(found)} differences where there is none:", *found[:20]]))
    return said


def processor() -> float:
    """Seconds that this process has used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measured(project: Project, url: str, tenants: int) -> Iterator[str]:
    """The rows. One tenant is there."""
    states = Path(urlsplit(url).path, ".pulumi", "stacks", "tenantnet")
    state, settings = (states / f"{TENANT}.json").read_text(), project.settings_file(TENANT).read_text()
    copies = Copies(state, tenants)
    boto3.DEFAULT_SESSION = boto3.Session()
    events: Any = boto3.DEFAULT_SESSION.events
    events.register("before-parameter-build", copies.ask)
    events.register("before-parse", copies.keep)
    drift(project, url, [TENANT])
    events.unregister("before-parse", copies.keep)
    events.register("before-send", copies.answer)
    copies.grow()
    names = [f"a{number:03x}" for number in range(tenants)]
    for number, name in enumerate(names):
        (states / f"{name}.json").write_text(copies.text(state, number))
        project.settings_file(name).write_text(settings)
    memory, started, used = psutil.Process().memory_info().rss, time.perf_counter(), processor()
    said = drift(project, url, names)
    seconds, used = time.perf_counter() - started, processor() - used
    yield f"| time, s | {seconds:.1f} |"
    yield f"| processor, s | {used:.1f} |"
    yield f"| memory beside the copies, MiB | {(psutil.Process().memory_info().rss - memory) / 2**20:.0f} |"
    yield f"| read of AWS, MB | {copies.bytes / 1e6:.0f} |"
    yield f"| read of states, MB | {len(state) * tenants / 1e6:.0f} |"
    yield f"| said | {said[0]} |"


def report(tenants: int) -> str:
    """Deploy one tenant and measure."""
    with deployed_cell() as project:
        project.write_tenant(TENANT, ACME)
        project.up(TENANT).check()
        os.environ.update(project.environment)
        rows = measured(project, project.environment["PULUMI_BACKEND_URL"], tenants)
        return "\n".join([f"| drift of {tenants} tenants by pages | |", "|---|---:|", *rows, ""])


def main(tenants: Annotated[int, typer.Option(min=1, max=4096)] = 1000) -> None:
    """Measure and print."""
    sys.stdout.write(report(tenants))


if __name__ == "__main__":
    typer.run(main)
