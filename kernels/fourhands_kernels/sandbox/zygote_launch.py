"""Kernels as forks of a zygote, one per environment; bubblewrap starts them wherever that does not work."""

import asyncio
import json
import logging
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..environments import Environment
from ..kernel import KernelUnavailable
from . import argv
from .channels import Channels
from .handover import configuration, memory, new_uid, report_pair, reported
from .launch import Bubblewrap
from .probe import probe
from .process import KernelProcess
from .zygote_link import Refused, Zygote, hatch

log = logging.getLogger(__name__)

OLD: Final = (
    3600.0  # seconds after which a zygote makes room for the next: its layout of memory is every fork's
)
HATCH_SECONDS: Final = 60.0  # it takes 1 s on an idle machine with the usual libraries
_AGAIN: Final = 60.0  # seconds after one that failed
_PROBE_SECONDS: Final = 20.0


@dataclass(slots=True)
class _Nest:
    """The zygotes of one environment: the present one, and the next where it is being made."""

    present: Zygote | None = None
    state: object = None
    born: float = 0.0
    hatching: "asyncio.Task[None] | None" = None
    not_before: float = 0.0


class Zygotes:
    """A launcher like `Bubblewrap`, on which it falls back. `close` ends every zygote and what it forked."""

    def __init__(self, bubblewrap: Bubblewrap) -> None:
        self.bubblewrap = bubblewrap
        self.mode = bubblewrap.mode
        self._nests: dict[str, _Nest] = {}
        self._hatched: list[Zygote] = []
        self._loop = asyncio.get_running_loop()

    async def launch(self, environment: Environment, channels: Channels, *, key: str) -> KernelProcess:
        """Start a kernel, by a fork where there is a zygote that forks; the next launch may find one.

        A program that is no Python of ours is bubblewrap's to start.
        """
        zygote = None if environment.program is not None else self._present(environment)
        if zygote is not None:
            try:
                return await self._fork(zygote, channels, key=key)
            except (Refused, KernelUnavailable) as error:
                log.warning(
                    "the zygote of %s did not fork, bubblewrap takes over: %s", environment.name, error
                )
                self._give_up(environment.name)
        return await self.bubblewrap.launch(environment, channels, key=key)

    async def ready(self, environment: Environment) -> bool:
        """Wait until there is a zygote; False where none comes."""
        if environment.program is not None:
            return False
        self._present(environment)
        hatching = self._nests[environment.name].hatching
        if hatching is not None:
            await asyncio.shield(hatching)
        return self._present(environment) is not None

    def rest(self, name: str) -> None:
        """Keep no zygote for an environment that nobody uses."""
        nest = self._nests.pop(name, None)
        if nest is not None:
            if nest.hatching is not None:
                nest.hatching.cancel()
            self._retire(nest)

    async def close(self) -> None:
        """End them all."""
        ended: list[asyncio.Future[Any]] = []
        for nest in self._nests.values():
            if nest.hatching is not None:
                nest.hatching.cancel()
                ended.append(nest.hatching)
        for zygote in self._hatched:
            zygote.close()
            ended.append(asyncio.ensure_future(zygote.process.wait()))
        await asyncio.gather(*ended, return_exceptions=True)

    def _present(self, environment: Environment) -> Zygote | None:
        """The zygote to fork from; sees to it that there will be one, and a new one where it is old."""
        nest = self._nests.setdefault(environment.name, _Nest())
        state = state_of(environment)
        if nest.present is not None and (nest.present.retired or nest.state != state):
            self._retire(nest)
        old = nest.present is None or self._loop.time() - nest.born > OLD
        if old and nest.hatching is None and self._loop.time() >= nest.not_before:
            nest.hatching = asyncio.create_task(self._hatch(nest, environment, state))
        return nest.present

    async def _hatch(self, nest: _Nest, environment: Environment, state: object) -> None:
        """Have a zygote, try the walls of its forks, and put it in the place of the one before."""
        zygote = None
        try:
            zygote = hatch(self.bubblewrap, environment)
            self._hatched = [one for one in self._hatched if one.process.alive] + [zygote]
            async with asyncio.timeout(HATCH_SECONDS):
                await asyncio.shield(zygote.ready)
            await probe(self.bubblewrap, environment, inside=lambda words: self._inside(zygote, words))
        except (Refused, KernelUnavailable, TimeoutError) as error:
            log.warning(
                "no zygote for %s, bubblewrap starts its kernels: %s", environment.name, error or "no sign"
            )
            nest.not_before = self._loop.time() + _AGAIN
            if zygote is not None:
                zygote.close()
        except BaseException:
            if zygote is not None:
                zygote.close()
            raise
        else:
            self._retire(nest)
            nest.present, nest.state, nest.born = zygote, state, self._loop.time()
            log.info("the zygote of %s is ready", environment.name)
        finally:
            nest.hatching = None

    def _retire(self, nest: _Nest) -> None:
        if nest.present is not None:
            nest.present.retire()
            nest.present = None

    def _give_up(self, name: str) -> None:
        nest = self._nests.get(name)
        if nest is not None:
            nest.not_before = self._loop.time() + _AGAIN
            self._retire(nest)

    async def _fork(self, zygote: Zygote, channels: Channels, *, key: str) -> KernelProcess:
        with ExitStack() as stack:
            report = report_pair(stack)
            limits, cells = self.bubblewrap.limits, self.bubblewrap.cells
            found = configuration(channels, key=key, report=report[1], limits=limits, cwd=argv.WORK)
            config = memory(stack, "configuration", json.dumps(found).encode())
            links = (report[1].fileno(), *(channels.descriptors[name] for name in found["sockets"]))
            process = await zygote.fork(self._request("kernel"), (config, *links))
            report[1].close()
            started = await reported(process, report[0], in_memory=True, cells=cells)
            channels.hand_over()
            return started

    async def _inside(self, zygote: Zygote, words: str) -> str:
        """What a fork answers that looks for open walls."""
        with ExitStack() as stack:
            config = memory(stack, "outside", words.encode())
            process = await zygote.fork(self._request("walls"), (config,))
            try:
                async with asyncio.timeout(_PROBE_SECONDS):
                    await process.wait()
            except TimeoutError:
                return "the fork did not end"
            finally:
                process.kill()
            return process.last_words

    def _request(self, purpose: str) -> dict[str, Any]:
        """In root mode every fork has a uid of its own, and sees its own name for it."""
        if self.mode == "user":
            return {"do": purpose, "uid": argv.USER_UID, "accounts": {}}
        uid = new_uid()
        files = argv.account_files(uid)
        named = {path: files[path].decode() for path in ("/etc/passwd", "/etc/group")}
        return {"do": purpose, "uid": uid, "accounts": named}


def state_of(environment: Environment) -> object:
    """Changes whenever something was installed into the environment, or it was made anew."""
    prefix = environment.python.parent.parent
    places = (environment.python, prefix / "pyvenv.cfg", *sorted(prefix.glob("lib/python3*/site-packages")))
    return environment, tuple(_stamp(place) for place in places)


def _stamp(place: Path) -> tuple[int, int] | None:
    try:
        found = place.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns
