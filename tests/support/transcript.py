"""docs/transcript.md: a day in a local cloud. `python -m tests.support.transcript` writes it anew."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.process import LocalCloud

from tests.support.clone import CLONE
from tests.support.project import PASSWORD, Project

DOC = CLONE / "docs" / "transcript.md"
LIMIT_SECONDS = 600
PLATFORM = "config:\n  aws:region: eu-west-1\n  tenantnet:platform:\n    zone:\n      name: db.example.com\n"

_BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
_ENTRY = re.compile(r"^\$ (?P<command>.+)\n(?P<output>(?:(?!\$ ).*\n)*)", re.MULTILINE)
# What differs from run to run, and what stands for it when two runs are compared.
_VARIES = [
    (re.compile(r"\b(vpc|vpn|i|sg|subnet|rtb|pcx|vgw|cgw)-[0-9a-f]{8,17}\b"), r"\1-ID"),
    (re.compile(r"\b(\w+-\w+)\.[a-z0-9]+\.eu-west-1\.rds\."), r"\1.ID.eu-west-1.rds."),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"), "TIME"),
    (re.compile(r"(?<=\()(\d+ min )?\d+ (s|min)(?=\))|(?<= in )(\d+ min )?\d+ (s|min)(?=\.)"), "DURATION"),
    (re.compile(r"last update took .+\."), "last update took DURATION."),
    (re.compile(r"Duration: \S+"), "Duration: DURATION"),
    (re.compile(r"^\[ *\d+/", re.MULTILINE), "[N/"),
    (re.compile(r"\b203\.0\.113\.\d+|\b\d+\.\d+\.\d+\.\d+(?= (UP|DOWN))"), "ADDRESS"),
    (re.compile(r"--ssl-ca=\S+|SSL CA file \S+"), "CA"),
    (re.compile(r" +"), " "),
]
# Said once a minute, so perhaps not at all on a quick machine.
_STILL_WAITING = re.compile(r"^.*: for .*, until .*\n", re.MULTILINE)
_PROGRESS = re.compile(r"^(\[N/|(create|update|delete|replace) .*: waits until)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A command with what it printed, on both streams, and its exit code."""

    command: str
    output: str

    @property
    def comparable(self) -> str:
        """The output without what differs from run to run; resources made in parallel in a fixed order."""
        text = _STILL_WAITING.sub("", self.output)
        for pattern, word in _VARIES:
            text = pattern.sub(word, text)
        lines, moving = [], []
        for line in [*(each.rstrip() for each in text.splitlines()), ""]:
            if _PROGRESS.match(line):
                moving.append(line)
            else:
                lines += [*sorted(moving), line]
                moving = []
        return "\n".join(lines).rstrip()


def entries(document: str) -> list[Entry]:
    """The commands of the document, with the output that stands there."""
    return [
        Entry(command=found["command"], output=found["output"])
        for block in _BLOCK.findall(document)
        for found in _ENTRY.finditer(block)
    ]


def clone(folder: Path, cloud: LocalCloud) -> Project:
    """The clone that the day begins in."""
    project = Project.of_clone(folder, {**environment(cloud.state_dir), "TERM": "dumb", "COLUMNS": "110"})
    project.settings_file("platform-local").write_text(PLATFORM, encoding="utf-8")
    (folder / "password.txt").write_text(PASSWORD, encoding="utf-8")
    return project


def play(project: Project, commands: Sequence[str]) -> Iterator[Entry]:
    """Run the commands one after the other, whatever becomes of each."""
    for command in commands:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=project.folder,
            env=project.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )
        lines = [
            line.rstrip() for line in done.stdout.replace(str(project.folder), "~/tenantnet").splitlines()
        ]
        if done.returncode:
            lines.append(f"(exit code {done.returncode})")
        yield Entry(command=command, output="".join(f"{line}\n" for line in lines))


def written(document: str, played: Sequence[Entry]) -> str:
    """The document with the output of each command in its place."""
    rest = iter(played)

    def block(found: re.Match[str]) -> str:
        count = len(_ENTRY.findall(found[1]))
        shown = [next(rest) for _ in range(count)]
        return "```console\n" + "\n".join(f"$ {each.command}\n{each.output}" for each in shown) + "```"

    return _BLOCK.sub(block, document)


def main() -> None:
    """Play the document's commands in a local cloud of their own, and write their output into it."""
    document = DOC.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder, LocalCloud(Path(folder) / "cloud") as cloud:
        project = clone(Path(folder) / "tenantnet", cloud)
        played = []
        for entry in play(project, [each.command for each in entries(document)]):
            print(f"$ {entry.command}\n{entry.output}", flush=True)
            played.append(entry)
        text = written(document, played).replace(str(cloud.state_dir), ".local-cloud")
        DOC.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
