"""pycrdt-websocket on a port, under uvicorn with uvloop, as its documentation shows it."""

import sys

import anyio
import uvicorn
from pycrdt.websocket import ASGIServer, WebsocketServer, exception_logger


async def main(port: int) -> None:
    async with WebsocketServer(exception_handler=exception_logger) as rooms:
        application = ASGIServer(rooms)
        config = uvicorn.Config(
            application,
            host="127.0.0.1",
            port=port,
            log_level="warning",
            lifespan="off",
            loop="uvloop",
            ws_per_message_deflate=False,
        )
        await uvicorn.Server(config).serve()


anyio.run(main, int(sys.argv[1]), backend_options={"use_uvloop": True})
