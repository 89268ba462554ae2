"""All services of one kernel: their ports on its loopback, their programs beside it, and what the room is
told of them.

They begin with the kernel, or before the first run that wants them, and end with it: a new kernel has a new
network, and services that remember nothing. One that has ended is started again before the next run.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ..kernel import KernelUnavailable
from ..service import Service, Tell
from .port import Port, PortTaken, PortUnavailable, reserve
from .running import Running
from .stage import Stage

log = logging.getLogger(__name__)

FAULTS: Final = 100  # that one kernel's services tell; a candidate may cause as many as there are requests
_TAKEN: Final = "port {port} is in use by the room's own code: restart the kernel"
_SHARED: Final = "port {port} is in use on this machine, which rooms share without isolation"
_ELSEWHERE: Final = "this kernel runs where the host cannot put a service beside it"
_NOT_BEGUN: Final = "it did not begin; interviewers are told why"
_ENDED: Final = "it ended; the next run starts it again"

Network = Callable[[], int | None]


@dataclass(slots=True)
class _Place:
    """One port and what is behind it."""

    port: Port
    running: Running | None = None


class Services:
    """The services of one kernel. `network` opens its network namespace (None without walls), for us to
    close.
    """

    def __init__(self, stage: Stage, tell: Tell) -> None:
        self._stage = stage
        self._tell = tell
        self._lock = asyncio.Lock()
        self._places: dict[int, _Place] = {}
        self._told: dict[int, Mapping[str, object]] = {}
        self._last: dict[int, str] = {}
        self._faults = FAULTS
        self._closed = False
        self._holding: asyncio.Task[None] | None = None

    async def hold(self, wanted: Iterable[Service], *, environment: str, network: Network | None) -> None:
        """Have these run and no others, as far as that is possible; what is not is told. Returns when all
        that can be had answer. `network` is None where the kernel is out of the host's reach.
        """
        services = {service.port: service for service in wanted}
        async with self._lock:
            if self._closed or self._stands(services):
                return
            self._holding = asyncio.create_task(self._hold(services, environment, network))
            await asyncio.wait((self._holding,))
            if not self._holding.cancelled() and (error := self._holding.exception()) is not None:
                log.error("the services of a room could not be started", exc_info=error)

    async def close(self) -> None:
        """End them all; nothing more is told."""
        self._closed = True
        if self._holding is not None:
            self._holding.cancel()
            await asyncio.wait((self._holding,))
        endings = [asyncio.ensure_future(self._end(port)) for port in tuple(self._places)]
        if endings:
            await asyncio.wait(endings)

    def _stands(self, services: Mapping[int, Service]) -> bool:
        """Whether all is as it is wanted."""
        running = {
            port: place.running.service for port, place in self._places.items() if place.running is not None
        }
        return running == services

    async def _hold(self, services: Mapping[int, Service], environment: str, network: Network | None) -> None:
        for port in set(self._places) - set(services):
            await self._end(port)
            self._say(port, "none")
        for port in set(self._told) - set(services):
            del self._told[port]
        await asyncio.gather(*(self._have(one, environment, network) for one in services.values()))

    async def _have(self, service: Service, environment: str, network: Network | None) -> None:
        """Have one run, if it does not."""
        place = self._places.get(service.port)
        if place is not None and place.running is not None:
            if place.running.service == service:
                return
            running, place.running = place.running, None
            await running.end()
        if network is None:
            self._say(service.port, "failed", _ELSEWHERE)
            return
        try:
            if place is None:
                place = self._places[service.port] = _Place(await self._reserve(service.port, network))
            place.port.open()
        except PortTaken:
            words = _SHARED if self._stage.mode is None else _TAKEN
            self._say(service.port, "failed", words.format(port=service.port))
        except (PortUnavailable, OSError) as error:
            self._fail(service.port, f"its port could not be had: {error}")
        else:
            await self._begin(place, service, environment)

    async def _reserve(self, number: int, network: Network) -> Port:
        namespace = network()
        try:
            return await reserve(number, network=namespace, mode=self._stage.mode)
        finally:
            if namespace is not None:
                os.close(namespace)

    async def _begin(self, place: _Place, service: Service, environment: str) -> None:
        def fault(text: str) -> None:
            self._fault(service.port, text)

        running = Running(service, fault=fault, died=lambda one: self._died(place, one))
        begun = False
        try:
            begun = await running.start(self._stage, environment, place.port)
        except (KernelUnavailable, OSError) as error:
            fault(str(error))
        finally:
            if begun:
                place.running = running
                self._say(service.port, "running")
            else:
                place.port.shut()
        if not begun:
            self._say(service.port, "failed", _NOT_BEGUN)

    def _died(self, place: _Place, running: Running) -> None:
        """It has ended by itself."""
        if place.running is running:
            place.running = None
        place.port.shut()
        self._say(place.port.number, "failed", _ENDED)

    async def _end(self, port: int) -> None:
        place = self._places.pop(port, None)
        if place is None:
            return
        place.port.shut()
        if place.running is not None:
            await place.running.end()
        place.port.close()

    def _fail(self, port: int, why: str) -> None:
        self._fault(port, why)
        self._say(port, "failed", _NOT_BEGUN)

    def _fault(self, port: int, text: str) -> None:
        if not self._closed and self._faults > 0 and self._last.get(port) != text:
            self._last[port] = text
            self._faults -= 1
            self._tell("service.detail", {"port": port, "text": text})

    def _say(self, port: int, state: str, detail: str | None = None) -> None:
        body: dict[str, object] = {"port": port, "state": state} | ({"detail": detail} if detail else {})
        if not self._closed and self._told.get(port) != body:
            self._told[port] = body
            self._tell("service", body)
