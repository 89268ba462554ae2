"""Answers of a service that needs no program: fixed routes, bearer tokens, a rate limit, pages.

A program may import it as well and put `Answers` inside an app of its own. The declaration is described in
`service.py` of the kernels, where the host has checked it.
"""

import collections
import hmac
import http
import json
import math
import re
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterable
from typing import Any

WORDS = {status.value: status.phrase for status in http.HTTPStatus}
NAMES = 10_000  # for whom calls are remembered
_PARAMETER = re.compile(r"\{([a-z_][a-z0-9_]*)\}")

Answer = tuple[int, dict[str, str], bytes]


class Answers:
    """A WSGI app of fixed answers; `clock` gives seconds."""

    def __init__(self, declaration: dict[str, Any], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._routes = [_Route(route) for route in declaration["routes"]]
        self._tokens = [token.encode() for token in declaration.get("tokens", ())]
        rate = declaration.get("rate")
        self._rate = None if rate is None else Rate(rate["requests"], rate["per_s"], clock=clock)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """One request."""
        status, headers, body = self._answer(environ)
        start_response(f"{status} {WORDS.get(status, 'Answer')}", list(headers.items()))
        return [body]

    def _answer(self, environ: dict[str, Any]) -> Answer:
        method = environ["REQUEST_METHOD"]
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        found = [(route, names) for route in self._routes if (names := route.match(path)) is not None]
        fitting = [one for one in found if one[0].method == ("GET" if method == "HEAD" else method)]
        bearer = self._bearer(environ)
        if self._tokens and bearer is None and not (fitting and fitting[0][0].open):
            return _problem(401, "a bearer token is needed", {"WWW-Authenticate": "Bearer"})
        if self._rate is not None and (wait := self._rate.wait(bearer or b"")) > 0:
            return _problem(429, "too many requests", {"Retry-After": str(math.ceil(wait))})
        if not found:
            return _problem(404, "there is nothing at this path", {})
        if not fitting:
            allowed = ", ".join(sorted({route.method for route, _ in found}))
            return _problem(405, "not by this method", {"Allow": allowed})
        route, names = fitting[0]
        return route.answer(names, urllib.parse.parse_qs(environ.get("QUERY_STRING", "")))

    def _bearer(self, environ: dict[str, Any]) -> bytes | None:
        """The token that a request bears, where it is one of ours."""
        kind, _, given = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        token = given.strip().encode("utf-8", "replace")
        known = [one for one in self._tokens if hmac.compare_digest(one, token)]
        return known[0] if known and kind.lower() == "bearer" else None


class Rate:
    """So many requests in so many seconds, for each name of its own; who was refused is not counted."""

    def __init__(self, requests: int, per_s: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._requests = requests
        self._per_s = per_s
        self._clock = clock
        self._lock = threading.Lock()
        self._times: collections.OrderedDict[bytes, collections.deque[float]] = collections.OrderedDict()

    def wait(self, name: bytes) -> float:
        """Count a request; seconds until one would be taken where this one is not, else 0."""
        with self._lock:
            now = self._clock()
            times = self._times.setdefault(name, collections.deque())
            self._times.move_to_end(name)
            while len(self._times) > NAMES:
                self._times.popitem(last=False)
            while times and times[0] <= now - self._per_s:
                times.popleft()
            if len(times) >= self._requests:
                return times[0] + self._per_s - now
            times.append(now)
            return 0.0


class _Route:
    """One path and method with its answer."""

    def __init__(self, declaration: dict[str, Any]) -> None:
        self.method: str = declaration.get("method", "GET")
        self.open: bool = declaration.get("open", False)
        self._given = declaration
        pieces = re.split(r"(\{[a-z_][a-z0-9_]*\})", declaration["path"])
        self._path = re.compile(
            "".join(f"(?P<{p[1:-1]}>[^/]+)" if p.startswith("{") else re.escape(p) for p in pieces)
        )

    def match(self, path: str) -> dict[str, str] | None:
        """The parameters that a path has, where it is this one."""
        found = self._path.fullmatch(path)
        return None if found is None else found.groupdict()

    def answer(self, names: dict[str, str], query: dict[str, list[str]]) -> Answer:
        """What was declared, with {name} filled."""
        given, status = self._given, self._given.get("status", 200)
        headers = {name: _header(_filled(value, names)) for name, value in given.get("headers", {}).items()}
        if "text" in given:
            text, kind = _filled(given["text"], names), {"Content-Type": "text/plain; charset=utf-8"}
            return status, kind | headers, text.encode("utf-8", "replace")
        if "items" in given:
            page = query.get("page", ["1"])[0]
            if not re.fullmatch(r"[0-9]{1,6}", page, re.ASCII) or int(page) < 1:
                return _problem(400, "page is a number from 1 on", {})
            return _json(status, self._page(int(page)), headers)
        if "json" not in given:
            return status, headers, b""
        return _json(status, _filled(given["json"], names), headers)

    def _page(self, page: int) -> dict[str, Any]:
        items, size = self._given["items"], self._given.get("size", 20)
        pages = max(1, math.ceil(len(items) / size))
        shown = items[(page - 1) * size : page * size]
        following = page + 1 if page < pages else None
        return {"items": shown, "page": page, "pages": pages, "next": following}


def _filled(value: Any, names: dict[str, str]) -> Any:
    match value:
        case str():
            return _PARAMETER.sub(lambda found: names.get(found[1], found[0]), value)
        case list():
            return [_filled(one, names) for one in value]
        case dict():
            return {name: _filled(one, names) for name, one in value.items()}
    return value


def _header(value: str) -> str:
    return "".join(letter if " " <= letter <= "~" else "?" for letter in value)


def _json(status: int, value: Any, headers: dict[str, str]) -> Answer:
    body = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
    return status, {"Content-Type": "application/json"} | headers, body


def _problem(status: int, words: str, headers: dict[str, str]) -> Answer:
    return _json(status, {"error": words}, headers)
