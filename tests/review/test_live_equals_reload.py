"""What comes live is what a reload shows: the same rows, the same status."""

import re
from collections.abc import Awaitable, Callable

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.test import Client

from review_app import fragments
from tests import flows
from tests.factories import make_run, run_steps, start_run
from tests.review.live_page import LivePage, live_page, run_topic
from workflows_app.engine import StartEvent, StopEvent, Workflow, step
from workflows_app.engine.errors import InvalidResponseError
from workflows_app.models import InputRequest, Run
from workflows_app.runtime.handler import Answer, Handler

pytestmark = pytest.mark.django_db(transaction=True)

Live = Callable[[User], Awaitable[Run]]
STATUS = '<p class="badges" id="run-status"'


@step
def refuse(ctx: object, ev: StartEvent) -> StopEvent:
    """Fail."""
    raise ValueError("No </li> <b>either</b>")


refusing = Workflow("refusing", [refuse])


@sync_to_async
def _live_through_all(ada: User) -> Run:
    """A run with a pause, an answer that is refused, one that is not, and an end."""
    run = make_run(flows.approval, user=ada, subject="A <b>& “B”</li>")
    handler = Handler(run.pk)
    handler.pause(actor="olga", reason="Wait <i>")
    handler.resume_in_place(actor="olga")
    asked = InputRequest.objects.get(run=run)
    wrong = Answer(value={"amount": 900}, outcome="approve", user=ada, door="browser")
    with pytest.raises(InvalidResponseError):
        handler.respond(asked.request_id, wrong)
    right = Answer(value={"amount": 9}, outcome="approve", user=ada, door="api")
    handler.respond(asked.request_id, right)
    return run_steps(run.pk)


@sync_to_async
def _fail(ada: User) -> Run:
    return run_steps(start_run(refusing, user=ada))


@sync_to_async
def _wait(ada: User) -> Run:
    return make_run(flows.two_branches, user=ada)


@sync_to_async
def _reload(user: User, run: Run) -> str:
    """The page, with nothing drawn before."""
    fragments._rows.clear()
    fragments._statuses.clear()
    client = Client()
    client.force_login(user)
    return client.get(f"/runs/{run.pk}/").content.decode()


async def _read_all(page: LivePage, run: Run) -> list[str]:
    messages = [await page.read() for _ in range(run.last_number)]
    assert await page.is_silent()
    return [message["html"] for message in messages]


@pytest.mark.parametrize("live", [_live_through_all, _fail, _wait])
async def test_the_rows_from_the_stream_are_the_rows_of_the_page(
    ada: User, live: Live
) -> None:
    run = await live(ada)
    async with live_page(run_topic(run.pk, 0), ada) as page:
        htmls = await _read_all(page, run)
    reloaded = await _reload(ada, run)
    place = 0
    for html in htmls:
        row = html.partition(STATUS)[0].strip()
        place = reloaded.index(row, place) + len(row)
    assert len(re.findall(r' data-number="', reloaded)) == len(htmls)


@pytest.mark.parametrize("live", [_live_through_all, _fail])
async def test_the_last_status_from_the_stream_is_the_status_of_the_page(
    ada: User, live: Live
) -> None:
    run = await live(ada)
    async with live_page(run_topic(run.pk, 0), ada) as page:
        htmls = await _read_all(page, run)
    assert _status(htmls[-1]) == _status(await _reload(ada, run))


async def test_rows_from_the_poll_are_the_rows_from_the_stream(ada: User) -> None:
    run = await _live_through_all(ada)
    async with live_page(run_topic(run.pk, 0), ada) as page:
        htmls = await _read_all(page, run)
    polled = await sync_to_async(_poll)(ada, run)
    rows = "".join(html.partition(STATUS)[0] for html in htmls)
    assert polled.partition(STATUS)[0] == rows


def _poll(user: User, run: Run) -> str:
    client = Client()
    client.force_login(user)
    return client.get(f"/runs/{run.pk}/events/?after=0").content.decode()


def _status(html: str) -> str:
    """The status without what only says how it gets onto the page."""
    found = html[html.index(STATUS) :]
    found = found[: found.index("</p>")].replace(' hx-swap-oob="true"', "")
    return " ".join(found.split())
