"""What a message shows: within Slack's limits, and never more or other than was asked."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from tests.slack.block_kit import actions_of, labels_of, problems, words_of
from workflows_app.engine import Outcome, ReviewPolicy
from workflows_app.notify.slack.card import Facts, Vote, draw
from workflows_app.notify.slack.texts import fit, length

NOW = datetime(2026, 11, 26, 14, 2, tzinfo=UTC)
HOSTILE = [
    "<!channel> <@U0ANA0001> <https://evil.example|your bank> @here",
    "&lt;!channel&gt;",
    "*bold* _it_ ~no~ `code` > quote",
    "a\u202eb\u0000c\u200bd",
    "\ud800",
    "🙂" * 5_000,
    "&" * 5_000,
    " \n\t ",
    "x" * 100_000,
]


def facts(**more: Any) -> Facts:
    known: dict[str, Any] = {
        "request": UUID(int=7),
        "content": content(),
        "policy": ReviewPolicy().dump(),
        "digest": "d" * 64,
        "status": "open",
        "workflow": "release-gate",
        "opened_at": NOW,
        "address": "https://holdpoint.example/requests/7/",
    }
    return Facts(**{**known, **more})


def content(**more: Any) -> dict[str, Any]:
    outcomes = [Outcome("approve", "Approve", "primary"), Outcome("decline", "Decline")]
    return {
        "subject": "Deploy api 4.2?",
        "prompt": "May **this** go out?",
        "metadata": {},
        "display": [],
        "schema": None,
        "proposed": None,
        "outcomes": [each.dump() for each in outcomes],
        **more,
    }


def block(kind: str, value: Any, title: str = "") -> dict[str, Any]:
    return {"type": kind, "title": title, "value": value}


def test_an_open_request_shows_what_is_asked_and_buttons() -> None:
    shown = draw(facts())
    assert problems(shown) == []
    assert labels_of(shown) == ["Approve", "Decline", "Open in Holdpoint"]
    assert "May this go out?" in words_of(shown)
    assert shown["text"] == "To decide: Deploy api 4.2?"


def test_the_same_facts_give_the_same_message() -> None:
    assert draw(facts()) == draw(facts())


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_stays_text_wherever_it_stands(text: str) -> None:
    outcome = Outcome("k", text or "k", "danger", confirm=True, effect=text).dump()
    shown = content(
        subject=text,
        prompt=text,
        metadata={"a": text},
        display=[
            block("fields", {text: text}, text),
            block("fields", [{"label": text, "value": text, "was": text}]),
            block("text", text, text),
            block("markdown", text, text),
            block("table", [{"a": text}], text),
        ],
        outcomes=[outcome],
    )
    vote = Vote("person", text, "k", NOW, text)
    policy = ReviewPolicy(approvals=2).dump()
    asked = facts(content=shown, workflow=text, votes=(vote,), policy=policy)
    assert problems(draw(asked)) == []
    closed = replace(asked, status="answered", decision=vote, closed_at=NOW)
    assert problems(draw(closed)) == []


def test_a_message_never_grows_beyond_what_slack_takes() -> None:
    shown = content(
        prompt="p" * 9_000,
        display=[
            *(block("fields", {f"f{n}": n for n in range(40)}) for _ in range(60)),
            *(block("text", "t" * 9_000) for _ in range(60)),
        ],
        outcomes=[Outcome(f"o{n}", effect="e" * 900).dump() for n in range(24)],
    )
    drawn = draw(facts(content=shown, expires_at=NOW))
    assert problems(drawn) == []
    assert len(actions_of(drawn)) == 25
    texts = re.findall(r'"text": "([^"]*)"', words_of(drawn))
    assert sum(map(len, texts)) < 13_000


def test_too_many_outcomes_are_all_behind_the_link() -> None:
    outcomes = [Outcome(f"o{n}").dump() for n in range(25)]
    shown = draw(facts(content=content(outcomes=outcomes)))
    assert labels_of(shown) == ["Decide in Holdpoint"]


def test_what_is_not_shown_is_named() -> None:
    shown = content(
        prompt="p" * 9_000,
        metadata={"region": "eu"},
        display=[
            block("table", [{"a": 1}], "Costs"),
            block("diff", {"before": "a", "after": "b"}),
            block("fields", {"parts": {"deep": [1]}}, "About"),
        ],
    )
    words = words_of(draw(facts(content=shown)))
    assert "Only in Holdpoint: the rest of the question, “Costs”" in words
    assert "part 2 (diff), the rest of “About”, the details" in words


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (True, "f: Yes"),
        (None, "f: -"),
        ([1, "b"], "f: 1, b"),
        ([], "f: none"),
        (1.5, "f: 1.5"),
        ({"a": 1}, "f: 1 parts"),
        pytest.param(10**5_000, "f: 0x", id="a-huge-number"),
    ],
)
def test_a_value_is_told_in_a_line(value: Any, shown: str) -> None:
    drawn = draw(facts(content=content(display=[block("fields", {"f": value})])))
    assert shown in words_of(drawn)


def test_a_link_of_markdown_does_not_say_that_it_leads_elsewhere() -> None:
    text = "See [your bank](https://evil.example/)"
    words = words_of(draw(facts(content=content(prompt=text))))
    assert "your bank (https://evil.example/)" in words


@pytest.mark.parametrize(
    "shown",
    [
        {"prompt": "Use xoxb-1234567890-secretsecret"},
        {"subject": "Use xoxb-1234567890-secretsecret"},
        {"display": [block("fields", {"password": "xoxb-1234567890-secretsecret"})]},
        {"display": [block("fields", {"db_password": "secretsecret"})]},
        {"display": [block("fields", [{"label": "Token", "value": "secretsecret"}])]},
        {"display": [block("text", "see https://ana:secretsecret@db.example/")]},
    ],
)
def test_secrets_stay_in_the_house(shown: dict[str, Any]) -> None:
    drawn = draw(facts(content=content(**shown)))
    assert "secretsecret" not in words_of(drawn)
    assert "•••" in words_of(drawn)


def test_what_a_form_must_say_is_said_in_holdpoint() -> None:
    shown = draw(facts(content=content(schema={"type": "object"})))
    assert labels_of(shown) == ["Decide in Holdpoint"]


def test_choices_are_buttons() -> None:
    schema = {"enum": ["yes", "no"], "x-choices": True}
    outcomes = [Outcome("yes").dump(), Outcome("no").dump()]
    shown = draw(facts(content=content(schema=schema, outcomes=outcomes)))
    assert labels_of(shown) == ["Yes", "No", "Open in Holdpoint"]


@pytest.mark.parametrize(
    ("other", "label"),
    [
        (Outcome("reject", needs_reason=True), "Reject in Holdpoint…"),
        (Outcome("drop", "Drop it", confirm="drop"), "Drop it in Holdpoint…"),
    ],
)
def test_an_outcome_that_takes_more_than_a_press_is_a_link(
    other: Outcome, label: str
) -> None:
    outcomes = [Outcome("approve").dump(), other.dump()]
    shown = draw(facts(content=content(outcomes=outcomes)))
    assert labels_of(shown) == ["Approve", label]
    assert "value" not in actions_of(shown)[1]


def test_what_must_be_claimed_first_has_no_buttons() -> None:
    shown = draw(facts(policy=ReviewPolicy(claim="required").dump()))
    assert labels_of(shown) == ["Decide in Holdpoint"]


def test_without_an_address_there_is_no_link() -> None:
    assert labels_of(draw(facts(address=""))) == ["Approve", "Decline"]
    bare = facts(address="", content=content(schema={"type": "object"}))
    assert problems(draw(bare)) == []
    assert actions_of(draw(bare)) == []


def test_what_asks_once_more_asks_in_a_dialog() -> None:
    outcome = Outcome("wipe", "Wipe", "danger", confirm=True, effect="All is gone")
    shown = draw(facts(content=content(outcomes=[outcome.dump()])))
    dialog = actions_of(shown)[0]["confirm"]
    assert dialog["title"]["text"] == "Wipe?"
    assert dialog["text"]["text"] == "All is gone"
    assert dialog["style"] == "danger"


def test_what_is_dangerous_asks_once_more_as_nobody_can_take_it_back() -> None:
    outcome = Outcome("wipe", "Wipe", "danger")
    shown = draw(facts(content=content(outcomes=[outcome.dump()])))
    dialog = actions_of(shown)[0]["confirm"]
    assert "without time to take it back" in dialog["text"]["text"]


def test_it_tells_who_has_voted_so_far() -> None:
    votes = (Vote("person", "ana", "approve", NOW),)
    shown = draw(facts(policy=ReviewPolicy(approvals=2).dump(), votes=votes))
    assert "2 people must agree · Approve: 1 of 2 (ana)" in words_of(shown)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (
            {"decision": Vote("person", "ana", "approve", NOW)},
            "*Approved* by ana <!date^",
        ),
        (
            {"decision": Vote("deadline", "deadline", "decline", NOW)},
            "*Declined* by the deadline <!date^",
        ),
        ({"status": "expired", "closed_at": NOW}, "*Nobody decided in time* <!date^"),
        ({"status": "withdrawn", "closed_at": NOW}, "*Withdrawn*: no answer is needed"),
    ],
)
def test_what_is_over_says_how_and_has_no_buttons(
    more: dict[str, Any], words: str
) -> None:
    shown = draw(facts(**{"status": "answered", **more}))
    assert problems(shown) == []
    assert actions_of(shown) == []
    assert words in words_of(shown)


def test_a_decision_that_can_be_undone_looks_as_it_does_later() -> None:
    vote = Vote("person", "ana", "approve", NOW)
    decided = facts(status="decided", decision=vote, closed_at=NOW)
    assert draw(decided) == draw(replace(decided, status="answered"))


def test_a_reason_is_told() -> None:
    vote = Vote("person", "ana", "decline", NOW, "too dear")
    assert "“too dear”" in words_of(draw(facts(status="answered", decision=vote)))


@pytest.mark.parametrize("most", range(1, 30))
def test_no_escape_is_ever_cut_in_two(most: int) -> None:
    fitted = fit("a&b<c>d&" * 4, most)
    assert length(fitted.text) <= most
    assert not fitted.is_whole
    rest = fitted.text.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")
    assert "&" not in rest
