"""Where a run can go on from: its snapshots, and its beginning. And what that repeats."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet, Value
from django.db.models.functions import Length

from workflows_app.engine import values
from workflows_app.engine.state import FINISHED, Call, State
from workflows_app.engine.state_text import load_state
from workflows_app.models import Run, RunEvent, Snapshot
from workflows_app.runtime.definitions import EXTERNAL

from .hindrance import GONE_ON, NOT_PAUSED, OF_END, WORKS_FOR, Hindrance

COPIES = ("state", "values", "inbox", "children")
"""What a snapshot consists of."""
MOST = 500

RAN = ("step_started", "step_completed", "step_failed", "step_timed_out")
"""Kinds of lines that tell of a step's runs; a workflow may leave the first two out."""


def snapshots_of(run: Run) -> QuerySet[Snapshot]:
    """The snapshots of a run, newest first, each with its size and without its texts."""
    size = sum((Length(name) for name in COPIES), start=Value(0))
    return run.snapshots.defer(*COPIES).annotate(size=size)


def has_points(run: Run) -> bool:
    """Whether the run has steps here that could run again."""
    return run.workflow != EXTERNAL.name


@dataclass(frozen=True, slots=True)
class Point:
    """A snapshot in a list: what can be done with it, or why not."""

    snapshot: Snapshot
    fork_hindrance: Hindrance | None
    resume_hindrance: Hindrance | None

    @classmethod
    def of(cls, run: Run, snapshot: Snapshot) -> "Point":
        fork = _find_fork_hindrance(run, snapshot)
        return cls(snapshot, fork, _find_resume_hindrance(run, snapshot) or fork)


def _find_fork_hindrance(run: Run, snapshot: Snapshot) -> Hindrance | None:
    if snapshot.cause in FINISHED:
        return OF_END
    return WORKS_FOR if run.parent_id is not None else None


def _find_resume_hindrance(run: Run, snapshot: Snapshot) -> Hindrance | None:
    if snapshot.revision != run.revision or run.is_finished:
        return GONE_ON
    return None if run.paused else NOT_PAUSED


def reasons(points: Iterable[Point]) -> list[Hindrance]:
    """What hinders, each once."""
    found = (h for p in points for h in (p.resume_hindrance, p.fork_hindrance) if h)
    return list(dict.fromkeys(found))


def find_points(run: Run) -> list[Point]:
    """The snapshots from which another run can go on, newest first."""
    points = (Point.of(run, snapshot) for snapshot in snapshots_of(run)[:MOST])
    return [point for point in points if point.fork_hindrance is None]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that people will have before them again, and what they said before."""

    subject: str
    step: str
    answers: tuple[tuple[str, str], ...]
    """Who had answered, and the outcome that he chose."""


@dataclass(frozen=True, slots=True)
class Repetition:
    """What happens when a run goes on from a snapshot: what runs, what is asked again."""

    calls: list[Call]
    """What begins at once: undelivered, or cut off in the middle."""
    asked: list[Asked]
    steps: list[tuple[str, int]]
    """Steps that have run since, and how often: all that they do outside, they do again."""
    children: int


def find_repetition(snapshot: Snapshot) -> Repetition:
    state = load_state(snapshot.state)
    since = RunEvent.objects.filter(run_id=snapshot.run_id, number__gt=snapshot.number)
    runs = since.filter(kind__in=RAN).order_by().values_list("step", "kind")
    counted: dict[str, int] = {}
    for step, _, count in runs.annotate(Count("id")):
        counted[step] = max(count, counted.get(step, 0))
    return Repetition(
        calls=[c for c in state.calls.values() if c.phase not in ("parked", "away")],
        asked=_find_asked(state, _find_answers(since)),
        steps=sorted(counted.items()),
        children=sum(len(call.children) for call in state.calls.values()),
    )


def _find_asked(
    state: State, answers: Mapping[str, list[tuple[str, str]]]
) -> list[Asked]:
    return [
        Asked(request.content["subject"], request.step, tuple(answers.get(name, ())))
        for name, request in state.requests.items()
    ]


def _find_answers(since: QuerySet[RunEvent]) -> dict[str, list[tuple[str, str]]]:
    """Who has answered what since."""
    answers: dict[str, list[tuple[str, str]]] = {}
    for actor, body in since.filter(kind="input_received").values_list("actor", "body"):
        content: dict[str, Any] = values.load(body)
        said = actor, str(content.get("outcome") or "")
        answers.setdefault(str(content.get("request_id")), []).append(said)
    return answers
