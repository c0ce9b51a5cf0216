"""Everything that starts Pulumi or reads what it says."""
