"""What happens next: for each outcome of a request, and when nobody decides."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workflows_app.engine import InputResponseEvent
from workflows_app.engine.definition import Definition
from workflows_app.engine.policy import ReviewPolicy, needed
from workflows_app.engine.state import Request
from workflows_app.engine.state_text import load_state
from workflows_app.models import InputRequest
from workflows_app.runtime.definitions import get_definition

RESPONSE = (InputResponseEvent.event_type, *InputResponseEvent.lineage())


@dataclass(frozen=True, slots=True)
class Next:
    """What follows from one outcome; `at` is set for the deadline, which is no person.

    `effect` is the author's text. Without one, `steps` are those that take the answer,
    or `parked` is the step that goes on with it. None of them: it goes to the program
    that asked, or, at the deadline, the run fails.
    """

    label: str = ""
    effect: str = ""
    steps: tuple[str, ...] = ()
    parked: str = ""
    votes: int = 1
    at: datetime | None = None


def what_next(asked: InputRequest) -> list[Next]:
    """Tell what each outcome leads to, and the deadline; nothing once it is decided."""
    if not asked.is_open:
        return []
    request = load_state(asked.run.state).requests.get(asked.request_id)
    if request is None:
        return []
    definition = get_definition(asked.run.definition_id)
    outcomes: list[dict[str, Any]] = request.content["outcomes"]
    found = [_after(definition, request, outcomes, each) for each in outcomes]
    if asked.expires_at is not None:
        found.append(_at_deadline(definition, request, outcomes, asked.expires_at))
    return found


def _after(
    definition: Definition,
    request: Request,
    outcomes: Sequence[dict[str, Any]],
    outcome: dict[str, Any],
) -> Next:
    policy = ReviewPolicy.load(request.policy)
    is_event = request.purpose == "event"
    types = _types(request.respond_as) if is_event else ()
    return Next(
        label=outcome["label"],
        effect=outcome.get("effect", ""),
        steps=_taking(definition, types),
        parked="" if is_event else request.step,
        votes=needed(policy, outcomes, outcome["key"]),
    )


def _at_deadline(
    definition: Definition,
    request: Request,
    outcomes: Sequence[dict[str, Any]],
    at: datetime,
) -> Next:
    """An outcome decides, an event goes to a step, or the run fails."""
    on_due = request.policy.get("on_due")
    labels = [each["label"] for each in outcomes if each["key"] == on_due]
    types = request.on_expire.types if request.on_expire else ()
    return Next(
        label=labels[0] if labels else "", steps=_taking(definition, types), at=at
    )


def _types(respond_as: tuple[str, tuple[str, ...]] | None) -> tuple[str, ...]:
    return RESPONSE if respond_as is None else (respond_as[0], *respond_as[1])


def _taking(definition: Definition, types: tuple[str, ...]) -> tuple[str, ...]:
    found = (*definition.accepting(types), *definition.collecting(types))
    return tuple(dict.fromkeys(step.name for step in found))
