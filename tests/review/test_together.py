"""Several reviewers at one request: what each sees, and what each may do."""

from collections.abc import Callable
from datetime import timedelta
from typing import cast

import pytest
from django.contrib.auth.models import User
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from review_app.models import Presence
from review_app.together import Together, together
from review_app.together import presence as signs
from tests.factories import let_pass, make_request
from tests.policies import asking, two_needed
from workflows_app import access
from workflows_app.models import Claim, Comment, InputRequest
from workflows_app.runtime import claims, comments
from workflows_app.runtime.handler import Answer, Handler
from workflows_app.runtime.worker.watch import Watcher

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Client]
QUERY = "?tab=all&q=api"

by_name = asking("by-name", assignees=("ada",))
not_handed_on = asking("not-handed-on", delegate=False)


def seen(user: User, asked: InputRequest) -> Together:
    return together(user, access.get_request(user, asked.pk))


def post(
    client: Client, asked: InputRequest, deed: str, *, htmx: bool = True, **sent: str
) -> HttpResponse:
    address = reverse(f"review:{deed}", args=[asked.pk]) + QUERY
    headers = {"HX-Request": "true"} if htmx else {}
    return cast("HttpResponse", client.post(address, sent, headers=headers))


def vote(user: User, asked: InputRequest, outcome: str = "approve") -> None:
    answer = Answer(user=user, outcome=outcome, reason="because", door="browser")
    Handler(asked.run_id).respond(asked.request_id, answer)


# Claims


def test_a_claim_is_shown_to_its_owner_and_to_others(
    ada: User, bob: User, signed_in: SignIn
) -> None:
    asked = make_request()

    mine = post(signed_in(ada), asked, "claim").content.decode()
    theirs = signed_in(bob).get(reverse("review:together", args=[asked.pk]))

    assert "Yours until" in mine
    assert 'id="release"' in mine
    assert "<bdi>ada</bdi> holds this until" in theirs.content.decode()
    assert 'id="claim"' not in theirs.content.decode()


@pytest.mark.parametrize("deed", ["claim", "release", "comment"])
def test_without_scripts_a_deed_leads_back_to_the_page(
    deed: str, ada: User, signed_in: SignIn
) -> None:
    asked = make_request()

    reply = post(signed_in(ada), asked, deed, htmx=False, text="Hello.")

    assert reply.status_code == 303
    assert reply["Location"] == f"/requests/{asked.pk}/{QUERY}"


@pytest.mark.parametrize(
    "deed", ["claim", "release", "take_over", "presence", "comment", "delegate"]
)
def test_deeds_are_posts_and_only_for_those_who_see_it(
    deed: str, ada: User, eve: User, signed_in: SignIn
) -> None:
    asked = make_request()
    address = reverse(f"review:{deed}", args=[asked.pk])
    sent = {"sign": "viewing", "text": "Hi", "reason": "r", "to": "eve"}

    assert signed_in(ada).get(address).status_code == 405
    assert signed_in(eve).post(address, sent).status_code == 404
    assert Client().post(address, sent).status_code == 302
    assert not Claim.objects.exists()
    assert not Comment.objects.exists()
    assert not Presence.objects.exists()


def test_what_is_held_is_refused_and_its_holder_named(
    ada: User, bob: User, signed_in: SignIn
) -> None:
    asked = make_request()
    claims.claim(ada, asked.pk)

    reply = post(signed_in(bob), asked, "claim")

    assert reply.status_code == 409
    assert "ada holds this request until" in reply.content.decode()


def test_a_takeover_needs_a_reason_and_tells_it_to_the_holder(
    ada: User, bob: User, signed_in: SignIn
) -> None:
    asked = make_request()
    claims.claim(ada, asked.pk)

    without = post(signed_in(bob), asked, "take_over", reason=" ")
    taken = post(signed_in(bob), asked, "take_over", reason="Ada is <away>")
    holder = signed_in(ada).get(reverse("review:together", args=[asked.pk]))

    assert without.status_code == 422
    assert "Please say why." in without.content.decode()
    assert "Yours until" in taken.content.decode()
    assert "took this over from you" in holder.content.decode()
    assert "Ada is &lt;away&gt;" in holder.content.decode()


