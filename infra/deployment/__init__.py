"""An update of a stack that people follow: its plan, what it waits for, how it ends."""
