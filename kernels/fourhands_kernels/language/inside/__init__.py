"""What runs inside the sandbox of the editor's help, on the room's Python and its standard library alone."""
