"""Compares the states of many stacks with what AWS lists of a whole region.

That makes what a refresh would report, so that drift is judged in one way.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from functools import partial
from typing import Any

import boto3
from botocore.exceptions import ClientError
from pulumi.automation.events import StepEventStateMetadata
from tenantnet.aws.answers import MANY_CALLS, aws_answers
from tenantnet.aws.properties import only_by_programs
from tenantnet.engine.differences import SECRET_MARK
from tenantnet.engine.events import Operation, Step
from tenantnet.failure import Failure
from tenantnet.observed import deployed as aws
from tenantnet.observed.drift.described import KEYS, PAGES, Page, Properties
from tenantnet.observed.reader import Pages

# A resource as a state has it.
Resource = Mapping[str, Any]
Key = tuple[str, str, str]
# Kinds of calls at once: each service slows down those who ask much faster.
AT_ONCE = 8
# Of these AWS tells more than the stack has, and chooses what the program does not set.
PARTIAL = ("metadataOptions",)
# What somebody may add beside a stack; no stack has one.
ADDED = (aws.InternetGateway, aws.NatGateway, aws.VpcEndpoint)


class Region:
    """Everything that AWS lists in one region, of the types that some stacks have.

    resources: of all those stacks. What cannot be listed is said to those whose stack has some of it. Raises
    Failure if AWS does not say whose the credentials are.
    """

    def __init__(self, name: str, resources: Iterable[Resource]) -> None:
        self.name, own = name, [each for each in resources if each["type"] in PAGES]
        listed = sorted({(each["type"], _place(each)) for each in own})
        calls: dict[str, list[Callable[[], object]]] = defaultdict(list)
        with self._answers():
            self._account = _account(name)
            services = {"ec2", *(PAGES[type_].by.service for type_, _ in listed)}
            self.reader = Pages(name, services, _ids(own))
        for kind in ADDED:
            calls[kind.described_by.call].append(partial(self.reader.all, kind.described_by))
        for type_, place in listed:
            calls[PAGES[type_].by.call].append(partial(self._list, PAGES[type_], place))
        with ThreadPoolExecutor(AT_ONCE) as pool:
            # One after the other of the same kind, for which AWS counts the calls a second.
            deque(pool.map(self._all, calls.values()), maxlen=0)
        self._found: dict[Key, Properties] = {}
        self._unread: dict[tuple[str, str], Failure] = {}
        for type_, place in listed:
            self._find(type_, place, PAGES[type_])
        for type_, place in sorted({_at(each)[:2] for each in own if _at(each) not in self._found}):
            if unused := PAGES[type_].unused:
                self._find(type_, place, unused)

    def _answers(self, place: str = "") -> AbstractContextManager[None]:
        return aws_answers(f"read what is in {place or self.name}", region=self.name)

    def _all(self, tasks: Iterable[Callable[[], object]]) -> None:
        """The reader keeps what AWS answers, errors too."""
        for task in tasks:
            with suppress(Failure), self._answers():
                task()

    def _find(self, type_: str, place: str, page: Page) -> None:
        try:
            with self._answers(place):
                for record in self._list(page, place):
                    for key, properties in page.found(record):
                        self._found[type_, place, key] = properties
        except Failure as failure:
            self._unread[type_, place] = failure

    def _list(self, page: Page, place: str) -> Sequence[Mapping[str, Any]]:
        if not page.place:
            return self.reader.all(page.by)
        try:
            return self.reader.all(page.by, further={page.place.argument: place})
        except ClientError as error:
            if error.response["Error"]["Code"] == page.place.gone:
                return ()
            raise

    def refresh(self, resources: Sequence[Resource]) -> list[Step]:
        """What a refresh of a stack's resources would report.

        Raises Failure if AWS did not list some of them, or if they are in another account than the
        credentials, in which everything would seem to be gone.
        """
        self._check_account(resources)
        return [self._step(each) for each in resources]

    def _check_account(self, resources: Iterable[Resource]) -> None:
        arns = (str(each.get("outputs", {}).get("arn", "")).split(":") for each in resources)
        accounts = {parts[4] for parts in arns if len(parts) > 4 and parts[4]}
        if accounts - {self._account}:
            raise Failure(
                f"Could not read what is in {self.name}.",
                reason=f"the stack is in account {', '.join(sorted(accounts))}, and the credentials are of "
                f"{self._account}",
                remedy="use credentials of the stack's account; with several accounts, run once for each",
            )

    def _step(self, resource: Resource) -> Step:
        operation, changed = Operation.SAME, Properties()
        if resource["type"] in PAGES:
            type_, place, _ = at = _at(resource)
            found = self._found.get(at)
            # One of two lists may show it, and the other one be denied.
            if found is None and (failure := self._unread.get((type_, place))):
                raise failure
            changed = _changed(resource, found) if found is not None else {}
            # Of a replacement that failed half-way the engine knows that the former one goes, or is gone.
            is_lost = found is None and not resource.get("goes")
            operation = Operation.DELETE if is_lost else Operation.UPDATE if changed else Operation.SAME
        outputs = {**resource.get("outputs", {}), **changed}
        return Step(
            operation=operation,
            urn=resource["urn"],
            type=resource["type"],
            properties=tuple(sorted(changed)),
            old=StepEventStateMetadata.from_json(dict(resource)),
            new=StepEventStateMetadata.from_json({**resource, "outputs": outputs}),
        )


def unlisted(resources: Iterable[Resource]) -> Counter[str]:
    """How many resources there are of each type that AWS does not list."""
    return Counter(
        each["type"] for each in resources if each["type"].startswith("aws:") and each["type"] not in PAGES
    )


def _place(resource: Resource) -> str:
    place = PAGES[resource["type"]].place
    return str(resource.get("inputs", {}).get(place.input)) if place else ""


def _at(resource: Resource) -> Key:
    identifier, key = str(resource.get("id")), KEYS.get(resource["type"])
    own = key(identifier, resource.get("inputs", {})) if key else identifier
    return resource["type"], _place(resource), own


def _ids(resources: Iterable[Resource]) -> set[str]:
    """Of the resources, and of the tables that their routes are in."""
    ids: set[str] = set()
    for each in resources:
        ids |= {str(each["id"]), str(each.get("inputs", {}).get("routeTableId"))}
    return ids


def _changed(resource: Resource, found: Properties) -> Properties:
    """The properties that an update would put back, as AWS has them."""
    inputs, outputs, changed = resource.get("inputs", {}), resource.get("outputs", {}), Properties()
    ignored = resource.get("ignoreChanges", ())
    for name in found.keys() & (inputs.keys() | only_by_programs(resource["type"])) - {*ignored}:
        was, now = outputs.get(name), found[name]
        seen = now
        if name in PARTIAL and isinstance(was, Mapping):
            declared = inputs.get(name) or {}
            now = {key: now.get(key, value) for key, value in was.items()}
            # Once one of them is put back, the refresh shows the others, too.
            seen = {key: now[key] if key in declared else value for key, value in was.items()}
        if not _alike(name, was, seen) and not _grows(name, was, found):
            changed[name] = now
    return changed


def _alike(name: str, was: object, now: object) -> bool:
    if isinstance(was, Mapping) and SECRET_MARK in was:
        return True
    if name == "engineVersion" and isinstance(was, str):
        # The provider keeps a major version as long as AWS has one of its minor ones.
        return f"{now}.".startswith(f"{was}.")
    if name == "item" and isinstance(was, str) and isinstance(now, str):
        return bool(json.loads(was) == json.loads(now))
    if isinstance(was, list) and isinstance(now, list):
        return Counter(map(_canonical, was)) == Counter(map(_canonical, now))
    return was == now or not (was or now)


def _grows(name: str, was: object, found: Properties) -> bool:
    """Whether a database's storage has grown and may do so by itself: then the provider leaves it."""
    now, most = (found.get(each) or 0 for each in ("allocatedStorage", "maxAllocatedStorage"))
    return name == "allocatedStorage" and isinstance(was, int | float) and now > was < most


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _account(region: str) -> str:
    client = boto3.client("sts", region_name=region, config=MANY_CALLS)
    return client.get_caller_identity()["Account"]
