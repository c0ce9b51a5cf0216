"""What a change in git will do to which tenant: previews of the stacks it touches, in plain words."""
