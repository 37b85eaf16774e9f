"""The live stream to pages: what they get, who gets it, and what ends it."""

import asyncio
import json
from uuid import UUID, uuid4

import pytest
from asgiref.sync import sync_to_async
from autobahn.exception import Disconnected
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import User
from django.template import loader

from project.asgi import application
from review_app import consumers, fragments
from review_app.credits import MOST_MESSAGES, Credits
from tests.factories import make_request, make_run, run_steps
from tests.review.live_page import LivePage, live_page, run_topic, sign_in
from workflows_app.models import InputRequest, Run, RunEvent
from workflows_app.runtime.handler import Answer, Handler
from workflows_app.stream.subscribe import hub

NOBODY = UUID(int=7)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def run(ada: User) -> Run:
    """Waits for a reviewer."""
    return make_run()


@sync_to_async
def _pause(run: Run) -> None:
    Handler(run.pk).pause(actor="olga")


@sync_to_async
def _resume(run: Run) -> None:
    Handler(run.pk).resume_in_place(actor="olga")


@sync_to_async
def _answer(run: Run, user: User) -> None:
    asked = InputRequest.objects.get(run=run)
    answer = Answer(
        value={"amount": 5}, outcome="approve", user=user, door="browser", undo=0
    )
    Handler(run.pk).respond(asked.request_id, answer)
    run_steps(run.pk)


@sync_to_async
def _add_lines(run: Run, count: int, body: str = "{}") -> None:
    """Lines of a step that tells a lot."""
    first = run.last_number + 1
    RunEvent.objects.bulk_create(
        RunEvent(
            run=run,
            number=number,
            at=run.changed_at,
            kind="progress",
            actor_kind="engine",
            body=body,
        )
        for number in range(first, first + count)
    )
    Run.objects.filter(pk=run.pk).update(last_number=first + count - 1)


# What a page gets


async def test_a_page_gets_what_happens_after_the_number_it_has(
    run: Run, ada: User
) -> None:
    topic = run_topic(run.pk, run.last_number)
    async with live_page(topic, ada) as page:
        await _pause(run)
        message = await page.read()
    assert message["topic"] == f"run:{run.pk}"
    assert message["number"] == run.last_number + 1
    assert message["kind"] == "run_paused"
    assert f'id="event-{run.last_number + 1}"' in message["html"]
    assert "paused the run" in message["html"]


async def test_a_page_that_comes_back_gets_exactly_what_it_missed(
    run: Run, ada: User
) -> None:
    async with live_page(run_topic(run.pk, 0), ada) as page:
        seen = await page.read_many(run.last_number)
    await _pause(run)
    await _resume(run)
    async with live_page(run_topic(run.pk, run.last_number), ada) as page:
        missed = await page.read_many(2)
        assert await page.is_silent()
    numbers = [message["number"] for message in seen + missed]
    assert numbers == list(range(1, run.last_number + 3))


async def test_a_line_that_changes_the_status_brings_the_new_status(
    run: Run, ada: User
) -> None:
    async with live_page(run_topic(run.pk, run.last_number), ada) as page:
        await _pause(run)
        html = (await page.read())["html"]
    assert 'id="run-status"' in html
    assert "hx-swap-oob" in html
    assert "Paused" in html


async def test_an_answer_reaches_the_page_up_to_the_end_of_the_run(
    run: Run, ada: User
) -> None:
    async with live_page(run_topic(run.pk, run.last_number), ada) as page:
        await _answer(run, ada)
        message = await page.read()
        assert "<b>ada</b> approved from the browser" in message["html"]
        while message["kind"] != "run_completed":
            message = await page.read()
    assert "Completed" in message["html"]


