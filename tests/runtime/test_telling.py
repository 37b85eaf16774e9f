"""The outbox: whoever wants to hear of something is told, once, with the change itself."""

import json
from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import User
from django.db import transaction
from pytest_django.fixtures import Settings

from tests.factories import let_pass, make_request, make_run
from tests.families import parent
from tests.flows import hurried
from tests.policies import asking, slow_deadline, undoable
from tests.runtime.test_external import question
from workflows_app.engine.errors import RequestExpiredError
from workflows_app.engine.ticks import Aborted
from workflows_app.models import ApiToken, InputRequest, Kind, Message, Receiver, Scope
from workflows_app.runtime import external, telling
from workflows_app.runtime.handler import Answer, Handler
from workflows_app.runtime.snapshots import resuming
from workflows_app.runtime.transition import Applied, apply, lock
from workflows_app.runtime.worker.watch import Watcher

pytestmark = pytest.mark.django_db(transaction=True)

ALL = [kind.value for kind in Kind]


def receiver(name: str = "crm", kinds: list[str] = ALL, **fields: Any) -> Receiver:
    return Receiver.objects.create(
        name=name, url=f"https://{name}.example/", kinds=kinds, **fields
    )


def told() -> list[str]:
    return sorted(Message.objects.values_list("kind", flat=True))


def body(kind: str) -> dict[str, Any]:
    text = Message.objects.get(kind=kind).body
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def approve(asked: InputRequest, user: User, **more: Any) -> None:
    answer = Answer(value={"amount": 1}, outcome="approve", user=user, **more)
    Handler(asked.run_id).respond(asked.request_id, answer)


# What happened is told


