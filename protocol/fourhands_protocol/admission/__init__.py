"""Admission: what no update passes by on its way to a document, the log or a browser (SPEC, A rules)."""

from .admission import Admission
from .short import Admitted

__all__ = ["Admission", "Admitted"]
