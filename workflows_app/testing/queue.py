"""The review queue of a play, for steps that ask there with `ApprovalQueue`."""

import asyncio
from datetime import UTC, datetime
from threading import Condition
from typing import Any
from uuid import uuid4

from workflows_app.engine.approval_queue import Decision
from workflows_app.engine.errors import (
    EngineError,
    TimeoutError,  # noqa: A004 - engine.md's name
    ValidationError,
)
from workflows_app.engine.policy import PROGRAM
from workflows_app.engine.state import Request
from workflows_app.engine.ticks import VoteCast

from .memory import MemoryQuestion
from .people import Person
from .question import Question


class Queue:
    """Questions without a step. No crash of a play loses them."""

    def __init__(self) -> None:
        self._asked: dict[str, MemoryQuestion] = {}
        self._changed = Condition()
        self._is_cut = False

    # What people do

    @property
    def open(self) -> list[Question]:
        """What nobody has decided yet, in the order in which it was asked."""
        return [Question(q.request) for q in self._asked.values() if q.request]

    def answer(
        self,
        response: Any = None,
        *,
        outcome: str | None = None,
        reason: str = "",
        by: Person | None = None,
    ) -> None:
        """Answer the question that is open; raises the engine's refusal."""
        waiting = [q for q in self._asked.values() if q.request]
        assert len(waiting) == 1, f"{len(waiting)} questions are open on the queue"
        vote = VoteCast(
            "",
            response,
            outcome=outcome,
            reason=reason,
            responder=by.responder if by else PROGRAM,
            door="browser" if by else "python",
            undo=0.0,
        )
        with self._changed:
            waiting[0].vote(vote)
            self._changed.notify_all()

    # What steps do

    def ask(self, request: Request, key: str | None) -> str:
        name = key or str(uuid4())
        asked = self._asked.setdefault(name, MemoryQuestion(request))
        if asked.shown != request.shown:
            raise ValidationError(f"The key {name!r} was used for another question.")
        return name

    async def ask_async(self, request: Request, key: str | None) -> str:
        return self.ask(request, key)

    def decision(self, name: str, timeout: float | None) -> Decision:
        asked = self._asked[name]
        with self._changed:
            self._changed.wait_for(
                lambda: asked.decided is not None or self._is_cut, timeout
            )
        decided = asked.decided
        if decided is None:
            raise TimeoutError("Nobody decided.", scope="request")
        return Decision(
            outcome=decided["outcome"],
            response=decided["response"],
            reason=decided["reason"],
            responder=decided["responder"],
            at=datetime.now(UTC),  # noqa: TID251 - nothing depends on it
        )

    async def decision_async(self, name: str, timeout: float | None) -> Decision:  # noqa: ASYNC109 - as `Approvals`
        return await asyncio.to_thread(self.decision, name, timeout)

    # What the play does

    def cut(self, is_cut: bool) -> None:
        """Whether who waits is given up."""
        with self._changed:
            self._is_cut = is_cut
            self._changed.notify_all()


class BodyRunner:
    """What `Workflow.start` and the like find in the body of a step that is played."""

    def __init__(self, approvals: Queue) -> None:
        self.approvals = approvals

    def start(self, *args: object) -> Any:
        raise EngineError("In a play, a step cannot start a run.")

    def handler(self, run_id: str) -> Any:
        raise EngineError("In a play, a step has no handler.")

    async def start_async(self, *args: object) -> Any:
        self.start()

    async def resume(self, *args: object, **options: object) -> Any:
        self.start()
