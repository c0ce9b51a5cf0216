"""Tests, in the folders that scripts/test runs one by one."""
