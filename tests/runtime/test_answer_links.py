"""Answer links: one request, one person, one use."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import F
from pytest_django.fixtures import Settings

from tests.factories import make_request, make_run
from tests.flows import hurried
from tests.policies import asking, two_needed
from workflows_app.engine.errors import (
    InvalidResponseError,
    LinkOverError,
    NotAllowedError,
    UnknownRequestError,
)
from workflows_app.models import AnswerLink, InputRequest
from workflows_app.runtime import answer_links, claims
from workflows_app.runtime.answer_links import Guest
from workflows_app.runtime.handler import Answer, Handler

pytestmark = pytest.mark.django_db

CHARLES = Guest("Charles of Acme")
not_by_starter = asking("four-eyes", starter_may_decide=False)


def made(asked: InputRequest, guest: Guest = CHARLES) -> AnswerLink:
    return answer_links.issue(asked.pk, guest).link


def approve(asked: InputRequest, link: AnswerLink) -> None:
    value = {"amount": 1} if asked.content["schema"] else None
    answer = Answer(
        value=value, outcome="approve", link=link, door="link", digest=asked.digest
    )
    Handler(asked.run_id).respond(asked.request_id, answer)


# It works


def test_a_link_answers_in_the_name_of_its_person() -> None:
    asked = make_request()
    link = made(asked)

    approve(asked, link)

    vote = asked.responses.get()
    assert (vote.responder_kind, vote.responder, vote.door) == (
        "link",
        "Charles of Acme",
        "link",
    )
    link.refresh_from_db()
    assert link.used_at is not None
    line = asked.run.events.get(kind="input_received")
    assert (line.actor_kind, line.actor) == ("link", "Charles of Acme")


def test_only_the_hash_of_a_token_is_kept() -> None:
    asked = make_request()

    issued = answer_links.issue(asked.pk, CHARLES)

    token = issued.address.rsplit("/", 2)[1]
    assert len(token) == 43
    assert answer_links.find(token) == issued.link
    assert token not in str(AnswerLink.objects.values().get())


def test_a_link_lives_as_long_as_its_request_and_a_week_at_most() -> None:
    long, short = make_request(), make_request(hurried)

    week = made(long, Guest("Charles", lasts=timedelta(days=30)))
    minute = made(short)

    assert week.expires_at - week.issued_at == timedelta(days=7)
    assert minute.expires_at == short.expires_at


def test_programs_make_links_by_the_name_of_the_request(ada: User) -> None:
    asked = make_request()

    issued = Handler(asked.run_id).issue_link(asked.request_id, CHARLES, by=ada)

    assert issued.link.issued_by == ada


def test_a_claim_does_not_keep_a_guest_out(ada: User) -> None:
    asked = make_request()
    claims.claim(ada, asked.pk)

    approve(asked, made(asked))

    asked.refresh_from_db()
    assert asked.status == "answered"


# Who may not


def test_only_those_who_may_answer_or_operate_make_links(
    ada: User, eve: User, olga: User
) -> None:
    asked = make_request()
    own = make_run(not_by_starter, user=ada).requests.get()

    answer_links.issue(asked.pk, CHARLES, by=ada)
    answer_links.issue(asked.pk, CHARLES, by=olga)
    with pytest.raises(NotAllowedError):
        answer_links.issue(asked.pk, CHARLES, by=eve)
    with pytest.raises(NotAllowedError, match="You started"):
        answer_links.issue(own.pk, CHARLES, by=ada)


def test_an_operator_who_started_it_makes_no_link_past_the_four_eyes(
    olga: User,
) -> None:
    own = make_run(not_by_starter, user=olga).requests.get()

    with pytest.raises(NotAllowedError):
        answer_links.issue(own.pk, CHARLES, by=olga)


def test_no_link_is_made_for_the_starter_who_may_not_decide(
    ada: User, bob: User
) -> None:
    own = make_run(not_by_starter, user=ada).requests.get()

    with pytest.raises(NotAllowedError, match="ada started this run"):
        answer_links.issue(own.pk, Guest("ada"), by=bob)


def test_where_several_must_agree_nobody_votes_by_a_link(ada: User) -> None:
    with pytest.raises(NotAllowedError, match="Several people"):
        answer_links.issue(make_request(two_needed).pk, CHARLES, by=ada)


def test_without_an_address_of_the_house_there_are_no_links(
    ada: User, settings: Settings
) -> None:
    settings.PUBLIC_URL = ""

    for by in (ada, None):
        with pytest.raises(NotAllowedError, match="HOLDPOINT_URL"):
            answer_links.issue(make_request().pk, CHARLES, by=by)


@pytest.mark.parametrize(
    ("guest", "path"),
    [
        (Guest("  "), "person"),
        (Guest("a\nb"), "person"),
        (Guest("nobody-here", needs_sign_in=True), "person"),
        (Guest("Charles", outcomes=("maybe",)), "outcomes"),
    ],
)
def test_a_guest_that_cannot_be_is_refused(guest: Guest, path: str) -> None:
    with pytest.raises(InvalidResponseError) as refused:
        made(make_request(), guest)

    assert refused.value.errors[0][0] == (path,)


# What is too late or wrong


def test_a_link_is_used_once(ada: User) -> None:
    asked = make_request(asking("undone-again", undo_seconds=5))
    link = made(asked)
    answer_links.use_up(link)

    with pytest.raises(LinkOverError):
        approve(asked, link)

    asked.refresh_from_db()
    assert asked.is_open
    assert not asked.responses.exists()


def test_a_link_that_is_over_answers_nothing() -> None:
    asked = make_request()
    revoked, expired = made(asked), made(asked)
    assert answer_links.revoke(revoked)
    AnswerLink.objects.filter(pk=expired.pk).update(
        expires_at=F("expires_at") - timedelta(days=7)
    )

    for link in (revoked, expired):
        with pytest.raises(LinkOverError):
            approve(asked, link)

    assert not answer_links.revoke(revoked)
    assert not answer_links.usable().exists()
    assert not asked.responses.exists()


def test_a_link_chooses_only_what_it_was_made_for() -> None:
    asked = make_request()
    link = made(asked, Guest("Charles", outcomes=("reject",)))

    with pytest.raises(InvalidResponseError):
        approve(asked, link)


def test_a_link_is_bound_to_what_its_person_is_shown() -> None:
    asked = make_request()
    link = made(asked)
    answer = Answer(outcome="approve", link=link, door="link", digest="0" * 64)

    with pytest.raises(LinkOverError):
        Handler(asked.run_id).respond(asked.request_id, answer)


def test_what_is_handed_on_takes_its_links_along(ada: User, bob: User) -> None:
    asked = make_request()
    link = made(asked)
    claims.claim(ada, asked.pk)

    Handler(asked.run_id).delegate(asked.request_id, ada, to="bob")

    link.refresh_from_db()
    assert link.revoked_at is not None
    assert claims.find_live(asked.pk) is None


def test_it_is_not_handed_to_the_starter_who_may_not_decide(
    ada: User, bob: User
) -> None:
    asked = make_run(not_by_starter, user=ada).requests.get()

    with pytest.raises(NotAllowedError, match="ada started this run"):
        Handler(asked.run_id).delegate(asked.request_id, bob, to="ada")


def test_no_link_is_made_for_what_is_closed(ada: User) -> None:
    asked = make_request()
    Handler(asked.run_id).respond_to_input(asked.request_id, {"amount": 1})

    with pytest.raises(UnknownRequestError):
        made(asked)


@pytest.mark.django_db(transaction=True)
def test_of_many_who_use_a_link_at_once_one_is_recorded() -> None:
    asked = make_request()
    link = made(asked)

    def use(_: int) -> bool:
        try:
            approve(asked, link)
        except LinkOverError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(use, range(6)))

    assert asked.responses.count() == 1
