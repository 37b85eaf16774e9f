"""What an answer does to a run: a vote, perhaps a decision, and then an event."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from workflows_app.engine import values
from workflows_app.engine.commands import (
    Actor,
    MoveRequest,
    RecordVote,
    Refuse,
)
from workflows_app.engine.errors import (
    AlreadyAnsweredError,
    EngineError,
    InvalidResponseError,
    NotAllowedError,
    RequestChangedError,
    RunFinishedError,
    SerializationError,
    UnknownRequestError,
)
from workflows_app.engine.policy import (
    SUBMIT,
    Responder,
    ReviewPolicy,
    find_objection,
    needed,
    primary,
    undo_seconds,
)
from workflows_app.engine.schema import find_errors
from workflows_app.engine.state import Decision, EventRecord, Request, Vote
from workflows_app.engine.ticks import VoteCast

from .reduction import RESPONSE, Reduction, quoted

Content = Mapping[str, Any]
Problems = list[tuple[tuple[str | int, ...], str]]


def cast_vote(work: Reduction, tick: VoteCast) -> None:
    """Take an answer: once, by somebody who may, if it fits what was asked."""
    error = try_vote(work, work.state.requests.get(tick.request_id), tick)
    if error is not None:
        work.commands.append(Refuse(error))


def try_vote(
    work: Reduction, request: Request | None, tick: VoteCast
) -> EngineError | None:
    """Take the answer, or say why not."""
    objection = _find_refusal(work, request, tick)
    if objection is not None or request is None:
        return objection or UnknownRequestError()
    outcome, given = complete(request.content, tick.outcome, tick.answer)
    try:
        _check_answer(request.content, outcome, given, tick.reason)
        answer = values.dump(given)
    except InvalidResponseError as error:
        _reject(work, tick, error)
        return error
    except SerializationError as error:
        return error
    _accept(work, request, make_vote(work, tick, outcome, answer), tick.undo)
    return None


def _find_refusal(
    work: Reduction, request: Request | None, tick: VoteCast
) -> EngineError | None:
    state = work.state
    if state.is_finished:
        return RunFinishedError(state.status)
    if request is None:
        return UnknownRequestError(f"The run asks nothing called {tick.request_id!r}.")
    standing = _standing(request, tick.responder)
    if standing is not None:
        return already(standing)
    objection = objection_to(work, request, tick.responder)
    if objection is not None:
        return NotAllowedError(objection)
    if tick.digest is not None and tick.digest != request.digest:
        return RequestChangedError()
    return None


def objection_to(work: Reduction, request: Request, who: Responder) -> str | None:
    """Why this responder may not answer this request of the run."""
    policy = ReviewPolicy.load(request.policy)
    return find_objection(policy, who, work.state.started_by)


def _standing(request: Request, who: Responder) -> Vote | None:
    """The vote that has decided, or this responder's own: neither can be changed."""
    if request.decision is not None:
        return request.decision.vote
    return find_vote(request, who)


def find_vote(request: Request, who: Responder) -> Vote | None:
    mine = [v for v in request.votes if (v.kind, v.name) == (who.kind, who.name)]
    return mine[0] if mine else None


def already(vote: Vote) -> AlreadyAnsweredError:
    return AlreadyAnsweredError(
        vote.name, vote.at, vote.outcome, values.load(vote.answer)
    )


def make_vote(work: Reduction, tick: VoteCast, outcome: str, answer: str) -> Vote:
    return Vote(
        kind=tick.responder.kind,
        name=tick.responder.name,
        door=tick.door,
        outcome=outcome,
        answer=answer,
        reason=tick.reason,
        key=tick.idempotency_key or "",
        at=work.at,
    )


def complete(shown: Content, outcome: str | None, answer: Any) -> tuple[str, Any]:
    """Outcome and answer; of a request with `choices` alone either gives the other."""
    schema = shown["schema"] or {}
    if not schema.get("x-choices"):
        return outcome or primary(shown["outcomes"]), answer
    if outcome is None:
        return str(answer), answer
    chosen = [choice for choice in schema["enum"] if str(choice) == outcome]
    return outcome, chosen[0] if chosen else answer


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
        actor=Actor(tick.responder.kind, tick.responder.name),
        door=tick.door,
    )


