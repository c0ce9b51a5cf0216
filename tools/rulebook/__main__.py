"""Prints docs/rules.md: python -m tools.rulebook."""

from __future__ import annotations

import sys

from tools.rulebook.book import as_markdown

sys.stdout.write(as_markdown())
