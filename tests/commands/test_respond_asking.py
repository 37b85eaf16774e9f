"""`respond` in a terminal: shows, asks, objects as the page does, and asks again."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User

from tests.commands.running import Ran, Typist, run
from tests.deciding_app.flows import decides
from tests.factories import make_request
from tests.flows import two_branches
from tests.showing_app.flows import showing
from workflows_app.models import InputRequest
from workflows_app.runtime import claims
from workflows_app.runtime.handler import Answer, Handler

pytestmark = pytest.mark.django_db
COLOUR = re.compile("\x1b\\[[0-9;]*m")


@pytest.fixture
def asked(ada: User) -> InputRequest:
    return make_request(decides, confirm="DELETE", claim="on_typing")


def answer(asked: InputRequest, *typed: str) -> tuple[Ran, Typist]:
    """What ada sees when she types this."""
    typist = Typist(*typed)
    return run("respond", str(asked.pk), typist=typist), typist


def given(asked: InputRequest) -> tuple[str, Any]:
    vote = asked.responses.get()
    return vote.outcome, vote.value


def shown_with(schema: Any, proposed: Any = None, **content: Any) -> InputRequest:
    """A request with this schema."""
    shown = {"schema": schema, "proposed": proposed, **content}
    return make_request(showing, rounds=[shown])


def test_what_is_proposed_is_taken_with_enter(asked: InputRequest) -> None:
    told, typist = answer(asked, "approve", "", "", "", "")

    assert told.code == 0
    assert "ada approved." in told.err
    assert given(asked) == ("approve", {"amount": 120, "urgent": False, "note": ""})
    assert typist.asked == [
        "Your decision: ",
        "Amount [120]: ",
        "Urgent [no]: ",
        "Note (\\e opens your editor): ",
        "Reason (if you like): ",
    ]


def test_what_is_typed_counts(asked: InputRequest) -> None:
    answer(asked, "1", "80", "y", "Looks right", "")

    assert given(asked) == (
        "approve",
        {"amount": 80, "urgent": True, "note": "Looks right"},
    )


def test_what_does_not_fit_is_told_in_the_words_of_the_page_and_asked_again(
    asked: InputRequest,
) -> None:
    told, typist = answer(asked, "9", "1", "many", "900", "\\x", "80", "", "", "")

    assert "! Choose one of 1 to 3." in told.out
    assert "! Enter a whole number, such as 10." in told.out
    assert "! Choose a number of at most 500." in told.out
    assert "! Fill in this field." in told.out
    assert given(asked) == ("approve", {"amount": 80, "urgent": False, "note": ""})
    assert typist.left == []


def test_a_reason_that_is_needed_is_asked_for_until_it_is_there(
    asked: InputRequest,
) -> None:
    told, _ = answer(asked, "reject", "", "", "", "", "Not ours")

    assert "Please give a reason for “Reject”." in told.out
    assert asked.responses.get().reason == "Not ours"


def test_a_dangerous_outcome_needs_its_word(asked: InputRequest) -> None:
    told, _ = answer(asked, "3", "", "", "", "Old", "delete", "DELETE")

    assert "The order is gone for ever." in told.out
    assert "! Type the word “DELETE” to confirm." in told.out
    assert asked.responses.get().outcome == "delete"


def test_who_does_not_type_the_word_has_decided_nothing(asked: InputRequest) -> None:
    told, _ = answer(asked, "3", "", "", "", "Old", "")

    assert (told.code, told.err) == (3, "Left without an answer.")
    assert not asked.responses.exists()
    assert claims.find_live(asked.pk) is None


def test_a_plain_confirmation_is_a_yes(ada: User) -> None:
    sure = make_request(decides, confirm=True)

    answer(sure, "3", "", "", "", "Old", "yes")

    assert sure.responses.get().outcome == "delete"


def test_the_request_is_held_while_somebody_answers(
    asked: InputRequest, bob: User
) -> None:
    class Curious(Typist):
        def line(self, prompt: str) -> str:
            held = claims.find_live(asked.pk)
            assert held is not None
            assert held.owner.get_username() == "ada"
            return super().line(prompt)

    run("respond", str(asked.pk), typist=Curious("1", "", "", "", ""))

    assert asked.responses.exists()
    assert claims.find_live(asked.pk) is None


@pytest.mark.parametrize(("typed", "code"), [(("1", "\\q"), 3), (("1",), 130)])
def test_who_goes_away_lets_it_go(
    asked: InputRequest, typed: tuple[str, ...], code: int
) -> None:
    told, _ = answer(asked, *typed)

    assert told.code == code
    assert claims.find_live(asked.pk) is None
    assert not asked.responses.exists()


def test_who_held_it_before_holds_it_still(asked: InputRequest, ada: User) -> None:
    claims.claim(ada, asked.pk)

    answer(asked, "\\q")

    assert claims.find_live(asked.pk) is not None


def test_who_was_faster_is_told(asked: InputRequest, bob: User) -> None:
    class Slow(Typist):
        def line(self, prompt: str) -> str:
            if prompt.startswith("Reason"):
                claims.take_over(bob, asked.pk, "Urgent")
                faster = Answer(value={"amount": 1}, outcome="approve", user=bob)
                Handler(asked.run_id).respond(asked.request_id, faster)
            return super().line(prompt)

    told = run("respond", str(asked.pk), typist=Slow("1", "", "", "", ""))

    assert told.code == 1
    assert "bob has already answered" in told.err


def test_what_is_closed_is_shown_and_not_asked(asked: InputRequest) -> None:
    answer(asked, "1", "", "", "", "")

    told, typist = answer(asked)

    assert told.code == 1
    assert "ada has already answered this request" in told.err
    assert typist.asked == []


def test_choices_alone_are_the_decision(ada: User) -> None:
    asked = make_request(two_branches)

    answer(asked, "yes", "")

    assert given(asked) == ("yes", "yes")


def test_one_is_chosen_from_the_list_by_its_number(asked: InputRequest) -> None:
    typist = Typist("1", "approve", "", "", "", "")

    told = run("respond", typist=typist)

    assert told.code == 0
    assert given(asked)[0] == "approve"


def test_nobody_is_answered_from_the_list_with_enter(asked: InputRequest) -> None:
    told = run("respond", typist=Typist(""))

    assert (told.code, asked.responses.exists()) == (0, False)


# Each kind of field


@pytest.mark.parametrize(
    ("schema", "proposed", "typed", "value"),
    [
        ({"enum": ["red", "green"]}, "red", ["2"], "green"),
        ({"enum": ["red", "green"]}, "red", [""], "red"),
        ({"enum": [1, 2.5, True]}, None, ["true"], True),
        ({"type": "boolean"}, True, ["n"], False),
        ({"type": "number"}, 1, ["2.50"], 2.5),
        (
            {"type": "array", "items": {"enum": ["a", "b", "c"]}},
            ["a"],
            ["1,3"],
            ["a", "c"],
        ),
        (
            {"type": "array", "items": {"type": "string"}},
            None,
            ["x", "y", ""],
            ["x", "y"],
        ),
        ({"type": "string", "format": "date"}, None, ["2026-01-31"], "2026-01-31"),
        (
            {"type": "string", "format": "date-time"},
            None,
            ["2026-01-31T14:30:00"],
            "2026-01-31T14:30:00Z",
        ),
        ({"type": "string", "format": "password"}, "kept", [""], "kept"),
        ({"type": "string", "format": "password"}, None, ["s3cret"], "s3cret"),
        ({"type": "object"}, None, ['{"a": 1}'], {"a": 1}),
        ({"type": ["string", "null"]}, "old", ["\\x"], None),
        (
            {"type": "object", "additionalProperties": {"type": "string"}},
            None,
            ["a = 1", "b = 2", ""],
            {"a": "1", "b": "2"},
        ),
        ({"const": 7}, None, [], 7),
    ],
)
def test_a_field_of_each_kind(
    ada: User, schema: Any, proposed: Any, typed: list[str], value: Any
) -> None:
    parent = {"type": "object", "properties": {"x": schema}, "required": ["x"]}
    start = None if proposed is None else {"x": proposed}
    asked = shown_with(parent, start)

    told, typist = answer(asked, "approve", *typed, "")

    assert told.code == 0, (told, typist.asked)
    assert given(asked) == ("approve", {"x": value})
    assert typist.left == []


LINES = {
    "type": "object",
    "properties": {
        "lines": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"sku": {"type": "string"}, "count": {"type": "integer"}},
                "required": ["sku", "count"],
            },
        }
    },
}


def test_items_are_kept_taken_off_and_added(ada: User) -> None:
    items = [{"sku": "a", "count": 1}, {"sku": "b", "count": 2}]
    asked = shown_with(LINES, {"lines": items})
    kept, dropped, added = ["", "3", "no"], ["", "", "yes"], ["yes", "c", "9", "no"]

    told, typist = answer(asked, "approve", *kept, *dropped, *added, "")

    assert told.code == 0, (told, typist.asked)
    lines = [{"sku": "a", "count": 3}, {"sku": "c", "count": 9}]
    assert given(asked) == ("approve", {"lines": lines})


def test_of_several_forms_only_the_chosen_one_is_asked_for(ada: User) -> None:
    card = {
        "title": "Card",
        "type": "object",
        "properties": {"number": {"type": "string"}},
        "required": ["number"],
    }
    cash = {
        "title": "Cash",
        "type": "object",
        "properties": {"till": {"type": "integer"}},
        "required": ["till"],
    }
    schema = {"type": "object", "properties": {"pay": {"oneOf": [card, cash]}}}
    asked = shown_with({**schema, "required": ["pay"]})

    told, typist = answer(asked, "approve", "Cash", "3", "")

    assert told.code == 0, (told, typist.asked)
    assert given(asked) == ("approve", {"pay": {"till": 3}})


# What is shown


def test_all_that_the_page_shows_is_there_as_text(ada: User) -> None:
    display = [
        {"type": "markdown", "title": "Summary", "value": "**Bold** <b>not hidden</b>"},
        {"type": "fields", "title": "Facts", "value": {"Total": 12}},
        {
            "type": "table",
            "title": "Lines",
            "value": [{"sku": "a", "count": 1}, {"sku": "b", "count": 2}],
        },
        {"type": "chat", "value": [{"who": "Jo", "text": "Where is it?"}]},
        {
            "type": "diff",
            "title": "Text",
            "value": {"before": "It is late", "after": "It is early"},
        },
        {"type": "links", "value": [{"url": "https://a.example/", "name": "Order"}]},
        {"type": "json", "title": "Raw", "value": {"a": [1]}},
    ]
    asked = shown_with(None, prompt="Right?", display=display, metadata={"shop": "EU"})

    out = COLOUR.sub("", answer(asked, "\\q")[0].out)

    for text in (
        "Right?",
        "**Bold** <b>not hidden</b>",
        "Total: 12",
        "Jo: Where is it?",
        "It is [-late-]",
        "It is {+early+}",
        "Order: https://a.example/",
        '"a": [',
        '"shop": "EU"',
    ):
        assert text in out
    assert out.index("Summary") < out.index("Facts") < out.index("Raw")


def test_nothing_in_foreign_text_reaches_the_terminal_as_a_command(ada: User) -> None:
    evil = "\x1b[2J\x1b]0;pwned\x07\u202etxt"
    schema = {
        "type": "object",
        "properties": {"x": {"type": "string", "title": evil, "description": evil}},
    }
    display = [
        {"type": kind, "title": evil, "value": value}
        for kind, value in (
            ("text", evil),
            ("fields", {evil: evil}),
            ("table", [{evil: evil}]),
            ("chat", [{"who": evil, "text": evil, "at": evil}]),
            ("diff", {"before": evil, "after": f"{evil} more"}),
            ("files", [{"url": evil, "name": evil}]),
            ("json", {evil: evil}),
        )
    ]
    asked = shown_with(
        schema, {"x": evil}, subject=evil[:20], prompt=evil, display=display
    )

    told = run("respond", str(asked.pk))
    typist = Typist("1", "", "\\q")
    run("respond", str(asked.pk), typist=typist)

    for text in (told.out, told.err, *typist.asked):
        assert not {"\x1b", "\x07", "\u202e"} & set(text)