def test_who_claims_again_is_not_told_any_more_that_he_lost_it(
    ada: User, bob: User
) -> None:
    asked = make_request()
    claims.claim(ada, asked.pk)
    claims.take_over(bob, asked.pk, "I know the customer")
    assert seen(ada, asked).lost is not None

    claims.release(bob, asked.pk)

    assert seen(ada, asked).lost is None


def test_a_policy_without_claims_shows_none(ada: User) -> None:
    found = seen(ada, make_request(asking("unclaimable", claim="none")))

    assert not found.offers_claims
    assert not found.may_claim


# Presence


def test_others_see_who_is_there_and_oneself_not(
    ada: User, bob: User, signed_in: SignIn
) -> None:
    asked = make_request()
    post(signed_in(ada), asked, "presence", sign="typing")
    post(signed_in(bob), asked, "presence", sign="viewing")

    assert [(p.name, p.state) for p in seen(ada, asked).presences] == [
        ("bob", "viewing")
    ]
    reply = signed_in(bob).get(reverse("review:together", args=[asked.pk]))
    assert "<bdi>ada</bdi> has unsaved text" in reply.content.decode()


def let_signs_pass(minutes: float) -> None:
    by = timedelta(minutes=minutes)
    Presence.objects.update(seen_at=F("seen_at") - by)


def test_a_page_that_says_nothing_more_is_forgotten_but_not_its_text(
    ada: User, bob: User, dana: User
) -> None:
    asked = make_request()
    signs.note(ada, asked.pk, "viewing")
    signs.note(bob, asked.pk, "typing")

    let_signs_pass(5)
    assert [p.name for p in seen(dana, asked).presences] == ["bob"]
    let_signs_pass(11)
    assert seen(dana, asked).presences == []


def test_a_hidden_page_shows_nobody_but_unsaved_text(
    ada: User, bob: User, dana: User
) -> None:
    asked = make_request()
    signs.note(ada, asked.pk, "viewing")
    signs.note(bob, asked.pk, "typing")

    for user in (ada, bob):
        signs.note(user, asked.pk, "hidden")

    assert [p.name for p in seen(dana, asked).presences] == ["bob"]


def test_a_sign_that_its_page_has_overtaken_changes_nothing(
    ada: User, bob: User, signed_in: SignIn
) -> None:
    asked, page = make_request(), signed_in(ada)
    post(page, asked, "presence", sign="viewing", place="a1:1")

    post(page, asked, "presence", sign="hidden", place="a1:3")
    post(page, asked, "presence", sign="idle", place="a1:2")
    assert seen(bob, asked).presences == []

    post(page, asked, "presence", sign="viewing", place="b2:1")
    assert [p.state for p in seen(bob, asked).presences] == ["viewing"]


def test_who_has_left_before_he_was_seen_is_not_there(ada: User, bob: User) -> None:
    asked = make_request()

    signs.note(ada, asked.pk, "hidden", signs.Place("a1", 2))
    signs.note(ada, asked.pk, "viewing", signs.Place("a1", 1))

    assert seen(bob, asked).presences == []


def test_whose_vote_counts_has_no_unsaved_text(ada: User, bob: User) -> None:
    asked = make_request(two_needed)
    signs.note(ada, asked.pk, "typing")

    vote(ada, asked)

    assert seen(bob, asked).presences == []


def test_the_next_writer_sweeps_old_signs(ada: User, bob: User) -> None:
    asked = make_request()
    signs.note(ada, asked.pk, "typing")
    let_signs_pass(16)

    signs.note(bob, asked.pk, "viewing")

    assert [each.user for each in Presence.objects.all()] == [bob]


def test_a_page_that_is_seen_renews_the_claim(ada: User, signed_in: SignIn) -> None:
    asked = make_request()
    claims.claim(ada, asked.pk)
    Claim.objects.update(lease_until=F("lease_until") - timedelta(minutes=10))
    before = Claim.objects.get().lease_until

    post(signed_in(ada), asked, "presence", sign="hidden")
    assert Claim.objects.get().lease_until == before
    post(signed_in(ada), asked, "presence", sign="viewing")

    assert Claim.objects.get().lease_until > before + timedelta(minutes=9)