async def test_a_page_that_missed_too_much_is_told_to_reload(
    run: Run, ada: User
) -> None:
    await _add_lines(run, 501)
    last = run.last_number + 501
    async with live_page(run_topic(run.pk, run.last_number), ada) as page:
        message = await page.read()
        await _pause(run)
        following = await page.read()
    assert (message["number"], message["reset"]) == (last, True)
    assert f"Events {run.last_number + 1}–{last} not loaded" in message["html"]  # noqa: RUF001
    assert 'id="run-status"' in message["html"]
    assert following["number"] == last + 1


async def test_a_page_that_missed_as_much_as_it_may_gets_all_of_it(
    run: Run, ada: User
) -> None:
    await _add_lines(run, 500)
    async with live_page(run_topic(run.pk, run.last_number), ada) as page:
        for _ in range(5):
            messages = await page.read_many(100)
            await page.acknowledge(messages[-1]["number"])
    assert messages[-1]["number"] == run.last_number + 500


async def test_two_pages_of_a_run_share_one_feed_and_one_fragment(
    run: Run, ada: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []
    draw = loader.render_to_string

    def note(template: str, context: dict[str, object]) -> str:
        drawn.append(template)
        return draw(template, context)

    monkeypatch.setattr("review_app.fragments.render_to_string", note)
    topic = run_topic(run.pk, run.last_number)
    async with live_page(topic, ada) as one, live_page(topic, bob) as two:
        await _pause(run)
        assert await one.read() == await two.read()
        assert len(hub()._feeds) == 1
    assert drawn == ["review/_event_row.html", "review/_run_status.html"]


async def test_a_page_may_follow_two_runs_at_once(run: Run, ada: User) -> None:
    other = await sync_to_async(make_run)()
    both = [run_topic(each.pk, each.last_number) for each in (run, other)]
    async with live_page(",".join(both), ada) as page:
        await _pause(run)
        first = await page.read()
        await _pause(other)
        second = await page.read()
    assert [first["topic"], second["topic"]] == [f"run:{run.pk}", f"run:{other.pk}"]


async def test_after_the_end_of_its_run_a_page_still_hears_of_the_queue(
    run: Run, ada: User
) -> None:
    async with live_page(f"{run_topic(run.pk, 0)},queue", ada) as page:
        await _answer(run, ada)
        while (await page.read())["kind"] != "run_completed":
            pass
        await sync_to_async(make_request)()
        assert await page.read_of("queue") == {"topic": "queue"}


# The queue


async def test_a_page_looks_at_the_queue_when_it_comes_and_when_it_changes(
    ada: User,
) -> None:
    async with live_page("queue", ada) as page:
        assert await page.read_of("queue") == {"topic": "queue"}
        await sync_to_async(make_request)()
        assert await page.read_of("queue") == {"topic": "queue"}


async def test_many_changes_of_the_queue_are_told_as_few(ada: User) -> None:
    async with live_page("queue", ada) as page:
        await page.read_of("queue")
        for _ in range(8):
            await sync_to_async(make_request)()
        assert await page.count("queue", 1.5) <= 6


async def test_who_may_see_no_request_hears_of_the_queue_and_nothing_about_it(
    eve: User,
) -> None:
    async with live_page("queue", eve) as page:
        await page.read_of("queue")
        await sync_to_async(make_request)()
        assert await page.read_of("queue") == {"topic": "queue"}


async def test_an_idle_page_hears_that_the_server_is_there(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "BEAT", 0.05)
    async with live_page("queue", ada) as page:
        for _ in range(3):
            assert await page.read_of("beat") == {"topic": "beat"}


# Who may listen


async def test_who_is_not_signed_in_is_sent_away(run: Run) -> None:
    async with live_page(run_topic(run.pk, 0), None) as page:
        assert await page.closing_code() == 4401


async def test_who_may_not_see_the_run_is_sent_away(run: Run, eve: User) -> None:
    async with live_page(run_topic(run.pk, 0), eve) as page:
        assert await page.closing_code() == 4403


async def test_a_run_that_does_not_exist_is_like_one_that_is_not_yours(
    ada: User,
) -> None:
    async with live_page(run_topic(uuid4(), 0), ada) as page:
        assert await page.closing_code() == 4403


@pytest.mark.parametrize(
    "topics",
    [
        "",
        "queues",
        "run:1@2",
        f"run:{NOBODY}",
        f"run:{NOBODY}@-1",
        f"run:{NOBODY}@{'9' * 19}",
        f"run:{NOBODY}@²",
        "queue,queue,",
        ",".join(f"run:{NOBODY}@1" for _ in range(6)),
    ],
)
async def test_topics_that_are_none_are_refused(ada: User, topics: str) -> None:
    async with live_page(topics.replace("²", "%C2%B2"), ada) as page:
        assert await page.closing_code() == 4400


@pytest.mark.parametrize(
    "origin",
    [None, "null", "http://evil.example", "http://localhost.evil.example"],
)
async def test_another_site_cannot_listen(ada: User, origin: str | None) -> None:
    page = LivePage("queue", await sign_in(ada), origin)
    assert not await page.open()


async def test_an_address_that_does_not_exist_says_so(ada: User) -> None:
    socket = WebsocketCommunicator(
        application, "/ws/other/", [(b"origin", b"http://localhost")]
    )
    assert (await socket.connect())[0]
    assert (await socket.receive_output())["code"] == 4404


# How long one may listen


@pytest.fixture
def checked_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "CHECK", 0.1)


