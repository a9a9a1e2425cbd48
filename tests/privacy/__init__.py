"""What must never leave the box: pictures and secrets."""
