"""The operators' dashboard: each number counts what the list that it leads to shows."""

import csv
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from review_app.dashboard.charts import draw_histogram, draw_line
from review_app.dashboard.decisions import ANYBODY, DecisionList
from review_app.dashboard.figures import figures, histogram, newest
from review_app.dashboard.page import Dashboard
from review_app.dashboard.waiting import Point, waiting_over_time
from review_app.models import Snooze
from tests.factories import let_pass, make_request, make_run, make_worker, start_run
from workflows_app.models import (
    Claim,
    InputRequest,
    InputResponse,
    Message,
    Receiver,
    Run,
)
from workflows_app.notify.signing import make_secret
from workflows_app.runtime import claims
from workflows_app.runtime.handler import Answer, Handler

pytestmark = pytest.mark.django_db

SignedIn = Callable[[User], Client]
UTC_ZONE = ZoneInfo("UTC")
EVENING = datetime(2026, 3, 10, 20, tzinfo=UTC)


@pytest.fixture
def client(olga: User, signed_in: SignedIn) -> Client:
    """An operator's browser."""
    return signed_in(olga)


def page(client: Client, address: str = "/dashboard/") -> str:
    reply = client.get(address)
    assert reply.status_code == 200
    return reply.content.decode()


def number(text: str, key: str) -> tuple[str, str]:
    """A number of the page, and the address that it leads to."""
    found = re.search(rf'id="dash-{key}" href="([^"]*)">\s*(?:<strong>)?([^<]*)<', text)
    assert found, f"no number {key}"
    return found[2].strip(), unescape(found[1])


def rows(client: Client, address: str) -> int:
    """How many rows the list has that an address leads to."""
    return len(re.findall(r'<li class="row', page(client, address)))


def decide(
    asked: InputRequest, user: User, *, after: float = 0, undo: float = 0
) -> None:
    """Answer a request that was asked so many seconds ago."""
    let_pass(asked.run_id, after)
    value = {"amount": 1}
    given = Answer(value=value, outcome="approve", user=user, door="browser", undo=undo)
    Handler(asked.run_id).respond(asked.request_id, given)


def vote(asked: InputRequest) -> InputResponse:
    return InputResponse.objects.get(request=asked)


# Now


def test_what_waits_is_counted_with_the_lists_that_show_it(
    client: Client, ada: User, bob: User
) -> None:
    old, claimed, put_off = (make_request(subject=s) for s in ("old", "mine", "later"))
    let_pass(old.run_id, 3 * 3600)
    InputRequest.objects.filter(pk=put_off.pk).update(
        expires_at=timezone.now() - timedelta(minutes=5)
    )
    claims.claim(ada, claimed.pk)
    tomorrow = timezone.now() + timedelta(days=1)
    Snooze.objects.create(request=put_off, user=bob, until=tomorrow)

    text = page(client)

    found = {
        key: number(text, key) for key in ("waiting", "late", "unclaimed", "snoozed")
    }
    assert {key: told for key, (told, _) in found.items()} == {
        "waiting": "3",
        "late": "1",
        "unclaimed": "2",
        "snoozed": "1",
    }
    for told, address in found.values():
        assert rows(client, address) == int(told)
    told, address = number(text, "oldest")
    assert told.startswith("3 h")
    assert address.startswith(f"/requests/{old.pk}/")
    assert "old" in text


def test_today_tells_how_many_and_how_fast(client: Client, ada: User) -> None:
    for seconds in (60, 120, 600):
        decide(make_request(), ada, after=seconds)
    late = make_request()
    decide(late, ada)
    InputResponse.objects.filter(request=late).update(
        responder_kind="deadline", responder="deadline"
    )

    text = page(client)

    assert number(text, "decided")[0] == "4"
    assert rows(client, number(text, "decided")[1]) == 4
    assert number(text, "median")[0] == "1 min 30 s"
    assert rows(client, number(text, "median")[1]) == 2  # those that took longer
    assert number(text, "by-deadline")[0] == "1"
    assert "25.0 %" in text
    assert rows(client, number(text, "by-deadline")[1]) == 1


