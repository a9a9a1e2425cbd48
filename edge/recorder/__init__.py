"""Sessions on disk: what the sensors sent and what the box made of it, in one SQLite file. Never a picture."""