async def test_a_page_is_closed_when_its_session_has_ended(
    run: Run, ada: User, checked_often: None
) -> None:
    client = await sign_in(ada)
    page = LivePage(run_topic(run.pk, run.last_number), client, "http://localhost")
    assert await page.open()
    await sync_to_async(client.logout)()
    assert await page.closing_code() == 4401
    await page.leave()


async def test_a_page_is_closed_when_the_password_has_changed(
    ada: User, checked_often: None
) -> None:
    async with live_page("queue", ada) as page:
        await User.objects.filter(pk=ada.pk).aupdate(password="another")
        assert await page.closing_code() == 4401


async def test_a_page_is_closed_when_its_reader_was_deactivated(
    ada: User, checked_often: None
) -> None:
    async with live_page("queue", ada) as page:
        await User.objects.filter(pk=ada.pk).aupdate(is_active=False)
        assert await page.closing_code() == 4401


async def test_a_page_is_closed_when_its_reader_may_not_see_the_run_any_more(
    run: Run, ada: User, checked_often: None
) -> None:
    async with live_page(run_topic(run.pk, run.last_number), ada) as page:
        await ada.groups.aclear()
        assert await page.closing_code() == 4403


async def test_a_page_whose_rights_last_stays_open(
    run: Run, ada: User, checked_often: None
) -> None:
    async with live_page(run_topic(run.pk, run.last_number), ada) as page:
        assert await page.is_silent(0.5)
        await _pause(run)
        assert (await page.read())["kind"] == "run_paused"


@pytest.mark.timeout(120)  # thirteen sockets, each with limits of its own
async def test_nobody_has_more_than_ten_pages_open(ada: User, bob: User) -> None:
    pages = [
        LivePage("queue", await sign_in(ada), "http://localhost") for _ in range(10)
    ]
    for page in pages:
        assert await page.open()
    async with live_page("queue", ada) as eleventh, live_page("queue", bob) as other:
        assert await eleventh.closing_code() == 4013
        assert (await other.read_of("queue"))["topic"] == "queue"
    for page in pages:
        await page.leave()
    async with live_page("queue", ada) as page:
        assert (await page.read_of("queue"))["topic"] == "queue"
    assert not consumers._sockets


# Credits


async def test_a_page_that_acknowledges_nothing_gets_a_window_and_is_closed(
    run: Run, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "PATIENCE", 0.5)
    async with live_page(run_topic(run.pk, run.last_number), ada) as page:
        await _add_lines(run, 600)
        await _pause(run)
        assert await page.closing_code() == 4000


