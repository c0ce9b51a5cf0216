"""What a change in git will do to whom: previews of the stacks it touches, told in plain words."""
