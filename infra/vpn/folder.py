"""Writes a guide to disk: a directory that only its owner can read, complete or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection
from pathlib import Path

from tenantnet.failure import Failure
from tenantnet.refusal import Refused, Rule
from tenantnet.vpn.guides import Guide

OUTPUT_EMPTY = Rule(
    id="output-empty",
    rule="a guide needs a directory that is new or empty",
    reason="it {holds}, and nothing is overwritten without --force",
    remedy="choose another directory, or add --force to replace an earlier download of the same kind",
)
OUTPUT_REPLACEABLE = Rule(
    id="output-replaceable",
    rule="--force replaces a directory that holds nothing but an earlier download of the same kind",
    reason="it {holds}",
    remedy="choose another directory",
)

_SUBJECT = "The guide's directory"
_OWNER_ONLY = 0o600
# Most guides are written into a clone, where the next `git add` would take the keys along.
_GIT_IGNORES_ALL = {".gitignore": "*\n"}


def write_guide(folder: Path, guide: Guide, *, replaces: Collection[str] = ()) -> Path:
    """Make `folder` (mode 0700), which git ignores, with the guide's files (mode 0600) at once; where it is.

    replaces: the names of files that an existing `folder` may hold, which it then loses. Raises Refused if
    it holds anything else, Failure if it cannot be written; in both cases nothing is changed.
    """
    # A link's destination is replaced, not the link.
    target = folder.resolve()
    _require_room(folder, target, replaces)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # Private from the start, and on the same disk as its destination.
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".tenantnet-") as beside:
            draft = Path(beside) / "guide"
            draft.mkdir(mode=0o700)
            for name, text in {**_GIT_IGNORES_ALL, **guide}.items():
                _write(draft / name, text)
            _put(draft, target, Path(beside) / "former" if replaces else None)
    except OSError as error:
        raise Failure(
            f"Could not write {folder}.",
            reason=f"{error.strerror}",
            remedy="choose a directory that can be written, or free space on its disk",
        ) from None
    return target


def _require_room(folder: Path, target: Path, replaces: Collection[str]) -> None:
    if not os.path.lexists(target):
        return
    if not target.is_dir():
        raise Refused(_SUBJECT, [OUTPUT_REPLACEABLE.refuse(str(folder), holds="is a file of that name")])
    entries = sorted(target.iterdir())
    ours = {*replaces, *_GIT_IGNORES_ALL} if replaces else ()
    foreign = [entry.name for entry in entries if entry.name not in ours or not entry.is_file()]
    if foreign:
        rule = OUTPUT_REPLACEABLE if replaces else OUTPUT_EMPTY
        more = f" and {len(foreign) - 3} more" if len(foreign) > 3 else ""
        holds = f"has {', '.join(foreign[:3])}{more}"
        raise Refused(_SUBJECT, [rule.refuse(str(folder), holds=holds)])


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _put(draft: Path, target: Path, former: Path | None) -> None:
    """Move the draft to its place; what is there goes to `former`, and comes back where that fails.

    former: None if nothing but an empty directory may be replaced, also if somebody fills it meanwhile.
    """
    if former is None or not target.exists():
        draft.rename(target)
        return
    target.rename(former)
    try:
        draft.rename(target)
    except OSError:
        former.rename(target)
        raise
