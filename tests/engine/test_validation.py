"""What `build` refuses, and how it says so (engine.md, R61)."""

from collections.abc import Callable
from typing import Any

import pytest

from workflows_app.engine import (
    Context,
    Event,
    InputRequestEvent,
    InputResponseEvent,
    ParallelSubWorkflowsStep,
    Retry,
    StartEvent,
    Step,
    StepFailedEvent,
    StopEvent,
    SubWorkflowStep,
    ValidationError,
    Workflow,
    step,
)


class Ping(Event):
    """Goes from one step to the next."""


class LoudPing(Ping):
    """A narrower kind of it."""


class Pong(Event):
    """Comes back."""


class Done(Event):
    """One result of a fan-out."""


class Delivery(Event):
    """Comes from outside."""

    external = True


class Escalate(Event):
    """What a request may turn into when nobody answers."""


class Other(Event):
    """Called like another class."""

    event_type = "Ping"


@step
def start(ctx: Context, ev: StartEvent) -> Ping:
    """Begin."""
    return Ping()


@step
def stop(ctx: Context, ev: Ping) -> StopEvent:
    """End."""
    return StopEvent()


@step
def only(ctx: Context, ev: StartEvent) -> StopEvent:
    """Begin and end."""
    return StopEvent()


@step
def ask(ctx: Context, ev: StartEvent) -> InputRequestEvent:
    """Ask."""
    return InputRequestEvent("ask")


@step
def hear(ctx: Context, ev: InputResponseEvent) -> StopEvent:
    """Hear the answer."""
    return StopEvent()


@step
def spread(ctx: Context, ev: StartEvent) -> list[Ping]:
    """Fan out."""
    return [Ping()]


@step
def work(ctx: Context, ev: Ping) -> Done:
    """Do one of many."""
    return Done()


@step
def gather(ctx: Context, ev: list[Done]) -> StopEvent:
    """Fan in."""
    return StopEvent()


def problems(*steps: Any, name: str = "w", **options: Any) -> list[str]:
    """All that is wrong; an empty list if the workflow can be built."""
    try:
        Workflow(name, list(steps), **options)
    except ValidationError as error:
        return error.errors
    return []


def as_step(body: Callable[..., Any], **options: Any) -> Step:
    return step(body, name="odd", **options)


def test_a_sound_workflow_has_no_problems() -> None:
    assert problems(start, stop) == []
    assert problems(ask, hear) == []
    assert problems(spread, work, gather) == []


def test_a_workflow_has_steps() -> None:
    assert problems() == ["The workflow has no steps."]


def test_what_is_not_a_step_is_named() -> None:
    def plain(ctx: Context, ev: StartEvent) -> StopEvent:
        return StopEvent()

    (problem,) = problems(only, plain)
    assert "plain" in problem
    assert "decorate it with @step" in problem


def test_a_step_takes_the_start_event() -> None:
    assert "No step accepts StartEvent." in problems(stop)


def test_a_step_that_takes_everything_takes_the_start_event() -> None:
    def anything(ctx: Context, ev: Event) -> StopEvent:
        return StopEvent()

    assert problems(as_step(anything)) == []


def test_step_names_are_used_once() -> None:
    assert "Two steps are called 'only'." in problems(only, only)


@pytest.mark.parametrize("name", ["", "two words", "ä", "a" * 101, "@input_handler"])
def test_names_have_few_kinds_of_letters(name: str) -> None:
    refused = problems(Step(name=name, body=only.body), name=name)
    assert len([p for p in refused if "1 to 100 letters" in p]) == 2


def test_the_name_of_the_stepless_workflow_is_taken() -> None:
    assert problems(only, name="external") == [
        "The name 'external' is Holdpoint's own."
    ]


def test_labels_fit_their_columns() -> None:
    refused = problems(only, version="", groups=["g" * 151])
    assert [p.split(" must")[0][:12] for p in refused] == [
        "The version ",
        "The group 'g",
    ]
    with pytest.raises(TypeError, match="list of names"):
        Workflow("w", [only], groups="leads")


