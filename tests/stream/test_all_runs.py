"""One stream of all runs: in one order, nothing skipped that is late, nothing repeated."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing
from uuid import UUID

import psycopg
import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import AnonymousUser, User
from django.db import connection

from tests import families, flows
from tests.factories import make_run, run_steps
from tests.journeys.house import wait_for
from workflows_app.engine.errors import ValidationError
from workflows_app.models import Run, RunEvent
from workflows_app.runtime import all_runs
from workflows_app.runtime.all_runs import (
    NewsPage,
    RunNews,
    follow_runs,
    newest_cursor,
    read_runs,
)
from workflows_app.runtime.handler import Handler
from workflows_app.runtime.starting import Start, start, start_event
from workflows_app.runtime.worker.watch import Watcher
from workflows_app.stream import all_runs as stream
from workflows_app.stream.wakeup import connection_parameters

pytestmark = pytest.mark.django_db(transaction=True)

ADD_LINE = """
    INSERT INTO workflows_app_runevent (run_id, number, at, kind, step, actor_kind,
        actor, door, body)
    SELECT id, last_number + 1, now(), 'run_paused', '', 'engine', '', '', %s
    FROM workflows_app_run WHERE id = %s
"""
Line = tuple[str, int]


class Writer:
    """Writes lines as transitions do, and commits when it is told to."""

    def __init__(self) -> None:
        self._connection = psycopg.connect(**connection_parameters())

    def write(self, run: Run, body: str = "{}") -> None:
        self._connection.execute(ADD_LINE, [body, run.pk])
        self._connection.execute(
            "UPDATE workflows_app_run SET last_number = last_number + 1 WHERE id = %s",
            [run.pk],
        )

    def commit(self) -> None:
        self._connection.commit()

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def writers() -> Iterator[Callable[[], Writer]]:
    """Makes writers that are closed when the test is over."""
    made: list[Writer] = []

    def make() -> Writer:
        made.append(Writer())
        return made[-1]

    yield make
    for writer in made:
        writer.close()


def tagged(**tags: str) -> Run:
    """A run that waits for a person, with these tags."""
    definition = flows.approval.definition
    event = start_event(definition, {})
    return run_steps(start(definition, Start(event=event, tags=tags)))


def lines_of(run: Run) -> list[Line]:
    """All that the run's own stream has."""
    rows = RunEvent.objects.filter(run=run).order_by("number")
    return [(str(run.pk), number) for number in rows.values_list("number", flat=True)]


def told(news: list[RunNews]) -> list[Line]:
    """Which lines these news are of; a line may be several events."""
    lines = [(each.event.run_id or "", each.event.seq or 0) for each in news]
    return list(dict.fromkeys(lines))


def read_on(viewer: User, after: str = "", *tags: str) -> NewsPage:
    """All that can be read behind a cursor."""
    news: list[RunNews] = []
    while True:
        page = read_runs(viewer, tags=tags, after=after)
        news, after = news + page.news, page.cursor
        if not page.is_more:
            return NewsPage(news, after, is_more=False)


def read_until(viewer: User, count: int, after: str = "") -> list[Line]:
    """So many lines; other tests' transactions may hold them up for a moment."""
    wait_for(lambda: len(told(read_on(viewer, after).news)) >= count)
    return told(read_on(viewer, after).news)


# What readers get


def test_a_reader_gets_the_lines_of_all_runs_each_run_in_its_own_order(
    olga: User,
) -> None:
    first, second = make_run(), make_run()

    lines = read_until(olga, len(lines_of(first)) + len(lines_of(second)))

    assert [line for line in lines if line[0] == str(first.pk)] == lines_of(first)
    assert [line for line in lines if line[0] == str(second.pk)] == lines_of(second)


