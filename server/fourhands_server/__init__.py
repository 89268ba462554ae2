"""The Fourhands server: rooms over one ordered log, served to browsers and stock Yjs clients."""
