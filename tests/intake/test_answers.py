"""Webhooks that answer a question or send an event: exactly one, exactly once."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import connection

from tests.factories import let_pass, make_request, make_run, run_steps, start_run
from tests.flows import approval, billing, hurried, two_branches
from tests.intake.doors import make_source, post
from workflows_app.engine import (
    Context,
    InputRequestEvent,
    InputResponseEvent,
    StartEvent,
    StopEvent,
    Workflow,
    step,
)
from workflows_app.engine.emission import as_request
from workflows_app.engine.policy import ReviewPolicy
from workflows_app.models import (
    Delivery,
    InputRequest,
    InputResponse,
    Run,
    RunEvent,
    Source,
)
from workflows_app.runtime.external import ask
from workflows_app.runtime.handler import Answer, Handler
from workflows_app.runtime.starting import Start, start, start_event

NOBODY = str(UUID(int=7))
"""The id of no run."""

pytestmark = pytest.mark.django_db(transaction=True)

BY_RUN = {
    "find": {"run": {"body": "/run"}, "request_id": "approve"},
    "outcome": {"body": "/state", "map": {"approved": "approve", "denied": "reject"}},
    "answer": {"object": {"amount": {"body": "/amount", "default": 1}}},
    "reason": {"body": "/why", "default": ""},
}


@pytest.fixture
def source() -> Source:
    """A source that answers the questions of one workflow."""
    return make_source(approval, action="answer", mapping=BY_RUN)


def said(run: Any, state: str = "approved", **more: Any) -> dict[str, Any]:
    return {"run": str(run), "state": state, **more}


def refused(answer: Any, status: int, code: str) -> bool:
    """Refused with this code, kept as that, and nothing else has happened."""
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    delivery = Delivery.objects.latest("received_at")
    assert (delivery.result, delivery.status) == ("refused", status)
    return delivery.run is None and delivery.request is None


# Answers


def test_a_webhook_answers_a_question_in_its_sources_name(source: Source) -> None:
    asked = make_request(approval)
    answer = post("hmac", said(asked.run_id, amount=7))
    delivery = Delivery.objects.get()
    assert answer.status_code == 202
    assert answer.json() == {
        "run_id": str(asked.run_id),
        "request_id": "approve",
        "outcome": "approve",
        "delivery_id": delivery.delivery_id,
    }
    assert (delivery.result, delivery.request) == ("answered", asked)
    vote = InputResponse.objects.get()
    assert (vote.responder_kind, vote.responder) == ("program", "source:hmac")
    assert (vote.door, vote.value) == ("webhook", {"amount": 7})
    assert run_steps(asked.run_id).status == "completed"


def test_a_repeat_is_told_the_same_and_answers_nothing(source: Source) -> None:
    asked = make_request(approval)
    first = post("hmac", said(asked.run_id))
    second = post("hmac", said(asked.run_id))
    assert (first.status_code, second.status_code) == (202, 200)
    assert first.json() == second.json()
    assert InputResponse.objects.count() == 1
    assert Delivery.objects.get().times_received == 2


def test_the_same_answer_under_another_id_is_the_first_one(source: Source) -> None:
    asked = make_request(approval)
    first = post("hmac", said(asked.run_id))
    second = post("hmac", said(asked.run_id, why=""))
    assert second.status_code == 202
    assert first.json()["outcome"] == second.json()["outcome"]
    assert InputResponse.objects.count() == 1


def test_a_decision_that_stands_is_told(source: Source, ada: User) -> None:
    asked = make_request(approval)
    Handler(asked.run_id).respond(
        "approve", Answer(value={"amount": 1}, outcome="reject", reason="no", user=ada)
    )
    assert refused(post("hmac", said(asked.run_id)), 409, "already_answered")
    assert InputResponse.objects.count() == 1


def test_an_answer_that_does_not_fit_is_refused(source: Source) -> None:
    asked = make_request(approval)
    answer = post("hmac", said(asked.run_id, amount=501))
    assert refused(answer, 422, "invalid_response")
    assert refused(post("hmac", said(asked.run_id, "denied")), 422, "invalid_response")
    assert InputRequest.objects.get().status == "open"
    post("hmac", said(asked.run_id, "denied", why="Too much"))
    assert InputResponse.objects.get().reason == "Too much"


def test_a_word_that_the_map_does_not_have_answers_nothing(source: Source) -> None:
    asked = make_request(approval)
    assert refused(post("hmac", said(asked.run_id, "odd")), 400, "invalid_input")
    assert InputRequest.objects.get().status == "open"


@pytest.mark.parametrize(
    "run", ["", "nonsense", NOBODY, "x" * 201, "a\0b", None, 7, True]
)
def test_a_run_that_is_not_there_is_not_found(source: Source, run: Any) -> None:
    make_request(approval)
    assert refused(post("hmac", {"run": run, "state": "approved"}), 404, "not_found")
    assert InputRequest.objects.get().status == "open"


def test_a_question_of_another_workflow_is_not_there(source: Source) -> None:
    asked = make_request(hurried)
    assert refused(post("hmac", said(asked.run_id)), 404, "not_found")


def test_a_question_that_is_too_late_to_answer_is_gone() -> None:
    make_source(hurried, action="answer", mapping={"find": {"run": {"body": "/run"}}})
    asked = make_request(hurried)
    let_pass(asked.run_id, 61)
    assert refused(post("hmac", {"run": str(asked.run_id)}), 410, "request_expired")
    assert not InputResponse.objects.exists()


def test_a_run_that_is_over_takes_no_answer(source: Source) -> None:
    asked = make_request(approval)
    Handler(asked.run_id).abort()
    assert refused(post("hmac", said(asked.run_id)), 409, "run_finished")


def test_a_question_is_found_by_the_tags_of_its_run(source: Source) -> None:
    find = {"tags": {"pr": {"body": "/pr"}}, "request_id": "approve"}
    Source.objects.update(
        mapping=json.dumps({"find": find, "answer": {"value": {"amount": 1}}})
    )
    runs = [_tagged({"pr": str(n), "by": "hub"}) for n in (1, 2)]
    post("hmac", {"pr": 2})
    assert InputResponse.objects.get().run_id == runs[1]
    assert refused(post("hmac", {"pr": 3}), 404, "not_found")


def _tagged(tags: dict[str, str], key: str | None = None) -> Any:
    event = start_event(approval.definition, {})
    wanted = Start(event=event, tags=tags, idempotency_key=key)
    run_id = start(approval.definition, wanted)
    run_steps(run_id)
    return run_id


def test_several_questions_are_none(source: Source) -> None:
    mapping = {"find": {"tags": {"pr": "1"}}, "answer": {"value": {"amount": 1}}}
    Source.objects.update(mapping=json.dumps(mapping))
    for _ in range(2):
        _tagged({"pr": "1"})
    assert refused(post("hmac", {}), 409, "ambiguous")
    assert not InputResponse.objects.exists()


def test_a_question_is_found_by_the_key_of_its_run(source: Source) -> None:
    mapping = {"find": {"key": {"body": "/key"}}, "answer": {"value": {"amount": 1}}}
    Source.objects.update(mapping=json.dumps(mapping))
    run_id = _tagged({}, "order-7")
    assert post("hmac", {"key": "order-7"}).json()["run_id"] == str(run_id)


def test_a_question_of_a_run_with_several_is_named() -> None:
    mapping: dict[str, Any] = {
        "find": {"run": {"body": "/run"}, "request_id": {"body": "/ask"}},
        "answer": "yes",
    }
    make_source(two_branches, action="answer", mapping=mapping)
    run = make_run(two_branches)
    post("hmac", {"run": str(run.pk), "ask": "right"})
    assert InputRequest.objects.get(status="answered").request_id == "right"
    mapping["find"] = {"run": {"body": "/run"}}
    Source.objects.update(mapping=json.dumps(mapping))
    answer = post("hmac", {"run": str(run.pk)})
    assert answer.json()["request_id"] == "left", "the other one is the only open one"


def test_a_question_of_another_program_is_answered() -> None:
    mapping = {"find": {"request": {"body": "/request"}}, "outcome": "submit"}
    make_source("external", action="answer", mapping=mapping)
    run_id = ask(as_request(InputRequestEvent("q", "Well?")))
    asked = InputRequest.objects.get(run_id=run_id)
    assert post("hmac", {"request": str(asked.pk)}).status_code == 202
    assert Run.objects.get().status == "completed"


@step
def ask_two(ctx: Context, ev: StartEvent) -> InputRequestEvent:
    """Ask what two must agree on."""
    return InputRequestEvent("two", "Two?", policy=ReviewPolicy(approvals=2))


@step
def agree(ctx: Context, ev: InputResponseEvent) -> StopEvent:
    """End with it."""
    return StopEvent(result=ev.outcome)


pair = Workflow("pair", [ask_two, agree])


def test_a_source_is_one_of_those_who_must_agree(ada: User) -> None:
    make_source(pair, action="answer", mapping={"find": {"run": {"body": "/run"}}})
    asked = make_request(pair)
    assert post("hmac", {"run": str(asked.run_id)}).status_code == 202
    asked.refresh_from_db()
    assert asked.status == "open"
    Handler(asked.run_id).respond("two", Answer(user=ada))
    asked.refresh_from_db()
    assert asked.status == "answered"


# Many at once


def test_of_rivals_with_the_same_delivery_one_answers(source: Source) -> None:
    asked = make_request(approval)
    body = said(asked.run_id)
    answers = _together([body] * 8)
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [202]
    assert len({answer.content for answer in answers}) == 1
    assert InputResponse.objects.count() == 1
    assert Delivery.objects.get().times_received == 8


def test_of_rivals_with_different_answers_one_is_taken(source: Source) -> None:
    asked = make_request(approval)
    answers = _together([said(asked.run_id, amount=n) for n in range(8)])
    assert sorted(answer.status_code for answer in answers) == [202] + [409] * 7
    assert InputResponse.objects.count() == 1
    results = Delivery.objects.values_list("result", flat=True)
    assert sorted(results) == ["answered"] + ["refused"] * 7


def _together(bodies: list[Any]) -> list[Any]:
    barrier = Barrier(len(bodies))

    def send(body: Any) -> Any:
        barrier.wait(timeout=20)
        try:
            return post("hmac", body)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(bodies)) as threads:
        return list(threads.map(send, bodies))


# Events

PAID: dict[str, Any] = {
    "find": {"run": {"body": "/run"}},
    "event": "Paid",
    "fields": {"amount": {"body": "/amount"}},
}


@pytest.fixture
def bank() -> Source:
    """A source that sends events into runs of one workflow."""
    return make_source(billing, action="send", mapping=PAID)


def test_a_webhook_sends_an_event_into_a_run(bank: Source) -> None:
    run = make_run(billing)
    answer = post("hmac", {"run": str(run.pk), "amount": 10})
    delivery = Delivery.objects.get()
    assert answer.status_code == 202
    assert answer.json() == {
        "run_id": str(run.pk),
        "delivery_id": delivery.delivery_id,
    }
    assert (delivery.result, delivery.run) == ("sent", run)
    line = RunEvent.objects.get(run=run, kind="event_sent")
    assert (line.actor_kind, line.actor) == ("program", "source:hmac")
    assert line.door == "webhook"
    assert run_steps(run.pk).status == "completed"


def test_a_repeated_event_is_sent_once(bank: Source) -> None:
    run = make_run(billing)
    answers = _together([{"run": str(run.pk), "amount": 1}] * 6)
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [202]
    assert RunEvent.objects.filter(run=run, kind="event_sent").count() == 1
    Handler(run.pk).abort()
    again = post("hmac", {"run": str(run.pk), "amount": 1})
    assert again.content == answers[0].content


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"amount": "much"}, 400, "invalid_input"),
        ({"amount": None}, 400, "invalid_input"),
        ({}, 400, "invalid_input"),
        ({"amount": 1, "run": "nonsense"}, 404, "not_found"),
        ({"amount": 1, "run": NOBODY}, 404, "not_found"),
    ],
)
def test_an_event_that_does_not_fit_changes_nothing(
    bank: Source, fields: dict[str, Any], status: int, code: str
) -> None:
    run = make_run(billing)
    assert refused(post("hmac", {"run": str(run.pk), **fields}), status, code)
    assert Run.objects.get(pk=run.pk).revision == run.revision


def test_an_event_for_a_run_of_an_older_version_is_refused_by_the_run(
    bank: Source,
) -> None:
    mapping = json.dumps({**PAID, "event": "Settled"})
    Source.objects.update(mapping=mapping)
    run = make_run(billing)
    assert refused(
        post("hmac", {"run": str(run.pk), "amount": 1}), 400, "invalid_input"
    )


def test_an_event_finds_the_one_run_that_goes_on(bank: Source) -> None:
    find = {"tags": {"order": {"body": "/order"}}}
    Source.objects.update(mapping=json.dumps({**PAID, "find": find}))
    over, live = (_billed("7") for _ in range(2))
    Handler(over).abort()
    assert post("hmac", {"order": 7, "amount": 1}).json()["run_id"] == str(live)
    _billed("7")
    assert refused(post("hmac", {"order": 7, "amount": 2}), 409, "ambiguous")
    for run in Run.objects.filter(finished_at=None):
        Handler(run.pk).abort()
    assert refused(post("hmac", {"order": 7, "amount": 3}), 409, "run_finished")
    assert refused(post("hmac", {"order": 8, "amount": 3}), 404, "not_found")


def _billed(order: str) -> Any:
    event = start_event(billing.definition, {})
    run_id = start(billing.definition, Start(event=event, tags={"order": order}))
    run_steps(run_id)
    return run_id


def test_a_run_of_another_workflow_gets_no_event(bank: Source) -> None:
    run_id = start_run(approval)
    answer = post("hmac", {"run": str(run_id), "amount": 1})
    assert refused(answer, 404, "not_found")
