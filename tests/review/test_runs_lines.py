"""The timeline of a run: filters, pages, gaps, and how it is taken away."""

import csv
import json
import re
from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from review_app.run.line_filter import ERRORS, HUMAN, STEPS
from review_app.templatetags import run_words
from tests.factories import make_run, run_steps
from workflows_app.engine import StartEvent, StopEvent, Workflow, step
from workflows_app.models import InputRequest, Run, RunEvent
from workflows_app.runtime.handler import Answer, Handler

pytestmark = pytest.mark.django_db

SignedIn = Callable[[User], Client]
SAID = '{"event_type": "P", "event": {"message": "Row checked"}}'


@step
def refuse(ctx: object, ev: StartEvent) -> StopEvent:
    """Fail deep inside."""
    return _deep(9)


def _deep(left: int) -> StopEvent:
    if left:
        return _deep(left - 1)
    raise ValueError("The key ghp_" + "a" * 36 + " was refused")


broken = Workflow("broken-lines", [refuse])


@pytest.fixture
def run(ada: User) -> Run:
    """Waits for a reviewer."""
    return make_run(subject="Refund order 1042")


def _page(client: Client, run: Run, query: str = "") -> str:
    response = client.get(f"/runs/{run.pk}/{query}")
    assert response.status_code == 200
    return response.content.decode()


def _numbers(page: str) -> list[int]:
    """The numbers of the lines on a page, without its gaps."""
    return [int(number) for number in re.findall(r'id="event-(\d+)"', page)]


def _kinds(run: Run, numbers: list[int]) -> set[str]:
    lines = RunEvent.objects.filter(run=run, number__in=numbers)
    return set(lines.values_list("kind", flat=True))


def _fill(run: Run, last: int, **fields: str) -> Run:
    """Let the log go on to a number."""
    line = {"kind": "progress", "actor_kind": "engine", "body": SAID, **fields}
    RunEvent.objects.bulk_create(
        RunEvent(run=run, number=number, at=run.changed_at, **line)
        for number in range(run.last_number + 1, last + 1)
    )
    Run.objects.filter(pk=run.pk).update(last_number=last)
    run.refresh_from_db()
    return run


# Filters


@pytest.mark.parametrize(
    ("show", "kinds"),
    [
        ("steps", ("step_completed", "input_requested")),
        ("human", ("input_requested", "step_completed")),
        ("errors", ("step_failed", "step_started")),
    ],
)
def test_a_filter_shows_its_kinds_of_lines_and_no_others(
    olga: User, signed_in: SignedIn, run: Run, show: str, kinds: tuple[str, str]
) -> None:
    found = make_run(broken) if show == "errors" else run
    shown = _kinds(found, _numbers(_page(signed_in(olga), found, f"?show={show}")))
    assert kinds[0] in shown
    assert kinds[1] not in shown


def test_every_kind_of_line_is_found_by_some_filter() -> None:
    plain = {"run_started", "run_completed", "event_sent"}
    for kind in set(run_words.EVENTS) - plain:
        filters = [_fits(STEPS, kind), _fits(HUMAN, kind), _fits(ERRORS, kind)]
        assert any(filters), kind


def _fits(wanted: object, kind: str) -> bool:
    """What the database would say, by the same conditions."""
    run = Run.objects.first() or make_run()
    line = RunEvent.objects.filter(run=run).earliest("id")
    RunEvent.objects.filter(pk=line.pk).update(kind=kind)
    return RunEvent.objects.filter(wanted, pk=line.pk).exists()


def test_a_step_is_shown_alone(olga: User, signed_in: SignedIn, run: Run) -> None:
    page = _page(signed_in(olga), run, "?step=ask")
    lines = RunEvent.objects.filter(run=run, number__in=_numbers(page))
    assert set(lines.values_list("step", flat=True)) == {"ask"}
    assert "Only step" in page


@pytest.mark.parametrize("words", ["ÜBER", "Über 100%", 'say "yes"', "order 1042"])
def test_words_are_found_in_a_line_however_its_letters_are_written(
    olga: User, signed_in: SignedIn, words: str
) -> None:
    run = make_run(subject='Über 100% of order 1042: say "yes"')
    escaped = json.dumps({"message": 'ÜBER, Über 100% order 1042, say "yes"'})
    line = RunEvent.objects.filter(run=run).latest("number")
    RunEvent.objects.filter(pk=line.pk).update(kind="progress", body=escaped)
    response = signed_in(olga).get(f"/runs/{run.pk}/", {"q": words})
    assert line.number in _numbers(response.content.decode())


def test_what_no_line_mentions_is_told_to_be_nowhere(
    olga: User, signed_in: SignedIn, run: Run
) -> None:
    page = _page(signed_in(olga), run, "?q=elephant&show=human")
    assert _numbers(page) == []
    assert "No event fits." in page
    assert 'name="show" value="human"' in page


