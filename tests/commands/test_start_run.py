"""`start_run`: a run from a shell, under the same rules as from everywhere."""

import json
from pathlib import Path
from uuid import UUID

import pytest
from django.contrib.auth.models import User

from tests import flows
from tests.commands.running import Ran, Typist, run
from tests.factories import make_run, run_steps
from workflows_app.models import Run
from workflows_app.runtime.definitions import current_definitions, publish
from workflows_app.runtime.handler import Answer, Handler

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _offered(ada: User) -> None:
    """Some worker has code for it."""
    publish(flows.approval.definition)


def start(*arguments: str, user: str = "ada") -> Ran:
    return run("start_run", "approval", *arguments, user=user)


def answered(run_id: UUID, outcome: str = "approve") -> Run:
    """The run, when somebody has answered its question."""
    run_steps(run_id)
    answer = Answer(value={"amount": 5}, outcome=outcome, reason="So be it.")
    Handler(run_id).respond("approve", answer)
    return run_steps(run_id)


def test_it_prints_the_id_and_nothing_else() -> None:
    told = start("subject=Deploy api 4.3?")

    [started] = Run.objects.all()
    assert (told.code, told.out, told.err) == (0, f"{started.pk}\n", "")
    assert json.loads(started.input)["subject"] == "Deploy api 4.3?"
    assert started.started_by is not None
    assert started.started_by.get_username() == "ada"


def test_tags_groups_and_priority() -> None:
    start("--tag", "order=7", "--group", "finance", "--priority", "3")

    started = Run.objects.get()
    assert started.tags == {"order": "7"}
    assert "finance" in started.groups
    assert started.priority == 3


def test_json_is_the_run_as_the_api_tells_it() -> None:
    told = start("--json")

    assert told.json["status"] == "running"
    assert told.json["started_by"] == "ada"


def test_the_input_comes_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "input.json"
    file.write_text('{"subject": "From a file", "groups": ["leads"]}')

    start("--input", f"@{file}", "subject=From the line")

    given = json.loads(Run.objects.get().input)
    assert given == {"subject": "From the line", "groups": ["leads"]}


def test_the_same_key_is_the_same_run(bob: User) -> None:
    first, again = start("--idempotency-key", "k"), start("--idempotency-key", "k")
    other = start("--idempotency-key", "k", user="bob")

    assert again.out == first.out
    assert other.out != first.out


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("subject:=7",), 1, "subject: Enter text."),
        (("groups=7",), 1, "groups: Enter a list."),
        (("colour=red",), 1, "colour"),
        (("subject",), 2, "'subject': write key=value"),
        (("--input", "[]"), 2, "the input is a JSON object"),
        (("--input", '{"a": NaN}'), 2, "NaN is not JSON"),
        (("--tag", "order"), 2, "--tag 'order': write key=value"),
        (("--group", "x" * 200), 2, "--group are printable names"),
        (("--priority", str(2**40)), 1, "priority"),
        (("--idempotency-key", "k" * 300), 1, "idempotency key"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_started(
    arguments: tuple[str, ...], code: int, says: str
) -> None:
    told = start(*arguments)

    assert (told.code, told.out) == (code, "")
    assert says in told.err
    assert not Run.objects.exists()


def test_an_unknown_workflow_is_told_with_those_that_are_known() -> None:
    told = run("start_run", "aproval")

    assert told.code == 1
    known = list(current_definitions().values_list("name", flat=True))
    assert "approval" in known  # others may have come from tests with processes
    assert told.err == f"There is no workflow 'aproval'; there are: {', '.join(known)}."


def test_who_may_start_nothing_is_told(eve: User) -> None:
    told = start(user="eve")

    assert told.code == 1
    assert "eve may start no runs" in told.err
    assert not Run.objects.exists()


def test_in_a_terminal_it_asks_for_the_fields_that_nobody_gave() -> None:
    typist = Typist("Ship it?", "leads", "")

    told = run("start_run", "approval", typist=typist)

    assert told.code == 0, (told, typist.asked)
    given = json.loads(Run.objects.get().input)
    assert given == {"subject": "Ship it?", "groups": ["leads"]}
    assert typist.asked[0] == "Subject [Deploy api 4.2?]: "


def test_who_leaves_the_form_starts_nothing() -> None:
    told = run("start_run", "approval", typist=Typist("\\q"))

    assert (told.code, told.err) == (3, "Nothing was started.")
    assert not Run.objects.exists()


# Waiting


def begun(user: User, key: str) -> UUID:
    """A run that `start_run` finds again under this key."""
    told = start("--idempotency-key", key)
    assert told.code == 0
    return UUID(told.out.strip())


@pytest.mark.django_db(transaction=True)
def test_with_wait_it_prints_the_result(ada: User) -> None:
    run_id = begun(ada, "k")
    answered(run_id)

    told = start("--idempotency-key", "k", "--wait")

    assert told.code == 0
    assert told.json["outcome"] == "approve"
    assert f"Run {run_id}" in told.err
    assert "Waits for a person: Deploy api 4.2?" in told.err


@pytest.mark.django_db(transaction=True)
def test_a_run_that_does_not_complete_is_a_failure(ada: User) -> None:
    run_id = begun(ada, "k")
    Handler(run_id).abort("Enough", actor="olga")

    told = start("--idempotency-key", "k", "--wait", "--json")

    assert told.code == 1
    assert told.json["status"] == "aborted"
    assert "olga aborted the run: Enough" in told.err


@pytest.mark.django_db(transaction=True)
def test_a_wait_that_is_over_is_a_code_of_its_own(ada: User) -> None:
    run_id = begun(ada, "k")
    run_steps(run_id)

    told = start("--idempotency-key", "k", "--timeout", "0.2")

    assert (told.code, told.out) == (3, "")
    assert "The run has not ended yet: it is waiting." in told.err


def test_times_that_cannot_be_are_refused() -> None:
    for wrong in ("-1", "nan", "soon"):
        assert start("--timeout", wrong).code != 0
    assert not Run.objects.exists()


def test_runs_of_others_are_left_alone() -> None:
    make_run()

    start("--idempotency-key", "k")

    assert Run.objects.count() == 2
