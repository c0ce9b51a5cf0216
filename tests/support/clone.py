"""The clone that the tests run in."""

from __future__ import annotations

from pathlib import Path

CLONE = Path(__file__).resolve().parents[2]
