"""Files are sent to so many at once, and not all of them are one user's."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from application.errors import PictureNotFound
from interfaces.rest.files import OF_ONE_USER, Downloads

ANN, BOB = UUID(int=1), UUID(int=2)


async def file() -> AsyncIterator[bytes]:
    yield b"first"
    yield b"second"


async def missing(*there: bytes) -> AsyncIterator[bytes]:
    for piece in there:
        yield piece
    raise PictureNotFound("0")


async def test_the_next_file_of_a_user_begins_when_one_of_theirs_ends() -> None:
    downloads = Downloads()
    sent = [await downloads.begun(ANN, file()) for _ in range(OF_ONE_USER)]
    following = asyncio.create_task(downloads.begun(ANN, file()))

    assert [piece async for piece in await downloads.begun(BOB, file())] == [b"first", b"second"]
    assert not following.done()

    assert [piece async for piece in sent[0]] == [b"first", b"second"]
    assert [piece async for piece in await following] == [b"first", b"second"]


async def test_whoever_goes_away_half_way_leaves_room() -> None:
    downloads = Downloads()

    for _ in range(3 * OF_ONE_USER):
        sending = asyncio.create_task(_read(await downloads.begun(ANN, file())))
        await asyncio.sleep(0)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending


async def test_a_file_that_is_not_there_takes_no_room() -> None:
    downloads = Downloads()

    for _ in range(3 * OF_ONE_USER):
        with pytest.raises(PictureNotFound):
            await downloads.begun(ANN, missing())


async def _read(pieces: AsyncIterator[bytes]) -> None:
    async for _ in pieces:
        await asyncio.Event().wait()
