"""A run as a graph: its steps as boxes with their words, and the ways between them."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

from django.contrib.auth.models import User
from django.db.models import Count, Max

from workflows_app import access
from workflows_app.engine import values
from workflows_app.engine.definition import Definition, StepDefinition
from workflows_app.engine.state import State
from workflows_app.engine.state_text import load_state
from workflows_app.models import Run, RunEvent
from workflows_app.runtime.definitions import get_definition

from .graph import Box, Layout, Line, Size, lay_out
from .steps import (
    END_NODE,
    START_NODE,
    Standing,
    StepCount,
    Way,
    find_standings,
    find_ways,
)

HEIGHT, BRANCH_HEIGHT, PILL = 52, 20, Size(92, 28)
NARROWEST, WIDEST = 196, 300
LETTER, SMALL_LETTER, BESIDE_TEXT = 8.2, 6.6, 56
"""Pixels that a letter of a name takes, one of the words, and what is beside them."""
MOST_CHILDREN = 200


@dataclass(frozen=True, slots=True)
class DrawnStep:
    """A step as the graph draws it and the list below tells it: in the same words."""

    name: str
    standing: Standing
    box: Box
    ways: tuple[Way, ...]
    is_silent: bool
    """Whether it does not tell where it leads."""
    workflows: tuple[str, ...]
    """The workflows that it runs, if it is such a step."""
    children: tuple[Run, ...] = ()

    @property
    def said(self) -> str:
        return f"{self.name}, {self.standing.words}"

    @property
    def href(self) -> str:
        """Where its events are: an address within the page of its run."""
        return f"?step={quote(self.name)}"

    @property
    def short_name(self) -> str:
        return _fitting(self.name, self.box.width, LETTER)

    @property
    def short_words(self) -> str:
        return _fitting(self.standing.words, self.box.width, SMALL_LETTER)

    @property
    def only_child(self) -> Run | None:
        return self.children[0] if len(self.children) == 1 else None


@dataclass(frozen=True, slots=True)
class DrawnWay:
    """A way, and its line."""

    way: Way
    line: Line


@dataclass(frozen=True, slots=True)
class Graph:
    """All that is drawn; `shape` changes when something is somewhere else."""

    steps: list[DrawnStep]
    ways: list[DrawnWay]
    start: Box
    end: Box | None
    layout: Layout
    shape: str

    @property
    def stages(self) -> list[str]:
        """The stages that occur, each of whose glyphs is needed once."""
        return sorted({step.standing.stage or "" for step in self.steps})

    @property
    def silent(self) -> list[DrawnStep]:
        return [step for step in self.steps if step.is_silent]


def draw_graph(run: Run, user: User) -> Graph | None:
    """The graph of a run, as far as this person may see it; None without steps."""
    definition = get_definition(run.definition_id)
    if not definition.steps:
        return None
    state = load_state(run.state) if run.state else State()
    standings = find_standings(definition, state, read_counts(run))
    ways = find_ways(definition, read_taken(run, state))
    sizes = _sizes(definition, ways)
    layout = _lay_out(tuple(sizes.items()), tuple((w.source, w.target) for w in ways))
    children = _children(run, user, state)
    by_ends = {(way.source, way.target): way for way in ways}
    return Graph(
        steps=[
            DrawnStep(
                name=step.name,
                standing=standings[step.name],
                box=layout.boxes[step.name],
                ways=tuple(way for way in ways if way.source == step.name),
                is_silent=step.leads_to is None,
                workflows=_workflows(step),
                children=tuple(children.get(step.name, ())),
            )
            for step in definition.steps
        ],
        ways=[DrawnWay(by_ends[li.source, li.target], li) for li in layout.lines],
        start=layout.boxes[START_NODE],
        end=layout.boxes.get(END_NODE),
        layout=layout,
        shape=hashlib.sha256(repr((sizes, list(by_ends))).encode()).hexdigest()[:12],
    )


# What there is to draw


def read_counts(run: Run) -> list[StepCount]:
    """What the log has of each step."""
    lines = RunEvent.objects.filter(run=run).exclude(step="").order_by()
    counted = lines.values_list("step", "kind").annotate(Count("id"), Max("number"))
    return [StepCount(*row) for row in counted]


def read_taken(run: Run, state: State) -> list[Way]:
    """The ways that the run took, as far as its log has them."""
    routed = RunEvent.objects.filter(run=run, kind="event_routed").order_by()
    rows = routed.values_list("step", "body").annotate(Count("id"))
    taken = [way for row in rows for way in _routed(*row)]
    if state.status == "completed" and state.last_step:
        taken.append(Way(state.last_step, END_NODE, taken=1))
    return taken


def _routed(source: str, body: str, count: int) -> Iterable[Way]:
    content = values.load(body)
    for target in content["steps"]:
        yield Way(source or START_NODE, target, (content["event_type"],), taken=count)


def _children(run: Run, user: User, state: State) -> dict[str, list[Run]]:
    """The runs that work for each step, as far as this person may see them."""
    seen = access.visible_runs(user).filter(parent=run).order_by("-id")
    runs = list(seen.only("workflow", "status", "parent_call")[:MOST_CHILDREN])
    steps = _steps_of_calls(run, {child.parent_call for child in runs})
    steps |= {call.number: call.step for call in state.calls.values()}
    found: dict[str, list[Run]] = {}
    for child in runs:
        found.setdefault(steps.get(child.parent_call, ""), []).append(child)
    return found


def _steps_of_calls(run: Run, calls: set[int | None]) -> dict[int | None, str]:
    if not calls:
        return {}
    begun = RunEvent.objects.filter(run=run, kind="step_started", call__in=calls)
    return dict(begun.order_by().values_list("call", "step"))


def _workflows(step: StepDefinition) -> tuple[str, ...]:
    plan = step.subworkflow
    return tuple(branch.workflow for branch in plan.branches) if plan else ()


# Where it is drawn


def _fitting(text: str, width: float, letter: float) -> str:
    """As much of a text as its box has room for; the whole of it is said aloud."""
    room = int((width - BESIDE_TEXT) / letter) + 1
    return text if len(text) <= room else f"{text[: room - 1]}…"


def _sizes(definition: Definition, ways: Iterable[Way]) -> Mapping[str, Size]:
    """Sizes never depend on how the steps stand: nothing moves while one looks at it."""
    sizes = {START_NODE: PILL}
    sizes |= {step.name: _size(step) for step in definition.steps}
    if any(way.target == END_NODE for way in ways):
        sizes[END_NODE] = PILL
    return sizes


def _size(step: StepDefinition) -> Size:
    width = min(WIDEST, max(NARROWEST, round(LETTER * len(step.name)) + BESIDE_TEXT))
    return Size(width, HEIGHT + BRANCH_HEIGHT * (step.subworkflow is not None))


@lru_cache(maxsize=50)
def _lay_out(
    sizes: tuple[tuple[str, Size], ...], edges: tuple[tuple[str, str], ...]
) -> Layout:
    """Runs of one workflow look the same, and are looked at again and again."""
    return lay_out(dict(sizes), edges)
