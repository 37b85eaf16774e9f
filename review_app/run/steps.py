"""How the steps of a run stand, in words, and which ways lead from one to the next."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from workflows_app.engine.definition import END, Definition
from workflows_app.engine.state import FINISHED, Call, Request, State

Stage = Literal[
    "waiting",
    "decided",
    "running",
    "queued",
    "retry",
    "later",
    "held",
    "failed",
    "cut",
    "done",
]
START_NODE, END_NODE = "(start)", "(end)"
"""No step can have these names."""

ACTIVE: dict[Stage, str] = {
    "waiting": "waiting for a person",
    "decided": "decided, can be undone",
    "running": "running",
    "queued": "ready for a worker",
    "retry": "tried again later",
    "later": "begins later",
    "held": "held back",
}
"""What a step may be doing now, what needs a person first."""

FAILURES = ("step_failed", "step_timed_out", "step_lost")


@dataclass(frozen=True, slots=True)
class StepCount:
    """How many lines of a kind the log has for a step, and the number of the last."""

    step: str
    kind: str
    count: int
    last: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a step is: its stage (None before it began), and all that it is, in words."""

    stage: Stage | None
    words: str


@dataclass(frozen=True, slots=True)
class Way:
    """A way from one step to another: by which events, and how often the run took it."""

    source: str
    target: str
    events: tuple[str, ...] = ()
    is_answer: bool = False
    taken: int = 0

    @property
    def to(self) -> str:
        return "the end" if self.target == END_NODE else self.target


@dataclass(slots=True)
class _Story:
    """What log and state tell of one step's past."""

    counts: dict[str, int] = field(default_factory=Counter)
    lasts: dict[str, int] = field(default_factory=dict)
    asking: int = 0
    """Questions it has returned that are still open: so long it is not done."""

    @property
    def done(self) -> int:
        return self.counts["step_completed"] - self.asking

    def last(self, *kinds: str) -> int:
        return max((self.lasts.get(kind, 0) for kind in kinds), default=0)


def find_standings(
    definition: Definition, state: State, counts: Iterable[StepCount]
) -> dict[str, Standing]:
    """How each step of the definition stands."""
    stories: dict[str, _Story] = {step.name: _Story() for step in definition.steps}
    for each in counts:
        if each.step in stories:
            stories[each.step].counts[each.kind] = each.count
            stories[each.step].lasts[each.kind] = each.last
    for request in state.requests.values():
        if request.purpose == "event" and request.step in stories:
            stories[request.step].asking += 1
    active = _find_active(state)
    return {
        name: _standing(state, active.get(name, Counter()), story)
        for name, story in stories.items()
    }


def _find_active(state: State) -> dict[str, Counter[Stage]]:
    """What goes on in each step; a parked call is told by its question."""
    active: dict[str, Counter[Stage]] = {}
    for call in state.calls.values():
        if call.phase != "parked":
            active.setdefault(call.step, Counter())[_stage_of(call)] += 1
    for request in state.requests.values():
        active.setdefault(request.step, Counter())[_stage_of_request(request)] += 1
    return active


def _stage_of(call: Call) -> Stage:
    stages: Mapping[str, Stage] = {
        "ready": "queued",
        "later": "retry" if call.attempt else "later",
        "held": "held",
        "running": "running",
        "away": "running",
    }
    return "waiting" if call.is_waiting else stages[call.phase]


def _stage_of_request(request: Request) -> Stage:
    return "waiting" if request.decision is None else "decided"


def _standing(state: State, active: Counter[Stage], story: _Story) -> Standing:
    doing = [stage for stage in ACTIVE if active[stage]]
    said = [_said(stage, active[stage], state) for stage in doing]
    ended = _ended(state, story) if not doing else None
    if ended in ("failed", "cut"):
        said.append("failed" if ended == "failed" else "cut off by the end of the run")
    if story.done > 0:
        said.append("done" if story.done == 1 else f"done {story.done} times")
    if not said:
        said.append("not reached" if state.status in FINISHED else "not yet")
    stage = doing[0] if doing else ended or ("done" if story.done > 0 else None)
    return Standing(stage, ", ".join(said))


def _said(stage: Stage, count: int, state: State) -> str:
    words = ACTIVE[stage]
    if stage == "held" and state.paused:
        words = "held by the pause"
    return words if count == 1 else f"{words} ({count})"


def _ended(state: State, story: _Story) -> Stage | None:
    """How the last call of a step ended that did not complete."""
    done, failed = story.last("step_completed"), story.last(*FAILURES)
    if failed > done:
        return "failed"
    is_cut = state.status in FINISHED and story.last("step_started") > done
    return "cut" if is_cut else None


def find_ways(definition: Definition, taken: Iterable[Way]) -> list[Way]:
    """The ways that the steps tell of, and those that the run took besides.

    A run that goes on with another version may have been at steps that are no more.
    """
    steps = {START_NODE, END_NODE, *(step.name for step in definition.steps)}
    ways: dict[tuple[str, str], Way] = {}
    for way in (*_told(definition), *taken):
        ends = (way.source, way.target)
        if steps.issuperset(ends):
            ways[ends] = _merged(ways[ends], way) if ends in ways else way
    return list(ways.values())


def _merged(known: Way, way: Way) -> Way:
    return Way(
        known.source,
        known.target,
        tuple(dict.fromkeys((*known.events, *way.events))),
        known.is_answer or way.is_answer,
        known.taken + way.taken,
    )


def _told(definition: Definition) -> Iterable[Way]:
    start = (definition.start_type, *definition.start_bases)
    for step in definition.accepting(start):
        yield Way(START_NODE, step.name, (definition.start_type,))
    for step in definition.steps:
        for lead in step.leads_to or ():
            target = END_NODE if lead.step == END else lead.step
            yield Way(step.name, target, (lead.event,), lead.is_answer)
