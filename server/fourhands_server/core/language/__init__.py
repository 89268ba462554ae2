"""The editor's help as the pages see it: one language server, many pages, each with its own text."""
