"""Starting a run from a form."""

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests import flows
from workflows_app.engine.workflow import Workflow
from workflows_app.models import Run
from workflows_app.runtime.definitions import publish

pytestmark = pytest.mark.django_db

SignedIn = Callable[[User], Client]
ADDRESS = "/runs/start/approval/"
KEY = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"


@pytest.fixture(autouse=True)
def offered() -> None:
    """A worker has offered these workflows."""
    described = Workflow(
        "described", list(flows.approval.steps.values()), description="Asks <once>."
    )
    for workflow in (flows.approval, flows.two_branches, described):
        publish(workflow.definition)


def test_every_workflow_that_a_worker_offers_can_be_chosen(
    ada: User, signed_in: SignedIn
) -> None:
    page = signed_in(ada).get("/runs/start/").content.decode()
    for name in ("approval", "two-branches", "described"):
        assert f'href="/runs/start/{name}/"' in page
    assert "Asks &lt;once&gt;." in page


def test_the_form_has_a_field_for_each_part_of_the_input(
    ada: User, signed_in: SignedIn
) -> None:
    page = signed_in(ada).get(ADDRESS).content.decode()
    assert 'name="answer-subject"' in page
    assert "Deploy api 4.2?" in page


def test_a_form_starts_a_run_and_leads_to_it(ada: User, signed_in: SignedIn) -> None:
    client = signed_in(ada)
    response = client.post(ADDRESS, {"key": KEY, "answer-subject": "Refund 7"})
    run = Run.objects.get()
    assert (response.status_code, response.headers["Location"]) == (
        303,
        f"/runs/{run.pk}/",
    )
    assert '"subject":"Refund 7"' in run.input
    assert run.started_by == ada
    assert client.get(f"/runs/{run.pk}/").status_code == 200


def test_a_double_press_starts_one_run(ada: User, signed_in: SignedIn) -> None:
    client = signed_in(ada)
    sent = {"key": KEY, "answer-subject": "Refund 7"}
    first, second = client.post(ADDRESS, sent), client.post(ADDRESS, sent)
    assert first.headers["Location"] == second.headers["Location"]
    assert Run.objects.count() == 1


def test_each_form_has_a_key_of_its_own(ada: User, signed_in: SignedIn) -> None:
    client = signed_in(ada)
    keys = {_key(client.get(ADDRESS).content.decode()) for _ in range(3)}
    assert len(keys) == 3


def test_the_same_key_of_another_person_is_another_run(
    ada: User, bob: User, signed_in: SignedIn
) -> None:
    for user in (ada, bob):
        signed_in(user).post(ADDRESS, {"key": KEY, "answer-subject": "Refund 7"})
    assert Run.objects.count() == 2


def test_a_form_that_comes_again_changed_is_not_lost(
    ada: User, signed_in: SignedIn
) -> None:
    client = signed_in(ada)
    client.post(ADDRESS, {"key": KEY, "answer-subject": "Refund 7"})
    response = client.post(ADDRESS, {"key": KEY, "answer-subject": "Refund 8"})
    page = response.content.decode()
    assert response.status_code == 422
    assert "Refund 8" in page
    assert _key(page) != KEY
    client.post(ADDRESS, {"key": _key(page), "answer-subject": "Refund 8"})
    assert Run.objects.count() == 2


def test_a_workflow_that_takes_anything_has_a_box_for_json(
    ada: User, signed_in: SignedIn
) -> None:
    client = signed_in(ada)
    page = client.get("/runs/start/two-branches/").content.decode()
    field = re.search(r'<textarea name="([^"]+)"', page)
    assert field
    sent = {"key": KEY, field[1]: '{"order": 7}'}
    assert client.post("/runs/start/two-branches/", sent).status_code == 303
    assert Run.objects.get().input == '{"order":7}'


@pytest.mark.parametrize("text", ["[1]", "7", "{", '{"a": NaN}', '{"a": 1, "a": 2}'])
def test_a_box_takes_nothing_but_a_json_object(
    ada: User, signed_in: SignedIn, text: str
) -> None:
    client = signed_in(ada)
    page = client.get("/runs/start/two-branches/").content.decode()
    field = re.search(r'<textarea name="([^"]+)"', page)
    assert field
    response = client.post("/runs/start/two-branches/", {"key": KEY, field[1]: text})
    assert response.status_code == 422
    assert "error-summary" in response.content.decode()
    assert not Run.objects.exists()


@pytest.mark.parametrize("key", ["", "not a key", "\0", "x" * 5000])
def test_an_odd_key_is_replaced(ada: User, signed_in: SignedIn, key: str) -> None:
    sent = {"key": key, "answer-subject": "Refund 7"}
    assert signed_in(ada).post(ADDRESS, sent).status_code == 303


def test_an_operator_may_start_runs_too(olga: User, signed_in: SignedIn) -> None:
    assert signed_in(olga).get("/runs/start/").status_code == 200


@pytest.mark.parametrize("address", ["/runs/start/", ADDRESS])
def test_who_may_not_start_runs_finds_nothing_here(
    eve: User, signed_in: SignedIn, address: str
) -> None:
    client = signed_in(eve)
    assert client.get(address).status_code == 404
    if address == ADDRESS:
        assert client.post(address, {"key": KEY}).status_code == 404


@pytest.mark.parametrize("name", ["unknown", "%00", "x" * 300])
def test_a_workflow_that_nobody_offers_is_not_found(
    ada: User, signed_in: SignedIn, name: str
) -> None:
    assert signed_in(ada).get(f"/runs/start/{name}/").status_code == 404


def _key(page: str) -> str:
    found = re.search(r'name="key" value="([^"]+)"', page)
    assert found
    return found[1]