def test_a_request_is_told_when_it_is_opened_and_answered(
    ada: User, settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://holdpoint.example"
    receiver()
    asked = make_request()

    opened = body("request.opened")
    assert opened["data"] == {
        "id": str(asked.pk),
        "request_id": "approve",
        "run_id": str(asked.run_id),
        "workflow": "approval",
        "step": "ask",
        "subject": "Deploy api 4.2?",
        "priority": 0,
        "tags": {},
        "assignees": [],
        "groups": [],
        "opened_at": asked.opened_at.isoformat(),
        "expires_at": None,
        "link": f"https://holdpoint.example/requests/{asked.pk}/",
    }
    approve(asked, ada, door="api")

    answered = body("request.answered")["data"]
    assert answered["id"] == str(asked.pk)
    assert answered["outcome"] == "approve"
    assert (answered["responder"], answered["responder_kind"]) == ("ada", "person")
    assert answered["door"] == "api"
    assert "amount" not in Message.objects.get(kind="request.answered").body


def test_a_decision_is_told_when_it_counts_and_not_while_it_can_be_undone(
    ada: User,
) -> None:
    receiver()
    asked = make_request(undoable)
    answer = Answer(outcome="approve", user=ada, door="browser")
    Handler(asked.run_id).respond("q", answer)
    assert told() == ["request.opened"]
    let_pass(asked.run_id, 6)
    Watcher().look()
    assert body("request.answered")["data"]["responder"] == "ada"


def test_a_request_that_expires_is_told_with_the_end_of_its_run(ada: User) -> None:
    receiver()
    asked = make_request(hurried)
    let_pass(asked.run_id, 10_000)
    with pytest.raises(RequestExpiredError):
        approve(asked, ada)
    assert "request.expired" in told()
    assert "request.answered" not in told()


def test_each_rung_of_an_escalation_is_told_once(person: Any) -> None:
    receiver()
    asked = make_request(slow_deadline)
    let_pass(asked.run_id, 61)
    Watcher().look()
    Watcher().look()
    escalated = body("request.escalated")["data"]
    assert (escalated["escalation"], escalated["added_groups"]) == (1, ["leads"])
    assert Message.objects.get(kind="request.escalated").occurrence == 1


def test_what_nobody_can_answer_any_more_is_told_as_withdrawn() -> None:
    receiver()
    run = make_run()
    Handler(run.pk).abort()
    assert told() == ["request.opened", "request.withdrawn", "run.aborted"]


def test_a_question_of_a_run_that_works_for_another_is_told_and_its_end_is_not() -> (
    None
):
    receiver(workflows=[parent.definition.name])
    run = make_run(parent)
    Handler(run.pk).abort()
    assert told().count("request.opened") == 1
    assert told().count("run.aborted") == 1
    opened = Message.objects.get(kind="request.opened")
    assert opened.run.parent_id == run.pk


# Who is told


def test_a_receiver_hears_of_nothing_but_the_end_of_runs_unless_it_wants_more(
    ada: User,
) -> None:
    Receiver.objects.create(name="crm", url="https://crm.example/")
    receiver("chat", ["request.opened"])
    asked = make_request()
    assert [m.receiver.name for m in Message.objects.all() if m.receiver] == ["chat"]
    Handler(asked.run_id).abort()
    assert told() == ["request.opened", "run.aborted"]


@pytest.mark.parametrize(
    "fields", [{"is_active": False}, {"workflows": ["another"]}, {"kinds": []}]
)
def test_who_wants_nothing_of_it_is_told_nothing(fields: dict[str, Any]) -> None:
    receiver(**fields)
    make_request()
    assert told() == []


def test_the_receiver_of_a_token_hears_of_its_questions(ada: User) -> None:
    tokens = [
        ApiToken.objects.create(name=n, user=ada, scopes=[Scope.ASK], token_hash=n)
        for n in "ab"
    ]
    for token in tokens:
        receiver(token.name, token=token)
    asker = external.Asker(user=ada, token_id=tokens[0].pk)
    with transaction.atomic():
        external.ask(question(), asker=asker)
    assert str(Message.objects.get().receiver) == "a"
    assert body("request.opened")["data"]["workflow"] == "external"


def test_what_looks_like_a_secret_is_masked() -> None:
    receiver()
    make_request(subject="Use ghp_" + "a" * 36 + "?")
    assert body("request.opened")["data"]["subject"] == "Use •••?"


# Together with the change, and once


def test_a_message_is_there_exactly_if_the_change_is() -> None:
    receiver()
    run_id = make_run().pk
    assert told() == ["request.opened"]

    def fall(applied: Applied) -> None:
        assert told() == ["request.opened", "request.withdrawn", "run.aborted"]
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        apply(run_id, Aborted("ada", ""), beside=fall)
    assert told() == ["request.opened"]
    apply(run_id, Aborted("ada", ""))
    assert told() == ["request.opened", "request.withdrawn", "run.aborted"]


def test_the_same_occurrence_is_written_once_whoever_tells_it_again() -> None:
    receiver()
    asked = make_request()
    message = Message.objects.get()
    again = telling.Told("request.opened", "request.opened", "{}", asked.pk)
    with transaction.atomic():
        telling.tell_receivers(lock(asked.run_id), [again])
    assert Message.objects.get() == message


# What it costs


def test_it_asks_the_database_nothing_where_nobody_listens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    statements: list[object] = []
    execute = psycopg.Cursor.execute

    def count(cursor: Any, statement: Any, *args: Any, **more: Any) -> Any:
        statements.append(statement)
        return execute(cursor, statement, *args, **more)

    def count_of(kinds: list[str]) -> int:
        Receiver.objects.all().delete()
        receiver(kinds=kinds)
        statements.clear()
        make_request()
        return len(statements)

    monkeypatch.setattr(psycopg.Cursor, "execute", count)
    count_of([])  # the first finds no definition that it knows
    nobody = count_of([])
    assert count_of(["run.finished"]) == nobody
    assert count_of(["request.opened"]) > nobody


def test_a_workflow_may_ask_and_end_at_once() -> None:
    receiver()
    quick = asking("quick", on_due="approve", due_in=1)
    asked = make_request(quick)
    let_pass(asked.run_id, 2)
    Watcher().look()
    answered = body("request.answered")["data"]
    assert answered["responder_kind"] == "deadline"


def test_a_fork_asks_anew_and_tells_so() -> None:
    asked = make_request()
    snapshot = Handler(asked.run_id).snapshot()
    receiver()
    copy = resuming.resume(snapshot, as_new_run=True)
    message = Message.objects.get()
    assert (message.kind, message.run_id) == ("request.opened", copy)
    assert message.request_id != asked.pk
