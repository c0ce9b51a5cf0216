"""The project's programs and policy packs, run for many engines by processes that begin warm."""
