"""The list of runs: its filters, its pages, and who sees what of it."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests import families, flows
from tests.factories import make_run, start_run
from workflows_app.engine import StartEvent, StopEvent, Workflow, step
from workflows_app.engine.emission import as_request
from workflows_app.engine.events import InputRequestEvent
from workflows_app.models import Run, Source
from workflows_app.runtime import external
from workflows_app.runtime.handler import Handler
from workflows_app.runtime.restarting import restart

pytestmark = pytest.mark.django_db

SignedIn = Callable[[User], Client]


@step
def refuse(ctx: object, ev: StartEvent) -> StopEvent:
    """Fail."""
    raise ValueError("No.")


broken = Workflow("broken-list", [refuse])


@pytest.fixture
def run(ada: User) -> Run:
    """Waits for a reviewer."""
    return make_run(subject="Refund order 1042")


def _shown(client: Client, query: str) -> set[str]:
    """The ids of the runs on the first page."""
    page = client.get(f"/runs/?{query}").content.decode()
    return set(re.findall(r'id="run-([0-9a-f-]{36})"', page))


def test_the_list_shows_the_newest_run_first(
    ada: User, signed_in: SignedIn, run: Run
) -> None:
    newer = make_run(flows.two_branches)
    page = signed_in(ada).get("/runs/").content.decode()
    assert page.index(f"run-{newer.pk}") < page.index(f"run-{run.pk}")
    assert "Waiting for a person (2 open)" in page
    assert "Waiting for a person (1 open)" in page


def test_the_list_goes_on_where_a_page_ended(ada: User, signed_in: SignedIn) -> None:
    runs = [make_run() for _ in range(27)]
    client = signed_in(ada)
    first = client.get("/runs/").content.decode()
    found = re.findall(r'id="run-([0-9a-f-]{36})"', first)
    assert found == [str(run.pk) for run in reversed(runs[2:])]
    address = re.search(r'id="next-page" href="\?([^"]+)"', first)
    assert address
    second = client.get(f"/runs/?{address[1]}").content.decode()
    found = re.findall(r'id="run-([0-9a-f-]{36})"', second)
    assert found == [str(run.pk) for run in reversed(runs[:2])]
    assert "next-page" not in second


def test_the_list_is_filtered_by_status_and_workflow(
    olga: User, signed_in: SignedIn, run: Run
) -> None:
    failed = make_run(broken)
    Handler(run.pk).pause()
    client = signed_in(olga)
    for query, shown in [
        ("status=failed", {failed.pk}),
        ("status=waiting", {run.pk}),
        ("status=paused", {run.pk}),
        ("status=waiting&workflow=broken-list", set()),
        ("workflow=broken-list", {failed.pk}),
        ("status=nonsense", {run.pk, failed.pk}),
        ("after=nonsense", {run.pk, failed.pk}),
    ]:
        page = client.get(f"/runs/?{query}").content.decode()
        assert {pk for pk in (run.pk, failed.pk) if f"run-{pk}" in page} == shown, query


def test_the_list_takes_the_same_number_of_queries_for_any_number_of_runs(
    olga: User,
    signed_in: SignedIn,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(8):
        make_run(user=olga)
    client = signed_in(olga)
    with django_assert_max_num_queries(10):
        client.get("/runs/")


def test_a_person_without_rights_sees_an_empty_list(
    eve: User, signed_in: SignedIn, run: Run
) -> None:
    page = signed_in(eve).get("/runs/").content.decode()
    assert "No runs yet" in page
    assert str(run.pk) not in page


def test_stuck_are_those_that_should_run_and_do_nothing(
    olga: User, signed_in: SignedIn, run: Run
) -> None:
    busy, silent, held = start_run(), start_run(), start_run()
    Handler(held).pause(wait=False)
    long_ago = run.changed_at - timedelta(hours=2)
    Run.objects.exclude(pk=busy).update(changed_at=long_ago)
    assert _shown(signed_in(olga), "stuck=1") == {str(silent)}


def test_a_question_from_elsewhere_is_found_by_its_workflow(
    olga: User, signed_in: SignedIn, run: Run
) -> None:
    asked = external.ask(as_request(InputRequestEvent("q", "Yes?")))
    client = signed_in(olga)
    assert _shown(client, "workflow=external") == {str(asked)}
    assert '<option value="external">' in client.get("/runs/").content.decode()


def test_runs_are_found_by_all_of_the_tags_that_are_named(
    olga: User, signed_in: SignedIn, run: Run
) -> None:
    tagged = make_run()
    Run.objects.filter(pk=tagged.pk).update(tags={"region": "EU", "plan": "pro"})
    client = signed_in(olga)
    for tag in ("region=EU", "plan=*", "plan", "region = EU, plan=*"):
        assert _shown(client, f"tag={tag}") == {str(tagged.pk)}, tag
    for tag in ("region=US", "region=EU, team=*", "plan=basic"):
        assert _shown(client, f"tag={tag}") == set(), tag


def test_runs_are_found_by_who_started_them(
    ada: User, olga: User, signed_in: SignedIn, run: Run
) -> None:
    source = Source.objects.create(name="shop", secrets=["x"], workflow="approval")
    sent, mine, hers = make_run(), make_run(user=olga), make_run(user=ada)
    Run.objects.filter(pk=sent.pk).update(source=source)
    client = signed_in(olga)
    for by, wanted in [("me", mine), ("ADA", hers), ("shop", sent), ("program", run)]:
        assert _shown(client, f"by={by}") == {str(wanted.pk)}, by
    assert _shown(client, "by=nobody") == set()


def test_runs_are_found_by_the_day_on_which_they_started(
    olga: User, signed_in: SignedIn, run: Run
) -> None:
    older = make_run()
    day = (run.created_at - timedelta(days=9)).replace(hour=23, minute=59)
    Run.objects.filter(pk=older.pk).update(created_at=day)
    client, on_day = signed_in(olga), day.date().isoformat()
    assert _shown(client, f"until={on_day}") == {str(older.pk)}
    assert _shown(client, f"since={on_day}&until={on_day}") == {str(older.pk)}
    after = (day + timedelta(days=1)).date().isoformat()
    assert _shown(client, f"since={after}") == {str(run.pk)}


@pytest.mark.parametrize(
    "query",
    ["since=x", "since=2026-99-99", "until=9999-12-31", "tag=,,=", "by=%00", "stuck=7"],
)
def test_odd_filters_are_no_error(
    olga: User, signed_in: SignedIn, run: Run, query: str
) -> None:
    assert signed_in(olga).get(f"/runs/?{query}").status_code == 200


def test_the_filters_stay_from_page_to_page(olga: User, signed_in: SignedIn) -> None:
    for _ in range(26):
        make_run(user=olga)
    page = signed_in(olga).get("/runs/?by=me&since=2020-01-01").content.decode()
    address = re.search(r'id="next-page" href="\?([^"]+)"', page)
    assert address
    assert "since=2020-01-01" in address[1]
    assert "by=me" in address[1]
    assert re.search(r"<details[^>]* open>", page)


def test_a_row_names_the_other_run_without_a_link_that_may_lead_nowhere(
    ada: User, olga: User, signed_in: SignedIn
) -> None:
    first = make_run()
    again = restart(first, olga)
    child = Run.objects.get(parent=make_run(families.parent))
    page = signed_in(olga).get("/runs/").content.decode()
    assert f"begins again with the input of run {first.short_id}" in " ".join(
        page.split()
    )
    assert f'href="/runs/{first.pk}/"' in page  # its own row
    assert page.count(f"/runs/{first.pk}/") == 1
    assert str(again) in page
    assert str(child.pk) in page
