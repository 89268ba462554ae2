"""The kernels of Fourhands: one isolated Jupyter kernel per room, owned by a host process of its own."""
