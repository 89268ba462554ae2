"""The document engine: a live Yjs document as a cache of the log, in a process of its own."""
