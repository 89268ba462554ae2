"""Bytes that the log only names, by their SHA-256: data files of rooms."""