def test_undone_decisions_and_take_overs_are_told(
    client: Client, ada: User, bob: User
) -> None:
    undone, taken = make_request(subject="undone"), make_request(subject="taken")
    decide(undone, ada, undo=5)
    Handler(undone.run_id).withdraw_vote(undone.request_id, ada)
    claims.claim(ada, taken.pk)
    claims.take_over(bob, taken.pk, "She is away.")

    text = page(client)

    assert number(text, "decided")[0] == "0"
    assert number(text, "undone")[0] == number(text, "taken-over")[0] == "1"
    assert "undone" in page(client, number(text, "undone")[1])
    listed = page(client, number(text, "taken-over")[1])
    assert "bob</bdi> took over from <bdi>ada" in listed
    assert "She is away." in listed


def test_runs_are_counted_by_what_they_do(client: Client) -> None:
    make_run()
    paused, stuck, failed = make_run(), start_run(), make_run()
    Handler(paused.pk).hold()
    let_pass(stuck, 2 * 3600)
    Run.objects.filter(pk=failed.pk).update(
        status="failed", error="{}", finished_at=timezone.now()
    )

    text = page(client)

    expected = {"running": 1, "waiting": 2, "paused": 1, "stuck": 1, "failed": 1}
    for key, count in expected.items():
        told, address = number(text, f"runs-{key}")
        assert (key, told) == (key, str(count))
        assert rows(client, address) == count


def test_workers_are_told_with_their_load_and_their_last_heartbeat(
    client: Client,
) -> None:
    long_ago = timezone.now() - timedelta(minutes=4)
    make_worker(host="web-1", busy=3)
    make_worker(host="worker-b", seen_at=long_ago)
    make_worker(host="gone", stopped_at=long_ago)

    text = page(client)

    assert "3 of 64 calls" in text
    assert re.search(r"silent</span>\s*<span[^>]*>\s*<a[^>]*><bdi>worker-b", text)
    assert "last heard of 4 min" in text
    assert "gone" not in text


def test_without_a_worker_it_says_what_to_do(client: Client) -> None:
    assert "Start one with <code>manage.py worker</code>" in page(client)


def test_the_backlog_names_the_steps_that_wait_for_a_worker(
    client: Client, no_jobs: None
) -> None:
    assert "No job waits for a worker." in page(client)
    start_run()
    text = page(client)
    assert '<strong id="dash-depth">1</strong>' in text
    assert "<bdi>approval@1</bdi> · <bdi>ask</bdi>" in text


def test_callbacks_that_failed_can_be_sent_again(client: Client) -> None:
    receiver = Receiver.objects.create(
        name="crm", url="https://example.org/", secret=make_secret()
    )
    run = make_run()
    callback = Message.objects.create(
        run=run, receiver=receiver, kind="run.completed", body="{}", status="failed"
    )
    text = page(client)
    assert number(text, "failed")[0] == "1"
    assert rows_of_admin(client, number(text, "failed")[1]) == 1

    reply = client.post("/dashboard/callbacks/", follow=True)

    assert "1 will be sent again" in reply.content.decode()
    callback.refresh_from_db()
    assert callback.status == "pending"


def rows_of_admin(client: Client, address: str) -> int:
    root = User.objects.create_superuser("boss")
    client.force_login(root)
    return page(client, address).count('action-checkbox"')


def test_what_is_told_now_is_fetched_alone(client: Client) -> None:
    fragment = page(client, "/dashboard/now/")
    assert 'id="dash-now"' in fragment
    assert "<html" not in fragment


# The last days


def test_bars_tell_how_long_decisions_took_and_lead_to_them(
    client: Client, ada: User
) -> None:
    for seconds in (10, 30, 120, 2 * 3600):
        decide(make_request(), ada, after=seconds)

    text = page(client)

    counts = [number(text, f"took-row-{i}") for i in range(1, 9)]
    assert [int(count) for count, _ in counts] == [2, 1, 0, 0, 1, 0, 0, 0]
    for count, address in counts:
        assert rows(client, address) == int(count)
    assert 'aria-label="&lt;1 min: 2 decisions"' in text


