"""Everything that starts Pulumi or reads its output."""
