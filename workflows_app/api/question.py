"""A question as a program puts it, made into one that can stand before people."""

from typing import Any

from workflows_app.engine.emission import as_request
from workflows_app.engine.errors import EngineError
from workflows_app.engine.events import InputRequestEvent
from workflows_app.engine.policy import Escalation, Outcome, ReviewPolicy
from workflows_app.engine.state import Request

from .errors import ApiError
from .inputs import PolicyGiven, QuestionGiven


def as_asked(given: QuestionGiven) -> Request:
    """What people will see, or an ApiError that says why they cannot."""
    try:
        return as_request(InputRequestEvent(given.request_id, **_options(given)))
    except EngineError:
        raise
    except (TypeError, ValueError) as error:
        raise ApiError(400, "invalid_input", str(error)) from error


def _options(given: QuestionGiven) -> dict[str, Any]:
    names = ("subject", "prompt", "metadata", "display", "proposed", "priority", "tags")
    options = {name: getattr(given, name) for name in names}
    outcomes = [Outcome(**outcome.model_dump()) for outcome in given.outcomes]
    options |= {"outcomes": outcomes} if outcomes else {}
    options |= {"choices": given.choices} if given.choices else {}
    schema = given.answer_schema
    options |= {"schema": schema} if schema is not None else {}
    return {**options, "policy": _policy(given.policy)}


def _policy(given: PolicyGiven) -> ReviewPolicy:
    ladder = [Escalation(step.after, tuple(step.groups)) for step in given.escalate]
    return ReviewPolicy(**{**given.model_dump(), "escalate": ladder})
