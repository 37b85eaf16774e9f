"""The operators' door: what can be seen there, and what can be done."""

from collections.abc import Callable

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import Permission, User
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.factories import make_request, make_run, make_worker
from tests.flows import approval
from workflows_app.engine import Context, StartEvent, StopEvent, Workflow, step
from workflows_app.intake.signatures import sign_github
from workflows_app.intake.sources import receive
from workflows_app.models import (
    Definition,
    Delivery,
    InputRequest,
    InputResponse,
    Message,
    Receiver,
    Run,
    RunEvent,
    RunInbox,
    Snapshot,
    Source,
    Worker,
)
from workflows_app.notify.signing import check_secret, make_secret
from workflows_app.runtime.definitions import publish
from workflows_app.runtime.handler import Answer, Handler

SignIn = Callable[[User], Client]

READ_ONLY = [
    Message,
    Definition,
    Delivery,
    InputRequest,
    InputResponse,
    Run,
    RunEvent,
    RunInbox,
    Snapshot,
    Worker,
]
EDITABLE = [Receiver, Source]
MODELS = [*READ_ONLY, *EDITABLE]


@step
def take(ctx: Context, ev: StartEvent) -> StopEvent:
    """End at once."""
    return StopEvent()


sampled = Workflow("sampled", [take])


@pytest.fixture
def operator(olga: User, signed_in: SignIn) -> Client:
    """Olga's browser, with the rights that operators are given."""
    _permit(olga, "view", *MODELS)
    _permit(olga, "change", *EDITABLE)
    return signed_in(olga)


@pytest.fixture
def source(db: None) -> Source:
    """A source whose workflow some worker offers."""
    publish(sampled.definition)
    return Source.objects.create(
        name="github", secrets=["a secret of some length"], workflow="sampled"
    )


def _permit(user: User, verb: str, *kinds: type[models.Model]) -> None:
    names = [f"{verb}_{kind._meta.model_name}" for kind in kinds]
    user.user_permissions.add(*Permission.objects.filter(codename__in=names))


def _fill(bob: User, times: int = 1) -> None:
    """A row of each kind, so many times."""
    publish(sampled.definition)
    for _ in range(times):
        number = Source.objects.count()
        source = Source.objects.create(
            name=f"s{number}", secrets=["a secret of some length"], workflow="sampled"
        )
        Receiver.objects.create(
            name=f"r{number}", url="https://example.org/", secret=make_secret()
        )
        _deliver(source)
        request = make_request()
        answer = Answer(value={"amount": 1}, outcome="approve", user=bob)
        Handler(request.run_id).respond(request.request_id, answer)
        run = make_run()
        Handler(run.pk).abort()
        RunInbox.objects.create(target=run, sender=run.pk, number=1, tick="{}")
        make_worker()


def _deliver(source: Source) -> None:
    headers = {
        "X-Hub-Signature-256": sign_github(b"{}", source.secrets[0]),
        "X-GitHub-Delivery": f"of {source}".replace(" ", "-"),
    }
    receive(source, headers, b"{}")


def _list(kind: type[models.Model], query: str = "") -> str:
    return reverse(f"admin:workflows_app_{kind._meta.model_name}_changelist") + query


def _page(row: models.Model) -> str:
    name = f"admin:workflows_app_{row._meta.model_name}_change"
    return reverse(name, args=[row.pk])


def _names(kinds: list[type[models.Model]]) -> list[str]:
    return [str(kind._meta.model_name) for kind in kinds]


@pytest.mark.parametrize("kind", MODELS, ids=_names(MODELS))
def test_an_operator_sees_every_table_and_every_row(
    operator: Client, bob: User, kind: type[models.Model]
) -> None:
    _fill(bob)
    assert operator.get(_list(kind)).status_code == 200
    row = kind._default_manager.first()
    assert row is not None
    assert operator.get(_page(row)).status_code == 200


@pytest.mark.parametrize("kind", MODELS, ids=_names(MODELS))
def test_a_list_asks_no_more_of_the_database_when_it_is_longer(
    operator: Client, bob: User, kind: type[models.Model]
) -> None:
    _fill(bob)
    operator.get(_list(kind))
    with CaptureQueriesContext(
        connection,
    ) as short:
        operator.get(_list(kind))
    _fill(bob, times=3)
    with CaptureQueriesContext(connection) as long:
        operator.get(_list(kind))
    assert len(long) <= len(short) + 1  # a date filter asks for the years, if several


