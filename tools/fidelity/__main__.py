"""`python -m tools.fidelity [--differences]`: the local cloud beside what AWS was recorded to answer."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.process import LocalCloud

from tools.fidelity.answers import Caller
from tools.fidelity.facts import Kind, Verdict, judge, load
from tools.fidelity.tour import TOURS


def main(arguments: Sequence[str]) -> int:
    """Print how many facts hold of each kind, and with `--differences` which do not; the exit code."""
    # Slow enough for the tour to see every state, on a busy machine too.
    os.environ.setdefault("TENANTNET_LOCAL_PACE", "0.03")
    with tempfile.TemporaryDirectory() as folder, LocalCloud(Path(folder), real_databases=False) as cloud:
        call = Caller(environment(cloud.state_dir))
        for tour in TOURS:
            tour(call)
    verdicts = judge(load(), call.answers)
    print(f"{'kind':<8}{'hold':>6}{'differ':>8}{'not seen':>10}")
    for kind in Kind:
        print(_line(kind, [verdict for verdict in verdicts if verdict.kind is kind]))
    print(_line("all", verdicts))
    if "--differences" in arguments:
        for verdict in verdicts:
            if not verdict.holds:
                word = "not seen" if verdict.holds is None else f"found: {verdict.found}"
                print(f"{verdict.kind:<8}{verdict.operation}  {verdict.fact}  ({word})")
    return 0


def _line(name: str, verdicts: Sequence[Verdict]) -> str:
    counts = [sum(verdict.holds is value for verdict in verdicts) for value in (True, False, None)]
    return f"{name:<8}{counts[0]:>6}{counts[1]:>8}{counts[2]:>10}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
