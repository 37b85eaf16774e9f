"""Events that are sent into a run from outside."""

import json
from typing import Any

import pytest

from tests.engine.story import Story
from tests.flows import Paid, bill, billing, book, dunning, settle
from workflows_app.engine import (
    InputResponseEvent,
    Workflow,
    step,
)
from workflows_app.engine.commands import Publish, Refuse, RunStep, SaveSnapshot
from workflows_app.engine.definition import Definition
from workflows_app.engine.errors import (
    EngineError,
    NoHandlerError,
    RunFinishedError,
    SerializationError,
    ValidationError,
)
from workflows_app.engine.policy import Responder
from workflows_app.engine.ticks import Aborted, EventSent, Paused, Resumed
from workflows_app.testing import Person, play


class Forged(InputResponseEvent):
    """Not even an author can let answers in this way."""

    external = True


@step(accepts=Forged)
def answered(ctx, ev):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Take answers in a class of their own; what it emits it does not tell."""


believing = Workflow("believing", [bill, book, settle, answered])

BANK = Responder("program", "source:bank")


def waiting() -> Story:
    """A run that has nothing left but to wait for an event."""
    story = Story(billing)
    return story.complete(story.claim())


def sent(kind: str = "Paid", **fields: Any) -> EventSent:
    return EventSent(kind, fields, BANK, "webhook")


def refusal(story: Story) -> EngineError:
    return story.of(Refuse)[0].error


def test_a_run_without_anything_left_waits_for_an_event_from_outside() -> None:
    story = waiting()
    assert story.status == "waiting"
    assert story.of(SaveSnapshot)
    waits = [line.body for line in story.lines if line.kind == "run_waiting"]
    assert waits == [{"requests": [], "reasons": [], "events": ["Paid"]}]


def test_an_event_goes_to_the_steps_that_accept_it() -> None:
    story = waiting().tick(sent(amount=4))
    assert story.status == "running"
    assert [c.call.step for c in story.of(RunStep)] == ["book"]
    call = story.claim()
    assert json.loads(call.event.body) == {"amount": 4}
    assert call.event.types == ("Paid", "Event")


def test_its_line_tells_who_sent_it_and_how() -> None:
    line = waiting().tick(sent(amount=4)).of(Publish)[0]
    assert (line.kind, line.door) == ("event_sent", "webhook")
    assert (line.actor.kind, line.actor.name) == ("program", "source:bank")
    assert json.loads(line.text or "") == {"event_type": "Paid", "event": {"amount": 4}}


@pytest.mark.parametrize(
    "kind",
    [
        "Settled",
        "Unheard",
        "InputResponseEvent",
        "StepFailedEvent",
        "StartEvent",
        "StopEvent",
        "",
    ],
)
def test_only_what_its_author_lets_in_can_be_sent(kind: str) -> None:
    story = waiting()
    before = story.state
    story.tick(sent(kind))
    assert isinstance(refusal(story), NoHandlerError)
    assert len(story.commands) == 1
    assert story.state == before


@pytest.mark.parametrize(
    "fields", [{}, {"amount": "much"}, {"amount": 1, "sender": "me"}]
)
def test_fields_that_do_not_fit_are_refused_by_name(fields: dict[str, Any]) -> None:
    story = waiting().tick(sent(**fields))
    error = refusal(story)
    assert isinstance(error, ValidationError)
    assert error.errors[0].startswith(("amount: ", "input: "))
    assert len(story.commands) == 1


def test_what_cannot_be_kept_as_json_is_refused() -> None:
    definition = _without_schema(billing.definition)
    story = Story(definition)
    story.complete(story.claim()).tick(sent(amount=object()))
    assert isinstance(refusal(story), SerializationError)


def _without_schema(definition: Definition) -> Definition:
    data = json.loads(definition.text)
    data["external_events"][0]["schema"] = None
    return Definition.load(json.dumps(data))


def test_a_paused_run_keeps_the_event_until_it_goes_on() -> None:
    story = waiting().tick(Paused()).tick(sent(amount=1))
    assert not story.of(Refuse)
    assert story.ready == []
    assert story.tick(Resumed()).ready == ["book"]


def test_a_run_that_is_over_takes_no_event() -> None:
    story = waiting().tick(Aborted()).tick(sent(amount=1))
    assert isinstance(refusal(story), RunFinishedError)


def test_a_definition_keeps_what_it_takes_from_outside() -> None:
    definition = billing.definition
    assert [e.type for e in definition.external_events] == ["Paid"]
    assert Definition.load(definition.text) == definition


def test_an_answer_cannot_be_marked_as_coming_from_outside() -> None:
    external = believing.definition.external_events
    assert [event.type for event in external] == ["Paid"]


def test_definitions_of_earlier_days_take_nothing_from_outside() -> None:
    data = json.loads(billing.definition.text)
    del data["external_events"]
    assert Definition.load(json.dumps(data)).external_events == ()


def test_a_play_sends_events_too() -> None:
    run = play(billing).send_event(Paid(amount=4), by=Person("ada"))
    assert run.status == "waiting"
    run.send_event(Paid(amount=6)).completes(10)


def test_an_event_may_come_while_a_person_is_asked() -> None:
    run = play(dunning).asks("wait").send_event(Paid(amount=1))
    run.asks().completes("Paid")
