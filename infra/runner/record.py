"""What a run of a move writes into the journal, and tells who has started it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from time import monotonic

from tenantnet.failure import Failure
from tenantnet.phases.journal import Entry, Topic, What, downtime, of_move
from tenantnet.phases.phases import Phase, State
from tenantnet.phases.transitions import Condition
from tenantnet.runner.clock import Clock
from tenantnet.runner.journal_table import JournalTable
from tenantnet.runner.live.move import LONGEST_LAG
from tenantnet.runner.stop import Stop

LONGEST_NOTE = 1000
NO_PARTS: Mapping[str, float] = {}
_TOPICS = {Condition.TARGET_CAUGHT_UP: Topic.LAG, Condition.DATA_EQUAL: Topic.COMPARISON}


class Record:
    """One run's. who: its user, host and process. tell: prints a line. stop: whether the user has stopped it.

    Every method raises Failure if AWS does not answer.
    """

    def __init__(
        self, journal: JournalTable, who: str, tell: Callable[[str], None], stop: Stop, clock: Clock
    ) -> None:
        self._journal, self._who, self._tell, self._stop, self._clock = journal, who, tell, stop, clock

    def entries(self, move: int) -> list[Entry]:
        """What the journal has of a move, in order of time."""
        return of_move(self._journal.entries(), move)

    def write(
        self,
        what: What,
        state: State,
        *,
        phase: Phase | None = None,
        seconds: float | None = None,
        note: str = "",
        move: int | None = None,
        topic: Topic | None = None,
        parts: Mapping[str, float] = NO_PARTS,
    ) -> None:
        """Write an entry and say nothing. phase, move: by default the state's own."""
        self._journal.write(
            Entry(
                at=self._clock.now(),
                move=state.move if move is None else move,
                what=what,
                phase=phase or state.phase,
                who=self._who,
                seconds=seconds,
                note=note,
                topic=topic,
                parts=parts,
            )
        )

    def note(
        self,
        state: State,
        note: str,
        *,
        topic: Topic | None = None,
        seconds: float | None = None,
        parts: Mapping[str, float] = NO_PARTS,
    ) -> None:
        """Write down what was seen or done, and say it."""
        self.write(What.SEEN, state, note=note[:LONGEST_NOTE], topic=topic, seconds=seconds, parts=parts)
        self._tell(f"{state.phase}: {note}")

    def note_lag(self, state: State, lag: float | None) -> None:
        """lag: in seconds; None for more than LONGEST_LAG."""
        seen = f"more than {LONGEST_LAG:g}" if lag is None else f"{lag:.1f}"
        self.note(state, f"the copy is {seen} s behind", topic=Topic.LAG, seconds=lag)

    def seen(self, condition: Condition, state: State, began: float, what: str = "") -> None:
        """A condition holds. began: when it was looked for, of the monotonic clock."""
        seconds = monotonic() - began
        self.write(What.SEEN, state, seconds=seconds, note=f"{condition}{what}", topic=_TOPICS.get(condition))
        self._tell(f"{state.phase}: seen after {seconds:.1f} s: {condition}")

    def reached(self, state: State, began: float, note: str = "") -> None:
        """A phase is reached. Of `fenced` the journal says so behind the fence itself, the stack before."""
        seconds = monotonic() - began
        self.write(What.REACHED, state, seconds=seconds, note=note)
        self._tell(": ".join(filter(None, [f"{state.phase}: reached after {seconds:.1f} s", note])))

    def resumed(self, state: State) -> None:
        """Clients may write again."""
        self.write(What.WRITES_RESUMED, state)
        if (measured := downtime(self.entries(state.move))) is not None:
            self._tell(
                f"writes are allowed again; they were held back for {measured.total_seconds():.1f} s at most"
            )

    @contextmanager
    def failure_noted(self, state: State, phase: Phase | None = None) -> Iterator[None]:
        """Record a Failure in the block as one in `phase`, by default the state's own."""
        try:
            yield
        except Failure as failure:
            # If AWS cannot be reached, the journal cannot either, and the original error must not be lost.
            with suppress(Failure):
                note = self._stop.reason(failure)[:LONGEST_NOTE]
                self.write(What.FAILED, state, phase=phase, note=note)
            raise
