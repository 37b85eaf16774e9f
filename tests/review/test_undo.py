"""Taking back what one has just decided, and the word about it on every page."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from review_app.models import Draft, Preferences
from review_app.undo import TOLD_FOR, undoable
from tests.factories import make_request
from tests.policies import asking, two_needed
from tests.policies import undoable as slow
from tests.review.deciding import (
    HTMX,
    answer_as,
    end_undo_time,
    get,
    post,
    send,
    show,
    text,
)
from workflows_app.models import InputRequest, InputResponse

pytestmark = pytest.mark.django_db

SignedIn = Callable[[User], Client]


def undo(client: Client, asked: InputRequest, **data: str) -> str:
    """Undo without scripts; the page that follows."""
    response = post(client, f"/requests/{asked.pk}/undo/", data)
    assert response.status_code == 303
    return get(client, response["Location"])


def status(asked: InputRequest) -> str:
    asked.refresh_from_db()
    return asked.status


def test_a_decision_waits_as_long_as_the_person_and_the_policy_allow(
    ada: User, signed_in: SignedIn
) -> None:
    Preferences.objects.create(user=ada, undo_seconds=30)
    short, long = make_request(slow), make_request(asking("slow", undo_seconds=600))
    for asked, seconds in ((short, 5), (long, 30)):
        send(signed_in(ada), asked)
        asked.refresh_from_db()
        assert asked.effective_at is not None
        assert asked.closed_at is not None
        assert (asked.effective_at - asked.closed_at).total_seconds() == seconds


def test_who_wants_no_time_to_undo_decides_at_once(
    ada: User, signed_in: SignedIn
) -> None:
    Preferences.objects.create(user=ada, undo_seconds=0)
    asked = make_request()
    send(signed_in(ada), asked)
    assert status(asked) == "answered"


def test_undo_opens_the_request_again_with_all_that_was_typed(
    ada: User, signed_in: SignedIn
) -> None:
    asked, client = make_request(subject="Deploy?"), signed_in(ada)
    typed = {"answer-amount": "77", "answer-note": "half", "reason": "Why not?"}
    send(client, asked, **typed)
    assert status(asked) == "decided"

    page = undo(client, asked)

    assert status(asked) == "open"
    assert "Taken back: Deploy?" in page
    assert 'value="77"' in page
    assert 'value="half"' in page
    assert "Why not?</textarea>" in page
    assert asked.run.events.filter(kind="input_received").count() == 0


def test_after_undo_the_request_can_be_decided_otherwise(
    ada: User, signed_in: SignedIn
) -> None:
    asked, client = make_request(), signed_in(ada)
    send(client, asked)
    undo(client, asked)
    send(client, asked, outcome="reject", reason="No.")
    votes = InputResponse.objects.order_by("at").values_list("outcome", "withdrawn_at")
    assert [outcome for outcome, withdrawn in votes if withdrawn is None] == ["reject"]


def test_what_counts_already_stays_as_it_is(ada: User, signed_in: SignedIn) -> None:
    asked, client = make_request(), signed_in(ada)
    send(client, asked)
    end_undo_time(asked)

    response = post(client, f"/requests/{asked.pk}/undo/", {})

    assert response.status_code == 409
    assert "Too late: it already counts." in text(response)
    assert status(asked) == "answered"


def test_a_page_with_scripts_is_told_that_it_is_too_late_and_keeps_its_place(
    ada: User, signed_in: SignedIn
) -> None:
    asked, client = make_request(), signed_in(ada)
    send(client, asked)
    end_undo_time(asked)

    response = post(client, f"/requests/{asked.pk}/undo/", {}, HTMX)

    assert response.status_code == 409
    assert response["HX-Retarget"] == "#toasts"
    assert 'hx-swap-oob="innerHTML:#say-now"' in text(response)
    assert "<main" not in text(response)


def test_a_page_with_scripts_gets_the_open_request_at_once(
    ada: User, signed_in: SignedIn
) -> None:
    asked, client = make_request(subject="Deploy?"), signed_in(ada)
    send(client, asked)
    response = post(client, f"/requests/{asked.pk}/undo/?q=Deploy", {}, HTMX)
    assert response.status_code == 200
    assert response["HX-Push-Url"] == f"/requests/{asked.pk}/?q=Deploy"
    assert 'name="outcome" value="approve"' in text(response)
    assert '<h1 tabindex="-1" autofocus>' in text(response)
    assert ">Taken back: Deploy?, 1 of 1</div>" in text(response)


def test_nobody_takes_back_what_somebody_else_decided(
    ada: User, bob: User, signed_in: SignedIn
) -> None:
    asked = make_request()
    answer_as(bob, asked)
    response = post(signed_in(ada), f"/requests/{asked.pk}/undo/", {})
    assert response.status_code == 409
    assert status(asked) == "decided"


def test_undo_is_a_post_by_who_may_see_the_request(
    eve: User, ada: User, signed_in: SignedIn
) -> None:
    asked = make_request()
    answer_as(ada, asked)
    address = f"/requests/{asked.pk}/undo/"
    assert signed_in(ada).get(address).status_code == 405
    assert post(signed_in(eve), address, {}).status_code == 404
    assert post(Client(), address, {}).status_code == 302
    assert status(asked) == "decided"


def test_a_vote_that_decided_nothing_yet_is_taken_back_too(
    ada: User, signed_in: SignedIn
) -> None:
    asked, client = make_request(two_needed), signed_in(ada)
    send(client, asked, reason="I agree.")
    assert "You approved" in show(client, asked)
    page = undo(client, asked)
    assert "I agree.</textarea>" in page
    assert not InputResponse.objects.filter(withdrawn_at=None).exists()


def test_every_page_tells_of_a_decision_that_can_be_undone(
    ada: User, bob: User, signed_in: SignedIn
) -> None:
    asked = make_request(subject="Deploy?")
    answer_as(ada, asked)
    page = get(signed_in(ada), "/queue/")
    assert f'id="toast-{asked.pk}"' in page
    assert f'action="/requests/{asked.pk}/undo/' in page
    assert 'data-key="z"' in page
    assert f'id="toast-{asked.pk}"' not in get(signed_in(bob), "/queue/")


def test_the_page_of_the_decision_itself_tells_it_once(
    ada: User, signed_in: SignedIn
) -> None:
    asked = make_request()
    answer_as(ada, asked)
    page = show(signed_in(ada), asked)
    assert page.count('data-key="z"') == 1
    assert f'id="toast-{asked.pk}"' not in page


def test_a_decision_is_told_for_a_while_after_it_counts(ada: User) -> None:
    asked = make_request()
    answer_as(ada, asked)
    end_undo_time(asked)
    assert [each.seconds_left for each in undoable(ada)] == [0.0]
    InputRequest.objects.update(closed_at=timezone.now() - 2 * TOLD_FOR)
    assert undoable(ada) == []


def test_a_program_has_nothing_to_undo(ada: User) -> None:
    answer_as(ada, make_request(), door="api")
    assert undoable(ada) == []


def test_a_batch_is_one_word_and_taken_back_as_one(
    ada: User, signed_in: SignedIn
) -> None:
    batch, batched = uuid4(), [make_request() for _ in range(3)]
    for each in batched:
        answer_as(ada, each, idempotency_key=f"{batch}:{each.pk}")
    single = make_request()
    answer_as(ada, single, idempotency_key=str(uuid4()))
    told = undoable(ada)
    assert [(each.count, bool(each.batch)) for each in told] == [(1, False), (3, True)]

    page = undo(signed_in(ada), batched[0], batch=str(batch))

    assert "Taken back: 3 decisions." in page
    assert [status(each) for each in batched] == ["open"] * 3
    assert status(single) == "decided"


def test_of_a_batch_what_counts_already_stays(ada: User, signed_in: SignedIn) -> None:
    batch, batched = uuid4(), [make_request() for _ in range(2)]
    for each in batched:
        answer_as(ada, each, idempotency_key=f"{batch}:{each.pk}")
    end_undo_time(batched[0])
    page = undo(signed_in(ada), batched[0], batch=str(batch))
    assert "Taken back: 1 decision." in page
    assert [status(each) for each in batched] == ["answered", "open"]


@pytest.mark.parametrize("batch", ["%", "\0", "x" * 500])
def test_an_odd_batch_takes_nothing_back(
    ada: User, signed_in: SignedIn, batch: str
) -> None:
    asked = make_request()
    answer_as(ada, asked)
    data = {"batch": batch} if batch != "\0" else {"batch": "\0x"}
    response = post(signed_in(ada), f"/requests/{asked.pk}/undo/", data)
    assert response.status_code == 409
    assert status(asked) == "decided"


def test_the_draft_of_a_decision_is_gone_when_the_next_one_is_made(
    ada: User, signed_in: SignedIn
) -> None:
    first, second, client = make_request(), make_request(), signed_in(ada)
    send(client, first)
    assert Draft.objects.get(request=first).sent_at is not None
    end_undo_time(first)
    send(client, second)
    assert not Draft.objects.filter(request=first).exists()
