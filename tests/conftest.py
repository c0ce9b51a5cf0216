"""For all tests."""

import signal

from hypothesis import settings

from tests.support.examples import SHORT

# A shell lets what it starts in the background ignore Ctrl-C, and so would every process started from here.
signal.signal(signal.SIGINT, signal.default_int_handler)

settings.load_profile(SHORT)
