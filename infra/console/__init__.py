"""Pages on loopback for people who do not live in a shell: what commands show, and edits of settings."""
