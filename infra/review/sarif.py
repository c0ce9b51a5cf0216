"""Findings at the lines of settings files as SARIF 2.1.0, which GitHub's code scanning shows. Pure.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html, and of it what GitHub takes:
https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from tenantnet.refusal import printable
from tenantnet.review.markdown import shortened
from tenantnet.review.result import ReviewFinding, ReviewResult

# GitHub shows no more of a run.
MOST = 5_000
LONGEST = 1_000


def sarif(result: ReviewResult, files: Mapping[str, str]) -> dict[str, Any]:
    """The log of one run. files: of each stack that may have notes its settings file, from the top."""
    found = [
        (files[stack.stack], finding)
        for stack in result.stacks
        if stack.stack in files
        for finding in stack.findings
        if finding.line
    ]
    found = sorted(found, key=lambda each: not each[1].mandatory)[:MOST]
    rules = {_rule_id(finding): finding for _, finding in reversed(found)}
    driver = {"name": "Tenantnet review", "rules": [_rule(name, rules[name]) for name in sorted(rules)]}
    run = {
        "tool": {"driver": driver},
        # By it GitHub knows what an upload replaces.
        "automationDetails": {"id": "tenantnet-review/"},
        "results": [_result(file, finding) for file, finding in found],
    }
    return {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}


def _rule_id(finding: ReviewFinding) -> str:
    return _plain(finding.rule_id or finding.source)["text"]


def _rule(name: str, example: ReviewFinding) -> dict[str, Any]:
    described = _plain(example.rule)
    why = _plain(f"{example.reason}\n{example.remedy}")
    return {"id": name, "shortDescription": described, "fullDescription": described, "help": why}


def _result(file: str, finding: ReviewFinding) -> dict[str, Any]:
    place = ": ".join(filter(None, (finding.resource, finding.path, finding.value)))
    words = (("rule", finding.rule), ("reason", finding.reason), ("remedy", finding.remedy))
    lines = [place, *(f"{name}: {text}" for name, text in words if text)]
    same = "\0".join((file, _rule_id(finding), place))
    return {
        "ruleId": _rule_id(finding),
        "level": "error" if finding.mandatory else "warning",
        "message": {"text": "\n".join(_plain(line)["text"] for line in lines)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(file)},
                    "region": {"startLine": finding.line},
                }
            }
        ],
        # So a note stays the same where lines move.
        "partialFingerprints": {"primaryLocationLineHash": sha256(same.encode()).hexdigest()[:32]},
    }


def _plain(text: str) -> dict[str, str]:
    """A message of SARIF that is shown as it is: `[words](place)` would be a link."""
    return {"text": printable(shortened(text, LONGEST)).replace("](", "] (")}
