"""Drafts: kept while somebody types, on every device, until the answer counts."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from review_app import drafts
from review_app.models import Draft, Preferences
from tests.factories import make_request
from tests.flows import APPROVE
from tests.review.deciding import HTMX, answer_as, post, send, sheet_of, show, text
from workflows_app.engine import (
    Context,
    InputRequestEvent,
    InputResponseEvent,
    StartEvent,
    StopEvent,
    Workflow,
    step,
)
from workflows_app.models import InputRequest
from workflows_app.runtime.handler import Handler

pytestmark = pytest.mark.django_db

SignedIn = Callable[[User], Client]

SECRETS = {
    "type": "object",
    "properties": {
        "user": {"type": "string"},
        "password": {"type": "string", "format": "password"},
        "pin": {"type": "string", "writeOnly": True},
        "tokens": {
            "type": "array",
            "items": {"type": "string", "format": "password"},
        },
        "fixed": {"type": "string", "const": "as it is", "default": "as it is"},
        "more": {
            "type": "object",
            "additionalProperties": {"type": "string", "writeOnly": True},
            "x-ui": {"widget": "json"},
        },
    },
}


@step
def ask_secrets(ctx: Context, ev: StartEvent) -> InputRequestEvent:
    """Ask for what nobody else may read."""
    proposed = {"more": {"key": "proposed secret"}}
    return InputRequestEvent(
        "login", "Log in", schema=SECRETS, proposed=proposed, outcomes=[APPROVE]
    )


@step
def forget(ctx: Context, ev: InputResponseEvent) -> StopEvent:
    """End."""
    return StopEvent()


secretive = Workflow("secretive", [ask_secrets, forget])


def save(client: Client, asked: InputRequest, **typed: str) -> HttpResponse:
    """What a page sends while somebody types."""
    return post(client, f"/requests/{asked.pk}/draft/", sheet_of(asked, **typed), HTMX)


def test_what_is_typed_is_back_on_another_device(
    ada: User, signed_in: SignedIn
) -> None:
    asked = make_request()
    response = save(
        signed_in(ada), asked, **{"answer-amount": "9x", "reason": "Half a"}
    )
    assert "Draft saved <time" in text(response)
    page = show(signed_in(ada), asked)
    assert 'value="9x"' in page
    assert "Half a</textarea>" in page
    assert "Draft saved <time" in page


def test_a_draft_is_not_checked(ada: User, signed_in: SignedIn) -> None:
    asked = make_request()
    save(signed_in(ada), asked, **{"answer-amount": "no number"})
    page = show(signed_in(ada), asked)
    assert "aria-invalid" not in page
    assert "error-summary" not in page


def test_a_draft_is_the_persons_own(ada: User, bob: User, signed_in: SignedIn) -> None:
    asked = make_request()
    save(signed_in(ada), asked, reason="Mine.")
    assert "Mine." not in show(signed_in(bob), asked)
    save(signed_in(bob), asked, reason="His.")
    assert Draft.objects.count() == 2
    assert "Mine." in show(signed_in(ada), asked)


def test_a_later_draft_replaces_the_earlier_one(ada: User, signed_in: SignedIn) -> None:
    asked = make_request()
    save(signed_in(ada), asked, reason="One.")
    save(signed_in(ada), asked, reason="Two.")
    assert "Two." in show(signed_in(ada), asked)
    assert Draft.objects.count() == 1


def test_an_emptied_field_stays_empty(ada: User, signed_in: SignedIn) -> None:
    asked = make_request()
    save(signed_in(ada), asked, **{"answer-amount": ""})
    assert 'value="120"' not in show(signed_in(ada), asked)


def test_without_scripts_a_button_saves_the_draft(
    ada: User, signed_in: SignedIn
) -> None:
    asked, client = make_request(), signed_in(ada)
    address = f"/requests/{asked.pk}/draft/?q=Deploy"
    response = post(client, address, sheet_of(asked, reason="Later."))
    assert response.status_code == 303
    assert response["Location"] == f"/requests/{asked.pk}/?q=Deploy"
    assert "The draft is saved." in show(client, asked)


def test_secrets_are_in_no_draft(ada: User, signed_in: SignedIn) -> None:
    asked = make_request(secretive)
    typed = {
        "answer-user": "admin",
        "answer-password": "hunter2",
        "answer-pin": "1234",
        "answer-tokens": "abc\ndef",
        "answer-more": '{"key": "typed secret"}',
    }
    save(signed_in(ada), asked, **typed)
    kept = Draft.objects.get().form
    assert "admin" in kept
    for secret in ("hunter2", "1234", "abc", "secret"):
        assert secret not in kept


def test_a_box_that_is_in_no_draft_shows_what_is_proposed(
    ada: User, signed_in: SignedIn
) -> None:
    asked = make_request(secretive)
    save(signed_in(ada), asked, **{"answer-more": '{"key": "typed secret"}'})
    assert "proposed secret" in show(signed_in(ada), asked)


def test_what_is_no_field_of_the_answer_is_not_kept(
    ada: User, signed_in: SignedIn
) -> None:
    save(signed_in(ada), make_request(), strange="x", outcome="approve")
    kept = Draft.objects.get().form
    assert "strange" not in kept
    assert "outcome" not in kept
    assert "digest" not in kept


def test_a_draft_is_kept_with_the_decision_while_it_can_be_undone(
    ada: User, signed_in: SignedIn
) -> None:
    asked, client = make_request(), signed_in(ada)
    save(client, asked, reason="First thought.")
    send(client, asked, reason="Last thought.")
    draft = Draft.objects.get()
    assert draft.sent_at is not None
    assert "Last+thought." in draft.form


def test_a_draft_is_gone_with_a_decision_that_counts_at_once(
    ada: User, signed_in: SignedIn
) -> None:
    Preferences.objects.create(user=ada, undo_seconds=0)
    asked, client = make_request(), signed_in(ada)
    save(client, asked, reason="First thought.")
    send(client, asked)
    assert not Draft.objects.exists()


def test_a_slow_page_brings_no_draft_back(ada: User, signed_in: SignedIn) -> None:
    asked, client = make_request(), signed_in(ada)
    send(client, asked, reason="Sent.")
    assert save(client, asked, reason="Late.").status_code == 204
    assert "Sent." in Draft.objects.get().form


@pytest.mark.parametrize("outcome", ["reject", ""])
def test_an_answer_with_mistakes_is_kept(
    ada: User, signed_in: SignedIn, outcome: str
) -> None:
    asked, client = make_request(), signed_in(ada)
    send(client, asked, outcome=outcome, **{"answer-note": "my long note"})
    assert 'value="my long note"' in show(client, asked)


def test_whoever_was_too_late_can_still_copy_his_text(
    ada: User, bob: User, signed_in: SignedIn
) -> None:
    asked, client = make_request(), signed_in(ada)
    save(client, asked, reason="My view.")
    answer_as(bob, asked)
    page = show(client, asked)
    assert "Reason: My view.</textarea>" in page
    assert 'data-copy="#yours"' in page


def test_the_draft_of_a_withdrawn_request_can_be_copied(
    ada: User, signed_in: SignedIn
) -> None:
    asked, client = make_request(), signed_in(ada)
    save(client, asked, reason="My view.")
    Handler(asked.run_id).abort(actor="olga")
    assert "Reason: My view.</textarea>" in show(client, asked)


def test_an_answered_request_shows_no_leftovers_of_ones_own_answer(
    ada: User, signed_in: SignedIn
) -> None:
    Preferences.objects.create(user=ada, auto_advance=False)
    asked, client = make_request(), signed_in(ada)
    send(client, asked, reason="My view.")
    assert "Yours, not recorded" not in show(client, asked)


def test_old_leftovers_are_cleared(ada: User, bob: User, signed_in: SignedIn) -> None:
    asked, other = make_request(), make_request()
    save(signed_in(ada), asked, reason="Too late.")
    answer_as(bob, asked, door="api")
    long_ago = timezone.now() - drafts.KEPT_AFTER_THE_END - timedelta(days=1)
    InputRequest.objects.filter(pk=asked.pk).update(closed_at=long_ago)
    send(signed_in(ada), other)
    assert not Draft.objects.filter(request=asked).exists()


def test_others_hear_that_somebody_has_unsaved_text(
    ada: User, signed_in: SignedIn, django_capture_on_commit_callbacks: Any
) -> None:
    asked = make_request()
    with django_capture_on_commit_callbacks() as told:
        save(signed_in(ada), asked)
    assert len(told) == 1


def test_a_draft_is_a_post_by_who_may_see_the_request(
    eve: User, ada: User, signed_in: SignedIn
) -> None:
    asked = make_request()
    address = f"/requests/{asked.pk}/draft/"
    assert signed_in(ada).get(address).status_code == 405
    assert save(signed_in(eve), asked).status_code == 404
    assert save(Client(), asked).status_code == 401
    assert not Draft.objects.exists()


@pytest.mark.parametrize("typed", ["\0", "a\u202eb", "😀" * 500, "a=b&c=d", "%00"])
def test_odd_text_comes_back_as_it_was(
    ada: User, signed_in: SignedIn, typed: str
) -> None:
    asked, client = make_request(), signed_in(ada)
    save(client, asked, reason=typed)
    assert Draft.objects.get().form
    assert typed.replace("&", "&amp;") in show(client, asked)
