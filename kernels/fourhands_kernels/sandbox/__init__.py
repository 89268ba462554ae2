"""The walls around one kernel: arguments, limits, filter, launcher and the probe that tries them."""
