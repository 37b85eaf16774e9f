"""The workbench of one reduction: a copy of the state, and the commands so far."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .commands import (
    CloseRequest,
    Command,
    EndCall,
    Finish,
    OpenRequest,
    Publish,
    RunStep,
    SaveSnapshot,
)
from .definition import Definition, StepDefinition
from .state import Call, EventRecord, Request, State, Status

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

    def deliver(self, event: EventRecord, *, source: str = "") -> None:
        """Make a call for every step that accepts the event."""
        steps = self.definition.accepting(event.types)
        names = [step.name for step in steps]
        self.publish(
            "event_routed",
            body={"event_type": event.type, "steps": names},
            step=source,
        )
        for step in steps:
            self._call(step, event)

    def _call(self, step: StepDefinition, event: EventRecord) -> None:
        self.state.last_call += 1
        call = Call(self.state.last_call, step.name, event)
        self.state.calls[call.number] = call
        self.offer(call)

    def offer(self, call: Call) -> None:
        """Let a worker take the call, unless an operator holds the run."""
        if not self.state.paused:
            self.commands.append(RunStep(call))

    def find_running(self, number: int, attempt: int) -> Call | None:
        """The call, if this very attempt of it is running; None for old news."""
        call = self.state.calls.get(number)
        if call is None or not call.running or call.attempt != attempt:
            return None
        return call

    def end(self, call: Call) -> None:
        del self.state.calls[call.number]
        self.state.last_step = call.step
        self.commands.append(EndCall(call.number))

    def rerun(self, call: Call, *, lost: bool) -> None:
        again = replace(call, running=False, losses=call.losses + lost)
        self.state.calls[call.number] = again
        if self.state.paused:
            self.commands.append(EndCall(call.number))  # no lease to look after
        self.offer(again)

    # Requests

    def open(self, request: Request, *, step: str) -> None:
        request = replace(request, step=step, opened_at=self.at)
        self.state.requests[request.request_id] = request
        self.commands.append(OpenRequest(request))
        self.publish(
            "input_requested",
            text=f'{{"request_id":{quoted(request.request_id)},'
            f'"request":{request.shown}}}',
            step=step,
        )

    def close(self, request: Request, status: str) -> None:
        del self.state.requests[request.request_id]
        self.commands.append(CloseRequest(request.request_id, status))  # type: ignore[arg-type]

    def find_unroutable(self, emitted: Any) -> str | None:
        """Why the event, or the answer to the request, would reach no step."""
        if isinstance(emitted, EventRecord):
            if not self.definition.accepting(emitted.types):
                return f"No step accepts {emitted.type}."
        elif isinstance(emitted, Request):
            kind, bases = emitted.respond_as or RESPONSE
            if not self.definition.accepting((kind, *bases)):
                return f"No step accepts {kind}, the answer to {emitted.request_id!r}."
            if emitted.on_expire:
                return self.find_unroutable(emitted.on_expire)
        return None

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
        for request in list(self.state.requests.values()):
            self.close(request, "withdrawn")
        for call in list(self.state.calls.values()):
            self.end(call)
        self.state.status = status
        self._stop_clock()
        self.commands.append(Finish(status, result, error))
        text = f'{{"result":{result}}}' if result is not None else None
        self.publish(f"run_{status}", body=dict(error or {}), text=text, **line)
        self.commands.append(SaveSnapshot(status))

    def settle(self) -> None:
        """After every tick: what does the run do now? Nothing at all is a failure."""
        state = self.state
        if state.is_finished or not state.started_at:
            return
        self._stop_clock()
        if state.running:
            state.active_since = self.at
        if not state.calls and not state.requests:
            self._stall()
            return
        state.status = "running" if state.calls else "waiting"
        if state.status == "waiting" and self.before.status != "waiting":
            self.publish("run_waiting", body={"requests": list(state.requests)})
            self.commands.append(SaveSnapshot("waiting"))
        elif self._became_quiet():
            self.commands.append(SaveSnapshot("paused"))

    def _became_quiet(self) -> bool:
        was_quiet = self.before.paused and not self.before.running
        return self.state.paused and not self.state.running and not was_quiet

    def _stop_clock(self) -> None:
        self.state.active_seconds = self.state.active_at(self.at)
        self.state.active_since = None

    def _stall(self) -> None:
        last = self.state.last_step
        self.fail(
            {
                "type": "StalledError",
                "step_name": last,
                "message": f"After step {last!r} nothing was left to do, "
                "and no StopEvent came.",
            }
        )


def quoted(text: str) -> str:
    """Text as JSON."""
    return json.dumps(text)
