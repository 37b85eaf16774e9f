"""Waiting for the decisions of requests without a run, for steps that block on them."""

import asyncio
from functools import lru_cache
from threading import Thread

from asgiref.sync import sync_to_async
from django.db import connection

from workflows_app.engine.approval_queue import Decision
from workflows_app.engine.errors import (
    NotFinishedError,
    RunNotFoundError,
    TimeoutError,  # noqa: A004 - engine.md's name
)
from workflows_app.engine.state import Request
from workflows_app.models import Run

from . import external
from .definitions import EXTERNAL
from .following import wait_for_end
from .handler import Handler


class DurableApprovals:
    """Each question is a run of the workflow `external`; its result is the decision."""

    def ask(self, request: Request, key: str | None) -> str:
        return str(external.ask(request, key=key))

    async def ask_async(self, request: Request, key: str | None) -> str:
        return await sync_to_async(self.ask)(request, key)

    def decision(self, run_id: str, timeout: float | None) -> Decision:
        run = _get_run(run_id)
        if not run.is_finished:
            _hang_up()
            waiting = _wait(run, timeout)
            asyncio.run_coroutine_threadsafe(waiting, _waiting_room()).result()
        return _decision_of(run_id)

    async def decision_async(self, run_id: str, timeout: float | None) -> Decision:  # noqa: ASYNC109 - engine.md 1
        run = await sync_to_async(_get_run)(run_id)
        if not run.is_finished:
            await _wait(run, timeout)
        return await sync_to_async(_decision_of)(run_id)


async def _wait(run: Run, timeout: float | None) -> None:  # noqa: ASYNC109
    try:
        await wait_for_end(run.pk, after=run.last_number, timeout=timeout)
    except NotFinishedError:
        raise TimeoutError(
            f"Nobody decided within {timeout} s.",
            scope="request",
            run_id=str(run.pk),
            limit_seconds=timeout,
            elapsed_seconds=timeout,
        ) from None


@lru_cache(maxsize=1)
def _waiting_room() -> asyncio.AbstractEventLoop:
    """One loop for all that blocks in this process: they share one connection."""
    loop = asyncio.new_event_loop()
    Thread(target=loop.run_forever, name="decisions", daemon=True).start()
    return loop


def _hang_up() -> None:
    """A thread that waits for a person needs no connection meanwhile."""
    if not connection.in_atomic_block:
        connection.close()


def _get_run(run_id: str) -> Run:
    run = Handler(run_id).run()
    if run.workflow != EXTERNAL.name:
        raise RunNotFoundError(f"{run_id} is no request without a run.")
    return run


def _decision_of(run_id: str) -> Decision:
    """Raises the error of a request that expired or was withdrawn."""
    run = _get_run(run_id)
    decided = external.find_decision(run)
    assert decided is not None
    assert run.finished_at is not None
    return Decision(
        outcome=decided["outcome"],
        response=decided["response"],
        reason=decided["reason"],
        responder=decided["responder"],
        at=run.finished_at,
    )
