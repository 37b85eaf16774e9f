"""Everything that can go wrong with a workflow, one class each, one sentence each."""

import builtins
from collections.abc import Sequence
from datetime import datetime
from typing import Any


class EngineError(Exception):
    """Something about a workflow or one of its runs is not as it must be."""

    def __str__(self) -> str:
        return super().__str__() or (self.__doc__ or "").strip()


class ValidationError(EngineError, ValueError):
    """The workflow, or the input of a run, is not valid."""

    def __init__(self, errors: str | Sequence[str]) -> None:
        self.errors = [errors] if isinstance(errors, str) else list(errors)
        super().__init__("; ".join(self.errors))


class KeyReusedError(ValidationError):
    """The idempotency key was used before, for something else."""


class SerializationError(EngineError, TypeError):
    """A value cannot be stored as exact JSON."""

    def __init__(self, message: str = "", path: str = "") -> None:
        self.path = path
        super().__init__(message)


class StepFailedError(EngineError):
    """A step raised an exception, and the run failed with it.

    `error_type` is the exception's qualified name, `traceback` its text; raised in the
    process of the step, the exception itself is the `__cause__`.
    """

    def __init__(
        self,
        step_name: str,
        attempt: int,
        error_type: str,
        message: str,
        traceback: str = "",
    ) -> None:
        self.step_name = step_name
        self.attempt = attempt
        self.error_type = error_type
        self.message = message
        self.traceback = traceback
        super().__init__(
            f"Step {step_name!r} failed in attempt {attempt}: {error_type}: {message}"
        )


class TimeoutError(EngineError, builtins.TimeoutError):  # noqa: A001 - engine.md's name
    """A step, a run or a request took longer than its limit."""

    def __init__(self, message: str = "", **detail: Any) -> None:
        self.scope: str = detail.get("scope", "step")
        self.run_id: str | None = detail.get("run_id")
        self.step_name: str | None = detail.get("step_name")
        self.attempt: int | None = detail.get("attempt")
        self.limit_seconds: float | None = detail.get("limit_seconds")
        self.elapsed_seconds: float | None = detail.get("elapsed_seconds")
        self.active_steps: list[str] = detail.get("active_steps", [])
        self.request_id: str | None = detail.get("request_id")
        super().__init__(message)


class NoHandlerError(EngineError):
    """A step emitted an event that no step accepts."""

    def __init__(
        self, message: str = "", step_name: str = "", event_type: str = ""
    ) -> None:
        self.step_name = step_name
        self.event_type = event_type
        super().__init__(message)


class StalledError(EngineError):
    """Nothing is left to do, and no StopEvent came."""

    def __init__(self, message: str = "", step_name: str = "") -> None:
        self.step_name = step_name
        super().__init__(message)


class StepLostError(EngineError):
    """The worker of a step was lost again and again."""

    def __init__(self, message: str = "", step_name: str = "") -> None:
        self.step_name = step_name
        super().__init__(message)


class StateConflictError(EngineError):
    """Another step changed the same state key again and again."""

    def __init__(self, message: str = "", keys: Sequence[str] = ()) -> None:
        self.keys = list(keys)
        super().__init__(message)


class RunAbortedError(EngineError):
    """The run was aborted: by whom, and why if he said it."""

    def __init__(self, reason: str = "", actor: str = "", message: str = "") -> None:
        self.reason = reason
        self.actor = actor
        by = f" by {actor}" if actor else ""
        why = f": {reason}" if reason else "."
        super().__init__(message or f"The run was aborted{by}{why}")


class RunFinishedError(EngineError):
    """The run has ended, so this is no longer possible."""

    def __init__(self, status: str) -> None:
        self.status = status
        super().__init__(f"The run is {status}; nothing can be done with it any more.")


class RunNotFoundError(EngineError, LookupError):
    """There is no such run."""


class NotFinishedError(EngineError):
    """The run has not ended yet."""


class UnknownRequestError(EngineError, LookupError):
    """The run has no input request of this id."""


class AlreadyAnsweredError(EngineError):
    """Somebody else answered this input request first."""

    def __init__(
        self, responder: str, at: float, outcome: str | None, answer: Any
    ) -> None:
        self.responder = responder
        self.at = at
        self.outcome = outcome
        self.answer = answer
        super().__init__(f"{responder} has already answered this request.")


class RequestExpiredError(EngineError):
    """The input request ran out of time before this answer."""


class RequestChangedError(EngineError):
    """What is asked is not what this answer was given to."""


class NotAllowedError(EngineError):
    """The policy of the input request does not let this person answer."""


class ClaimedError(EngineError):
    """Somebody else holds the input request, or nobody does and somebody must."""

    def __init__(self, owner: str = "", until: datetime | None = None) -> None:
        self.owner = owner
        self.until = until
        held = f"{owner} holds this request until {until:%H:%M} UTC." if until else ""
        super().__init__(held or "Claim this request before you answer it.")


class LinkOverError(EngineError):
    """The link does not answer anything any more."""


class InvalidResponseError(EngineError):
    """The answer does not fit what was asked."""

    def __init__(self, errors: Sequence[tuple[tuple[str | int, ...], str]]) -> None:
        self.errors = list(errors)
        super().__init__("; ".join(message for _, message in self.errors))


class DuplicateRequestError(EngineError):
    """The run tree has had an input request of this id before."""

    def __init__(self, message: str = "", request_id: str = "") -> None:
        self.request_id = request_id
        super().__init__(message)


class SnapshotFormatError(EngineError, ValueError):
    """What was given is not a snapshot that can be read."""


class SnapshotVersionError(EngineError):
    """The snapshot was made by a newer version of Holdpoint."""


class IncompatibleSnapshotError(EngineError):
    """The snapshot needs a workflow or a step that is not here."""


class StaleSnapshotError(EngineError):
    """The run has gone on since this snapshot was taken."""


class SessionNotEmptyError(EngineError):
    """The run holds session objects, which no snapshot can take along."""

    def __init__(self, keys: Sequence[str]) -> None:
        self.keys = sorted(keys)
        names = ", ".join(self.keys)
        super().__init__(f"The session holds {names}, which no snapshot can take.")


class SessionValueLost(EngineError, LookupError):  # noqa: N818 - engine.md's name
    """A session object was set in this run, but is not in this process."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(
            f"The session object {key!r} was set by this run, "
            "but it is not in this process any more."
        )


class WorkerNotFoundError(EngineError, LookupError):
    """There is no such worker."""


class WorkerStoppedError(EngineError):
    """The worker has stopped."""
