"""What an answer, or the end of the time for one, does to a run."""

from collections.abc import Mapping
from typing import Any

from . import values
from .commands import Actor, RecordResponse, Refuse
from .errors import (
    EngineError,
    InvalidResponseError,
    NotAllowedError,
    RequestChangedError,
    RequestExpiredError,
    RunFinishedError,
    SerializationError,
    UnknownRequestError,
)
from .policy import ReviewPolicy, find_objection, primary
from .reduction import RESPONSE, Reduction, quoted
from .schema import find_errors
from .state import EventRecord, Request
from .ticks import RequestDue, VoteCast

Content = Mapping[str, Any]
Problems = list[tuple[tuple[str | int, ...], str]]


def cast_vote(work: Reduction, tick: VoteCast) -> None:
    """Take an answer: once, by somebody who may, if it fits what was asked."""
    request = work.state.requests.get(tick.request_id)
    objection = _find_refusal(work, request, tick)
    if objection is not None or request is None:
        work.commands.append(Refuse(objection or UnknownRequestError()))
        return
    shown = request.content
    outcome, given = _complete(shown, tick)
    try:
        _check_answer(shown, outcome, given, tick.reason)
        answer = values.dump(given)
    except InvalidResponseError as error:
        _reject(work, tick, error)
    except SerializationError as error:
        work.commands.append(Refuse(error))
    else:
        _accept(work, request, tick, outcome, answer)


def _find_refusal(
    work: Reduction, request: Request | None, tick: VoteCast
) -> EngineError | None:
    state = work.state
    if state.is_finished:
        return RunFinishedError(state.status)
    if request is None:
        return UnknownRequestError(f"The run asks nothing called {tick.request_id!r}.")
    if _is_due(work, request):
        expire(work, RequestDue(request.request_id, at=tick.at))
        return RequestExpiredError()
    policy = ReviewPolicy.load(request.policy)
    objection = find_objection(policy, tick.responder, state.started_by)
    if objection is not None:
        return NotAllowedError(objection)
    if tick.digest is not None and tick.digest != request.digest:
        return RequestChangedError()
    return None


def _complete(shown: Content, tick: VoteCast) -> tuple[str, Any]:
    """Outcome and answer; of a request with `choices` alone either gives the other."""
    schema = shown["schema"] or {}
    if not schema.get("x-choices"):
        return tick.outcome or primary(shown["outcomes"]), tick.answer
    if tick.outcome is None:
        return str(tick.answer), tick.answer
    chosen = [choice for choice in schema["enum"] if str(choice) == tick.outcome]
    return tick.outcome, chosen[0] if chosen else tick.answer


def _check_answer(shown: Content, outcome: str, answer: Any, reason: str) -> None:
    """Raise InvalidResponseError naming all that does not fit, each with its path."""
    problems: Problems = []
    if shown["schema"] is not None:
        found = find_errors(shown["schema"], answer)
        problems += [(error.path, error.message) for error in found]
    offered = {o["key"]: o for o in shown["outcomes"]}
    if outcome not in offered and not problems:
        names = ", ".join(offered)
        problems.append((("outcome",), f"Choose one of: {names}."))
    elif outcome in offered and offered[outcome]["needs_reason"] and not reason.strip():
        problems.append((("reason",), "Please give a reason."))
    if problems:
        raise InvalidResponseError(problems)


def _reject(work: Reduction, tick: VoteCast, error: InvalidResponseError) -> None:
    work.publish(
        "input_rejected",
        body={"request_id": tick.request_id, "errors": [m for _, m in error.errors]},
        actor=_actor(tick),
        door=tick.door,
    )
    work.commands.append(Refuse(error))


def _accept(
    work: Reduction, request: Request, tick: VoteCast, outcome: str, answer: str
) -> None:
    work.commands.append(
        RecordResponse(
            request.request_id,
            tick.responder,
            tick.door,
            outcome,
            answer,
            tick.reason,
            tick.idempotency_key,
        )
    )
    work.close(request, "answered")
    decision = (
        f'"request_id":{quoted(request.request_id)},"response":{answer},'
        f'"outcome":{quoted(outcome)},"reason":{values.dump(tick.reason)},'
        f'"responder":{quoted(tick.responder.name)},"door":{quoted(tick.door)}'
    )
    work.publish(
        "input_received",
        text=f"{{{decision}}}",
        step=request.step,
        actor=_actor(tick),
        door=tick.door,
    )
    body = f'{{{decision},"request":{request.shown}}}'
    work.deliver(_response(request, body, answer), source=request.step)


def _response(request: Request, body: str, answer: str) -> EventRecord:
    """The event of the answer; a type of the author's own gets the answer's fields."""
    kind, bases = request.respond_as or RESPONSE
    if kind == RESPONSE[0] or RESPONSE[0] in bases:
        return EventRecord(kind, bases, body)
    return EventRecord(kind, bases, answer if answer.startswith("{") else "{}")


def expire(work: Reduction, tick: RequestDue) -> None:
    """Close a request whose time is over; without `on_expire` the run fails."""
    request = work.state.requests.get(tick.request_id)
    if request is None or not _is_due(work, request):
        return
    work.close(request, "expired")
    work.publish(
        "input_expired",
        body={"request_id": request.request_id},
        step=request.step,
        actor=Actor("deadline", "deadline"),
    )
    if request.on_expire is not None:
        work.deliver(request.on_expire, source=request.step)
    else:
        work.fail(_timeout(request))


def _is_due(work: Reduction, request: Request) -> bool:
    """Time does not run out while an operator holds the run."""
    due = request.expires_at
    return due is not None and due <= work.at and not work.state.paused


def _timeout(request: Request) -> dict[str, Any]:
    return {
        "type": "TimeoutError",
        "scope": "request",
        "request_id": request.request_id,
        "step_name": request.step,
        "limit_seconds": request.expires_in,
        "message": f"Nobody answered {request.request_id!r} "
        f"within {request.expires_in:g} s.",
    }


def _actor(tick: VoteCast) -> Actor:
    return Actor(tick.responder.kind, tick.responder.name)
