"""What is wrong with the ways of events through a workflow, as far as its steps tell."""

from collections.abc import Collection

from .events import (
    Event,
    InputRequestEvent,
    InputResponseEvent,
    StartEvent,
    StepFailedEvent,
    StopEvent,
)
from .flow import Flow
from .signature import Types


def find_losses(flow: Flow, ignored: Collection[str]) -> list[str]:
    """Events that no step takes, and questions whose answer no step takes."""
    return [*_lost_events(flow, ignored), *_unanswerable(flow)]


def find_dead_ends(flow: Flow) -> list[str]:
    """What nothing leads to, and no way out; known when all steps tell what they emit."""
    if not flow.is_known:
        return []
    return [
        *_never_emitted(flow),
        *_unreached(flow),
        *_never_joined(flow),
        *_endless(flow),
    ]


def _lost_events(flow: Flow, ignored: Collection[str]) -> list[str]:
    return [
        f"Step {step.name!r} emits {kind.__name__}, but no step accepts it."
        for step in flow.steps
        for kind in (step.emits.types if step.emits else ())
        if not issubclass(kind, StopEvent | InputRequestEvent)
        and kind.event_type not in ignored
        and not flow.taking(kind)
    ]


def _unanswerable(flow: Flow) -> list[str]:
    answered = flow.taking(InputResponseEvent) or len(flow.answers()) > 1
    return [
        f"Step {step.name!r} emits {kind.__name__}, but no step accepts "
        "InputResponseEvent, as which the answer would come."
        for step in flow.steps
        for kind in (step.emits.types if step.emits else ())
        if issubclass(kind, InputRequestEvent) and not answered
    ]


def _never_emitted(flow: Flow) -> list[str]:
    sources = _sources(flow)
    return [
        f"Step {step.name!r} accepts {kind.__name__}, but no step emits it; "
        "mark it `external = True` if it comes from outside."
        for step in flow.steps
        for kind in (*step.accepts, *step.collects)
        if not _comes_from(kind, sources)
    ]


def _sources(flow: Flow) -> Types:
    """All that some step, a person, a failure or the start of the run brings about."""
    emitted = flow.emitted()
    asks = any(issubclass(kind, InputRequestEvent) for kind in emitted)
    answers = flow.answers() if asks else ()
    return (flow.start_class, StepFailedEvent, *emitted, *answers)


def _comes_from(kind: type[Event], sources: Types) -> bool:
    if kind.external or issubclass(kind, StartEvent):
        return True
    return any(issubclass(s, kind) or issubclass(kind, s) for s in sources)


def _unreached(flow: Flow) -> list[str]:
    """Steps that accept what is emitted, but only by steps that are not reached."""
    sources = _sources(flow)
    reached = {step.name for kind in flow.reached() for step in flow.taking(kind)}
    return [
        f"Step {step.name!r} is never reached: nothing leads to it from the start."
        for step in flow.steps
        if step.name not in reached
        and any(_comes_from(kind, sources) for kind in (*step.accepts, *step.collects))
    ]


def _never_joined(flow: Flow) -> list[str]:
    joined = {name for step in flow.steps for name in flow.joins(step)}
    return [
        f"Step {step.name!r} takes a list of events, but no step that returns a list "
        "leads to it."
        for step in flow.steps
        if step.collects and step.name not in joined
    ]


def _endless(flow: Flow) -> list[str]:
    if any(issubclass(kind, StopEvent) for kind in flow.reached()):
        return []
    return ["No path leads to a StopEvent."]
