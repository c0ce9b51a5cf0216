"""A follower of a million rows is compared while clients write 500 times a second: what differs is found.

`python -m benchmarks.comparison` does the same with ten million.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks.comparison import CHANGES, WRITES_A_SECOND, measure

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

ROWS = 1_000_000


def test_one_changed_row_a_trigger_a_definer_and_a_grant_are_found_and_no_write_waits(
    record_property: Callable[[str, object], None],
) -> None:
    compared = measure(ROWS, lambda *_: None)
    record_property(
        "measured",
        f"{ROWS} rows compared in {compared.seconds:.1f} s, beside {compared.writes_a_second:.0f} writes a "
        f"second, the longest of {max(compared.took):.2f} s: {'; '.join(compared.found)}",
    )
    assert len(compared.found) == len(CHANGES), compared.found
    for named in ("table app.entry", "trigger app.once", "view app.texts", "user app_reader@%: grants"):
        assert sum(each.startswith(named) for each in compared.found) == 1, compared.found
    # The machine serves other tests meanwhile.
    assert compared.writes_a_second > 0.8 * WRITES_A_SECOND
    assert max(compared.took) < 2
