"""Saved views: a name for a list, for oneself or for a group."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from review_app.models import SavedView
from review_app.queue_page.saved import MOST_OWNED, MOST_SHOWN
from tests.review.queueing import one, subjects

pytestmark = pytest.mark.django_db

SignedIn = Callable[[User], Client]


def save(client: Client, query: str = "q=apples", **sent: str) -> int:
    response = client.post(f"/queue/views/?{query}", {"name": "Fruit", **sent})
    return int(response.status_code)


def reviewers() -> Group:
    return Group.objects.get(name="reviewers")


def page(client: Client, address: str = "/queue/") -> str:
    return str(client.get(address).content.decode())


def test_a_list_is_kept_as_its_address(ada: User, signed_in: SignedIn) -> None:
    client = signed_in(ada)
    assert save(client, "tab=all&q=apples&sort=newest&odd=1") == 303
    kept = SavedView.objects.get()
    assert (kept.owner, kept.name, kept.group) == (ada, "Fruit", None)
    assert kept.query == "tab=all&q=apples&sort=newest"
    assert f'href="/queue/?{kept.query}"'.replace("&", "&amp;") in page(client)


def test_a_shared_view_shows_colleagues_what_they_may_see(
    ada: User, bob: User, dana: User, signed_in: SignedIn
) -> None:
    one("apples", groups=["reviewers"])
    save(signed_in(ada), group=str(reviewers().pk))
    assert "Fruit" in page(signed_in(bob))
    assert subjects(signed_in(bob), "/queue/?q=apples") == ["apples"]
    assert "Fruit" not in page(signed_in(dana))
    assert subjects(signed_in(dana), "/queue/?q=apples") == []


def test_a_private_view_is_nobody_elses(
    ada: User, bob: User, signed_in: SignedIn
) -> None:
    save(signed_in(ada))
    assert "Fruit" not in page(signed_in(bob))


def test_it_is_shared_with_groups_of_ones_own_only(
    ada: User, signed_in: SignedIn
) -> None:
    other = Group.objects.create(name="others")
    assert save(signed_in(ada), group=str(other.pk)) == 422
    assert not SavedView.objects.exists()


@pytest.mark.parametrize("name", ["", " ", "x" * 61, "Fruit"])
def test_names_are_given_once_and_are_short(
    ada: User, signed_in: SignedIn, name: str
) -> None:
    SavedView.objects.create(owner=ada, name="Fruit", query="")
    assert save(signed_in(ada), name=name) == 422
    assert SavedView.objects.count() == 1


def test_there_is_an_end_to_how_many(ada: User, signed_in: SignedIn) -> None:
    SavedView.objects.bulk_create(
        SavedView(owner=ada, name=f"view {number}") for number in range(MOST_OWNED)
    )
    assert save(signed_in(ada)) == 422
    kept = SavedView.objects.earliest("pk")
    changed = signed_in(ada).post(f"/queue/views/{kept.pk}/", {"name": "New name"})
    assert changed.status_code == 303


def test_the_owner_changes_and_deletes_it(ada: User, signed_in: SignedIn) -> None:
    client = signed_in(ada)
    save(client)
    kept = SavedView.objects.get()
    sent = {"name": "Apples", "notifies": "on", "group": str(reviewers().pk)}
    assert client.post(f"/queue/views/{kept.pk}/", sent).status_code == 303
    kept.refresh_from_db()
    assert (kept.name, kept.notifies, kept.group) == ("Apples", True, reviewers())
    assert kept.query == "q=apples"
    client.post(f"/queue/views/{kept.pk}/delete/")
    assert not SavedView.objects.exists()


def test_nobody_else_does(ada: User, bob: User, signed_in: SignedIn) -> None:
    save(signed_in(ada), group=str(reviewers().pk))
    kept, client = SavedView.objects.get(), signed_in(bob)
    for path in (f"/queue/views/{kept.pk}/", f"/queue/views/{kept.pk}/delete/"):
        assert client.post(path, {"name": "Mine"}).status_code == 404
    assert client.get(f"/queue/views/{kept.pk}/").status_code == 404
    assert SavedView.objects.get().name == "Fruit"
    assert f"change-view-{kept.pk}" not in page(client, "/queue/views/")
    assert f"change-view-{kept.pk}" in page(signed_in(ada), "/queue/views/")


def test_each_has_a_count_of_its_own(ada: User, bob: User, signed_in: SignedIn) -> None:
    one("apples"), one("more apples"), one("pears")
    for number in range(MOST_SHOWN + 1):
        save(signed_in(ada), name=f"view {number}")
    told = page(signed_in(ada), "/queue/views/counts/")
    assert told.count('<span class="count">2</span>') == MOST_SHOWN
    assert '<span class="count">' not in page(signed_in(bob), "/queue/views/counts/")


@pytest.mark.parametrize(
    ("notifies", "known", "is_told"),
    [(True, "0", True), (True, "1", False), (True, "x", False), (False, "0", False)],
)
def test_its_owner_hears_of_what_is_new_in_it_if_he_wants(
    ada: User, signed_in: SignedIn, notifies: bool, known: str, is_told: bool
) -> None:
    one("apples")
    kept = SavedView.objects.create(
        owner=ada, name="Fruit", query="q=apples", notifies=notifies
    )
    address = f"/queue/views/counts/?count-{kept.pk}={known}"
    told = page(signed_in(ada), address)
    assert ("New in “Fruit” (1)" in told) is is_told


def test_names_of_others_are_shown_as_text(ada: User, signed_in: SignedIn) -> None:
    save(signed_in(ada), name="<i>\u202eFruit")
    for address in ("/queue/", "/queue/views/", "/queue/views/counts/"):
        told = page(signed_in(ada), address)
        assert "&lt;i&gt;⟦U+202E⟧Fruit" in told
