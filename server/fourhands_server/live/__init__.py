"""Live rooms: the only loops, which drive the pure core against log, sockets and kernels."""
