"""Claims: one person at a time, by the database's clock."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from tests.factories import make_request, make_run
from tests.policies import asking, two_needed
from workflows_app import access
from workflows_app.engine.errors import (
    ClaimedError,
    InvalidResponseError,
    NotAllowedError,
    UnknownRequestError,
)
from workflows_app.models import Claim, InputRequest
from workflows_app.runtime import claims
from workflows_app.runtime.handler import Answer, Handler, InputReceipt

pytestmark = pytest.mark.django_db

never_claimed = asking("never-claimed", claim="none")
always_claimed = asking("always-claimed", claim="required")
not_by_starter = asking("not-by-starter", starter_may_decide=False)


def let_leases_pass(seconds: float) -> None:
    by = timedelta(seconds=seconds)
    Claim.objects.update(
        claimed_at=F("claimed_at") - by, lease_until=F("lease_until") - by
    )


def approve(user: User, asked: InputRequest) -> InputReceipt:
    answer = Answer(user=user, outcome="approve", value={"amount": 1})
    return Handler(asked.run_id).respond(asked.request_id, answer)


# It works


def test_a_claim_holds_for_a_quarter_of_an_hour(ada: User) -> None:
    claim = claims.claim(ada, make_request().pk)

    assert claim.owner == ada
    assert claim.lease_until - claim.claimed_at == timedelta(minutes=15)
    assert list(claims.live()) == [claim]


def test_who_claims_again_holds_it_longer(ada: User) -> None:
    asked = make_request()
    first = claims.claim(ada, asked.pk)
    let_leases_pass(600)

    second = claims.claim(ada, asked.pk)

    assert second == first
    assert second.lease_until - second.claimed_at > timedelta(minutes=24)


def test_a_renewed_claim_holds_a_whole_lease_from_now(ada: User) -> None:
    asked = make_request()
    claims.claim(ada, asked.pk)
    let_leases_pass(600)

    assert claims.renew(ada, asked.pk)

    ahead = Claim.objects.filter(lease_until__gt=Now() + timedelta(minutes=14))
    assert ahead.exists()


def test_what_is_released_is_free(ada: User, bob: User) -> None:
    asked = make_request()
    claims.claim(ada, asked.pk)

    assert claims.release(ada, asked.pk)

    assert not claims.release(ada, asked.pk)
    assert claims.claim(bob, asked.pk).owner == bob


def test_an_expired_claim_is_ended_by_the_next(ada: User, bob: User) -> None:
    asked = make_request()
    old = claims.claim(ada, asked.pk)
    let_leases_pass(16 * 60)

    assert claims.find_live(asked.pk) is None
    claims.claim(bob, asked.pk)

    old.refresh_from_db()
    assert old.ended_at == old.lease_until
    assert old.taken_over_by is None


def test_who_takes_over_says_why_and_it_stays_on_record(ada: User, bob: User) -> None:
    asked = make_request()
    old = claims.claim(ada, asked.pk)

    new = claims.take_over(bob, asked.pk, " Ada is on holiday\0 ")

    old.refresh_from_db()
    assert (old.taken_over_by, old.reason) == (bob, "Ada is on holiday")
    assert old.ended_at is not None
    assert claims.find_live(asked.pk) == new
    assert not claims.renew(ada, asked.pk)


# Who may not


def test_what_somebody_holds_is_refused_with_his_name(ada: User, bob: User) -> None:
    asked = make_request()
    held = claims.claim(ada, asked.pk)

    with pytest.raises(ClaimedError) as refused:
        claims.claim(bob, asked.pk)

    assert (refused.value.owner, refused.value.until) == ("ada", held.lease_until)


def test_a_takeover_without_a_reason_changes_nothing(ada: User, bob: User) -> None:
    asked = make_request()
    held = claims.claim(ada, asked.pk)

    with pytest.raises(InvalidResponseError):
        claims.take_over(bob, asked.pk, "  ")

    assert claims.find_live(asked.pk) == held


def test_only_those_who_may_answer_may_claim(ada: User, eve: User, olga: User) -> None:
    asked = make_request()
    own = make_run(not_by_starter, user=ada).requests.get()

    for user, pk in ((eve, asked.pk), (olga, asked.pk), (ada, own.pk)):
        with pytest.raises(NotAllowedError):
            claims.claim(user, pk)
        with pytest.raises(NotAllowedError):
            claims.take_over(user, pk, "I want it")


def test_what_is_not_open_cannot_be_claimed(ada: User) -> None:
    asked = make_request()
    approve(ada, asked)

    with pytest.raises(UnknownRequestError):
        claims.claim(ada, asked.pk)
    with pytest.raises(UnknownRequestError):
        claims.claim(ada, UUID(int=0))


def test_a_policy_without_claims_offers_none(ada: User, bob: User) -> None:
    asked = make_request(never_claimed)

    with pytest.raises(NotAllowedError):
        claims.claim(ada, asked.pk)

    everything = InputRequest.objects.all()
    assert claims.claim_next(ada, everything) == asked
    assert claims.claim_next(bob, everything) == asked


# Answers


def test_nobody_answers_what_somebody_else_holds(ada: User, bob: User) -> None:
    asked = make_request()
    claims.claim(ada, asked.pk)

    with pytest.raises(ClaimedError):
        approve(bob, asked)

    asked.refresh_from_db()
    assert asked.is_open
    assert not asked.responses.exists()
    assert asked.run.events.filter(kind="input_received").count() == 0


def test_a_claim_ends_with_the_answer(ada: User) -> None:
    asked = make_request()
    claims.claim(ada, asked.pk)

    approve(ada, asked)

    assert not Claim.objects.filter(ended_at=None).exists()


def test_a_vote_that_does_not_decide_frees_it_for_the_others(
    ada: User, bob: User
) -> None:
    asked = make_request(two_needed)
    claims.claim(ada, asked.pk)

    approve(ada, asked)

    assert claims.claim(bob, asked.pk).owner == bob


def test_undo_gives_no_claim_back(ada: User) -> None:
    asked = make_request(two_needed)
    claims.claim(ada, asked.pk)
    approve(ada, asked)

    Handler(asked.run_id).withdraw_vote(asked.request_id, ada)

    assert claims.find_live(asked.pk) is None


def test_a_request_that_must_be_claimed_is_not_answered_without(ada: User) -> None:
    asked = make_request(always_claimed)

    with pytest.raises(ClaimedError, match="Claim this request"):
        approve(ada, asked)
    claims.claim(ada, asked.pk)
    approve(ada, asked)

    asked.refresh_from_db()
    assert asked.status == "answered"


def test_programs_answer_whoever_holds_it(ada: User) -> None:
    asked = make_request()
    claims.claim(ada, asked.pk)

    Handler(asked.run_id).respond_to_input(asked.request_id, {"amount": 1})

    asked.refresh_from_db()
    assert asked.status == "answered"


# The next one


def test_the_next_is_the_first_that_nobody_holds(ada: User, bob: User) -> None:
    first, second, third = (make_request() for _ in range(3))
    claims.claim(bob, first.pk)

    waiting = access.answerable(ada)

    assert claims.claim_next(ada, waiting) == second
    assert claims.claim_next(ada, waiting) == third
    assert claims.claim_next(ada, waiting) is None
    assert claims.live().filter(owner=ada).count() == 2


# Many at once


def at_once(acts: Sequence[Callable[[], object]]) -> list[object]:
    """Do all of it at the same moment, each on a connection of its own."""
    start = Barrier(len(acts))

    def act(act: Callable[[], object]) -> object:
        try:
            start.wait()
            return act()
        except (ClaimedError, UnknownRequestError) as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(act, acts))


def people(person: Callable[..., User], count: int) -> list[User]:
    return [person(f"reviewer-{i}", "reviewers") for i in range(count)]


@pytest.mark.django_db(transaction=True)
def test_of_many_who_claim_at_once_one_gets_it(person: Callable[..., User]) -> None:
    asked = make_request()
    acts = [partial(claims.claim, user, asked.pk) for user in people(person, 8)]

    results = at_once(acts)

    assert sum(isinstance(result, Claim) for result in results) == 1
    assert Claim.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("count", [5, 10])
def test_many_who_want_the_next_never_get_the_same(
    count: int, person: Callable[..., User]
) -> None:
    for _ in range(count):
        make_request()
    acts = [
        partial(claims.claim_next, user, access.answerable(user))
        for user in people(person, 10)
    ]

    results = at_once(acts)

    found = [result.pk for result in results if isinstance(result, InputRequest)]
    assert len(set(found)) == len(found) == count
    assert results.count(None) == 10 - count


@pytest.mark.django_db(transaction=True)
def test_a_claim_and_an_answer_at_once_follow_each_other(
    person: Callable[..., User],
) -> None:
    """Whichever is first: nobody holds what is answered, or it is not answered."""
    ben, cy = people(person, 2)
    for _ in range(10):
        asked = make_request()

        claimed, answered = at_once(
            [partial(claims.claim, ben, asked.pk), partial(approve, cy, asked)]
        )

        is_claimed = isinstance(claimed, Claim)
        assert is_claimed == isinstance(answered, ClaimedError)
        assert is_claimed == (claims.find_live(asked.pk) is not None)