def no_annotation(ctx, ev):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Say nothing."""


# Types


def test_what_is_never_delivered_cannot_be_accepted() -> None:
    def ends(ctx: Context, ev: StopEvent) -> None:
        return None

    def listens(ctx: Context, ev: InputRequestEvent) -> None:
        return None

    told = "Step 'odd' accepts StopEvent, which is never delivered."
    assert told in problems(only, as_step(ends))
    told = "Step 'odd' accepts InputRequestEvent, which is never delivered."
    assert told in problems(only, as_step(listens))


def test_two_classes_have_two_types() -> None:
    def other(ctx: Context, ev: Other) -> StopEvent:
        return StopEvent()

    refused = problems(start, stop, as_step(other))
    assert "Two event classes are called 'Ping'." in refused


def test_there_is_one_typed_start_event() -> None:
    class First(StartEvent):
        """One input."""

    class Second(StartEvent):
        """Another input."""

    def first(ctx: Context, ev: First | Second) -> StopEvent:
        return StopEvent()

    (problem,) = problems(as_step(first))
    assert problem == "A workflow has one start event, not First, Second."


# Ways of events


def test_an_emitted_event_needs_a_step_that_takes_it() -> None:
    lost = "Step 'start' emits Ping, but no step accepts it."
    assert lost in problems(start, hear)
    assert lost not in problems(start, hear, ignore_unhandled=[Ping])
    assert lost not in problems(start, hear, ignore_unhandled="Ping")


def test_that_is_told_although_other_steps_do_not_say_what_they_emit() -> None:
    assert problems(start, as_step(no_annotation, accepts=StartEvent)) == [
        "Step 'start' emits Ping, but no step accepts it."
    ]


def test_a_base_class_takes_what_is_narrower_and_the_other_way_round() -> None:
    def loud(ctx: Context, ev: StartEvent) -> LoudPing:
        return LoudPing()

    def hears_loud(ctx: Context, ev: LoudPing) -> StopEvent:
        return StopEvent()

    assert problems(as_step(loud), stop) == []
    assert problems(start, as_step(hears_loud)) == []


def test_a_request_needs_a_step_that_takes_the_answer() -> None:
    told = (
        "Step 'ask' emits InputRequestEvent, but no step accepts InputResponseEvent, "
        "as which the answer would come."
    )
    assert told in problems(ask)
    assert told in problems(ask, as_step(no_annotation, accepts=StartEvent))


def test_a_subclass_of_a_request_needs_one_as_well() -> None:
    class Approval(InputRequestEvent):
        """A kind of request."""

    def asks(ctx: Context, ev: StartEvent) -> Approval:
        return Approval()

    assert any("emits Approval" in p for p in problems(as_step(asks)))
    assert problems(as_step(asks), hear) == []


def test_an_answer_may_come_as_a_type_of_the_author_s() -> None:
    assert problems(ask, stop) == []


def test_a_request_may_bring_what_nobody_emits() -> None:
    def escalates(ctx: Context, ev: Escalate) -> StopEvent:
        return StopEvent()

    assert problems(ask, hear, as_step(escalates)) == []


MARK_IT = "mark it `external = True` if it comes from outside"


def test_an_accepted_event_needs_somebody_who_emits_it() -> None:
    assert problems(only, stop) == [
        f"Step 'stop' accepts Ping, but no step emits it; {MARK_IT}."
    ]


def test_what_comes_from_outside_is_emitted_by_nobody() -> None:
    def delivered(ctx: Context, ev: Delivery) -> StopEvent:
        return StopEvent()

    assert problems(only, as_step(delivered)) == []


def test_nobody_knows_what_a_silent_step_emits() -> None:
    assert problems(only, stop, as_step(no_annotation, accepts=StartEvent)) == []


def test_an_answer_needs_a_question() -> None:
    (problem,) = problems(only, hear)
    assert "Step 'hear' accepts InputResponseEvent, but no step emits it" in problem


def test_steps_that_only_reach_each_other_are_not_reached() -> None:
    def forth(ctx: Context, ev: Ping) -> Pong:
        return Pong()

    def back(ctx: Context, ev: Pong) -> Ping:
        return Ping()

    assert problems(only, step(forth), step(back)) == [
        "Step 'forth' is never reached: nothing leads to it from the start.",
        "Step 'back' is never reached: nothing leads to it from the start.",
    ]


def test_some_path_leads_to_a_stop_event() -> None:
    def round_and_round(ctx: Context, ev: StartEvent | Ping) -> Ping:
        return Ping()

    assert problems(as_step(round_and_round)) == ["No path leads to a StopEvent."]


def test_a_joining_step_needs_a_list() -> None:
    (problem,) = problems(start, work, gather)
    assert "Step 'gather' takes a list" in problem
    assert "no step that returns a list leads to it" in problem
    assert problems(spread, work, gather) == []


def test_what_a_joining_step_collects_is_taken() -> None:
    def bare(ctx: Context, ev: list) -> StopEvent:  # type: ignore[type-arg]
        return StopEvent()

    joining = as_step(bare, collect=Done)
    assert (joining.accepts, joining.collects) == ((), (Done,))
    assert problems(spread, work, joining) == []


# Failures


@step
def rescue(ctx: Context, ev: StepFailedEvent) -> StopEvent:
    """Take any failure."""
    return StopEvent()


def test_a_step_may_take_failures() -> None:
    assert problems(only, rescue) == []


def test_failures_are_those_of_steps() -> None:
    made = as_step(rescue.body, for_steps="nobody")
    assert problems(only, made) == [
        "Step 'odd' is for the failures of 'nobody', which is no step."
    ]


def test_one_step_takes_the_failures_of_another() -> None:
    first = step(rescue.body, name="first", for_steps=["start", "stop"])
    second = step(rescue.body, name="second", for_steps=("stop",))
    assert problems(start, stop, first, second) == [
        "The failures of step 'stop' are taken by first and second."
    ]
    assert problems(only, rescue, as_step(rescue.body)) == [
        "The failures of step 'only' are taken by rescue and odd."
    ]


def test_only_a_step_that_takes_failures_is_for_steps() -> None:
    (problem,) = problems(as_step(only.body, for_steps="odd"))
    assert "has for_steps, but does not accept StepFailedEvent" in problem


# Sub-workflows


def test_a_sub_workflow_step_is_a_step_like_others() -> None:
    child = Workflow("child", [only])
    assert problems(SubWorkflowStep("sub", StartEvent, Ping, child), stop) == []
    refused = problems(SubWorkflowStep("sub", StartEvent, Pong, child), stop)
    assert "Step 'sub' emits Pong, but no step accepts it." in refused


def test_a_sub_workflow_step_takes_and_emits_events() -> None:
    child = Workflow("child", [only])
    odd: Any = 3
    refused = problems(only, SubWorkflowStep("sub", (), (Ping, Pong), child, retry=odd))
    assert "Step 'sub' does not say which event it accepts." in refused
    assert "Step 'sub' must emit exactly one event class." in refused
    assert "Step 'sub' has retry 3, which is no Retry." in refused


def test_parallel_sub_workflows_have_names_of_their_own() -> None:
    child = Workflow("child", [only])
    both = ParallelSubWorkflowsStep("sub", StartEvent, StopEvent, [child, child])
    assert problems(both) == ["Step 'sub' has two branches called 'child'."]
    limited = SubWorkflowStep("limited", (), (), child, retry=Retry(2))
    both = ParallelSubWorkflowsStep("sub", StartEvent, StopEvent, [child, limited])
    (problem,) = problems(both)
    assert "branch 'limited' with limits of its own" in problem
    none = ParallelSubWorkflowsStep("sub", StartEvent, StopEvent, [])
    assert problems(none) == ["Step 'sub' has no branches."]


def test_what_parallel_sub_workflows_emit_has_room_for_the_results() -> None:
    class Narrow(Event):
        """Has no field for results."""

        amount: int = 0

    child = Workflow("child", [only])
    odd: Any = "race"
    both = ParallelSubWorkflowsStep("sub", StartEvent, Narrow, [child], "wait_all")
    told = "Step 'sub' must emit an event with results, not Narrow."
    assert told in problems(both, stop)
    both = ParallelSubWorkflowsStep("sub", StartEvent, StopEvent, [child], odd)
    (problem,) = problems(both)
    assert "has join 'race', not wait_all or first_completes" in problem


def test_all_problems_come_at_once_and_always_in_the_same_order() -> None:
    def refused() -> list[str]:
        return problems(
            only,
            only,
            start,
            as_step(no_annotation),
            as_step(rescue.body, for_steps="nobody", max_concurrency=-1),
            name="two words",
        )

    assert len(refused()) > 5
    assert refused() == refused()
