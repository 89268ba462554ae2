"""Backup services of questions: small HTTP programs beside a room's kernel, reachable on its loopback."""
