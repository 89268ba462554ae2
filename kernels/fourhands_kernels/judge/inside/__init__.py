"""What runs inside the pair of sandboxes, on the environment's Python: the standard library and pytest alone.

The host ships these files into the sandboxes and imports only `plain` and `frames` itself.
"""
