"""Makes `import main` among the tests find the candidate's module: a stand-in, whatever files lie about."""

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from .desk import Desk


class _Module(ModuleType):
    """Has whatever the candidate's module has."""

    def __getattr__(self, name: str) -> Any:
        """One of its names."""
        if name.startswith("__"):
            raise AttributeError(name)
        return desks[self.__name__].named(self.__name__, name)

    def __setattr__(self, name: str, value: Any) -> None:
        """Python's own notes stay here; everything else is set over there."""
        if name.startswith("__") or isinstance(value, _Module):
            super().__setattr__(name, value)
        else:
            desk = desks[self.__name__]
            desk.ask("setattr", desk.named(self.__name__, ""), name, value)


desks: dict[str, Desk] = {}


class CandidateModules(MetaPathFinder, Loader):
    """Finds the modules with these names, and what lies below them where they are packages."""

    def __init__(self, names: Sequence[str], desk: Desk) -> None:
        self._names = frozenset(names)
        self._desk = desk
        sys.meta_path.insert(0, self)

    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        """Ours, or None."""
        if name.split(".")[0] not in self._names:
            return None
        return ModuleSpec(name, self, origin="the candidate's code", is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """A stand-in for it."""
        desks[spec.name] = self._desk
        return _Module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is executed here."""
