"""The pure room: events in, effects out; no socket, clock, database or randomness."""
