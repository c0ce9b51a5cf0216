"""An update of a stack as people follow it: its plan, what it waits for, how it ends."""
