"""What the signature of a step says, and what `build` has to say about it."""

from collections.abc import Callable
from typing import Any, Optional, Union

import pytest

from workflows_app.engine import (
    Context,
    Event,
    StartEvent,
    Step,
    StopEvent,
    ValidationError,
    Workflow,
    step,
)


class Ping(Event):
    """Goes from one step to the next."""


class Pong(Event):
    """Comes back."""


class Done(Event):
    """One result of a fan-out."""


@step
def only(ctx: Context, ev: StartEvent) -> StopEvent:
    """Begin and end."""
    return StopEvent()


def problems(*steps: Step, **options: Any) -> list[str]:
    """All that is wrong; an empty list if the workflow can be built."""
    try:
        Workflow("w", list(steps), **options)
    except ValidationError as error:
        return error.errors
    return []


def as_step(body: Callable[..., Any], **options: Any) -> Step:
    return step(body, name="odd", **options)


def no_annotation(ctx, ev):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Say nothing."""


def any_event(ctx: Context, ev: Any) -> StopEvent:
    """Say nothing, in other words."""
    return StopEvent()


def one_argument(ev: StartEvent) -> StopEvent:
    """Forget the context."""
    return StopEvent()


def three_arguments(ctx: Context, ev: StartEvent, more: int) -> StopEvent:
    """Want more than there is."""
    return StopEvent()


def by_keyword(ctx: Context, *, ev: StartEvent) -> StopEvent:
    """Cannot be called by place."""
    return StopEvent()


def unresolvable(ctx: Context, ev: "Nowhere") -> StopEvent:  # type: ignore[name-defined]  # noqa: F821
    """Name a class that is nowhere."""
    return StopEvent()


def takes_text(ctx: Context, ev: str) -> StopEvent:
    """Take what is no event."""
    return StopEvent()


def gives_text(ctx: Context, ev: StartEvent) -> str:
    """Give what is no event."""
    return ""


def mixes(ctx: Context, ev: Ping | list[Done]) -> StopEvent:
    """Take one or many."""
    return StopEvent()


def generates(ctx: Context, ev: StartEvent) -> Any:
    """Yield."""
    yield StopEvent()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (no_annotation, "does not say which event it accepts"),
        (any_event, "does not say which event it accepts"),
        (one_argument, "must take two arguments, ctx and ev"),
        (three_arguments, "must take two arguments, ctx and ev"),
        (by_keyword, "must take two arguments, ctx and ev"),
        (unresolvable, "annotation of its event that fails: name 'Nowhere'"),
        (takes_text, "accepts str, which is no event"),
        (gives_text, "returns str, which is no event"),
        (mixes, "accepts events and a list of events"),
        (generates, "is a generator"),
    ],
)
def test_a_signature_that_cannot_be_read_is_told_by_build(
    body: Callable[..., Any], told: str
) -> None:
    refused = problems(only, as_step(body))
    assert [p for p in refused if p.startswith("Step 'odd' ") and told in p]


def test_an_unreadable_annotation_is_never_taken_for_a_start_event() -> None:
    assert as_step(unresolvable).accepts == ()
    assert as_step(no_annotation).accepts == ()


def test_a_context_annotation_that_is_nowhere_does_no_harm() -> None:
    def body(ctx: "Nowhere", ev: StartEvent) -> StopEvent:  # type: ignore[name-defined]  # noqa: F821
        return StopEvent()

    assert problems(as_step(body)) == []


def test_an_annotation_may_name_what_comes_later() -> None:
    assert as_step(takes_later).accepts == (Later,)


def takes_later(ctx: Context, ev: "Later") -> "list[Later] | None":
    """Name a class that is further down."""
    return [ev]


class Later(Event):
    """Comes later."""


def test_text_annotations_may_name_local_classes() -> None:
    class Here(Event):
        """Is known in this function only."""

    @step
    def local(ctx: "Context", ev: "Here | StartEvent") -> "StopEvent":
        return StopEvent()

    assert local.accepts == (Here, StartEvent)


def test_unions_may_be_written_in_all_ways() -> None:
    def old(ctx: Context, ev: Union[Ping, Pong]) -> Optional[Done]:  # noqa: UP007, UP045
        return None

    def new(ctx: Context, ev: Ping | Pong) -> list[Done | Pong] | StopEvent | None:
        return None

    assert as_step(old).accepts == as_step(new).accepts == (Ping, Pong)
    emits = as_step(new).emits
    assert emits is not None
    assert (emits.alone, emits.listed) == ((StopEvent,), (Done, Pong))
    emits = as_step(old).emits
    assert emits is not None
    assert (emits.alone, emits.listed) == ((Done,), ())


def test_a_step_that_may_emit_anything_does_not_tell_what() -> None:
    def body(ctx: Context, ev: StartEvent) -> Event | list[Event] | None:
        return None

    assert as_step(body).emits is None
    assert as_step(no_annotation).emits is None


def test_types_may_be_named_by_text() -> None:
    def body(ctx: Context, ev: Event) -> None:
        return None

    made = as_step(body, accepts="blazen::StartEvent", emits=["blazen::StopEvent"])
    assert made.accepts == (StartEvent,)
    assert problems(made) == []


def test_a_step_takes_single_events_or_lists_but_not_both() -> None:
    (problem,) = problems(as_step(only.body, accepts=StartEvent, collect=Done))[:1]
    assert "accepts events and a list of events" in problem


def test_what_is_declared_must_be_events() -> None:
    refused = problems(only, as_step(only.body, accepts=int, emits=(Ping, 3)))
    assert any("accepts <class 'int'>, which is no event" in p for p in refused)
    assert any("emits 3, which is no event" in p for p in refused)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"max_concurrency": -1}, "max_concurrency -1"),
        ({"max_concurrency": 1.5}, "max_concurrency 1.5"),
        ({"max_concurrency": True}, "max_concurrency True"),
        ({"isolation": "thread"}, "isolation 'thread', not one of auto, process"),
        ({"on_loss": "hope"}, "on_loss 'hope', not one of rerun, fail, ask"),
        ({"retry": 3}, "retry 3, which is no Retry"),
        ({"max_recoveries": 0}, "max_recoveries 0"),
    ],
)
def test_options_that_cannot_be_are_told_by_build(
    options: dict[str, Any], told: str
) -> None:
    (problem,) = problems(as_step(only.body, **options))
    assert told in problem


def test_the_workflow_s_own_options_are_looked_at_too() -> None:
    assert problems(only, retry=3, ignore_unhandled=[7]) == [
        "ignore_unhandled has 7, which is no event.",
        "The workflow has retry 3, which is no Retry.",
    ]
