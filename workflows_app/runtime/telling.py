"""What the world outside is told of a transition: rows of the outbox, in its transaction."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings

from workflows_app.engine.commands import Command, Finish, OpenRequest
from workflows_app.engine.state import State
from workflows_app.models import Kind

from . import cards, jobs
from .addresses import page_of_request
from .occasions import DELEGATED, Occasion, body_of, body_of_run, happened
from .run_row import RunRow
from .statements import execute, messages


@dataclass(frozen=True, slots=True)
class Told:
    """A row of the outbox but for whom it is; `wish` is what he must have chosen."""

    wish: str
    kind: str
    body: str
    request: UUID | None = None
    occurrence: int = 0


def tell(run: RunRow, before: State, commands: Sequence[Command]) -> None:
    """Write what receivers and people are to hear of this transition.

    Where nobody listens to requests this asks the database nothing.
    """
    told = [*_told_of_run(run, commands)]
    if run.is_heard or settings.MAIL:
        occasions = list(happened(before, commands, run.revision))
        tell_people(run, occasions)
        if run.is_heard:
            told += [
                _told_of(run, each) for each in occasions if each.kind != DELEGATED
            ]
            cards.show(run)
    tell_receivers(run, told)


def tell_of_copies(run: RunRow, copied: Mapping[str, UUID]) -> None:
    """The requests of a fork are asked anew, under ids of their own."""
    run.ids.update(copied)
    run.is_heard = True
    asked = [r for r in run.state.requests.values() if r.decision is None]
    tell(run, State(), [OpenRequest(request) for request in asked])


def _told_of(run: RunRow, occasion: Occasion) -> Told:
    pk = run.ids[occasion.request.request_id]
    body = body_of(run, pk, occasion, page_of_request(pk) or None)
    return Told(occasion.kind, occasion.kind, body, pk, occasion.occurrence)


def _told_of_run(run: RunRow, commands: Iterable[Command]) -> Iterator[Told]:
    """What works for another run is a part of it, and nobody outside hears of its end."""
    for finish in commands:
        if isinstance(finish, Finish) and run.parent_id is None:
            kind = f"run.{finish.status}"
            yield Told(Kind.RUN_FINISHED, kind, body_of_run(run, kind, finish))


def tell_receivers(run: RunRow, told: Sequence[Told]) -> None:
    """One message for each receiver that wants to hear of it."""
    if not told:
        return
    parameters = {
        "run": run.id,
        "root": run.root_id,
        "workflow": run.workflow,
        "now": run.now,
        "kinds": [str(each.kind) for each in told],
        "wishes": [str(each.wish) for each in told],
        "requests": [each.request for each in told],
        "occurrences": [each.occurrence for each in told],
        "bodies": [each.body for each in told],
    }
    _write(messages.TELL_RECEIVERS, parameters)


def tell_people(run: RunRow, occasions: Iterable[Occasion]) -> None:
    """One mail for each person who is asked by this; what it says is read when it is sent."""
    for each in occasions if settings.MAIL else ():
        if each.groups or each.by_name:
            parameters = {
                "run": run.id,
                "request": run.ids[each.request.request_id],
                "kind": str(each.kind),
                "occurrence": each.occurrence,
                "now": run.now,
                "groups": list(each.groups),
                "by_name": list(each.by_name),
                "but_starter": not each.request.policy.get("starter_may_decide", True),
            }
            _write(messages.TELL_PEOPLE, parameters)


def _write(statement: str, parameters: Mapping[str, Any]) -> None:
    written = execute(statement, parameters).fetchall()
    jobs.defer_messages([row[0] for row in written])
