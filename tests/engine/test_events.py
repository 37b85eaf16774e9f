"""Events: their types, their fields, what the engine tells of them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pydantic
import pytest

from workflows_app.engine import (
    Block,
    Event,
    InputRequestEvent,
    InputResponseEvent,
    LifecycleEvent,
    Outcome,
    ProgressEvent,
    ReviewPolicy,
    StartEvent,
    StepFailedEvent,
    StopEvent,
    ValidationError,
    WorkflowResult,
    emission,
    values,
)
from workflows_app.engine.events import Origin, find_type, origin_of
from workflows_app.engine.state import EventRecord, Request, Stop

ORIGIN = Origin(
    id="run/7",
    run_id="run",
    seq=7,
    source_step="ask",
    created_at=datetime(2024, 5, 1, tzinfo=UTC),
    kind="progress",
    fanout_id=3,
    fanout_size=2,
    fanout_index=1,
)


class Order(Event):
    """Has a field of a name that the engine uses, too."""

    id: str
    amount: int = 0


class Refund(Order):
    """A narrower kind, under a type of its own."""

    event_type = "order.refunded"


class Named(Event):
    """Another way to give a type."""

    event_type: ClassVar[str] = "named"


class Escalate(Event):
    """What follows when nobody answers."""


def test_an_event_without_a_class_has_any_fields() -> None:
    event = Event("order.paid", amount=12, tags=["a"])
    assert event.event_type == "order.paid"
    assert event.to_dict() == {"amount": 12, "tags": ["a"]}
    assert event.amount == 12  # type: ignore[attr-defined]


def test_the_type_of_a_class_is_its_name_or_what_it_says() -> None:
    assert (Order.event_type, Refund.event_type, Named.event_type) == (
        "Order",
        "order.refunded",
        "named",
    )
    assert Refund(id="a").event_type == "order.refunded"
    assert Named().event_type == "named"


def test_a_subclass_counts_as_its_bases() -> None:
    assert Refund.lineage() == ("Order", "Event")
    record = emission.as_record(Refund(id="a"))
    assert record.types == ("order.refunded", "Order", "Event")


def test_an_event_under_a_type_of_its_own_still_counts_as_its_class() -> None:
    assert emission.as_record(Event("mine")).types == ("mine", "Event")
    assert emission.as_record(Event()).types == ("Event",)


def test_a_typed_event_refuses_unknown_missing_and_wrong_fields() -> None:
    with pytest.raises(TypeError, match="Order has no field price"):
        Order(id="a", price=3)  # type: ignore[call-arg]
    with pytest.raises(pydantic.ValidationError):
        Order(amount=3)  # type: ignore[call-arg]
    with pytest.raises(pydantic.ValidationError):
        Order(id="a", amount="many")  # type: ignore[arg-type]


def test_before_it_is_sent_an_event_has_no_origin() -> None:
    event = Event("x")
    assert (event.id, event.run_id, event.seq, event.source_step) == (None,) * 4
    assert (event.created_at, event.fanout_id, event.fanout_size) == (None,) * 3
    assert event.kind == ""


def test_the_engine_tells_where_an_event_comes_from() -> None:
    event = Escalate().with_origin(ORIGIN)
    assert (event.id, event.run_id, event.seq) == ("run/7", "run", 7)
    assert (event.source_step, event.kind) == ("ask", "progress")
    assert event.created_at == ORIGIN.created_at
    assert (event.fanout_id, event.fanout_size, event.fanout_index) == (3, 2, 1)
    assert event.to_dict() == {}


def test_an_author_s_field_of_the_engine_s_names_wins() -> None:
    order = Order(id="A-1").with_origin(ORIGIN)
    assert (order.id, order.seq) == ("A-1", 7)
    event = Event("x", id=3, kind="mine").with_origin(ORIGIN)
    assert (event.id, event.kind, event.run_id) == (3, "mine", "run")
    assert event.to_dict() == {"id": 3, "kind": "mine"}
    assert origin_of(event) is ORIGIN


def test_a_name_that_nobody_knows_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        _ = Event("x").nothing  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["StartEvent", "StopEvent", "InputRequestEvent"])
def test_built_in_types_answer_to_blazen_s_spelling(name: str) -> None:
    assert Event(f"blazen::{name}").event_type == name
    assert find_type(f"blazen::{name}") is find_type(name)
    assert find_type(name).__name__ == name


def test_a_type_without_a_class_is_a_class_for_steps() -> None:
    kind = find_type("order.paid")
    assert (kind.event_type, kind.lineage()) == ("order.paid", ("Event",))
    assert kind is find_type("order.paid")
    with pytest.raises(TypeError, match="3 is no event class"):
        find_type(3)  # type: ignore[arg-type]


def test_a_stop_event_has_a_result_and_nothing_else() -> None:
    assert StopEvent().result is None
    with pytest.raises(TypeError, match="unknown"):
        StopEvent(unknown=1)  # type: ignore[call-arg]
    assert WorkflowResult("run", [1]).event.result == [1]


def test_progress_in_percent_needs_a_total() -> None:
    assert ProgressEvent(message="at work").percent is None
    assert ProgressEvent(current=3, total=4, label="files").percent == 75
    assert ProgressEvent(current=3, total=0).percent is None
    again = ProgressEvent(**ProgressEvent(current=3, total=4).to_dict())
    assert again.percent == 75


def test_a_lifecycle_event_has_the_kind_of_its_line() -> None:
    event = LifecycleEvent(kind="event_routed", routed_type="Order", step_name="pay")
    assert (event.event_type, event.kind) == ("lifecycle", "event_routed")
    assert event.with_origin(ORIGIN).kind == "event_routed"


def test_a_failure_tells_step_input_and_error() -> None:
    event = StepFailedEvent(step_name="pay", input_event={"id": "a"}, attempts=3)
    assert (event.step_name, event.input_event["id"], event.attempts) == ("pay", "a", 3)


# Input requests


def test_a_request_takes_id_prompt_and_metadata_by_place() -> None:
    request = InputRequestEvent("req-1", "Your name?", {"form": 3})
    assert (request.request_id, request.prompt) == ("req-1", "Your name?")
    assert request.metadata == {"form": 3}


def test_a_response_takes_id_and_value_by_place() -> None:
    answer = InputResponseEvent("req-1", {"name": "Alice"}, reason="so")
    assert (answer.request_id, answer.response) == ("req-1", {"name": "Alice"})
    assert (answer.reason, answer.votes, answer.request) == ("so", [], {})
    with pytest.raises(TypeError):
        InputResponseEvent()  # type: ignore[call-arg]


def test_the_short_forms_of_a_request_are_a_policy() -> None:
    event = InputRequestEvent(
        assignees=["ada"],
        groups=["leads"],
        expires_in=timedelta(minutes=2),
        on_expire=Escalate(),
    )
    policy: ReviewPolicy = event.policy
    assert (policy.assignees, policy.groups) == (["ada"], ["leads"])
    assert (event.expires_in, policy.due_seconds) == (120.0, 120.0)
    assert isinstance(event.on_expire, Escalate)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"assignees": ["ada"]}, "assignees"),
        ({"groups": ["leads"]}, "groups"),
        ({"expires_in": 3}, "expires_in"),
        ({"expires_in": 3, "on_expire": Escalate()}, "expires_in and on_expire"),
    ],
)
def test_a_policy_and_a_short_form_of_it_are_too_much(
    options: dict[str, Any], named: str
) -> None:
    with pytest.raises(TypeError, match=f"either a policy or {named}"):
        InputRequestEvent(policy=ReviewPolicy(), **options)


def test_what_happens_at_expiry_needs_an_expiry() -> None:
    with pytest.raises(TypeError, match="on_expire needs expires_in"):
        InputRequestEvent(on_expire=Escalate())


@pytest.mark.parametrize("never", [0, -1, float("nan"), float("inf"), timedelta(0)])
def test_an_expiry_that_cannot_be_is_a_value_error(never: float | timedelta) -> None:
    with pytest.raises(ValueError, match="expires_in"):
        InputRequestEvent(expires_in=never)
    with pytest.raises(ValueError, match="due_in"):
        ReviewPolicy(due_in=never)


def test_choices_are_outcomes_and_a_schema() -> None:
    event = InputRequestEvent(choices=[1, "two"])
    assert [outcome.key for outcome in event.outcomes] == ["1", "two"]
    assert event.answer_schema == {"enum": [1, "two"], "x-choices": True}


def _refused(make: Callable[[], object]) -> str:
    with pytest.raises(TypeError) as refusal:
        make()
    return str(refusal.value)


def test_a_request_refuses_what_makes_no_sense() -> None:
    outcome = [Outcome("go")]
    odd: Any = ["go"]
    text: Any = "ada"
    unknown: Any = {"colour": "red"}
    assert "choices or outcomes" in _refused(
        lambda: InputRequestEvent(choices=["a"], outcomes=outcome)
    )
    assert "choices or schema" in _refused(
        lambda: InputRequestEvent(choices=["a"], schema={"type": "string"})
    )
    assert "what can be chosen" in _refused(lambda: InputRequestEvent(choices=[]))
    assert "list of Outcome" in _refused(lambda: InputRequestEvent(outcomes=odd))
    assert "respond_as" in _refused(lambda: InputRequestEvent(respond_as=odd))
    assert "list of names" in _refused(lambda: InputRequestEvent(assignees=text))
    assert "no field colour" in _refused(lambda: InputRequestEvent(**unknown))


class AskForBudget(InputRequestEvent):
    """A kind of request with a field and a prompt of its own."""

    amount: int
    note: str | None
    prompt: str = "Is there money?"


def test_a_subclass_of_a_request_shows_its_own_fields_as_metadata() -> None:
    event = AskForBudget(  # type: ignore[call-arg]
        "budget", metadata={"year": 2024}, amount=5, note=None
    )
    content = emission.as_request(event).content
    assert content["prompt"] == "Is there money?"
    assert content["metadata"] == {"amount": 5, "note": None, "year": 2024}
    assert isinstance(emission.as_emitted(event, "ask")[0], Request)


# Emission


def test_what_a_step_returns_becomes_records() -> None:
    kinds = [
        type(emitted)
        for emitted in emission.as_emitted(
            [Escalate(), StopEvent(), InputRequestEvent()], "ask"
        )
    ]
    assert kinds == [EventRecord, Stop, Request]
    assert emission.as_emitted(None, "ask") == []
    assert emission.as_emitted((), "ask") == []


def test_only_a_list_is_a_fan_out() -> None:
    assert emission.split(None, "ask") == ([], None)
    assert emission.split([], "ask") == ([], 0)
    emitted, fanout = emission.split(Escalate(), "ask")
    assert (len(emitted), fanout) == (1, None)
    emitted, fanout = emission.split((Escalate(), Escalate()), "ask")
    assert (len(emitted), fanout) == (2, 2)


@pytest.mark.parametrize(
    ("returned", "told"),
    [
        ("text", "<class 'str'>"),
        ({}, "<class 'dict'>"),
        (StopEvent, "the class StopEvent"),
        ([Escalate(), "text"], "<class 'str'>"),
        ([[Escalate()]], "<class 'list'>"),
    ],
)
def test_anything_else_names_step_and_type(returned: Any, told: str) -> None:
    with pytest.raises(TypeError) as refusal:
        emission.split(returned, "ask")
    assert "'ask'" in str(refusal.value)
    assert told in str(refusal.value)


def test_a_built_in_type_without_its_class_is_what_it_is_called() -> None:
    stop = emission.as_emitted(Event("blazen::StopEvent", result=3), "end")
    assert stop == [Stop("3")]
    asked = emission.as_emitted(
        Event("blazen::InputRequestEvent", request_id="a", prompt="Why?"), "ask"
    )[0]
    assert isinstance(asked, Request)
    assert asked.content["prompt"] == "Why?"


def test_a_request_keeps_its_end_and_what_follows() -> None:
    event = InputRequestEvent("a", expires_in=5, on_expire=Escalate())
    request = emission.as_request(event)
    assert request.expires_in == 5
    assert request.on_expire == emission.as_record(Escalate())
    assert request.policy["on_due"] is None


def test_an_outcome_may_follow_when_time_is_over() -> None:
    policy = ReviewPolicy(due_in=5, on_due="no")
    event = InputRequestEvent(outcomes=[Outcome("yes"), Outcome("no")], policy=policy)
    request = emission.as_request(event)
    assert (request.policy["on_due"], request.on_expire) == ("no", None)


def test_an_outcome_that_is_not_offered_cannot_follow() -> None:
    event = InputRequestEvent(policy=ReviewPolicy(due_in=5, on_due="no"))
    with pytest.raises(ValidationError, match="on_due is 'no', not one of submit"):
        emission.as_request(event)


def test_outcomes_have_different_keys() -> None:
    with pytest.raises(ValidationError, match="Two outcomes have the key '1'"):
        emission.as_request(InputRequestEvent(choices=[1, "1"]))


def test_a_request_is_for_an_event_or_for_a_parked_call() -> None:
    assert emission.as_request(InputRequestEvent()).purpose == "event"
    assert emission.as_request(InputRequestEvent(), purpose="call").purpose == "call"


def test_each_request_without_an_id_gets_one() -> None:
    ids = {emission.as_request(InputRequestEvent()).request_id for _ in range(3)}
    assert len(ids) == 3


def test_a_request_can_be_made_again_from_what_is_shown() -> None:
    event = InputRequestEvent(
        "a",
        "Why?",
        {"form": 3},
        display=[Block("text", "Because.")],
        schema={"type": "object"},
        proposed={"b": 1},
        outcomes=[Outcome("go", style="primary")],
    )
    request = emission.as_request(event)
    again = InputRequestEvent.from_shown("a", values.load(request.shown))
    assert emission.as_request(again).digest == request.digest


def test_a_start_event_is_a_record_of_its_fields() -> None:
    record = emission.as_start(StartEvent(message="hello"))  # type: ignore[call-arg]
    assert record.types == ("StartEvent", "Event")
    assert values.load(record.body) == {"message": "hello"}


@pytest.mark.parametrize(
    "options",
    [
        {"tags": {"a": "\0"}},
        {"tags": {"\ud800": "a"}},
        {"priority": 2**31},
        {"previous": "x" * 201},
    ],
)
def test_a_request_that_no_queue_could_file_is_refused(options: Any) -> None:
    with pytest.raises(ValidationError):
        emission.as_request(InputRequestEvent("q", **options))