@pytest.mark.parametrize("query", ["?show=x", "?q=%00", "?step=%00", "?q=" + "x" * 999])
def test_an_odd_filter_is_no_error(
    olga: User, signed_in: SignedIn, run: Run, query: str
) -> None:
    _page(signed_in(olga), run, query)


def test_a_filtered_timeline_takes_no_live_rows_but_asks_for_what_fits(
    olga: User, signed_in: SignedIn, run: Run
) -> None:
    client = signed_in(olga)
    page = _page(client, run, "?show=human")
    assert 'id="timeline"' not in page
    address = re.search(r'id="newer-lines" hx-get="([^"]+)"', page)
    assert address
    news = address[1].replace("&amp;", "&")
    assert client.get(news).status_code == 204
    Handler(run.pk).pause(actor="olga")
    added = client.get(news).content.decode()
    assert _kinds(run, _numbers(added)) == {"run_paused"}
    assert 'hx-swap-oob="true"' in added
    after = Run.objects.get(pk=run.pk).last_number
    assert f"after={after}&" in added.replace("&amp;", "&")


# Pages and gaps


def test_a_large_body_has_a_page_of_its_own(
    olga: User, signed_in: SignedIn, run: Run
) -> None:
    said = json.dumps({"event_type": "P", "event": {"text": "x" * 5000 + "<i>"}})
    RunEvent.objects.filter(run=run, number=1).update(kind="progress", body=said)
    client = signed_in(olga)
    address = f"/runs/{run.pk}/events/?line=1"
    page = _page(client, run)
    assert "x" * 5000 not in page
    assert f'href="{address}"' in page
    line = client.get(address).content.decode()
    assert "x" * 5000 + "&lt;i&gt;" in line
    assert client.get(f"/runs/{run.pk}/events/?line=999").status_code == 404


