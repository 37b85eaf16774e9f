"""Questions by the API: ask, see, answer, hold, hand on, and what was decided."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from tests.factories import let_pass, make_request, run_steps
from tests.flows import hurried, two_branches
from tests.policies import two_needed
from workflows_app.models import (
    ApiToken,
    InputRequest,
    InputResponse,
    Message,
    Receiver,
    Run,
    Scope,
)
from workflows_app.runtime.handler import Answer, Handler
from workflows_app.runtime.worker.watch import Watcher

from .conftest import Program

pytestmark = pytest.mark.django_db
Programs = Callable[..., Program]
QUESTION: dict[str, Any] = {
    "prompt": "Refund **120 €**?",
    "subject": "Refund of order 7",
    "schema": {
        "type": "object",
        "properties": {"amount": {"type": "integer"}},
        "required": ["amount"],
    },
    "outcomes": [
        {"key": "pay", "style": "primary"},
        {"key": "refuse", "style": "danger", "needs_reason": True},
    ],
    "proposed": {"amount": 120},
    "display": [{"type": "fields", "value": {"order": 7}}],
    "tags": {"order": "7"},
}


def error(reply: Any) -> tuple[int, str]:
    return reply.status_code, reply.json()["error"]["code"]


def test_a_question_without_a_run_is_asked_and_decided(
    eve: User, ada: User, program: Programs
) -> None:
    asker, reviewer = program(eve, Scope.ASK), program(ada)

    asked = asker.post("/requests", QUESTION, key="order-7")
    pk = asked.json()["id"]
    before = asker.get(f"/requests/{pk}/decision").json()
    receipt = reviewer.post(f"/requests/{pk}/response", {"response": {"amount": 100}})
    after = asker.get(f"/requests/{pk}/decision").json()

    assert asked.status_code == 201
    assert asked.json()["tags"] == {"order": "7"}
    assert (before["status"], before["decision"]) == ("open", None)
    assert receipt.json()["status"] == "answered"
    decision = after["decision"]
    assert (after["status"], decision["outcome"]) == ("answered", "pay")
    assert decision["response"] == {"amount": 100}
    assert (decision["responder"], decision["door"]) == ("ada", "api")
    assert len(decision["votes"]) == 1


def test_the_same_key_gives_the_same_question_also_with_another_token(
    ada: User, program: Programs
) -> None:
    first = program(ada).post("/requests", QUESTION, key="order-7").json()
    second = program(ada).post("/requests", QUESTION, key="order-7").json()

    assert second["id"] == first["id"]
    assert InputRequest.objects.count() == 1


def test_the_key_of_another_person_is_another_key(
    ada: User, bob: User, program: Programs
) -> None:
    first = program(ada).post("/requests", QUESTION, key="k").json()
    second = program(bob).post("/requests", QUESTION, key="k").json()

    assert second["id"] != first["id"]


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": ""},
        {"prompt": 7},
        {"schema": {"type": "strange"}},
        {"schema": {"$ref": "http://127.0.0.1/x"}},
        {"choices": ["a"]},
        {"outcomes": [{"key": "a"}, {"key": "a"}]},
        {"outcomes": [{"key": "a", "style": "odd"}]},
        {"outcomes": ["a"]},
        {"display": [{"type": "odd", "value": 1}]},
        {"policy": {"approvals": 0}},
        {"policy": {"due_in": -1}},
        {"policy": {"on_due": "pay"}},
        {"policy": {"due_in": 60, "on_due": "odd"}},
        {"policy": {"assignees": "ada"}},
        {"policy": {"assignees": ["a" * 151]}},
        {"policy": {"escalate": [{"after": 0, "groups": ["leads"]}]}},
        {"policy": {"undo_seconds": 1e9}},
        {"priority": 2**31},
        {"tags": {"a": "\n"}},
        {"request_id": "a\nb"},
        {"status": "answered"},
        {"run_id": "x"},
    ],
)
def test_a_question_that_cannot_be_is_refused_whole(
    ada: User, program: Programs, change: dict[str, Any]
) -> None:
    assert error(program(ada).post("/requests", {**QUESTION, **change}))[0] == 400
    assert not Run.objects.exists()


def test_what_may_not_be_asked_tells_where(ada: User, program: Programs) -> None:
    body = {**QUESTION, "outcomes": [{"key": 5}]}
    told = program(ada).post("/requests", body).json()["error"]

    assert told["path"] == ["outcomes", 0, "key"]
    assert told["code"] == "invalid_input"


def test_requests_are_found(ada: User, olga: User, program: Programs) -> None:
    left = make_request(two_branches)
    hidden = make_request(groups=["managers"])
    reviewer, operator = program(ada), program(olga)

    def found(who: Program, **query: Any) -> set[str]:
        items = who.get("/requests", **query).json()["items"]
        return {item["request_id"] for item in items}

    assert found(reviewer) == {"left", "right"}
    assert found(operator) == {"left", "right", "approve"}
    assert found(operator, answerable=True) == set()
    assert found(operator, group="managers") == {"approve"}
    assert found(operator, run=str(left.run_id)) == {"left", "right"}
    assert found(reviewer, status="answered") == set()
    assert found(reviewer, workflow="two-branches") == {"left", "right"}
    assert reviewer.get(f"/requests/{hidden.pk}").status_code == 404


def test_an_answer_goes_the_way_of_every_other(
    ada: User, bob: User, program: Programs
) -> None:
    asked = make_request()
    address = f"/requests/{asked.pk}/response"
    ours = program(ada)

    misfit = ours.post(address, {"response": {"amount": 501}})
    unreasoned = ours.post(address, {"outcome": "reject", "response": {"amount": 1}})
    changed = ours.post(address, {"response": {"amount": 1}, "digest": "0" * 64})
    first = ours.post(address, {"response": {"amount": 1}, "digest": asked.digest})
    second = program(bob).post(address, {"response": {"amount": 2}})

    assert error(misfit) == (422, "invalid_response")
    assert misfit.json()["error"]["path"] == ["amount"]
    assert unreasoned.json()["error"]["path"] == ["reason"]
    assert error(changed) == (409, "request_changed")
    assert (first.status_code, first.json()["duplicate"]) == (200, False)
    assert error(second) == (409, "already_answered")
    details = second.json()["error"]["details"]
    assert (details["responder"], details["response"]) == ("ada", {"amount": 1})
    vote = InputResponse.objects.get()
    assert (vote.user, vote.door, vote.responder_kind) == (ada, "api", "person")
    assert run_steps(asked.run_id).status == "completed"


def test_who_sees_a_request_may_still_not_answer_it(
    olga: User, program: Programs
) -> None:
    asked = make_request()
    reply = program(olga).post(
        f"/requests/{asked.pk}/response", {"response": {"amount": 1}}
    )
    assert error(reply) == (403, "not_allowed")
    assert not program(olga).get(f"/requests/{asked.pk}").json()["may_answer"]


def test_the_end_of_a_request_is_told(ada: User, program: Programs) -> None:
    expired, withdrawn = make_request(hurried), make_request()
    let_pass(expired.run_id, 61)
    Watcher().look()
    Handler(withdrawn.run_id).abort()
    ours = program(ada)

    late = ours.post(f"/requests/{expired.pk}/response", {})
    gone = ours.post(f"/requests/{withdrawn.pk}/response", {"response": {"amount": 1}})

    assert error(late) == (410, "request_expired")
    assert error(gone) == (409, "run_finished")
    statuses = [
        ours.get(f"/requests/{each.pk}/decision", wait=9).json()["status"]
        for each in (expired, withdrawn)
    ]
    assert statuses == ["expired", "withdrawn"]


def test_claims_are_leases_of_persons(ada: User, bob: User, program: Programs) -> None:
    asked = make_request()
    hers, his = program(ada), program(bob)
    base = f"/requests/{asked.pk}"

    mine = hers.post(f"{base}/claim").json()
    refused = his.post(f"{base}/claim")
    unanswered = his.post(f"{base}/response", {"response": {"amount": 1}})
    taken = his.post(f"{base}/take-over", {"reason": "she is away"}).json()

    assert mine["owner"] == "ada"
    assert error(refused) == (409, "claimed")
    assert refused.json()["error"]["details"]["owner"] == "ada"
    assert error(unanswered) == (409, "claimed")
    assert taken["owner"] == "bob"
    assert hers.get(base).json()["claim"]["owner"] == "bob"
    assert his.post(f"{base}/release").json() == {"released": True}
    assert his.post(f"{base}/release").json() == {"released": False}


def test_the_next_request_is_given_to_one_alone(
    ada: User, bob: User, program: Programs
) -> None:
    make_request()
    urgent = make_request()
    InputRequest.objects.filter(pk=urgent.pk).update(priority=1)
    hers, his = program(ada), program(bob)

    first = hers.post("/requests/claim-next", key="n")
    again = hers.post("/requests/claim-next", key="n")
    second = his.post("/requests/claim-next")

    assert first.json()["id"] == str(urgent.pk)
    assert first.json()["claim"]["owner"] == "ada"
    assert again.json()["id"] == first.json()["id"]
    assert second.json()["id"] != first.json()["id"]
    assert error(his.post("/requests/claim-next")) == (404, "not_found")


def test_the_address_of_a_link_is_told_once(ada: User, program: Programs) -> None:
    asked = make_request()
    address, guest = f"/requests/{asked.pk}/links", {"person": "Jo", "lasts": 60}
    ours = program(ada)

    first = ours.post(address, guest, key="l")
    again = ours.post(address, guest, key="l")
    odd = ours.post(address, {"person": "Jo", "outcomes": ["odd"]})

    assert "/a/" in first.json()["address"]
    assert again.json() == {k: v for k, v in first.json().items() if k != "address"}
    assert error(odd) == (422, "invalid_response")


def test_links_are_listed_and_revoked(
    ada: User, bob: User, eve: User, program: Programs
) -> None:
    asked, ours = make_request(), program(ada)
    address = f"/requests/{asked.pk}/links"
    ours.post(address, {"person": "Jo"})
    made = ours.post(address, {"person": "Kim", "outcomes": ["reject"]}).json()["id"]

    first = ours.get(address, limit=1).json()
    rest = ours.get(address, cursor=first["next"]).json()
    gone = program(bob).post(f"{address}/{made}/revoke", key="r")
    again = program(bob).post(f"{address}/{made}/revoke")

    assert [each["person"] for each in first["items"] + rest["items"]] == ["Kim", "Jo"]
    assert first["items"][0]["outcomes"] == ["reject"]
    assert (first["items"][0]["issued_by"], rest["next"]) == ("ada", None)
    assert "address" not in first["items"][0]
    assert (gone.json(), again.json()) == ({"revoked": True}, {"revoked": False})
    kim, jo = ours.get(address).json()["items"]
    assert kim["revoked_at"] is not None
    assert jo["revoked_at"] is None
    assert error(program(eve).get(address)) == (404, "not_found")
    assert error(ours.post(f"{address}/{made + 7}/revoke")) == (404, "not_found")
    elsewhere = f"/requests/{make_request().pk}/links/{jo['id']}/revoke"
    assert error(ours.post(elsewhere)) == (404, "not_found")


def test_who_may_make_no_links_sees_none(ada: User, program: Programs) -> None:
    """Where several must agree, nobody may."""
    asked = make_request(two_needed)
    address = f"/requests/{asked.pk}/links"

    assert error(program(ada).get(address)) == (403, "not_allowed")
    assert error(program(ada).post(f"{address}/1/revoke")) == (403, "not_allowed")


def test_what_happened_around_a_request_is_told_in_one_order(
    ada: User, bob: User, eve: User, program: Programs
) -> None:
    asked = make_request()
    path = f"/requests/{asked.pk}"
    program(ada).post(f"{path}/claim")
    program(bob).post(f"{path}/take-over", {"reason": "Holiday"})
    program(bob).post(f"{path}/response", {"response": {"amount": 1}})

    told = program(ada, Scope.READ).get(f"{path}/history").json()["items"]

    kinds = [(each["kind"], each["who"]) for each in told]
    assert kinds[:3] == [("opened", ""), ("claimed", "ada"), ("taken_over", "bob")]
    assert kinds[-1] == ("decided", "bob")
    assert (told[2]["whom"], told[2]["reason"]) == ("ada", "Holiday")
    assert error(program(eve).get(f"{path}/history")) == (404, "not_found")


def test_people_talk_about_a_request(ada: User, bob: User, program: Programs) -> None:
    asked = make_request()
    reply = program(ada).post(f"/requests/{asked.pk}/comments", {"text": "Hm, @bob?"})

    assert (reply.status_code, reply.json()["mentions"]) == (201, ["bob"])
    comments = program(bob).get(f"/requests/{asked.pk}").json()["comments"]
    assert [comment["text"] for comment in comments] == ["Hm, @bob?"]


def test_a_request_is_handed_on(ada: User, eve: User, program: Programs) -> None:
    asked = make_request()
    reply = program(ada).post(f"/requests/{asked.pk}/delegate", {"to": "eve"})

    assert reply.json()["assignees"] == ["eve"]
    answer = {"response": {"amount": 1}}
    assert (
        program(eve).post(f"/requests/{asked.pk}/response", answer).status_code == 200
    )


def test_a_decision_of_the_browser_is_taken_back_in_time(
    ada: User, program: Programs
) -> None:
    asked = make_request()
    answer = Answer(value={"amount": 1}, user=ada, door="browser")
    Handler(asked.run_id).respond(asked.request_id, answer)
    ours = program(ada)

    decided = ours.get(f"/requests/{asked.pk}/decision").json()
    taken_back = ours.post(f"/requests/{asked.pk}/withdraw").json()
    nothing = ours.post(f"/requests/{asked.pk}/withdraw")

    assert (decided["status"], decided["decision"]) == ("decided", None)
    assert (taken_back["status"], taken_back["votes"]) == ("open", [])
    assert error(nothing) == (404, "not_found")


def test_the_receiver_of_a_token_hears_of_its_own_questions_alone(
    ada: User, bob: User, program: Programs
) -> None:
    asker = program(ada)
    token = ApiToken.objects.get()
    ours = Receiver.objects.create(name="ours", url="https://a.example", token=token)
    asked = asker.post("/requests", QUESTION).json()
    others = program(bob).post("/requests", QUESTION).json()

    for each in (asked, others):
        path = f"/requests/{each['id']}/response"
        program(ada).post(path, {"response": {"amount": 1}})

    told = Message.objects.get()
    assert (told.receiver, str(told.run_id)) == (ours, asked["run_id"])
    assert '"outcome":"pay"' in told.body
