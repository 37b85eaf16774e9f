"""Mappings: what they make of a delivery, and what is told of those that are none."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.flows import approval, billing
from workflows_app.engine import Context, StartEvent, StopEvent, Workflow, step
from workflows_app.intake.mapping import (
    DeliveryMapping,
    Facts,
    MappingError,
    find_misfits,
    parse_mapping,
)
from workflows_app.intake.mapping.pointer import follow, parse_pointer

BODY = {
    "action": "submitted",
    "review": {"state": "approved", "body": None},
    "number": 12,
    "draft": False,
    "labels": [{"name": "one"}, {"name": "two"}],
    "a/b": {"m~n": 1},
    "": "empty",
}
FACTS = Facts(
    BODY,
    {"x-github-event": "push"},
    {"source": "hub", "id": "d-1", "event": "push"},
)


def make(pick: Any) -> Any:
    """What one field of an input becomes."""
    return parse({"input": {"field": pick}}).read(FACTS)["input"]["field"]


def parse(mapping: Any, action: str = "start", *unsigned: str) -> DeliveryMapping:
    return parse_mapping(json.dumps(mapping), action, frozenset(unsigned))


def problems(mapping: Any, action: str = "start", *unsigned: str) -> list[str]:
    with pytest.raises(MappingError) as caught:
        parse(mapping, action, *unsigned)
    return caught.value.problems


@pytest.mark.parametrize(
    ("pick", "value"),
    [
        ({"body": "/action"}, "submitted"),
        ({"body": "/number"}, 12),
        ({"body": "/draft"}, False),
        ({"body": "/review/body"}, None),
        ({"body": "/labels/1/name"}, "two"),
        ({"body": "/a~1b/m~0n"}, 1),
        ({"body": "/"}, "empty"),
        ({"body": ""}, BODY),
        ({"unsigned_header": "X-GitHub-Event"}, "push"),
        ({"delivery": "source"}, "hub"),
        ({"delivery": "id"}, "d-1"),
        ({"value": {"a": 1}}, {"a": 1}),
        ("plain", "plain"),
        (7, 7),
        (None, None),
        ([1, {"body": "/x"}], [1, {"body": "/x"}]),
        ({"object": {"n": {"body": "/number"}, "m": 1}}, {"n": 12, "m": 1}),
        (
            {"text": ["pr-", {"body": "/number"}, "-", {"body": "/draft"}]},
            "pr-12-false",
        ),
        ({"body": "/review/state", "map": {"approved": "approve"}}, "approve"),
        ({"body": "/draft", "map": {"false": 1, "true": 2}}, 1),
        ({"body": "/number", "map": {"12": [1]}}, [1]),
        ({"body": "/nothing", "default": 3}, 3),
        ({"body": "/nothing", "default": None}, None),
        ({"body": "/action", "map": {"x": 1}, "default": "other"}, "other"),
        ({"unsigned_header": "X-Else", "default": ""}, ""),
        ({"value": 1, "default": 2}, 1),
    ],
)
def test_a_value_is_found_where_the_mapping_says(pick: Any, value: Any) -> None:
    assert make(pick) == value
    assert type(make(pick)) is type(value)


@pytest.mark.parametrize(
    ("pick", "told"),
    [
        ({"body": "/nothing"}, "The body has nothing at /nothing."),
        ({"body": "/number/x"}, "The body has nothing at /number/x."),
        ({"body": "/labels/2"}, "The body has nothing at /labels/2."),
        ({"body": "/labels/-1"}, "The body has nothing at /labels/-1."),
        ({"body": "/labels/01"}, "The body has nothing at /labels/01."),
        ({"body": "/labels/name"}, "The body has nothing at /labels/name."),
        ({"unsigned_header": "X-Else"}, "The delivery has no header X-Else."),
        ({"text": [{"body": "/review"}]}, "not an object"),
        ({"text": [{"body": "/labels"}]}, "not a list"),
        ({"text": [{"body": "/review/body"}]}, "not null"),
        ({"body": "/action", "map": {"x": 1}}, "no word for 'submitted'"),
        ({"object": {"in": {"object": {"n": {"body": "/x"}}}}}, "field.in.n: The body"),
    ],
)
def test_what_is_not_there_is_told_with_its_place(pick: Any, told: str) -> None:
    with pytest.raises(MappingError) as caught:
        make(pick)
    assert str(caught.value).startswith("input.field")
    assert told in str(caught.value)


def test_a_whole_answer_is_put_together() -> None:
    mapping = parse(
        {
            "find": {"tags": {"pr": {"body": "/number"}}, "request_id": "review"},
            "outcome": {"body": "/review/state", "map": {"approved": "approve"}},
            "answer": {"object": {"amount": {"body": "/number"}}},
            "reason": {"body": "/review/body"},
        },
        "answer",
    )
    assert mapping.read(FACTS) == {
        "find": {"tags": {"pr": "12"}, "request_id": "review"},
        "outcome": "approve",
        "answer": {"amount": 12},
        "reason": None,
    }


def test_the_headers_that_it_reads_are_known() -> None:
    mapping = parse(
        {
            "id": {"unsigned_header": "X-Id"},
            "input": {
                "a": {"text": ["x", {"unsigned_header": "X-One"}]},
                "b": {"object": {"c": {"unsigned_header": "X-Two", "default": 1}}},
            },
            "tags": {"t": {"unsigned_header": "X-Three", "map": {}}},
            "only_if": [{"unsigned_header": "X-Four", "is": "x"}],
        }
    )
    assert mapping.headers() == {"x-id", "x-one", "x-two", "x-three", "x-four"}


@pytest.mark.parametrize(
    ("condition", "is_met"),
    [
        ({"body": "/action", "is": "submitted"}, True),
        ({"body": "/action", "is": "closed"}, False),
        ({"body": "/action", "in": ["closed", "submitted"]}, True),
        ({"body": "/action", "in": []}, False),
        ({"body": "/draft", "is": False}, True),
        ({"body": "/draft", "is": 0}, False),
        ({"body": "/number", "is": 12.0}, True),
        ({"body": "/nothing", "is": None}, False),
        ({"body": "/review/body", "is": None}, True),
        ({"body": "/review/body", "exists": True}, True),
        ({"body": "/nothing", "exists": True}, False),
        ({"body": "/nothing", "exists": False}, True),
        ({"body": "/action", "exists": False}, False),
        ({"body": "/nothing", "default": 1, "is": 1}, True),
        ({"unsigned_header": "x-github-event", "is": "push"}, True),
    ],
)
def test_a_condition_holds_or_the_delivery_is_left_alone(
    condition: Any, is_met: bool
) -> None:
    mapping = parse({"only_if": [{"value": 1, "is": 1}, condition]})
    assert mapping.find_unmet(FACTS) == (None if is_met else 1)


@pytest.mark.parametrize(
    ("mapping", "told"),
    [
        ([], "A mapping is a JSON object."),
        ("text", "A mapping is a JSON object."),
        ({"inputs": {}}, "There is no “inputs” here; there are “input”, “tags”, “key”"),
        ({"find": {}}, "There is no “find” here"),
        ({"input": []}, "input: An object is wanted"),
        ({"input": {"a": {}}}, "input.a: Exactly one of “body”, “unsigned_header”"),
        ({"input": {"a": {"body": "/x", "value": 1}}}, "input.a: Exactly one of"),
        ({"input": {"a": {"body": "/x", "or": 1}}}, "input.a: Exactly one of"),
        ({"input": {"a": {"bdy": "/x"}}}, "input.a: Exactly one of"),
        ({"input": {"a": {"body": "x"}}}, 'input.a: A JSON Pointer begins with "/"'),
        ({"input": {"a": {"body": "/~2"}}}, "input.a: In a JSON Pointer"),
        ({"input": {"a": {"body": "/x~"}}}, "input.a: In a JSON Pointer"),
        ({"input": {"a": {"body": 1}}}, "input.a: “body” is a JSON Pointer."),
        ({"input": {"a": {"body": None}}}, "input.a: “body” is a JSON Pointer."),
        ({"input": {"a": {"unsigned_header": 1}}}, "input.a: “unsigned_header” is"),
        ({"input": {"a": {"unsigned_header": "é"}}}, "input.a: “unsigned_header” is"),
        ({"input": {"a": {"unsigned_header": "Cookie"}}}, "Cookie is never kept"),
        (
            {"input": {"a": {"unsigned_header": "authorization"}}},
            "authorization is never kept",
        ),
        (
            {"input": {"a": {"delivery": "body"}}},
            "input.a: “delivery” is one of source",
        ),
        (
            {"input": {"a": {"delivery": ["id"]}}},
            "input.a: “delivery” is one of source",
        ),
        ({"input": {"a": {"text": "x"}}}, "input.a: “text” is a list"),
        ({"input": {"a": {"object": 1}}}, "input.a: An object is wanted"),
        ({"input": {"a": {"object": {"b": {"body": "x"}}}}}, "input.a.b: A JSON"),
        ({"input": {"a": {"text": [{"x": 1}]}}}, "input.a: Exactly one of"),
        ({"input": {"a": {"body": "/x", "map": []}}}, "input.a: “map” is an object"),
        ({"id": {"delivery": "id"}}, "id: The id of a delivery is in its body"),
        ({"only_if": {}}, "only_if: A list of conditions"),
        ({"only_if": [1]}, "only_if.0: A condition says where"),
        ({"only_if": [{"body": "/x"}]}, "only_if.0: A condition says where"),
        ({"only_if": [{"is": 1}]}, "only_if.0: A condition says where"),
        ({"only_if": [{"body": "/x", "is": 1, "in": [1]}]}, "only_if.0: A condition"),
        ({"only_if": [{"body": "/x", "in": 1}]}, "only_if.0: “in” is a list"),
        ({"only_if": [{"body": "/x", "exists": 1}]}, "“exists” is true or false"),
    ],
)
def test_what_is_no_mapping_is_told_by_its_place(mapping: Any, told: str) -> None:
    assert told in problems(mapping)[0]


@pytest.mark.parametrize(
    ("action", "mapping", "told"),
    [
        ("answer", {}, "“find” is missing."),
        ("answer", {"find": {}}, "“find” is missing."),
        ("answer", {"find": {"id": 1}}, "find: There is no “id” here"),
        ("answer", {"find": {"tags": 1}}, "find.tags: An object is wanted"),
        ("answer", {"find": {"run": 1}, "fields": {}}, "There is no “fields” here"),
        ("send", {}, "“find” is missing."),
        ("send", {"find": {"key": "k"}}, "“event” is missing."),
        ("send", {"find": {"request": 1}, "event": "E"}, "find: There is no “request”"),
        ("send", {"find": {"key": "k"}, "event": {"body": "/type"}}, "event: The type"),
    ],
)
def test_what_an_action_needs_is_told(action: str, mapping: Any, told: str) -> None:
    assert any(told in problem for problem in problems(mapping, action))


def test_all_problems_are_told_at_once() -> None:
    found = problems({"input": {"a": {}, "b": {"body": "x"}}, "x": 1})
    assert len(found) == 3


@pytest.mark.parametrize(
    "text",
    ["{", '{"a": 1, "a": 2}', '{"a": NaN}', '{"a": "\\ud800"}', "[" * 50, " " * 20_001],
)
def test_a_mapping_is_strict_json_of_a_moderate_size(text: str) -> None:
    with pytest.raises(MappingError):
        parse_mapping(text, "start")


def test_an_empty_mapping_of_a_start_leaves_the_whole_delivery_to_the_workflow() -> (
    None
):
    assert parse_mapping("", "start").read(FACTS) == {}


# What nobody has signed


@pytest.mark.parametrize(
    "mapping",
    [
        {"only_if": [{"delivery": "event", "is": "push"}]},
        {"key": {"delivery": "id"}},
        {"key": {"text": ["x", {"delivery": "id"}]}},
    ],
)
def test_what_nobody_signs_decides_nothing(mapping: Any) -> None:
    assert "does not sign" in problems(mapping, "start", "id", "event")[0]
    assert parse(mapping).find_unmet(FACTS) is None


@pytest.mark.parametrize("part", ["outcome", "answer", "find"])
def test_an_answer_does_not_hang_on_what_nobody_signs(part: str) -> None:
    pick: Any = {"delivery": "event"}
    mapping = {"find": {"run": "r"}, part: {"key": pick} if part == "find" else pick}
    assert "does not sign" in problems(mapping, "answer", "event")[0]


def test_what_nobody_signs_may_be_told_to_the_workflow_and_to_its_readers() -> None:
    told = {"delivery": "event"}
    mapping = parse({"input": {"a": told}, "tags": {"b": told}}, "start", "event")
    assert mapping.read(FACTS) == {"input": {"a": "push"}, "tags": {"b": "push"}}


def test_an_operator_may_say_that_he_relies_on_a_header() -> None:
    relied = {"only_if": [{"unsigned_header": "X-GitHub-Event", "is": "push"}]}
    assert parse(relied, "start", "id", "event").find_unmet(FACTS) is None


def test_an_id_from_the_body_is_as_sure_as_the_body() -> None:
    mapping = parse(
        {"id": {"body": "/number"}, "key": {"delivery": "id"}}, "start", "id"
    )
    assert mapping.find_id(FACTS) == "12"
    assert parse({"id": {"body": "/nothing"}}).find_id(FACTS) is None
    assert parse({}).find_id(FACTS) is None


# Whether the workflow takes it


class Ordered(StartEvent):
    """What a run is started with."""

    amount: int
    note: str = ""


@step
def take(ctx: Context, ev: Ordered) -> StopEvent:
    """End at once."""
    return StopEvent()


ordered = Workflow("ordered-by-mapping", [take])


@pytest.mark.parametrize(
    ("mapping", "misfits"),
    [
        ({"input": {"amount": 1}}, []),
        (
            {"input": {"note": ""}},
            ["input.amount: the workflow needs this field."],
        ),
        (
            {"input": {"amount": 1, "x": 2}},
            ["input.x: there is no such field; there are amount, note."],
        ),
    ],
)
def test_fields_that_a_workflow_does_not_take_are_told(
    mapping: Any, misfits: list[str]
) -> None:
    assert find_misfits(parse(mapping), "start", ordered.definition) == misfits


def test_without_an_input_the_workflow_must_take_whole_deliveries() -> None:
    misfits = find_misfits(parse({}), "start", ordered.definition)
    assert "input.payload: there is no such field; there are amount, note." in misfits


def test_a_workflow_that_takes_anything_takes_every_mapping() -> None:
    mapping = parse({"input": {"whatever": 1}})
    assert find_misfits(mapping, "start", billing.definition) == []


def test_events_are_those_that_come_from_outside() -> None:
    mapping = parse({"find": {"run": "r"}, "event": "Settled"}, "send")
    told = find_misfits(mapping, "send", billing.definition)
    assert told == ["event: billing takes no such event from outside; it takes Paid."]
    told = find_misfits(mapping, "send", approval.definition)
    assert told == ["event: approval takes no such event from outside; it takes none."]


# Whatever comes

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "input",
                    "tags",
                    "key",
                    "find",
                    "event",
                    "fields",
                    "only_if",
                    "id",
                    "body",
                    "text",
                    "object",
                    "map",
                    "default",
                    "value",
                    "delivery",
                    "unsigned_header",
                    "is",
                    "in",
                    "exists",
                    "run",
                    "request",
                ]
            )
            | st.text(),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@settings(deadline=None)
@given(plain, st.sampled_from(["start", "answer", "send"]), plain)
def test_nothing_but_a_mapping_error_is_ever_said(
    data: Any, action: str, body: Any
) -> None:
    facts = Facts(body, {}, FACTS.delivery)
    with suppress(MappingError):
        mapping = parse_mapping(json.dumps(data), action, frozenset({"id", "event"}))
        mapping.find_unmet(facts)
        mapping.find_id(facts)
        mapping.read(facts)


@given(st.lists(st.text()), st.integers())
def test_a_pointer_leads_back_to_where_it_was_made(steps: list[str], end: int) -> None:
    value: Any = end
    for key in reversed(steps):
        value = {key: value}
    text = "".join("/" + s.replace("~", "~0").replace("/", "~1") for s in steps)
    assert follow(value, parse_pointer(text)) == end
