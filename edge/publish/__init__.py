"""From alarm transitions and assessments to the broker, with an outbox that no crash empties."""
