"""What is wrong with a workflow, all at once, before anything runs (engine.md, R61)."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from .events import (
    BUILT_IN,
    Event,
    InputRequestEvent,
    StartEvent,
    StepFailedEvent,
    StopEvent,
)
from .flow import Flow
from .flow_checks import find_dead_ends, find_losses
from .steps import StepLike

NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")

EXTERNAL = "external"
"""The workflow without steps, whose runs are questions of other programs."""

LONGEST = {"version": 100, "group": 150}
"""Characters of a label, as many as its column has."""


@dataclass(frozen=True, slots=True)
class Labels:
    """What a workflow is called, in which version, and who may see its runs."""

    name: str
    version: str = "1"
    groups: Sequence[str] = ()


def find_problems(
    labels: Labels, flow: Flow, ignored: Collection[str] = ()
) -> list[str]:
    """Every problem as a sentence; an empty list means the workflow can run."""
    steps = flow.steps
    astray = _start_problems(steps)
    problems = [
        *_name_problems(labels.name, steps),
        *_label_problems(labels),
        *_step_problems(steps),
        *_twins(steps),
        *astray,
        *_handler_problems(steps),
    ]
    if all(step.accepts or step.collects for step in steps):
        problems += find_losses(flow, ignored)
        problems += [] if astray else find_dead_ends(flow)
    return problems


def _name_problems(name: str, steps: Sequence[StepLike]) -> list[str]:
    names = [step.name for step in steps]
    illegal = [n for n in (name, *names) if not NAME.fullmatch(n)]
    twice = sorted({n for n in names if names.count(n) > 1})
    reserved = [f"The name {EXTERNAL!r} is Holdpoint's own."] * (name == EXTERNAL)
    return [
        *(
            f"The name {n[:110]!r} must have 1 to 100 letters, digits or _.-"
            for n in illegal
        ),
        *reserved,
        *(f"Two steps are called {n!r}." for n in twice),
    ]


def _label_problems(labels: Labels) -> list[str]:
    given = [("version", labels.version), *(("group", g) for g in labels.groups)]
    return [
        f"The {kind} {text[:40]!r} must be printable, "
        f"with at most {LONGEST[kind]} characters."
        for kind, text in given
        if not text.isprintable() or not 0 < len(text) <= LONGEST[kind]
    ]


def _step_problems(steps: Sequence[StepLike]) -> list[str]:
    """What the steps say of themselves, and what they take that nothing delivers."""
    problems = [
        f"Step {step.name!r} {problem}" for step in steps for problem in step.problems
    ]
    problems += [
        f"Step {step.name!r} accepts {kind.__name__}, which is never delivered."
        for step in steps
        for kind in (*step.accepts, *step.collects)
        if issubclass(kind, StopEvent | InputRequestEvent)
    ]
    return problems


def _twins(steps: Sequence[StepLike]) -> list[str]:
    named = dict.fromkeys(BUILT_IN)
    for step in steps:
        emits = step.emits.types if step.emits else ()
        named |= dict.fromkeys((*step.accepts, *step.collects, *emits))
    by_type: dict[str, list[type[Event]]] = {}
    for kind in named:
        by_type.setdefault(kind.event_type, []).append(kind)
    return [
        f"Two event classes are called {event_type!r}."
        for event_type, kinds in sorted(by_type.items())
        if len(kinds) > 1
    ]


def _start_problems(steps: Sequence[StepLike]) -> list[str]:
    if not steps:
        return ["The workflow has no steps."]
    starts = {c for step in steps for c in step.accepts if issubclass(c, StartEvent)}
    typed = sorted(c.__name__ for c in starts - {StartEvent})
    if len(typed) > 1:
        return [f"A workflow has one start event, not {', '.join(typed)}."]
    if not starts and not any(Event in step.accepts for step in steps):
        return ["No step accepts StartEvent."]
    return []


def _handler_problems(steps: Sequence[StepLike]) -> list[str]:
    """Of the steps that take the failures of others."""
    names = [step.name for step in steps]
    handlers = [step for step in steps if StepFailedEvent in step.accepts]
    problems = [
        f"Step {step.name!r} has for_steps, but does not accept StepFailedEvent."
        for step in steps
        if step.for_steps is not None and step not in handlers
    ]
    problems += [
        f"Step {step.name!r} is for the failures of {name!r}, which is no step."
        for step in handlers
        for name in step.for_steps or ()
        if name not in names
    ]
    for name in dict.fromkeys(s.name for s in steps if s not in handlers):
        takers = [s.name for s in handlers if not s.for_steps or name in s.for_steps]
        if len(takers) > 1:
            problems.append(
                f"The failures of step {name!r} are taken by {' and '.join(takers)}."
            )
    return problems
