"""Wake-ups reach whoever watches a topic; a dead connection costs none for long."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import psycopg
import pytest
from asgiref.sync import sync_to_async
from django.db import transaction

from tests.factories import make_request, start_run
from tests.policies import two_needed
from workflows_app.runtime.handler import Handler
from workflows_app.stream import wakeup
from workflows_app.stream.wakeup import (
    QUEUE,
    Listener,
    Notifier,
    notifier,
    request_topic,
    run_topic,
)

pytestmark = pytest.mark.django_db(transaction=True)

HangUp = Callable[[], Awaitable[None]]


@asynccontextmanager
async def _watching(listener: Listener, topic: str) -> AsyncIterator[asyncio.Event]:
    """Watch, without the wake-up that the listener gives when it has connected."""
    async with listener.watch(topic) as woken:
        woken.clear()
        yield woken


async def _within(seconds: float, woken: asyncio.Event) -> bool:
    try:
        await asyncio.wait_for(woken.wait(), seconds)
    except TimeoutError:
        return False
    woken.clear()
    return True


async def _flush(notifier: Notifier, *topics: str) -> None:
    notifier.send(topics)
    await asyncio.to_thread(notifier.flush)


async def test_a_wake_up_reaches_all_who_watch_its_topic_and_nobody_else() -> None:
    listener = Listener()
    async with (
        _watching(listener, "a") as one,
        _watching(listener, "a") as two,
        _watching(listener, "b") as other,
    ):
        notifier.send(["a"])
        assert await _within(5, one)
        assert await _within(5, two)
        assert not await _within(0.1, other)


async def test_the_connection_is_there_only_while_somebody_watches() -> None:
    listener = Listener()
    for _ in range(3):
        async with listener.watch("a"), listener.watch("b"):
            task = listener._task
            assert task is not None
        assert listener._task is None
        assert task.cancelled()


async def test_watchers_may_come_while_the_last_one_leaves() -> None:
    listener = Listener()

    async def visit() -> bool:
        async with listener.watch("a"):
            return listener._listening.is_set()

    for _ in range(20):
        assert all(await asyncio.gather(*(visit() for _ in range(3))))


async def test_a_listener_that_was_cut_off_wakes_everybody_and_hears_again(
    hang_up: HangUp,
) -> None:
    listener = Listener()
    async with _watching(listener, "a") as woken:
        for _ in range(3):
            await hang_up()
            assert await _within(5, woken)  # look again: something may have got lost
            notifier.send(["a"])
            assert await _within(5, woken)


async def test_a_listener_that_is_cut_off_often_still_comes_back_soon(
    hang_up: HangUp,
) -> None:
    listener = Listener()
    async with _watching(listener, "a") as woken:
        for _ in range(8):
            await hang_up()
            assert await _within(1, woken)


async def test_who_watches_before_the_database_is_there_is_woken_when_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = wakeup.stream_parameters
    is_there = False

    def parameters() -> dict[str, object]:
        if not is_there:
            raise psycopg.OperationalError("away")
        return known()

    monkeypatch.setattr(wakeup, "stream_parameters", parameters)
    monkeypatch.setattr(wakeup, "_LISTENING_WITHIN", 0.05)
    async with Listener().watch("a") as woken:
        assert not await _within(0.1, woken)
        is_there = True
        assert await _within(5, woken)


async def test_a_notifier_whose_connection_died_unnoticed_loses_nothing(
    hang_up: HangUp,
) -> None:
    sender = Notifier()
    async with _watching(Listener(), "a") as woken:
        await _flush(sender, "a")
        assert await _within(5, woken)
        await hang_up()
        assert await _within(5, woken)  # the listener is back
        await _flush(sender, "a")
        assert await _within(5, woken)
        await asyncio.to_thread(sender._hang_up)


async def test_a_notifier_without_a_database_goes_on_when_it_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sender = Notifier()
    with monkeypatch.context() as away:
        away.setattr(wakeup, "stream_parameters", _refuse)
        await _flush(sender, "a")
    async with _watching(Listener(), "a") as woken:
        sender.send(["a"])
        assert await _within(5, woken)
        await asyncio.to_thread(sender._hang_up)


def _refuse() -> dict[str, object]:
    raise psycopg.OperationalError("away")


def test_sending_does_not_wait_for_the_database(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    is_asked, is_back = threading.Event(), threading.Event()

    def hang() -> dict[str, object]:
        is_asked.set()
        assert is_back.wait(10)
        return _refuse()

    sender = Notifier()
    monkeypatch.setattr(wakeup, "stream_parameters", hang)
    sender.send(["a"])
    assert is_asked.wait(10)
    sender.send(["b"])  # would be held up here by a lock around the network
    is_back.set()
    sender.flush()


async def test_a_commit_wakes_the_readers_of_its_run() -> None:
    run_id = await sync_to_async(start_run)()
    async with _watching(Listener(), run_topic(run_id)) as woken:
        await sync_to_async(Handler(run_id).pause)()
        assert await _within(5, woken)


async def test_a_question_wakes_the_queue() -> None:
    async with _watching(Listener(), QUEUE) as woken:
        await sync_to_async(make_request)()
        assert await _within(5, woken)


async def test_whoever_has_a_request_before_him_hears_of_votes_and_of_its_end() -> None:
    asked = await sync_to_async(make_request)(two_needed)
    handler = Handler(asked.run_id)
    vote = sync_to_async(handler.respond_to_input)
    async with _watching(Listener(), request_topic(asked.pk)) as woken:
        await vote("q", outcome="approve", responder="mia")
        assert await _within(5, woken)
        await sync_to_async(handler.abort)()
        assert await _within(5, woken)


async def test_what_is_rolled_back_wakes_nobody() -> None:
    def begin_in_vain() -> None:
        with transaction.atomic():
            start_run()
            transaction.set_rollback(True)

    async with _watching(Listener(), wakeup.JOBS) as woken:
        await sync_to_async(begin_in_vain)()
        await asyncio.to_thread(notifier.flush)
        assert not await _within(0.1, woken)


def test_a_forked_process_begins_with_a_notifier_of_its_own() -> None:
    notifier.send(["a"])
    notifier.flush()
    pid = os.fork()
    if not pid:  # the child tells by its exit code, and runs nothing else of the tests
        os._exit(0 if notifier._thread is None and not notifier._topics else 1)
    assert os.waitpid(pid, 0)[1] == 0
