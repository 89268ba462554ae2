"""The room log: one interface, and the places that can keep it."""
