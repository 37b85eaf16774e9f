"""Deciding several requests at once: never with more rights than one after the other."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.models import User

from workflows_app import access
from workflows_app.engine.errors import AlreadyAnsweredError, EngineError
from workflows_app.engine.policy import BROWSER, ReviewPolicy
from workflows_app.engine.schema import find_errors
from workflows_app.models import InputRequest
from workflows_app.runtime.handler import Answer, Handler
from workflows_app.shown.visible import visible

MOST = 100
TYPED_FROM = 10
"""From so many on, their number must be typed: a slip would be a large one."""

Problems = dict[UUID, str]
Outcome = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Decision:
    """One outcome and one reason for several requests. All have the batch in their key."""

    outcome: str
    reason: str = ""
    batch: str = ""
    undo: float = 0.0


@dataclass(frozen=True, slots=True)
class Offer:
    """What can be decided together of some requests, or why nothing can."""

    outcomes: list[Outcome]
    objection: str = ""

    def find(self, key: str) -> Outcome | None:
        return next((each for each in self.outcomes if each["key"] == key), None)


def chosen(user: User, pks: Sequence[UUID]) -> list[InputRequest]:
    """The requests that somebody has chosen, as far as he may see them, in his order."""
    found = access.visible_requests(user).in_bulk(pks[: MOST + 1])
    return [found[pk] for pk in dict.fromkeys(pks) if pk in found]


def offer(requests: Sequence[InputRequest]) -> Offer:
    """Only requests that ask the very same thing, need no input and no second thought."""
    objection = _find_objection(requests)
    if objection:
        return Offer([], objection)
    outcomes = [o for o in requests[0].content["outcomes"] if not o.get("confirm")]
    return Offer(outcomes, "" if outcomes else "Each must be confirmed by itself.")


def decide(
    user: User, requests: Sequence[InputRequest], decision: Decision
) -> Problems:
    """Answer each by itself; what did not work, with the reason."""

    def answer(asked: InputRequest) -> None:
        Handler(asked.run_id).respond(asked.request_id, _answer(user, asked, decision))

    return attempt_each(requests, answer)


def attempt_each(
    requests: Iterable[InputRequest], act: Callable[[InputRequest], object]
) -> Problems:
    """Do it with each; one that cannot be does not hold the others up."""
    problems = {}
    for asked in requests:
        try:
            act(asked)
        except EngineError as refusal:
            problems[asked.pk] = _words(refusal)
    return problems


def batch(sent: str) -> str:
    """What the decisions have in common: as the page has it, or a new one."""
    try:
        return UUID(sent).hex
    except ValueError:
        return uuid4().hex


def _find_objection(requests: Sequence[InputRequest]) -> str:
    if not requests:
        return "Choose requests first."
    if len(requests) > MOST:
        return f"At most {MOST} at once."
    contents = [asked.content for asked in requests]
    for asked, content in zip(requests, contents, strict=True):
        if not ReviewPolicy.load(asked.policy_rules).bulk:
            return f"“{_short(asked)}” may only be decided by itself."
        if not _is_complete(content):
            return f"“{_short(asked)}” has fields to be filled in."
    kinds = {_kind(*pair) for pair in zip(requests, contents, strict=True)}
    return "" if len(kinds) == 1 else "They do not all ask the same thing."


def _kind(asked: InputRequest, content: Mapping[str, Any]) -> str:
    """Equal for requests of one step that offer the same answers."""
    offered = [content["schema"], content["outcomes"]]
    return json.dumps([asked.workflow, asked.step, offered], sort_keys=True)


def _is_complete(content: Mapping[str, Any]) -> bool:
    """Whether the answer that is proposed could be sent as it is."""
    schema = content["schema"]
    if schema is None or schema.get("x-choices"):
        return True
    return not find_errors(schema, _value(content))


def _value(content: Mapping[str, Any]) -> Any:
    """What is proposed; a form without a proposal that needs nothing sends no fields."""
    schema, proposed = content["schema"], content["proposed"]
    if schema is None or schema.get("x-choices"):
        return None
    return {} if proposed is None and schema.get("type") == "object" else proposed


def _answer(user: User, asked: InputRequest, decision: Decision) -> Answer:
    return Answer(
        value=_value(asked.content),
        outcome=decision.outcome,
        reason=decision.reason,
        user=user,
        door=BROWSER,
        digest=asked.digest,
        idempotency_key=f"{decision.batch}:{asked.pk}",
        undo=decision.undo,
    )


def _words(refusal: EngineError) -> str:
    if isinstance(refusal, AlreadyAnsweredError):
        return f"{refusal.responder} has decided this already: {refusal.outcome}."
    return str(refusal)


def _short(asked: InputRequest) -> str:
    subject = visible(asked.subject)
    return subject if len(subject) <= 60 else f"{subject[:59]}…"  # noqa: PLR2004
