"""Sources and deliveries in the admin site: set up, tried out, rotated, replayed."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from tests.factories import make_request
from tests.flows import approval, billing
from tests.intake import signing
from workflows_app.engine import Context, StartEvent, StopEvent, Workflow, step, values
from workflows_app.intake.sources import receive
from workflows_app.models import Delivery, InputRequest, Run, Source
from workflows_app.runtime.definitions import publish

SECRET = "a secret of some length"


class Ordered(StartEvent):
    """What a run is started with."""

    amount: int
    note: str = ""


@step
def take(ctx: Context, ev: Ordered) -> StopEvent:
    """End at once."""
    return StopEvent()


ordered = Workflow("ordered-here", [take])
AMOUNT = json.dumps({"input": {"amount": {"body": "/amount"}}})


@pytest.fixture
def operator(olga: User, signed_in: Callable[[User], Client]) -> Client:
    """Olga's browser, with the rights that operators are given."""
    verbs = ("add_source", "change_source", "view_source", "view_delivery")
    olga.user_permissions.add(*Permission.objects.filter(codename__in=verbs))
    return signed_in(olga)


@pytest.fixture
def source(db: None) -> Source:
    publish(ordered.definition)
    return Source.objects.create(
        name="shop", secrets=[SECRET], workflow="ordered-here", mapping=AMOUNT
    )


def address(act: str, row: Source | Delivery | None = None) -> str:
    kind = "delivery" if isinstance(row, Delivery) else "source"
    name = f"admin:workflows_app_{kind}_{act}"
    return reverse(name, args=[row.pk] if row is not None else [])


def form(**fields: Any) -> dict[str, Any]:
    return {
        "name": "shop",
        "mode": "on",
        "scheme": "github",
        "secret": SECRET,
        "header": "",
        "prefix": "",
        "encoding": "hex",
        "id_header": "",
        "action": "start",
        "workflow": "ordered-here",
        "mapping": AMOUNT,
        "groups": "",
        "rate": "600",
        "max_bytes": "",
        **fields,
    }


def deliver(source: Source, payload: Any = None, name: str = "d-1") -> Delivery:
    body = json.dumps(payload if payload is not None else {"amount": 3}).encode()
    headers = signing.github(body, SECRET, **{"X-GitHub-Delivery": name})
    return receive(source, headers, body).delivery


def problems(page: Any, field: str) -> str:
    return " ".join(page.context["adminform"].form.errors.get(field, []))


# A source is set up


def test_an_operator_adds_a_source_that_takes_something_in(
    operator: Client, db: None
) -> None:
    publish(ordered.definition)
    answer = operator.post(address("add"), form())
    assert answer.status_code == 302
    added = Source.objects.get()
    assert (added.secrets, added.mode) == ([SECRET], "on")
    assert deliver(added).result == "started"


def test_a_new_source_is_offered_a_secret_and_a_trial(
    operator: Client, db: None
) -> None:
    first, second = (
        operator.get(address("add")).context["adminform"].form for _ in range(2)
    )
    assert first["mode"].value() == "trial"
    assert first["secret"].value().startswith("whsec_")
    assert first["secret"].value() != second["secret"].value()


def test_a_secret_is_shown_when_it_is_made_and_never_again(
    operator: Client, source: Source
) -> None:
    page = operator.get(address("change", source)).content.decode()
    assert SECRET not in page
    assert f"…{SECRET[-4:]}" in page


@pytest.mark.parametrize(
    ("fields", "field", "told"),
    [
        ({"secret": ""}, "secret", "required"),
        ({"secret": "short"}, "secret", "at least 16"),
        ({"scheme": "standard"}, "secret", "whsec_"),
        ({"scheme": "standard", "secret": "whpk_" + "A" * 20}, "secret", "whpk_"),
        ({"scheme": "bearer"}, "secret", "without blanks"),
        ({"scheme": "hmac"}, "header", "which header"),
        ({"header": "no header"}, "header", "cannot be the name"),
        ({"workflow": "unheard-of"}, "workflow", "not one of"),
        ({"rate": "0"}, "rate", "greater than or equal to 1"),
        ({"max_bytes": "0"}, "max_bytes", "greater than or equal to 1"),
        ({"name": "a b"}, "name", "letters, numbers"),
    ],
)
def test_a_source_that_could_not_work_is_refused(
    operator: Client, db: None, fields: dict[str, str], field: str, told: str
) -> None:
    publish(ordered.definition)
    page = operator.post(address("add"), form(**fields))
    assert page.status_code == 200
    assert told in problems(page, field)
    assert not Source.objects.exists()


