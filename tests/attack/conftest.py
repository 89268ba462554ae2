"""As for all tests of kernels: where walls cannot be built, tests that need them say so."""

from tests.kernels.conftest import environments, isolation

__all__ = ["environments", "isolation"]
