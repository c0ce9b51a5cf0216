"""A run on several machines: each keeps its slice's record in the backend, and one report has them all."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pydantic import ValidationError
from tenantnet.engine.states import Store, backend_url, store_of
from tenantnet.failure import Failure
from tenantnet.fleet.record import RunRecord, RunStatus, Shared, TenantRecord
from tenantnet.fleet.selection import Slice
from tenantnet.fleet.shared import apart
from tenantnet.forms import Form, check_form
from tenantnet.refusal import Refused, Rule
from tenantnet.settings.project import Project
from tenantnet.settings.reading import read_mapping
from tenantnet.stacks.outputs import Model

FOLDER = ".tenantnet/batches/"
NAME = Form(pattern="[A-Za-z0-9][A-Za-z0-9._-]*", longest=100)
UNSEEN = "nobody sees the files of the backend in use"
WHOLE = "without --slice one machine has all tenants, and its report is whole"
BATCH_NAME = Rule(
    id="batch-name",
    rule="a batch's name has 1 to 100 letters, digits, dots, hyphens and underscores, and begins with one of "
    "the first two",
    reason="it names files in the backend",
    remedy="give all machines the same name, such as the number of the pipeline's run",
)
BATCH_OF_SLICES = Rule(
    id="batch-of-slices",
    rule="a batch is made of slices, whose records are in a backend in a folder or in S3",
    reason="{reason}",
    remedy="give every machine its own --slice and such a backend, or leave out --batch",
)
BATCH_KNOWN = Rule(
    id="batch-known",
    rule="a batch has a slice that has begun",
    reason="{project} has no {place} in the backend",
    remedy="give the name, and the slice, that its machines were given with --batch and --slice",
)
BATCH_DIVISION = Rule(
    id="batch-division",
    rule="all slices of a batch have the same count",
    reason="it has slices {slices}: shares of different counts overlap and leave tenants out",
    remedy="run the batch again under another name, with one count",
)
BATCH_ALIKE = Rule(
    id="batch-alike",
    rule="all slices of a batch share out the same tenants for one operation, with the same files and "
    "options",
    reason="slice {slice} {apart}",
    remedy="run this one from the others' commit and with their options, or all slices under another name",
)
UNKNOWN = "does not say what it is a share of, as a former version began it: run it again"


class Batch(Model):
    """What is known of a run on several machines.

    run: all their tenants, as one run. count: of slices. missing: those that have not begun. lost: those that
    have begun and not ended, whose machines work or have died. unpassed: whose last wave has not passed, and
    how many have. apart: how slices differ from what the first one shared out.
    """

    run: RunRecord
    count: int
    missing: tuple[int, ...]
    lost: tuple[int, ...]
    unpassed: Mapping[int, str] = {}
    apart: Mapping[int, str] = {}

    @classmethod
    def of(cls, count: int, slices: Mapping[int, RunRecord]) -> Batch:
        """Of the slices that have begun, by number. What no slice has of what was shared out is not begun."""
        ordered = dict(sorted(slices.items()))
        shared = {name for record in ordered.values() for each in record.shared for name in each.tenants}
        tenants = dict.fromkeys(shared, TenantRecord()) | {
            name: found.model_copy(update={"status": RunStatus.RUNNING}) if _open(record, found) else found
            for record in ordered.values()
            for name, found in record.tenants.items()
        }
        held = [f"slice {number}: {record.held}" for number, record in ordered.items() if record.held]
        ends = [record.ended for record in ordered.values() if record.ended]
        both: dict[str, object] = {
            **{"share": "", "held": "; ".join(held), "tenants": tenants},
            "parallel": sum(record.parallel for record in ordered.values()),
            "began": min(record.began for record in ordered.values()),
            "ended": max(ends) if len(ends) == len(ordered) else None,
            # Each slice has waves of its own.
            **({"waves": None, "soaked": 0} if count > 1 else {}),
        }
        return cls(
            run=next(iter(ordered.values())).model_copy(update=both),
            count=count,
            missing=tuple(number for number in range(1, count + 1) if number not in ordered),
            lost=tuple(number for number, record in ordered.items() if record.ended is None),
            unpassed={
                number: f"{record.soaked} of {len(record.divided())}"
                for number, record in ordered.items()
                if record.waves and record.has_rest
            },
            apart=_all_apart(ordered),
        )

    @property
    def done(self) -> bool:
        """Whether no slice has anything left to do, and all are of one run."""
        return not (self.missing or self.lost or self.unpassed or self.apart or self.run.left())

    @property
    def time(self) -> str:
        """From when to when: a slice that was not run again may tell of long ago."""
        times = {"Begun": self.run.began, "ended": self.run.ended}
        return ", ".join(f"{what} {time:%Y-%m-%d %H:%M} UTC" for what, time in times.items() if time) + "."

    def remarks(self) -> list[str]:
        """What must be known of slices beside their tenants."""
        said = {
            **dict.fromkeys(self.missing, "has not begun"),
            **dict.fromkeys(self.lost, "has begun and not ended: its machine is at work, or was lost"),
        }
        passed = {
            number: f"is not through: {what} waves have passed" for number, what in self.unpassed.items()
        }
        found = [*said.items(), *self.apart.items(), *passed.items()]
        return [f"Slice {number}/{self.count} {what}." for number, what in found]


class Batches:
    """The batches of a project, in its backend: a file for each slice."""

    def __init__(self, store: Store, project: Project) -> None:
        self._store, self._project = store, str(read_mapping(project.file).get("name"))

    def keep(self, record: RunRecord) -> None:
        """Keep a slice's record, instead of that of a machine that tried it before. Raises Failure."""
        name = self._file(record.batch, Slice.parse(record.share))
        self._store.write(name, record.model_dump_json(by_alias=True).encode())

    def slice_of(self, batch: str, share: Slice) -> RunRecord:
        """What another machine has done of a slice. Raises Refused if none has begun it, Failure."""
        name = self._file(batch, share)
        if name not in {found for found, _ in self._store.versions(self._folder(batch))}:
            raise Refused("The batch", [BATCH_KNOWN.refuse(batch, place=name, project=self._project)])
        return self._read(name)

    def read(self, batch: str) -> Batch:
        """Raises Refused if there is none of this name, Failure."""
        folder = self._folder(batch)
        if not (found := self._slices(batch)):
            raise Refused("The batch", [BATCH_KNOWN.refuse(batch, place=folder, project=self._project)])
        _require_one_count(batch, found)
        count = next(iter(found)).count
        return Batch.of(count, {share.number: record for share, record in found.items()})

    def require_alike(self, batch: str, share: Slice, shared: Shared) -> None:
        """Raises Refused if another slice of the batch is of another run than this one would be, Failure."""
        others = {each: record for each, record in self._slices(batch).items() if each != share}
        _require_one_count(batch, [share, *others])
        for each, record in others.items():
            if said := _apart(record, shared, "this one"):
                raise Refused("The batch", [BATCH_ALIKE.refuse(batch, "--batch", slice=each, apart=said)])

    def _slices(self, batch: str) -> dict[Slice, RunRecord]:
        found = [self._read(name) for name, _ in self._store.versions(self._folder(batch))]
        return {Slice.parse(record.share): record for record in found}

    def _read(self, name: str) -> RunRecord:
        try:
            return RunRecord.model_validate_json(self._store.read(name))
        except ValidationError:
            raise Failure(
                f"Could not read {name} in Pulumi's backend.",
                reason="it is no record of this version's",
                remedy="use the version that the batch's machines have",
            ) from None

    def _file(self, batch: str, share: Slice) -> str:
        return f"{self._folder(batch)}{share.number}-of-{share.count}.json"

    def _folder(self, batch: str) -> str:
        return f"{FOLDER}{self._project}/{checked(batch)}/"


