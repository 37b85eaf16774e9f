"""What a request shows, in full; what was before, and what happens next."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from review_app.previous_round import changes_between, previous_round
from review_app.what_next import what_next
from tests.factories import make_request, run_steps
from tests.flows import approval, hurried
from tests.showing_app.flows import showing
from workflows_app.engine import (
    Context,
    Event,
    InputRequestEvent,
    InputResponseEvent,
    Outcome,
    ReviewPolicy,
    StartEvent,
    StopEvent,
    Workflow,
    step,
)
from workflows_app.models import InputRequest
from workflows_app.runtime.handler import Answer, Handler

pytestmark = pytest.mark.django_db

SignedIn = Callable[[User], Client]
LONG = "x" * 100_000


def ask(*rounds: dict[str, Any]) -> InputRequest:
    return make_request(showing, rounds=list(rounds))


def answer(asked: InputRequest, user: User, outcome: str, **given: Any) -> InputRequest:
    """Answer, let the run go on, and give its latest request."""
    told = Answer(user=user, outcome=outcome, door="browser", undo=0, **given)
    Handler(asked.run_id).respond(asked.request_id, told)
    run_steps(asked.run_id)
    return InputRequest.objects.filter(run=asked.run_id).latest("id")


def page(client: Client, asked: InputRequest) -> str:
    return client.get(f"/requests/{asked.pk}/").content.decode()


def whole(client: Client, asked: InputRequest, at: str) -> Any:
    return client.get(f"/requests/{asked.pk}/shown/", {"at": at})


# In full


def test_a_long_part_is_linked_and_read_in_full_as_plain_text(
    ada: User, signed_in: SignedIn
) -> None:
    asked, client = ask({"display": [{"type": "text", "value": LONG}]}), signed_in(ada)
    shown = page(client, asked)
    assert "Show all 100,000 characters" in shown
    assert len(shown) < 60_000
    link = f"/requests/{asked.pk}/shown/?at=%2Fdisplay%2F0%2Fvalue"
    assert f'href="{link}"' in shown
    response = client.get(link)
    assert response.content.decode() == LONG
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["X-Content-Type-Options"] == "nosniff"


def test_whatever_is_no_text_is_read_as_json(ada: User, signed_in: SignedIn) -> None:
    asked = ask({"metadata": {"<b>": [1, "\u202e"]}})
    response = whole(signed_in(ada), asked, "/metadata")
    assert response.content.decode() == '{\n  "<b>": [\n    1,\n    "\\u202e"\n  ]\n}'


@pytest.mark.parametrize("at", ["", "/display"])
def test_all_of_it_can_be_read(at: str, ada: User, signed_in: SignedIn) -> None:
    assert whole(signed_in(ada), ask({}), at).status_code == 200


def test_the_answer_is_read_without_what_is_secret(
    ada: User, signed_in: SignedIn
) -> None:
    secret = {"type": "string", "writeOnly": True}
    schema = {"type": "object", "properties": {"key": secret, "note": {}}}
    asked, client = ask({"schema": schema}), signed_in(ada)
    given = {"key": "hunter2", "note": LONG}
    answer(asked, ada, "approve", value=given)
    assert whole(client, asked, "/answer/1/value").content.decode() == LONG
    assert "hunter2" not in whole(client, asked, "").content.decode()


@pytest.mark.parametrize("at", ["/nothing", "/display/5", "/display/0/value/0", "x"])
def test_nothing_is_not_there(at: str, ada: User, signed_in: SignedIn) -> None:
    asked = ask({"display": [{"type": "text", "value": "abc"}]})
    assert whole(signed_in(ada), asked, at).status_code == 404


def test_who_may_not_see_the_request_reads_nothing_of_it(
    eve: User, signed_in: SignedIn, client: Client
) -> None:
    asked = ask({})
    assert whole(signed_in(eve), asked, "/prompt").status_code == 404
    assert whole(client, asked, "/prompt").status_code == 302


# The round before


def test_a_round_shows_what_was_said_before_and_what_has_changed(
    ada: User, bob: User, signed_in: SignedIn
) -> None:
    schema = {"type": "object", "properties": {"amount": {"type": "integer"}}}
    first = {"schema": schema, "proposed": {"amount": 180}}
    texts = [
        {"type": "text", "title": "Letter", "value": f"{n} EUR"} for n in (180, 150)
    ]
    asked = ask(
        {**first, "display": [texts[0]]},
        {**first, "proposed": {"amount": 150}, "display": [texts[1]]},
    )
    client = signed_in(ada)
    assert "The round before" not in page(client, asked)
    again = answer(asked, bob, "again", reason="Too <much>.", value={"amount": 170})
    shown = " ".join(page(client, again).split())
    assert "The round before" in shown
    assert "Ask back" in shown
    assert "<bdi>bob</bdi>" in shown
    assert "Too &lt;much&gt;." in shown
    assert f'id="to-previous" href="/requests/{asked.pk}/"' in shown
    assert "<del>180</del> EUR" in shown
    assert "<ins>150</ins> EUR" in shown
    (proposed, letter) = previous_round(ada, again)["changes"]
    assert proposed["value"] == [{"label": "Amount", "value": 150, "was": 180}]
    assert letter["title"] == "Letter"


def test_a_round_that_one_may_not_see_is_not_told(person: Callable[..., User]) -> None:
    mia, leo = person("mia", "managers"), person("leo", "lawyers")
    asked = ask({"groups": ["managers"]}, {"groups": ["lawyers"]})
    again = answer(asked, mia, "again", reason="Why?")
    assert previous_round(leo, again) == {}
    assert previous_round(mia, again)["response"].reason == "Why?"


def test_a_round_that_nobody_answered_says_how_it_ended(
    ada: User, signed_in: SignedIn
) -> None:
    asked = ask({}, {})
    again = answer(asked, ada, "again", reason="Why?")
    asked.refresh_from_db()
    asked.responses.all().delete()
    InputRequest.objects.filter(pk=asked.pk).update(status="expired")
    assert "Nobody answered it: it is expired." in page(signed_in(ada), again)


def content(**changes: Any) -> dict[str, Any]:
    plain = {"subject": "S", "prompt": "P", "schema": None, "proposed": None}
    return {**plain, "display": [], **changes}


def test_every_kind_of_change_is_told() -> None:
    before = content(
        prompt="Is it?",
        display=[
            {
                "type": "fields",
                "title": "Order",
                "value": {"id": 1, "risk": 0.8, "x": 1},
            },
            {"type": "json", "value": {"a": 1}},
            {"type": "diff", "title": "Text", "value": {"before": "a", "after": "b"}},
            {"type": "text", "title": "Gone", "value": ""},
            {"type": "text", "title": "Same", "value": "same"},
        ],
    )
    fields = [{"label": "id", "value": 1}, {"label": "risk", "value": 0.5}]
    after = content(
        prompt="Is it now?",
        display=[
            {"type": "fields", "title": "Order", "value": fields},
            {"type": "json", "value": {"a": 2}},
            {"type": "diff", "title": "Text", "value": {"before": "b", "after": "c"}},
            {"type": "text", "title": "Same", "value": "same"},
            {"type": "chat", "value": []},
        ],
    )
    told = list(changes_between(before, after))
    assert [each["title"] for each in told] == [
        *("Question", "Order", "Json", "Text", "Chat", "Gone")
    ]
    assert told[1]["value"] == [
        {"label": "risk", "value": 0.5, "was": 0.8},
        {"label": "x", "value": "", "was": 1},
    ]
    assert told[2]["value"] == {"before": '{\n  "a": 1\n}', "after": '{\n  "a": 2\n}'}
    assert told[3]["value"] == {"before": "b", "after": "c"}
    assert (told[4]["is_new"], told[5]["is_gone"]) == (True, True)


def test_what_is_proposed_and_secret_is_not_told() -> None:
    schema = {"type": "object", "properties": {"key": {"writeOnly": True}}}
    before = content(schema=schema, proposed={"key": "old"})
    after = content(schema=schema, proposed={"key": "new"})
    assert list(changes_between(before, after)) == []


# What happens next


def test_an_outcome_tells_its_effect_or_the_step_that_takes_the_answer(
    ada: User, signed_in: SignedIn
) -> None:
    told = [(each.label, each.effect, each.steps) for each in what_next(ask({}))]
    assert told == [
        ("Approve", "It is published at once.", ("decide",)),
        ("Ask back", "", ("decide",)),
        ("Reject", "", ("decide",)),
    ]
    shown = " ".join(page(signed_in(ada), ask({})).split())
    assert "What happens next" in shown
    assert "It is published at once." in shown
    assert "The run goes to the step <code>decide</code>." in shown


def test_a_deadline_tells_what_it_does(ada: User, signed_in: SignedIn) -> None:
    policy = ReviewPolicy(due_in=timedelta(hours=1), on_due="reject")

    @step
    def ask_soon(ctx: Context, ev: StartEvent) -> InputRequestEvent:
        outcomes = [Outcome("approve"), Outcome("reject", "Refuse")]
        return InputRequestEvent("q", "Well?", outcomes=outcomes, policy=policy)

    @step
    def end(ctx: Context, ev: InputResponseEvent) -> StopEvent:
        return StopEvent()

    asked = make_request(Workflow("due-soon", [ask_soon, end]))
    assert (what_next(asked)[-1].label, what_next(asked)[-1].at) == (
        "Refuse",
        asked.expires_at,
    )
    assert "the deadline decides “<bdi>Refuse</bdi>”." in page(signed_in(ada), asked)
    assert "the run fails." in page(signed_in(ada), make_request(hurried))


class Late(Event):
    """Comes when nobody answers."""


class Note(Event):
    """What an answer becomes."""

    text: str = ""


@step
def ask_for_a_note(ctx: Context, ev: StartEvent) -> InputRequestEvent:
    return InputRequestEvent(
        "note", "Well?", respond_as=Note, expires_in=60, on_expire=Late()
    )


@step
def take_note(ctx: Context, ev: Note) -> StopEvent:
    return StopEvent()


@step
def go_without(ctx: Context, ev: Late) -> StopEvent:
    return StopEvent()


def test_events_of_ones_own_go_to_their_own_steps() -> None:
    flow = Workflow("noting", [ask_for_a_note, take_note, go_without])
    submit, deadline = what_next(make_request(flow))
    assert (submit.steps, deadline.steps) == (("take_note",), ("go_without",))


@step
async def park(ctx: Context, ev: StartEvent) -> StopEvent:
    return StopEvent(result=await ctx.request_input("day", choices=["Mo", "Fr"]))


def test_a_parked_step_goes_on_itself(ada: User, signed_in: SignedIn) -> None:
    asked = make_request(Workflow("parking", [park]))
    assert {each.parked for each in what_next(asked)} == {"park"}
    assert "The step <code>park</code> goes on" in page(signed_in(ada), asked)


def test_a_question_without_a_run_goes_back_to_who_asked(
    ada: User, signed_in: SignedIn
) -> None:
    from workflows_app.engine.emission import as_request  # noqa: PLC0415
    from workflows_app.runtime import external  # noqa: PLC0415

    run_id = external.ask(as_request(InputRequestEvent("q", "Well?")))
    asked = InputRequest.objects.get(run=run_id)
    assert what_next(asked)[0].steps == ()
    assert "goes to the program that asked" in page(signed_in(ada), asked)


def test_approvals_of_several_people_are_told(ada: User, signed_in: SignedIn) -> None:
    @step
    def ask_two(ctx: Context, ev: StartEvent) -> InputRequestEvent:
        outcomes = [Outcome("approve", style="primary"), Outcome("no", style="danger")]
        policy = ReviewPolicy(approvals=2)
        return InputRequestEvent("q", "Well?", outcomes=outcomes, policy=policy)

    @step
    def end(ctx: Context, ev: InputResponseEvent) -> StopEvent:
        return StopEvent()

    asked = make_request(Workflow("two", [ask_two, end]))
    assert [each.votes for each in what_next(asked)] == [2, 1]
    assert "It counts when 2 people have chosen it." in page(signed_in(ada), asked)


def test_nothing_happens_next_once_it_is_decided(ada: User) -> None:
    asked = make_request(approval)
    answer(asked, ada, "approve", value={"amount": 1})
    asked.refresh_from_db()
    assert what_next(asked) == []
