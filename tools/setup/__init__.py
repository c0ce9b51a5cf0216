"""scripts/setup: the Python packages and the engine.

Standard library only: it runs before anything is installed.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path

if find_spec("tenantnet") is None:
    # Not installed yet: its words for a failure come from the clone.
    _folder = Path(__file__).resolve().parents[2] / "infra"
    _spec = spec_from_file_location(
        "tenantnet", _folder / "__init__.py", submodule_search_locations=[str(_folder)]
    )
    if _spec is not None:
        sys.modules["tenantnet"] = module_from_spec(_spec)
