"""The words of the phases in the console."""

from __future__ import annotations

import re

from tenantnet.console.words import PHASES
from tenantnet.phases.phases import Phase

from tests.support.clone import CLONE


def test_the_phases_have_the_words_of_the_concepts() -> None:
    page = (CLONE / "docs" / "concepts.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", page, re.MULTILINE))
    assert rows == {str(phase): words for phase, words in PHASES.items()}
    assert set(PHASES) == set(Phase)