@pytest.mark.parametrize(
    ("mapping", "told"),
    [
        ("{", "Malformed JSON"),
        ('{"input": {}, "input": {}}', "occurs twice"),
        ("[]", "JSON object"),
        ("", "input.amount: the workflow needs this field."),
        ('{"input": {}}', "input.amount: the workflow needs this field."),
        (
            '{"input": {"amount": 1, "amuont": 2}}',
            "input.amuont: there is no such field",
        ),
        ('{"input": {"amount": {"body": "amount"}}}', "input.amount: A JSON Pointer"),
        ('{"imput": {"amount": 1}}', "There is no “imput” here"),
    ],
)
def test_a_mapping_that_could_not_work_is_refused_by_its_place(
    operator: Client, source: Source, mapping: str, told: str
) -> None:
    page = operator.post(address("change", source), form(mapping=mapping))
    assert told in problems(page, "mapping")
    source.refresh_from_db()
    assert source.mapping == AMOUNT


def test_a_source_on_trial_may_wait_for_its_mapping(
    operator: Client, source: Source
) -> None:
    fields = form(mode="trial", action="answer", mapping="")
    assert operator.post(address("change", source), fields).status_code == 302
    page = operator.post(address("change", source), fields | {"mode": "on"})
    assert "“find” is missing" in problems(page, "mapping")


def test_an_event_that_no_step_takes_is_refused(operator: Client, db: None) -> None:
    publish(billing.definition)
    mapping = {"find": {"run": {"body": "/run"}}, "event": "Settled", "fields": {}}
    fields = form(action="send", workflow="billing", mapping=json.dumps(mapping))
    page = operator.post(address("add"), fields)
    assert "it takes Paid" in problems(page, "mapping")
    mapping["event"] = "Paid"
    page = operator.post(address("add"), fields | {"mapping": json.dumps(mapping)})
    assert "fields.amount: the workflow needs" in problems(page, "mapping")
    mapping["fields"] = {"amount": {"body": "/amount"}}
    fields |= {"mapping": json.dumps(mapping)}
    assert operator.post(address("add"), fields).status_code == 302


def test_questions_of_other_programs_can_be_answered_but_not_started(
    operator: Client, db: None
) -> None:
    find = {"find": {"request": {"body": "/request"}}}
    fields = form(workflow="external", action="start", mapping="{}")
    assert "are there" in problems(operator.post(address("add"), fields), "mapping")
    fields |= {"action": "answer", "mapping": json.dumps(find)}
    assert operator.post(address("add"), fields).status_code == 302


# Secrets are exchanged


def test_two_secrets_count_while_one_is_exchanged(
    operator: Client, source: Source
) -> None:
    new = operator.get(address("rotate", source)).context["form"]["secret"].value()
    operator.post(address("rotate", source), {"secret": new})
    source.refresh_from_db()
    assert source.secrets == [SECRET, new]
    assert address("retire", source) in (
        operator.get(address("change", source)).content.decode()
    )
    operator.post(address("retire", source))
    source.refresh_from_db()
    assert source.secrets == [new]
    assert LogEntry.objects.count() == 2


def test_a_third_secret_takes_the_place_of_the_first(
    operator: Client, source: Source
) -> None:
    for number in "12":
        operator.post(address("rotate", source), {"secret": number * 20})
    source.refresh_from_db()
    assert source.secrets == ["1" * 20, "2" * 20]


def test_looking_changes_no_secret(operator: Client, source: Source) -> None:
    for act in ("rotate", "retire"):
        assert operator.get(address(act, source)).status_code == 200
    operator.post(address("rotate", source), {"secret": "short"})
    operator.post(address("retire", source))
    source.refresh_from_db()
    assert source.secrets == [SECRET]


# A mapping is tried out


