"""The copy of htmx that the console's pages use."""

from __future__ import annotations

import json
import re
from hashlib import sha256

from tests.support.clone import CLONE
from tests.support.console import Console

FILES = CLONE / "infra" / "console" / "static"
VERSION = "2.0.11"
SHA256 = "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717"


def test_it_is_the_file_of_its_release_with_its_licence_beside_it() -> None:
    copy = (FILES / "htmx.min.js").read_bytes()
    assert re.findall('version:"([^"]+)"', copy.decode()) == [VERSION]
    assert sha256(copy).hexdigest() == SHA256
    assert (FILES / "htmx-LICENSE").read_text(encoding="utf-8").startswith("Zero-Clause BSD\n")
    assert VERSION in (CLONE / "docs" / "develop.md").read_text(encoding="utf-8")


def test_it_may_neither_run_a_text_nor_ask_another_address_nor_keep_a_page(console: Console) -> None:
    [settings] = re.findall("name=\"htmx-config\" content='([^']+)'", console.ask("/").text)
    assert json.loads(settings) == {
        "allowEval": False,
        "allowScriptTags": False,
        "historyCacheSize": 0,
        "historyEnabled": False,
        "includeIndicatorStyles": False,
        "selfRequestsOnly": True,
    }
