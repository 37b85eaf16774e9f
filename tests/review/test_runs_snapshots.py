"""Snapshots of runs: compared, taken away, gone on from; and retries."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils.html import strip_tags

from review_app.run.compare import LARGEST, TooLargeError, compare
from tests import families
from tests.factories import make_run, run_steps, start_run
from workflows_app.engine import (
    Context,
    InputRequestEvent,
    InputResponseEvent,
    StartEvent,
    StopEvent,
    Workflow,
    step,
    values,
)
from workflows_app.engine.emission import as_request
from workflows_app.engine.snapshot import Snapshot
from workflows_app.models import Definition, InputRequest, Run, RunEvent
from workflows_app.models import Snapshot as Row
from workflows_app.runtime import external
from workflows_app.runtime.handler import Answer, Handler
from workflows_app.shown.redaction import MASK, Redactor

pytestmark = pytest.mark.django_db(transaction=True)

SignedIn = Callable[[User], Client]


class Order(StartEvent):
    """What is to be paid back."""

    number: int = 7


@step
def ask(ctx: Context, ev: Order) -> InputRequestEvent:
    """Ask before the money goes."""
    ctx.state.update(order={"number": ev.number, "paid": None}, api_key="k-1")
    return InputRequestEvent("pay", "Pay?", subject="Pay order 7", choices=["yes"])


@step
def pay(ctx: Context, ev: InputResponseEvent) -> StopEvent:
    """Pay, which fails."""
    ctx.state.set("order", {"number": 7, "paid": True})
    raise ValueError("No money left.")


paying = Workflow("paying", [ask, pay])


@pytest.fixture
def run(ada: User) -> Run:
    """Waits for a reviewer."""
    return make_run(subject="Refund order 1042")


@pytest.fixture
def failed(ada: User) -> Run:
    """Asked, was paused and resumed, was answered, and failed."""
    run = make_run(paying)
    Handler(run.pk).pause(actor="olga")
    Handler(run.pk).resume_in_place(actor="olga")
    asked = InputRequest.objects.get(run=run)
    answer = Answer(outcome="yes", user=ada, door="browser", undo=0)
    Handler(run.pk).respond(asked.request_id, answer)
    return run_steps(run.pk)


def _page(client: Client, run: Run, path: str = "?tab=snapshots") -> str:
    response = client.get(f"/runs/{run.pk}/{path}")
    assert response.status_code == 200
    return response.content.decode()


def _told(page: str) -> str:
    """The words of a page, without its tags."""
    return " ".join(unescape(strip_tags(page)).split())


def _of(run: Run, cause: str) -> Row:
    return run.snapshots.get(cause=cause)


# The list


def test_snapshots_tell_when_why_and_how_much(
    olga: User, signed_in: SignedIn, failed: Run
) -> None:
    told = _told(_page(signed_in(olga), failed))
    for word in ("The run failed", "An operator paused the run", "bytes", "code 1"):
        assert word in told
    assert "Snapshots 3" in told


def test_what_cannot_be_done_with_a_snapshot_is_off_and_says_why(
    olga: User, signed_in: SignedIn, failed: Run
) -> None:
    page = _page(signed_in(olga), failed)
    end, waiting = _of(failed, "failed"), _of(failed, "waiting")
    assert (
        f'id="fork-{end.pk}" type="button" disabled aria-describedby="why-end"' in page
    )
    assert f'id="fork-{waiting.pk}" href=' in page
    assert f'id="resume-{waiting.pk}" type="button" disabled' in page
    assert page.count('id="why-past"') == 1
    assert "From a copy of the end, nothing can go on." in page


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


def test_the_run_of_now_is_taken_away_as_json(
    olga: User, ada: User, signed_in: SignedIn, run: Run
) -> None:
    Row.objects.all().delete()
    response = signed_in(olga).get(f"/runs/{run.pk}/snapshots/now/")
    assert Snapshot.load(response.content).run_id == str(run.pk)
    assert signed_in(ada).get(f"/runs/{run.pk}/snapshots/now/").status_code == 404


# Compared


def _compare(client: Client, run: Run, a: Row, b: Row) -> str:
    return _page(client, run, f"snapshots/compare/?a={a.pk}&b={b.pk}")


def test_two_snapshots_are_compared_place_by_place(
    olga: User, signed_in: SignedIn, failed: Run
) -> None:
    row = _of(failed, "failed")
    row.values = row.values.replace('\\"paid\\":null', '\\"paid\\":true')
    row.save()
    told = _told(_compare(signed_in(olga), failed, row, _of(failed, "waiting")))
    assert "state › order › paid" in told  # noqa: RUF001
    assert "engine › status" in told  # noqa: RUF001
    assert "api_key" not in told


def test_the_older_snapshot_comes_first_whatever_was_chosen(
    olga: User, signed_in: SignedIn, failed: Run
) -> None:
    first, last = _of(failed, "waiting"), _of(failed, "failed")
    client = signed_in(olga)
    pages = {
        _told(_compare(client, failed, *pair))
        for pair in [(first, last), (last, first)]
    }
    assert len(pages) == 1
    assert f"From event {first.number} to event {last.number}" in pages.pop()


def test_a_snapshot_is_the_same_as_itself(
    olga: User, signed_in: SignedIn, failed: Run
) -> None:
    row = _of(failed, "waiting")
    assert "They are the same" in _compare(signed_in(olga), failed, row, row)


def _row(state: str = "{}", **kept: object) -> Row:
    parts = {k: {"text": values.dump(v), "version": 1} for k, v in kept.items()}
    return Row(state=state, values=values.dump(parts))


def test_exact_values_are_compared_as_what_they_are() -> None:
    before = _row(tags={1, 2}, gone=1, same="x", list=[1, 2, 3])
    after = _row(tags={2, 3}, new=None, same="x", list=[1, 3])
    found = {(c.path, c.kind) for c in compare(before, after, Redactor())}
    assert found == {
        (("state", "gone"), "removed"),
        (("state", "new"), "added"),
        (("state", "list", "1"), "removed"),
        (("state", "tags"), "added"),
        (("state", "tags"), "removed"),
    }


def test_that_a_secret_changed_is_seen_and_what_it_is_is_not() -> None:
    before, after = _row(password="a", at={"token": ["x"]}), _row(password="b", at={})
    changes = compare(before, after, Redactor())
    assert [change.path[-1] for change in changes] == ["token", "password"]
    assert [change.before for change in changes] == [[MASK], MASK]
    assert [change.after for change in changes] == [None, MASK]


def test_what_was_asked_is_compared_as_the_engine_has_it() -> None:
    asked = values.dump({"requests": {"q": {"shown": '{"subject":"A"}'}}})
    later = values.dump({"requests": {"q": {"shown": '{"subject":"B"}'}}})
    (change,) = compare(_row(asked), _row(later), Redactor())
    assert change.path == ("engine", "requests", "q", "shown", "subject")
    assert (change.before, change.after) == ("A", "B")


def test_only_what_differs_counts_as_large(
    olga: User, signed_in: SignedIn, failed: Run
) -> None:
    large = "x" * (LARGEST + 1)
    assert compare(_row(a=large, b=1), _row(a=large, b=2), Redactor())
    with pytest.raises(TooLargeError):
        compare(_row(a=large), _row(a=large + "y"), Redactor())
    row = _of(failed, "failed")
    row.values = values.dump({"a": {"text": values.dump(large), "version": 1}})
    row.save()
    page = _compare(signed_in(olga), failed, row, _of(failed, "waiting"))
    assert "too large to be compared" in page


@pytest.mark.parametrize(
    "query", ["", "?a=x&b=y", "?a=01a215a0-0000-7000-8000-000000000000"]
)
def test_odd_snapshots_are_not_there(
    olga: User, signed_in: SignedIn, run: Run, query: str
) -> None:
    response = signed_in(olga).get(f"/runs/{run.pk}/snapshots/compare/{query}")
    assert response.status_code == 404


def test_a_reviewer_compares_nothing(
    ada: User, signed_in: SignedIn, failed: Run
) -> None:
    row = _of(failed, "waiting")
    address = f"/runs/{failed.pk}/snapshots/compare/?a={row.pk}&b={row.pk}"
    assert signed_in(ada).get(address).status_code == 404


# Gone on from


def test_a_fork_says_first_what_will_run_and_be_asked_again(
    olga: User, signed_in: SignedIn, failed: Run
) -> None:
    row = _of(failed, "waiting")
    told = _told(_page(signed_in(olga), failed, f"snapshots/{row.pk}/fork/"))
    assert "Pay order 7, by ask: asked again, although ada chose “yes”" in told
    assert "pay has run 1 time since" in told
    assert Run.objects.count() == 1


def test_steps_that_have_run_since_are_told_to_run_again(
    ada: User, olga: User, signed_in: SignedIn, run: Run
) -> None:
    asked = InputRequest.objects.get(run=run)
    answer = Answer(value={"amount": 5}, outcome="approve", user=ada, undo=0)
    Handler(run.pk).respond(asked.request_id, answer)
    run_steps(run.pk)
    row = _of(run, "waiting")
    told = _told(_page(signed_in(olga), run, f"snapshots/{row.pk}/fork/"))
    assert "decide has run 1 time since" in told


def test_a_fork_of_a_run_that_goes_on_warns_that_both_do(
    olga: User, signed_in: SignedIn, run: Run
) -> None:
    row = _of(run, "waiting")
    told = _told(_page(signed_in(olga), run, f"snapshots/{row.pk}/fork/"))
    assert "This run goes on as well" in told
    assert "No step has run since." in told


def test_a_fork_is_another_run_that_says_who_let_it_go_on(
    olga: User, signed_in: SignedIn, failed: Run
) -> None:
    client, row = signed_in(olga), _of(failed, "waiting")
    response = client.post(f"/runs/{failed.pk}/snapshots/{row.pk}/fork/")
    fork = Run.objects.exclude(pk=failed.pk).get()
    assert (response.status_code, response.headers["Location"]) == (
        303,
        f"/runs/{fork.pk}/",
    )
    assert (fork.status, fork.forked_from) == ("waiting", failed.pk)
    assert RunEvent.objects.filter(run=fork).latest("number").actor == "olga"
    page = _page(client, fork, "")
    assert f'<a href="/runs/{failed.pk}/">run {failed.short_id}</a>' in page
    assert f"goes on from a snapshot of run {failed.short_id}" in _told(page)
    assert "olga let the run go on" in _told(page)
    assert Run.objects.get(pk=failed.pk).revision == failed.revision


def test_a_run_resumes_from_the_snapshot_at_which_it_is_paused(
    olga: User, signed_in: SignedIn, run: Run
) -> None:
    Handler(run.pk).pause(actor="olga")
    client, row = signed_in(olga), _of(run, "paused")
    assert f'id="resume-{row.pk}" href=' in _page(client, run)
    address = f"snapshots/{row.pk}/resume/"
    assert "still open" in _told(_page(client, run, address))
    response = client.post(f"/runs/{run.pk}/{address}")
    assert response.headers["Location"] == f"/runs/{run.pk}/"
    assert not Run.objects.get(pk=run.pk).paused


@pytest.mark.parametrize(
    ("cause", "refused"),
    [
        ("waiting", ("resume", "from an older one")),
        ("failed", ("fork", "From a copy of the end")),
    ],
)
def test_what_cannot_go_on_is_refused_also_when_it_is_sent(
    olga: User, signed_in: SignedIn, failed: Run, cause: str, refused: tuple[str, str]
) -> None:
    verb, why = refused
    address = f"/runs/{failed.pk}/snapshots/{_of(failed, cause).pk}/{verb}/"
    response = signed_in(olga).post(address)
    assert response.status_code == 409
    assert why in response.content.decode()
    assert Run.objects.count() == 1


def test_a_snapshot_whose_workflow_lacks_a_step_by_now_is_refused_in_words(
    olga: User, signed_in: SignedIn, failed: Run
) -> None:
    row = _of(failed, "waiting")
    Run.objects.filter(pk=failed.pk).update(workflow="gone")
    response = signed_in(olga).post(f"/runs/{failed.pk}/snapshots/{row.pk}/fork/")
    assert response.status_code == 409
    assert "There is no workflow" in response.content.decode()


@pytest.mark.parametrize("verb", ["resume", "fork"])
def test_a_reviewer_lets_nothing_go_on(
    ada: User, signed_in: SignedIn, failed: Run, verb: str
) -> None:
    address = f"/runs/{failed.pk}/snapshots/{_of(failed, 'waiting').pk}/{verb}/"
    client = signed_in(ada)
    assert client.get(address).status_code == 404
    assert client.post(address).status_code == 404
    assert Run.objects.count() == 1


def test_who_started_a_run_may_fork_it(eve: User, signed_in: SignedIn) -> None:
    run = make_run(user=eve)
    row = _of(run, "waiting")
    signed_in(eve).post(f"/runs/{run.pk}/snapshots/{row.pk}/fork/")
    assert Run.objects.exclude(pk=run.pk).get().started_by == eve


def test_a_run_that_works_for_another_is_not_forked_alone(
    olga: User, signed_in: SignedIn
) -> None:
    child = Run.objects.get(parent=make_run(families.parent))
    row = child.snapshots.latest("id")
    response = signed_in(olga).post(f"/runs/{child.pk}/snapshots/{row.pk}/fork/")
    assert response.status_code == 409


# Retried


def test_a_retry_offers_the_snapshots_before_the_end_and_the_beginning(
    olga: User, signed_in: SignedIn, failed: Run
) -> None:
    page = _page(signed_in(olga), failed, "retry/")
    offered = re.findall(r'id="from-([0-9a-f-]{36})"', page)
    assert offered == [str(_of(failed, cause).pk) for cause in ("paused", "waiting")]
    assert f'id="from-start" href="/runs/{failed.pk}/restart/"' in page


def test_a_run_that_never_waited_can_only_begin_again(
    olga: User, signed_in: SignedIn
) -> None:
    run = Run.objects.get(pk=start_run())
    Handler(run.pk).abort()
    told = _told(_page(signed_in(olga), run, "retry/"))
    assert "The beginning" in told
    assert "no snapshot from before its end" in told


def test_a_retry_from_the_beginning_is_asked_then_done(
    olga: User, signed_in: SignedIn, failed: Run
) -> None:
    client = signed_in(olga)
    assert "Every step runs again" in _page(client, failed, "restart/")
    response = client.post(f"/runs/{failed.pk}/restart/")
    again = Run.objects.exclude(pk=failed.pk).get()
    assert response.headers["Location"] == f"/runs/{again.pk}/"
    assert (again.input, again.forked_from) == (failed.input, failed.pk)
    page = _told(_page(client, again, ""))
    assert f"begins again with the input of run {failed.short_id}" in page


def test_another_version_is_named_before_a_run_begins_again_in_it(
    olga: User, signed_in: SignedIn, failed: Run
) -> None:
    older = Definition.objects.get(pk=failed.definition_id)
    older.digest = "0" * 64
    older.save(force_insert=True)
    Run.objects.filter(pk=failed.pk).update(definition=older)
    told = _told(_page(signed_in(olga), failed, "restart/"))
    assert "which is not the version of this run" in told


def test_a_run_that_is_not_over_is_not_retried(
    olga: User, signed_in: SignedIn, run: Run
) -> None:
    client = signed_in(olga)
    assert "The run is not over" in _page(client, run, "retry/")
    assert client.post(f"/runs/{run.pk}/restart/").status_code == 409
    assert Run.objects.count() == 1


def test_a_question_from_elsewhere_is_not_retried(
    olga: User, signed_in: SignedIn
) -> None:
    pk = external.ask(as_request(InputRequestEvent("q", "Yes?")))
    Handler(pk).abort()
    told = _told(_page(signed_in(olga), Run.objects.get(pk=pk), ""))
    assert "It came from elsewhere" in told


def test_a_workflow_that_is_gone_refuses_a_retry_in_words(
    olga: User, signed_in: SignedIn, failed: Run
) -> None:
    Run.objects.filter(pk=failed.pk).update(workflow="gone")
    response = signed_in(olga).post(f"/runs/{failed.pk}/restart/")
    assert response.status_code == 409
    assert "There is no workflow" in response.content.decode()
