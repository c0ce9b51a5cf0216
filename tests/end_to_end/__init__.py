"""The real engine and provider against the local cloud."""