@pytest.mark.parametrize(
    ("sign", "place"),
    [("x", "a1:1"), ("viewing", "a1"), ("viewing", "a1:9999999999"), ("idle", "\0:1")],
    ids=["sign", "no-number", "too-many", "odd-page"],
)
def test_a_sign_that_is_none_is_refused(
    sign: str, place: str, ada: User, signed_in: SignIn
) -> None:
    reply = post(signed_in(ada), make_request(), "presence", sign=sign, place=place)

    assert reply.status_code == 400
    assert not Presence.objects.exists()


# Comments


def test_a_comment_is_read_by_all_and_never_as_html(
    ada: User, bob: User, signed_in: SignIn
) -> None:
    asked = make_request()

    said = post(signed_in(ada), asked, "comment", text="@bob look:\n<b>8 €</b>")
    read = signed_in(bob).get(reverse("review:together", args=[asked.pk]))

    assert 'id="comment-form"' in said.content.decode()
    assert "8 €" not in said.content.decode().split("</form>")[0]
    page = read.content.decode()
    assert "&lt;b&gt;8 €&lt;/b&gt;" in page
    assert '<strong class="mention me"><bdi>@bob</bdi></strong>' in page


def test_only_those_are_addressed_who_see_the_request(
    ada: User, bob: User, eve: User
) -> None:
    asked = make_request()

    said = comments.say(
        ada, asked.pk, "@bob, @eve and @nobody: mail x@bob.example. @bob."
    )

    assert said.mentions == ["bob"]
    assert [p.mentions for p in seen(ada, asked).comments[0].parts if p.mentions] == [
        "bob",
        "bob",
    ]


def test_operators_may_comment_though_they_do_not_decide(
    olga: User, signed_in: SignIn
) -> None:
    asked = make_request()

    assert post(signed_in(olga), asked, "comment", text="Looking.").status_code == 200

    assert Comment.objects.get().author == olga


@pytest.mark.parametrize("text", ["", "  \n", "x" * 5001])
def test_a_comment_that_cannot_be_keeps_its_text(
    text: str, ada: User, signed_in: SignIn
) -> None:
    reply = post(signed_in(ada), make_request(), "comment", text=text)

    assert reply.status_code == 422
    assert 'aria-invalid="true"' in reply.content.decode()
    assert text.strip() in reply.content.decode()
    assert not Comment.objects.exists()


# Votes


def test_votes_are_counted_where_several_must_agree(
    ada: User, bob: User, signed_in: SignIn
) -> None:
    asked = make_request(two_needed)
    vote(ada, asked)

    (tally,) = seen(bob, asked).tallies
    reply = signed_in(bob).get(reverse("review:together", args=[asked.pk]))

    assert (tally.label, tally.needed, tally.missing) == ("Approve", 2, 1)
    assert [each.name for each in tally.votes] == ["ada"]
    assert "<strong>1 of 2</strong>" in reply.content.decode()
    assert "waiting for 1 more" in reply.content.decode()


def test_a_voter_claims_no_more(ada: User) -> None:
    asked = make_request(two_needed)
    vote(ada, asked)

    found = seen(ada, asked)

    assert found.my_vote is not None
    assert not found.may_claim


# Handing on


def test_who_hands_it_on_and_sees_it_no_more_goes_to_his_queue(
    ada: User, bob: User, signed_in: SignIn
) -> None:
    asked = make_request(by_name)

    reply = post(signed_in(ada), asked, "delegate", to="bob", reason="He knows.")

    assert reply.status_code == 303
    assert reply["Location"] == f"/queue/{QUERY}"
    asked.refresh_from_db()
    assert asked.assignees == ["bob"]


def test_what_cannot_be_handed_on_says_why(
    ada: User, bob: User, signed_in: SignIn
) -> None:
    closed, other = make_request(not_handed_on), make_request()
    client = signed_in(ada)

    refusals = [
        client.post(reverse("review:delegate", args=[pk]), {"to": to}, follow=True)
        for pk, to in ((closed.pk, "bob"), (other.pk, "nobody"))
    ]

    assert "cannot be handed on" in refusals[0].content.decode()
    assert "nobody called" in refusals[1].content.decode()
    assert not seen(ada, closed).may_delegate


