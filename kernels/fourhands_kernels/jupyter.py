"""One life of one kernel, spoken to in Jupyter's protocol: started through a provisioner, heard on iopub,
told on shell.

Everything that comes out of a kernel may be forged by the code in it; whatever is no message is counted and
left.
"""

import asyncio
import logging
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, Protocol

import zmq.asyncio

from .channel import Channel, Frames
from .enquiries import Enquiries, Enquiry
from .environments import Environment
from .foreign import foreign_manager
from .kernel import Execution, KernelUnavailable
from .kernelspecs import Kernelspec
from .messages import Message, read
from .provisioner import SandboxProvisioner, manager
from .sandbox.launch import Launcher
from .zmtp import Kind

log = logging.getLogger(__name__)

_SKIP: Final = 1024 * 1024  # bytes between pauses
_SKIP_MESSAGE: Final = 1024  # bytes that a message counts for besides
_PAUSE: Final = 0.02  # seconds
READY_SECONDS: Final = (
    60  # from the launcher's sign to a listening kernel; 0.4 s here, far more on a busy machine
)
_KNOCK_SECONDS: Final = 1.0  # kernels without a welcome message answer a question
_GRACE_SECONDS: Final = (
    5.0  # between the reply and the end of the output, either of which may get lost in a flood
)
_PROMPT: Final = 2_000  # characters
# Leaves no trace and goes nearly every way that a run goes: expressions are shown even where code is silent.
_REHEARSAL: Final = {"code": "1", "silent": True, "store_history": False, "user_expressions": {"shown": "1"}}


class Sink(Protocol):
    """Who hears a kernel; called from the event loop."""

    def began(self) -> None:
        """The kernel took the code up; a fresh one may take a while to."""
        ...

    def heard(self, kind: str, content: Mapping[str, Any]) -> None:
        """A message on iopub while a run goes on."""
        ...

    def lost(self, size: int) -> None:
        """Bytes that were no message, or were not even looked at."""
        ...

    @property
    def full(self) -> bool:
        """Whether output is only counted by now."""
        ...

    @property
    def behind(self) -> bool:
        """Whether so much waits to be taken over that no more should be read."""
        ...

    def asked(self, run: str, prompt: str, *, password: bool) -> None:
        """The run waits for input."""
        ...

    def completed(self, run: str, status: Literal["ok", "error", "aborted"], count: int | None) -> None:
        """The run is over, its output is all there."""
        ...


