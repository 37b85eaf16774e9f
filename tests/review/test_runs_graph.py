"""The graph of a run: how its steps stand, where they lead, and who sees what of it."""

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests import families, flows
from tests.factories import make_run, run_steps, start_run
from tests.review.browser_page import BrowserPage
from workflows_app.engine import (
    Context,
    Event,
    InputRequestEvent,
    InputResponseEvent,
    Retry,
    StartEvent,
    StopEvent,
    Workflow,
    step,
)
from workflows_app.engine.emission import as_request
from workflows_app.models import InputRequest, Run
from workflows_app.runtime import external
from workflows_app.runtime.handler import Answer, Handler

pytestmark = pytest.mark.django_db

SignedIn = Callable[[User], Client]


class Again(Event):
    """Once more."""


@step
def count(ctx: Context, ev: StartEvent | Again) -> Again | StopEvent:
    """Go in circles three times."""
    ctx.state.increment("rounds")
    return StopEvent() if ctx.state["rounds"] > 3 else Again()


@step(retry=Retry(2, initial=60.0))
def fail(ctx: Context, ev: StartEvent) -> Again:
    """Fail, and be tried again later."""
    raise ValueError("No.")


@step
def never(ctx: Context, ev: Again) -> StopEvent:
    """Follow what always fails."""
    return StopEvent()


@step
def ask_twice(ctx: Context, ev: StartEvent) -> list[InputRequestEvent]:
    """Ask two people at once."""
    return [InputRequestEvent(name, name, choices=["yes"]) for name in ("a", "b")]


@step
def end(ctx: Context, ev: InputResponseEvent) -> StopEvent:
    """End with the first answer."""
    return StopEvent()


@step
async def park(ctx: Context, ev: StartEvent) -> StopEvent:
    """Wait inside of a step."""
    return StopEvent(
        result=await ctx.request_input("inside", "Inside?", choices=["yes"])
    )


