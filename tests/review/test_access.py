"""Two teams that must not learn of each other, not even by a count or a word."""

from collections.abc import Callable, Iterator

import pytest
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import User
from django.test import Client

from project.asgi import application
from tests.factories import make_request
from workflows_app.models import InputRequest
from workflows_app.runtime.handler import Answer, Handler

SignedIn = Callable[[User], Client]

NORTH, SOUTH = "zwartkops", "quillayute"


@pytest.fixture
def north(person: Callable[..., User]) -> User:
    return person("nele", "north")


@pytest.fixture
def south(person: Callable[..., User]) -> User:
    return person("sven", "south")


def ask(team: str, word: str) -> InputRequest:
    return make_request(subject=f"May {word} go?", groups=[team])


def pages(client: Client, other: InputRequest) -> Iterator[str]:
    """Everything that a page of a person is made of; what is not there is a 404."""
    query = f"since=2020-01-01T00:00:00Z&drawn={other.pk}"
    yield from (
        client.get(address).content.decode()
        for address in (
            "/queue/",
            "/queue/?tab=all",
            "/queue/?tab=decided",
            f"/queue/?q={SOUTH[:4]}",
            f"/queue/?after={other.pk}",
            f"/queue/news/?{query}",
            f"/queue/news/?tab=all&{query}",
            "/queue/count/",
            f"/requests/{other.pk}/",
            f"/requests/{other.pk}/news/",
            f"/requests/{other.pk}/about/",
            "/runs/",
            f"/runs/{other.run_id}/",
            f"/runs/{other.run_id}/events/?after=0",
        )
    )


@pytest.mark.django_db
def test_a_team_sees_nothing_of_another_team(
    north: User, south: User, signed_in: SignedIn
) -> None:
    ours, theirs = ask("north", NORTH), ask("south", SOUTH)
    for page in pages(signed_in(north), theirs):
        assert SOUTH not in page
        assert "sven" not in page
    for page in pages(signed_in(south), ours):
        assert NORTH not in page


@pytest.mark.django_db
def test_what_another_team_answered_stays_with_it(
    north: User, south: User, signed_in: SignedIn
) -> None:
    theirs = ask("south", SOUTH)
    given = Answer(value={"amount": 1}, outcome="approve", user=south)
    Handler(theirs.run_id).respond(theirs.request_id, given)
    for page in pages(signed_in(north), theirs):
        assert SOUTH not in page
        assert "sven" not in page


@pytest.mark.django_db
def test_a_team_counts_only_its_own(
    north: User, south: User, signed_in: SignedIn
) -> None:
    ask("north", NORTH)
    ask("south", SOUTH)
    ask("south", SOUTH)
    context = signed_in(north).get("/queue/").context
    assert context["waits_for_me"].count == 1
    assert [tab.count for tab in context["tabs"]] == [1, 0, 1, 0, None]


@pytest.mark.django_db
def test_who_is_in_no_group_may_see_nothing(eve: User, signed_in: SignedIn) -> None:
    other = ask("south", SOUTH)
    make_request(subject=f"{NORTH} for all reviewers")
    for page in pages(signed_in(eve), other):
        assert SOUTH not in page
        assert NORTH not in page
    assert signed_in(eve).get("/queue/").context["waits_for_me"].count == 0


@pytest.mark.django_db
def test_who_was_switched_off_is_out_at_once(ada: User, signed_in: SignedIn) -> None:
    client = signed_in(ada)
    assert client.get("/queue/").status_code == 200
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert client.get("/queue/").status_code == 302


@pytest.mark.django_db
def test_nothing_is_shown_to_strangers(client: Client) -> None:
    other = ask("south", SOUTH)
    for page in pages(client, other):
        assert SOUTH not in page


@pytest.mark.django_db(transaction=True)
async def test_a_socket_to_a_run_of_another_team_is_closed(
    north: User, south: User
) -> None:
    theirs = await database_sync_to_async(ask)("south", SOUTH)
    address = f"/ws/live/?topics=run:{theirs.run_id}@0,queue"
    page = WebsocketCommunicator(
        application, address, headers=[(b"origin", b"http://localhost")]
    )
    page.scope["user"] = north  # type: ignore[typeddict-unknown-key]
    assert (await page.connect())[0]
    assert (await page.receive_output(timeout=5))["code"] == 4403
