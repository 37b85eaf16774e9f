"""`runs`: what somebody may see, in a table, in lines, and as it goes on."""

import asyncio
from uuid import UUID

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import OperationalError

from review_app.terminal.watching import watch_runs
from tests import flows
from tests.commands.running import run
from tests.factories import make_run, start_run
from workflows_app.runtime.all_runs import newest_cursor
from workflows_app.runtime.handler import Handler
from workflows_app.runtime.starting import Start, start, start_event

pytestmark = pytest.mark.django_db


def tagged(**tags: str) -> UUID:
    definition = flows.approval.definition
    return start(definition, Start(event=start_event(definition, {}), tags=tags))


def test_a_line_for_each_run_the_newest_first(olga: User) -> None:
    waiting, running = make_run(), start_run(user=olga)

    told = run("runs", user="olga")

    lines = [line.split("\t") for line in told.out.splitlines()]
    assert [line[:4] for line in lines] == [
        [str(running), "running", "approval", "olga"],
        [str(waiting.pk), "waiting", "approval", ""],
    ]


def test_json_lines_are_those_of_the_api(olga: User) -> None:
    run_id = tagged(order="7")

    [told] = run("runs", "--json", user="olga").json_lines

    assert (told["id"], told["tags"]) == (str(run_id), {"order": "7"})


def test_in_a_terminal_it_is_a_table(olga: User) -> None:
    waiting = make_run()
    Handler(waiting.pk).hold(actor="olga")

    told = run("runs", user="olga", is_terminal=True)

    assert str(waiting.pk) in told.out
    assert "waiting, paused" in told.out
    assert "Status" in told.out


def test_status_workflow_and_tags_filter(olga: User) -> None:
    seven, eight = tagged(order="7", plan="a"), tagged(order="8")
    waiting = make_run().pk

    def found(*arguments: str) -> set[UUID]:
        lines = run("runs", *arguments, user="olga").out.splitlines()
        return {UUID(line.split("\t")[0]) for line in lines}

    assert found("--status", "waiting") == {waiting}
    assert found("--tag", "order=7") == {seven}
    assert found("--tag", "order=*") == {seven, eight}
    assert found("--tag", "order=*", "--tag", "plan=a") == {seven}
    assert found("--workflow", "refund") == set()
    assert found("--limit", "1") == {waiting}


def test_what_one_may_not_see_is_not_there(eve: User) -> None:
    make_run()

    told = run("runs", user="eve")

    assert (told.code, told.out) == (0, "")


def test_what_is_no_condition_is_told(olga: User) -> None:
    told = run("runs", "--tag", "order", user="olga")

    assert told.code == 1
    assert "'order' is no condition" in told.err
    assert run("runs", "--status", "odd", user="olga").code != 0
    assert run("runs", "--limit", "0", user="olga").code != 0


class SeenError(Exception):
    """The test has seen what it waited for."""


@pytest.mark.timeout(60)
@pytest.mark.django_db(transaction=True)
async def test_each_run_in_which_something_happens_is_looked_at(olga: User) -> None:
    after = await sync_to_async(newest_cursor)()
    waiting = await sync_to_async(make_run)()
    looks: list[set[UUID]] = []

    def look(changed: set[UUID]) -> None:
        looks.append(changed)
        if waiting.pk in changed:
            raise SeenError

    with pytest.raises(SeenError):
        async with asyncio.timeout(40):
            await watch_runs(olga, after, look)

    assert looks[0] == set()  # at once, before there is any news


@pytest.mark.timeout(60)
@pytest.mark.django_db(transaction=True)
async def test_a_change_is_not_lost_while_the_database_is_away(olga: User) -> None:
    after = await sync_to_async(newest_cursor)()
    waiting = await sync_to_async(make_run)()
    failures = iter([True, True, False])

    def look(changed: set[UUID]) -> None:
        if waiting.pk not in changed:
            return
        if next(failures):
            raise OperationalError
        raise SeenError

    with pytest.raises(SeenError):
        async with asyncio.timeout(40):
            await watch_runs(olga, after, look)


@pytest.mark.timeout(60)
@pytest.mark.django_db(transaction=True)
async def test_watching_ends_when_the_viewer_may_see_nothing(olga: User) -> None:
    olga.is_active = False
    await olga.asave()

    async with asyncio.timeout(40):
        await watch_runs(olga, "", lambda changed: None)
