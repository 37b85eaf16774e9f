"""Several requests at once: claimed, put off, handed on, decided; one by one each time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from review_app.models import Snooze
from review_app.queue_page.bulk import MOST, offer
from review_app.queue_page.snoozing import moment
from review_app.undo import undoable
from tests.factories import make_request
from tests.policies import asking
from tests.review.queueing import answer, apart, bulk, one, subjects
from workflows_app.engine import Outcome, values
from workflows_app.models import Claim, InputRequest, InputResponse
from workflows_app.runtime import claims

pytestmark = pytest.mark.django_db

SignedIn = Callable[[User], Client]
HTMX = {"HX-Request": "true"}

other_step = asking("together-too", bulk=True)


def several(
    client: Client, do: str, *requests: InputRequest, **sent: str
) -> HttpResponse:
    data = {"do": do, "chosen": [str(asked.pk) for asked in requests], **sent}
    response: Any = client.post("/queue/several/?q=", data)
    return response  # type: ignore[no-any-return]  # the test client's own type


def decide(client: Client, *requests: InputRequest, **sent: str) -> HttpResponse:
    """What the page sends that asks once more."""
    sent = {"confirmed": "yes", "batch": str(uuid4()), "reason": "Seen.", **sent}
    return several(client, "decide:approve", *requests, **sent)


def page(client: Client) -> str:
    return str(client.get("/queue/").content.decode())


def votes() -> list[tuple[str, str, str]]:
    found = InputResponse.objects.order_by("responder", "at")
    return list(found.values_list("responder", "outcome", "reason"))


# Claims, hands, snoozes


def test_those_that_can_be_are_claimed_and_the_others_say_why(
    ada: User, bob: User, signed_in: SignedIn
) -> None:
    free, held = one("free"), one("held")
    claims.claim(bob, held.pk)
    client = signed_in(ada)
    response = several(client, "claim", free, held)
    assert (response.status_code, response["Location"]) == (303, "/queue/?")
    assert claims.live().get(owner=ada).request == free
    told = page(client)
    assert "Claimed 1 request. 1 could not be; see why below." in told
    assert "bob holds this request until" in told
    assert f'value="{held.pk}" form="several" aria-label="Choose held" checked' in told
    assert "see why below" not in page(client)


def test_only_ones_own_claims_are_released(
    ada: User, bob: User, signed_in: SignedIn
) -> None:
    mine, his = one("mine"), one("his")
    claims.claim(ada, mine.pk)
    claims.claim(bob, his.pk)
    several(signed_in(ada), "release", mine, his)
    assert claims.live().get().owner == bob


@pytest.mark.parametrize(
    ("now", "until", "over"),
    [
        ("2026-03-04T10:00", "hour", "2026-03-04T11:00"),
        ("2026-03-04T10:00", "tomorrow", "2026-03-05T08:00"),
        ("2026-03-04T23:30", "tomorrow", "2026-03-06T08:00"),
        ("2026-03-04T10:00", "monday", "2026-03-09T08:00"),
        ("2026-03-09T07:00", "monday", "2026-03-16T08:00"),
        ("2026-03-28T10:00", "tomorrow", "2026-03-29T07:00"),  # summer begins
    ],
)
def test_a_snooze_ends_by_the_clock_on_the_persons_wall(
    now: str, until: str, over: str
) -> None:
    began = datetime.fromisoformat(now).replace(tzinfo=UTC)
    ends = moment(until, began, ZoneInfo("Europe/Berlin"))
    assert ends.astimezone(UTC).strftime("%Y-%m-%dT%H:%M") == over


def test_snoozed_ones_are_let_go_and_can_be_taken_back(
    ada: User, signed_in: SignedIn
) -> None:
    asked = one("apples")
    claims.claim(ada, asked.pk)
    client = signed_in(ada)
    client.cookies["zone"] = "Asia/Tokyo"
    several(client, "snooze:tomorrow", asked)
    until = Snooze.objects.get().until.astimezone(ZoneInfo("Asia/Tokyo"))
    assert (until.hour, until.minute) == (9, 0)
    assert not claims.live().exists()
    several(client, "snooze:over", asked)
    assert not Snooze.objects.exists()


@pytest.mark.parametrize("zone", ["", "Nowhere", "../../etc/passwd", "\0"])
def test_a_browser_without_a_zone_that_exists_means_utc(
    ada: User, signed_in: SignedIn, zone: str
) -> None:
    client = signed_in(ada)
    client.cookies["zone"] = zone
    several(client, "snooze:monday", one("apples"))
    until = Snooze.objects.get().until
    assert (until.weekday(), until.hour) == (0, 9)


def test_one_is_put_off_from_its_page_and_the_next_is_opened(
    ada: User, signed_in: SignedIn
) -> None:
    first, second = one("first"), one("second")
    client = signed_in(ada)
    response = client.post(f"/requests/{first.pk}/snooze/?q=s", {"until": "hour"})
    assert response["Location"] == f"/requests/{second.pk}/?q=s"
    left = Snooze.objects.get().until - timezone.now()
    assert timedelta(minutes=59) < left <= timedelta(hours=1)
    last = client.post(f"/requests/{second.pk}/snooze/", {"until": "hour"})
    assert last["Location"] == "/queue/?"


def test_they_are_handed_on_once_it_is_said_to_whom(
    ada: User, bob: User, eve: User, signed_in: SignedIn
) -> None:
    asked, client = one("apples"), signed_in(ada)
    form = several(client, "assign", asked)
    assert '<option value="bob">bob</option>' in form.content.decode()
    assert ">eve<" not in form.content.decode()
    wrong = several(client, "assign", asked, confirmed="yes", to="eve")
    assert wrong.status_code == 422
    several(client, "assign", asked, confirmed="yes", to="bob", reason="You know it.")
    asked.refresh_from_db()
    assert "bob" in asked.assignees
    assert "Handed on to bob: 1 request." in page(client)


# What may be decided together


def test_the_bar_offers_what_all_chosen_ones_offer(
    ada: User, signed_in: SignedIn
) -> None:
    pair = [make_request(bulk), make_request(bulk)]
    chosen = {"chosen": [str(asked.pk) for asked in pair]}
    bar = signed_in(ada).get("/queue/several/offer/", chosen).content.decode()
    assert 'value="decide:approve"' in bar
    assert 'value="decide:reject"' in bar
    assert "<html" not in bar


def test_different_questions_are_not_decided_together() -> None:
    pair = [make_request(bulk), make_request(other_step)]
    assert offer(pair).objection == "They do not all ask the same thing."


def test_another_schema_or_other_outcomes_are_another_question() -> None:
    first, second = make_request(bulk), make_request(bulk)
    second.shown = second.shown.replace("Approve", "Let it pass")
    assert offer([first, second]).objection == "They do not all ask the same thing."


def test_the_policy_must_allow_it() -> None:
    assert "may only be decided by itself" in offer([make_request(apart)]).objection


def test_nothing_may_be_left_to_fill_in() -> None:
    asked = one("apples", policy='{"bulk": true}')
    assert offer([asked]).outcomes
    asked.shown = asked.shown.replace('"proposed":{"amount":120}', '"proposed":null')
    assert "has fields to be filled in" in offer([asked]).objection


def test_what_must_be_confirmed_is_not_offered() -> None:
    asked = make_request(bulk)
    sure = Outcome("reject", "Reject", "danger", True, confirm="reject").dump()
    plain = asked.content["outcomes"][1]
    assert [each["key"] for each in offer([asked]).outcomes] == ["approve", "reject"]
    asked.shown = asked.shown.replace(_json(plain), _json(sure))
    assert [each["key"] for each in offer([asked]).outcomes] == ["approve"]


def _json(outcome: dict[str, Any]) -> str:
    return values.dump(outcome)


def test_at_most_a_hundred() -> None:
    assert "At most 100" in offer([make_request(bulk)] * (MOST + 1)).objection
    assert offer([]).objection == "Choose requests first."


# Deciding


def test_it_asks_once_more_and_lists_every_subject(
    ada: User, signed_in: SignedIn
) -> None:
    pair = [make_request(bulk), make_request(bulk)]
    InputRequest.objects.filter(pk=pair[0].pk).update(subject="<b>apples</b>")
    form = several(signed_in(ada), "decide:approve", *pair).content.decode()
    assert "&lt;b&gt;apples&lt;/b&gt;" in form
    assert form.count('name="chosen"') == 2
    assert not votes()


def test_without_a_script_the_outcome_is_chosen_on_that_page(
    ada: User, signed_in: SignedIn
) -> None:
    form = several(signed_in(ada), "decide", make_request(bulk)).content.decode()
    assert 'value="decide:approve"' in form
    assert 'value="decide:reject"' in form


def test_each_is_decided_with_the_reason_that_holds_for_all(
    ada: User, signed_in: SignedIn
) -> None:
    pair = [make_request(bulk), make_request(bulk)]
    client = signed_in(ada)
    assert decide(client, *pair).status_code == 303
    assert votes() == [("ada", "approve", "Seen.")] * 2
    assert "Approved: 2 requests." in page(client)
    (told,) = undoable(ada)
    assert (told.count, bool(told.batch)) == (2, True)


def test_the_same_page_sent_twice_decides_once(ada: User, signed_in: SignedIn) -> None:
    asked, batch = make_request(bulk), str(uuid4())
    for _ in range(2):
        decide(signed_in(ada), asked, batch=batch)
    assert votes() == [("ada", "approve", "Seen.")]


def test_one_that_was_decided_meanwhile_stays_chosen_with_the_reason(
    ada: User, bob: User, signed_in: SignedIn
) -> None:
    lost, won = make_request(bulk), make_request(bulk)
    answer(lost, bob)
    client = signed_in(ada)
    decide(client, lost, won)
    told = page(client)
    assert "Approved: 1 request. 1 could not be; see why below." in told
    assert "bob has decided this already: approve." in told
    assert "checked disabled>" in told
    assert [name for name, _, _ in votes()] == ["ada", "bob"]


def test_nobody_decides_together_what_he_may_not_decide_alone(
    ada: User, olga: User, signed_in: SignedIn
) -> None:
    asked, client = make_request(bulk), signed_in(olga)
    decide(client, asked)
    assert not votes()
    assert "Only reviewers may answer this request." in page(client)


def test_what_one_may_not_see_is_not_there(eve: User, signed_in: SignedIn) -> None:
    client = signed_in(eve)
    decide(client, make_request(bulk))
    assert not votes()
    assert "Choose requests first." in page(client)


def test_a_refusal_needs_its_reason(ada: User, signed_in: SignedIn) -> None:
    asked, client = make_request(bulk), signed_in(ada)
    sent = {"confirmed": "yes", "batch": str(uuid4()), "reason": " "}
    refused = several(client, "decide:reject", asked, **sent)
    assert refused.status_code == 422
    assert "Please give a reason; it holds for all." in refused.content.decode()
    assert not votes()


def test_from_ten_on_their_number_must_be_typed(ada: User, signed_in: SignedIn) -> None:
    many, client = [make_request(bulk) for _ in range(10)], signed_in(ada)
    for typed in ({}, {"number": "9"}):
        refused = decide(client, *many, **typed)
        assert refused.status_code == 422
        assert "Type 10: so many are decided." in refused.content.decode()
    assert not votes()
    decide(client, *many, number=" 10 ")
    assert len(votes()) == 10


def test_what_is_not_offered_is_not_decided(ada: User, signed_in: SignedIn) -> None:
    pair = [make_request(bulk), make_request(apart)]
    client = signed_in(ada)
    decide(client, *pair)
    several(client, "decide:burn", pair[0], confirmed="yes", reason="x")
    assert not votes()


@pytest.mark.parametrize("do", ["", "claim", "burn", "snooze:never", "assign"])
def test_nothing_chosen_changes_nothing(
    ada: User, signed_in: SignedIn, do: str
) -> None:
    one("apples")
    client = signed_in(ada)
    assert several(client, do).status_code == 303
    assert "Choose requests first." in page(client)
    assert not Claim.objects.exists()


def test_looking_does_none_of_it(ada: User, signed_in: SignedIn) -> None:
    asked, client = one("apples"), signed_in(ada)
    for path in ("/queue/several/", "/queue/next/", f"/requests/{asked.pk}/snooze/"):
        assert client.get(f"{path}?chosen={asked.pk}&do=claim").status_code == 405
    assert not Claim.objects.exists()


# Review next


def test_the_first_that_nobody_holds_is_claimed_and_opened(
    ada: User, bob: User, signed_in: SignedIn
) -> None:
    pressing, plain, _ = one("a", priority=5), one("b"), one("other")
    claims.claim(bob, pressing.pk)
    response = signed_in(ada).post("/queue/next/?tab=all&sort=priority")
    assert response.status_code == 303
    assert response["Location"] == f"/requests/{plain.pk}/?sort=priority"
    assert claims.live().get(owner=ada).request == plain


def test_it_keeps_to_the_filters_and_says_when_nothing_is_left(
    ada: User, signed_in: SignedIn
) -> None:
    one("apples"), one("pears")
    client = signed_in(ada)
    assert client.post("/queue/next/?q=pears").status_code == 303
    assert claims.live().get().request.subject == "pears"
    assert client.post("/queue/next/?q=pears")["Location"] == "/queue/?q=pears"
    assert "Nothing left" in page(client)
    assert subjects(client, "/queue/?tab=mine") == ["pears"]