def test_it_is_offered_to_colleagues_and_not_to_everybody(
    ada: User, bob: User, dana: User, eve: User
) -> None:
    assert seen(ada, make_request()).people == ["bob", "dana"]


# History


def test_a_page_that_is_swapped_in_leaves_for_later_what_few_unfold(
    ada: User, signed_in: SignIn
) -> None:
    asked, client = make_request(), signed_in(ada)

    def read(name: str, **headers: str) -> str:
        page = client.get(reverse(name, args=[asked.pk]), headers=headers)
        return str(page.content.decode())

    swapped_in = read("review:decision", **{"HX-Request": "true"})
    for part in ('id="timeline"', 'id="delegate-to"', 'id="link-person"'):
        assert part not in swapped_in
        assert part in read("review:about", **{"HX-Request": "true"})
        assert part in read("review:decision")
    for fold in ("so-far", "hand-on", "guest-link"):
        assert f'hx-select="#{fold} .tab"' in swapped_in


def test_the_history_tells_all_in_order(ada: User, bob: User) -> None:
    asked = make_request(two_needed)
    claims.claim(ada, asked.pk)
    claims.take_over(bob, asked.pk, "Ada is away")
    claims.release(bob, asked.pk)
    vote(ada, asked)
    Handler(asked.run_id).withdraw_vote(asked.request_id, ada)
    Handler(asked.run_id).delegate(asked.request_id, bob, to="ada", reason="Yours.")
    vote(bob, asked)
    vote(ada, asked)

    told = [(each.kind, each.who) for each in seen(ada, asked).history]

    assert told == [
        ("opened", ""),
        ("claimed", "ada"),
        ("taken_over", "bob"),
        ("released", "bob"),
        ("voted", "ada"),
        ("vote_withdrawn", "ada"),
        ("delegated", "bob"),
        ("voted", "bob"),
        ("decided", "ada"),
    ]


def test_a_claim_that_ends_with_the_vote_is_not_told_as_released(ada: User) -> None:
    asked = make_request(two_needed)
    claims.claim(ada, asked.pk)
    vote(ada, asked)

    assert [each.kind for each in seen(ada, asked).history] == [
        "opened",
        "claimed",
        "voted",
    ]


def test_a_deadline_is_no_person(ada: User) -> None:
    asked = make_request(asking("by-deadline", due_in=60, on_due="reject"))
    let_pass(asked.run_id, 61)

    Watcher().look()

    last = seen(ada, asked).history[-1]
    assert (last.kind, last.who, last.what) == ("by_deadline", "", "Reject")


def test_people_are_called_by_their_full_names(ada: User, bob: User) -> None:
    bob.first_name, bob.last_name = "Robert", "Fenn"
    bob.save()
    asked = make_request(two_needed)
    signs.note(bob, asked.pk, "viewing")
    claims.claim(bob, asked.pk)
    comments.say(bob, asked.pk, "Hello")

    found = seen(ada, asked)
    there = InputRequest.objects.filter(pk=asked.pk)
    in_lists = there.values_list(ArraySubquery(signs.presences_of(ada))).get()[0]
    vote(bob, asked)

    assert found.claim is not None
    assert {
        found.claim.name,
        found.presences[0].name,
        in_lists[0]["name"],
        found.comments[0].fact.name,
        seen(ada, asked).tallies[0].votes[0].name,
    } == {"Robert Fenn"}


# Numbers


def test_it_is_read_with_one_query(
    ada: User, bob: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    asked = make_request(two_needed)
    for user in (ada, bob):
        claims.take_over(user, asked.pk, "My turn")
        comments.say(user, asked.pk, "@ada @bob")
        signs.note(user, asked.pk, "viewing")
    vote(bob, asked)
    asked = access.get_request(ada, asked.pk)

    with django_assert_num_queries(1):
        together(ada, asked)
