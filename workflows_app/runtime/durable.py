"""The durable runtime, as the engine's authors know it: start, handler, resume."""

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import aclosing
from dataclasses import replace
from typing import Any, ParamSpec, TypeVar, Unpack
from uuid import UUID

from asgiref.sync import sync_to_async

from workflows_app.engine import emission
from workflows_app.engine.events import Event, InputResponseEvent, StartEvent
from workflows_app.engine.result import WorkflowResult
from workflows_app.engine.runner import StartOptions
from workflows_app.engine.snapshot import Snapshot
from workflows_app.engine.steps import UNSET
from workflows_app.engine.workflow import Workflow

from . import following
from .answering import AnswerOptions, InputReceipt
from .approvals import DurableApprovals
from .handler import Handler, RunStatus, read_answer
from .history import HistoryEvent
from .pending import PendingRequest
from .snapshots import resuming
from .starting import Start, start
from .streamed import EventReader, Wanted

P = ParamSpec("P")
T = TypeVar("T")


class DurableRunner:
    """Runs workflows in PostgreSQL."""

    approvals = DurableApprovals()

    def start(
        self, workflow: Workflow, event: StartEvent, options: StartOptions
    ) -> "WorkflowHandler":
        wanted = Start(
            event=emission.as_start(event),
            idempotency_key=options.idempotency_key,
            tags=options.tags,
            run_id=UUID(str(options.run_id)) if options.run_id else None,
            priority=options.priority,
            not_before=options.not_before,
        )
        return WorkflowHandler(start(workflow.definition, wanted))

    async def start_async(
        self, workflow: Workflow, event: StartEvent, options: StartOptions
    ) -> "WorkflowHandler":
        return await _in_thread(self.start, workflow, event, options)

    async def resume(
        self, snapshot: Snapshot, *, as_new_run: bool, paused: bool
    ) -> "WorkflowHandler":
        run_id = await _in_thread(
            resuming.resume, snapshot, as_new_run=as_new_run, paused=paused
        )
        return WorkflowHandler(run_id)

    def handler(self, run_id: str) -> "WorkflowHandler":
        return WorkflowHandler(Handler(run_id).run_id)


class WorkflowHandler:
    """The handle to a run for async code; `sync` has the same verbs for the rest."""

    def __init__(self, run_id: UUID) -> None:
        self.run_id = run_id
        self.sync = Handler(run_id)

    async def result(self, timeout: float | None = None) -> WorkflowResult:  # noqa: ASYNC109 - engine.md 1
        """Wait for the end; raises the run's error, or NotFinishedError in time."""
        run = await _in_thread(self.sync.run)
        if not run.is_finished:
            last = run.last_number
            await following.wait_for_end(self.run_id, after=last, timeout=timeout)
        return await _in_thread(self.sync.result, timeout=0)

    async def stream_events(
        self,
        after: int = 0,
        *,
        follow: bool = True,
        lifecycle: bool = True,
        types: Collection[type[Event] | str] | None = None,
    ) -> AsyncIterator[Event]:
        """The run's events above a number, and new ones as they come, to the last.

        Lines of the log are events of type `lifecycle`; questions and what steps wrote
        are events of their own types. `types` are those that are wanted.
        """
        wanted = Wanted(after=after, lifecycle=lifecycle, types=Wanted.names(types))
        reader = await _in_thread(lambda: EventReader.of(self.sync.run()))
        if not follow:
            found = following.read_events(self.run_id, reader, wanted)
            for event in await _in_thread(list, found):
                yield event
            return
        async with aclosing(following.follow(self.run_id, reader, wanted)) as events:
            async for event in events:
                yield event

    async def pause(
        self,
        *,
        wait: bool = True,
        timeout: float = 60.0,  # noqa: ASYNC109 - engine.md 1
        reason: str | None = None,
    ) -> Snapshot:
        """Hold the run and return its snapshot, once nothing is running any more."""
        quiet = await _in_thread(self.sync.hold, reason=reason)
        if wait and not quiet:
            quiet = await following.wait_until_quiet(self.run_id, timeout)
        return replace(await self.snapshot(), quiescent=quiet)

    async def resume_in_place(self) -> None:
        await _in_thread(self.sync.resume_in_place)

    async def snapshot(self) -> Snapshot:
        return await _in_thread(self.sync.snapshot)

    async def respond_to_input(
        self,
        request_id: str | InputResponseEvent,
        response: Any = UNSET,
        **options: Unpack[AnswerOptions],
    ) -> InputReceipt:
        """Answer an open request; what it raises is listed at `answering.respond`."""
        answer = read_answer(request_id, response, **options)
        return await _in_thread(self.sync.respond, *answer)

    async def send_event(self, event: Event) -> None:
        """Send an event in from outside; what it raises is told at `Handler`."""
        await _in_thread(self.sync.send_event, event)

    async def pending_requests(
        self, include_children: bool = True
    ) -> list[PendingRequest]:
        """The open requests of this run, and of those that work for it."""
        return await _in_thread(self.sync.pending_requests, include_children)

    async def abort(self, reason: str | None = None) -> None:
        await _in_thread(self.sync.abort, reason)

    async def status(self) -> RunStatus:
        return await _in_thread(self.sync.status)

    async def history(self, after: int = 0) -> list[HistoryEvent]:
        """All that happened so far, above a number."""
        return await _in_thread(self.sync.history, after)


async def _in_thread(act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    return await sync_to_async(act)(*args, **kwargs)
