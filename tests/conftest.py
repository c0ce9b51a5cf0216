"""For all tests."""

import signal

from hypothesis import settings

# A shell lets what it starts in the background ignore Ctrl-C, and so would every process started from here.
signal.signal(signal.SIGINT, signal.default_int_handler)

# An example that is slow on a busy machine is not wrong.
settings.register_profile("tenantnet", deadline=None)
settings.load_profile("tenantnet")
