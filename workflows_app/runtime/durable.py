"""The durable runtime, as the engine's authors know it: start, handler, resume."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async

from workflows_app.engine import emission
from workflows_app.engine.errors import NotFinishedError, RunNotFoundError
from workflows_app.engine.events import InputResponseEvent, StartEvent
from workflows_app.engine.snapshot import Snapshot
from workflows_app.engine.workflow import Workflow
from workflows_app.models import Call, InputRequest, Run
from workflows_app.stream.log import Line, read
from workflows_app.stream.subscribe import subscribe

from . import resuming
from .handler import Answer, Handler, InputReceipt, result_of
from .starting import Start, start

QUIET_KINDS = frozenset(
    {"step_completed", "step_failed", "step_timed_out", "step_lost", "step_conflicted"}
)


class DurableRunner:
    """Runs workflows in PostgreSQL."""

    def start(
        self,
        workflow: Workflow,
        event: StartEvent,
        *,
        idempotency_key: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> "WorkflowHandler":
        wanted = Start(
            event=emission.as_start(event),
            idempotency_key=idempotency_key,
            tags=tags or {},
        )
        return WorkflowHandler(start(workflow.definition, wanted))

    async def start_async(
        self, workflow: Workflow, event: StartEvent
    ) -> "WorkflowHandler":
        return await sync_to_async(self.start)(workflow, event)

    async def resume(self, snapshot: Snapshot, *, paused: bool) -> "WorkflowHandler":
        resume = sync_to_async(resuming.resume)
        return WorkflowHandler(await resume(snapshot, paused=paused))

    def handler(self, run_id: str) -> "WorkflowHandler":
        return WorkflowHandler(Handler(run_id).run_id)


class WorkflowHandler:
    """The handle to a run for async code; `sync` has the same verbs for the rest."""

    def __init__(self, run_id: UUID) -> None:
        self.run_id = run_id
        self.sync = Handler(run_id)

    async def result(self, timeout: float | None = None) -> Any:  # noqa: ASYNC109 - engine.md 1
        """Wait for the end; raises the run's error, or NotFinishedError in time."""
        try:
            async with asyncio.timeout(timeout) as clock:
                async for _ in self.stream_events(after=await self._last_number()):
                    pass
        except TimeoutError:
            if clock.expired():
                raise NotFinishedError from None
            raise
        return result_of(await sync_to_async(self.sync.run)())

    async def stream_events(self, after: int = 0) -> AsyncIterator[Line]:
        """The log's lines above a number, then new ones as they come, to the last."""
        async for line in subscribe(self.run_id, after=after):
            yield line

    async def pause(
        self,
        *,
        wait: bool = True,
        timeout: float = 60.0,  # noqa: ASYNC109 - engine.md 1
        reason: str = "",
    ) -> Snapshot:
        """Hold the run and return its snapshot, once nothing is running any more."""
        quiet = await sync_to_async(self.sync.pause)(reason=reason)
        if wait and not quiet:
            quiet = await self._wait_until_quiet(timeout)
        return replace(await self.snapshot(), quiescent=quiet)

    async def resume_in_place(self) -> None:
        await sync_to_async(self.sync.resume_in_place)()

    async def snapshot(self) -> Snapshot:
        return await sync_to_async(self.sync.snapshot)()

    async def respond_to_input(
        self,
        request_id: str | InputResponseEvent,
        response: Any = ...,
        *,
        outcome: str | None = None,
        reason: str = "",
        idempotency_key: str | None = None,
    ) -> InputReceipt:
        """Answer an open request; what it raises is listed at `Handler.respond`."""
        if isinstance(request_id, InputResponseEvent):
            given = request_id
            request_id, response = given.request_id, given.response
            outcome, reason = given.outcome or outcome, given.reason or reason
        if not isinstance(request_id, str):
            raise TypeError("Name the request that you answer.")
        answer = Answer(
            value=None if response is ... else response,
            outcome=outcome,
            reason=reason,
            idempotency_key=idempotency_key,
        )
        return await sync_to_async(self.sync.respond)(request_id, answer)

    async def pending_requests(self) -> list[InputRequest]:
        return await sync_to_async(self.sync.pending_requests)()

    async def abort(self, reason: str = "") -> None:
        await sync_to_async(self.sync.abort)(reason=reason)

    async def status(self) -> str:
        run: Run = await sync_to_async(self.sync.run)()
        return run.status

    async def history(self, after: int = 0) -> list[Line]:
        """The log's lines so far."""
        return list(await sync_to_async(read)(self.run_id, after=after, most=100_000))

    async def _last_number(self) -> int:
        """From where to follow: just before the last line, which may be the final one."""
        run = await Run.objects.filter(pk=self.run_id).values("last_number").afirst()
        if run is None:
            raise RunNotFoundError(f"There is no run {self.run_id}.")
        return max(0, run["last_number"] - 1)

    async def _wait_until_quiet(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                async for line in self.stream_events():
                    over = line.is_last or line.kind in QUIET_KINDS
                    if over and not await sync_to_async(self._is_busy)():
                        return True
        except TimeoutError:
            return False
        return True

    def _is_busy(self) -> bool:
        return Call.objects.filter(run_id=self.run_id).exclude(worker="").exists()
