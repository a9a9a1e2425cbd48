"""The box in a real Home Assistant, which runs in a Debian 13 root."""
