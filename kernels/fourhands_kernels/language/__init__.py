"""The editor's help: a language server and a formatter in a sandbox of their own, one for each room."""