class JupyterKernel:
    """A kernel from start to end."""

    def __init__(
        self,
        context: zmq.asyncio.Context,
        *,
        launcher: Launcher,
        environment: Environment | Kernelspec,
        runtime: Path,
    ) -> None:
        self._context = context
        self._manager = (
            foreign_manager(context, environment, runtime)
            if isinstance(environment, Kernelspec)
            else manager(context, launcher=launcher, environment=environment, runtime=runtime)
        )
        self._signals: set[asyncio.Task[None]] = set()
        self._channels: dict[str, Channel] = {}
        self._sink: Sink | None = None
        self._ready = asyncio.get_running_loop().create_future()
        self._run: _Run | None = None
        self._answered: asyncio.Future[None] | None = None
        self._skipped = 0
        self._enquiries = Enquiries(
            lambda kind, content: self._send("shell", kind, content), self._stop_enquiry
        )

    async def start(self, sink: Sink) -> None:
        """Start it and wait until it listens; KernelUnavailable where it does not come to that.

        One that was made warm is already there.
        """
        self._sink = sink
        if not self._ready.done():
            await self._start()

    async def warm(self) -> None:
        """Start it for nobody in particular, and wait until it has answered: the next run finds it at its
        fastest. KernelUnavailable where it does not come to that.
        """
        await self._start()
        ended = asyncio.ensure_future(self.ended())
        self._answered = asyncio.get_running_loop().create_future()
        self._send("shell", "execute_request", _REHEARSAL)
        try:
            await asyncio.wait(
                (self._answered, ended), timeout=READY_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            if not self._answered.done():
                raise KernelUnavailable("a kernel that was made ahead did not answer")
        finally:
            ended.cancel()

    async def _start(self) -> None:
        await self._manager.start_kernel()
        self._connect()
        ended = asyncio.ensure_future(self.ended())
        try:
            async with asyncio.timeout(READY_SECONDS):
                while not await self._is_ready(ended):
                    self._send("shell", "kernel_info_request", {})
        except TimeoutError:
            raise KernelUnavailable(f"the kernel did not answer within {READY_SECONDS} s") from None
        finally:
            ended.cancel()

    async def _is_ready(self, ended: "asyncio.Future[str]") -> bool:
        """Wait a while for the first message on iopub."""
        await asyncio.wait((self._ready, ended), timeout=_KNOCK_SECONDS, return_when="FIRST_COMPLETED")
        if ended.done():
            raise KernelUnavailable(f"the kernel {ended.result()}")
        return self._ready.done()

    @property
    def work(self) -> int | None:
        """A descriptor of its working folder, where its provisioner has one and while it lives."""
        provisioner = self._manager.provisioner
        return provisioner.work if isinstance(provisioner, SandboxProvisioner) else None

    @property
    def network(self) -> Callable[[], int | None] | None:
        """Opens its network namespace (see `SandboxProvisioner.network`); None where it is out of reach."""
        provisioner = self._manager.provisioner
        return provisioner.network if isinstance(provisioner, SandboxProvisioner) else None

    async def ended(self) -> str:
        """Wait until it is gone; returns how that came."""
        return await self._manager.ended()

    def execute(self, execution: Execution, changed: Sequence[str] = ()) -> None:
        """Hand over the code; `changed` are the files that the host has just written into the folder."""
        content = {
            "code": execution.code,
            "silent": False,
            "store_history": True,
            "allow_stdin": True,
            "stop_on_error": True,
        }
        place = {
            "fourhands": {
                "filename": execution.filename,
                "first_line": execution.first_line,
                "changed": list(changed),
            }
        }
        self._run = _Run(execution.run, self._send("shell", "execute_request", content, metadata=place))

    async def ask(self, kind: Enquiry, content: dict[str, Any]) -> Mapping[str, Any] | None:
        """Ask something while no run goes on; None where it does not answer in time."""
        if not self._ready.done() or self._run is not None:
            return None
        return await self._enquiries.ask(kind, content)

    async def settled(self) -> None:
        """Wait until it is done with what it was asked."""
        await self._enquiries.settled()

    def _stop_enquiry(self) -> None:
        if isinstance(self._manager.provisioner, SandboxProvisioner):
            self.signal()  # once its answer is here no signal is under way, which might hit a run
        else:
            self.interrupt()

    def interrupt(self) -> None:
        """Ask it to stop, in the way that it understands."""
        assert self._manager.kernel_spec is not None
        if self._manager.kernel_spec.interrupt_mode == "message":
            self._send("control", "interrupt_request", {})
        else:
            self.signal()

    def signal(self) -> None:
        """Signal it to stop, past a kernel that reads no messages."""
        signalling = asyncio.create_task(self._manager.signal(signal.SIGINT))
        self._signals.add(signalling)
        signalling.add_done_callback(self._signals.discard)

    def answer(self, text: str) -> None:
        """Answer `input()`."""
        self._send("stdin", "input_reply", {"value": text})

    async def close(self) -> None:
        """End it; nothing more is heard of it."""
        for channel in self._channels.values():
            channel.close()
        self._channels.clear()
        self._enquiries.close()
        if self._run is not None:
            self._run.cancel()
        await self._manager.close()

    def _connect(self) -> None:
        info = self._manager.get_connection_info()
        identity = self._manager.session.bsession  # the kernel finds the stdin of whoever sent the code by it
        for name in ("iopub", "shell", "stdin", "control"):
            kind: Kind = "SUB" if name == "iopub" else "DEALER"
            self._channels[name] = Channel(kind, _url(info, name), identity=identity)
        self._channels["iopub"].listen(self._on_iopub)
        self._channels["shell"].listen(self._on_shell)
        self._channels["stdin"].listen(self._on_stdin)
        self._channels["control"].listen(lambda frames: 0)

    def _send(
        self, name: str, kind: str, content: dict[str, Any], metadata: dict[str, Any] | None = None
    ) -> str:
        channel = self._channels.get(name)
        if channel is None:
            return ""
        session = self._manager.session
        message = session.msg(kind, content, metadata=metadata)
        channel.send(session.serialize(message))
        return str(message["msg_id"])

    def _read(self, frames: Frames) -> Message | None:
        """What a message says; None where it is none."""
        try:
            return read(self._manager.session, frames)
        except Exception as error:
            log.debug("not a message: %r", error)
            self._lose(frames)
            return None

    def _lose(self, frames: Frames) -> None:
        if self._sink is not None and self._run is not None:
            self._sink.lost(sum(map(len, frames)))

    def _on_iopub(self, frames: Frames) -> float:
        if not self._ready.done():
            self._ready.set_result(None)
        if self._run is None:
            return self._skip(frames)
        assert self._sink is not None
        if self._sink.full and not _must_be_read(frames):
            return self._skip(frames)
        message = self._read(frames)
        if message is not None and self._run is not None:
            kind, parent, content = message
            if kind != "status":
                self._run.failed |= kind == "error"
                self._sink.heard(kind, content)
            elif parent == self._run.message:
                self._on_status(content.get("execution_state"))
        return _PAUSE if self._sink.behind else 0

    def _skip(self, frames: Frames) -> float:
        """What nobody will see is counted without a look at it, and not faster than 50 MB a second."""
        size = sum(map(len, frames[-1:]))
        if self._run is not None and self._sink is not None:
            self._sink.lost(size)
        self._skipped += size + _SKIP_MESSAGE
        if self._skipped < _SKIP:
            return 0
        self._skipped = 0
        return _PAUSE

    def _on_status(self, state: object) -> None:
        assert self._run is not None
        assert self._sink is not None
        if state == "busy" and not self._run.begun:
            self._run.begun = True
            self._sink.began()
        elif state == "idle":
            self._run.idle = True
            self._settle()

    def _on_shell(self, frames: Frames) -> float:
        message = self._read(frames)
        if message is not None and self._answered is not None and not self._answered.done():
            if message[0] == "execute_reply":
                self._answered.set_result(None)
        elif message is not None and not self._enquiries.take(*message) and self._run is not None:
            kind, parent, content = message
            if kind == "execute_reply" and parent == self._run.message:
                self._run.reply = content
                self._settle()
        return 0

    def _on_stdin(self, frames: Frames) -> float:
        message = self._read(frames)
        if message is not None and self._run is not None and message[0] == "input_request":
            assert self._sink is not None
            prompt, password = message[2].get("prompt"), message[2].get("password")
            text = prompt if isinstance(prompt, str) else ""
            text = text[:_PROMPT].encode(errors="replace").decode()
            self._sink.asked(self._run.run, text, password=password is True)
        return 0

    def _settle(self) -> None:
        """Complete the run when both its reply and the end of its output are here, or one of them long
        enough.
        """
        run = self._run
        assert run is not None
        if run.idle and run.reply is not None:
            self._complete(run)
        elif run.grace is None:
            run.grace = asyncio.get_running_loop().call_later(_GRACE_SECONDS, self._complete, run)

    def _complete(self, run: "_Run") -> None:
        run.cancel()
        if self._run is run:
            self._run = None
            assert self._sink is not None
            self._sink.completed(run.run, run.status, run.count)


def _url(info: Mapping[str, Any], channel: str) -> str:
    """Where a channel listens."""
    transport, ip, port = info["transport"], info["ip"], info[f"{channel}_port"]
    if transport != "tcp":
        return f"{transport}://{ip}-{port}"
    return f"tcp://[{ip}]:{port}" if ":" in ip else f"tcp://{ip}:{port}"


class _Run:
    """What is known of the run that goes on."""

    def __init__(self, run: str, message: str) -> None:
        self.run = run
        self.message = message
        self.begun = self.idle = self.failed = False
        self.reply: dict[str, Any] | None = None
        self.grace: asyncio.TimerHandle | None = None

    @property
    def status(self) -> Literal["ok", "error", "aborted"]:
        if self.reply is None:
            return "error" if self.failed else "ok"
        status = self.reply.get("status")
        return "ok" if status == "ok" else "aborted" if status == "aborted" else "error"

    @property
    def count(self) -> int | None:
        count = (self.reply or {}).get("execution_count")
        return count if type(count) is int and 0 <= count < 2**31 else None

    def cancel(self) -> None:
        if self.grace is not None:
            self.grace.cancel()


def _must_be_read(frames: Frames) -> bool:
    """Whether a message may be the end of the run or its error; decided by a glance at the header."""
    header = frames[-4] if len(frames) > 5 else b""
    return b'"status"' in header or b'"error"' in header