def test_a_copied_vote_is_no_decision_of_this_house(ada: User) -> None:
    asked = make_request()
    decide(asked, ada)
    everything = DecisionList().votes(UTC_ZONE)
    assert everything.count() == 1
    InputResponse.objects.update(line=None)
    assert everything.count() == 0


def test_a_vote_knows_what_figures_need(ada: User) -> None:
    asked = make_request()
    decide(asked, ada, after=60)
    asked.refresh_from_db()
    given = vote(asked)
    assert (given.workflow, given.groups) == (asked.workflow, asked.groups)
    assert given.asked_at == asked.opened_at
    assert given.line == Run.objects.get(pk=asked.run_id).last_number


def test_the_table_tells_workflows_groups_and_reviewers_apart(
    client: Client, olga: User, ada: User
) -> None:
    decide(make_request(), ada, after=120)
    make_request()

    text = page(client)
    assert number(text, "line-1-waiting")[0] == "1"
    assert rows(client, number(text, "line-1-waiting")[1]) == 1
    assert number(text, "line-1-decided")[0] == "1"
    assert rows(client, number(text, "line-1-decided")[1]) == 1
    assert "2 min" in text

    grouped = page(client, "/dashboard/?by=group")
    assert ANYBODY in grouped
    assert rows(client, number(grouped, "line-1-decided")[1]) == 1

    assert "by=reviewer" not in text
    assert ">ada<" not in page(client, "/dashboard/?by=reviewer")
    olga.user_permissions.add(Permission.objects.get(codename="compare_reviewers"))
    compared = page(client, "/dashboard/?by=reviewer")
    assert "<bdi>ada</bdi>" in compared
    assert rows(client, number(compared, "line-1-decided")[1]) == 1


def test_no_operator_compares_people_unless_he_was_allowed_to(
    client: Client, ada: User, bob: User
) -> None:
    decide(make_request(), ada)
    decide(make_request(), bob)
    assert rows(client, "/dashboard/decisions/?reviewer=ada") == 2


def test_spans_tell_where_the_time_of_a_decision_goes(
    client: Client, ada: User
) -> None:
    asked = make_request()
    claims.claim(ada, asked.pk)
    let_pass(asked.run_id, 600)
    Claim.objects.update(claimed_at=timezone.now() - timedelta(seconds=120))
    decide(asked, ada)

    text = page(client, "/dashboard/figures/spans.csv")

    names, *spans = csv.reader(StringIO(text))
    told = {
        name: (int(count), round(float(median or 0)))
        for name, count, median, _ in spans
    }
    assert told["Asked until first claimed"] == (1, 480)
    assert told["First claimed until decided"] == (1, 120)
    assert told["Asked until decided"] == (1, 600)
    assert told["Decided until the run went on"][0] == 0  # nobody works here
    assert names[0] == "span"


def test_waiting_is_told_for_moments_of_the_past(ada: User) -> None:
    now = timezone.now()
    closed, still_open = make_request(), make_request()
    InputRequest.objects.filter(pk=closed.pk).update(
        opened_at=now - timedelta(hours=20),
        closed_at=now - timedelta(hours=8),
        status="answered",
    )
    InputRequest.objects.filter(pk=still_open.pk).update(
        opened_at=now - timedelta(hours=14)
    )

    found = waiting_over_time(now - timedelta(days=1), now)

    assert [point.count for point in found.points] == [0, 1, 2, 1, 1, 1]
    assert not found.is_cut


def test_figures_come_as_csv_that_no_spreadsheet_computes(
    client: Client, ada: User
) -> None:
    decide(make_request(), ada)
    InputResponse.objects.update(workflow="=1+1")
    table = page(client, "/dashboard/figures/table.csv")
    assert "'=1+1,0,0,1," in table
    assert "<1 min,1" in page(client, "/dashboard/figures/took.csv")
    assert page(client, "/dashboard/figures/waiting.csv").startswith("at,waiting")
    listed = page(client, "/dashboard/decisions.csv")
    assert listed.count("\n") == 2
    assert client.get("/dashboard/figures/others.csv").status_code == 404


# The list of decisions


