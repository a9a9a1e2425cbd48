"""The installed box under a real systemd."""
