"""What is wrong with a workflow, all at once, before anything runs (engine.md, R61)."""

import re
from collections.abc import Sequence

from .events import (
    BUILT_IN,
    Event,
    InputRequestEvent,
    InputResponseEvent,
    StartEvent,
    StopEvent,
)
from .steps import Step

NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")


def find_problems(
    name: str, steps: Sequence[Step], *, version: str = "1", groups: Sequence[str] = ()
) -> list[str]:
    """Every problem as a sentence; an empty list means the workflow can run."""
    problems = [
        *_name_problems(name, steps),
        *_label_problems(version, groups),
        *_type_problems(steps),
        *_start_problems(steps),
    ]
    if not problems and all(step.emits is not None for step in steps):
        problems = _flow_problems(steps)
    return problems


def _name_problems(name: str, steps: Sequence[Step]) -> list[str]:
    names = [step.name for step in steps]
    illegal = [n for n in (name, *names) if not NAME.fullmatch(n)]
    twice = sorted({n for n in names if names.count(n) > 1})
    return [
        *(f"The name {n!r} may have letters, digits and _.- only." for n in illegal),
        *(f"Two steps are called {n!r}." for n in twice),
    ]


def _label_problems(version: str, groups: Sequence[str]) -> list[str]:
    longest = {"version": 100, "group": 150}  # as long as their columns
    labels = [("version", version), *(("group", group) for group in groups)]
    return [
        f"The {kind} {text[:40]!r} must be printable, "
        f"with at most {longest[kind]} characters."
        for kind, text in labels
        if not text.isprintable() or not 0 < len(text) <= longest[kind]
    ]


def _type_problems(steps: Sequence[Step]) -> list[str]:
    problems = [
        f"Step {step.name!r} does not say which event it accepts."
        for step in steps
        if not step.accepts
    ]
    problems += [
        f"Step {step.name!r} accepts StopEvent, which is never delivered."
        for step in steps
        if any(issubclass(c, StopEvent) for c in step.accepts)
    ]
    return [*problems, *_twins(steps)]


def _twins(steps: Sequence[Step]) -> list[str]:
    named: set[type[Event]] = set(BUILT_IN)
    named.update(c for step in steps for c in (*step.accepts, *(step.emits or ())))
    by_type: dict[str, set[type[Event]]] = {}
    for kind in named:
        by_type.setdefault(kind.event_type, set()).add(kind)
    return [
        f"Two event classes are called {event_type!r}."
        for event_type, kinds in sorted(by_type.items())
        if len(kinds) > 1
    ]


def _start_problems(steps: Sequence[Step]) -> list[str]:
    if not steps:
        return ["The workflow has no steps."]
    starts = {c for step in steps for c in step.accepts if issubclass(c, StartEvent)}
    typed = sorted(c.__name__ for c in starts - {StartEvent})
    if len(typed) > 1:
        return [f"A workflow has one start event, not {', '.join(typed)}."]
    if not starts and not any(Event in step.accepts for step in steps):
        return ["No step accepts StartEvent."]
    return []


def _flow_problems(steps: Sequence[Step]) -> list[str]:
    """Follow the declared events from the start: what is lost, what is never met?"""
    emitted = _reachable_events(steps)
    problems = [
        f"{kind.__name__} is emitted, but no step accepts it."
        for kind in sorted(emitted, key=lambda kind: kind.__name__)
        if not _is_final(kind) and not _accepting(steps, kind)
    ]
    problems += [
        f"Step {step.name!r} is never reached: nothing emits what it accepts."
        for step in steps
        if not any(step in _accepting(steps, kind) for kind in emitted)
    ]
    if not any(issubclass(kind, StopEvent) for kind in emitted):
        problems.append("No path leads to a StopEvent.")
    return problems


def _reachable_events(steps: Sequence[Step]) -> set[type[Event]]:
    found: set[type[Event]] = set()
    pending: list[type[Event]] = [
        c for step in steps for c in step.accepts if issubclass(c, StartEvent)
    ] or [StartEvent]
    while pending:
        kind = pending.pop()
        if kind in found:
            continue
        found.add(kind)
        if issubclass(kind, InputRequestEvent):
            pending += _answers_to(steps)
        for step in _accepting(steps, kind):
            pending += step.emits or ()
    return found


def _answers_to(steps: Sequence[Step]) -> list[type[Event]]:
    """Answers come as InputResponseEvent, or as a `respond_as` that a step accepts."""
    own = [
        c
        for step in steps
        for c in step.accepts
        if c not in BUILT_IN and not issubclass(c, StartEvent)
    ]
    emitted = {c for step in steps for c in step.emits or ()}
    return [c for c in own if c not in emitted] or [InputResponseEvent]


def _accepting(steps: Sequence[Step], kind: type[Event]) -> list[Step]:
    return [s for s in steps if any(issubclass(kind, c) for c in s.accepts)]


def _is_final(kind: type[Event]) -> bool:
    return issubclass(kind, StopEvent | InputRequestEvent)
