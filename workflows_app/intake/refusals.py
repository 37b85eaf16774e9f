"""What is refused at this door, and how its sender is told: one form for all."""

from dataclasses import dataclass
from typing import Any

from workflows_app.engine import errors as engine
from workflows_app.engine.strict_json import StrictJsonError

from .mapping import MappingError
from .payloads import BadFormError

COME_BACK = 30
"""Seconds after which a sender may try again what nobody can do just now."""


class RefusedError(Exception):
    """Nothing comes of a message, for a reason of this door's own."""

    def __str__(self) -> str:
        return super().__str__() or str(self.__doc__)


class WorkflowUnavailableError(RefusedError):
    """No worker has offered the workflow of this source yet."""


class SourceNotReadyError(RefusedError):
    """The mapping of this source cannot be used; its operator must mend it."""


class NothingFoundError(RefusedError):
    """There is no such run or request for this source."""


class SeveralFoundError(RefusedError):
    """Several runs or requests could be meant, so none is."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reply that says no: its status, a code for programs, a sentence for people."""

    status: int
    code: str
    message: str
    retry_after: int | None = None

    @property
    def content(self) -> dict[str, Any]:
        return {"error": {"code": self.code, "message": self.message}}


TABLE: dict[type[Exception], tuple[int, str]] = {
    StrictJsonError: (400, "bad_json"),
    BadFormError: (400, "bad_form"),
    MappingError: (400, "invalid_input"),
    engine.ValidationError: (400, "invalid_input"),
    engine.SerializationError: (400, "not_storable"),
    engine.NoHandlerError: (400, "invalid_input"),
    NothingFoundError: (404, "not_found"),
    engine.RunNotFoundError: (404, "not_found"),
    engine.UnknownRequestError: (404, "not_found"),
    SeveralFoundError: (409, "ambiguous"),
    engine.AlreadyAnsweredError: (409, "already_answered"),
    engine.RunFinishedError: (409, "run_finished"),
    engine.RequestExpiredError: (410, "request_expired"),
    engine.InvalidResponseError: (422, "invalid_response"),
    SourceNotReadyError: (503, "source_not_ready"),
    WorkflowUnavailableError: (503, "workflow_unavailable"),
}
"""The same codes as the JSON API has for the same errors."""

REFUSED = tuple(TABLE)


def refusal_of(error: Exception) -> Refusal:
    status, code = next(told for kind, told in TABLE.items() if isinstance(error, kind))
    late = COME_BACK if status == 503 else None  # noqa: PLR2004 - service unavailable
    return Refusal(status, code, str(error), late)