@step
def silent(ctx, ev: StartEvent):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Say nothing of where it leads."""
    return Again()


circle = Workflow("graph-circle", [count])
failing = Workflow("graph-failing", [fail, never])
asking = Workflow("graph-asking", [ask_twice, end])
parking = Workflow("graph-parking", [park])
quiet = Workflow("graph-quiet", [silent, never])


def _graph(client: Client, run: Run) -> str:
    response = client.get(f"/runs/{run.pk}/?tab=graph")
    assert response.status_code == 200
    return response.content.decode()


def _said(page: str) -> dict[str, str]:
    """What the boxes say aloud, by step."""
    found = re.findall(r'id="g-([\w.-]+)"[^>]* aria-label="([^"]*)"', page)
    return dict(found)


def test_a_step_that_waits_says_so_and_leads_to_its_events(
    ada: User, signed_in: SignedIn
) -> None:
    run = make_run()
    page = _graph(signed_in(ada), run)
    said = {"ask": "ask, waiting for a person", "decide": "decide, not yet"}
    assert _said(page) == said
    box = next(a for tag, a in BrowserPage(page).elements if a.get("id") == "g-ask")
    assert box["href"] == "?step=ask"
    assert "warn" in box["class"]


def test_the_list_says_the_same_as_the_boxes(olga: User, signed_in: SignedIn) -> None:
    page = _graph(signed_in(olga), make_run(families.both))
    drawn, lines = (
        _said(page),
        re.findall(
            r'id="t-[\w.-]+"[^>]*>(?:<svg.*?</svg>)?([^<]+)</a>', page, re.DOTALL
        ),
    )
    assert list(drawn.values()) == lines


def test_a_step_is_done_when_its_question_is_answered(
    ada: User, signed_in: SignedIn
) -> None:
    run = make_run()
    asked = InputRequest.objects.get(run=run)
    answer = Answer(value={"amount": 5}, outcome="approve", user=ada, undo=0)
    Handler(run.pk).respond(asked.request_id, answer)
    client = signed_in(ada)
    assert _said(_graph(client, run))["decide"] == "decide, ready for a worker"
    run_steps(run.pk)
    page = _graph(client, run)
    assert _said(page) == {"ask": "ask, done", "decide": "decide, done"}
    assert page.count("way taken") == 3  # from the start, by the answer, to the end


def test_an_answer_that_can_be_undone_is_not_waited_for(
    ada: User, signed_in: SignedIn
) -> None:
    run = make_run()
    asked = InputRequest.objects.get(run=run)
    answer = Answer(
        value={"amount": 5}, outcome="approve", user=ada, door="browser", undo=5
    )
    Handler(run.pk).respond(asked.request_id, answer)
    assert _said(_graph(signed_in(ada), run))["ask"] == "ask, decided, can be undone"


@pytest.mark.parametrize(
    ("workflow", "said"),
    [
        (circle, "count, done 4 times"),
        (failing, "fail, tried again later"),
        (asking, "ask_twice, waiting for a person (2)"),
        (parking, "park, waiting for a person"),
    ],
)
def test_each_stage_has_its_words(
    olga: User, signed_in: SignedIn, workflow: Workflow, said: str
) -> None:
    assert said in _said(_graph(signed_in(olga), make_run(workflow))).values()


def test_a_paused_run_holds_its_steps_back(olga: User, signed_in: SignedIn) -> None:
    run = Run.objects.get(pk=start_run())
    Handler(run.pk).pause(wait=False)
    assert _said(_graph(signed_in(olga), run))["ask"] == "ask, held by the pause"


def test_an_ended_run_tells_what_failed_and_what_it_never_reached(
    olga: User, signed_in: SignedIn
) -> None:
    run = make_run(failing)
    Handler(run.pk).abort()
    said = _said(_graph(signed_in(olga), run))
    assert said == {"fail": "fail, failed", "never": "never, not reached"}


def test_ways_are_told_with_their_events_and_how_often_they_were_taken(
    olga: User, signed_in: SignedIn
) -> None:
    page = BrowserPage(_graph(signed_in(olga), make_run(circle))).text
    told = " ".join(page.split())
    assert "Again → count, 3 times" in told
    assert "StopEvent → the end, 1 time" in told
    asking_page = _graph(signed_in(olga), make_run(asking))
    assert "→ end (a person's answer)" in " ".join(
        BrowserPage(asking_page).text.split()
    )


def test_a_way_back_is_drawn_as_one(olga: User, signed_in: SignedIn) -> None:
    assert 'class="way taken back"' in _graph(signed_in(olga), make_run(circle))


def test_a_step_that_does_not_tell_where_it_leads_is_named(
    olga: User, signed_in: SignedIn
) -> None:
    page = _graph(signed_in(olga), make_run(quiet))
    told = " ".join(BrowserPage(page).text.split())
    assert "silent does not tell where it leads" in told
    assert "Again → never, 1 time" in told


def test_a_step_that_runs_workflows_leads_to_their_runs(
    olga: User, signed_in: SignedIn
) -> None:
    run = make_run(families.parent)
    child = Run.objects.get(parent=run)
    page = _graph(signed_in(olga), run)
    assert page.count(f'href="/runs/{child.pk}/"') == 3  # facts, box, list
    assert f"run {child.short_id}" in page
    several = _graph(signed_in(olga), make_run(families.both))
    assert ">2 runs<" in several


def test_a_run_below_that_one_may_not_see_is_not_linked(
    eve: User, signed_in: SignedIn
) -> None:
    run = make_run(families.parent)
    child = Run.objects.get(parent=run)
    Run.objects.filter(pk=run.pk).update(groups=["watchers"])
    eve.groups.add(Group.objects.create(name="watchers"))
    page = _graph(signed_in(eve), run)
    assert str(child.pk) not in page
    assert "runs 1 workflow" in page


def test_what_lives_elsewhere_has_no_steps(olga: User, signed_in: SignedIn) -> None:
    run = external.ask(as_request(InputRequestEvent("q", "Yes?")))
    page = _graph(signed_in(olga), Run.objects.get(pk=run))
    assert "This workflow lives elsewhere" in page


def test_a_page_asks_for_the_graph_alone(ada: User, signed_in: SignedIn) -> None:
    run = make_run()
    client = signed_in(ada)
    fragment = client.get(f"/runs/{run.pk}/graph/").content.decode()
    assert "<html" not in fragment
    shape = re.search(r'data-shape="(\w+)"', fragment)
    assert shape
    assert shape[0] in _graph(client, run)


def test_the_graph_takes_few_queries(
    ada: User,
    signed_in: SignedIn,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    run, client = make_run(flows.two_branches), signed_in(ada)
    _graph(client, run)
    with django_assert_max_num_queries(15):
        _graph(client, run)


def test_every_name_has_an_id_of_its_own(olga: User, signed_in: SignedIn) -> None:
    ids = BrowserPage(_graph(signed_in(olga), make_run(families.both))).ids
    assert len(ids) == len(set(ids))
