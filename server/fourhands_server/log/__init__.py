"""The room log: one ordered, durable, append-only list of entries per room and stream."""
