"""Runs by the API: start, see, steer."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from tests.factories import let_pass, make_request, make_run, run_steps, start_run
from tests.flows import approval, billing, two_branches
from tests.journeys.house import wait_for
from workflows_app.engine import Context, StartEvent, StopEvent, Workflow, step, values
from workflows_app.models import Run, RunEvent, Scope, Snapshot, Worker
from workflows_app.runtime.definitions import publish
from workflows_app.runtime.handler import Handler
from workflows_app.runtime.snapshots import taking

from .conftest import Program

pytestmark = pytest.mark.django_db
Programs = Callable[..., Program]


@step
def echo(ctx: Context, ev: StartEvent) -> StopEvent:
    """End with what came."""
    return StopEvent(result=ev.to_dict())


echoing = Workflow("echoing", [echo])


@pytest.fixture
def offered(db: None) -> None:
    """Some worker offers two workflows."""
    publish(approval.definition)
    publish(echoing.definition)


def error(reply: Any) -> tuple[int, str]:
    return reply.status_code, reply.json()["error"]["code"]


@pytest.mark.usefixtures("offered")
def test_a_program_starts_a_run(ada: User, program: Programs) -> None:
    reply = program(ada).post(
        "/runs",
        {
            "workflow": "approval",
            "input": {"subject": "Ship it?"},
            "tags": {"order": "7"},
            "groups": ["sales"],
            "priority": 3,
        },
    )

    run = Run.objects.get()
    assert reply.status_code == 201
    assert reply.json()["id"] == str(run.pk)
    assert reply.json()["input"] == {"subject": "Ship it?"}
    assert (run.started_by, run.tags, run.priority) == (ada, {"order": "7"}, 3)
    assert run.groups == ["sales"]
    assert run.token is not None
    assert run.token.user == ada


@pytest.mark.usefixtures("offered")
def test_exact_values_come_back_as_they_were_sent(ada: User, program: Programs) -> None:
    sent = {
        "big": 2**70,
        "minus": -0.0,
        "nul": "a\0b",
        "order": {"z": 1, "a": [None, True]},
        "tag": {"$type": "decimal", "value": "1"},
    }
    ours = program(ada)
    run_id = ours.post("/runs", {"workflow": "echoing", "input": sent}).json()["id"]

    run_steps(run_id)

    result = ours.get(f"/runs/{run_id}").json()["result"]
    assert str(result["minus"]) == "-0.0"
    assert list(result["order"]) == ["z", "a"]
    tagged = {"$type": "dict", "value": [["$type", "decimal"], ["value", "1"]]}
    assert result == {**sent, "tag": tagged}
    assert values.load(Run.objects.get().result or "") == sent


@pytest.mark.usefixtures("offered")
@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"workflow": "nothing"}, (404, "not_found")),
        ({"workflow": "external"}, (404, "not_found")),
        ({"workflow": "approval", "input": {"subject": 7}}, (400, "invalid_input")),
        ({"workflow": "approval", "input": {"x": 7}}, (400, "invalid_input")),
        ({"workflow": "approval", "input": []}, (400, "invalid_input")),
        ({"workflow": "approval", "tags": {"a": 1}}, (400, "invalid_input")),
        ({"workflow": "approval", "tags": {"": "1"}}, (400, "invalid_input")),
        ({"workflow": "approval", "groups": ["x" * 151]}, (400, "invalid_input")),
        ({"workflow": "approval", "priority": 2**40}, (400, "invalid_input")),
        ({"workflow": "approval", "priority": "1"}, (400, "invalid_input")),
        ({"workflow": "approval", "not_before": "soon"}, (400, "invalid_input")),
        ({"workflow": "approval", "not_before": 5}, (400, "invalid_input")),
        ({"workflow": "approval", "status": "completed"}, (400, "invalid_input")),
        ({"workflow": "approval", "started_by": "bob"}, (400, "invalid_input")),
        ({}, (400, "invalid_input")),
        ([], (400, "invalid_input")),
    ],
)
def test_what_cannot_be_started_starts_nothing(
    ada: User, program: Programs, body: Any, refusal: tuple[int, str]
) -> None:
    assert error(program(ada).post("/runs", body)) == refusal
    assert not Run.objects.exists()


@pytest.mark.usefixtures("offered")
def test_a_token_starts_nothing_that_its_person_may_not(
    eve: User, program: Programs
) -> None:
    assert error(program(eve).post("/runs", {"workflow": "approval"}))[0] == 404
    assert error(program(eve).get("/workflows"))[0] == 404


@pytest.mark.usefixtures("offered")
def test_it_tells_what_can_be_started(ada: User, program: Programs) -> None:
    items = program(ada).get("/workflows").json()["items"]

    assert [item["name"] for item in items] == ["approval", "echoing"]
    assert items[0]["input_schema"]["properties"].keys() == {"subject", "groups"}


def test_runs_are_listed_page_by_page(ada: User, program: Programs) -> None:
    made = [str(start_run(user=ada)) for _ in range(5)]
    ours, seen, cursor = program(ada), [], ""

    for _ in range(3):
        page = ours.get("/runs", limit=2, cursor=cursor).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]

    assert seen == made[::-1]
    assert cursor is None


def test_runs_are_found_by_status_workflow_and_tags(
    ada: User, program: Programs
) -> None:
    waiting = make_run()
    running = start_run(two_branches, user=ada)
    Run.objects.filter(pk=running).update(tags={"order": "7", "eu": "yes"})
    ours = program(ada)

    def found(**query: Any) -> list[str]:
        return [item["id"] for item in ours.get("/runs", **query).json()["items"]]

    assert found(status="waiting") == [str(waiting.pk)]
    assert found(workflow="two-branches") == [str(running)]
    assert found(tag=["order=7", "eu"]) == [str(running)]
    assert found(tag=["order=*"]) == [str(running)]
    assert found(tag=["order=7", "eu=no"]) == []
    Handler(waiting.pk).hold()
    assert found(status="paused") == [str(waiting.pk)]


def test_runs_are_found_by_who_started_them_when_and_whether_they_are_stuck(
    ada: User, olga: User, program: Programs
) -> None:
    hers, theirs = start_run(user=ada), start_run()
    let_pass(theirs, 4000)
    Run.objects.filter(pk=hers).update(created_at="2026-03-01T12:00:00Z")

    def found(**query: Any) -> list[str]:
        items = program(olga).get("/runs", **query).json()["items"]
        return [item["id"] for item in items]

    assert found(by="ada") == [str(hers)]
    assert found(by="me") == []
    assert found(by="program") == found(stuck="true") == [str(theirs)]
    assert found(since="2026-03-01", until="2026-03-01") == [str(hers)]
    assert found(until="2026-02-28") == []
    assert program(ada).get("/runs", by="program").json()["items"] == []


@pytest.mark.parametrize(
    "query",
    [
        {"state": "waiting"},
        {"since": "9999-12-31"},
        {"since": "0"},
        {"stuck": "perhaps"},
        {"status": "odd"},
        {"limit": 0},
        {"limit": 201},
        {"cursor": "odd"},
        {"cursor": "MjAyNi0xMS0yNiB4"},
        {"workflow": "a\0b"},
        {"tag": "\0"},
    ],
)
def test_an_odd_list_is_refused(
    ada: User, program: Programs, query: dict[str, Any]
) -> None:
    assert program(ada).get("/runs", **query).status_code == 400


def test_who_started_it_may_pause_resume_and_abort(
    ada: User, program: Programs
) -> None:
    run_id = start_run(user=ada)
    run_steps(run_id)
    ours = program(ada)

    paused = ours.post(f"/runs/{run_id}/pause", {"reason": "lunch"}).json()
    going = ours.post(f"/runs/{run_id}/resume").json()
    aborted = ours.post(f"/runs/{run_id}/abort", {"reason": "wrong one"}).json()

    assert (paused["paused"], going["paused"]) == (True, False)
    assert aborted["status"] == "aborted"
    assert aborted["error"]["reason"] == "wrong one"
    assert aborted["error"]["actor"] == "ada"
    late = ours.post(f"/runs/{run_id}/pause")
    assert error(late) == (409, "run_finished")
    assert late.json()["error"]["details"] == {"status": "aborted"}


def test_who_only_sees_a_run_does_not_steer_it(ada: User, program: Programs) -> None:
    run = make_run()
    ours = program(ada)

    verbs = ["pause", "resume", "abort", "retry", "snapshots"]
    statuses = [ours.post(f"/runs/{run.pk}/{verb}").status_code for verb in verbs]

    assert ours.get(f"/runs/{run.pk}").status_code == 200
    assert ours.get(f"/runs/{run.pk}/snapshots").status_code == 404
    assert statuses == [404] * 5


def test_a_run_is_tried_again_as_another_one(olga: User, program: Programs) -> None:
    publish(approval.definition)
    run = make_run(subject="Once more?")

    reply = program(olga).post(f"/runs/{run.pk}/retry")

    assert reply.status_code == 201
    assert reply.json()["forked_from"] == str(run.pk)
    assert reply.json()["input"] == {"subject": "Once more?"}


def test_snapshots_are_taken_handed_out_forked_and_resumed(
    olga: User, program: Programs
) -> None:
    run = make_run()
    ours = program(olga)

    taken = ours.post(f"/runs/{run.pk}/snapshots")
    listed = ours.get(f"/runs/{run.pk}/snapshots").json()["items"]
    text = ours.get(f"/snapshots/{taken.json()['id']}").json()
    forked = ours.post(f"/snapshots/{taken.json()['id']}/fork", {"paused": True})
    Run.objects.filter(pk=run.pk).delete()
    resumed = ours.post("/snapshots/resume", {"snapshot": text})

    assert (taken.status_code, taken.json()["cause"]) == (201, "asked")
    assert [item["cause"] for item in listed] == ["asked", "waiting"]
    assert text["run_id"] == str(run.pk)
    assert (forked.status_code, forked.json()["paused"]) == (201, True)
    assert forked.json()["forked_from"] == str(run.pk)
    assert (resumed.status_code, resumed.json()["id"]) == (200, str(run.pk))
    again = ours.post("/snapshots/resume", {"snapshot": text})
    assert again.json()["id"] == str(run.pk)


def test_two_snapshots_are_compared_whichever_is_named_first(
    ada: User, olga: User, program: Programs
) -> None:
    run, ours = make_run(), program(olga, Scope.OPERATE)
    first, second = (taking.keep(run.pk) for _ in range(2))
    text = '{"subject": {"text": "\\"other\\"", "revision": 1}}'
    Snapshot.objects.filter(pk=second.pk).update(values=text)

    told = ours.get(f"/snapshots/{second.pk}/compare/{first.pk}").json()
    same = ours.get(f"/snapshots/{first.pk}/compare/{first.pk}").json()

    assert told["items"] == [
        {
            "path": ["state", "subject"],
            "kind": "changed",
            "before": "Deploy api 4.2?",
            "after": "other",
        }
    ]
    assert same == {"items": []}


def test_only_snapshots_of_one_run_that_are_not_too_large_are_compared(
    ada: User, olga: User, program: Programs
) -> None:
    run, other = make_run(), make_run()
    mine, theirs = taking.keep(run.pk), taking.keep(other.pk)
    large = taking.keep(run.pk)
    text = '{"subject": {"text": "\\"%s\\"", "revision": 1}}' % ("x" * 300_000)
    Snapshot.objects.filter(pk=large.pk).update(values=text)
    ours = program(olga)

    assert error(ours.get(f"/snapshots/{mine.pk}/compare/{theirs.pk}")) == (
        404,
        "not_found",
    )
    assert error(ours.get(f"/snapshots/{mine.pk}/compare/{large.pk}")) == (
        422,
        "too_large_to_compare",
    )
    unseen = program(ada).get(f"/snapshots/{mine.pk}/compare/{large.pk}")
    assert error(unseen) == (404, "not_found")


@pytest.mark.parametrize(
    ("snapshot", "code"),
    [
        ({}, "snapshot_format"),
        ({"format": "holdpoint/snapshot", "version": 99}, "snapshot_version"),
        ({"format": "holdpoint/snapshot", "version": 1}, "snapshot_format"),
    ],
)
def test_what_is_no_snapshot_of_ours_is_refused(
    olga: User, program: Programs, snapshot: Any, code: str
) -> None:
    reply = program(olga).post("/snapshots/resume", {"snapshot": snapshot})
    assert error(reply) == (400, code)


def test_only_operators_resume_what_comes_from_elsewhere(
    ada: User, program: Programs
) -> None:
    make_run()
    text = {"snapshot": {"format": "holdpoint/snapshot"}}
    assert error(program(ada).post("/snapshots/resume", text)) == (404, "not_found")
    assert Snapshot.objects.count() == 1


def test_events_are_read_from_a_number_on(ada: User, program: Programs) -> None:
    run = make_run()
    ours = program(ada)

    first = ours.get(f"/runs/{run.pk}/events", limit=2).json()
    rest = ours.get(f"/runs/{run.pk}/events", after=first["next"]).json()
    none = ours.get(f"/runs/{run.pk}/events", after=rest["next"], wait=5).json()

    numbers = [line["number"] for line in first["items"] + rest["items"]]
    assert numbers == list(range(1, run.last_number + 1))
    assert first["items"][0]["kind"] == "run_started"
    assert none == {"items": [], "next": run.last_number, "is_over": False}
    Handler(run.pk).abort()
    last = ours.get(f"/runs/{run.pk}/events", after=none["next"]).json()
    assert last["is_over"]


def _all_lines(program: Any) -> Any:
    """What can be read, once nobody's open transaction holds any of it up."""
    page = program.get("/events").json()
    last = {(item["run_id"], item["number"]) for item in page["items"]}
    lines = RunEvent.objects.values_list("run_id", "number")
    return page if {(str(run), number) for run, number in lines} <= last else None


