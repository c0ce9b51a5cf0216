"""The policy pack: what must be true of the resources that a preview is about to create or change."""
