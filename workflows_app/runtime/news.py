"""What runs tell each other: rows in the inbox of the one that is told."""

from collections.abc import Iterator
from uuid import UUID

import uuid_utils.compat as uuid

from workflows_app.engine.commands import StartChild, TellChild, TellParent
from workflows_app.engine.errors import IncompatibleSnapshotError
from workflows_app.engine.news import dump_news, load_news
from workflows_app.engine.state import State
from workflows_app.engine.state_text import dump_state
from workflows_app.engine.ticks import News, Started

from .definitions import get_definition
from .run_row import RunRow
from .statements import execute, family

MOST_AT_ONCE = 2**16
"""News of one transition; they are numbered by it, and then by their order."""

Told = StartChild | TellChild | TellParent


def write(run: RunRow, told: list[Told]) -> None:
    """Put news into other inboxes. Nobody else's run is locked for that."""
    for index, command in enumerate(told):
        number = run.revision * MOST_AT_ONCE + index
        target = _write(run, number, command)
        if target is not None:
            run.told.append(target)


def _write(run: RunRow, number: int, command: Told) -> UUID | None:
    """Whom it was written to; None when that run is in another database."""
    match command:
        case StartChild():
            child = _insert_child(run, command)
            news = Started(
                command.event,
                run.state.started_by,
                place=command.place,
                budget=command.budget,
            )
            return _insert(run, number, child, news)
        case TellChild():
            return _tell_child(run, number, command)
        case TellParent() if run.parent_id is not None:
            return _insert(run, number, run.parent_id, command.news)
        case _:
            return None


def _insert_child(run: RunRow, command: StartChild) -> UUID:
    """The run of a sub-workflow, which its first news will start."""
    place, branch = command.place, command.branch
    child = uuid.uuid7()
    parameters = {
        "id": child,
        "parent": run.id,
        "call": place.call,
        "attempt": place.attempt,
        "branch": place.branch,
        "digest": branch.digest,
        "state": dump_state(State(place=place)),
        "input": command.event.body,
        "groups": list(get_definition(branch.digest).groups),
        "now": run.now,
    }
    if execute(family.INSERT_CHILD, parameters).fetchone() is None:
        raise IncompatibleSnapshotError(
            f"The definition of workflow {branch.workflow!r} is not in this database."
        )
    return child


def _tell_child(run: RunRow, number: int, command: TellChild) -> UUID | None:
    place = command.place
    parameters = {
        "sender": run.id,
        "number": number,
        "tick": dump_news(command.news),
        "call": place.call,
        "attempt": place.attempt,
        "branch": place.branch,
    }
    found = execute(family.INSERT_NEWS_FOR_CHILD, parameters).fetchone()
    return found[0] if found else None


def _insert(run: RunRow, number: int, target: UUID, news: News) -> UUID:
    parameters = {
        "target": target,
        "sender": run.id,
        "number": number,
        "tick": dump_news(news),
    }
    execute(family.INSERT_NEWS, parameters)
    return target


def take(run_id: UUID) -> Iterator[News]:
    """A locked run's news in their order, each of which is gone when it is given.

    Those after it are still there, for a snapshot that is taken in between.
    """
    rows = execute(family.READ_NEWS, {"target": run_id}).fetchall()
    for pk, text in rows:
        execute(family.DROP_NEWS, {"id": pk})
        yield load_news(text)
