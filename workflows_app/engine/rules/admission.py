"""Which of the calls that wait for room may go on now (R5, R51)."""

from workflows_app.engine.commands import RunStep, StartChild
from workflows_app.engine.definition import Definition, StepDefinition
from workflows_app.engine.state import Call, Child, EventRecord, Place, State

from .reduction import Reduction


class _Room:
    """Counts what occupies a run's limits."""

    def __init__(self, definition: Definition, state: State) -> None:
        self._definition = definition
        self._steps: dict[str, int] = {}
        self._exclusive = self._conflicted = False
        self._contended: set[str] = set()
        for call in state.calls.values():
            if call.phase in {"ready", "running", "away"}:
                self.take(call)
            elif self._keeps_turn(call):
                self._count(call)
            if call.conflicts and call.phase in {"held", "ready", "running"}:
                self._contended.add(call.step)

    def _keeps_turn(self, call: Call) -> bool:
        """With one at a time, a call that will run again; it stops no other step."""
        if self._definition.step(call.step).max_concurrency != 1:
            return False
        is_retried = call.phase == "later" and call.failures > 0
        return is_retried or call.phase == "parked"

    def _count(self, call: Call) -> None:
        self._steps[call.step] = self._steps.get(call.step, 0) + 1

    def take(self, call: Call) -> None:
        self._count(call)
        step = self._definition.step(call.step)
        self._exclusive = self._exclusive or step.exclusive
        self._conflicted = self._conflicted or call.conflicts > 0

    def has_place_for(self, call: Call) -> bool:
        step = self._definition.step(call.step)
        limit = step.max_concurrency
        if limit and self._steps.get(call.step, 0) >= limit:
            return False
        if step.exclusive and self._exclusive:
            return False
        if call.conflicts:
            return not self._conflicted
        return call.step not in self._contended


def admit(work: Reduction) -> None:
    """Let the calls go on that there is room for, in the order in which they came.

    Calls that have lost a race for state run one at a time, and others of their step
    begin after them, so that each gets through.
    """
    held = [call for call in work.state.calls.values() if call.phase == "held"]
    if not held or work.state.paused:
        return
    room = _Room(work.definition, work.state)
    for call in held:
        if room.has_place_for(call):
            room.take(call)
            step = work.definition.step(call.step)
            if step.subworkflow is not None:
                _start_children(work, call, step)
            else:
                ready = work.change(call, phase="ready", not_before=None)
                work.commands.append(RunStep(ready))


def _start_children(work: Reduction, call: Call, step: StepDefinition) -> None:
    """A sub-workflow step holds no worker: other runs do its work."""
    assert step.subworkflow is not None
    branches = step.subworkflow.branches
    call = work.change(
        call,
        phase="away",
        attempt=call.attempt + 1,
        not_before=None,
        children=tuple(Child() for _ in branches),
    )
    names = [branch.name for branch in branches]
    work.publish_call("step_started", call, {"children": names})
    limits = [x for x in (step.timeout, work.active_left()) if x is not None]
    for number, branch in enumerate(branches):
        place = Place(call.number, call.attempt, number)
        body = call.event.body
        event = EventRecord(branch.start_type, branch.start_bases, body)
        budget = min(limits, default=None)
        work.commands.append(StartChild(place, branch, event, budget))
