"""The ground of Fourhands: what the bytes between browser, server and log mean, in plain Python."""
