"""Runs a module or a folder as a program, bound to the life of the language host: run_plugin.py WHAT …"""

from __future__ import annotations

import runpy
import signal
import sys
from pathlib import Path

from lifetime import end_with_parent

end_with_parent()
# The engine interrupts its processes when it is done: an ordinary end, and no traceback's worth.
signal.signal(signal.SIGINT, signal.SIG_DFL)
del sys.argv[0]
sys.path[0] = ""
if Path(sys.argv[0]).is_absolute():
    runpy.run_path(sys.argv[0], run_name="__main__")
else:
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
