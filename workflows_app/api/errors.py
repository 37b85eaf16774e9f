"""What goes wrong, in the API's one form: a code for programs, a sentence for people."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError
from ninja.errors import ValidationError as NotAsDescribedError
from pydantic import BaseModel, Field

from workflows_app.engine import errors as engine
from workflows_app.engine.strict_json import StrictJsonError

from .json_reply import json_reply


class Problem(BaseModel):
    """One of several things that are wrong with what was sent."""

    path: list[str | int]
    message: str


class ErrorBody(BaseModel):
    """What went wrong. `code` never changes, `message` may; `path` is the first place."""

    code: str
    message: str
    path: list[str | int] | None = None
    details: Any = Field(
        default=None,
        description="More, by code: all problems, or who was first and when.",
    )


class ErrorReply(BaseModel):
    """The one form of every error."""

    error: ErrorBody


class ApiError(Exception):
    """A request is refused here, before any verb is called."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = ErrorBody(code=code, message=message, **more)
        self.headers = headers or {}


KEY_REUSED = "idempotency_key_reused"
NOT_FOUND = "There is nothing of this name here, or not for you."


def not_found() -> ApiError:
    """The same words for what is not there and for what is not the caller's."""
    return ApiError(404, "not_found", NOT_FOUND)


def refused(error: ApiError) -> HttpResponse:
    reply = {"error": error.body.model_dump(exclude_none=True)}
    response = json_reply(reply, error.status)
    for name, value in error.headers.items():
        response[name] = value
    return response


def key_reused() -> ApiError:
    message = "This idempotency key was used for something else."
    return ApiError(409, KEY_REUSED, message)


def _as_api_error(error: Exception) -> ApiError:
    status, code, describe = next(
        row for kind, row in TABLE.items() if isinstance(error, kind)
    )
    return ApiError(status, code, str(error), **describe(error))


def _plain(_: Any) -> dict[str, Any]:
    return {}


def _already(error: engine.AlreadyAnsweredError) -> dict[str, Any]:
    """The standing answer: who, when, and what."""
    standing = {
        "responder": error.responder,
        "at": datetime.fromtimestamp(error.at, UTC),
        "outcome": error.outcome,
        "response": error.answer,
    }
    return {"details": standing}


def _claimed(error: engine.ClaimedError) -> dict[str, Any]:
    return {"details": {"owner": error.owner or None, "until": error.until}}


def _finished(error: engine.RunFinishedError) -> dict[str, Any]:
    return {"details": {"status": error.status}}


def _misfits(error: engine.InvalidResponseError) -> dict[str, Any]:
    found = [{"path": list(path), "message": text} for path, text in error.errors]
    return {"path": found[0]["path"] if found else None, "details": found}


def _misstated(error: engine.ValidationError) -> dict[str, Any]:
    return {"details": [{"path": [], "message": text} for text in error.errors]}


def _unstorable(error: engine.SerializationError) -> dict[str, Any]:
    return {"path": [error.path]} if error.path else {}


def _kept_objects(error: engine.SessionNotEmptyError) -> dict[str, Any]:
    return {"details": {"keys": error.keys}}


Describe = Callable[[Any], dict[str, Any]]

TABLE: Mapping[type[Exception], tuple[int, str, Describe]] = {
    engine.RunNotFoundError: (404, "not_found", _plain),
    engine.UnknownRequestError: (404, "not_found", _plain),
    engine.WorkerNotFoundError: (404, "not_found", _plain),
    engine.WorkerStoppedError: (409, "worker_stopped", _plain),
    engine.AlreadyAnsweredError: (409, "already_answered", _already),
    engine.RequestChangedError: (409, "request_changed", _plain),
    engine.ClaimedError: (409, "claimed", _claimed),
    engine.RunFinishedError: (409, "run_finished", _finished),
    engine.StaleSnapshotError: (409, "stale_snapshot", _plain),
    engine.IncompatibleSnapshotError: (409, "incompatible_snapshot", _plain),
    engine.SessionNotEmptyError: (409, "session_not_empty", _kept_objects),
    engine.RequestExpiredError: (410, "request_expired", _plain),
    engine.NotAllowedError: (403, "not_allowed", _plain),
    engine.InvalidResponseError: (422, "invalid_response", _misfits),
    engine.NoHandlerError: (422, "no_handler", _plain),
    engine.SnapshotFormatError: (400, "snapshot_format", _plain),
    engine.SnapshotVersionError: (400, "snapshot_version", _plain),
    engine.SerializationError: (400, "not_storable", _unstorable),
    engine.ValidationError: (400, "invalid_input", _misstated),
}
"""What each refusal of the engine means here: status, code, and what more is told."""


def handle_errors(api: NinjaAPI) -> None:
    """Let an API say everything that goes wrong in the one form."""

    def by_table(_: HttpRequest, error: Any) -> HttpResponse:
        return refused(_as_api_error(error))

    for kind in TABLE:
        api.add_exception_handler(kind, by_table)
    api.add_exception_handler(engine.KeyReusedError, lambda *_: refused(key_reused()))
    api.add_exception_handler(ApiError, _refused_here)
    api.add_exception_handler(ObjectDoesNotExist, lambda *_: refused(not_found()))
    api.add_exception_handler(NotAsDescribedError, _not_as_described)
    api.add_exception_handler(HttpError, _bad_body)
    api.add_exception_handler(AuthenticationError, _no_token)
    api.add_exception_handler(RequestDataTooBig, _too_large)


def _refused_here(_: HttpRequest, error: Any) -> HttpResponse:
    return refused(error)


def _not_as_described(_: HttpRequest, error: Any) -> HttpResponse:
    """All that does not fit the description, each with its place."""
    found = [
        {"path": _place(problem["loc"]), "message": problem["msg"]}
        for problem in error.errors
    ]
    first = found[0]
    where = ".".join(map(str, first["path"])) or "body"
    message = f"{where}: {first['message']}"
    return refused(
        ApiError(400, "invalid_input", message, path=first["path"], details=found)
    )


def _place(location: tuple[str | int, ...]) -> list[str | int]:
    """Where it is in what was sent; the name of our own argument is nobody's business."""
    source, *rest = location
    return rest[1:] if source == "body" else rest


def _bad_body(_: HttpRequest, error: Any) -> HttpResponse:
    cause = error.__cause__
    if isinstance(cause, ApiError):
        return refused(cause)
    if isinstance(cause, StrictJsonError):
        return refused(ApiError(400, "bad_json", str(cause)))
    return refused(ApiError(error.status_code, "bad_request", str(error)))


def _no_token(*_: Any) -> HttpResponse:
    return refused(unauthorized("Send a token: Authorization: Bearer hp_…", "Bearer"))


def unauthorized(message: str, challenge: str) -> ApiError:
    return ApiError(
        401, "unauthorized", message, headers={"WWW-Authenticate": challenge}
    )


def _too_large(*_: Any) -> HttpResponse:
    return refused(ApiError(413, "too_large", "The body is larger than is taken here."))
