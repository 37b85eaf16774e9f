"""What became of a run: its result, or its error as the exception that it was."""

from collections.abc import Callable, Mapping
from typing import Any

from workflows_app.engine import values
from workflows_app.engine.errors import (
    DuplicateRequestError,
    EngineError,
    NoHandlerError,
    NotFinishedError,
    RunAbortedError,
    SerializationError,
    StalledError,
    StateConflictError,
    StepFailedError,
    StepLostError,
    TimeoutError,  # noqa: A004 - engine.md's name
)
from workflows_app.models import Run

Stored = Mapping[str, Any]


def result_of(run: Run) -> Any:
    """The result of a completed run; raises its error, or NotFinishedError."""
    if run.status == Run.Status.COMPLETED:
        return values.load(run.result or "null")
    if not run.is_finished:
        raise NotFinishedError
    raise error_of(run)


def error_of(run: Run) -> EngineError:
    """The error of a run as the exception that it was, from its stored fields."""
    error = _rebuilt(values.load(run.error or "{}"))
    if isinstance(error, TimeoutError):
        error.run_id = str(run.pk)
    return error


def _rebuilt(stored: Stored) -> EngineError:
    """With what it came from: the error of a run that did the step, or the engine's."""
    error = _REBUILD.get(str(stored.get("type")), _as_it_is)(stored)
    cause = stored.get("cause")
    if isinstance(cause, Mapping):
        error.__cause__ = _rebuilt(cause)
    elif isinstance(error, StepFailedError) and error.error_type in _OF_THE_ENGINE:
        error.__cause__ = _OF_THE_ENGINE[error.error_type](error.message)
    return error


def _as_it_is(stored: Stored) -> EngineError:
    return EngineError(stored.get("message", ""))


def _timeout(stored: Stored) -> EngineError:
    return TimeoutError(**{"message": "", **_without_type(stored)})


def _without_type(stored: Stored) -> dict[str, Any]:
    return {key: value for key, value in stored.items() if key not in {"type", "cause"}}


def _step_failed(stored: Stored) -> EngineError:
    return StepFailedError(
        stored["step_name"],
        stored["attempt"],
        stored["error_type"],
        stored.get("message", ""),
        stored.get("traceback", ""),
    )


def _aborted(stored: Stored) -> EngineError:
    return RunAbortedError(
        stored.get("reason", ""), stored.get("actor", ""), stored.get("message", "")
    )


def _stalled(stored: Stored) -> EngineError:
    return StalledError(stored.get("message", ""), stored.get("step_name", ""))


def _lost(stored: Stored) -> EngineError:
    return StepLostError(stored.get("message", ""), stored.get("step_name", ""))


_REBUILD: Mapping[str, Callable[[Stored], EngineError]] = {
    "TimeoutError": _timeout,
    "StepFailedError": _step_failed,
    "RunAbortedError": _aborted,
    "StalledError": _stalled,
    "StepLostError": _lost,
}

_OF_THE_ENGINE: Mapping[str, Callable[[str], EngineError]] = {
    "DuplicateRequestError": DuplicateRequestError,
    "NoHandlerError": NoHandlerError,
    "SerializationError": SerializationError,
    "StateConflictError": StateConflictError,
}
"""What the engine itself objects to in what a step did."""
