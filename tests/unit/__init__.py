"""Pure code: no cloud and no engine."""
