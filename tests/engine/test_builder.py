"""Workflows as they are built: options in any order, the definition, ways to start."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import uuid4

import pydantic
import pytest

from workflows_app.engine import (
    DECLINE,
    HARD_ERROR,
    WARN_DROP,
    Context,
    Event,
    InputRequestEvent,
    InputResponseEvent,
    ParallelSubWorkflowsStep,
    Retry,
    SessionPausePolicy,
    Snapshot,
    StartEvent,
    StepFailedEvent,
    StopEvent,
    SubWorkflowStep,
    ValidationError,
    Workflow,
    WorkflowBuilder,
    WorkflowResult,
    runner,
    step,
)
from workflows_app.engine.definition import (
    END,
    Branch,
    Definition,
    Lead,
    StepDefinition,
    SubWorkflow,
)
from workflows_app.engine.runner import StartOptions

NEVER = [0, -1, float("nan"), float("inf"), timedelta(0)]


class Work(Event):
    """One of many."""


class Piece(Event):
    """A part of one of many."""


class Done(Event):
    """The result of a piece."""


class WorkDone(Event):
    """The result of one of many."""


class Order(StartEvent):
    """A typed input."""

    amount: int
    note: str = ""


@step
def only(ctx: Context, ev: StartEvent) -> StopEvent:
    """Begin and end."""
    return StopEvent()


@step(timeout=None, retry=Retry(5))
def patient(ctx: Context, ev: StartEvent) -> StopEvent:
    """Take all the time of the world."""
    return StopEvent()


@step
def take_order(ctx: Context, ev: Order) -> StopEvent:
    """Take a typed input."""
    return StopEvent(result=ev.amount)


@step
def spread(ctx: Context, ev: StartEvent) -> list[Work]:
    """Fan out."""
    return [Work()]


@step
def finish_all(ctx: Context, ev: list[Done | WorkDone]) -> StopEvent:
    """Fan in."""
    return StopEvent()


@step
def finish(ctx: Context, ev: list[Done]) -> StopEvent:
    """Fan in one type."""
    return StopEvent()


def defined(workflow: Workflow, name: str) -> StepDefinition:
    return workflow.definition.step(name)


def test_a_builder_takes_its_parts_in_any_order() -> None:
    acts: list[Callable[[WorkflowBuilder], WorkflowBuilder]] = [
        lambda b: b.step(only),
        lambda b: b.step_timeout(timedelta(minutes=15)),
        lambda b: b.timeout(timedelta(hours=2)),
        lambda b: b.retry(Retry(3)),
    ]
    digests = set()
    for order in permutations(acts):
        builder = Workflow.builder("hitl")
        for act in order:
            builder = act(builder)
        digests.add(builder.build().definition.digest)
    assert len(digests) == 1


def test_a_builder_sets_every_option_of_a_workflow() -> None:
    built = (
        WorkflowBuilder("hitl")
        .step(only)
        .timeout(7200)
        .deadline(timedelta(days=2))
        .step_timeout(900)
        .retry(Retry(3))
        .version("2")
        .groups("leads", "reviewers")
        .description("Asks.")
        .auto_publish_events(False)
        .session_pause_policy(HARD_ERROR)
        .input_handler(lambda request: DECLINE)
        .ignore_unhandled(Work, "blazen::ProgressEvent", "order.seen")
        .build()
        .definition
    )
    assert (built.timeout, built.deadline) == (7200.0, 172_800.0)
    assert (built.name, built.version, built.description) == ("hitl", "2", "Asks.")
    assert built.groups == ("leads", "reviewers")
    assert not built.auto_publish_events
    assert built.session_pause_policy == "hard_error"
    assert built.has_input_handler
    assert built.ignore_unhandled == ("Work", "ProgressEvent", "order.seen")
    (only_step,) = built.steps
    assert only_step.timeout == 900.0
    assert only_step.retry == Retry(3).rule()


def test_a_workflow_has_defaults() -> None:
    built = Workflow("plain", [only]).definition
    assert (built.timeout, built.deadline, built.version) == (None, None, "1")
    assert built.steps[0].timeout == 300.0
    assert built.steps[0].retry is None
    assert built.auto_publish_events
    assert built.session_pause_policy == WARN_DROP == SessionPausePolicy.WARN_DROP
    assert not built.has_input_handler


def test_limits_can_be_lifted() -> None:
    built = (
        WorkflowBuilder("lifted")
        .timeout(3)
        .step_timeout(3)
        .retry(Retry(3))
        .no_timeout()
        .no_step_timeout()
        .no_retry()
        .step(only)
        .build()
        .definition
    )
    assert built.timeout is None
    assert (built.steps[0].timeout, built.steps[0].retry) == (None, None)


def test_a_step_s_own_options_win() -> None:
    workflow = Workflow("own", [patient], step_timeout=5, retry=Retry(2))
    assert defined(workflow, "patient").timeout is None
    assert defined(workflow, "patient").retry == Retry(5).rule()
    assert workflow.retry_of("patient") == Retry(5)
    assert Workflow("own", [only], retry=Retry(2)).retry_of("only") == Retry(2)
    assert workflow.retry_of("nobody") is None


@pytest.mark.parametrize("never", NEVER)
def test_a_limit_that_cannot_be_is_a_value_error_at_the_call(
    never: float | timedelta,
) -> None:
    builder = WorkflowBuilder("never")
    for set_limit in (builder.timeout, builder.deadline, builder.step_timeout):
        with pytest.raises(ValueError, match="must be above 0"):
            set_limit(never)
    with pytest.raises(ValueError, match="timeout of step 'only'"):
        step(only.body, timeout=never)
    with pytest.raises(ValueError, match="The timeout"):
        Workflow("never", [only], timeout=never)
    with pytest.raises(ValueError, match="The deadline"):
        Workflow("never", [only], deadline=never)
    with pytest.raises(ValueError, match="The step timeout"):
        Workflow("never", [only], step_timeout=never)
    child = Workflow("child", [only])
    with pytest.raises(ValueError, match="timeout of step 'sub'"):
        SubWorkflowStep("sub", StartEvent, Work, child, timeout=never)


def test_a_session_policy_that_is_none_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="forget"):
        WorkflowBuilder("odd").session_pause_policy("forget")


def test_a_step_s_options_are_in_its_definition() -> None:
    made = step(
        only.body,
        name="careful",
        max_concurrency=2,
        timeout=timedelta(seconds=3),
        exclusive=True,
        emits=StopEvent,
    )
    rescue = step(
        lambda ctx, ev: None,
        name="rescue",
        accepts=StepFailedEvent,
        emits=(),
        for_steps="careful",
        max_recoveries=4,
    )
    workflow = Workflow("careful", [made, rescue])
    careful = defined(workflow, "careful")
    assert (careful.accepts, careful.emits) == (("StartEvent",), ("StopEvent",))
    assert (careful.max_concurrency, careful.timeout) == (2, 3.0)
    assert (careful.exclusive, careful.isolation) == (True, "auto")
    handler = defined(workflow, "rescue")
    assert (handler.for_steps, handler.max_recoveries) == (("careful",), 4)
    assert handler.emits == ()


@pytest.mark.parametrize("on_loss", ["fail", "ask"])
def test_a_step_that_must_not_run_twice_has_a_process_of_its_own(on_loss: Any) -> None:
    made = step(only.body, name="once", on_loss=on_loss)
    once = defined(Workflow("once", [made]), "once")
    assert (once.on_loss, once.isolation) == (on_loss, "process")


def test_a_definition_survives_its_text() -> None:
    child = Workflow("child", [only])
    sub = SubWorkflowStep("sub", Work, Done, child, retry=Retry(2))
    definition = Workflow("parent", [spread, sub, finish]).definition
    again = Definition.load(definition.text)
    assert again == definition
    assert again.digest == definition.digest


def test_a_step_can_be_called_like_its_function() -> None:
    assert take_order(None, Order(amount=3)) == StopEvent(result=3)
    assert not take_order.is_async

    @step
    async def later(ctx: Context, ev: StartEvent) -> StopEvent:
        return StopEvent()

    assert later.is_async


# Fan-out


def test_a_list_comes_together_at_the_joining_steps_that_are_reached_first() -> None:
    def work(ctx: Context, ev: Work) -> Done | WorkDone:
        return Done()

    def finish_some(ctx: Context, ev: list[Done]) -> StopEvent:
        return StopEvent()

    workflow = Workflow("joins", [spread, step(work), step(finish_some), finish_all])
    assert defined(workflow, "spread").joins == ("finish_some", "finish_all")
    assert defined(workflow, "work").joins == ()
    assert defined(workflow, "finish_all").collects == ("Done", "WorkDone")
    assert defined(workflow, "finish_all").accepts == ()


def split_work(ctx: Context, ev: Work) -> list[Piece]:
    """Fan out again."""
    return [Piece()]


def do_piece(ctx: Context, ev: Piece) -> Done:
    """Do one piece."""
    return Done()


def finish_pieces(ctx: Context, ev: list[Done]) -> WorkDone:
    """Fan in the pieces."""
    return WorkDone()


def finish_work(ctx: Context, ev: list[WorkDone]) -> StopEvent:
    """Fan in the rest."""
    return StopEvent()


def test_a_list_inside_of_a_list_has_its_own_joining_step() -> None:
    parts = [step(body) for body in (split_work, do_piece, finish_pieces, finish_work)]
    workflow = Workflow("nested", [spread, *parts])
    assert defined(workflow, "spread").joins == ("finish_work",)
    assert defined(workflow, "split_work").joins == ("finish_pieces",)


def test_what_follows_an_answer_belongs_to_the_list_that_asked() -> None:
    def ask(ctx: Context, ev: Work) -> InputRequestEvent:
        return InputRequestEvent()

    def hear(ctx: Context, ev: InputResponseEvent) -> Done:
        return Done()

    workflow = Workflow("asked", [spread, step(ask), step(hear), finish])
    assert defined(workflow, "spread").joins == ("finish",)


def test_a_step_leads_to_all_that_take_what_it_emits_and_to_the_end() -> None:
    class Urgent(Work):
        """Some work cannot wait."""

    def begin(ctx: Context, ev: StartEvent) -> Urgent | StopEvent:
        return Urgent()

    def work(ctx: Context, ev: Work) -> InputRequestEvent:
        return InputRequestEvent()

    def hear(ctx: Context, ev: InputResponseEvent) -> None:
        return None

    workflow = Workflow("leading", [step(begin), step(work), step(hear)])
    urgent = Lead(Urgent.event_type, "work")
    assert defined(workflow, "begin").leads_to == (urgent, Lead("StopEvent", END))
    answer = Lead("InputResponseEvent", "hear", is_answer=True)
    assert defined(workflow, "work").leads_to == (answer,)
    assert defined(workflow, "hear").leads_to == ()
    assert Definition.load(workflow.definition.text) == workflow.definition


def test_nobody_knows_where_a_silent_step_leads() -> None:
    def silent(ctx, ev: StartEvent):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        return None

    assert defined(Workflow("silent-lead", [step(silent)]), "silent").leads_to is None


def test_a_list_of_a_silent_step_may_come_together_anywhere() -> None:
    def silent(ctx, ev: StartEvent):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        return []

    def other(ctx: Context, ev: list[Piece]) -> StopEvent:
        return StopEvent()

    workflow = Workflow("silent", [step(silent), finish_all, step(other)])
    assert defined(workflow, "silent").joins == ("finish_all", "other")


def test_a_step_that_lists_what_it_takes_does_not_go_round_for_ever() -> None:
    def halve(ctx: Context, ev: Work) -> list[Work] | Done:
        return Done()

    workflow = Workflow("halves", [spread, step(halve), finish])
    assert defined(workflow, "halve").joins == ("finish",)
    assert defined(workflow, "spread").joins == ("finish",)


# Sub-workflows


class Verdict(Event):
    """Has fields for a result that is a dict."""

    score: int
    words: str = ""


class Verdicts(Event):
    """Has a field for the results of several."""

    results: list[Any] = []


def test_a_sub_workflow_is_in_the_definition_by_its_digest() -> None:
    child = Workflow("child", [take_order])
    sub = SubWorkflowStep("sub", StartEvent, StopEvent, child, timeout=9)
    workflow = Workflow("parent", [sub], retry=Retry(3), step_timeout=5)
    defined_sub = defined(workflow, "sub")
    assert defined_sub.subworkflow == SubWorkflow(
        branches=(
            Branch(
                "sub",
                "child",
                child.definition.digest,
                "Order",
                ("StartEvent", "Event"),
            ),
        ),
        merge="wait_all",
        parallel=False,
        emits="StopEvent",
        emits_bases=("Event",),
        unwraps=False,
    )
    assert (defined_sub.timeout, defined_sub.retry) == (9.0, None)
    assert workflow.retry_of("sub") is None
    assert list(workflow.subworkflows) == ["sub"]
    assert workflow.steps == {}


def test_a_sub_workflow_is_tried_again_only_if_it_says_so() -> None:
    child = Workflow("child", [only])
    sub = SubWorkflowStep("sub", StartEvent, StopEvent, child, retry=Retry(2))
    workflow = Workflow("parent", [sub])
    assert workflow.retry_of("sub") == Retry(2)
    assert defined(workflow, "sub").retry == Retry(2).rule()


def test_a_result_that_is_a_dict_fills_the_fields_of_its_event() -> None:
    def end(ctx: Context, ev: Verdict | Done) -> StopEvent:
        return StopEvent()

    child = Workflow("child", [only])
    for emits, unwraps in ((Verdict, True), (Done, False)):
        sub = SubWorkflowStep("sub", StartEvent, emits, child)
        end_step = step(end, accepts=emits)
        plan = defined(Workflow("parent", [sub, end_step]), "sub").subworkflow
        assert plan is not None
        assert plan.unwraps is unwraps


def test_parallel_sub_workflows_are_branches_in_order() -> None:
    one, two = Workflow("one", [only]), Workflow("two", [only])
    both = ParallelSubWorkflowsStep(
        "both",
        StartEvent,
        Verdicts,
        [one, SubWorkflowStep("again", (), (), one), two],
        "wait_all",
    )
    end = step(only.body, name="end", accepts=Verdicts)
    workflow = (
        WorkflowBuilder("parent").add_parallel_subworkflows(both).step(end).build()
    )
    plan = defined(workflow, "both").subworkflow
    assert plan is not None
    assert [branch.name for branch in plan.branches] == ["one", "again", "two"]
    assert (plan.parallel, plan.merge, plan.unwraps) == (True, "wait_all", False)
    assert workflow.children == (one, two)


def test_the_first_of_parallel_sub_workflows_may_be_enough() -> None:
    child = Workflow("child", [only])
    race = ParallelSubWorkflowsStep(
        "race", StartEvent, StopEvent, [child], "first_completes"
    )
    plan = defined(Workflow("parent", [race]), "race").subworkflow
    assert plan is not None
    assert plan.merge == "first_completes"


def test_children_are_nested_and_named_once() -> None:
    inner = Workflow("inner", [only])
    middle = Workflow("middle", [SubWorkflowStep("in", StartEvent, StopEvent, inner)])
    outer = (
        WorkflowBuilder("outer")
        .add_subworkflow_step(SubWorkflowStep("a", StartEvent, Work, middle))
        .add_subworkflow_step(SubWorkflowStep("b", Work, StopEvent, inner))
        .build()
    )
    assert [child.name for child in outer.children] == ["middle", "inner"]


def test_another_version_of_a_child_is_another_version_of_its_parent() -> None:
    digests = set()
    for version in ("1", "2"):
        child = Workflow("child", [only], version=version)
        sub = SubWorkflowStep("sub", StartEvent, StopEvent, child)
        digests.add(Workflow("parent", [sub]).definition.digest)
    assert len(digests) == 2


# Starting


@dataclass
class Recorder:
    """A runtime that only notes what it is asked to do."""

    asked: list[Any] = field(default_factory=list)
    approvals: Any = None

    def start(
        self, workflow: Workflow, event: StartEvent, options: StartOptions
    ) -> "Recorder":
        self.asked.append((workflow.name, event, options))
        return self

    async def start_async(
        self, workflow: Workflow, event: StartEvent, options: StartOptions
    ) -> "Recorder":
        return self.start(workflow, event, options)

    async def resume(
        self, snapshot: Snapshot, *, as_new_run: bool, paused: bool
    ) -> "Recorder":
        self.asked.append((snapshot, as_new_run, paused))
        return self

    def handler(self, run_id: str) -> str:
        return f"handler of {run_id}"

    async def result(self) -> WorkflowResult:
        return WorkflowResult("run-1", 7)


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    made = Recorder()
    runner.register(made)
    yield made
    runner._runners.remove(made)


orders = Workflow("orders", [take_order])


def test_a_start_passes_on_how_it_is_to_begin(recorder: Recorder) -> None:
    run_id, moment = str(uuid4()), datetime(2030, 1, 1, tzinfo=UTC)
    orders.start(
        {"amount": 3},
        run_id=run_id,
        idempotency_key="k",
        tags={"team": "a"},
        priority=2,
        not_before=moment,
    )
    assert recorder.asked == [
        (
            "orders",
            Order(amount=3),
            StartOptions(
                run_id=run_id,
                idempotency_key="k",
                tags={"team": "a"},
                priority=2,
                not_before=moment,
            ),
        )
    ]


def test_a_start_takes_fields_or_an_event(recorder: Recorder) -> None:
    orders.start({"amount": 3})
    orders.start(Order(amount=3))
    orders.start(StartEvent(amount=3))  # type: ignore[call-arg]
    assert [event for _, event, _ in recorder.asked] == [Order(amount=3)] * 3
    Workflow("plain", [only]).start()
    assert recorder.asked[-1][1] == StartEvent()


def test_an_input_that_does_not_fit_starts_nothing(recorder: Recorder) -> None:
    class Claim(StartEvent):
        """The start of another workflow."""

        amount: int

    with pytest.raises(TypeError, match="no field price"):
        orders.start({"amount": 3, "price": 4})
    with pytest.raises(pydantic.ValidationError):
        orders.start({})
    with pytest.raises(ValidationError, match="orders starts with Order, not Claim"):
        orders.start(Claim(amount=3))
    assert recorder.asked == []


async def test_a_run_ends_with_its_result(recorder: Recorder) -> None:
    result = await orders.run(amount=3)
    assert (result.run_id, result.result) == ("run-1", 7)
    assert result.event == StopEvent(result=7)
    assert await orders.run_with_handler(amount=3) is recorder
    with pytest.raises(TypeError, match="no field price"):
        await orders.run(amount=3, price=4)


def test_a_handler_is_had_from_anywhere(recorder: Recorder) -> None:
    assert Workflow.handler("run-1") == "handler of run-1"
