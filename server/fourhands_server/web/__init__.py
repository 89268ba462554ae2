"""The web edge: sockets, HTTP calls and the pages."""