async def test_the_window_has_a_size(run: Run, ada: User) -> None:
    said = json.dumps({"event_type": "P", "event": {"message": "x" * 1500}})
    async with live_page(run_topic(run.pk, run.last_number), ada) as page:
        await _add_lines(run, 200, said)
        await _pause(run)
        assert 50 < await page.count("run", 1.0) < 180


def test_the_window_has_a_count() -> None:
    window = Credits()
    for number in range(MOST_MESSAGES):
        assert not window.is_full
        window.spend(number, 1)
    assert window.is_full
    window.acknowledge(0)
    assert not window.is_full


async def test_a_page_that_acknowledges_gets_everything(run: Run, ada: User) -> None:
    async with live_page(run_topic(run.pk, run.last_number), ada) as page:
        await _add_lines(run, 1200)
        await _pause(run)
        numbers = []
        for _ in range(6):
            messages = await page.read_many(200)
            numbers += [message["number"] for message in messages]
            await page.acknowledge(numbers[-1])
    assert numbers == list(range(run.last_number + 1, run.last_number + 1201))


async def test_a_slow_page_holds_up_nobody_else(run: Run, ada: User, bob: User) -> None:
    topic = run_topic(run.pk, run.last_number)
    async with live_page(topic, ada) as slow, live_page(topic, bob) as quick:
        await _add_lines(run, 1000)
        await _pause(run)
        for _ in range(10):
            messages = await quick.read_many(100)
            await quick.acknowledge(messages[-1]["number"])
        assert messages[-1]["number"] == run.last_number + 1000
        assert len(await slow.read_many(100)) == 100


# What a page may say


async def test_a_page_that_talks_too_much_is_closed(ada: User) -> None:
    async with live_page("queue", ada) as page:
        for number in range(30):
            await page.acknowledge(number)
        assert await page.closing_code() == 4008


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "[]",
        "{}",
        '{"ack": "1"}',
        '{"ack": true}',
        '{"ack": 1, "answer": "yes"}',
        '{"subscribe": "queue"}',
        '{"ack": ' + "1" * 5000 + "}",
        "[" * 4000,
    ],
)
async def test_a_page_that_says_anything_else_is_closed(ada: User, text: str) -> None:
    async with live_page("queue", ada) as page:
        await page.say(text)
        assert await page.closing_code() == 4008


async def test_an_acknowledgement_of_nothing_changes_nothing(
    run: Run, ada: User
) -> None:
    async with live_page(run_topic(run.pk, run.last_number), ada) as page:
        await page.acknowledge(10**15)
        await _pause(run)
        assert (await page.read())["kind"] == "run_paused"


# What goes wrong


async def test_a_page_that_leaves_leaves_nothing_behind(run: Run, ada: User) -> None:
    before = asyncio.all_tasks()
    for _ in range(5):
        async with live_page(f"{run_topic(run.pk, 0)},queue", ada) as page:
            await page.read()
    assert hub()._pool is None
    assert hub().listener._task is None
    assert asyncio.all_tasks() == before
    assert not consumers._sockets


async def test_a_socket_whose_stream_fails_is_closed_to_come_back(
    run: Run, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_page(run_topic(run.pk, run.last_number), ada) as page:
        monkeypatch.setattr(fragments, "draw_line", _fail)
        await _pause(run)
        assert await page.closing_code() == 4000


async def test_a_page_that_goes_while_it_is_told_something_is_no_error(
    run: Run,
    ada: User,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with live_page(run_topic(run.pk, run.last_number), ada) as page:
        monkeypatch.setattr(consumers.LiveConsumer, "send", _find_nobody)
        await _pause(run)
        assert await page.closing_code() == 4000
    assert not [each for each in caplog.records if each.name == consumers.__name__]


async def _find_nobody(*_: object, **_message: object) -> None:
    raise Disconnected("Attempt to send on a closed protocol")


def _fail(line: object) -> str:
    raise RuntimeError("A template is broken")