def test_a_mapping_is_tried_out_on_what_was_kept(
    operator: Client, source: Source
) -> None:
    Source.objects.update(mode="trial", mapping="")
    source.refresh_from_db()
    delivery = deliver(source, {"amount": 3, "by": "mo"})
    draft = {"input": {"amount": {"body": "/amount"}, "note": {"body": "/by"}}}
    fields = {"delivery": delivery.pk, "mapping": json.dumps(draft), "try": "Try"}
    page = operator.post(address("trial", source), fields)
    trial = page.context["trial"]
    assert trial.values == {"input": {"amount": 3, "note": "mo"}}
    assert "It would start a run of ordered-here." in page.content.decode()
    assert not Run.objects.exists()
    source.refresh_from_db()
    assert source.mapping == ""


@pytest.mark.parametrize(
    ("mapping", "told"),
    [
        ('{"input": {"amount": {"body": "/sum"}}}', "input.amount: The body has"),
        ('{"input": {"amount": {"body": "/by"}}}', "amount: "),
        ('{"input": {"amount": 1, "x": 2}}', "input.x: there is no such field"),
        ('{"input": 1}', "input: An object is wanted"),
        (
            '{"input": {"amount": 1}, "only_if": [{"body": "/by", "is": "ann"}]}',
            "left alone: the condition only_if.0 does not hold",
        ),
    ],
)
def test_what_hinders_is_told_and_nothing_is_saved(
    operator: Client, source: Source, mapping: str, told: str
) -> None:
    delivery = deliver(source, {"amount": 3, "by": "mo"})
    fields = {"delivery": delivery.pk, "mapping": mapping}
    page = operator.post(address("trial", source), fields)
    assert told in page.content.decode()


def test_a_good_mapping_is_saved_from_there(operator: Client, source: Source) -> None:
    delivery = deliver(source)
    draft = '{"input": {"amount": 7}}'
    fields = {"delivery": delivery.pk, "mapping": draft, "save": "Save"}
    assert operator.post(address("trial", source), fields).status_code == 302
    source.refresh_from_db()
    assert source.mapping == draft
    bad = fields | {"mapping": '{"input": {}}'}
    assert operator.post(address("trial", source), bad).status_code == 200
    source.refresh_from_db()
    assert source.mapping == draft


def test_an_answer_is_tried_out_without_being_given(operator: Client, db: None) -> None:
    asked = make_request(approval)
    source = Source.objects.create(
        name="desk",
        secrets=[SECRET],
        workflow="approval",
        action="answer",
        mode="trial",
    )
    delivery = deliver(source, {"run": str(asked.run_id), "amount": "much"})
    draft: dict[str, Any] = {
        "find": {"run": {"body": "/run"}, "request_id": "approve"},
        "answer": {"object": {"amount": {"body": "/amount"}}},
    }
    fields = {"delivery": delivery.pk, "mapping": json.dumps(draft)}
    page = operator.post(address("trial", source), fields)
    assert page.context["trial"].problems
    draft["answer"]["object"]["amount"] = 5
    fields["mapping"] = json.dumps(draft)
    page = operator.post(address("trial", source), fields)
    assert page.context["trial"].problems == ()
    assert f"It would answer “{asked.subject}”" in page.content.decode()
    assert InputRequest.objects.get().status == "open"


def test_only_deliveries_of_the_source_can_be_tried(
    operator: Client, source: Source
) -> None:
    other = Source.objects.create(name="o", secrets=[SECRET], workflow="ordered-here")
    theirs = deliver(other)
    page = operator.post(
        address("trial", source), {"delivery": theirs.pk, "mapping": AMOUNT}
    )
    assert page.context.get("trial") is None
    assert "has sent nothing yet" in page.content.decode()


# A delivery is replayed


def test_what_was_refused_is_replayed_when_the_mapping_is_mended(
    operator: Client, source: Source
) -> None:
    Source.objects.update(mapping='{"input": {"amount": {"body": "/sum"}}}')
    source.refresh_from_db()
    delivery = deliver(source)
    assert delivery.result == "refused"
    page = operator.get(address("replay", delivery)).content.decode()
    assert "The body has nothing at /sum." in page
    assert 'id="replay"' in page
    Source.objects.update(mapping=AMOUNT)
    operator.get(address("replay", delivery))
    assert not Run.objects.exists()
    operator.post(address("replay", delivery))
    delivery.refresh_from_db()
    run = Run.objects.get()
    assert (delivery.result, delivery.run) == ("started", run)
    assert (delivery.times_received, delivery.conflicts) == (1, 0)
    assert values.load(run.input) == {"amount": 3}
    assert LogEntry.objects.filter(change_message__contains="Replayed").exists()


