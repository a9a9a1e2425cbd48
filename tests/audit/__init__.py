"""The audit log: kept by the daemon, and any change to it found."""
