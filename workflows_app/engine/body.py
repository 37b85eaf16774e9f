"""One attempt's body: what it gets, and the tick that tells what became of it."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import random
from typing import Any

import pydantic

from . import emission, values
from .context import Attempt, Context, Link, Parked
from .definition import INPUT_HANDLER
from .error_text import error_name, error_texts
from .errors import IncompatibleSnapshotError
from .events import Event, InputRequestEvent, InputResponseEvent
from .input_handler import DECLINE
from .loading import load_event
from .policy import HANDLER
from .retry import RetryAfter
from .run_state import Stored
from .session import Session, Sessions
from .ticks import StepCompleted, StepFailed, StepParked, VoteCast
from .workflow import Workflow

Outcome = StepCompleted | StepFailed | StepParked


@dataclass(frozen=True, slots=True)
class Ended:
    """What a body did: its tick, and the answer of an input handler, if it gave one."""

    tick: Outcome
    vote: VoteCast | None = None


class Body:
    """Runs the code of a step, or the workflow's input handler, once.

    `workflow` is None where there is no code for it: then the attempt fails.
    """

    def __init__(
        self,
        workflow: Workflow | None,
        attempt: Attempt,
        link: Link,
        sessions: Sessions,
    ) -> None:
        self._workflow = workflow
        self._attempt = attempt
        self._call = attempt.start.call
        self._act = _find_code(workflow, self._call.step)
        values_here = sessions.get(attempt.run_id, attempt.start.session_epoch)
        session = Session(values_here, attempt.start.session_keys)
        self.is_async = inspect.iscoroutinefunction(self._act)
        self.context = Context(
            attempt, link, session, self._load, is_async=self.is_async
        )

    def run(self) -> Ended:
        """For a sync body. Whatever it raises is the attempt's failure."""
        try:
            returned = self._begin()
        except BaseException as error:  # noqa: BLE001 - somebody else's code
            return Ended(self._ended_by(error))
        return self._judge(returned)

    async def run_async(self) -> Ended:
        """For an async body, or a sync one where blocking harms nobody."""
        try:
            returned = self._begin()
            if self.is_async:
                returned = await returned
        except GeneratorExit:
            raise
        except BaseException as error:
            if self.context.cancelled() and not isinstance(error, Exception):
                raise  # it was cut, and this is how it stops
            return Ended(self._ended_by(error))
        return self._judge(returned)

    def redo(self, done: StepCompleted, fresh: Mapping[str, Stored]) -> Ended:
        """Make the mutations again, on what the state's keys are by now."""
        try:
            return Ended(replace(done, changes=self.context.state.redo(fresh)))
        except BaseException as error:  # noqa: BLE001 - somebody else's code
            return Ended(self._ended_by(error))

    def failed(self, error: BaseException, *, is_final: bool = False) -> StepFailed:
        """The attempt's failure, told by its exception."""
        failed = failure(self._workflow, self._attempt, error, is_final=is_final)
        return replace(failed, seconds=self.context.worked())

    def _begin(self) -> Any:
        if self._act is None:
            raise IncompatibleSnapshotError("This worker has no code for the step.")
        try:
            given = self._given()
        except Exception as error:
            raise _Misfit from error
        if self._call.step == INPUT_HANDLER:
            return self._act(given)
        return self._act(self.context, given)

    def _given(self) -> Event | list[Event]:
        if self._call.step == INPUT_HANDLER:
            content = values.load(self._call.event.body)
            return InputRequestEvent.from_shown(
                content["request_id"], content["request"]
            )
        if self._call.joined is not None:
            return [self._load(record) for record in self._call.joined]
        return self._load(self._call.event)

    def _load(self, record: Any) -> Event:
        kinds = self._workflow.event_types if self._workflow else {}
        return load_event(kinds, record, self._attempt.run_id)

    def _judge(self, returned: Any) -> Ended:
        """A completion; or, of what cannot be committed, a failure that says why."""
        try:
            if self._call.step == INPUT_HANDLER:
                return Ended(self._completed(), self._vote(returned))
            emitted, fanout = emission.split(returned, self._call.step)
        except Exception as error:  # noqa: BLE001 - made of somebody else's values
            return Ended(self.failed(error, is_final=True))
        done = self._completed()
        everything = (*self.context.sent, *emitted)
        return Ended(replace(done, emitted=everything, fanout=fanout))

    def _completed(self) -> StepCompleted:
        return StepCompleted(
            self._call.number,
            self._call.attempt,
            changes=self.context.state.changes,
            collected=self.context.collected,
            session_keys=self.context.session.keys_set,
            session_removed=self.context.session.keys_removed,
            seconds=self.context.worked(),
        )

    def _vote(self, returned: Any) -> VoteCast | None:
        """The answer that the workflow's input handler gives; None: it declines."""
        if returned is DECLINE:
            return None
        request_id = values.load(self._call.event.body)["request_id"]
        vote = VoteCast(
            request_id,
            returned,
            responder=HANDLER,
            door="input_handler",
            idempotency_key=self.context.idempotency_key,
        )
        if isinstance(returned, InputResponseEvent):
            return replace(
                vote,
                answer=returned.response,
                outcome=returned.outcome,
                reason=returned.reason,
            )
        return vote

    def _ended_by(self, error: BaseException) -> StepFailed | StepParked:
        if isinstance(error, Parked):
            number, attempt = self._call.number, self._call.attempt
            return StepParked(number, attempt, error.key, error.request)
        if isinstance(error, _Misfit) and error.__cause__ is not None:
            return self.failed(error.__cause__, is_final=True)
        return self.failed(error)


def failure(
    workflow: Workflow | None,
    attempt: Attempt,
    error: BaseException,
    *,
    is_final: bool = False,
) -> StepFailed:
    """A failed attempt, told by its exception, and whether another one makes sense."""
    call = attempt.start.call
    retry = workflow.retry_of(call.step) if workflow else None
    wanted = retry is not None and retry.wants(error)
    message, text = error_texts(error)
    return StepFailed(
        call.number,
        call.attempt,
        error_type=error_name(error),
        message=message,
        traceback=text,
        retryable=wanted and not is_final and not _is_misfit(workflow, error),
        delay=error.seconds if isinstance(error, RetryAfter) else None,
        chance=random(),  # noqa: S311 - jitter
    )


def _is_misfit(workflow: Workflow | None, error: BaseException) -> bool:
    """Whether an event of the workflow was made with fields that do not fit."""
    kinds = workflow.event_types.values() if workflow else ()
    return isinstance(error, pydantic.ValidationError) and error.title in {
        kind.__name__ for kind in kinds
    }


class _Misfit(Exception):  # noqa: N818 - a mark around the error that tells why
    """The event does not fit its class any more."""


def _find_code(workflow: Workflow | None, step: str) -> Callable[..., Any] | None:
    if workflow is None:
        return None
    if step == INPUT_HANDLER:
        return workflow.input_handler
    found = workflow.steps.get(step)
    return getattr(found, "body", None)  # what sub-workflows do, no worker does
