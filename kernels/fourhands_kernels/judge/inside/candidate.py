"""The candidate's side: imports the candidate's modules in a fresh process for each state, does what the
tests ask, and answers with plain data.

Nothing that this side says is believed to be more than an answer: the candidate's code shares its process.
"""

import contextlib
import gc
import importlib
import os
import re
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Iterator
from typing import Any, Final

from . import frames
from .frames import Frames
from .lowering import lowered
from .operations import OPERATIONS
from .plain import Callback, Content, Handle, Name, Unplain, changed, restore, snapshot
from .printed import Printed
from .reading import Decoder
from .writing import Encoder

FRESH: Final = 77  # status of a process that made way for the next
_TEXT: Final = 2_000  # characters of what an exception says
_LABEL: Final = 100  # characters of a type's name
# Slow to import and the same for everybody: had once, before the processes part.
_WARM: Final = ("numpy", "pandas")


class Unable(Exception):
    """What the tests name is not there."""


class State:
    """One fresh state of the candidate's program."""

    def __init__(self, link: Frames, folder: str) -> None:
        self._link = link
        self._folder = folder
        self._objects: list[Any] = []
        self._numbers: dict[int, int] = {}
        self._stubs: dict[int, Callback] = {}
        self._thrown: dict[int, BaseException] = {}
        self._foreign: dict[str, type[Exception]] = {}
        self._calls = 0
        self._talk = threading.RLock()  # a thread of the candidate's may call a function of the tests'
        self._printed = Printed()

    def serve(self) -> None:
        """Answer until a fresh state is wanted."""
        self._link.send(frames.pack(frames.READY, 0))
        while True:
            verb, number, body = frames.unpack(self._link.receive())
            if verb == frames.FRESH:
                return
            self._do(number, body)

    def _do(self, number: int, body: bytes) -> None:
        verb, before, containers, result = frames.VALUE, list[Any](), list[Any](), None
        built = False
        try:
            decoder = Decoder(body, lift=self._lift)
            operation, args, kwargs = decoder.whole()
            containers, before = decoder.containers, list(map(snapshot, decoder.containers))
            built = operation == "call" and isinstance(args[0], type)
            result = OPERATIONS[operation](*args, **kwargs)
        except (Unable, Unplain) as error:
            verb, result = frames.UNABLE, str(error)[:_TEXT]
        except BaseException as error:
            verb, result = frames.RAISED, self._described(error)
        answer = (self._states(containers, before), result, self._printed.end())
        self._answer(verb, number, answer, containers, built=built)

    def _answer(self, verb: int, number: int, answer: Any, known: list[Any], *, built: bool = False) -> None:
        keep = answer[1] if built else None
        encoder = Encoder(known=known, lower=lambda value: self._lower(value, keep=keep))
        try:
            encoder.write(answer)
            body = bytes(encoder.out)
        except Unplain as error:
            encoder = Encoder()
            encoder.write(([], f"what came back is no plain data: {error}", answer[2]))
            verb, body = frames.UNABLE, bytes(encoder.out)
        self._link.send(frames.pack(verb, number, body))

    def _states(self, containers: list[Any], before: list[Any]) -> list[Any]:
        """What became of the containers that the tests handed over."""
        pairs = enumerate(zip(containers, before, strict=True))
        return [(n, Content(container)) for n, (container, was) in pairs if changed(container, was)]

    # What stands for what

    def _lift(self, found: Handle | Name | Callback) -> Any:
        match found:
            case Handle(number):
                return self._objects[number]
            case Name(module, path):
                return self._named(module, path)
            case Callback(number, name):
                return self._stub(number, name)

    def _named(self, module: str, path: str) -> Any:
        try:
            found: Any = importlib.import_module(module)
        except BaseException as error:
            if isinstance(error, ModuleNotFoundError) and error.name == module:
                raise Unable(f"there is no module {module}") from error
            where = self._where(error)
            said = f"{type(error).__name__}: {error}"
            raise Unable(f"{module} could not be imported: {said}{where and f' ({where})'}") from error
        for part in path.split(".") if path else ():
            try:
                found = getattr(found, part)
            except AttributeError as error:
                raise Unable(f"{module} has no {path}") from error
        return found

    def _lower(self, value: Any, *, keep: Any) -> Any:
        number = self._numbers.get(id(value))
        if number is None and value is not keep:
            if id(value) in self._stubs:
                return self._stubs[id(value)]
            known, plain = lowered(value)
            if known:
                return plain
        return Handle(self._number(value), type(value).__name__[:_LABEL])

    def _number(self, value: Any) -> int:
        if id(value) not in self._numbers:
            self._numbers[id(value)] = len(self._objects)
            self._objects.append(value)
        return self._numbers[id(value)]

    # Exceptions

    def _described(self, error: BaseException) -> tuple[Any, ...]:
        kinds = type(error).__mro__
        builtin = next(kind for kind in kinds if kind.__module__ == "builtins")
        own = [(self._number(kind), kind.__name__[:_LABEL]) for kind in kinds[: kinds.index(builtin)]]
        thrown = next((key for key, known in self._thrown.items() if known is error), -1)
        args = error.args if _is_plain(error.args) else None
        return (own, builtin.__name__, _said(error), args, self._where(error), thrown)

    def _where(self, error: BaseException) -> str:
        if isinstance(error, SyntaxError):
            return ""  # it says so itself
        own = [
            frame
            for frame in traceback.extract_tb(error.__traceback__)
            if frame.filename.startswith(self._folder + "/")
        ]
        return f"{os.path.relpath(own[-1].filename, self._folder)}, line {own[-1].lineno}" if own else ""

    # Functions of the tests'

    def _stub(self, number: int, name: str) -> Any:
        def function(*args: Any, **kwargs: Any) -> Any:
            return self._call_back(number, args, kwargs)

        def iterator() -> Iterator[Any]:
            while True:
                try:
                    item = self._call_back(number, (), {})
                except StopIteration:
                    return
                yield item

        made: Any = iterator() if name == "<iterator>" else function
        made.__name__ = name
        self._stubs[id(made)] = Callback(number, name)
        self._objects.append(made)  # alive, for its address is a key
        return made

    def _call_back(self, number: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        with self._talk:
            self._calls += 1
            mine = self._calls
            encoder = Encoder(lower=lambda value: self._lower(value, keep=None))
            encoder.write((number, args, kwargs))
            self._link.send(frames.pack(frames.CALL, mine, bytes(encoder.out)))
            while True:
                verb, of, body = frames.unpack(self._link.receive())
                if verb == frames.DO:
                    self._do(of, body)  # the function calls the candidate's code in turn
                elif of == mine:
                    break
            decoder = Decoder(body, known=encoder.containers, lift=self._lift)
            states, result = decoder.whole()
        for place, content in states:
            restore(encoder.containers[place], content.container)
        if verb == frames.THREW:
            raise self._rebuilt(*result)
        return result

    def _rebuilt(self, key: int, name: str, builtin: str, args: Any) -> BaseException:
        kind: Any = getattr(sys.modules["builtins"], builtin)
        if name != builtin:
            kind = self._foreign.setdefault(name, type(name, (kind,), {}))
        made: BaseException = kind(*args)
        self._thrown[key] = made
        return made


def _is_plain(value: Any) -> bool:
    try:
        Encoder().write(value)
    except Exception:
        return False
    return True


def _said(error: BaseException) -> str:
    try:
        return str(error)[:_TEXT]
    except Exception:
        return ""


def _warm_up(files: dict[str, bytes]) -> None:
    """Import what the candidate's files will, of the few that everybody may."""
    text = b"\n".join(content for path, content in files.items() if path.endswith(".py"))
    for name in _WARM:
        own = any(path.split("/")[0] in (name, f"{name}.py") for path in files)
        if not own and re.search(rb"^\s*(import|from)\s+%s\b" % name.encode(), text, re.MULTILINE):
            try:
                importlib.import_module(name)
            except Exception:  # it will fail again where the candidate can see it
                continue


def run(settings: dict[str, Any], folder: str) -> None:
    """One state after the other, each in a process of its own; end with the first that ends unasked."""
    link = Frames(socket.socket(fileno=settings["link"]))
    _warm_up(settings["files"])
    sys.path[:] = [folder, *(path for path in sys.path if path != os.path.dirname(os.path.dirname(__file__)))]
    sys.argv = ["main.py"]
    gc.freeze()
    while True:
        child = os.fork()
        if child == 0:
            os.setpgid(0, 0)
            try:
                State(link, folder).serve()
            except BaseException:
                os._exit(1)
            os._exit(FRESH)
        _, status = os.waitpid(child, 0)
        with contextlib.suppress(OSError):  # what it started and left behind
            if settings.get("alone"):
                os.kill(-1, signal.SIGKILL)
            else:
                os.killpg(child, signal.SIGKILL)
        if os.waitstatus_to_exitcode(status) != FRESH:
            return