@pytest.mark.django_db(transaction=True)
def test_all_runs_are_followed_by_their_tags(
    ada: User, eve: User, program: Programs
) -> None:
    first, second = start_run(user=ada), start_run(user=ada)
    Run.objects.filter(pk=second).update(tags={"order": "7"})
    ours = program(ada)

    everything = wait_for(lambda: _all_lines(ours))
    tagged = ours.get("/events", tag="order=*").json()
    behind = ours.get("/events", after=everything["items"][0]["cursor"]).json()

    runs = [item["run_id"] for item in everything["items"]]
    assert set(runs) == {str(first), str(second)}
    assert {item["run_id"] for item in tagged["items"]} == {str(second)}
    assert [item["run_id"] for item in behind["items"]] == runs[1:]
    assert program(eve).get("/events").json()["items"] == []
    for cursor in ("odd", f"{'9' * 19}.{'0' * 32}.1", f"{'9' * 18}.{'0' * 32}.1"):
        assert ours.get("/events", after=cursor).status_code == 400


def test_operators_see_workers_and_drain_them(
    olga: User, ada: User, program: Programs
) -> None:
    moment = Run.objects.get(pk=start_run()).created_at
    times = {"started_at": moment, "seen_at": moment}
    worker = Worker.objects.create(host="h1", pid=7, slots=4, busy=1, **times)
    ours = program(olga)

    (before,) = ours.get("/workers").json()["items"]
    after = ours.post(f"/workers/{worker.pk}/drain")

    assert (before["state"], before["busy"], before["slots"]) == ("live", 1, 4)
    assert after.json()["state"] == "draining"
    assert program(ada).get("/workers").status_code == 404
    assert program(ada).post(f"/workers/{worker.pk}/drain").status_code == 404


