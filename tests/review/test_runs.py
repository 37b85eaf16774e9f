"""The pages of runs: who sees what of them, and what operators do."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from review_app.templatetags import run_words
from tests import flows
from tests.factories import make_run, run_steps
from workflows_app.engine import StartEvent, StopEvent, Workflow, step
from workflows_app.engine.snapshot import Snapshot
from workflows_app.models import (
    Callback,
    Delivery,
    InputRequest,
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


# The list


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
        ("status=waiting&workflow=broken-run", set()),
        ("workflow=broken-run", {failed.pk}),
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
    with django_assert_max_num_queries(8):
        client.get("/runs/")


def test_a_person_without_rights_sees_an_empty_list(
    eve: User, signed_in: SignedIn, run: Run
) -> None:
    page = signed_in(eve).get("/runs/").content.decode()
    assert "No runs yet" in page
    assert str(run.pk) not in page


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
    assert "2 h 45 min later" in _page(signed_in(ada), run)


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


def test_a_run_with_5000_lines_shows_the_last_500_and_reads_no_others(
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
    numbers = [int(number) for number in re.findall(r'data-number="(\d+)"', page)]
    assert numbers == list(range(4501, 5001))
    earlier = _page(client, run, "?before=4501")
    numbers = [int(number) for number in re.findall(r'data-number="(\d+)"', earlier)]
    assert numbers == list(range(4001, 4501))
    assert 'id="timeline"' not in earlier  # what comes live belongs to the newest lines


@pytest.mark.parametrize("before", ["0", "-5", "x", "9" * 30, "1", "99999"])
def test_an_odd_place_in_the_timeline_is_no_error(
    olga: User, signed_in: SignedIn, run: Run, before: str
) -> None:
    _page(signed_in(olga), run, f"?before={before}")


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
    for told in ("shop", "evt-7", "<td>3</td>", "2.0\xa0KB"):
        assert told in page


def test_callbacks_tell_their_attempts_and_the_last_reply(
    ada: User, signed_in: SignedIn, run: Run
) -> None:
    receiver = Receiver.objects.create(
        name="crm", url="https://crm.example/", secret="whsec_x"
    )
    callback = Callback.objects.create(
        run=run,
        receiver=receiver,
        kind="run.completed",
        body="{}",
        status="failed",
        attempts=7,
        last_reply="503 <Unavailable>",
    )
    page = _page(signed_in(ada), run, "?tab=callbacks")
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
        ("callbacks", "Nobody was told of this run."),
        ("state", "No values"),
        ("nonsense", "What happened"),
    ],
)
def test_an_empty_tab_says_so(
    olga: User, signed_in: SignedIn, tab: str, told: str
) -> None:
    assert told in _page(signed_in(olga), make_run(broken), f"?tab={tab}")


def test_a_snapshot_is_taken_away_as_json_by_operators(
    olga: User, ada: User, signed_in: SignedIn, run: Run
) -> None:
    row = run.snapshots.get()
    address = f"/runs/{run.pk}/snapshots/{row.pk}/"
    assert address in _page(signed_in(olga), run, "?tab=snapshots")
    response = signed_in(olga).get(address)
    assert response.headers["Content-Type"] == "application/json"
    assert "attachment" in response.headers["Content-Disposition"]
    assert Snapshot.load(response.content).run_id == str(run.pk)
    assert address not in _page(signed_in(ada), run, "?tab=snapshots")
    assert signed_in(ada).get(address).status_code == 404


def test_a_snapshot_of_another_run_is_not_found(
    olga: User, signed_in: SignedIn, run: Run
) -> None:
    other = make_run().snapshots.get()
    address = f"/runs/{run.pk}/snapshots/{other.pk}/"
    assert signed_in(olga).get(address).status_code == 404


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
    assert 'id="pause" type="submit" disabled aria-describedby="hindrance"' in page
    assert "Only operators, and who started the run" in page
    Handler(run.pk).abort()
    page = _page(signed_in(olga), run)
    assert 'id="abort" type="button" disabled aria-describedby="hindrance"' in page
    assert "The run is over: Aborted." in page


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


@pytest.mark.parametrize("path", ["", "events/", "events/?line=1", "abort/"])
def test_a_run_that_one_may_not_see_is_not_there(
    eve: User, signed_in: SignedIn, run: Run, path: str
) -> None:
    assert signed_in(eve).get(f"/runs/{run.pk}/{path}").status_code == 404


@pytest.mark.parametrize("verb", ["pause", "resume", "abort"])
def test_a_reviewer_does_not_operate(
    ada: User, signed_in: SignedIn, run: Run, verb: str
) -> None:
    assert signed_in(ada).post(f"/runs/{run.pk}/{verb}/").status_code == 404
    assert Run.objects.get(pk=run.pk).status == "waiting"


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_nothing_is_done_by_looking(
    olga: User, signed_in: SignedIn, run: Run, verb: str
) -> None:
    assert signed_in(olga).get(f"/runs/{run.pk}/{verb}/").status_code == 405


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


# Without a socket


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
