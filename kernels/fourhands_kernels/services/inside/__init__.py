"""What runs in a service's own sandbox, on the environment's Python: the standard library alone.

The host ships these files into the sandbox and imports none of them itself.
"""