def test_a_run_with_5000_lines_shows_the_last_of_them_and_reads_no_others(
    olga: User,
    signed_in: SignedIn,
    run: Run,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    said = '{"event_type": "P", "event": {"message": "Row checked"}}'
    RunEvent.objects.bulk_create(
        RunEvent(
            run=run,
            number=number,
            at=run.changed_at,
            kind="progress",
            actor_kind="engine",
            body=said,
        )
        for number in range(run.last_number + 1, 5001)
    )
    Run.objects.filter(pk=run.pk).update(last_number=5000)
    client = signed_in(olga)
    with django_assert_max_num_queries(15):
        page = _page(client, run)
    assert _numbers(page) == list(range(4801, 5001))
    assert "Events 1–4800 not loaded" in page  # noqa: RUF001
    earlier = _page(client, run, "?before=4801")
    assert _numbers(earlier) == list(range(4601, 4801))
    assert "Events 1–4600 not loaded" in earlier  # noqa: RUF001
    assert "Events 4801–5000 not loaded" in earlier  # noqa: RUF001


@pytest.mark.parametrize("before", ["0", "-5", "x", "9" * 30, "1", "99999"])
def test_an_odd_place_in_the_timeline_is_no_error(
    olga: User, signed_in: SignedIn, run: Run, before: str
) -> None:
    _page(signed_in(olga), run, f"?before={before}")


def test_a_page_without_a_socket_asks_for_the_rows_it_misses(
    ada: User, signed_in: SignedIn, run: Run
) -> None:
    client = signed_in(ada)
    address = f"/runs/{run.pk}/events/?after={run.last_number}"
    assert client.get(address).status_code == 204
    Handler(run.pk).pause(actor="olga")
    page = client.get(address).content.decode()
    assert re.findall(r'data-number="(\d+)"', page) == [str(run.last_number + 1)]
    assert 'id="run-status"' in page
    assert "Paused" in page


def _load(client: Client, page: str, first: int) -> str:
    """What a gap that begins so gives for itself."""
    gap = page[page.index(f'id="load-{first}"') :]
    address = re.search(r'hx-get="([^"]+)"', gap)
    assert address
    return client.get(address[1].replace("&amp;", "&")).content.decode()


def test_a_gap_is_filled_from_below_until_nothing_is_left_of_it(
    olga: User, signed_in: SignedIn, run: Run
) -> None:
    client = signed_in(olga)
    page = _page(client, _fill(run, 500))
    seen = _numbers(page)
    while 'id="load-1"' in page:
        page = _load(client, page, 1)
        seen = _numbers(page) + seen
    assert seen == list(range(1, 501))


def test_a_gap_in_the_middle_is_filled_from_above_and_ends_where_the_rest_begins(
    olga: User, signed_in: SignedIn, run: Run
) -> None:
    client = signed_in(olga)
    page = _page(client, _fill(run, 700), "?before=101")
    assert "Events 101–700 not loaded" in page  # noqa: RUF001
    part = _load(client, page, 101)
    assert _numbers(part) == list(range(101, 301))
    assert "Events 301–700 not loaded" in part  # noqa: RUF001
    missed = client.get(f"/runs/{run.pk}/lines/?after=100&up_to=150").content.decode()
    assert _numbers(missed) == list(range(101, 151))
    assert "not loaded" not in missed


def test_a_place_after_a_line_shows_what_follows_it(
    olga: User, signed_in: SignedIn, run: Run
) -> None:
    page = _page(signed_in(olga), _fill(run, 700), "?after=120")
    assert _numbers(page) == list(range(121, 321))
    assert "Events 1–120 not loaded" in page  # noqa: RUF001
    assert "Events 321–700 not loaded" in page  # noqa: RUF001


def test_a_filtered_log_has_gaps_that_nobody_counted(
    olga: User, signed_in: SignedIn, run: Run
) -> None:
    client = signed_in(olga)
    begun = _numbers(_page(client, run, "?show=steps"))
    page = _page(client, _fill(run, 500), "?show=steps")
    assert _numbers(page) == list(range(301, 501))
    assert "Earlier events not loaded" in " ".join(page.split())
    page = _load(client, page, 1)
    assert _numbers(page) == list(range(101, 301))
    assert _numbers(_load(client, page, 1))[: len(begun)] == begun


def test_a_filtered_log_goes_on_after_a_line_and_says_what_is_later(
    olga: User, signed_in: SignedIn, run: Run
) -> None:
    client = signed_in(olga)
    page = _page(client, _fill(run, 500), "?show=steps&after=50")
    assert _numbers(page) == list(range(51, 251))
    told = " ".join(page.split())
    assert "Earlier events not loaded" in told
    assert "Later events not loaded" in told
    assert _numbers(_load(client, page, 251)) == list(range(251, 451))
    earlier = " ".join(_page(client, run, "?show=steps&before=51").split())
    assert "Later events not loaded" in earlier


# Errors


def test_an_error_shows_the_end_of_its_traceback_and_hides_keys(
    olga: User, signed_in: SignedIn
) -> None:
    page = _page(signed_in(olga), make_run(broken))
    shown, _, whole = page.partition("Whole traceback")
    assert "ValueError: The key ••• was refused" in shown
    assert "Traceback (most recent call last)" not in shown
    assert "Traceback (most recent call last)" in whole
    assert "ghp_aaaa" not in page


def test_a_run_that_failed_can_be_retried_from_its_last_line(
    olga: User, signed_in: SignedIn, run: Run
) -> None:
    failed = make_run(broken)
    page = _page(signed_in(olga), failed)
    assert f'<p class="retry"><a href="/runs/{failed.pk}/retry/">' in page
    assert "may-operate" in page
    assert "Retry from a snapshot" not in _page(signed_in(olga), run)


def test_who_may_not_operate_is_not_offered_a_retry(
    ada: User, signed_in: SignedIn, run: Run
) -> None:
    assert "may-operate" not in _page(signed_in(ada), run)


# Taken away


def test_the_log_is_taken_away_as_json_lines(
    ada: User, signed_in: SignedIn, run: Run
) -> None:
    response = signed_in(ada).get(f"/runs/{run.pk}/events.jsonl")
    rows = [json.loads(line) for line in response.content.decode().splitlines()]
    assert [row["number"] for row in rows] == list(range(1, run.last_number + 1))
    assert rows[0]["body"]["event_type"] == "Asked"
    assert "attachment" in response.headers["Content-Disposition"]


def test_the_log_is_taken_away_as_csv_without_formulas(
    ada: User, signed_in: SignedIn, run: Run
) -> None:
    Handler(run.pk).pause(actor="=cmd()")
    text = signed_in(ada).get(f"/runs/{run.pk}/events.csv").content.decode()
    rows = list(csv.DictReader(StringIO(text)))
    assert [int(row["number"]) for row in rows] == list(range(1, len(rows) + 1))
    assert rows[-1]["actor"] == "'=cmd()"


def test_what_is_taken_away_is_what_the_filters_show_without_secrets(
    olga: User, signed_in: SignedIn
) -> None:
    run = make_run(broken)
    client = signed_in(olga)
    text = client.get(f"/runs/{run.pk}/events.jsonl?show=errors").content.decode()
    kinds = [json.loads(line)["kind"] for line in text.splitlines()]
    assert kinds == ["step_failed", "run_failed"]
    assert "ghp_aaaa" not in text


def test_an_odd_form_is_not_there(ada: User, signed_in: SignedIn, run: Run) -> None:
    assert signed_in(ada).get(f"/runs/{run.pk}/events.xml").status_code == 404


def test_a_wait_that_was_cut_by_a_filter_is_only_told_to_be_later(
    ada: User, signed_in: SignedIn, run: Run
) -> None:
    asked = InputRequest.objects.get(run=run)
    answer = Answer(value={"amount": 5}, outcome="approve", user=ada, undo=0)
    Handler(run.pk).respond(asked.request_id, answer)
    run_steps(run.pk)
    began = run.created_at - timedelta(hours=2, minutes=45)
    RunEvent.objects.filter(run=run, number__lte=run.last_number).update(at=began)
    page = _page(signed_in(ada), run, "?show=human")
    assert "2 h 45 min later" in page
    assert "waiting 2 h" not in page
