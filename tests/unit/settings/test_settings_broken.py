"""Every broken settings file gets every refusal it deserves, at once, and never anything else."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest
from tenantnet.addresses import addressing
from tenantnet.cli import main
from tenantnet.refusal import Refusal
from tenantnet.settings import rules
from tenantnet.settings.files import judge_file, load_file, read_defaults

from tests.support.broken_settings import PROJECT, BrokenFile, as_yaml, broken_files, good_file
from tools.rulebook.book import rules_in

BROKEN = broken_files()

# Tested elsewhere: judged where a password is in clear, a choice is made, or there is no file or another one.
ELSEWHERE = {
    "password",
    "password-given",
    "free-range-left",
    "reserved-list",
    "file-readable",
    "session-subnet-own",
    # About two files.
    "cells-apart",
    "range-beside-platform",
    "region-of-platform",
}


def run_check(file: Path, monkeypatch: pytest.MonkeyPatch) -> int | str | None:
    """The exit code of `tenantnet settings check FILE`."""
    monkeypatch.chdir(file.parent.parent)
    monkeypatch.setattr(sys, "argv", ["tenantnet", "settings", "check", str(file)])
    with pytest.raises(SystemExit) as ended:
        main.run()
    return ended.value.code


def said(refusals: list[Refusal]) -> Counter[str]:
    return Counter(f"{refusal.path} {refusal.rule_id}" for refusal in refusals)


@pytest.mark.parametrize("broken", BROKEN, ids=[broken.id for broken in BROKEN])
def test_a_broken_file_is_refused_for_everything_that_is_wrong(
    broken: BrokenFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = broken.write(tmp_path)
    verdict = judge_file(file, read_defaults(tmp_path / "Pulumi.yaml"))
    assert said(list(verdict.refusals)) == broken.refused
    assert verdict.settings is None
    assert run_check(file, monkeypatch) == 2
    printed = capsys.readouterr()
    assert "all right" not in printed.out
    for refusal in verdict.refusals:
        assert refusal.rule in printed.err
        assert all([refusal.value, refusal.reason.strip("; "), refusal.remedy])
        assert "{" not in refusal.rule + refusal.reason.replace("{DBInstance", "")
    assert "Traceback" not in printed.err
    assert "hunter2" not in printed.err + printed.out
    assert "pydantic" not in printed.err


def test_there_are_two_hundred_broken_files_and_no_two_alike() -> None:
    assert len(BROKEN) >= 200
    assert len({(broken.name, broken.text, broken.project) for broken in BROKEN}) == len(BROKEN)


def test_every_rule_is_broken_at_least_twice() -> None:
    broken = Counter(refused.split()[-1] for file in BROKEN for refused in file.refused)
    missing = {
        rule.id: broken[rule.id] for rule in (*rules_in(rules), *rules_in(addressing)) if broken[rule.id] < 2
    }
    assert set(missing) == ELSEWHERE


@pytest.mark.parametrize(("kind", "stack"), [("tenant", "acme"), ("platform", "platform-eu1")])
def test_the_file_that_all_are_made_from_is_all_right(
    kind: str,
    stack: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    good = BrokenFile(
        id=kind,
        name=f"Pulumi.{stack}.yaml",
        text=as_yaml(good_file(kind)),
        project=as_yaml(PROJECT),
        refused=Counter(),
    )
    file = good.write(tmp_path)
    assert load_file(file, tmp_path / "Pulumi.yaml").name == stack
    assert run_check(file, monkeypatch) == 0
    assert "all right" in capsys.readouterr().out