def test_a_delivery_that_made_a_run_makes_no_other(
    operator: Client, source: Source
) -> None:
    delivery = deliver(source)
    page = operator.get(address("change", delivery)).content.decode()
    assert address("replay", delivery) not in page
    for answer in (
        operator.get(address("replay", delivery)),
        operator.post(address("replay", delivery)),
    ):
        assert f'href="/runs/{delivery.run_id}/"' in answer.content.decode()
    assert Run.objects.count() == 1


def test_nothing_is_replayed_while_its_source_is_not_on(
    operator: Client, source: Source
) -> None:
    Source.objects.update(mode="trial")
    source.refresh_from_db()
    delivery = deliver(source)
    page = operator.post(address("replay", delivery)).content.decode()
    assert "switch it on" in page
    assert not Run.objects.exists()


# Samples


def test_a_sample_is_taken_in_as_if_the_source_had_sent_it(
    operator: Client, source: Source
) -> None:
    Source.objects.update(mapping='{"input": {"amount": 1}}')
    assert address("sample", source) in (
        operator.get(address("change", source)).content.decode()
    )
    assert operator.get(address("sample", source)).status_code == 200
    assert not Run.objects.exists()
    for _ in range(2):
        answer = operator.post(
            address("sample", source), {"sample": "ping"}, follow=True
        )
    run = Run.objects.latest("created_at")
    assert f"/runs/{run.pk}/" in answer.content.decode()
    assert run.tags["event"] == "ping"
    assert Run.objects.count() == 2


def test_a_sample_that_there_is_none_of_is_not_sent(
    operator: Client, source: Source
) -> None:
    answer = operator.post(address("sample", source), {"sample": "pong"})
    assert answer.status_code == 200
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"workflow": "unheard-of", "mapping": ""}, "No worker has offered"),
        ({"mapping": "{"}, "cannot be used"),
        ({}, "The body has nothing at /amount."),
        ({"mode": "trial"}, "The sample was kept."),
    ],
)
def test_what_becomes_of_a_sample_is_told(
    operator: Client, source: Source, fields: dict[str, Any], told: str
) -> None:
    Source.objects.update(**fields)
    answer = operator.post(address("sample", source), {"sample": "ping"}, follow=True)
    assert told in answer.content.decode()
    assert not Run.objects.exists()


# Who may not


@pytest.mark.parametrize("act", ["sample", "trial", "rotate", "retire"])
def test_verbs_are_for_operators(
    act: str,
    person: Callable[..., User],
    signed_in: Callable[[User], Client],
    source: Source,
) -> None:
    mia = person("mia", is_staff=True)
    mia.user_permissions.add(Permission.objects.get(codename="change_source"))
    client = signed_in(mia)
    assert client.get(address(act, source)).status_code == 403
    form = {"sample": "ping", "secret": "x" * 20}
    assert client.post(address(act, source), form).status_code == 403
    source.refresh_from_db()
    assert source.secrets == [SECRET]
    assert not Run.objects.exists()


def test_replaying_is_for_operators(
    person: Callable[..., User],
    signed_in: Callable[[User], Client],
    source: Source,
) -> None:
    mia = person("mia", is_staff=True)
    mia.user_permissions.add(Permission.objects.get(codename="view_delivery"))
    Source.objects.update(mode="trial")
    source.refresh_from_db()
    delivery = deliver(source)
    Source.objects.update(mode="on")
    assert signed_in(mia).post(address("replay", delivery)).status_code == 403
    assert not Run.objects.exists()


@pytest.mark.parametrize("pk", ["999", "github", "0x1"])
def test_a_source_that_is_not_there_has_no_verbs(operator: Client, pk: str) -> None:
    for act in ("sample", "trial", "rotate", "retire"):
        answer = operator.get(f"/admin/workflows_app/source/{pk}/{act}/")
        assert answer.status_code == 404


def test_pages_of_verbs_have_nothing_inline(operator: Client, source: Source) -> None:
    delivery = deliver(source, {"amount": "</pre><script>alert(1)</script>"})
    pages = [address(act, source) for act in ("sample", "trial", "rotate", "retire")]
    for page in [*pages, address("replay", delivery), address("change", delivery)]:
        text = operator.get(page).content.decode()
        assert "<style" not in text
        assert " style=" not in text
        assert "<script>" not in text
