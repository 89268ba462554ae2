"""The document engine: live Yjs documents in a worker process, a cache of the log."""
