"""What every blob store does, whatever it is made of."""

from __future__ import annotations

import asyncio
import hashlib
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from fourhands_server.blobs.blobs import Blobs, BlobsFull, BlobSpoilt, NoSuchBlob
from fourhands_server.blobs.folder import FolderBlobs
from fourhands_server.blobs.memory import MemoryBlobs

Full = Callable[[Blobs], AbstractContextManager[None]]


@contextmanager
def memory_full(blobs: Blobs) -> Iterator[None]:
    assert isinstance(blobs, MemoryBlobs)
    blobs.full = True
    yield
    blobs.full = False


@contextmanager
def folder_full(blobs: Blobs) -> Iterator[None]:
    """No file may grow past a page."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture(params=["memory", "folder"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Blobs, Full]:
    if request.param == "memory":
        return MemoryBlobs(), memory_full
    return FolderBlobs(tmp_path / "blobs"), folder_full


@pytest.fixture
def blobs(store: tuple[Blobs, Full]) -> Blobs:
    return store[0]


async def test_what_was_put_is_there(blobs: Blobs) -> None:
    for data in (b"", b"one", os.urandom(3_000_000)):
        digest = await blobs.put(data)
        assert digest == hashlib.sha256(data).hexdigest()
        assert await blobs.get(digest) == data


async def test_the_same_bytes_are_one(blobs: Blobs) -> None:
    assert await blobs.put(b"same") == await blobs.put(b"same")


async def test_many_at_once(blobs: Blobs) -> None:
    data = [os.urandom(10_000) for _ in range(10)] * 2
    digests = await asyncio.gather(*map(blobs.put, data))
    assert [await blobs.get(digest) for digest in digests] == data


@pytest.mark.parametrize("digest", ["0" * 64, "", "../secret", "A" * 64, "new-1"])
async def test_what_nobody_put_is_not_there(blobs: Blobs, digest: str) -> None:
    with pytest.raises(NoSuchBlob):
        await blobs.get(digest)


async def test_a_full_store_says_so_and_keeps_nothing(store: tuple[Blobs, Full]) -> None:
    blobs, full = store
    data = os.urandom(10_000)
    with full(blobs), pytest.raises(BlobsFull):
        await blobs.put(data)
    with pytest.raises(NoSuchBlob):
        await blobs.get(hashlib.sha256(data).hexdigest())
    assert await blobs.get(await blobs.put(data)) == data


async def test_a_folder_keeps_what_it_was_given(tmp_path: Path) -> None:
    digest = await FolderBlobs(tmp_path / "blobs").put(b"kept")
    (tmp_path / "blobs/new-half").write_bytes(b"ke")
    again = FolderBlobs(tmp_path / "blobs")
    assert await again.get(digest) == b"kept"
    assert os.listdir(tmp_path / "blobs") == [digest]


async def test_bytes_that_changed_on_the_disk_are_not_given_out(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path)
    digest = await blobs.put(b"kept")
    (tmp_path / digest).write_bytes(b"another")
    with pytest.raises(BlobSpoilt):
        await blobs.get(digest)