def test_the_list_goes_on_where_a_page_ended(client: Client, ada: User) -> None:
    first = make_request()
    decide(first, ada)
    like = vote(first)
    for i in range(30):
        asked = InputRequest.objects.get(pk=first.pk)
        asked.pk, asked.request_id = None, f"more-{i}"
        asked.pk = InputRequest._meta.pk.get_default()
        asked.save(force_insert=True)
        like.pk = InputResponse._meta.pk.get_default()
        like.request, like.responder = asked, f"r{i}"
        like.save(force_insert=True)

    text = page(client, "/dashboard/decisions/")
    assert rows(client, "/dashboard/decisions/") == 25
    assert "31" in text
    rest = re.search(r'id="next-page" href="([^"]*)"', text)
    assert rest
    assert rows(client, f"/dashboard/decisions/{unescape(rest[1])}") == 6


@pytest.mark.parametrize(
    "query",
    [
        "since=2026-02-31&until=x",
        "over=-1&under=99999999999",
        "what=nothing",
        "after=nobody",
        "workflow=%00",
        "since=0001-01-01&until=9999-12-31",
    ],
)
def test_an_odd_address_is_a_list_all_the_same(
    client: Client, ada: User, query: str
) -> None:
    decide(make_request(), ada)
    assert client.get(f"/dashboard/decisions/?{query}").status_code == 200


def test_days_are_those_of_the_reader(ada: User) -> None:
    asked = make_request()
    decide(asked, ada)
    InputResponse.objects.update(at=EVENING, asked_at=EVENING)
    tokyo = ZoneInfo("Asia/Tokyo")
    assert DecisionList(since="2026-03-11").votes(tokyo).count() == 1
    assert DecisionList(since="2026-03-11").votes(UTC_ZONE).count() == 0
    assert DecisionList(until="2026-03-10").votes(UTC_ZONE).count() == 1
    assert DecisionList(until="2026-03-10").votes(tokyo).count() == 0


# Who, and at what cost


def test_only_operators_find_it(
    ada: User, dana: User, eve: User, root: User, signed_in: SignedIn
) -> None:
    addresses = (
        "/dashboard/",
        "/dashboard/now/",
        "/dashboard/decisions/",
        "/dashboard/decisions.csv",
        "/dashboard/figures/table.csv",
    )
    for person in (ada, dana, eve):
        visitor = signed_in(person)
        assert {visitor.get(each).status_code for each in addresses} == {404}
        assert visitor.post("/dashboard/callbacks/").status_code == 404
        assert 'id="nav-dashboard"' not in page(visitor, "/queue/")
    assert 'id="nav-dashboard"' in page(signed_in(root), "/queue/")
    assert Client().get("/dashboard/").status_code == 302


def test_it_asks_no_more_of_the_database_when_there_is_more(
    client: Client, ada: User
) -> None:
    def asks() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            page(client)
        return len(queries)

    decide(make_request(), ada)
    before = asks()
    for _ in range(3):
        decide(make_request(), ada)
        make_request()
        make_worker()
    assert asks() <= before


def test_no_more_than_some_decisions_are_looked_at(ada: User) -> None:
    for _ in range(3):
        decide(make_request(), ada)
    everything = DecisionList().votes(UTC_ZONE)
    assert newest(everything, 3)[1] is False
    some, is_cut = newest(everything, 2)
    assert (figures(some).decided, is_cut) == (2, True)
    assert sum(histogram(some)) == 2


def test_charts_of_nothing_can_be_drawn(olga: User) -> None:
    empty = Dashboard(olga, UTC_ZONE)
    assert (empty.took.total, empty.waiting.most) == (0, 0)
    assert draw_histogram([0] * 8, DecisionList(), is_cut=False).bars[0].height == 0
    flat = draw_line([Point(EVENING, 0)], is_cut=False)
    assert flat.ticks[-1].number == 4


def test_the_grid_of_a_line_is_round_and_high_enough() -> None:
    for most, top in ((1, 4), (5, 8), (23, 40), (81, 200), (4000, 4000), (4001, 8000)):
        line = draw_line([Point(EVENING, most)], is_cut=False)
        assert line.ticks[-1].number == top
