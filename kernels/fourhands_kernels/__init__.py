"""Kernels in sandboxes: the interface, the host process that owns them, and the client that reaches it."""
