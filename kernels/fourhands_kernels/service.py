"""A backup service as a question declares it, checked: a port and a WSGI program, or answers without one.

Pure: no sandbox, socket or clock. Either form comes to a Python source with a WSGI callable `app`:

    {port, source}                        the program itself
    {port, routes, tokens?, rate?}        answers that need no program (see `inside/fourhands_service`):
        routes: [{path, method?, status?, json? | text? | items?, size?, headers?, open?}]
                                          `path` may hold {name} parameters, which fill {name} in texts;
                                          `items` are given in pages of `size`; `open` needs no token
        tokens: [text]                    one of them has to be borne: 401 otherwise
        rate: {requests, per_s}           more of them, for one token, are answered 429 with Retry-After
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

ServiceEventKind = Literal["service", "service.detail"]

# Nobody but interviewers may read it: a service's source may show in its traceback.
PRIVATE: Final = frozenset(("service.detail",))

SERVICES: Final = 8  # of one room
SOURCE: Final = 256 * 1024  # bytes
LEAST_PORT: Final = 1_024
MOST_PORT: Final = 65_535
ROUTES: Final = 200
_TOKENS: Final = 20
_TEXT: Final = 200  # characters of a path, a token, a header's value
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
_STATUSES: Final = range(200, 600)
_DEPTH: Final = 24
_PATH: Final = re.compile(r"(/([A-Za-z0-9._~!$&'()*+,;=:@-]+|\{[a-z_][a-z0-9_]*\}))+/?|/")
_NAME: Final = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
_HEADER: Final = re.compile(r"[A-Za-z0-9-]{1,100}")
_VALUE: Final = re.compile(r"[\x20-\x7e]{0,200}")
_BODIES: Final = ("json", "text", "items")
_ANSWERS: Final = "import json\nfrom fourhands_service import Answers\n\napp = Answers(json.loads({}))\n"


class BadService(ValueError):
    """What cannot be a service, in words for its author."""


@dataclass(frozen=True, slots=True)
class Service:
    """A program to run beside the room's kernel: Python with a WSGI callable `app`, answering at
    http://127.0.0.1:`port` inside.
    """

    port: int
    source: str

    def check(self) -> None:
        """Raise BadService, in words, unless it can be tried."""
        _need(type(self.port) is int, "the port is a number")
        _need(LEAST_PORT <= self.port <= MOST_PORT, f"the port is one of {LEAST_PORT} to {MOST_PORT}")
        _need(isinstance(self.source, str), "the source is text")
        try:
            size = len(self.source.encode())
        except UnicodeEncodeError:
            raise BadService("the source is no valid text") from None
        _need(0 < size <= SOURCE, f"the source has 1 to {SOURCE // 1024} KiB")
        _need("\0" not in self.source, "the source holds a zero byte")


def service_of(declaration: Any) -> Service:
    """The service that a question declares in either form; BadService says what is wrong with it."""
    _table("the service", declaration, ("port",), ("source", "routes", "tokens", "rate"))
    if "source" in declaration:
        _need(len(declaration) == 2, "a service has either a source or routes, not both")
        service = Service(declaration["port"], declaration["source"])
    else:
        _need("routes" in declaration, "a service has a source or routes")
        _check_answers(declaration)
        answers = {name: value for name, value in declaration.items() if name != "port"}
        service = Service(declaration["port"], _ANSWERS.format(repr(_json(answers))))
    service.check()
    return service


def check_services(services: tuple[Service, ...]) -> None:
    """Raise BadService unless a room may have all of these at once."""
    _need(len(services) <= SERVICES, f"a room has up to {SERVICES} services")
    for service in services:
        service.check()
    ports = [service.port for service in services]
    _need(len(set(ports)) == len(ports), "two services want the same port")


def _check_answers(declaration: Mapping[str, Any]) -> None:
    routes = _list("routes", declaration["routes"], most=ROUTES)
    for number, route in enumerate(routes, start=1):
        _check_route(f"route {number}", route)
    if "tokens" in declaration:
        for token in _list("tokens", declaration["tokens"], most=_TOKENS):
            _text("a token", token, re.compile(r"[\x21-\x7e]{1,200}"))
    if "rate" in declaration:
        rate = declaration["rate"]
        _table("rate", rate, ("requests", "per_s"), ())
        _number("rate: requests", rate["requests"], range(1, 10_001))
        seconds = rate["per_s"]
        _need(
            type(seconds) in (int, float) and 0 < seconds <= 3600,
            "rate: per_s is a number of seconds to 3600",
        )


def _check_route(where: str, route: Any) -> None:
    _table(where, route, ("path",), ("method", "status", "size", "headers", "open", *_BODIES))
    path = _text(f"{where}: path", route["path"], _PATH)
    names = _NAME.findall(path)
    _need(len(path) <= _TEXT and len(set(names)) == len(names), f"{where}: the path is too long or odd")
    _need(route.get("method", "GET") in _METHODS, f"{where}: method is one of {', '.join(_METHODS)}")
    _number(f"{where}: status", route.get("status", 200), _STATUSES)
    _need(type(route.get("open", False)) is bool, f"{where}: open is true or false")
    _need(sum(name in route for name in _BODIES) <= 1, f"{where}: only one of {', '.join(_BODIES)}")
    _need(isinstance(route.get("text", ""), str), f"{where}: text is text")
    _need(isinstance(route.get("items", []), list), f"{where}: items are a list")
    _need("size" not in route or "items" in route, f"{where}: size is for items")
    _number(f"{where}: size", route.get("size", 20), range(1, 1_001))
    headers = route.get("headers", {})
    _need(isinstance(headers, Mapping), f"{where}: headers are names and values")
    for name, value in headers.items():
        _text(f"{where}: a header's name", name, _HEADER)
        _text(f"{where}: the header {name}", value, _VALUE)


def _json(value: Any) -> str:
    _shallow(value, _DEPTH)
    try:
        return json.dumps(value, ensure_ascii=True, allow_nan=False)
    except (TypeError, ValueError):
        raise BadService("the answers hold what JSON does not know") from None


def _shallow(value: Any, left: int) -> None:
    _need(
        type(value) is not int or -(2**63) <= value < 2**63, "the answers hold a number of more than 64 bits"
    )
    _need(left > 0, f"the answers go deeper than {_DEPTH}")
    if isinstance(value, str):
        _need(value.encode("utf-8", "replace") == value.encode("utf-8", "surrogatepass"), "no valid text")
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    for one in inner:
        _shallow(one, left - 1)


def _need(holds: bool, words: str) -> None:
    if not holds:
        raise BadService(words)


def _table(where: str, value: Any, needed: tuple[str, ...], possible: tuple[str, ...]) -> None:
    _need(isinstance(value, Mapping), f"{where}: a table of names and values")
    for name in needed:
        _need(name in value, f"{where}: {name} is missing")
    for name in value:
        _need(name in needed or name in possible, f"{where}: there is no {name!r}")


def _list(where: str, value: Any, *, most: int) -> list[Any]:
    _need(isinstance(value, list | tuple) and 0 < len(value) <= most, f"{where}: a list of 1 to {most}")
    return list(value)


def _text(where: str, value: Any, form: "re.Pattern[str]") -> str:
    _need(isinstance(value, str) and form.fullmatch(value) is not None, f"{where}: this cannot be one")
    return str(value)


def _number(where: str, value: Any, allowed: range) -> None:
    _need(type(value) is int and value in allowed, f"{where}: a number from {allowed[0]} to {allowed[-1]}")


Tell = Callable[[ServiceEventKind, Mapping[str, Any]], None]
