"""The pictures of the pages in the docs, which a test of the pages in a browser writes."""

from __future__ import annotations

import re
import struct

import pytest

from tests.support.clone import CLONE
from tests.support.console import PAGES, PICTURE_WIDTH, PICTURES, picture_name

NAMES = {picture_name(target, colours) for target in PAGES for colours in ("dark", "light")} - {""}
MOST_BYTES = 1_000_000


def test_the_docs_have_the_picture_of_each_page_and_no_other() -> None:
    page = (CLONE / "docs" / "console.md").read_text(encoding="utf-8")
    shown = re.findall(r"!\[[^]]+\]\(images/console/([a-z-]+)\.png\)", page)
    assert sorted(shown) == sorted(NAMES)
    assert {path.name for path in PICTURES.iterdir()} == {f"{name}.png" for name in NAMES}


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_picture_is_as_wide_as_the_page_was(name: str) -> None:
    width, height = struct.unpack(">II", (PICTURES / f"{name}.png").read_bytes()[16:24])
    assert width == PICTURE_WIDTH
    assert height >= PICTURE_WIDTH // 4


def test_all_pictures_together_are_small() -> None:
    assert sum(path.stat().st_size for path in PICTURES.iterdir()) < MOST_BYTES
