"""A language host that many engines share, which starts programs and policy packs from a warm process."""