def test_a_cursor_goes_on_behind_what_was_read_whatever_is_read_at_once(
    olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [make_run() for _ in range(3)]
    wanted = read_until(olga, sum(len(lines_of(run)) for run in runs))
    monkeypatch.setattr(stream, "ROOM", 1)  # each look ends with its first line

    assert told(read_on(olga).news) == wanted

    for news in read_on(olga).news:
        rest = told(read_on(olga, news.cursor).news)
        assert rest == wanted[len(wanted) - len(rest) :]


def test_a_line_that_is_committed_late_is_neither_skipped_nor_repeated(
    olga: User, writers: Callable[[], Writer]
) -> None:
    early, late = make_run(), make_run()
    read_until(olga, len(lines_of(early)) + len(lines_of(late)))
    cursor = read_on(olga).cursor
    slow, fast = writers(), writers()
    slow.write(late)  # its transaction began before the other one, and ends after it
    fast.write(early)
    fast.commit()

    page = read_on(olga, cursor)
    assert page.news == []
    slow.commit()

    lines = read_until(olga, 2, page.cursor)
    assert lines == [lines_of(late)[-1], lines_of(early)[-1]]
    assert read_until(olga, 2, cursor) == lines
    assert read_on(olga, read_on(olga, cursor).cursor).news == []


def test_a_transaction_that_is_rolled_back_leaves_no_gap_to_wait_for(
    olga: User, writers: Callable[[], Writer]
) -> None:
    run, other = make_run(), make_run()
    read_until(olga, len(lines_of(run)) + len(lines_of(other)))
    cursor = read_on(olga).cursor
    failing, writer = writers(), writers()
    failing.write(other)
    writer.write(run)
    writer.commit()
    failing.close()

    assert read_until(olga, 1, cursor) == [lines_of(run)[-1]]


def test_who_begins_now_hears_only_of_what_comes(olga: User) -> None:
    run = make_run()
    read_until(olga, len(lines_of(run)))
    cursor = newest_cursor()

    Handler(run.pk).abort()

    assert read_until(olga, 1, cursor)[-1] == lines_of(run)[-1]
    assert lines_of(run)[0] not in told(read_on(olga, cursor).news)


# Whose runs, and which


def test_a_viewer_gets_only_the_runs_that_he_may_see(
    olga: User, ada: User, eve: User
) -> None:
    asks, own = make_run(), make_run(user=eve)
    read_until(olga, len(lines_of(asks)) + len(lines_of(own)))

    assert {run for run, _ in told(read_on(ada).news)} == {str(asks.pk), str(own.pk)}
    assert {run for run, _ in told(read_on(eve).news)} == {str(own.pk)}
    assert read_runs(AnonymousUser()).news == []


def test_tags_are_conditions_that_all_must_hold(olga: User) -> None:
    both, one = tagged(env="prod", team="red"), tagged(env="prod")
    other = tagged(env="test", team="blue")
    read_until(olga, sum(len(lines_of(run)) for run in (both, one, other)))

    def found(*tags: str) -> set[str]:
        return {run for run, _ in told(read_on(olga, "", *tags).news)}

    assert found("env=prod") == {str(both.pk), str(one.pk)}
    assert found("env=prod", "team=*") == {str(both.pk)}
    assert found("team=*") == {str(both.pk), str(other.pk)}
    assert found("team=green") == set()


def test_runs_that_work_for_others_have_the_tags_of_those(olga: User) -> None:
    definition = families.parent.definition
    run_id = start(
        definition, Start(event=start_event(definition, {}), tags={"env": "prod"})
    )
    run_steps(run_id)
    (child,) = Run.objects.filter(parent_id=run_id)

    wait_for(
        lambda: (
            str(child.pk)
            in {run for run, _ in told(read_on(olga, "", "env=prod").news)}
        )
    )


def test_what_is_no_condition_or_no_cursor_is_refused(olga: User) -> None:
    for tag in ("env", "=prod", ""):
        with pytest.raises(ValidationError, match="no condition"):
            read_runs(olga, tags=[tag])
    for cursor in ("7", "1.2.3", "x.y.z"):
        with pytest.raises(ValidationError, match="no cursor"):
            read_runs(olga, after=cursor)
    with pytest.raises(ValidationError, match="another database"):
        read_runs(olga, after=f"{2**60}.{UUID(int=0).hex}.1")


def test_lines_that_came_from_another_server_are_read_before_all_others(
    olga: User,
) -> None:
    moved, here = make_run(), make_run()
    RunEvent.objects.filter(run=moved).update(transaction=2**50)

    Watcher().look()

    lines = read_until(olga, len(lines_of(moved)) + len(lines_of(here)))
    assert lines == [*lines_of(moved), *lines_of(here)]


# For as long as somebody listens


async def _take(news: AsyncIterator[RunNews], last: Line) -> list[Line]:
    """The lines up to one."""
    found: list[RunNews] = []
    async with asyncio.timeout(20):
        async for each in news:
            found.append(each)
            if told([each]) == [last]:
                return told(found)
    raise AssertionError("the stream ended")


async def test_a_follower_gets_what_was_and_then_what_comes(olga: User) -> None:
    run = await sync_to_async(make_run)()
    async with aclosing(follow_runs(olga)) as news:
        old = await _take(news, (await sync_to_async(lines_of)(run))[-1])
        await sync_to_async(Handler(run.pk).abort)()
        lines = await sync_to_async(lines_of)(run)
        new = await _take(news, lines[-1])
    assert [*old, *new] == lines


async def test_a_follower_is_woken_by_any_run(
    olga: User, never_polling: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "POLL", 3600.0)
    run = await sync_to_async(make_run)()
    async with aclosing(follow_runs(olga)) as news:
        await _take(news, (await sync_to_async(lines_of)(run))[-1])
        other = await sync_to_async(make_run)()
        await _take(news, (await sync_to_async(lines_of)(other))[-1])


async def test_a_follower_hears_of_what_was_held_up(
    olga: User, writers: Callable[[], Writer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "POLL", 3600.0)
    slow_run, run = await sync_to_async(make_run)(), await sync_to_async(make_run)()
    count = await RunEvent.objects.acount()
    await sync_to_async(read_until)(olga, count)
    cursor = (await sync_to_async(read_on)(olga)).cursor
    slow = await sync_to_async(writers)()
    await sync_to_async(slow.write)(slow_run)
    await sync_to_async(Handler(run.pk).abort)()
    async with aclosing(follow_runs(olga, after=cursor)) as news:
        waiting = asyncio.ensure_future(anext(news))
        done, _ = await asyncio.wait({waiting}, timeout=0.3)
        assert not done
        await sync_to_async(slow.commit)()
        async with asyncio.timeout(20):
            await waiting


async def test_a_right_that_is_taken_away_ends_what_it_showed(
    person: Callable[..., User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(all_runs, "RIGHTS", 0.0)
    viewer = await sync_to_async(person)("olaf", "operators")
    run = await sync_to_async(make_run)()
    async with aclosing(follow_runs(viewer)) as news:
        await _take(news, (await sync_to_async(lines_of)(run))[-1])
        await User.objects.filter(pk=viewer.pk).aupdate(is_active=False)
        await sync_to_async(Handler(run.pk).abort)()
        async with asyncio.timeout(20):
            assert [each async for each in news] == []


async def test_a_follower_goes_on_after_every_connection_was_lost(
    olga: User, hang_up: Callable[[], Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "POLL", 0.1)
    run = await sync_to_async(make_run)()
    async with aclosing(follow_runs(olga)) as news:
        old = await _take(news, (await sync_to_async(lines_of)(run))[-1])
        await hang_up()
        await sync_to_async(Handler(run.pk).abort)()
        lines = await sync_to_async(lines_of)(run)
        assert [*old, *await _take(news, lines[-1])] == lines


def test_a_look_costs_the_same_however_many_lines_there_are(olga: User) -> None:
    run = make_run()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO workflows_app_runevent (run_id, number, at, kind, step,"
            " actor_kind, actor, door, body, transaction)"
            " SELECT %s, 1000 + n, now(), 'progress', '', 'engine', '', '', '{}', 1"
            " FROM generate_series(1, 20000) n",
            [run.pk],
        )
        cursor.execute("ANALYZE workflows_app_runevent")
        statement, parameters = stream.statement(Run.objects.all(), stream.Place(2))
        cursor.execute(f"EXPLAIN {statement}", parameters)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Index Scan using event_transaction" in plan
    assert "Seq Scan on workflows_app_runevent" not in plan
