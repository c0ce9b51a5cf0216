"""policies/listing.py is what AWS's reference says, without what shows more than names."""

from __future__ import annotations

from tests.support.clone import CLONE
from tools.listing import SHOWS_MORE, as_module, listing


def test_the_list_is_up_to_date() -> None:
    kept = (CLONE / "policies" / "listing.py").read_text(encoding="utf-8")
    assert kept == as_module(), "run: python -m tools.listing > policies/listing.py"


def test_nothing_is_listed_that_tells_secrets_or_queries() -> None:
    assert not {*listing()} & {*SHOWS_MORE, "secretsmanager:BatchGetSecretValue", "iam:GetCredentialReport"}
