"""A run on several machines: each keeps its slice's record in the backend, and one report has them all."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError
from tenantnet.engine.states import Store, backend_url, store_of
from tenantnet.failure import Failure
from tenantnet.fleet.record import RunRecord, RunStatus, TenantRecord
from tenantnet.fleet.selection import Slice
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


class Batch(Model):
    """What is known of a run on several machines.

    run: all their tenants, as one run. count: of slices. missing: those that have not begun. lost: those that
    have begun and not ended, whose machines work or have died.
    """

    run: RunRecord
    count: int
    missing: tuple[int, ...]
    lost: tuple[int, ...]

    @classmethod
    def of(cls, count: int, slices: Mapping[int, RunRecord]) -> Batch:
        """Of the slices that have begun, by number."""
        ordered = dict(sorted(slices.items()))
        tenants = {
            name: found.model_copy(update={"status": RunStatus.RUNNING}) if _open(record, found) else found
            for record in ordered.values()
            for name, found in record.tenants.items()
        }
        held = [f"slice {number}: {record.held}" for number, record in ordered.items() if record.held]
        both: dict[str, object] = {"share": "", "held": "; ".join(held), "tenants": tenants}
        run = next(iter(ordered.values())).model_copy(
            update={**both, "parallel": sum(record.parallel for record in ordered.values())}
        )
        missing = tuple(number for number in range(1, count + 1) if number not in ordered)
        lost = tuple(number for number, record in ordered.items() if record.ended is None)
        return cls(run=run, count=count, missing=missing, lost=lost)

    @property
    def done(self) -> bool:
        """Whether no slice has anything left to do."""
        return not (self.missing or self.lost or self.run.left())

    def remarks(self) -> list[str]:
        """What must be known of slices beside their tenants."""
        return [
            f"Slice {number}/{self.count} {what}."
            for numbers, what in (
                (self.missing, "has not begun"),
                (self.lost, "has begun and not ended: its machine is at work, or was lost"),
            )
            for number in numbers
        ]


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
        found = [self._read(name) for name, _ in self._store.versions(folder)]
        if not found:
            raise Refused("The batch", [BATCH_KNOWN.refuse(batch, place=folder, project=self._project)])
        shares = [Slice.parse(record.share) for record in found]
        if len(counts := {share.count for share in shares}) > 1:
            slices = ", ".join(sorted(map(str, shares)))
            raise Refused("The batch", [BATCH_DIVISION.refuse(batch, slices=slices)])
        return Batch.of(counts.pop(), {share.number: one for share, one in zip(shares, found, strict=True)})

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


def _open(record: RunRecord, found: TenantRecord) -> bool:
    """Whether a tenant's state is that of the beginning of a run whose end nobody has seen."""
    return record.ended is None and found.status is not RunStatus.DONE


def checked(batch: str) -> str:
    """A batch's name. Raises Refused."""
    if refusals := check_form(BATCH_NAME, NAME, batch, "--batch"):
        raise Refused("The batch", refusals)
    return batch
