"""The states of the decision panel: each is what a reviewer sees and can do then."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from review_app.models import Preferences
from tests.deciding_app.flows import decides
from tests.factories import let_pass, make_request
from tests.flows import two_branches
from tests.policies import asking, two_needed
from tests.review.deciding import (
    HTMX,
    answer_as,
    end_undo_time,
    get,
    post,
    send,
    sheet_of,
    show,
    text,
)
from workflows_app.models import InputRequest, InputResponse
from workflows_app.runtime import claims
from workflows_app.runtime.handler import Handler
from workflows_app.runtime.worker.watch import Watcher

pytestmark = pytest.mark.django_db

SignedIn = Callable[[User], Client]

due = asking("due", due_in=60, on_due="reject")
must_claim = asking("must-claim", claim="required")


def test_open_it_offers_the_form_and_the_outcomes(
    ada: User, signed_in: SignedIn
) -> None:
    page = show(signed_in(ada), make_request())
    assert '<h2 id="panel-title">Decide</h2>' in page
    assert page.count('name="outcome" value="') == 3  # with the one to try again
    assert 'id="save-draft"' in page


def test_sending_is_said_by_the_button_that_was_pressed(
    ada: User, signed_in: SignedIn
) -> None:
    page = show(signed_in(ada), make_request())
    assert '<span class="sending">Sending…</span>' in page
    assert 'hx-disabled-elt="#outcomes button' in page
    assert 'hx-sync="this:drop"' in page


def test_offline_there_is_a_way_to_try_again_with_the_same_key(
    ada: User, signed_in: SignedIn
) -> None:
    page = show(signed_in(ada), make_request())
    form = page[
        page.index('id="decision"') : page.index("</form>", page.index("retry"))
    ]
    assert "Not sent. Your text is saved on this device." in form
    assert 'id="retry"' in form
    assert 'name="idempotency_key"' in form


def test_invalid_the_summary_has_the_focus_and_leads_to_the_fields(
    ada: User, signed_in: SignedIn
) -> None:
    asked = make_request()
    response = post(
        signed_in(ada),
        f"/requests/{asked.pk}/",
        sheet_of(asked, **{"answer-amount": "900"}),
        HTMX,
    )
    page = text(response)
    assert response.status_code == 422
    assert 'aria-labelledby="error-summary-title" autofocus' in page
    assert '<h1 tabindex="-1"><bdi>' in page


def test_claimed_by_somebody_else_it_names_him_and_takes_no_answer(
    ada: User, bob: User, signed_in: SignedIn
) -> None:
    asked = make_request()
    claims.claim(bob, asked.pk)
    assert "data-held" in show(signed_in(ada), asked)

    response = send(signed_in(ada), asked, reason="My view.")

    assert response.status_code == 409
    page = text(response)
    assert "bob" in page
    assert "Reason: My view.</textarea>" in page
    assert 'id="answer-again"' in page
    assert "My view." in show(signed_in(ada), asked)  # as a draft
    assert not InputResponse.objects.exists()


def test_claimed_by_me_it_takes_my_answer(ada: User, signed_in: SignedIn) -> None:
    asked = make_request(must_claim)
    assert send(signed_in(ada), asked).status_code == 409
    claims.claim(ada, asked.pk)
    assert send(signed_in(ada), asked).status_code == 303


def test_conflict_it_shows_both_answers_and_the_way_on(
    ada: User, bob: User, signed_in: SignedIn
) -> None:
    asked, other = make_request(), make_request(subject="And this?")
    answer_as(bob, asked, reason="Agreed on the phone.")
    typed = {"answer-note": "my long note", "outcome": "reject", "reason": "No."}
    page = text(send(signed_in(ada), asked, **typed))
    assert "<bdi>bob</bdi> approved this at" in page
    assert "Agreed on the phone." in page
    assert "Note: my long note\nReason: No.</textarea>" in page
    assert 'id="copy-yours"' in page
    assert f'id="go-on" href="/requests/{other.pk}/?"' in page
    assert 'id="go-back"' in page


def test_conflict_with_oneself_is_told_as_such(ada: User, signed_in: SignedIn) -> None:
    asked, client = make_request(), signed_in(ada)
    send(client, asked)
    response = send(client, asked, outcome="reject", reason="Or not.")
    assert response.status_code == 409
    assert "You have already answered this" in text(response)
    assert "Reason: Or not.</textarea>" in text(response)


def test_changed_it_shows_what_is_different_and_keeps_the_text(
    ada: User, signed_in: SignedIn
) -> None:
    asked = make_request(two_branches)
    left, right = InputRequest.objects.filter(run=asked.run).order_by("request_id")
    seen = {"digest": left.digest, "outcome": "yes", "reason": "kept"}
    response = send(signed_in(ada), right, **seen)
    page = text(response)
    assert response.status_code == 409
    assert "This is not what you answered to" in page
    assert "What is different" in page
    assert "Left?" in page
    assert "Reason: kept</textarea>" in page
    assert 'id="review-again"' in page
    assert "kept</textarea>" in show(signed_in(ada), right)


def test_expired_it_says_so_and_leads_to_the_run(
    ada: User, signed_in: SignedIn
) -> None:
    asked = make_request(due)
    let_pass(asked.run_id, 61)
    Watcher().look()
    response = send(signed_in(ada), asked, reason="kept")
    page = text(response)
    assert response.status_code == 410
    assert "Closed by deadline at" in page
    assert "the deadline decided: <bdi>Reject</bdi>" in page
    assert "Reason: kept</textarea>" in page
    assert f'id="expired-run" href="/runs/{asked.run_id}/"' in page


def test_withdrawn_it_says_who_ended_the_run_and_why(
    ada: User, signed_in: SignedIn
) -> None:
    asked = make_request()
    Handler(asked.run_id).abort("Wrong customer.", actor="olga")
    page = show(signed_in(ada), asked)
    assert "the run was aborted by <bdi>olga</bdi>." in page
    assert "Reason: <bdi>Wrong customer.</bdi>" in page
    assert 'name="outcome"' not in page


def test_withdrawn_by_no_person_it_says_so_in_its_sentence(
    ada: User, signed_in: SignedIn
) -> None:
    asked = make_request()
    Handler(asked.run_id).abort()
    page = show(signed_in(ada), asked)
    assert "more: the run was aborted by <bdi>a program</bdi>." in page
    assert "Reason: " not in page


def test_decided_it_can_be_undone_for_a_while(ada: User, signed_in: SignedIn) -> None:
    Preferences.objects.create(user=ada, auto_advance=False)
    asked, client = make_request(), signed_in(ada)
    page = get(client, send(client, asked)["Location"])
    assert "Resumes in <b>5</b> s." in page
    assert f'id="undo-{asked.pk}" data-key="z"' in page
    assert f'action="/requests/{asked.pk}/undo/' in page
    assert "by you" in page


def test_decided_by_another_it_says_until_when_he_may_change_his_mind(
    ada: User, bob: User, signed_in: SignedIn
) -> None:
    asked = make_request()
    answer_as(bob, asked)
    page = show(signed_in(ada), asked)
    assert "It can still be taken back until" in page
    assert f"/requests/{asked.pk}/undo/" not in page


def test_decided_for_good_it_says_who_when_and_by_which_way(
    ada: User, bob: User, signed_in: SignedIn
) -> None:
    asked = make_request()
    answer_as(bob, asked)
    end_undo_time(asked)
    page = show(signed_in(ada), asked)
    assert "Approved</h2>" in page
    assert "by <bdi>bob</bdi>" in page
    assert "180" in page
    assert "undo/" not in page


def test_decided_by_deadline_it_names_no_person(ada: User, signed_in: SignedIn) -> None:
    asked = make_request(due)
    let_pass(asked.run_id, 61)
    Watcher().look()
    assert "Rejected by deadline</h2>" in show(signed_in(ada), asked)


def test_partly_approved_it_says_what_is_missing_and_takes_the_vote_back(
    ada: User, bob: User, signed_in: SignedIn
) -> None:
    asked, client = make_request(two_needed), signed_in(ada)
    send(client, asked)
    page = show(client, asked)
    assert "You approved" in page
    assert "<strong>1 of 2</strong>" in page
    assert f'action="/requests/{asked.pk}/undo/' in page
    assert 'name="outcome"' not in page
    assert 'value="approve"' in show(signed_in(bob), asked)


def test_without_the_right_it_says_who_has_it_and_takes_comments(
    olga: User, signed_in: SignedIn
) -> None:
    asked = make_request(groups=["finance"])
    page = show(signed_in(olga), asked)
    assert "Only finance may answer this request." in page
    assert 'id="comment-form"' in page
    assert 'name="outcome"' not in page


def test_without_the_right_an_answer_is_refused_with_its_text(
    olga: User, signed_in: SignedIn
) -> None:
    asked = make_request(groups=["finance"])
    response = post(
        signed_in(olga),
        f"/requests/{asked.pk}/",
        sheet_of(asked, reason="kept"),
        HTMX,
    )
    assert response.status_code == 403
    assert 'id="decide"' in text(response)
    assert "Reason: kept</textarea>" in text(response)


def test_who_started_a_run_is_told_why_he_may_not_decide(
    ada: User, signed_in: SignedIn
) -> None:
    asked = make_request(asking("starter-looks-on", starter_may_decide=False), user=ada)
    page = show(signed_in(ada), asked)
    assert "You started this run, so somebody else must decide." in page


# What happens while somebody has the page before him


def news(client: Client, asked: InputRequest) -> str:
    return get(client, f"/requests/{asked.pk}/news/")


def test_an_open_page_is_told_of_the_deadline_and_loses_no_text(
    ada: User, signed_in: SignedIn
) -> None:
    asked, client = make_request(due), signed_in(ada)
    assert "data-over" not in news(client, asked)
    let_pass(asked.run_id, 61)
    Watcher().look()
    told = news(client, asked)
    assert "Closed by deadline at" in told
    assert "rejected" in told
    assert "data-over" in told
    assert "<form" not in told
    assert "<textarea" not in told


def test_an_open_page_is_told_that_the_run_ended(
    ada: User, signed_in: SignedIn
) -> None:
    asked, client = make_request(), signed_in(ada)
    Handler(asked.run_id).abort(actor="olga")
    assert "Withdrawn" in news(client, asked)


# Going on to the next request


def test_the_next_page_comes_with_the_answer_and_names_itself(
    ada: User, signed_in: SignedIn
) -> None:
    first, second, _ = (make_request(subject=s) for s in ("pear", "pear 2", "apple"))
    address = f"/requests/{first.pk}/?q=pear"
    response = post(signed_in(ada), address, sheet_of(first), HTMX)
    page = text(response)
    assert response.status_code == 200
    assert response["HX-Push-Url"] == f"/requests/{second.pk}/?q=pear"
    assert '<h1 tabindex="-1" autofocus><bdi>pear 2</bdi></h1>' in page
    assert ">Approved. Next: pear 2, 1 of 1</div>" in page
    assert f'id="toast-{first.pk}"' in page
    assert f"request:{second.pk}" in page


def test_after_the_last_request_it_stays_and_says_so(
    ada: User, signed_in: SignedIn
) -> None:
    asked = make_request(subject="pear")
    make_request(subject="apple")
    address = f"/requests/{asked.pk}/?q=pear"
    page = text(post(signed_in(ada), address, sheet_of(asked), HTMX))
    assert "Approved. That was the last one here." in page
    assert 'id="panel-title" tabindex="-1" autofocus' in page
    assert 'id="go-back" href="/queue/?q=pear"' in page


def test_the_page_says_where_in_its_list_the_request_is(
    ada: User, signed_in: SignedIn
) -> None:
    asked = [make_request(subject=f"pear {i}") for i in range(3)]
    page = show(signed_in(ada), asked[1], "?q=pear")
    assert "2 of 3 in “Ready for me”, filtered" in page
    assert f'id="previous-request" href="/requests/{asked[0].pk}/?q=pear"' in page
    assert f'id="next-request" href="/requests/{asked[2].pk}/?q=pear"' in page


# Dangerous outcomes


def confirmed(asked: InputRequest, word: str, **more: str) -> dict[str, str]:
    sheet = sheet_of(asked, reason="Because.", **more)
    del sheet["outcome"]
    return {**sheet, "confirmed": "delete", "word-delete": word}


def test_a_dialog_repeats_the_subject_and_what_will_happen(
    ada: User, signed_in: SignedIn
) -> None:
    page = show(signed_in(ada), make_request(decides, subject="Order 7", confirm=True))
    dialog = page[page.index("<dialog class=") : page.index("</dialog>")]
    assert "Order 7" in dialog
    assert "The order is gone for ever." in dialog
    assert "data-close autofocus>Cancel" in dialog
    assert 'data-confirm="confirm-3"' in page


def test_what_must_be_confirmed_is_asked_once_more_with_all_that_was_sent(
    ada: User, signed_in: SignedIn
) -> None:
    asked, client = make_request(decides, confirm=True), signed_in(ada)
    typed = {"answer-amount": "7", "reason": "Because."}
    response = send(client, asked, outcome="delete", **typed)
    page = text(response)
    assert response.status_code == 200
    assert '<input type="hidden" name="answer-amount" value="7">' in page
    assert 'id="confirm-cancel"' in page
    assert not InputResponse.objects.exists()
    sheet = confirmed(asked, "")
    assert post(client, f"/requests/{asked.pk}/", sheet).status_code == 303
    assert InputResponse.objects.get().outcome == "delete"


def test_cancel_leads_back_to_what_was_typed(ada: User, signed_in: SignedIn) -> None:
    asked, client = make_request(decides, confirm=True), signed_in(ada)
    typed = {"answer-amount": "7", "reason": "Because."}
    send(client, asked, outcome="delete", **typed)
    page = show(client, asked)
    assert 'value="7"' in page
    assert "Because.</textarea>" in page


def test_mistakes_come_before_the_question_whether_it_is_meant(
    ada: User, signed_in: SignedIn
) -> None:
    asked = make_request(decides, confirm=True)
    response = send(signed_in(ada), asked, outcome="delete")
    assert response.status_code == 422
    assert "Please give a reason" in text(response)


@pytest.mark.parametrize("word", ["", "Delete", "remove", "delete it"])
def test_a_wrong_word_confirms_nothing(
    ada: User, signed_in: SignedIn, word: str
) -> None:
    asked, client = make_request(decides, confirm="delete"), signed_in(ada)
    response = post(client, f"/requests/{asked.pk}/", confirmed(asked, word))
    assert response.status_code == 422
    assert "Type the word “delete” to confirm." in text(response)
    assert not InputResponse.objects.exists()


def test_the_right_word_confirms(ada: User, signed_in: SignedIn) -> None:
    asked, client = make_request(decides, confirm="delete"), signed_in(ada)
    sheet = confirmed(asked, " delete ")
    assert post(client, f"/requests/{asked.pk}/", sheet).status_code == 303


def test_to_confirm_one_outcome_does_not_confirm_another(
    ada: User, signed_in: SignedIn
) -> None:
    asked, client = make_request(decides, confirm=True), signed_in(ada)
    sheet = {**sheet_of(asked, reason="x"), "outcome": "delete", "confirmed": ""}
    assert post(client, f"/requests/{asked.pk}/", sheet).status_code == 200
    assert not InputResponse.objects.exists()
