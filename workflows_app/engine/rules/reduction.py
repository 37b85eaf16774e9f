"""The workbench of one reduction: a copy of the state, and the commands so far."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from workflows_app.engine import values
from workflows_app.engine.commands import (
    CloseRequest,
    Command,
    Finish,
    OpenRequest,
    Publish,
    SaveSnapshot,
    TellChild,
)
from workflows_app.engine.definition import INPUT_HANDLER, Definition, StepDefinition
from workflows_app.engine.state import (
    Call,
    EventRecord,
    Member,
    Place,
    Request,
    State,
    Status,
)
from workflows_app.engine.ticks import Aborted, News

RESPONSE = ("InputResponseEvent", ("Event",))
"""Type and bases of the event that an answer becomes, unless `respond_as` is given."""


class Reduction:
    """Collects what one tick does to a run."""

    def __init__(self, definition: Definition, state: State, at: float) -> None:
        self.definition = definition
        self.before = state
        self.state = state.copy()
        self.at = at
        self.commands: list[Command] = []

    def publish(self, kind: str, **line: Any) -> None:
        self.commands.append(Publish(kind, **line))

    def publish_call(self, kind: str, call: Call, body: Mapping[str, Any]) -> None:
        self.publish(
            kind, body=body, step=call.step, call=call.number, attempt=call.attempt
        )

    # Events and calls

    def deliver(
        self,
        event: EventRecord,
        *,
        cause: EventRecord | None = None,
        source: str = "",
        not_before: float | None = None,
    ) -> None:
        """Make a call for every step that accepts the event; keep it for those that join.

        It belongs to the fan-outs, and bears the recoveries, of the event that caused
        it, unless it brings its own.
        """
        self.state.last_event += 1
        if cause is not None:
            event = replace(
                event,
                members=event.members or cause.members,
                recoveries=max(event.recoveries, cause.recoveries),
            )
        event = replace(event, seq=self.state.last_event, source=source, at=self.at)
        steps = self.definition.accepting(event.types)
        joins = self.find_joins(event.types, event.members)
        self.publish(
            "event_routed",
            body={
                "event_type": event.type,
                "steps": [step.name for step in steps] + [name for name, _ in joins],
            },
            step=source,
        )
        for step in steps:
            self.call(step, event, not_before=not_before)
        for name, member in joins:
            fanout = self.state.fanouts[member.fanout]
            results = (*fanout.results, (name, member.index, event))
            self.state.fanouts[member.fanout] = replace(fanout, results=results)

    def call(
        self,
        step: StepDefinition,
        event: EventRecord,
        *,
        joined: tuple[EventRecord, ...] | None = None,
        not_before: float | None = None,
    ) -> None:
        self.state.last_call += 1
        call = Call(self.state.last_call, step.name, event, joined=joined)
        if not_before is not None and not_before > self.at:
            call = replace(call, phase="later", not_before=not_before)
        self.state.calls[call.number] = call

    def find_joins(
        self, types: tuple[str, ...], members: tuple[Member, ...]
    ) -> list[tuple[str, Member]]:
        """The joining steps that wait for such an event, each with the place it has."""
        found = []
        for step in self.definition.collecting(types):
            for member in reversed(members):
                fanout = self.state.fanouts.get(member.fanout)
                if fanout is not None and step.name in fanout.joins:
                    found.append((step.name, member))
                    break
        return found

    def change(self, call: Call, **fields: Any) -> Call:
        """Another state of a call."""
        changed: Call = replace(call, **fields)
        self.state.calls[call.number] = changed
        return changed

    def find_running(self, number: int, attempt: int) -> Call | None:
        """The call, if this very attempt of it is running; None for old news."""
        call = self.state.calls.get(number)
        if call is None or not call.running or call.attempt != attempt:
            return None
        return call

    def end(self, call: Call) -> None:
        del self.state.calls[call.number]
        if call.step != INPUT_HANDLER:
            self.state.last_step = call.step

    # Requests

    def open(self, request: Request, call: Call) -> None:
        """Put a question before people, and before the workflow's own code, if it has some."""
        request = replace(
            request,
            step=call.step,
            opened_at=self.at,
            members=call.event.members,
            recoveries=call.event.recoveries,
        )
        self.show(request)

    def show(self, request: Request) -> None:
        self.state.requests[request.request_id] = request
        self.commands.append(OpenRequest(request))
        text = (
            f'{{"request_id":{quoted(request.request_id)},"request":{request.shown}}}'
        )
        self.publish("input_requested", text=text, step=request.step)
        if self.definition.has_input_handler and request.purpose != "loss":
            record = EventRecord(
                "InputRequestEvent", ("Event",), text, members=request.members
            )
            self.call(self.definition.step(INPUT_HANDLER), record)

    def close(self, request: Request, status: str) -> None:
        del self.state.requests[request.request_id]
        self.commands.append(CloseRequest(request.request_id, status))  # type: ignore[arg-type]

    # Runs that do a part of the work

    def tell_children(self, call: Call, news: News) -> None:
        """Give news to the runs of a call that are not over."""
        for branch, child in enumerate(call.children):
            if call.phase == "away" and not child.is_finished:
                place = Place(call.number, call.attempt, branch)
                self.commands.append(TellChild(place, news))

    # Time

    def active_left(self) -> float | None:
        """Active seconds that the run may still take; None: as many as it likes."""
        limits = (self.definition.timeout, self.state.budget)
        left = [x - self.state.active_at(self.at) for x in limits if x is not None]
        return max(0.0, min(left)) if left else None

    def stop_clock(self) -> None:
        self.state.active_seconds = self.state.active_at(self.at)
        self.state.active_since = None

    # The end

    def fail(self, error: Mapping[str, Any]) -> None:
        self.finish("failed", error=error)

    def finish(
        self,
        status: Status,
        *,
        result: str | None = None,
        error: Mapping[str, Any] | None = None,
        **line: Any,
    ) -> None:
        """End the run: withdraw what is asked, fence what runs, write the last line."""
        state = self.state
        self.stop_clock()
        for request in list(state.requests.values()):
            self.close(request, "withdrawn")
        dropped = sum(not call.running for call in state.calls.values())
        for call in list(state.calls.values()):
            self.tell_children(call, Aborted("parent", f"The parent run {status}."))
            self.end(call)
        state.fanouts.clear()
        state.buffers.clear()
        state.held_answers.clear()
        state.status = status
        self.commands.append(Finish(status, result, error))
        text = None
        if result is not None:
            text = f'{{"result":{result},"dropped":{dropped}}}'
        self.publish(f"run_{status}", body=dict(error or {}), text=text, **line)
        self.commands.append(SaveSnapshot(status))


def quoted(text: str) -> str:
    """Text as JSON."""
    return json.dumps(text)


def make_record(kind: str, fields: Mapping[str, Any]) -> EventRecord:
    """An event of the engine's own."""
    return EventRecord(kind, ("Event",), values.dump(dict(fields)))
