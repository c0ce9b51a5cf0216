"""scripts/setup: the Python packages and the engine.

Standard library only: it runs before anything is installed.
"""