@pytest.mark.parametrize("kind", READ_ONLY, ids=_names(READ_ONLY))
def test_not_even_root_may_write_what_the_engine_writes(
    root: User, signed_in: SignIn, bob: User, kind: type[models.Model]
) -> None:
    _fill(bob)
    client = signed_in(root)
    row = kind._default_manager.first()
    assert row is not None
    assert client.get(_list(kind) + "add/").status_code == 403
    assert client.post(_page(row), {}).status_code == 403
    assert client.post(_page(row).replace("change/", "delete/")).status_code == 403
    answer = client.post(
        _list(kind),
        {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"},
    )
    assert answer.status_code in {200, 302, 403}
    assert kind._default_manager.filter(pk=row.pk).exists()


@pytest.mark.parametrize(
    ("kind", "query"),
    [
        (Run, "?status__exact=completed&workflow=approval"),
        (Run, "?q=approval"),
        (Run, "?q=it's%00"),
        (Run, "?q=0123-456"),
        (InputRequest, "?status__exact=open&workflow=approval&q=deploy"),
        (InputResponse, "?workflow=approval&q=bob"),
        (RunEvent, "?workflow=approval&q=run"),
        (Snapshot, "?workflow=approval"),
        (Delivery, "?workflow=sampled&q=of"),
        (Message, "?status__exact=pending&workflow=approval&q=refused"),
        (Definition, "?q=app"),
    ],
)
def test_rows_can_be_filtered_and_looked_for(
    operator: Client, bob: User, kind: type[models.Model], query: str
) -> None:
    _fill(bob)
    assert operator.get(_list(kind, query)).status_code == 200


def test_a_run_is_found_by_the_end_of_its_id(operator: Client, db: None) -> None:
    run, other = make_run(), make_run()
    page = operator.get(_list(Run, f"?q={run.short_id}")).content.decode()
    assert str(run.pk) in page
    assert str(other.pk) not in page


def test_admin_pages_lead_to_the_pages_for_people(operator: Client, db: None) -> None:
    request = make_request()
    run = request.run
    assert f'href="/runs/{run.pk}/"' in operator.get(_list(Run)).content.decode()
    assert f'href="/runs/{run.pk}/"' in operator.get(_page(run)).content.decode()
    page = operator.get(_page(request)).content.decode()
    assert f'href="/requests/{request.pk}/"' in page


def test_a_run_leads_to_its_own_log(operator: Client, db: None) -> None:
    run = make_run()
    query = f"?run__id__exact={run.pk}"
    assert _list(RunEvent, query) in operator.get(_page(run)).content.decode()
    assert operator.get(_list(RunEvent, query)).status_code == 200


def test_admin_pages_have_nothing_inline(
    operator: Client, source: Source, bob: User
) -> None:
    _fill(bob)
    for address in (_list(Run), _page(source), _page(source) + "../sample/"):
        page = operator.get(address, follow=True).content.decode()
        assert "<style" not in page
        assert " style=" not in page
        assert "<script>" not in page
        assert " onclick=" not in page


def test_staff_who_are_no_operators_see_only_what_they_see_elsewhere(
    person: Callable[..., User], signed_in: SignIn
) -> None:
    mia = person("mia", is_staff=True)
    _permit(mia, "view", Run, RunEvent)
    theirs = make_run()
    Run.objects.filter(pk=make_run().pk).update(started_by=mia)
    page = signed_in(mia).get(_list(Run)).content.decode()
    assert "1 run\n" in page
    assert str(theirs.pk) not in page
    assert signed_in(mia).get(_page(theirs)).status_code == 302


def test_people_who_are_no_staff_do_not_come_in(ada: User, signed_in: SignIn) -> None:
    assert signed_in(ada).get(_list(Run)).status_code == 302


def test_runs_are_aborted_after_a_reason_was_asked_for(
    operator: Client, db: None
) -> None:
    run = make_run()
    chosen = {"action": "abort_runs", "_selected_action": [str(run.pk)]}
    asked = operator.post(_list(Run), chosen)
    assert b'name="reason"' in asked.content
    run.refresh_from_db()
    assert run.status == "waiting"
    operator.post(_list(Run), {**chosen, "confirmed": "yes", "reason": "Wrong tag"})
    run.refresh_from_db()
    line = RunEvent.objects.get(run=run, kind="run_aborted")
    assert run.status == "aborted"
    assert line.actor == "olga"
    assert "Wrong tag" in line.body


def test_no_run_is_aborted_without_a_reason(operator: Client, db: None) -> None:
    run = make_run()
    form = {
        "action": "abort_runs",
        "_selected_action": [str(run.pk)],
        "confirmed": "yes",
    }
    assert b"This field is required" in operator.post(_list(Run), form).content
    run.refresh_from_db()
    assert run.status == "waiting"


@pytest.mark.parametrize("workflow", [approval, sampled])
def test_a_run_that_has_ended_is_told_apart(
    operator: Client, workflow: Workflow
) -> None:
    run = make_run(workflow)
    if not run.is_finished:
        Handler(run.pk).abort()
    form = {
        "action": "abort_runs",
        "_selected_action": [str(run.pk)],
        "confirmed": "yes",
        "reason": "Late",
    }
    page = operator.post(_list(Run), form, follow=True).content.decode()
    assert "0 aborted." in page
    assert "1 had ended before" in page


def test_only_operators_are_offered_verbs(
    person: Callable[..., User], signed_in: SignIn
) -> None:
    mia = person("mia", is_staff=True)
    _permit(mia, "view", Run, Source)
    run = make_run()
    Run.objects.update(started_by=mia)
    form = {
        "action": "abort_runs",
        "_selected_action": [str(run.pk)],
        "confirmed": "yes",
        "reason": "Because",
    }
    client = signed_in(mia)
    assert b"abort_runs" not in client.get(_list(Run)).content
    client.post(_list(Run), form)
    run.refresh_from_db()
    assert run.status == "waiting"


def test_workers_are_drained_after_it_was_said_what_that_means(
    operator: Client, olga: User, db: None
) -> None:
    worker, stopped = make_worker(), make_worker(stopped_at=timezone.now())
    chosen = [str(worker.pk), str(stopped.pk)]
    form = {"action": "drain_workers", "_selected_action": chosen}
    asked = operator.post(_list(Worker), form)
    assert b"take no new ones" in asked.content
    assert not Worker.objects.filter(is_draining=True).exists()

    confirmed = {**form, "confirmed": "yes"}
    page = operator.post(_list(Worker), confirmed, follow=True).content.decode()

    assert f"Worker {worker}: draining." in page
    assert "has stopped." in page
    assert Worker.objects.get(is_draining=True) == worker
    form["action"] = "undrain_workers"
    page = operator.post(_list(Worker), form, follow=True).content.decode()
    assert f"Worker {worker}: live." in page


def test_a_callback_is_sent_again(operator: Client, bob: User) -> None:
    _fill(bob)
    callback = Message.objects.all()[0]
    Message.objects.update(status="failed", attempts=8, due_at=None)
    form = {"action": "send_again", "_selected_action": [str(callback.pk)]}
    operator.post(_list(Message), form)
    callback.refresh_from_db()
    assert (callback.status, callback.attempts) == ("pending", 0)
    assert callback.due_at is not None


def test_messages_are_listed_with_their_request_and_found_by_what_they_tell(
    operator: Client, bob: User
) -> None:
    everything = ["run.finished", "request.opened", "request.answered"]
    Receiver.objects.create(name="chat", url="https://a.example/", kinds=everything)
    _fill(bob)
    page = operator.get(_list(Message)).content.decode()
    assert "Deploy api 4.2?" in page
    assert "chat" in page
    for told, kind in (
        ("run.finished", "run.aborted"),
        ("request.answered", "request.answered"),
    ):
        rows = operator.get(f"{_list(Message)}?told={told}").context["cl"].queryset
        assert {row.kind for row in rows} == {kind}


def test_a_source_that_took_something_in_stays(
    root: User, signed_in: SignIn, source: Source
) -> None:
    _deliver(source)
    page = _page(source).replace("change/", "delete/")
    signed_in(root).post(page, {"post": "yes"})
    assert Source.objects.filter(pk=source.pk).exists()
    assert Delivery.objects.exists()


def test_secrets_are_hidden_from_those_who_may_only_look(
    person: Callable[..., User], signed_in: SignIn, source: Source
) -> None:
    mia = person("mia", is_staff=True)
    _permit(mia, "view", Source, Receiver)
    receiver = Receiver.objects.create(
        name="r", url="https://example.org/", secret=make_secret()
    )
    client = signed_in(mia)
    assert source.secrets[0].encode() not in client.get(_page(source)).content
    assert receiver.secret.encode() not in client.get(_page(receiver)).content


def test_a_new_receiver_is_offered_a_secret_of_standard_webhooks(
    root: User, signed_in: SignIn
) -> None:
    form = signed_in(root).get(_list(Receiver) + "add/").context["adminform"].form
    check_secret(form["secret"].value())


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("https://hooks.example.org/told/", 302),
        ("https://elsewhere.example.org/", 200),
        ("http://hooks.example.org/", 200),
        ("https://169.254.169.254/", 200),
    ],
)
def test_a_receiver_must_be_one_to_whom_callbacks_may_go(
    root: User, signed_in: SignIn, settings: LazySettings, url: str, status: int
) -> None:
    settings.CALLBACK_HOSTS = ["hooks.example.org"]
    settings.CALLBACK_HTTP = False
    form = {
        "name": "r",
        "url": url,
        "secret": make_secret(),
        "kinds": ["run.finished", "request.opened"],
        "is_active": "on",
    }
    answer = signed_in(root).post(_list(Receiver) + "add/", form)
    assert answer.status_code == status
    assert Receiver.objects.count() == (status == 302)
