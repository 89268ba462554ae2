"""The tests' line to the candidate's side: one question at a time, an answer within its time or a fault.

Everything that comes over it is held to be hostile. When anything is wrong with it, the line is dropped, the
test fails, and the next one gets a new sandbox.
"""

import threading
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from . import frames
from .exceptions import Exceptions
from .faults import Fault
from .frames import Frames, Gone, Late
from .plain import Content, Malformed, Name, Unplain, restore
from .reading import Decoder
from .writing import Encoder

START_SECONDS: Final = 20.0  # for a new sandbox, in which no code of the candidate's runs yet
IMPORT_SECONDS: Final = 10.0  # libraries take their time on a busy machine
_NESTED: Final = 30  # functions of the tests' and of the candidate's calling each other
_PRINTED: Final = 256 * 1024  # characters of one test
_SAID: Final = 2_000  # characters


class Line:
    """One candidate's side at a time.

    `renew` asks the host for a new one; `lower` and `lift` turn stand-ins into what they stand for and back.
    """

    def __init__(self, renew: Callable[[], Frames], *, per_call: float) -> None:
        self._renew = renew
        self._one = threading.RLock()  # threads of a test take turns
        self.per_call = per_call
        self._frames: Frames | None = None
        self._stale = False
        self._number = 0
        self._nested = 0
        self._until: float | None = None
        self._thrown: list[BaseException] = []
        self._hopeless: dict[str, str] = {}  # modules whose import hung or ended the program
        self._imported: set[str] = set()
        self.functions: list[Any] = []
        self.exceptions = Exceptions()
        self.state = 0  # counts the states; what is held of an earlier one is worth nothing
        self.collecting = True
        self.fault: str | None = None
        self.printed = ""
        self.tell: Callable[[str], None] = lambda text: None
        self.lower: Callable[[Any], Any] = lambda value: value
        self.lift: Callable[[Any], Any] = lambda found: found

    def begin(self, *, fresh: bool) -> None:
        """A test begins, with a fresh state of the candidate's program or the one that is there."""
        self.fault, self.printed = None, ""
        self._stale = self._stale or fresh

    def fail(self, why: str) -> Fault:
        """Note that the test has failed; the caller raises what is returned."""
        self.fault = self.fault or why
        return Fault(why)

    def imported(self, module: str) -> None:
        """Import a module over there, once a state, in a time of its own; one that hangs is not tried again
        and again.
        """
        with self._one:
            self._import(module)

    def _import(self, module: str) -> None:
        self._usable()
        if module in self._hopeless:
            raise self.fail(self._hopeless[module])
        self._ready()
        if module in self._imported:
            return
        self._imported.add(module)
        try:
            self.ask("value", Name(module, ""), seconds=IMPORT_SECONDS)
        except Fault:
            if self._frames is None and self._nested == 0 and self.fault is not None:
                self._hopeless[module] = self.fault
            raise

    def ask(
        self,
        operation: str,
        *args: Any,
        kwargs: Mapping[str, Any] = MappingProxyType({}),
        seconds: float | None = None,
    ) -> Any:
        """Have an operation carried out; returns or raises as it did over there."""
        with self._one:
            return self._ask(operation, args, kwargs, seconds)

    def _ask(self, operation: str, args: Any, kwargs: Mapping[str, Any], seconds: float | None) -> Any:
        self._ready()
        frames_ = self._frames
        assert frames_ is not None
        limit = seconds or self.per_call
        until = min(time.monotonic() + limit, self._until or float("inf"))
        before, self._until = self._until, until
        try:
            return self._exchange(frames_, operation, args, dict(kwargs), until)
        except Late:
            raise self._dropped(f"{_words(operation)} took longer than {limit:g} s") from None
        except Gone:
            raise self._dropped(f"the candidate's program ended while {_words(operation)} went on") from None
        except Malformed as error:
            raise self._dropped(f"the candidate's side answered with no data: {error}") from None
        finally:
            self._until = before

    def _usable(self) -> None:
        if self.collecting:
            raise RuntimeError("the candidate's code is used while tests are collected: use it inside a test")
        if self.fault is not None:
            raise Fault(self.fault)  # this test is lost already

    def _ready(self) -> None:
        self._usable()
        if self._frames is None or self._stale:
            self._refresh()

    def _refresh(self) -> None:
        if self._frames is not None:
            if not self._imported:
                self._stale = False
                return
            until = time.monotonic() + self.per_call
            try:
                self._frames.send(frames.pack(frames.FRESH, 0), until=until)
                self._greeted(self._frames, until)
            except (Gone, Late, Malformed):
                self._frames.close()
                self._frames = None
        if self._frames is None:
            fresh = self._renew()
            try:
                self._greeted(fresh, time.monotonic() + START_SECONDS)
            except (Gone, Late, Malformed) as error:
                fresh.close()
                raise self.fail(f"no sandbox for the candidate's code came up: {error!r}") from None
            self._frames = fresh
        self._stale = False
        self.state += 1
        self._imported.clear()
        self.functions.clear()
        self._thrown.clear()
        self.exceptions = Exceptions()

    def _greeted(self, link: Frames, until: float) -> None:
        if link.receive(until=until) != frames.pack(frames.READY, 0):
            raise Malformed("no greeting")

    def _exchange(self, link: Frames, operation: str, args: Any, kwargs: Any, until: float) -> Any:
        self._number += 1
        mine = self._number & 0xFFFFFFFF
        encoder = Encoder(lower=self.lower)
        try:
            encoder.write((operation, args, kwargs))
        except Unplain as error:
            raise self.fail(f"this cannot be handed to the candidate's code: {error}") from None
        link.send(frames.pack(frames.DO, mine, bytes(encoder.out)), until=until)
        while True:
            verb, number, body = frames.unpack(link.receive(until=until))
            if verb != frames.CALL:
                break
            self._call_back(link, number, body, until)
        if number != mine or verb not in (frames.VALUE, frames.RAISED, frames.UNABLE):
            raise Malformed("an answer to another question")
        decoder = Decoder(body, known=encoder.containers, lift=self.lift, until=until)
        states, result, printed = _three(decoder.whole())
        self._restore(encoder.containers, states)
        self._print(printed)
        if verb == frames.VALUE:
            return result
        if verb == frames.UNABLE:
            raise self.fail(str(result)[:_SAID])
        raise self._exception(result)

    def _restore(self, containers: list[Any], states: Any) -> None:
        if type(states) is not list:
            raise Malformed("no states")
        for pair in states:
            place, content = pair if type(pair) is tuple and len(pair) == 2 else (None, None)
            if type(place) is not int or not 0 <= place < len(containers) or type(content) is not Content:
                raise Malformed("no state")
            restore(containers[place], content.container)

    def _print(self, printed: Any) -> None:
        if type(printed) is not str:
            raise Malformed("no text")
        printed = printed[: max(0, _PRINTED - len(self.printed))]
        if printed:
            self.printed += printed
            self.tell(printed)

    def _exception(self, found: Any) -> BaseException:
        if type(found) is not tuple or len(found) != 6 or type(found[5]) is not int:
            raise Malformed("no exception")
        *parts, thrown = found
        if 0 <= thrown < len(self._thrown):
            return self._thrown[thrown]
        return self.exceptions.made(*parts)

    def _call_back(self, link: Frames, number: int, body: bytes, until: float) -> None:
        decoder = Decoder(body, lift=self.lift, until=until)
        place, args, kwargs = _three(decoder.whole())
        if type(place) is not int or not 0 <= place < len(self.functions):
            raise Malformed("no function of the tests'")
        if type(args) is not tuple or type(kwargs) is not dict or not all(type(key) is str for key in kwargs):
            raise Malformed("no arguments")
        if self._nested >= _NESTED:
            raise self._dropped(f"functions called each other more than {_NESTED} times over")
        self._nested += 1
        verb, result = frames.RETURNED, None
        try:
            result = self.functions[place](*args, **kwargs)
        except Exception as error:
            verb, result = frames.THREW, self._throw(error)
        except BaseException:
            self._drop()  # the test is being ended, with a question still open
            raise
        finally:
            self._nested -= 1
        encoder = Encoder(known=decoder.containers, lower=self.lower)
        try:
            encoder.write(
                ([(n, Content(container)) for n, container in enumerate(decoder.containers)], result)
            )
        except Unplain as error:
            raise self._dropped(f"a function of the tests' returned what is no plain data: {error}") from None
        link.send(frames.pack(verb, number, bytes(encoder.out)), until=until)

    def _throw(self, error: Exception) -> Any:
        self._thrown.append(error)
        builtin = next(kind for kind in type(error).__mro__ if kind.__module__ == "builtins")
        try:
            Encoder().write(error.args)
            args: tuple[Any, ...] = error.args
        except Unplain:
            args = (str(error),)
        return (len(self._thrown) - 1, type(error).__name__, builtin.__name__, args)

    def _dropped(self, why: str) -> Fault:
        self._drop()
        return self.fail(why)

    def _drop(self) -> None:
        if self._frames is not None:
            self._frames.close()
            self._frames = None


def _three(value: Any) -> tuple[Any, Any, Any]:
    if type(value) is not tuple or len(value) != 3:
        raise Malformed("not three parts")
    return value


def _words(operation: str) -> str:
    return {"call": "the call", "value": "the import"}.get(operation, f"the operation `{operation}`")
