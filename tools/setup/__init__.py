"""scripts/setup: the Python packages and the engine.

Standard library only: it runs before anything is installed.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path

_folder = Path(__file__).resolve().parents[2] / "infra"
_found = find_spec("tenantnet")
if _found is None or _found.origin != str(_folder / "__init__.py"):
    # Not installed yet, or another one: what it builds the engine with is the clone's.
    _spec = spec_from_file_location(
        "tenantnet", _folder / "__init__.py", submodule_search_locations=[str(_folder)]
    )
    if _spec is not None:
        sys.modules["tenantnet"] = module_from_spec(_spec)
