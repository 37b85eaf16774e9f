"""The verbs: everything that somebody may want of a run, whatever door he came by."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User

from workflows_app import access
from workflows_app.engine import values
from workflows_app.engine.commands import RecordResponse
from workflows_app.engine.emission import check_name
from workflows_app.engine.errors import (
    AlreadyAnsweredError,
    EngineError,
    NotFinishedError,
    RequestExpiredError,
    RunAbortedError,
    RunFinishedError,
    RunNotFoundError,
    StalledError,
    StepFailedError,
    StepLostError,
    TimeoutError,  # noqa: A004 - engine.md's name
    UnknownRequestError,
)
from workflows_app.engine.policy import PROGRAM
from workflows_app.engine.snapshot import Snapshot
from workflows_app.engine.ticks import Aborted, Paused, Resumed, VoteCast
from workflows_app.models import InputRequest, InputResponse, Run

from . import snapshots
from .transition import Applied, apply


@dataclass(frozen=True, slots=True)
class InputReceipt:
    """The answer is recorded; `duplicate` when it had been before."""

    request_id: str
    outcome: str
    responder: str
    at: float
    accepted: bool = True
    duplicate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What somebody answers, and how: the same from every door."""

    value: Any = None
    outcome: str | None = None
    reason: str = ""
    user: User | None = None
    door: str = "python"
    digest: str | None = None
    idempotency_key: str | None = None


class Handler:
    """The handle to a run, for synchronous code in any process."""

    def __init__(self, run_id: UUID | str) -> None:
        try:
            self.run_id = UUID(str(run_id))
        except ValueError as error:
            raise RunNotFoundError(f"There is no run {run_id!r}.") from error

    def respond(self, request_id: str, answer: Answer) -> InputReceipt:
        """Answer a request: checked once, recorded once.

        Raises UnknownRequestError, AlreadyAnsweredError, RequestExpiredError,
        RequestChangedError, RunFinishedError, NotAllowedError or
        InvalidResponseError; then nothing has changed.
        """
        if not request_id.isprintable():
            raise UnknownRequestError
        if answer.idempotency_key:
            check_name(answer.idempotency_key, "idempotency key")
        tick = VoteCast(
            request_id,
            answer.value,
            outcome=answer.outcome,
            reason=answer.reason,
            responder=access.responder(answer.user) if answer.user else PROGRAM,
            door=answer.door,
            digest=answer.digest,
            idempotency_key=answer.idempotency_key,
        )
        try:
            return _receipt_of(apply(self.run_id, tick))
        except (UnknownRequestError, RunFinishedError) as refusal:
            return self._explain(tick, refusal)

    def pause(self, *, actor: str = "program", reason: str = "") -> bool:
        """Start nothing new. True when nothing is running any more already."""
        applied = apply(self.run_id, Paused(actor, reason))
        return not applied.state.running

    def resume_in_place(self, *, actor: str = "program") -> Applied:
        return apply(self.run_id, Resumed(actor))

    def abort(self, *, actor: str = "program", reason: str = "") -> Applied:
        return apply(self.run_id, Aborted(actor, reason))

    def snapshot(self) -> Snapshot:
        """The run as it is now, in one piece, to be taken anywhere."""
        return snapshots.take(self.run_id)

    def run(self) -> Run:
        run = Run.objects.filter(pk=self.run_id).first()
        if run is None:
            raise RunNotFoundError(f"There is no run {self.run_id}.")
        return run

    def result(self) -> Any:
        """The result of a completed run; raises what the run failed with."""
        return result_of(self.run())

    def pending_requests(self) -> list[InputRequest]:
        return list(InputRequest.objects.filter(run_id=self.run_id, status="open"))

    def _response(self, request_id: str) -> InputResponse:
        return InputResponse.objects.get(
            run_id=self.run_id, request__request_id=request_id
        )

    def _explain(self, tick: VoteCast, refusal: EngineError) -> InputReceipt:
        """Why a request that is not open took no answer; closed ones never reopen."""
        request = InputRequest.objects.filter(
            run_id=self.run_id, request_id=tick.request_id
        ).first()
        if request is None:
            raise refusal
        if request.status == InputRequest.Status.EXPIRED:
            raise RequestExpiredError
        if request.status == InputRequest.Status.WITHDRAWN:
            raise RunFinishedError(self.run().status)
        return _as_duplicate(self._response(tick.request_id), tick)


def _as_duplicate(standing: InputResponse, tick: VoteCast) -> InputReceipt:
    """The original receipt for whoever sends the same again; a refusal for others."""
    same_key = bool(tick.idempotency_key) and (
        standing.idempotency_key == tick.idempotency_key
    )
    same_answer = standing.responder == tick.responder.name and (
        standing.outcome == (tick.outcome or standing.outcome)
        and (_says_outcome_only(tick) or standing.answer == values.dump(tick.answer))
    )
    if same_key or same_answer:
        return _duplicate_of(standing)
    raise AlreadyAnsweredError(
        standing.responder, standing.at.timestamp(), standing.outcome, standing.value
    )


def _says_outcome_only(tick: VoteCast) -> bool:
    """Whether the choice was told by its outcome alone, as a button does."""
    return tick.answer is None and tick.outcome is not None


def _receipt_of(applied: Applied) -> InputReceipt:
    """Told from what was written, without reading it back."""
    recorded = next(c for c in applied.commands if isinstance(c, RecordResponse))
    return InputReceipt(
        request_id=recorded.request_id,
        outcome=recorded.outcome,
        responder=recorded.responder.name,
        at=applied.at,
    )


def _duplicate_of(standing: InputResponse) -> InputReceipt:
    return InputReceipt(
        request_id=standing.request.request_id,
        outcome=standing.outcome,
        responder=standing.responder,
        at=standing.at.timestamp(),
        duplicate=True,
    )


def result_of(run: Run) -> Any:
    """The result of a completed run; raises its error, or NotFinishedError."""
    if run.status == Run.Status.COMPLETED:
        return values.load(run.result or "null")
    if not run.is_finished:
        raise NotFinishedError
    raise error_of(run)


def error_of(run: Run) -> EngineError:
    """The error of a run as the exception that it was, from its stored fields."""
    stored: dict[str, Any] = values.load(run.error or "{}")
    message = stored.get("message", "")
    kind = stored.get("type")
    if kind == "TimeoutError":
        detail = {key: value for key, value in stored.items() if key != "message"}
        return TimeoutError(message, **detail, run_id=str(run.pk))
    if kind == "StepFailedError":
        return StepFailedError(
            stored["step_name"], stored["attempt"], stored["error_type"], message
        )
    return _BY_NAME.get(str(kind), EngineError)(message)


_BY_NAME: dict[str, type[EngineError]] = {
    error.__name__: error for error in (RunAbortedError, StalledError, StepLostError)
}
