"""The page of a request: what it shows, and every end that an answer can come to."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from review_app.addressees import who_may_answer
from review_app.answer_sheet import AnswerSheet
from review_app.given_answer import labelled
from review_app.models import Preferences
from tests.factories import make_request, run_steps
from tests.flows import approval, two_branches
from tests.review.deciding import answer_as, end_undo_time, get, send, show, text
from workflows_app import access
from workflows_app.engine import ReviewPolicy
from workflows_app.models import InputRequest, InputResponse, Run
from workflows_app.runtime.handler import Answer, Handler

pytestmark = pytest.mark.django_db

SignedIn = Callable[[User], Client]


def test_it_shows_all_that_is_asked(ada: User, signed_in: SignedIn) -> None:
    asked = make_request(subject="Deploy api 4.2?")
    page = show(signed_in(ada), asked)
    assert '<h1 tabindex="-1"><bdi>Deploy api 4.2?</bdi></h1>' in page
    assert "<strong>Deploy api 4.2?</strong>" in page  # the prompt, as Markdown
    assert "About" in page
    assert "Reviewers may answer." in page
    assert 'value="120"' in page
    assert "Needed for “Reject”." in page
    assert 'aria-describedby="id_reason_helptext"></textarea>' in page


def test_an_outcome_is_a_button_with_its_keys(ada: User, signed_in: SignedIn) -> None:
    page = show(signed_in(ada), make_request())
    assert 'value="approve" data-key="1 a" aria-keyshortcuts="1 a"' in page
    assert (
        'class="danger" type="submit" id="outcome-2" name="outcome" value="reject"'
        in page
    )


def test_enter_in_a_field_decides_nothing(ada: User, signed_in: SignedIn) -> None:
    page = show(signed_in(ada), make_request())
    first = page[page.index('id="decision"') :]
    assert first.index("disabled hidden></button>") < first.index('name="outcome"')


def test_an_answer_is_recorded_and_the_run_goes_on(
    ada: User, signed_in: SignedIn
) -> None:
    asked = make_request(subject="Deploy?")
    response = send(signed_in(ada), asked, reason="Looks\r\nfine.")
    assert response.status_code == 303
    recorded = InputResponse.objects.get(request=asked)
    assert recorded.value == {"amount": 120}
    assert (recorded.user, recorded.door) == (ada, "browser")
    assert (recorded.outcome, recorded.reason) == ("approve", "Looks\nfine.")
    end_undo_time(asked)
    assert run_steps(asked.run_id).status == Run.Status.COMPLETED


def test_after_an_answer_the_next_request_is_shown(
    ada: User, signed_in: SignedIn
) -> None:
    asked, other = make_request(), make_request(subject="And this?")
    client = signed_in(ada)
    response = send(client, asked)
    assert response["Location"] == f"/requests/{other.pk}/?"
    page = get(client, response["Location"])
    assert "Approved. Next: And this?" in page


def test_who_does_not_want_to_go_on_stays_with_what_he_decided(
    ada: User, signed_in: SignedIn
) -> None:
    Preferences.objects.create(user=ada, auto_advance=False)
    asked, other = make_request(), make_request(subject="And this?")
    client = signed_in(ada)
    page = get(client, send(client, asked)["Location"])
    assert "You can still take it back." in page
    assert "by you" in page
    assert f'id="go-on" href="/requests/{other.pk}/?"' in page
    assert 'name="outcome"' not in page


def test_the_next_request_is_one_of_the_same_list(
    ada: User, signed_in: SignedIn
) -> None:
    asked, _, third = (make_request(subject=s) for s in ("pear", "apple", "pear 2"))
    page = signed_in(ada).get(f"/requests/{asked.pk}/?q=pear").content.decode()
    assert f'id="next-request" href="/requests/{third.pk}/?q=pear"' in page


def test_the_last_request_is_followed_by_the_first(
    ada: User, signed_in: SignedIn
) -> None:
    first, last = make_request(), make_request()
    page = show(signed_in(ada), last)
    assert f'id="next-request" href="/requests/{first.pk}/?"' in page


def test_choices_are_the_answer(ada: User, signed_in: SignedIn) -> None:
    asked = InputRequest.objects.get(
        run=make_request(two_branches).run, request_id="left"
    )
    client = signed_in(ada)
    assert 'value="yes"' in show(client, asked)
    assert send(client, asked, outcome="no").status_code == 303
    assert InputResponse.objects.get(request=asked).value == "no"


def test_the_other_open_requests_of_the_run_are_shown(
    ada: User, signed_in: SignedIn
) -> None:
    asked = make_request(two_branches)
    page = show(signed_in(ada), asked)
    assert "1 more open request of this run" in page


def test_mistakes_are_named_and_what_was_typed_is_kept(
    ada: User, signed_in: SignedIn
) -> None:
    asked = make_request()
    mistakes = {"answer-amount": "900", "answer-note": "keep", "outcome": "reject"}
    response = send(signed_in(ada), asked, **mistakes)
    page = text(response)
    assert response.status_code == 422
    assert "Please correct 2 things" in page
    assert 'tabindex="-1" aria-labelledby="error-summary-title" autofocus' in page
    assert 'href="#id_answer-amount"' in page
    assert 'aria-describedby="id_reason_helptext id_reason_error" aria-invalid' in page
    assert 'value="900"' in page
    assert 'value="keep"' in page
    assert not InputResponse.objects.exists()


def test_a_mistake_keeps_the_key_of_the_sheet(ada: User, signed_in: SignedIn) -> None:
    key = str(uuid4())
    mistake = {"answer-amount": "", "idempotency_key": key}
    page = text(send(signed_in(ada), make_request(), **mistake))
    assert f'name="idempotency_key" value="{key}"' in page


@pytest.mark.parametrize("outcome", ["", "other", "\0"])
def test_an_answer_needs_one_of_the_buttons(
    ada: User, signed_in: SignedIn, outcome: str
) -> None:
    response = send(signed_in(ada), make_request(), outcome=outcome)
    assert response.status_code == 422
    assert "Choose one of the buttons." in text(response)


def test_the_same_sheet_sent_twice_is_one_answer(
    ada: User, signed_in: SignedIn
) -> None:
    asked, client = make_request(), signed_in(ada)
    key = str(uuid4())
    first = send(client, asked, idempotency_key=key)
    second = send(client, asked, idempotency_key=key)
    assert first.status_code == second.status_code == 303
    assert InputResponse.objects.count() == 1


def test_the_second_of_two_people_is_told_and_keeps_his_text(
    ada: User, bob: User, signed_in: SignedIn
) -> None:
    asked = make_request()
    answer_as(bob, asked, reason="Agreed on the phone.")
    typed = {"answer-note": "my long note", "outcome": "reject", "reason": "No."}
    response = send(signed_in(ada), asked, **typed)
    page = text(response)
    assert response.status_code == 409
    assert "<bdi>bob</bdi> approved this at" in page
    assert "180" in page
    assert "Agreed on the phone." in page
    assert "Note: my long note\nReason: No.</textarea>" in page
    assert InputResponse.objects.get().user == bob


@pytest.mark.parametrize(
    "typed", [{"answer-note": "from the other tab"}, {"reason": "from the other tab"}]
)
def test_another_answer_of_the_same_person_is_not_dropped_in_silence(
    ada: User, signed_in: SignedIn, typed: dict[str, str]
) -> None:
    asked, client = make_request(), signed_in(ada)
    assert send(client, asked).status_code == 303

    response = send(client, asked, **typed)

    assert response.status_code == 409
    assert "from the other tab</textarea>" in text(response)
    assert InputResponse.objects.count() == 1


def test_the_loser_sees_the_conflict_even_with_mistakes_in_his_sheet(
    ada: User, bob: User, signed_in: SignedIn
) -> None:
    asked = make_request()
    answer_as(bob, asked)
    assert send(signed_in(ada), asked, **{"answer-amount": "x"}).status_code == 409


@pytest.mark.parametrize("digest", ["", "0" * 64])
def test_an_answer_to_something_else_is_refused(
    ada: User, signed_in: SignedIn, digest: str
) -> None:
    asked = make_request()
    response = send(signed_in(ada), asked, digest=digest, reason="kept")
    assert response.status_code == 409
    assert "This is not what you answered to" in text(response)
    assert "Reason: kept" in text(response)
    assert InputRequest.objects.get(pk=asked.pk).is_open


def test_an_answer_after_the_deadline_is_too_late(
    ada: User, signed_in: SignedIn
) -> None:
    asked = make_request()
    InputRequest.objects.filter(pk=asked.pk).update(
        status="expired", closed_at=timezone.now()
    )
    _forget_request(asked)
    response = send(signed_in(ada), asked, reason="kept")
    assert response.status_code == 410
    assert "Closed by deadline at" in text(response)
    assert "Reason: kept" in text(response)
    assert "Closed by deadline at" in show(signed_in(ada), asked)


def _forget_request(asked: InputRequest) -> None:
    """Take the request out of the state of its run, as its expiry does."""
    run = Run.objects.get(pk=asked.run_id)
    state = run.state.replace(f'"{asked.request_id}"', '"another"')
    Run.objects.filter(pk=run.pk).update(state=state)


def test_a_request_of_an_aborted_run_is_withdrawn(
    ada: User, signed_in: SignedIn
) -> None:
    asked = make_request()
    Handler(asked.run_id).abort(actor="olga")
    response = send(signed_in(ada), asked, reason="kept")
    assert response.status_code == 409
    assert "the run was aborted by <bdi>olga</bdi>." in text(response)
    assert "Reason: kept" in text(response)
    assert "Withdrawn" in show(signed_in(ada), asked)


def test_who_may_only_look_is_told_who_may_answer(
    olga: User, signed_in: SignedIn
) -> None:
    asked = make_request(groups=["finance"])
    client = signed_in(olga)
    page = show(client, asked)
    assert "Only finance may answer" in page
    assert 'name="outcome"' not in page
    response = send(client, asked)
    assert response.status_code == 403
    assert InputRequest.objects.get(pk=asked.pk).is_open


def test_what_one_may_not_see_is_not_there(eve: User, signed_in: SignedIn) -> None:
    asked, client = make_request(), signed_in(eve)
    for address in (f"/requests/{asked.pk}/", f"/requests/{asked.pk}/news/"):
        assert client.get(address).status_code == 404
    assert send(client, asked).status_code == 404
    assert client.get(f"/requests/{uuid4()}/").status_code == 404


def test_looking_changes_nothing(ada: User, signed_in: SignedIn) -> None:
    asked, client = make_request(), signed_in(ada)
    before = InputRequest.objects.values().get(pk=asked.pk)
    address = f"/requests/{asked.pk}/?outcome=approve&answer-amount=1"
    assert client.get(address).status_code == 200
    assert client.head(address).status_code == 200
    assert client.put(address).status_code == 405
    assert InputRequest.objects.values().get(pk=asked.pk) == before


def test_an_open_page_learns_that_somebody_answered(
    ada: User, bob: User, signed_in: SignedIn
) -> None:
    asked, client = make_request(), signed_in(ada)
    address = f"/requests/{asked.pk}/news/"
    assert "notice" not in client.get(address).content.decode()
    answer_as(bob, asked)
    news = client.get(address).content.decode()
    assert "<bdi>bob</bdi> approved this at" in news
    assert "<form" not in news


def test_an_answer_to_a_paused_run_is_said_to_wait(
    ada: User, signed_in: SignedIn
) -> None:
    asked = make_request()
    Handler(asked.run_id).pause(actor="olga")
    assert "The run is paused." in show(signed_in(ada), asked)
    assert send(signed_in(ada), asked).status_code == 303


def test_the_page_takes_few_queries(
    ada: User,
    signed_in: SignedIn,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    asked = make_request(two_branches, user=ada)
    client = signed_in(ada)
    client.get("/queue/")
    with django_assert_max_num_queries(12):
        client.get(f"/requests/{asked.pk}/")


@pytest.mark.parametrize(
    "subject",
    ["\0\u202e", "<script>alert(1)</script>", "ﷺ" * 5000, "", "a" * 300],
)
def test_odd_subjects_are_shown_inert(
    ada: User, signed_in: SignedIn, subject: str
) -> None:
    asked = make_request(subject=subject)
    page = show(signed_in(ada), asked)
    assert "<script>alert" not in page
    assert "\0" not in page


@pytest.mark.parametrize("typed", ["\0", "a\u202eb", "😀" * 500, "<b>", "\ufffe"])
def test_odd_answers_are_kept_or_refused_never_lost(
    ada: User, signed_in: SignedIn, typed: str
) -> None:
    asked = make_request()
    odd = {"answer-note": typed, "reason": typed}
    response = send(signed_in(ada), asked, **odd)
    assert response.status_code in {303, 422}
    assert show(signed_in(ada), asked)


def test_the_page_says_who_may_answer_in_plain_words() -> None:
    def words(policy: ReviewPolicy, starter: str | None = "ada") -> str:
        rules = (
            '{"starter_may_decide": false}' if not policy.starter_may_decide else "{}"
        )
        asked = InputRequest(
            assignees=list(policy.assignees), groups=list(policy.groups), policy=rules
        )
        return who_may_answer(asked, "ada", starter)

    assert words(ReviewPolicy()) == "Reviewers may answer."
    assert words(ReviewPolicy(("bob",), ("legal", "finance"))) == (
        "Only bob, legal or finance may answer."
    )
    no_starter = ReviewPolicy((), ("finance",), starter_may_decide=False)
    assert words(no_starter) == (
        "Only finance may answer; not you, because you started it."
    )
    assert words(no_starter, "bob").endswith("; not bob, who started it.")
    assert words(no_starter, None) == "Only finance may answer."


def test_an_answer_is_read_with_the_titles_of_its_form_and_without_secrets() -> None:
    schema = {
        "type": "object",
        "properties": {
            "amount": {"type": "number", "title": "Amount"},
            "token": {"type": "string", "format": "password"},
            "card": {"properties": {"pin": {"type": "string", "writeOnly": True}}},
            "speed": {"enum": [1, 2], "enumNames": ["slow", "fast"]},
        },
    }
    given = {
        "amount": 3,
        "token": "x",
        "card": {"pin": "1"},
        "speed": 2,
        "other_one": 4,
    }
    shown = {each["label"]: each["value"] for each in labelled(schema, given)}
    assert shown == {
        "Amount": 3,
        "Token": "•••",
        "Card": {"pin": "•••"},
        "Speed": "fast",
        "Other one": 4,
    }
    assert labelled({"enum": ["a"], "x-choices": True}, "a") == []
    assert labelled(True, 5) == [{"label": "Answer", "value": 5}]


def test_a_broken_key_is_replaced() -> None:
    asked = make_request(approval)
    assert AnswerSheet(asked).idempotency_key != AnswerSheet(asked).idempotency_key


def test_a_late_request_says_so(ada: User, signed_in: SignedIn) -> None:
    asked = make_request()
    InputRequest.objects.filter(pk=asked.pk).update(
        expires_at=timezone.now() - timedelta(minutes=12)
    )
    assert "Late, was due" in show(signed_in(ada), asked)


def test_the_run_so_far_is_drawn_and_not_spelled_out(
    ada: User, signed_in: Callable[[User], Client]
) -> None:
    asked = make_request()

    page = signed_in(ada).get(f"/requests/{asked.pk}/").content.decode()

    assert 'id="event-' in page
    assert "&lt;li" not in page


def test_a_decision_that_can_still_be_undone_counts_as_an_answer(
    ada: User, signed_in: SignedIn
) -> None:
    asked = make_request()
    given = Answer(value={"amount": 5}, outcome="approve", user=ada, door="browser")
    Handler(asked.run_id).respond(asked.request_id, given)
    assert InputRequest.objects.get().status == "decided"

    assert "Answered" in show(signed_in(ada), asked)
    assert not access.answerable(ada).exists()
    answered = signed_in(ada).get("/queue/?tab=decided").content.decode()
    assert asked.subject in answered
