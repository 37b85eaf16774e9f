"""The review queue for code that lives elsewhere: ask over HTTP, wait for the decision.

This file needs httpx and nothing else of Holdpoint, so it may be copied into any project.
The names are those of `workflows_app.engine`'s own ApprovalQueue::

    queue = ApprovalQueue("https://holdpoint.example.com", token)
    approval = queue.ask(key=f"refund-{order.id}", prompt="Refund 120 €?", choices=["yes", "no"])
    decision = queue.wait_for_decision(approval, timeout=3600)

Both may be called again after a crash: the same key is the same question, and a decision
stays. While Holdpoint is away, they try again.
"""

import asyncio
import builtins
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from datetime import datetime
from random import uniform
from threading import Event
from time import monotonic
from typing import Any, TypeAlias
from urllib.parse import quote

import httpx

LONG_POLL = 60.0
"""Seconds for which one request waits at Holdpoint."""
SHORT = 20.0
"""Seconds within which everything else must happen."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds between tries while Holdpoint is away; each pause is longer than the last."""
AWAY = frozenset({429, 500, 502, 503, 504})
"""Statuses after which the same request is sent again."""


class ApprovalError(Exception):
    """Holdpoint refuses: `code` says why for programs, the text for people."""

    def __init__(self, message: str, code: str = "", status: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


class ValidationError(ApprovalError, ValueError):
    """The question cannot be asked, or its key was used for another one."""


class RunAbortedError(ApprovalError):
    """The question was withdrawn; nobody will decide it."""


class TimeoutError(ApprovalError, builtins.TimeoutError):  # noqa: A001 - the engine's name
    """Nobody has decided: the time to wait, or that of the question, is over."""

    scope = "request"


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided: the outcome, the response that fits the schema, and why."""

    outcome: str
    response: Any
    reason: str
    responder: str
    at: datetime


@dataclass(frozen=True, slots=True)
class _Pause:
    seconds: float


_Request: TypeAlias = dict[str, Any]
"""What httpx calls a request with."""
_Answer: TypeAlias = "httpx.Response | httpx.TransportError | None"
_Steps: TypeAlias = "Generator[_Request | _Pause, _Answer, Any]"


class ApprovalQueue:
    """Puts questions before people and waits for what they decide."""

    def __init__(
        self, url: str, token: str, *, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._url = url.rstrip("/") + "/api/v1"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._transport = transport

    def ask(self, *, key: str, timeout: float | None = None, **question: Any) -> str:
        """Open a request; what to wait for. The same key opens none.

        The question has the fields of `POST /requests`. Raises ValidationError, or
        TimeoutError when Holdpoint was away for so many seconds.
        """
        return str(self._do(self._ask(key, question, timeout)))

    async def ask_async(
        self,
        *,
        key: str,
        timeout: float | None = None,  # noqa: ASYNC109 - as in the engine
        **question: Any,
    ) -> str:
        """The same, for async code."""
        return str(await self._do_async(self._ask(key, question, timeout)))

    def wait_for_decision(
        self, approval: str, timeout: float | None = None
    ) -> Decision:
        """Block until somebody has decided.

        Raises TimeoutError when so many seconds have passed or the request has expired,
        and RunAbortedError when it was withdrawn.
        """
        decision: Decision = self._do(self._wait(approval, timeout))
        return decision

    async def wait_for_decision_async(
        self,
        approval: str,
        timeout: float | None = None,  # noqa: ASYNC109 - as in the engine
    ) -> Decision:
        """The same, without blocking the loop."""
        decision: Decision = await self._do_async(self._wait(approval, timeout))
        return decision

    # What is done, without doing it: both kinds of code go the same steps.

    def _ask(
        self, key: str, question: Mapping[str, Any], timeout: float | None
    ) -> _Steps:
        asked = yield from _insist(
            {
                "method": "POST",
                "url": f"{self._url}/requests",
                "headers": {**self._headers, "Idempotency-Key": quote(key, safe="")},
                "json": question,
                "timeout": SHORT,
            },
            _end(timeout),
        )
        return asked["id"]

    def _wait(self, approval: str, timeout: float | None) -> _Steps:
        end = _end(timeout)
        while True:
            wait = min(LONG_POLL, max(0.0, end - monotonic()))
            told = yield from _insist(
                {
                    "method": "GET",
                    "url": f"{self._url}/requests/{approval}/decision",
                    "headers": self._headers,
                    "params": {"wait": wait},
                    "timeout": httpx.Timeout(SHORT, read=wait + SHORT),
                },
                end,
            )
            if told["decision"] is not None:
                return _decision(told["decision"])
            _check_open(told["status"])
            if monotonic() >= end:
                raise TimeoutError(f"Nobody decided within {timeout} s.")

    # Doing it.

    def _do(self, steps: _Steps) -> Any:
        answer: _Answer = None
        with httpx.Client(transport=self._transport) as client:
            while True:
                try:
                    step = steps.send(answer)
                except StopIteration as done:
                    return done.value
                answer = None
                if isinstance(step, _Pause):
                    Event().wait(step.seconds)
                    continue
                try:
                    answer = client.request(**step)
                except httpx.TransportError as error:
                    answer = error

    async def _do_async(self, steps: _Steps) -> Any:
        answer: _Answer = None
        async with httpx.AsyncClient() as client:
            while True:
                try:
                    step = steps.send(answer)
                except StopIteration as done:
                    return done.value
                answer = None
                if isinstance(step, _Pause):
                    await asyncio.sleep(step.seconds)
                    continue
                try:
                    answer = await client.request(**step)
                except httpx.TransportError as error:
                    answer = error


def _end(timeout: float | None) -> float:
    return float("inf") if timeout is None else monotonic() + timeout


def _insist(request: _Request, end: float) -> _Steps:
    """The reply's JSON; while Holdpoint is away, try again, with longer and longer pauses."""
    pause = FIRST_PAUSE
    while True:
        answer = yield request
        if isinstance(answer, httpx.Response) and answer.status_code not in AWAY:
            return _json(answer)
        seconds = max(_wished(answer), uniform(pause / 2, pause))  # noqa: S311 - jitter
        if monotonic() + seconds > end:
            raise TimeoutError(f"Holdpoint was away: {answer!r}")
        yield _Pause(seconds)
        pause = min(pause * 2, LONGEST_PAUSE)


def _wished(answer: _Answer) -> float:
    """The pause that the server asks for."""
    if not isinstance(answer, httpx.Response):
        return 0.0
    header: str = answer.headers.get("Retry-After", "")
    return float(header) if header.isdigit() else 0.0


def _json(answer: httpx.Response) -> Any:
    """Raises ApprovalError for what Holdpoint refuses."""
    if answer.is_success:
        return answer.json()
    try:
        told = answer.json()["error"]
    except (ValueError, KeyError, TypeError):
        told = {"code": "", "message": f"{answer.status_code} from {answer.url}"}
    is_wrong = answer.status_code in {400, 409, 413, 422}
    kind = ValidationError if is_wrong else ApprovalError
    raise kind(told["message"], told["code"], answer.status_code)


def _check_open(status: str) -> None:
    if status == "expired":
        raise TimeoutError("Nobody decided before the question expired.")
    if status == "withdrawn":
        raise RunAbortedError("The question was withdrawn.")


def _decision(told: Mapping[str, Any]) -> Decision:
    return Decision(
        outcome=told["outcome"],
        response=told["response"],
        reason=told["reason"],
        responder=told["responder"],
        at=datetime.fromisoformat(told["at"]),
    )
