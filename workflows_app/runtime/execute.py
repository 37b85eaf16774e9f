"""A step's body, outside every transaction: what it gets, and what comes back."""

import asyncio
import traceback
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Thread
from time import monotonic
from typing import Any
from uuid import UUID

from django.db import connections

from workflows_app.engine import registry, values
from workflows_app.engine.commands import StartAttempt
from workflows_app.engine.context import Attempt, Context, Stored
from workflows_app.engine.emission import as_emitted
from workflows_app.engine.errors import EngineError, IncompatibleSnapshotError
from workflows_app.engine.events import Event, Origin
from workflows_app.engine.state import EventRecord
from workflows_app.engine.steps import Step
from workflows_app.engine.ticks import StepCompleted, StepFailed
from workflows_app.engine.workflow import Workflow

from .transition import Applied

THREADS = 32
TRACEBACK_LENGTH = 20_000

FAILURES = (Exception, SystemExit, KeyboardInterrupt, asyncio.CancelledError)
"""What a body may raise, being somebody else's code, without ending the process."""


@dataclass(frozen=True, slots=True)
class Granted:
    """An attempt that this process may run, with the state as it was committed."""

    run_id: UUID
    workflow: str
    start: StartAttempt
    stored: dict[str, Stored]

    @classmethod
    def find(cls, applied: Applied) -> "Granted | None":
        """The attempt that a transition granted, if it granted one."""
        if applied.granted is None:
            return None
        return cls(applied.run_id, applied.workflow, applied.granted, applied.stored)


Outcome = StepCompleted | StepFailed


class Bodies:
    """Runs steps' bodies: async ones on a loop of their own, the others in threads.

    Somebody else's code never runs on the loop that serves the queue.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="step")
        self._loop = asyncio.new_event_loop()
        Thread(target=self._loop.run_forever, name="steps", daemon=True).start()

    def start(
        self, granted: Granted, write: Callable[[EventRecord], None]
    ) -> "tuple[Context, Future[Outcome]]":
        context = make_context(granted, write)
        step = _find_step(granted)
        if step is not None and step.is_async:
            body = _run_async(granted, context, step)
            return context, asyncio.run_coroutine_threadsafe(body, self._loop)
        return context, self._threads.submit(_run_sync, granted, context, step)

    async def breathe(self) -> None:
        """Until the async bodies' loop turns again: never, if one of them blocks it."""
        turn = asyncio.run_coroutine_threadsafe(asyncio.sleep(0), self._loop)
        await asyncio.wrap_future(turn)


def make_context(granted: Granted, write: Callable[[EventRecord], None]) -> Context:
    call = granted.start.call
    attempt = Attempt(
        run_id=str(granted.run_id),
        workflow_name=granted.workflow,
        step_name=call.step,
        call_id=f"{granted.run_id}/{call.number}",
        attempt=call.attempt,
        limit=granted.start.limit,
    )
    return Context(attempt, granted.stored, write)


def _find_step(granted: Granted) -> Step | None:
    workflow = registry.find_workflow(granted.workflow)
    return workflow.steps.get(granted.start.call.step) if workflow else None


def _run_sync(granted: Granted, context: Context, step: Step | None) -> Outcome:
    """Run in a thread, and leave no database connection of the body's behind in it."""
    try:
        return _judge_sync(granted, context, step)
    finally:
        connections.close_all()


def _judge_sync(granted: Granted, context: Context, step: Step | None) -> Outcome:
    return _Body(granted, context).judge(
        lambda event: _required(step).body(context, event)
    )


async def _run_async(granted: Granted, context: Context, step: Step) -> Outcome:
    body = _Body(granted, context)
    try:
        returned = await _awaited(step, context, body.event())
    except asyncio.CancelledError as error:
        if context.cancelled():
            raise  # it was cut, and this is how it stops
        return body.failed(error)
    except FAILURES as error:
        return body.failed(error)
    return body.judge(lambda _: returned)


def _awaited(step: Step, context: Context, event: Event) -> Coroutine[Any, Any, Any]:
    coroutine: Coroutine[Any, Any, Any] = step.body(context, event)
    return coroutine


def _required(step: Step | None) -> Step:
    if step is None:
        raise IncompatibleSnapshotError("This worker has no code for the step.")
    return step


class _Body:
    """One attempt: turns what the step did into the tick that tells it."""

    def __init__(self, granted: Granted, context: Context) -> None:
        self._granted = granted
        self._call = granted.start.call
        self._context = context
        self._began = monotonic()

    def event(self) -> Event:
        workflow = registry.get_workflow(self._granted.workflow)
        origin = Origin(run_id=str(self._granted.run_id), created_at=_now())
        return make_event(workflow, self._call.event).with_origin(origin)

    def judge(self, act: Callable[[Event], Any]) -> Outcome:
        """Run, or look at what was returned: a completion, or a failure with reason."""
        try:
            returned = act(self.event())
            emitted = as_emitted(returned, self._call.step)
        except FAILURES as error:
            return self.failed(error)
        return StepCompleted(
            self._call.number,
            self._call.attempt,
            (*self._context.sent, *emitted),
            tuple(self._context.state.changes),
            seconds=monotonic() - self._began,
        )

    def failed(self, error: BaseException) -> StepFailed:
        return failure(self._granted, error, seconds=monotonic() - self._began)


def failure(
    granted: Granted, error: BaseException, *, seconds: float = 0.0
) -> StepFailed:
    """A failed attempt, told by its exception."""
    kind = type(error)
    builtin = kind.__module__ == "builtins" or isinstance(error, EngineError)
    name = kind.__qualname__ if builtin else f"{kind.__module__}.{kind.__qualname__}"
    try:
        message, text = str(error), "".join(traceback.format_exception(error))
    except FAILURES as odd:
        message = text = f"(its text cannot be had: {type(odd).__name__})"
    return StepFailed(
        granted.start.call.number,
        granted.start.call.attempt,
        error_type=name,
        message=_storable(message),
        traceback=_storable(text[-TRACEBACK_LENGTH:]),
        seconds=seconds,
    )


def _storable(text: str) -> str:
    return text.encode(errors="backslashreplace").decode().replace("\0", "␀")


def make_event(workflow: Workflow, record: EventRecord) -> Event:
    """The event that a step gets: its author's class where there is one."""
    fields = values.load(record.body)
    for name in record.types:
        kind = workflow.event_types.get(name)
        if kind is not None:
            return (
                kind(**fields)
                if kind.event_type == record.type
                else Event(record.type, **fields)
            )
    return Event(record.type, **fields)


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - informs the step, decides nothing
