"""The verbs: everything that somebody may want of a run, whatever door he came by."""

import asyncio
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any, Unpack
from uuid import UUID

from django.contrib.auth.models import User

from workflows_app.engine.errors import NotFinishedError, RunNotFoundError
from workflows_app.engine.events import Event, InputResponseEvent
from workflows_app.engine.result import WorkflowResult
from workflows_app.engine.snapshot import Snapshot
from workflows_app.engine.steps import UNSET
from workflows_app.engine.ticks import Aborted, Paused, Resumed
from workflows_app.models import Run
from workflows_app.stream.log import is_quiet

from . import answer_links, answering, delegation, following, sending
from .answer_links import Guest, IssuedLink
from .answering import Answer, AnswerOptions, InputReceipt
from .history import HistoryEvent
from .outcomes import result_of
from .pending import PendingRequest, read_pending
from .request_ends import get_request
from .sending import Sending
from .snapshots import taking as snapshots
from .streamed import EventReader, Wanted
from .transition import Applied, apply

__all__ = ["Answer", "Guest", "Handler", "InputReceipt", "RunStatus"]

RunStatus = Run.Status


class Handler:
    """The handle to a run, for synchronous code in any process."""

    def __init__(self, run_id: UUID | str) -> None:
        try:
            self.run_id = UUID(str(run_id))
        except ValueError as error:
            raise RunNotFoundError(f"There is no run {run_id!r}.") from error

    # Answers

    def respond(self, request_id: str, answer: Answer) -> InputReceipt:
        """Answer a request of this run or of one that works for it."""
        return answering.respond(self.run_id, request_id, answer)

    def respond_to_input(
        self,
        request_id: str | InputResponseEvent,
        response: Any = UNSET,
        **options: Unpack[AnswerOptions],
    ) -> InputReceipt:
        """The same, from a program."""
        return self.respond(*read_answer(request_id, response, **options))

    def withdraw_vote(self, request_id: str, user: User) -> Applied:
        """Take one's own vote back, or the decision that it made, while there is time."""
        return answering.withdraw_vote(self.run_id, request_id, user)

    def delegate(
        self, request_id: str, user: User, *, to: str, reason: str = ""
    ) -> Applied:
        """Let another person answer in one's place."""
        return delegation.delegate(self.run_id, request_id, user, to=to, reason=reason)

    def issue_link(
        self, request_id: str, guest: Guest, *, by: User | None = None
    ) -> IssuedLink:
        """Make a link with which somebody without an account answers once."""
        asked = get_request(self.run_id, request_id)
        return answer_links.issue(asked.pk, guest, by=by)

    def pending_requests(self, include_children: bool = True) -> list[PendingRequest]:
        """The open requests of this run, and of those that work for it."""
        tree = snapshots.read_tree(self.run_id) if include_children else [self.run_id]
        return read_pending(tree)

    # Events

    def send_event(self, event: Event, *, sender: str | None = None) -> Applied:
        """Send an event in from outside, whose class says `external = True`.

        Raises NoHandlerError for one that the run's workflow does not take,
        ValidationError or SerializationError for fields that do not fit, and
        RunFinishedError; then nothing has changed.
        """
        return sending.send(self.run_id, Sending.of(event, sender))

    # Control

    def hold(self, *, actor: str = "program", reason: str | None = None) -> bool:
        """Start nothing new. True when nothing is running any more already.

        Raises RunFinishedError, and SessionNotEmptyError where the workflow wants that.
        """
        snapshots.check_sessions(self.run_id)
        apply(self.run_id, Paused(actor, reason or ""))
        return is_quiet(self.run_id)

    def pause(
        self,
        *,
        wait: bool = True,
        timeout: float = 60.0,
        reason: str | None = None,
        actor: str = "program",
    ) -> Snapshot:
        """Hold the run and return its snapshot, once nothing is running any more."""
        quiet = self.hold(actor=actor, reason=reason)
        if wait and not quiet:
            quiet = asyncio.run(following.wait_until_quiet(self.run_id, timeout))
        return replace(self.snapshot(), quiescent=quiet)

    def resume_in_place(self, *, actor: str = "program") -> Applied:
        return apply(self.run_id, Resumed(actor))

    def abort(self, reason: str | None = None, *, actor: str = "program") -> Applied:
        return apply(self.run_id, Aborted(actor, reason or ""))

    def snapshot(self) -> Snapshot:
        """The run as it is now, in one piece, to be taken anywhere."""
        return snapshots.take(self.run_id)

    # What became of it

    def run(self) -> Run:
        run = Run.objects.filter(pk=self.run_id).first()
        if run is None:
            raise RunNotFoundError(f"There is no run {self.run_id}.")
        return run

    def status(self) -> RunStatus:
        return RunStatus(self.run().status)

    def result(self, timeout: float | None = None) -> WorkflowResult:
        """Wait for the end; raises the run's error, or NotFinishedError in time."""
        run = self.run()
        if not run.is_finished:
            if timeout is not None and timeout <= 0:
                raise NotFinishedError
            last = run.last_number
            asyncio.run(following.wait_for_end(run.pk, after=last, timeout=timeout))
            run = self.run()
        return WorkflowResult(str(self.run_id), result_of(run))

    def stream_events(
        self,
        after: int = 0,
        *,
        follow: bool = True,
        lifecycle: bool = True,
        types: Collection[type[Event] | str] | None = None,
    ) -> Iterator[Event]:
        """The run's events above a number, and new ones as they come, to the last."""
        reader = EventReader.of(self.run())
        wanted = Wanted(after=after, lifecycle=lifecycle, types=Wanted.names(types))
        read = following.follow_blocking if follow else following.read_events
        return read(self.run_id, reader, wanted)

    def history(self, after: int = 0) -> list[HistoryEvent]:
        """All that happened so far, above a number."""
        self.run()
        lines = following.read_lines(self.run_id, after=after)
        return [HistoryEvent.of(line) for line in lines]


def read_answer(
    request_id: str | InputResponseEvent,
    response: Any = UNSET,
    **options: Unpack[AnswerOptions],
) -> tuple[str, Answer]:
    """An answer as programs give it: a value, or the event that says all of it.

    Raises TypeError when no request is named: it is never "the only open one".
    """
    if isinstance(request_id, InputResponseEvent):
        given = request_id
        request_id, response = given.request_id, given.response
        options["outcome"] = options.get("outcome") or given.outcome
        options["reason"] = options.get("reason") or given.reason
        options["responder"] = options.get("responder") or given.responder
    if not isinstance(request_id, str):
        raise TypeError("Name the request that you answer.")
    value = None if response is UNSET else response
    return request_id, Answer(value=value, **options)
