"""Readers get every line once, in order, whatever happens to the connections."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from uuid import UUID, uuid4

import psycopg
import pytest
from asgiref.sync import sync_to_async

from tests.factories import make_run, run_steps
from workflows_app.models import InputRequest, Run, RunEvent
from workflows_app.runtime.handler import Answer, Handler
from workflows_app.stream import log, wakeup
from workflows_app.stream import subscribe as module
from workflows_app.stream.log import Line
from workflows_app.stream.subscribe import Hub, hub, subscribe

pytestmark = pytest.mark.django_db(transaction=True)

HangUp = Callable[[], Awaitable[None]]


@pytest.fixture
def run() -> Run:
    """Waits for a person."""
    return make_run()


def _add_lines(run: Run, count: int, *, body: str = "{}") -> None:
    """Lines as a busy step would have written them, without the work of one."""
    first = RunEvent.objects.filter(run=run).count() + 1
    last = Run.objects.get(pk=run.pk)
    RunEvent.objects.bulk_create(
        RunEvent(
            run=run,
            number=number,
            at=last.changed_at,
            kind="progress",
            actor_kind="engine",
            body=body,
        )
        for number in range(first, first + count)
    )
    Run.objects.filter(pk=run.pk).update(last_number=first + count - 1)


async def _pause(run: Run) -> None:
    await sync_to_async(Handler(run.pk).pause)(actor="olga")


async def _resume(run: Run) -> None:
    await sync_to_async(Handler(run.pk).resume_in_place)(actor="olga")


async def _abort(run: Run) -> None:
    await sync_to_async(Handler(run.pk).abort)(actor="olga")


async def _take(lines: AsyncIterator[Line], count: int) -> list[Line]:
    async with asyncio.timeout(10):
        return [await anext(lines) for _ in range(count)]


def _numbers(lines: list[Line]) -> list[int]:
    return [line.number for line in lines]


async def _read_to_end(run_id: UUID, after: int = 0) -> list[Line]:
    async with asyncio.timeout(10):
        return [line async for line in subscribe(run_id, after=after)]


# What readers get


async def test_old_lines_come_first_and_then_new_ones(run: Run) -> None:
    async with aclosing(subscribe(run.pk)) as lines:
        old = await _take(lines, run.last_number)
        await _pause(run)
        new = await _take(lines, 1)
    assert _numbers(old + new) == list(range(1, run.last_number + 2))
    assert new[0].kind == "run_paused"


async def test_a_reader_with_a_cursor_gets_exactly_what_it_missed(run: Run) -> None:
    await _abort(run)
    lines = await _read_to_end(run.pk, after=run.last_number)
    assert [line.kind for line in lines] == ["run_aborted"]


async def test_a_subscription_ends_with_the_runs_last_line(run: Run) -> None:
    reading = asyncio.create_task(_read_to_end(run.pk))
    await _abort(run)
    assert (await reading)[-1].kind == "run_aborted"


async def test_a_subscription_to_a_run_that_is_over_ends_at_once(run: Run) -> None:
    await _abort(run)
    assert await _read_to_end(run.pk, after=run.last_number + 1) == []


async def test_each_line_knows_when_the_line_before_was_written(run: Run) -> None:
    await _abort(run)
    lines = await _read_to_end(run.pk)
    assert lines[0].before_at is None
    assert [line.before_at for line in lines[1:]] == [line.at for line in lines[:-1]]


async def test_wake_ups_carry_the_news_without_any_poll(
    run: Run, never_polling: None
) -> None:
    async with aclosing(subscribe(run.pk, after=run.last_number)) as lines:
        for act in (_pause, _resume, _pause, _resume):
            await act(run)
            assert len(await _take(lines, 1)) == 1


async def test_a_lost_wake_up_costs_a_poll_and_no_line(
    run: Run, polling_fast: None
) -> None:
    async with aclosing(subscribe(run.pk, after=run.last_number)) as lines:
        waiting = asyncio.ensure_future(_take(lines, 3))
        await asyncio.sleep(0)
        await sync_to_async(_add_lines)(run, 3)  # as no notification comes with these
        assert len(await waiting) == 3


# Many lines, large lines, odd cursors


async def test_thousands_of_lines_arrive_in_order(run: Run) -> None:
    await sync_to_async(_add_lines)(run, 3000)
    async with aclosing(subscribe(run.pk)) as lines:
        taken = await _take(lines, run.last_number + 3000)
    assert _numbers(taken) == list(range(1, run.last_number + 3001))


async def test_a_reader_far_behind_catches_up_with_the_feed_of_another(
    run: Run,
) -> None:
    await sync_to_async(_add_lines)(run, 2500)
    last = run.last_number + 2500
    async with (
        aclosing(subscribe(run.pk, after=last)) as ahead,
        aclosing(subscribe(run.pk)) as behind,
    ):
        waiting = asyncio.ensure_future(_take(ahead, 1))
        assert _numbers(await _take(behind, last)) == list(range(1, last + 1))
        await _pause(run)
        assert _numbers(await waiting) == _numbers(await _take(behind, 1))


async def test_a_feed_keeps_no_more_than_its_room_of_large_lines(run: Run) -> None:
    await sync_to_async(_add_lines)(run, 40, body=f'"{"x" * 100_000}"')
    async with aclosing(subscribe(run.pk)) as lines:
        taken = await _take(lines, run.last_number + 40)
        (feed,) = hub()._feeds.values()
        kept = sum(len(line.body) for line in feed._lines)
    assert _numbers(taken) == list(range(1, run.last_number + 41))
    assert kept <= module.ROOM


async def test_one_fetch_ends_with_the_line_that_fills_the_room(run: Run) -> None:
    await sync_to_async(_add_lines)(run, 10, body=f'"{"x" * 100_000}"')
    lines = await sync_to_async(log.read)(
        run.pk, after=run.last_number, size=module.ROOM
    )
    assert len(lines) == 3


async def test_a_cursor_from_the_future_does_not_disturb_other_readers(
    run: Run, never_polling: None
) -> None:
    async with (
        aclosing(subscribe(run.pk, after=10**12)) as astray,
        aclosing(subscribe(run.pk, after=run.last_number)) as lines,
    ):
        waiting = asyncio.ensure_future(_take(astray, 1))
        fetches = _count_fetches(hub())
        await _pause(run)
        assert len(await _take(lines, 1)) == 1
        assert fetches() <= 10  # and not as many as fit into the time
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


def _count_fetches(hub: Hub) -> Callable[[], int]:
    """How often the hub asks the database from now on."""
    asked = []
    query = hub.query

    async def counting(*args: object) -> object:
        asked.append(args)
        return await query(*args)  # type: ignore[arg-type]

    hub.query = counting  # type: ignore[assignment,method-assign]
    return lambda: len(asked)


async def test_a_run_that_is_not_there_has_no_lines(never_polling: None) -> None:
    async with aclosing(subscribe(uuid4())) as lines:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await anext(lines)


# One feed for all


async def test_all_readers_of_a_run_share_one_feed_and_its_fetches(run: Run) -> None:
    async with (
        aclosing(subscribe(run.pk, after=run.last_number)) as first,
        aclosing(subscribe(run.pk, after=run.last_number)) as second,
    ):
        reads = [asyncio.ensure_future(_take(each, 1)) for each in (first, second)]
        await asyncio.sleep(0)
        await _pause(run)
        (one,), (other,) = await asyncio.gather(*reads)
        assert one is other
        assert len(hub()._feeds) == 1


async def test_the_last_reader_that_leaves_closes_every_connection(run: Run) -> None:
    for _ in range(3):
        async with aclosing(subscribe(run.pk)) as lines:
            await _take(lines, run.last_number)
        here = hub()
        assert (here._feeds, here._pool, here.listener._task) == ({}, None, None)


async def test_a_reader_that_is_cancelled_leaves_the_feed_to_the_others(
    run: Run,
) -> None:
    reading = [
        asyncio.create_task(_read_to_end(run.pk, after=run.last_number))
        for _ in range(5)
    ]
    await asyncio.sleep(0.1)
    for task in reading[:4]:
        task.cancel()
    await asyncio.gather(*reading[:4], return_exceptions=True)
    await _abort(run)
    assert [line.kind for line in await reading[4]] == ["run_aborted"]
    assert hub()._feeds == {}


async def test_readers_may_come_while_the_last_one_leaves(run: Run) -> None:
    async def visit() -> int:
        async with aclosing(subscribe(run.pk)) as lines:
            return len(await _take(lines, run.last_number))

    for _ in range(10):
        assert (
            await asyncio.gather(*(visit() for _ in range(4))) == [run.last_number] * 4
        )
    assert hub()._pool is None


# What goes wrong


async def test_readers_go_on_after_every_connection_was_ended(
    run: Run, hang_up: HangUp, polling_fast: None
) -> None:
    async with aclosing(subscribe(run.pk, after=run.last_number)) as lines:
        for act in (_pause, _resume, _pause):
            waiting = asyncio.ensure_future(_take(lines, 1))
            await asyncio.sleep(0.05)
            await hang_up()
            await act(run)
            assert len(await waiting) == 1


async def test_the_listener_wakes_readers_after_it_was_deaf(
    run: Run, hang_up: HangUp, never_polling: None
) -> None:
    async with aclosing(subscribe(run.pk, after=run.last_number)) as lines:
        waiting = asyncio.ensure_future(_take(lines, 2))
        await asyncio.sleep(0.1)
        await sync_to_async(_add_lines)(run, 2)
        await hang_up()  # the reconnect is a wake-up too: no poll is needed
        assert len(await waiting) == 2


async def test_a_database_that_is_away_is_waited_for(
    run: Run, polling_fast: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = wakeup.stream_parameters
    refused: list[int] = []

    def refuse_twice() -> dict[str, object]:
        if len(refused) < 2:
            refused.append(1)
            raise psycopg.OperationalError("away")
        return known()

    monkeypatch.setattr(module, "stream_parameters", refuse_twice)
    async with aclosing(subscribe(run.pk)) as lines:
        assert len(await _take(lines, run.last_number)) == run.last_number
    assert len(refused) == 2


async def test_a_feed_that_fails_tells_its_readers_and_is_replaced(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(module, "READ", "SELECT nonsense")
        with pytest.raises(psycopg.ProgrammingError):
            await _read_to_end(run.pk)
    async with aclosing(subscribe(run.pk)) as lines:
        assert len(await _take(lines, run.last_number)) == run.last_number


def test_the_hub_of_a_closed_loop_is_forgotten(run: Run) -> None:
    async def visit() -> None:
        async with aclosing(subscribe(run.pk)) as lines:
            await _take(lines, 1)

    for _ in range(3):
        asyncio.run(visit())
    assert len([loop for loop in module._hubs if loop.is_closed()]) <= 1


# Through a real transition


async def test_the_answer_of_a_person_reaches_every_reader(
    run: Run, never_polling: None
) -> None:
    request = await InputRequest.objects.aget(run=run)
    reading = [asyncio.create_task(_read_to_end(run.pk)) for _ in range(20)]
    await sync_to_async(_answer)(request)
    for lines in await asyncio.gather(*reading):
        assert lines[-1].kind == "run_completed"
        assert _numbers(lines) == list(range(1, len(lines) + 1))


def _answer(request: InputRequest) -> None:
    answer = Answer(value={"amount": 5}, outcome="approve")
    Handler(request.run_id).respond(request.request_id, answer)
    run_steps(request.run_id)


# The review queue


async def test_a_change_of_the_queue_whose_wake_up_got_lost_is_noticed(
    run: Run, polling_fast: None
) -> None:
    async with hub().watch_queue() as one, hub().watch_queue() as two:
        await asyncio.sleep(0.3)
        one.clear()
        two.clear()
        await InputRequest.objects.filter(run=run).aupdate(closed_at=run.created_at)
        async with asyncio.timeout(5):
            await asyncio.gather(one.wait(), two.wait())
    assert hub()._pool is None


async def test_a_queue_that_does_not_change_wakes_nobody(
    run: Run, polling_fast: None
) -> None:
    async with hub().watch_queue() as woken:
        await asyncio.sleep(0.3)
        woken.clear()
        await asyncio.sleep(0.4)
        assert not woken.is_set()


async def test_the_queue_is_watched_without_a_database_too(
    run: Run, hang_up: HangUp, polling_fast: None
) -> None:
    async with hub().watch_queue() as woken:
        await asyncio.sleep(0.2)
        await hang_up()
        await asyncio.sleep(0.3)
        woken.clear()
        await _abort(run)
        async with asyncio.timeout(5):
            await woken.wait()
