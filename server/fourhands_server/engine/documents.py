"""Live documents for the event loop: a façade over the worker process that holds them.

A document is a cache of the log. It is built from committed edits at the first question about its room, kept
up by `apply`, and built anew from the log whenever the worker ends or is replaced.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeVar, cast

from .batch import Batch
from .errors import DocumentFailed, EngineOverloaded, EngineUnavailable
from .loading import Broken, Source, fill, let_go
from .pipe import NUMBER, Edit, Field, Operation, Status
from .process import Answer, WorkerEnded, WorkerProcess
from .questions import Question, read_any, read_bytes, read_text, read_texts, replace, text, texts
from .settings import DEATHS, DEFAULTS, Settings
from .wholes import Wholes
from .workers import Workers

__all__ = ["Documents", "Source"]

T = TypeVar("T")

NOTHING = b"\x00"  # the state vector of an empty document


@dataclass(slots=True)
class _Document:
    room: str
    number: int = 0
    worker: WorkerProcess | None = None  # where it lives
    loading: bool = False
    waiting: list[Question] = field(default_factory=list)
    latest: int = 0  # seq of the last edit that was committed as far as we were told
    failed: bool = False


class Documents:
    """The documents of all rooms. Questions about a room are answered in the order of asking."""

    def __init__(self, source: Source, settings: Settings = DEFAULTS) -> None:
        self._source = source
        self._settings = settings
        self._workers = Workers(settings)
        self._batch = Batch(settings, answered=self._applied)
        self._documents: dict[str, _Document] = {}
        self._wholes = Wholes()
        self._numbers = count(1)
        self._open: set[asyncio.Future[Any]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._scratch = asyncio.Semaphore(settings.scratch_documents)
        self._closed = False

    async def start(self) -> None:
        """Start the worker process; EngineUnavailable if it does not come up."""
        await self._workers.running()

    async def aclose(self) -> None:
        """End the worker; open questions fail with EngineUnavailable."""
        self._closed = True
        self._batch.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._workers.aclose()
        for answer in list(self._open):
            if not answer.done():
                answer.set_exception(EngineUnavailable("the document engine is closed"))

    @property
    def worker_pid(self) -> int | None:
        """The process that holds the documents; None where it has ended and none was needed since."""
        worker = self._workers.current
        return None if worker is None else worker.pid

    def apply(self, room: str, seq: int, update: bytes) -> None:
        """Take in a committed edit. Lazy: nothing is sent before a question, 256 edits or 2 seconds."""
        document = self._documents.get(room)
        if document is not None:
            document.latest = seq
            self._wholes.add(room, update)
            if document.worker is not None and self._workers.has(document.worker):
                self._batch.add(document.worker, Edit(document.number, seq, update))

    def text(self, room: str, root: str, *, at: int) -> asyncio.Future[str]:
        """The text after room seq `at`, every edit up to which has been applied (or is in the source)."""
        return self._ask(room, text(root, at), read_text)

    def text_at(self, room: str, root: str, seq: int) -> asyncio.Future[str]:
        """The text as it stood after an earlier room seq, built in a scratch document."""
        question = self._question(room, text(root, None), read_text)
        if not question.answer.done():
            self._spawn(self._look_back(question, seq))
        return question.answer

    def texts(self, room: str, roots: Sequence[str], *, at: int) -> asyncio.Future[list[str]]:
        """The texts of several roots after room seq `at`, in their order; like `text`."""
        return self._ask(room, texts(roots, at), read_texts)

    def texts_at(self, room: str, roots: Sequence[str], seq: int) -> asyncio.Future[list[str]]:
        """The texts of several roots as they stood after an earlier room seq; like `text_at`."""
        question = self._question(room, texts(roots, None), read_texts)
        if not question.answer.done():
            self._spawn(self._look_back(question, seq))
        return question.answer

    def diff(self, room: str, vector: bytes | None) -> asyncio.Future[bytes]:
        """The update that a peer with this state vector lacks (None: all). Holds every edit applied so far.

        Raises `Refused`, a ValueError, where the vector cannot be read.
        """
        if vector is not None and vector != NOTHING:
            return self._ask(room, (Operation.DIFF, (vector,)), read_bytes)
        whole = self._wholes.get(room)
        if whole is not None and not whole.more:
            return _answer(whole.update)
        asked = self._ask(room, (Operation.DIFF, (None,)), read_bytes)
        if (document := self._documents.get(room)) is not None:
            latest = document.latest
            asked.add_done_callback(lambda answer: self._keep(document, latest, answer))
        return asked

    def parts(self, room: str) -> asyncio.Future[list[bytes]] | None:
        """The whole document as it was a while ago and the edits since; None where that is not at hand."""
        whole = self._wholes.get(room)
        return None if whole is None else _answer([whole.update, *whole.more])

    def vector(self, room: str) -> asyncio.Future[bytes]:
        """The document's state vector."""
        return self._ask(room, (Operation.VECTOR, ()), read_bytes)

    def replace(self, room: str, root: str, text: str, client: int) -> asyncio.Future[bytes | None]:
        """The smallest update by `client` that makes the root's text `text`; None if it is that already.

        The live document stays as it is: the update becomes part of it when it comes back through `apply`.
        ValueError at once where the text holds a lone surrogate.
        """
        return self._ask(room, replace(root, text, client), read_any)

    def drop(self, room: str) -> None:
        """Forget the room's document, and that it failed; the next question builds it anew."""
        self._wholes.drop(room)
        document = self._documents.pop(room, None)
        if document is not None and document.worker is not None and not document.loading:
            let_go(document.worker, document.number)

    def _keep(self, document: _Document, latest: int, answer: asyncio.Future[bytes]) -> None:
        """The next to come wants the same, if it holds every edit still."""
        if answer.cancelled() or answer.exception() is not None:
            return
        if self._documents.get(document.room) is document and document.latest == latest:
            self._wholes.put(document.room, answer.result())

    def _ask(
        self, room: str, asked: tuple[Operation, tuple[Field, ...]], read: Callable[[Field], T]
    ) -> asyncio.Future[T]:
        question = self._question(room, asked, read)
        if not question.answer.done():
            self._put(question)
        return question.answer

    def _question(
        self, room: str, asked: tuple[Operation, tuple[Field, ...]], read: Callable[[Field], object]
    ) -> Question:
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if self._closed:
            answer.set_exception(EngineUnavailable("the document engine is closed"))
        elif len(self._open) >= self._settings.open_questions:
            answer.set_exception(EngineOverloaded(f"{len(self._open)} questions wait"))
        else:
            self._open.add(answer)
            answer.add_done_callback(self._open.discard)
        return Question(room, *asked, read, answer)

    def _put(self, question: Question) -> None:
        """Send a question to the room's document, or let it wait until there is one."""
        document = self._documents.setdefault(question.room, _Document(question.room))
        if document.failed:
            question.fail(_failed(question.room))
        elif document.worker is not None and document.worker is self._workers.current:
            self._batch.flush()
            self._send(document, document.worker, question)
        else:
            document.waiting.append(question)
            if not document.loading:
                document.loading = True
                self._spawn(self._load(document))

    def _send(self, document: _Document, worker: WorkerProcess, question: Question) -> None:
        answer = worker.request(question.operation, NUMBER.pack(document.number), *question.fields)
        answer.add_done_callback(lambda answer: self._answered(question, document, worker, answer))

    def _answered(
        self, question: Question, document: _Document, worker: WorkerProcess, answer: asyncio.Future[Answer]
    ) -> None:
        try:
            status, fields = answer.result()
        except WorkerEnded as ended:
            question.deaths += ended.culprit
            return self._again(question)
        if status == Status.AHEAD:
            at = cast(bytes, question.fields[1])
            self._spawn(self._look_back(question, NUMBER.unpack(at)[0]))
        elif not question.settle(status, fields):
            if document.worker is worker:
                document.worker = None
            question.deaths += status == Status.BROKEN
            self._again(question)
        self._workers.replace_outgrown(worker)
        return None

    def _again(self, question: Question) -> None:
        """Ask again what the engine failed to answer, unless that is becoming a habit."""
        if question.deaths >= DEATHS:
            question.fail(DocumentFailed(question.room, "the engine fails over a question"))
        elif not question.answer.done() and not self._closed:
            self._put(question)

    def _applied(self, worker: WorkerProcess, answer: asyncio.Future[Answer]) -> None:
        """Note which documents a batch has broken; they are built anew at the next question."""
        if answer.exception() is None:
            broken = {NUMBER.unpack(number or b"")[0] for number in answer.result().fields}
            for document in self._documents.values() if broken else ():
                if document.worker is worker and document.number in broken:
                    document.worker = None
            self._workers.replace_outgrown(worker)

    async def _load(self, document: _Document) -> None:
        """Build a room's document, then ask what waits for it."""
        try:
            worker = await self._build(document)
        except Exception as error:  # the source's as well as ours
            document.failed = isinstance(error, DocumentFailed)
            _fail_waiting(document, error)
            return
        document.worker = worker
        document.loading = False
        waiting, document.waiting = document.waiting, []
        for question in waiting:
            self._send(document, worker, question)
        if self._documents.get(document.room) is not document:  # dropped meanwhile
            let_go(worker, document.number)

    async def _build(self, document: _Document) -> WorkerProcess:
        deaths = 0
        while deaths < DEATHS:
            worker = await self._workers.running()
            document.number = next(self._numbers)
            try:
                await fill(
                    worker,
                    document.number,
                    document.room,
                    source=self._source,
                    latest=lambda: document.latest,
                )
            except WorkerEnded as ended:
                deaths += ended.culprit
            except Broken:
                deaths += 1
            except BaseException:
                let_go(worker, document.number)
                raise
            else:
                if worker is self._workers.current:
                    return worker
        raise _failed(document.room)

    async def _look_back(self, question: Question, seq: int) -> None:
        """Answer a question about the text in a scratch document of the edits up to `seq`."""
        try:
            async with self._scratch:
                while not question.answer.done():
                    await self._look_back_once(question, seq)
        except Exception as error:  # the source's as well as ours
            question.fail(error)

    async def _look_back_once(self, question: Question, seq: int) -> None:
        document = self._documents.get(question.room)
        if question.deaths >= DEATHS or (document is not None and document.failed):
            raise _failed(question.room)
        worker = await self._workers.running()
        number = next(self._numbers)
        try:
            await fill(worker, number, question.room, source=self._source, upto=seq)
            asked = worker.request(question.operation, NUMBER.pack(number), question.fields[0], None)
            status, fields = await asked
            question.deaths += not question.settle(status, fields)
        except WorkerEnded as ended:
            question.deaths += ended.culprit
        except Broken:
            question.deaths += 1
        finally:
            let_go(worker, number)
        self._workers.replace_outgrown(worker)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _answer(found: T) -> asyncio.Future[T]:
    answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    answer.set_result(found)
    return answer


def _failed(room: str) -> DocumentFailed:
    return DocumentFailed(room, "the engine fails over its edits")


def _fail_waiting(document: _Document, error: Exception) -> None:
    document.loading = False
    waiting, document.waiting = document.waiting, []
    for question in waiting:
        question.fail(error)
