"""What Tenantnet lets through is the same for the engine, which reads settings files with Go's reader."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from tenantnet.local_cloud.environment import engine_variables
from tenantnet.settings.reading import parse_mapping

from tests.support.yaml_readers import is_let_through, short_values


def test_values_that_are_let_through_are_the_same_for_the_engine(tmp_path: Path) -> None:
    passed = [value for value in short_values() if is_let_through(f"k: {value}\n")]
    lines = (f"    k{number}: {value}\n" for number, value in enumerate(passed))
    text = f"config:\n  t:values:\n{''.join(lines)}"
    (tmp_path / "Pulumi.yaml").write_text("name: t\nruntime: python\n", encoding="utf-8")
    (tmp_path / "Pulumi.a.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "state").mkdir()

    def pulumi(*words: str) -> str:
        return subprocess.run(
            ["pulumi", *words, "--non-interactive"],
            cwd=tmp_path,
            env={
                **os.environ,
                **engine_variables(),
                "PULUMI_BACKEND_URL": f"file://{tmp_path}/state",
                "PULUMI_CONFIG_PASSPHRASE": "of a test",
            },
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    pulumi("stack", "init", "a")
    theirs = json.loads(pulumi("config", "--json", "--stack", "a"))["t:values"]["objectValue"]
    ours = parse_mapping(text, "text")["config"]["t:values"]  # type: ignore[index]
    assert theirs == ours
    assert {key: type(value) for key, value in theirs.items() if isinstance(value, str)} == {
        key: str for key, value in ours.items() if isinstance(value, str)
    }