def read_batch(project: Project, name: str) -> Batch:
    """Raises Refused if there is none of this name, Failure."""
    if store := store_of(backend_url(project)):
        return Batches(store, project).read(name)
    raise Refused("The batch", [BATCH_OF_SLICES.refuse(name, reason=UNSEEN)])


def _require_one_count(batch: str, slices: Collection[Slice]) -> None:
    if len({each.count for each in slices}) > 1:
        shares = ", ".join(sorted(map(str, slices)))
        raise Refused("The batch", [BATCH_DIVISION.refuse(batch, slices=shares)])


def _all_apart(slices: Mapping[int, RunRecord]) -> Mapping[int, str]:
    """How each slice differs from the first one that says what was shared out, if it does."""
    first = next((record for record in slices.values() if record.shared), None)
    if first is None:
        return dict.fromkeys(slices, UNKNOWN)
    found = {
        number: _apart(record, first.shared[0], f"slice {first.share}") for number, record in slices.items()
    }
    return {number: said for number, said in found.items() if said}


def _apart(record: RunRecord, shared: Shared, whose: str) -> str:
    """How a slice differs from what is shared out by `whose`, as a predicate; empty if it does not."""
    if not record.shared:
        return UNKNOWN
    began, *resumed = record.shared
    if said := apart(began, shared):
        return f"is of another run than {whose}: {said}"
    again = next(filter(None, (apart(each, shared) for each in resumed)), "")
    return f"was resumed as another run: {again}" if again else ""


def _open(record: RunRecord, found: TenantRecord) -> bool:
    """Whether a tenant's state is that of the beginning of a run whose end nobody has seen."""
    return record.ended is None and found.status is not RunStatus.DONE


def checked(batch: str) -> str:
    """A batch's name. Raises Refused."""
    if refusals := check_form(BATCH_NAME, NAME, batch, "--batch"):
        raise Refused("The batch", refusals)
    return batch
