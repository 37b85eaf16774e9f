"""The review queue: what it lists, in which order, and what it tells while it is open."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from review_app.models import SavedView
from review_app.templatetags.asked import ago, ahead, counted, due_state
from tests.factories import make_request
from tests.review.queueing import answer, more
from workflows_app.models import InputRequest
from workflows_app.runtime import claims, comments

pytestmark = pytest.mark.django_db

MOST_QUERIES = 12
"""For a page of the queue, whatever it shows; review-ux.md 3.5 allows 12."""

SignedIn = Callable[[User], Client]


def get(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_it_lists_what_waits_with_a_link_to_each(
    ada: User, signed_in: SignedIn
) -> None:
    asked = make_request(subject="Deploy api 4.2?")
    page = get(signed_in(ada), "/queue/")
    assert "Deploy api 4.2?" in page
    assert f'href="/requests/{asked.pk}/?"' in page
    assert "approval</bdi> · <bdi>ask" in page
    assert str(asked.run_id)[-8:] in page


def test_the_title_and_the_navigation_count_what_waits(
    ada: User, signed_in: SignedIn
) -> None:
    make_request()
    page = get(signed_in(ada), "/queue/")
    assert "<title>(1) Queue · Holdpoint</title>" in page
    assert 'data-count="1"' in page


def test_the_most_pressing_comes_first_then_the_oldest(
    ada: User, signed_in: SignedIn
) -> None:
    first = make_request(subject="first")
    more(first, ["second"])
    InputRequest.objects.filter(subject="second").update(priority=3)
    page = get(signed_in(ada), "/queue/")
    assert page.index(">second<") < page.index(">first<")
    assert "Priority 3" in page


def test_each_tab_counts_and_shows_its_own(
    ada: User, bob: User, signed_in: SignedIn
) -> None:
    answer(make_request(subject="mine is done"), ada)
    answer(make_request(subject="bob did this"), bob)
    make_request(subject="still waits")
    page = get(signed_in(ada), "/queue/?tab=decided")
    assert "mine is done" in page
    assert "Approved by <bdi>ada</bdi>" in page
    assert "bob did this" not in page
    assert "still waits" not in page
    assert [tab.count for tab in _tabs(signed_in(ada))] == [1, 0, 1, 0, None]


def _tabs(client: Client) -> list[Any]:
    tabs: list[Any] = client.get("/queue/").context["tabs"]
    return tabs


def test_the_address_filters_and_the_counts_obey(
    ada: User, signed_in: SignedIn
) -> None:
    more(make_request(subject="apples"), ["pears", "more pears"])
    client = signed_in(ada)
    page = get(client, "/queue/?q=PEARS&workflow=approval")
    assert "more pears" in page
    assert "apples" not in page
    counts = [tab.count for tab in client.get("/queue/?q=pears").context["tabs"]]
    assert counts == [2, 0, 2, 0, None]
    assert "apples" not in get(client, "/queue/?workflow=other")


def test_filters_that_hide_all_say_so(ada: User, signed_in: SignedIn) -> None:
    make_request()
    page = get(signed_in(ada), "/queue/?q=nothing")
    assert "Nothing fits these filters" in page
    assert "1 request is here without them" in page


@pytest.mark.parametrize(
    "query", ["q=%00", "q=%25_%5C", "tab=none", "after=x", "workflow=%F0%9F%98%80%00"]
)
def test_odd_addresses_still_show_a_list(
    ada: User, signed_in: SignedIn, query: str
) -> None:
    get(signed_in(ada), f"/queue/?{query}")


def test_pages_follow_each_other_without_gap_or_repetition(
    ada: User, signed_in: SignedIn
) -> None:
    names = [f"number {i:02}" for i in range(59)]
    more(make_request(subject="number 59"), names)
    client, seen, after = signed_in(ada), [], ""
    for size in (25, 25, 10):
        page = client.get(f"/queue/{after}").context["page"]
        assert len(page.rows) == size
        seen += [row.asked.subject for row in page.rows]
        after = f"?after={page.last.pk}" if page.last else ""
    assert sorted(seen) == [*names, "number 59"]
    assert not after


def test_the_page_after_a_row_that_was_answered_meanwhile_is_the_same(
    ada: User, signed_in: SignedIn
) -> None:
    first = make_request(subject="first")
    more(first, [f"number {i:02}" for i in range(25)])
    client = signed_in(ada)
    last = client.get("/queue/").context["page"].last
    InputRequest.objects.filter(pk=last.pk).update(status="answered")
    rows = client.get(f"/queue/?after={last.pk}").context["page"].rows
    assert [row.asked.subject for row in rows] == ["number 24"]


def test_answered_ones_are_paged_from_the_newest(
    ada: User, signed_in: SignedIn
) -> None:
    asked = [make_request(subject=f"number {i}") for i in range(3)]
    for each in asked:
        answer(each, ada)
    client = signed_in(ada)
    rows = client.get(f"/queue/?tab=decided&after={asked[2].pk}").context["page"].rows
    assert [row.asked.subject for row in rows] == ["number 1", "number 0"]


def test_an_empty_list_says_why(
    ada: User, eve: User, olga: User, signed_in: SignedIn
) -> None:
    assert "No workflow has asked a person yet" in get(signed_in(ada), "/queue/")
    assert "You are in no reviewer group" in get(signed_in(eve), "/queue/")
    answer(make_request(), ada)
    assert "All clear" in get(signed_in(ada), "/queue/")
    assert "Nothing is open" in get(signed_in(olga), "/queue/?tab=all")


def test_an_empty_list_fetches_itself_when_something_comes(
    ada: User, signed_in: SignedIn
) -> None:
    page = get(signed_in(ada), "/queue/")
    assert 'hx-select="#queue" hx-target="#queue"' in page


def test_news_name_what_was_opened_and_leave_the_rows_alone(
    ada: User, signed_in: SignedIn
) -> None:
    drawn = make_request(subject="drawn")
    client = signed_in(ada)
    since = client.get("/queue/").context["page"].drawn_at.isoformat()
    new = make_request(subject="brand new")
    query = {"since": since, "drawn": str(drawn.pk), "told": "0"}
    news = client.get("/queue/news/", query).content.decode()
    assert "1 new request</strong>" in news
    assert f'id="new-{new.pk}"' in news
    assert f'id="row-{drawn.pk}"' not in news
    assert "1 new request, 2 in this list." in news
    assert "<form" not in news


def test_news_are_announced_once(ada: User, signed_in: SignedIn) -> None:
    make_request()
    long_ago = (timezone.now() - timedelta(hours=1)).isoformat()
    query = {"since": long_ago, "told": "1"}
    news = signed_in(ada).get("/queue/news/", query).content.decode()
    assert "1 new request</strong>" in news
    assert "say-polite" not in news


def test_news_obey_the_filters(ada: User, signed_in: SignedIn) -> None:
    make_request(subject="apples")
    long_ago = (timezone.now() - timedelta(hours=1)).isoformat()
    news = signed_in(ada).get("/queue/news/", {"since": long_ago, "q": "pears"})
    assert "apples" not in news.content.decode()


def test_a_row_that_was_answered_elsewhere_says_by_whom(
    ada: User, bob: User, signed_in: SignedIn
) -> None:
    asked = make_request()
    answer(asked, bob)
    news = signed_in(ada).get("/queue/news/", {"drawn": str(asked.pk)})
    row = news.content.decode()
    assert f'id="row-{asked.pk}" hx-swap-oob="true"' in row
    assert "Approved by <bdi>bob</bdi>" in row
    assert "just now" in row
    assert 'name="drawn"' not in row


@pytest.mark.parametrize("since", ["", "x", "2026-13-01T00:00:00Z", "2026-01-01T00:00"])
def test_news_of_no_known_moment_are_none(
    ada: User, signed_in: SignedIn, since: str
) -> None:
    make_request()
    news = signed_in(ada).get("/queue/news/", {"since": since})
    assert "new request" not in news.content.decode()


def test_the_count_is_a_fragment_of_its_own(ada: User, signed_in: SignedIn) -> None:
    make_request()
    fragment = get(signed_in(ada), "/queue/count/")
    assert 'id="open-count" data-count="1"' in fragment
    assert "<html" not in fragment


def test_a_full_list_takes_as_few_queries_as_a_short_one(
    ada: User,
    bob: User,
    signed_in: SignedIn,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    asked = make_request(subject="number 0")
    for each in more(asked, [f"number {i}" for i in range(1, 30)]):
        claims.claim(bob, each.pk)
        comments.say(bob, each.pk, "Hm.")
    SavedView.objects.create(owner=ada, name="Fruit", query="q=apples")
    client = signed_in(ada)
    address = "/queue/?tab=all&q=number&workflow=approval&sort=oldest"
    with django_assert_max_num_queries(MOST_QUERIES) as few:
        client.get(f"{address}&owner=unclaimed")
    with django_assert_max_num_queries(MOST_QUERIES) as full:
        page = client.get(address).context["page"]
    assert len(few.captured_queries) == len(full.captured_queries)
    with django_assert_max_num_queries(MOST_QUERIES + 1):
        client.get(f"{address}&after={page.last.pk}")
    marks = [f"{row.asked.pk}:old" for row in page.rows]
    sent = {"since": "2026-01-01T00:00:00Z", "drawn": marks}
    with django_assert_max_num_queries(MOST_QUERIES):
        assert (
            len(client.get(address.replace("/?", "/news/?"), sent).context["changed"])
            == 25
        )


def test_hidden_characters_of_a_subject_are_drawn(
    ada: User, signed_in: SignedIn
) -> None:
    make_request(subject="invoice \u202efdp.exe <script>")
    page = get(signed_in(ada), "/queue/")
    assert "invoice ⟦U+202E⟧fdp.exe &lt;script&gt;" in page
    assert "\u202e" not in page


def test_a_badge_tells_how_pressing_a_request_is() -> None:
    now = timezone.now()

    def state(opened: float, left: float) -> str:
        hours = timedelta(hours=1)
        times = {"opened_at": now - opened * hours, "expires_at": now + left * hours}
        return due_state(InputRequest(**times))

    assert state(1, 10) == "ok"
    assert state(10, 2) == "soon"
    assert state(0, 0.9) == "soon"
    assert state(1, -0.1) == "late"
    assert due_state(InputRequest(opened_at=now)) == "none"


def test_numbers_and_times_are_short() -> None:
    now = timezone.now()
    assert counted(1000) == "1,000"
    assert counted(1001) == "1,000+"
    assert ago(now) == "just now"
    assert ago(now - timedelta(hours=3, minutes=5)) == "3\xa0hours ago"
    assert ahead(now + timedelta(days=2, hours=5)) == "in 2\xa0days"


def test_looking_changes_nothing(ada: User, signed_in: SignedIn) -> None:
    asked = make_request()
    before = InputRequest.objects.values().get(pk=asked.pk)
    client = signed_in(ada)
    for address in ("/queue/", "/queue/news/", "/queue/count/"):
        assert client.head(address).status_code == 200
        assert client.post(address).status_code == 405
    assert InputRequest.objects.values().get(pk=asked.pk) == before
