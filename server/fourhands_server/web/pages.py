"""The pages: one built application for home, room and replay, and the headers that keep it to itself."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

STATIC = Path(__file__).parent.parent / "static"
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; frame-src 'self' blob:; worker-src 'self' blob:; connect-src 'self' ws: wss:; "
    "object-src 'none'; base-uri 'none'; form-action 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
FOREVER = "public, max-age=31536000, immutable"  # names of assets carry a hash of their content


class Assets(StaticFiles):
    """Files whose names change with their content."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        """As Starlette does it, but kept for ever."""
        answer: Response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        answer.headers["Cache-Control"] = FOREVER
        answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer


def routes() -> list[Route | Mount]:
    """The pages' routes; without a built frontend each says how to build it."""
    pages: list[Route | Mount] = [
        Route(path, page) for path in ("/", "/r/{room}", "/replay/{room}", "/favicon.svg")
    ]
    if (STATIC / "assets").is_dir():
        pages.append(Mount("/assets", Assets(directory=STATIC / "assets")))
    return pages


async def page(request: Request) -> Response:
    """The application, or what to do where it is not built."""
    name = "favicon.svg" if request.url.path == "/favicon.svg" else "index.html"
    file = STATIC / name
    if not file.is_file():
        return PlainTextResponse("The pages are not built yet. Run `make setup`.\n", 503)
    return FileResponse(file, headers=HEADERS)