def _accept(work: Reduction, request: Request, vote: Vote, undo: float | None) -> None:
    """Count the vote; when enough people agree, it decides."""
    policy = ReviewPolicy.load(request.policy)
    request = replace(request, votes=(*request.votes, vote))
    decides = _is_enough(request, vote.outcome)
    work.commands.append(RecordVote(request.request_id, vote, decides))
    if not decides:
        work.state.requests[request.request_id] = request
        _tell(work, "vote_cast", request, vote)
        return
    seconds = undo_seconds(policy, vote.door, undo)
    if seconds <= 0:
        answer(work, request, vote)
        return
    decided = replace(request, decision=Decision(vote, work.at + seconds))
    work.state.requests[request.request_id] = decided
    work.commands.append(MoveRequest(decided))
    _tell(work, "input_decided", decided, vote)


def is_decided(request: Request) -> bool:
    """Whether the vote that decided is still there, and enough others with it."""
    if request.decision is None or request.decision.vote not in request.votes:
        return False
    return _is_enough(request, request.decision.vote.outcome)


def _is_enough(request: Request, outcome: str) -> bool:
    """Whether so many people have chosen this that it is decided."""
    count = sum(vote.outcome == outcome for vote in request.votes)
    policy = ReviewPolicy.load(request.policy)
    return count >= needed(policy, request.content["outcomes"], outcome)


def _tell(work: Reduction, kind: str, request: Request, vote: Vote) -> None:
    work.publish(
        kind,
        text=f"{{{_told(request, vote)}}}",
        step=request.step,
        actor=Actor(vote.kind, vote.name),
        door=vote.door,
    )


def _told(request: Request, vote: Vote) -> str:
    """The members of a decision's JSON: what the log and the next step are told."""
    votes = [
        {
            "responder": v.name,
            "outcome": v.outcome,
            "reason": v.reason,
            "door": v.door,
            "at": v.at,
        }
        for v in request.votes
    ]
    return (
        f'"request_id":{quoted(request.request_id)},"response":{vote.answer},'
        f'"outcome":{quoted(vote.outcome)},"reason":{values.dump(vote.reason)},'
        f'"responder":{quoted(vote.name)},"door":{quoted(vote.door)},'
        f'"votes":{values.dump(votes)}'
    )


def answer(work: Reduction, request: Request, vote: Vote) -> None:
    """The decision counts now: close the request, and let the run go on with it."""
    work.close(request, "answered")
    _tell(work, "input_received", request, vote)
    told = _told(request, vote)
    if request.purpose == "call":
        _answer_call(work, request, vote)
    elif request.purpose == "loss":
        _answer_loss(work, request, vote)
    elif not work.definition.steps:
        work.finish("completed", result=f"{{{told}}}")
    else:
        body = f'{{{told},"request":{request.shown}}}'
        response = _response(request, body, vote.answer)
        response = replace(
            response, members=request.members, recoveries=request.recoveries
        )
        work.deliver(response, source=request.step)


def _response(request: Request, body: str, answer: str) -> EventRecord:
    """The event of the answer; a type of the author's own gets the answer's fields."""
    kind, bases = request.respond_as or RESPONSE
    if kind == RESPONSE[0] or RESPONSE[0] in bases:
        return EventRecord(kind, bases, body)
    return EventRecord(kind, bases, answer if answer.startswith("{") else "{}")


def _answer_call(work: Reduction, request: Request, vote: Vote) -> None:
    """Let the parked call run again, with the answer that it asked for."""
    call = work.state.calls.get(request.call)
    if call is None:
        return
    content = request.content
    chose = content["schema"] is None and content["outcomes"] != [SUBMIT.dump()]
    says_outcome = chose and vote.answer == "null"
    text = quoted(vote.outcome) if says_outcome else vote.answer
    remembered = {**call.remembered, f"input:{request.request_id}": text}
    work.change(call, phase="held", remembered=remembered)


def _answer_loss(work: Reduction, request: Request, vote: Vote) -> None:
    """A person has looked whether a lost step had its effect."""
    call = work.state.calls.get(request.call)
    if call is None:
        return
    if vote.outcome == "rerun":
        work.change(call, phase="held")
    else:
        work.end(call)
