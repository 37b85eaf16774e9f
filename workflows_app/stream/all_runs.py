"""One stream over many runs: their lines in one order that all readers share.

Numbers are a run's own, so the order is that of the transactions that wrote the lines.
A transaction may commit after a later one; therefore nobody reads further than to the
oldest one that is still under way. What is below it can never become more.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from workflows_app.engine.errors import ValidationError
from workflows_app.models import Run, RunEvent

from .log import COLUMNS, Line
from .subscribe import POLL, ROOM, hub
from .wakeup import AWAY, woken_within

WINDOW = 1000
"""Lines of all runs that one look goes through, whether they are wanted or not."""
PACE = 0.05
"""Seconds at least between two looks of a reader: there may be news all the time."""
PATIENCE = 1.0
"""Seconds at most until a reader looks again for what another transaction holds up."""

_TABLE = RunEvent._meta.db_table  # noqa: SLF001 - Django's documented place
_RUN = ("id", "workflow", "definition_id")
_LINE = ", ".join(f"event.{column}" for column in COLUMNS)
_ORDER = "transaction, run_id, number"
# How far one may read; whether there is more than that; how far this look went; the
# wanted lines, up to some size, with how many there are in all.
_READ = f"""
    WITH horizon AS MATERIALIZED (
        SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS reached
    ), looked AS MATERIALIZED (
        SELECT id, {_ORDER} FROM {_TABLE}
        WHERE transaction >= %s AND transaction < (SELECT reached FROM horizon)
            AND ({_ORDER}) > (%s, %s, %s)
        ORDER BY {_ORDER} LIMIT {WINDOW}
    ), last AS (
        SELECT {_ORDER} FROM looked
        ORDER BY transaction DESC, run_id DESC, number DESC LIMIT 1
    ), wanted AS (
        SELECT looked.transaction, run.workflow, run.definition_id, event.run_id, {_LINE},
            count(*) OVER () AS found,
            sum(octet_length(event.body)) OVER (
                ORDER BY looked.transaction, looked.run_id, looked.number) AS size
        FROM looked JOIN ({{runs}}) run ON run.id = looked.run_id
        JOIN {_TABLE} event ON event.id = looked.id
    )
    SELECT reached, (SELECT max(transaction) FROM {_TABLE}) >= reached,
        (SELECT count(*) FROM looked), last.*, wanted.*
    FROM horizon LEFT JOIN last ON true
    LEFT JOIN wanted ON size - octet_length(body) < {ROOM}
    ORDER BY wanted.transaction, wanted.run_id, wanted.number
"""  # noqa: S608 - our own names
_REACHED = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"

NOBODY = UUID(int=0)

Statement: TypeAlias = tuple[str, tuple[Any, ...]]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a reader stands: after a line, in the order of all lines."""

    transaction: int = 0
    run_id: UUID = NOBODY
    number: int = 0

    def __str__(self) -> str:
        return f"{self.transaction}.{self.run_id.hex}.{self.number}"

    @classmethod
    def read(cls, cursor: str) -> "Place":
        """The place that was written so, the start for an empty text.

        Raises ValidationError.
        """
        try:
            if not cursor:
                return cls()
            transaction, run_id, number = cursor.split(".")
            return cls(int(transaction), UUID(run_id), int(number))
        except ValueError:
            raise ValidationError(f"{cursor!r} is no cursor.") from None


@dataclass(frozen=True, slots=True)
class RunLine:
    """A line, with its place among all and what its run is."""

    place: Place
    workflow: str
    definition: str
    line: Line


@dataclass(frozen=True, slots=True)
class Look:
    """What one look found, where it ended, and whether there is more.

    `is_held_up`: something is committed that cannot be read yet, because an older
    transaction is still under way.
    """

    lines: list[RunLine]
    place: Place
    is_more: bool = False
    is_held_up: bool = False


def statement(runs: QuerySet[Run], after: Place) -> Statement:
    """Reads lines of these runs, in the order of all lines, after a place."""
    text, parameters = runs.order_by().values(*_RUN).query.sql_with_params()
    place = (after.transaction, after.transaction, after.run_id, after.number)
    return _READ.format(runs=text), (*place, *parameters)


def look_of(rows: Sequence[tuple[Any, ...]], after: Place) -> Look:
    """Raises ValidationError for a place that this database never came to."""
    reached, is_held_up, looked, *last = rows[0][:6]
    if after.transaction > reached:
        raise ValidationError(f"{after} is a cursor of another database.")
    found = [row[6:] for row in rows if row[6] is not None]
    lines = [_line(row) for row in found]
    is_cut = bool(found) and found[0][-2] > len(found)
    place = lines[-1].place if is_cut else Place(*last) if looked else after
    return Look(lines, place, is_cut or looked == WINDOW, bool(is_held_up))


def read_all(runs: QuerySet[Run], after: Place) -> Look:
    """Look once, through Django's connection."""
    with connection.cursor() as cursor:
        cursor.execute(*statement(runs, after))
        return look_of(cursor.fetchall(), after)


def newest() -> Place:
    """From here on one reads what is committed from now on, and little that was before."""
    with connection.cursor() as cursor:
        cursor.execute(_REACHED)
        return Place(cursor.fetchone()[0])


async def follow_all(
    ask: Callable[[Place], Awaitable[Statement | None]], after: Place
) -> AsyncGenerator[Look, None]:
    """Look, and look again whenever there may be more, until `ask` wants no more.

    `ask` is asked before each look, because what somebody may see can change.
    """
    async with hub().watch_runs() as woken:
        pause = PACE
        while (wanted := await ask(after)) is not None:
            woken.clear()  # before the look: what comes now wakes us again
            try:
                look = look_of(await hub().query(*wanted), after)
            except AWAY:
                look = Look([], after)
            yield look
            after = look.place
            if look.is_more:
                continue
            pause = min(pause * 2, PATIENCE) if look.is_held_up else PACE
            await asyncio.sleep(pause)
            if not look.is_held_up:
                await woken_within(woken, POLL)


def _line(row: tuple[Any, ...]) -> RunLine:
    transaction, workflow, definition, *columns = row[:-2]
    line = Line(*columns)
    place = Place(transaction, line.run_id, line.number)
    return RunLine(place, workflow, definition, line)