def test_what_may_be_read_is_not_yet_operated(olga: User, program: Programs) -> None:
    asked = make_request()
    reader = program(olga, Scope.READ)

    assert reader.get(f"/runs/{asked.run_id}").status_code == 200
    assert error(reader.post(f"/runs/{asked.run_id}/abort")) == (403, "missing_scope")
    assert reader.get(f"/runs/{asked.run_id}/snapshots").status_code == 403


# Events from outside


def test_a_program_sends_an_event_into_a_run_that_it_started(
    ada: User, program: Programs
) -> None:
    run_id = start_run(billing, user=ada)
    run_steps(run_id)
    paid = {"type": "Paid", "fields": {"amount": 25}}

    reply = program(ada, Scope.START).post(f"/runs/{run_id}/events", paid)

    assert (reply.status_code, reply.json()["id"]) == (200, str(run_id))
    line = RunEvent.objects.get(run=run_id, kind="event_sent")
    assert (line.actor, line.door) == ("ada", "api")
    assert run_steps(run_id).result == "25"


def test_with_a_key_an_event_arrives_once(ada: User, program: Programs) -> None:
    run_id = start_run(billing, user=ada)
    run_steps(run_id)
    ours, paid = program(ada), {"type": "Paid", "fields": {"amount": 1}}

    first = ours.post(f"/runs/{run_id}/events", paid, key="k")
    again = ours.post(f"/runs/{run_id}/events", paid, key="k")

    assert again.content == first.content
    assert RunEvent.objects.filter(run=run_id, kind="event_sent").count() == 1


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"type": "Settled"}, (422, "no_handler")),
        ({"type": "Nothing"}, (422, "no_handler")),
        ({"type": "StopEvent", "fields": {"result": 1}}, (422, "no_handler")),
        ({"type": "Paid"}, (400, "invalid_input")),
        ({"type": "Paid", "fields": {"amount": "much"}}, (400, "invalid_input")),
        ({"type": "Paid", "fields": []}, (400, "invalid_input")),
        ({"type": ""}, (400, "invalid_input")),
        ({"fields": {}}, (400, "invalid_input")),
    ],
)
def test_an_event_that_does_not_fit_is_refused(
    ada: User, program: Programs, body: Any, told: tuple[int, str]
) -> None:
    run_id = start_run(billing, user=ada)
    run_steps(run_id)

    reply = program(ada).post(f"/runs/{run_id}/events", body)

    assert error(reply) == told
    assert not RunEvent.objects.filter(run=run_id, kind="event_sent").exists()


def test_events_are_for_who_may_operate_the_run(
    ada: User, bob: User, program: Programs
) -> None:
    run_id = start_run(billing, user=bob)
    paid = {"type": "Paid", "fields": {"amount": 25}}

    assert program(ada).post(f"/runs/{run_id}/events", paid).status_code == 404
    read_only = program(bob, Scope.READ).post(f"/runs/{run_id}/events", paid)
    assert error(read_only) == (403, "missing_scope")


def test_a_run_that_has_ended_takes_no_event(ada: User, program: Programs) -> None:
    run_id = start_run(billing, user=ada)
    Handler(run_id).abort()
    paid = {"type": "Paid", "fields": {"amount": 25}}

    reply = program(ada).post(f"/runs/{run_id}/events", paid)

    assert error(reply) == (409, "run_finished")
