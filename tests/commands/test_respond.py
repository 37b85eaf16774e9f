"""`respond` for scripts: what waits, what is asked, and an answer given at once."""

from uuid import UUID

import pytest
from django.contrib.auth.models import User

from tests.commands.running import run
from tests.deciding_app.flows import decides
from tests.factories import make_request
from workflows_app.models import InputRequest, RunEvent
from workflows_app.runtime import claims

pytestmark = pytest.mark.django_db
GIVEN = ("--outcome", "approve", "--value", '{"amount": 80}')


@pytest.fixture
def asked(ada: User) -> InputRequest:
    """A question for every reviewer; whoever deletes must confirm it."""
    return make_request(decides, confirm="DELETE", claim="on_typing")


def status(asked: InputRequest) -> str:
    return InputRequest.objects.get(pk=asked.pk).status


def test_an_answer_is_recorded_as_that_of_the_person_who_is_named(
    asked: InputRequest,
) -> None:
    told = run("respond", str(asked.pk), *GIVEN, "--reason", "It fits.")

    vote = asked.responses.get()
    assert (told.code, told.out, told.err) == (0, "", "ada approved.\n")
    assert (vote.responder, vote.outcome, vote.value) == (
        "ada",
        "approve",
        {"amount": 80},
    )
    assert (vote.reason, vote.door) == ("It fits.", "cli")
    assert RunEvent.objects.filter(run=asked.run_id, door="cli", actor="ada").exists()
    assert status(asked) == "answered"


def test_json_is_the_receipt_of_the_api(asked: InputRequest) -> None:
    told = run("respond", str(asked.pk), *GIVEN, "--json")

    assert (
        told.json.items()
        >= {
            "id": str(asked.pk),
            "outcome": "approve",
            "responder": "ada",
            "duplicate": False,
            "status": "answered",
        }.items()
    )


def test_the_same_answer_again_is_a_duplicate(asked: InputRequest) -> None:
    run("respond", str(asked.pk), *GIVEN, "--idempotency-key", "k1")

    told = run("respond", str(asked.pk), *GIVEN, "--idempotency-key", "k1", "--json")

    assert (told.code, told.json["duplicate"]) == (0, True)


def test_without_a_request_it_lists_what_waits(asked: InputRequest) -> None:
    told = run("respond")

    assert told.code == 0
    assert told.out.split("\t")[0] == str(asked.pk)
    assert told.out.rstrip("\n").split("\t")[-1] == asked.subject


def test_the_list_as_json_lines(asked: InputRequest) -> None:
    [row] = run("respond", "--json").json_lines

    assert (row["id"], row["status"]) == (str(asked.pk), "open")


def test_a_request_as_json_is_that_of_the_api(asked: InputRequest) -> None:
    told = run("respond", str(asked.pk), "--json")

    assert told.json["digest"] == asked.digest
    assert told.json["may_answer"] is True
    assert told.json["schema"]["properties"]["amount"]["maximum"] == 500


def test_nothing_waits_is_a_code_of_its_own(bob: User) -> None:
    told = run("respond", user="bob")

    assert (told.code, told.out, told.err) == (3, "", "Nothing waits for bob.\n")


# What is refused; nothing is done then


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--outcome", "approve"), 1, "Enter an object."),
        (("--value", "{}"), 1, "amount: Fill in this field."),
        (
            ("--outcome", "approve", "--value", '{"amount": 900}'),
            1,
            "amount: Choose a number of at most 500.",
        ),
        (("--value", "{"), 2, "--value: Malformed JSON"),
        (("--value", "@/no/file"), 2, "/no/file cannot be read: No such file"),
        (
            ("--outcome", "maybe", "--value", '{"amount": 1}'),
            1,
            "outcome: Choose one of: approve, reject, delete.",
        ),
        (("--outcome", "reject", "--value", '{"amount": 1}'), 1, "reason"),
        (
            ("--outcome", "delete", "--value", '{"amount": 1}', "--reason", "Old"),
            1,
            "add --confirm DELETE",
        ),
        ((*GIVEN, "--digest", "0" * 64), 1, "not what this answer was given to"),
        (("--outcome", "\udcff"), 2, "is no text in UTF-8"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(
    asked: InputRequest, arguments: tuple[str, ...], code: int, says: str
) -> None:
    told = run("respond", str(asked.pk), *arguments)

    assert told.code == code
    assert says in told.err
    assert told.out == ""
    assert status(asked) == "open"
    assert claims.find_live(asked.pk) is None


def test_a_dangerous_outcome_counts_with_its_word(asked: InputRequest) -> None:
    danger = ("--outcome", "delete", "--reason", "Old", "--confirm", "DELETE")

    told = run("respond", str(asked.pk), *danger, "--value", '{"amount": 1}')

    assert (told.code, status(asked)) == (0, "answered")


def test_who_came_first_is_told(asked: InputRequest, bob: User) -> None:
    run("respond", str(asked.pk), *GIVEN)

    told = run("respond", str(asked.pk), "--outcome", "reject", user="bob")

    assert told.code == 1
    assert "ada has already answered this request. The answer: approve, at" in told.err


def test_what_somebody_else_holds_is_not_answered(
    asked: InputRequest, bob: User
) -> None:
    claims.claim(bob, asked.pk)

    told = run("respond", str(asked.pk), *GIVEN)

    assert told.code == 1
    assert "bob holds this request until" in told.err
    assert status(asked) == "open"


def test_whoever_may_not_answer_is_refused(asked: InputRequest, olga: User) -> None:
    told = run("respond", str(asked.pk), *GIVEN, user="olga")

    assert told.code == 1
    assert "Only reviewers may answer" in told.err
    assert status(asked) == "open"


@pytest.mark.parametrize(
    ("request_id", "code", "says"),
    [
        (str(UUID(int=7)), 1, "There is no request"),
        ("seven", 2, "'seven' is no id of a request"),
        ("\x1b[2J", 2, "is no id of a request"),
    ],
)
def test_what_is_not_there(ada: User, request_id: str, code: int, says: str) -> None:
    told = run("respond", request_id, *GIVEN)

    assert told.code == code
    assert says in told.err
    assert "\x1b" not in told.err


def test_what_one_may_not_see_is_not_there(asked: InputRequest, eve: User) -> None:
    told = run("respond", str(asked.pk), "--json", user="eve")

    assert (told.code, told.out) == (1, "")
    assert "There is no request" in told.err


def test_nobody_acts_who_is_not_known_or_not_active(ada: User) -> None:
    ada.is_active = False
    ada.save()

    for name in ("ada", "nobody"):
        told = run("respond", user=name)
        assert told.code == 2
        assert f"nobody who may act is called {name!r}" in told.err


def test_an_answer_without_a_request_is_told(ada: User) -> None:
    told = run("respond", *GIVEN)

    assert (told.code, told.err) == (
        2,
        "Which request? Give its id before the answer.",
    )


def test_where_nobody_can_be_asked_the_request_is_shown_and_that_is_told(
    asked: InputRequest,
) -> None:
    told = run("respond", str(asked.pk))

    assert told.code == 2
    assert told.out.startswith(f"{asked.subject}\n")
    assert "There is no terminal to ask in" in told.err
