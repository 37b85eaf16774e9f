"""The page of a run: who sees what of it, and what operators do."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from review_app.templatetags import run_words
from tests import families, flows
from tests.factories import make_run, run_steps
from workflows_app.engine import StartEvent, StopEvent, Workflow, step
from workflows_app.models import (
    Delivery,
    InputRequest,
    Message,
    Receiver,
    Run,
    RunEvent,
    Source,
)
from workflows_app.runtime.handler import Answer, Handler

pytestmark = pytest.mark.django_db

SignedIn = Callable[[User], Client]


@step
def refuse(ctx: object, ev: StartEvent) -> StopEvent:
    """Fail."""
    raise ValueError("The card was <b>declined</b>")


broken = Workflow("broken-run", [refuse])


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


def _answer(run: Run, user: User, reason: str = "") -> None:
    asked = InputRequest.objects.filter(run=run).earliest("id")
    answer = Answer(
        value={"amount": 5},
        outcome="approve",
        reason=reason,
        user=user,
        door="browser",
        undo=0,
    )
    Handler(run.pk).respond(asked.request_id, answer)
    run_steps(run.pk)


# The page


def test_a_run_says_in_words_how_it_stands(
    ada: User, signed_in: SignedIn, run: Run
) -> None:
    page = _page(signed_in(ada), run)
    assert "Waiting for a person (1 open)" in page
    assert run.short_id in page
    assert f'data-live-topics="run:{run.pk}@{run.last_number},queue"' in page


def test_a_question_for_me_leads_to_its_decision(
    ada: User, signed_in: SignedIn, run: Run
) -> None:
    page = _page(signed_in(ada), run)
    asked = InputRequest.objects.get(run=run)
    assert "Needs you:" in page
    assert f'href="/requests/{asked.pk}/"' in page


def test_all_open_questions_are_shown_also_those_of_others(
    olga: User, signed_in: SignedIn
) -> None:
    page = _page(signed_in(olga), make_run(flows.two_branches))
    assert page.count("Waits for somebody else:") == 2
    assert "Needs you:" not in page


def test_the_timeline_tells_who_decided_and_through_which_door(
    ada: User, signed_in: SignedIn, run: Run
) -> None:
    _answer(run, ada, reason="Looks right")
    page = _page(signed_in(ada), run)
    assert "<b>ada</b> approved from the browser" in page
    assert "Looks right" in page
    assert "The run completed" in page


def test_a_long_wait_is_one_line_with_its_length(
    ada: User, signed_in: SignedIn, run: Run
) -> None:
    _answer(run, ada)
    began = run.created_at - timedelta(hours=2, minutes=45)
    RunEvent.objects.filter(run=run, number__lte=run.last_number).update(at=began)
    assert "waiting 2 h 45 min" in _page(signed_in(ada), run)


def test_an_error_is_told_with_its_message_and_its_traceback(
    olga: User, signed_in: SignedIn
) -> None:
    page = _page(signed_in(olga), make_run(broken))
    assert "<code>ValueError</code>" in page
    assert "The card was &lt;b&gt;declined&lt;/b&gt;" in page
    assert "Traceback" in page
    assert "<b>declined" not in page


def test_every_kind_of_line_has_its_own_words() -> None:
    engine = Path(run_words.__file__).parents[2] / "workflows_app" / "engine"
    source = "".join(path.read_text() for path in engine.rglob("*.py"))
    kinds = set(re.findall(r'publish(?:_call)?\(\s*"(\w+)"', source))
    kinds |= set(re.findall(r'_tell\(work, "(\w+)"', source))
    kinds |= {f"run_{status}" for status in re.findall(r'finish\(\s*"(\w+)"', source)}
    pages = Path("templates/review")
    names = ("_event_sentence.html", "_event_of_people.html")
    sentences = "".join((pages / name).read_text() for name in names)
    told = set(re.findall(r'line\.kind == "(\w+)"', sentences))
    assert kinds
    assert kinds <= told
    assert told == set(run_words.EVENTS)


def test_a_kind_of_line_that_nobody_knows_is_told_by_its_name(
    olga: User, signed_in: SignedIn, run: Run
) -> None:
    RunEvent.objects.filter(run=run, number=1).update(kind="moon_rose")
    assert "<code>moon_rose</code>" in _page(signed_in(olga), run)


# The tabs


def test_input_and_result_are_shown_as_trees(
    ada: User, signed_in: SignedIn, run: Run
) -> None:
    assert "Refund order 1042" in _page(signed_in(ada), run, "?tab=data")
    _answer(run, ada)
    page = _page(signed_in(ada), run, "?tab=data")
    assert "<h2>Result</h2>" in page
    assert "approve" in page


def test_the_values_that_the_steps_keep_are_shown(
    ada: User, signed_in: SignedIn, run: Run
) -> None:
    page = _page(signed_in(ada), run, "?tab=state")
    assert "<code>subject</code>" in page
    assert "Refund order 1042" in page


def test_deliveries_tell_how_often_and_how_much_was_received(
    ada: User, signed_in: SignedIn, run: Run
) -> None:
    source = Source.objects.create(name="shop", secrets=["x"], workflow="approval")
    Delivery.objects.create(
        source=source,
        delivery_id="evt-7",
        body=b"x" * 2048,
        body_digest="d",
        run=run,
        times_received=3,
    )
    page = _page(signed_in(ada), run, "?tab=deliveries")
    for told in ("shop", "evt-7", "<td>started a run</td>", "<td>3</td>", "2.0\xa0KB"):
        assert told in page


def test_callbacks_tell_their_attempts_and_the_last_reply(
    ada: User, signed_in: SignedIn, run: Run
) -> None:
    receiver = Receiver.objects.create(
        name="crm", url="https://crm.example/", secret="whsec_x"
    )
    callback = Message.objects.create(
        run=run,
        receiver=receiver,
        kind="run.completed",
        body="{}",
        status="failed",
        attempts=7,
        last_reply="503 <Unavailable>",
    )
    page = _page(signed_in(ada), run, "?tab=messages")
    for told in (
        "crm",
        "Failed",
        "<td>7</td>",
        callback.idempotency_key,
        "503 &lt;Unavailable&gt;",
    ):
        assert told in page


@pytest.mark.parametrize(
    ("tab", "told"),
    [
        ("deliveries", "No webhook belongs to this run."),
        ("messages", "Nobody was told of this run."),
        ("state", "No values"),
        ("nonsense", "What happened"),
    ],
)
def test_an_empty_tab_says_so(
    olga: User, signed_in: SignedIn, tab: str, told: str
) -> None:
    assert told in _page(signed_in(olga), make_run(broken), f"?tab={tab}")


# What operators do


def test_an_operator_pauses_a_run_and_lets_it_go_on(
    olga: User, signed_in: SignedIn, run: Run
) -> None:
    client = signed_in(olga)
    response = client.post(f"/runs/{run.pk}/pause/")
    assert (response.status_code, response.headers["Location"]) == (
        303,
        f"/runs/{run.pk}/",
    )
    page = _page(client, run)
    assert 'id="resume"' in page
    assert "<b>olga</b> paused the run" in page
    client.post(f"/runs/{run.pk}/resume/")
    assert 'id="pause"' in _page(client, run)
    assert not Run.objects.get(pk=run.pk).paused


def test_an_abort_is_confirmed_and_keeps_its_reason(
    olga: User, signed_in: SignedIn, run: Run
) -> None:
    client = signed_in(olga)
    page = client.get(f"/runs/{run.pk}/abort/").content.decode()
    assert "1 open request will be withdrawn" in page
    assert Run.objects.get(pk=run.pk).status == "waiting"
    client.post(f"/runs/{run.pk}/abort/", {"reason": "Sent \0twice"})
    page = _page(client, run)
    assert "<b>olga aborted the run</b>" in page
    assert "Sent twice" in page


def test_who_started_a_run_may_stop_it(
    person: Callable[..., User], signed_in: SignedIn
) -> None:
    mia = person("mia")
    run = make_run(user=mia)
    assert signed_in(mia).post(f"/runs/{run.pk}/pause/").status_code == 303


def test_buttons_that_cannot_work_are_off_and_say_why(
    ada: User, olga: User, signed_in: SignedIn, run: Run
) -> None:
    page = _page(signed_in(ada), run)
    for key, why in [("pause", "rights"), ("abort", "rights"), ("retry", "not-over")]:
        off = f'id="{key}" type="button" disabled aria-describedby="why-not-{why}"'
        assert off in page
        assert page.count(f'id="why-not-{why}"') == 1
    assert "<b>Pause…, Abort…</b> Only operators, and who started the run" in page
    Handler(run.pk).abort()
    page = _page(signed_in(olga), run)
    assert 'id="abort" type="button" disabled' in page
    assert "The run is over: aborted." in page
    assert f'id="retry" href="/runs/{run.pk}/retry/"' in page


def test_a_run_that_works_for_another_is_not_retried_alone(
    olga: User, signed_in: SignedIn
) -> None:
    child = Run.objects.get(parent=make_run(families.parent))
    Handler(child.pk).abort()
    assert "It works for another run: go on from a point of that." in _page(
        signed_in(olga), child
    )


def test_the_head_is_drawn_anew_for_each_reader(
    ada: User, olga: User, signed_in: SignedIn, run: Run
) -> None:
    address, headers = f"/runs/{run.pk}/", {"HX-Request": "true"}
    mine = signed_in(ada).get(address, headers=headers).content.decode()
    other = signed_in(olga).get(address, headers=headers).content.decode()
    assert "Needs you:" in mine
    assert "Needs you:" not in other
    assert "<html" not in mine


# Who may not


@pytest.mark.parametrize(
    "path",
    [
        "",
        "events/",
        "events/?line=1",
        "lines/",
        "events.csv",
        "events.jsonl",
        "graph/",
        "abort/",
        "pause/",
        "retry/",
        "restart/",
        "snapshots/now/",
        "snapshots/compare/",
    ],
)
def test_a_run_that_one_may_not_see_is_not_there(
    eve: User, signed_in: SignedIn, run: Run, path: str
) -> None:
    assert signed_in(eve).get(f"/runs/{run.pk}/{path}").status_code == 404


@pytest.mark.parametrize("verb", ["pause", "resume", "abort", "restart", "secrets"])
def test_a_reviewer_does_not_operate(
    ada: User, signed_in: SignedIn, run: Run, verb: str
) -> None:
    assert signed_in(ada).post(f"/runs/{run.pk}/{verb}/").status_code == 404
    assert Run.objects.get(pk=run.pk).status == "waiting"


@pytest.mark.parametrize("path", ["pause/", "abort/", "retry/", "restart/"])
def test_a_reviewer_is_not_even_asked(
    ada: User, signed_in: SignedIn, run: Run, path: str
) -> None:
    assert signed_in(ada).get(f"/runs/{run.pk}/{path}").status_code == 404


def test_nothing_is_done_by_looking(olga: User, signed_in: SignedIn, run: Run) -> None:
    client, snapshot = signed_in(olga), run.snapshots.get()
    before = Run.objects.count()
    for verb in ("pause", "abort", "retry", "restart"):
        assert client.get(f"/runs/{run.pk}/{verb}/").status_code == 200
    for verb in ("resume", "fork"):
        address = f"/runs/{run.pk}/snapshots/{snapshot.pk}/{verb}/"
        assert client.get(address).status_code == 200
    for verb in ("resume", "secrets"):
        assert client.get(f"/runs/{run.pk}/{verb}/").status_code == 405
    untouched = Run.objects.get(pk=run.pk)
    assert (untouched.revision, untouched.paused) == (run.revision, False)
    assert Run.objects.count() == before


def test_nothing_is_done_for_another_site(olga: User, run: Run) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(olga)
    assert client.post(f"/runs/{run.pk}/abort/").status_code == 403


def test_who_is_not_signed_in_signs_in_first(run: Run) -> None:
    response = Client().get(f"/runs/{run.pk}/")
    assert response.headers["Location"] == f"/login/?next=/runs/{run.pk}/"


# What is too late


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_a_run_that_is_over_is_told_to_be(
    olga: User, signed_in: SignedIn, run: Run, verb: str
) -> None:
    Handler(run.pk).abort()
    response = signed_in(olga).post(f"/runs/{run.pk}/{verb}/")
    assert response.status_code == 409
    assert "nothing can be done with it any more" in response.content.decode()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0004, "0 ms"),
        (0.42, "420 ms"),
        (4.21, "4.2 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (9912, "2 h 45 min"),
        (86_400, "1 d"),
        (90_061, "1 d 1 h"),
        (86_460, "1 d"),
        (-1, "0 ms"),
    ],
)
def test_lengths_of_time_are_told_in_two_units(seconds: float, words: str) -> None:
    assert run_words.duration(seconds) == words
