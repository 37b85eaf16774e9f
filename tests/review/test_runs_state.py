"""What steps keep and were given: searched, and without secrets unless they are shown."""

from collections.abc import Callable

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from pydantic import Field

from tests.factories import make_run
from workflows_app.engine import (
    Context,
    InputRequestEvent,
    InputResponseEvent,
    StartEvent,
    StopEvent,
    Workflow,
    step,
)
from workflows_app.models import Run

pytestmark = pytest.mark.django_db

SignedIn = Callable[[User], Client]


class Login(StartEvent):
    """A field is marked by the schema, another has a name that tells."""

    pin: int = Field(4711, json_schema_extra={"writeOnly": True})
    password: str = "hunter2"
    city: str = "Trondheim"


@step
def keep(ctx: Context, ev: Login) -> InputRequestEvent:
    """Keep what came, and ask for another secret."""
    ctx.state.update(login=ev.to_dict(), answer={"phrase": "open sesame"})
    ctx.state.set("city", "Zürich")
    schema = {
        "type": "object",
        "properties": {"phrase": {"type": "string", "format": "password"}},
    }
    return InputRequestEvent("q", "Which?", schema=schema)


@step
def end(ctx: Context, ev: InputResponseEvent) -> StopEvent:
    """End."""
    return StopEvent()


keeping = Workflow("keeping", [keep, end])
SECRETS = ("4711", "hunter2", "open sesame")


@pytest.fixture
def run(ada: User) -> Run:
    """Keeps secrets, and waits for a reviewer."""
    return make_run(keeping, pin=4711, password="hunter2")


def _page(client: Client, run: Run, query: str) -> str:
    response = client.get(f"/runs/{run.pk}/?{query}")
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("tab", ["state", "data", "timeline", "snapshots", "graph"])
def test_no_tab_shows_a_secret(
    olga: User, signed_in: SignedIn, run: Run, tab: str
) -> None:
    page = _page(signed_in(olga), run, f"tab={tab}")
    for secret in SECRETS:
        assert secret not in page


def test_what_is_masked_is_counted_and_offered_to_operators_only(
    ada: User, olga: User, signed_in: SignedIn, run: Run
) -> None:
    page = _page(signed_in(olga), run, "tab=state")
    assert "3 secrets are shown as •••." in page
    assert 'id="show-secrets"' in page
    mine = _page(signed_in(ada), run, "tab=state")
    assert "3 secrets are shown as •••." in mine
    assert 'id="show-secrets"' not in mine
    assert signed_in(ada).post(f"/runs/{run.pk}/secrets/?tab=state").status_code == 404


@pytest.mark.parametrize(("tab", "shown"), [("state", SECRETS), ("data", SECRETS[:2])])
def test_an_operator_sees_them_once_and_that_is_on_record(
    olga: User, signed_in: SignedIn, run: Run, tab: str, shown: tuple[str, ...]
) -> None:
    client = signed_in(olga)
    response = client.post(f"/runs/{run.pk}/secrets/?tab={tab}")
    page = response.content.decode()
    for secret in shown:
        assert secret in page
    assert "no-store" in response.headers["Cache-Control"]
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id) == (olga, str(run.pk))
    again = _page(client, run, f"tab={tab}")
    assert "Secrets were shown to <bdi>olga</bdi>" in again
    assert "hunter2" not in again


def test_words_are_found_in_keys_and_values(
    olga: User, signed_in: SignedIn, run: Run
) -> None:
    client = signed_in(olga)
    for words, keys in [
        ("CITY", {"city", "login"}),
        ("zürich", {"city"}),
        ("trondheim", {"login"}),
        ("elephant", set()),
    ]:
        page = _page(client, run, f"tab=state&q={words}")
        found = {
            key
            for key in ("city", "login", "answer")
            if f"<dt><code>{key}</code>" in page
        }
        assert found == keys, words
    assert "None of 3 values mentions" in _page(client, run, "tab=state&q=elephant")


def test_a_secret_cannot_be_found_by_guessing(
    olga: User, signed_in: SignedIn, run: Run
) -> None:
    page = _page(signed_in(olga), run, "tab=state&q=hunter2")
    assert "Nothing fits" in page


def test_a_run_without_secrets_says_nothing_of_them(
    olga: User, signed_in: SignedIn
) -> None:
    page = _page(signed_in(olga), make_run(), "tab=state")
    assert "•••" not in page
