"""The review queue for steps that block on a person: ask, then wait for the decision.

This is the pattern for code that cannot come back later. A step that returns an
`InputRequestEvent`, or awaits `ctx.request_input`, holds no worker while it waits.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from . import emission, runner
from .events import InputRequestEvent
from .seconds import check_seconds
from .state import Request


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided: the outcome, the response that fits the schema, and why."""

    outcome: str
    response: Any
    reason: str
    responder: str
    at: datetime


class Approvals(Protocol):
    """Questions without a step, as a runtime keeps them: each has a run of its own."""

    def ask(self, request: Request, key: str | None) -> str: ...

    async def ask_async(self, request: Request, key: str | None) -> str: ...

    def decision(self, run_id: str, timeout: float | None) -> Decision: ...

    async def decision_async(self, run_id: str, timeout: float | None) -> Decision: ...  # noqa: ASYNC109 - engine.md 1


class ApprovalQueue:
    """Puts questions before people and waits for what they decide.

    ::

        approval = queue.ask(InputRequestEvent(prompt="Refund?"), key=ctx.idempotency_key)
        with ctx.waiting("refund approval", limit=3600):
            decision = queue.wait_for_decision(approval)

    With a key, asking again finds the question that was asked, so a step that is run
    again goes on waiting for the same one.
    """

    def ask(self, event: InputRequestEvent, key: str | None = None) -> str:
        """Open a request; what to wait for. The same key opens none.

        Raises ValidationError when the key was used for another question.
        """
        return _approvals().ask(emission.as_request(event), key)

    async def ask_async(self, event: InputRequestEvent, key: str | None = None) -> str:
        """The same, for async code."""
        return await _approvals().ask_async(emission.as_request(event), key)

    def wait_for_decision(
        self, approval: str, timeout: float | None = None
    ) -> Decision:
        """Block until somebody has decided.

        Raises TimeoutError with scope "request" when so many seconds have passed, or
        the request has expired, and RunAbortedError when it was withdrawn.
        """
        return _approvals().decision(approval, _checked(timeout))

    async def wait_for_decision_async(
        self,
        approval: str,
        timeout: float | None = None,  # noqa: ASYNC109 - as above
    ) -> Decision:
        """The same, without blocking the loop."""
        return await _approvals().decision_async(approval, _checked(timeout))


def _approvals() -> Approvals:
    approvals: Approvals = runner.current().approvals
    return approvals


def _checked(timeout: float | None) -> float | None:
    return None if timeout is None else check_seconds(timeout, "timeout")
